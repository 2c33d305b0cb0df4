package template_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/postern-wasm/postern/plugin/config"
	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/request"
	"github.com/postern-wasm/postern/plugin/verify/signed"
)

// FuzzRead: whatever a request holds, every preset answers, within the bounds, the same when
// it is asked again, and what is proved is never what nobody signed.
func FuzzRead(f *testing.F) {
	for _, file := range files {
		for _, v := range readVectors(f, file)[:2] {
			var lines strings.Builder
			for _, h := range v.Request.headers() {
				lines.WriteString(h.Name + ": " + h.Value + "\n")
			}
			f.Add(lines.String(), v.Request.Body)
		}
	}
	var providers []*signed.Config
	for _, name := range []string{"stripe", "svix", "linear", "twilio", "azure-appconfig", "query-hmac", "hubspot-v3"} {
		m := with(nil, object{"preset": name})
		if name == "svix" || name == "azure-appconfig" {
			m["keys"] = []object{{"id": "k", "secret": object{"inline_base64": "c2VjcmV0"}}}
		}
		providers = append(providers, provider(f, m))
	}
	f.Fuzz(func(t *testing.T, lines string, body []byte) {
		var headers []request.Header
		for line := range strings.SplitSeq(lines, "\n") {
			if name, value, ok := strings.Cut(line, ": "); ok {
				headers = append(headers, request.Header{Name: name, Value: value})
			}
		}
		var v request.View
		if v.Read(headers, request.PathRaw) != reason.OK {
			return
		}
		r := &signed.Request{View: &v, Now: now * 1e9}
		for _, cfg := range providers {
			var a signed.Attempt
			state, code := a.Judge(cfg, r, &signed.Body{Taps: new(signed.Taps)})
			if state == signed.Proved || state == signed.Refused && (code == reason.OK || code == reason.Internal || code == reason.Undecided) {
				t.Fatalf("%v %s", state, code)
			}
			whole := &signed.Body{
				Ended: true, Size: int64(len(body)), Taps: new(signed.Taps),
				Each:  func(f func([]byte)) bool { f(body); return true },
				Whole: func() (string, bool) { return string(body), true },
			}
			end, reasonAtEnd := a.Judge(cfg, r, whole)
			if end != signed.Refused || reasonAtEnd == reason.OK || reasonAtEnd == reason.Internal {
				t.Fatalf("at the end %v %s", end, reasonAtEnd)
			}
			if state == signed.Refused && reasonAtEnd != code && len(body) == 0 {
				t.Fatalf("%s, and asked again %s", code, reasonAtEnd)
			}
		}
	})
}

// FuzzBase: any text is a base or is refused with a reason, and never a panic; one that is
// taken reads a request.
func FuzzBase(f *testing.F) {
	for _, base := range []string{
		"{body}", "{{{body}", "v0:{timestamp}:{body}", "{method}\n{target}\n{signed_headers:values}", "{headers:a;b}{header:c}",
		"{url:port}{form:sorted}", "{parameters:minus:x}", "{query:minus:}", "{body:sha256:hex}{", "{body:md5:hex}", "{}",
	} {
		f.Add(base)
	}
	f.Fuzz(func(t *testing.T, base string) {
		text, err := json.Marshal(object{"providers": object{"p": object{"signed_request": with(plain(base, object{
			"timestamp": object{"header": "x-ts"}, "id": object{"header": "x-id"}, "nonce": object{"header": "x-nonce"},
		}))}}, "default": "deny"})
		if err != nil {
			t.Fatal(err)
		}
		cfg, problems := config.Parse(text, nil)
		if cfg == nil {
			if len(problems) == 0 {
				t.Fatal("refused, and nobody says why")
			}
			return
		}
		verify := &cfg.Providers[0].Signed.Verify
		c := post("/a?b=c", message, "x-ts", ts, "x-id", "i", "x-nonce", "n", "a", "1", "b", "2", "c", "3", xSig, "00")
		if state, code, _ := judge(verify, now, c, 3); state == signed.Proved || code == reason.Internal {
			t.Fatalf("%q: %v %s", base, state, code)
		}
	})
}
