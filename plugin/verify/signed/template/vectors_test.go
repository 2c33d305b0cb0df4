package template_test

import (
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/postern-wasm/postern/plugin/config"
	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/request"
	"github.com/postern-wasm/postern/plugin/verify/signed"
)

type object = map[string]any

// call is a request of a vector.
type call struct {
	Method    string      `json:"method"`
	Scheme    string      `json:"scheme"`
	Authority string      `json:"authority"`
	Path      string      `json:"path"`
	Query     *string     `json:"query"`
	Headers   [][2]string `json:"headers"`
	Body      []byte      `json:"body_base64"`
}

// secret is a key of a vector.
type secret struct {
	ID  string `json:"id"`
	Alg string `json:"alg"`
	Key []byte `json:"key_b64"`
}

// vector is one case of testdata/vectors.
type vector struct {
	Name    string         `json:"name"`
	Source  string         `json:"source"`
	Secrets []secret       `json:"secrets"`
	Now     int64          `json:"now"`
	Request call           `json:"request"`
	Config  map[string]any `json:"config"`
	Expect  string         `json:"expect"`
	Reason  string         `json:"reason"`
}

// files are the vectors of the schemes that are templates.
var files = []string{
	"github", "slack-v0", "stripe", "shopify", "standard-webhooks", "svix", "zoom", "pagerduty", "linear", "zendesk", "paddle",
	"hubspot-v3", "square", "twilio", "discord", "sendgrid", "azure-appconfig", "query-hmac", "canonical-v1",
}

func readVectors(t testing.TB, file string) (list []vector) {
	t.Helper()
	text, err := os.ReadFile("../../../../testdata/vectors/" + file + ".json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &list); err != nil {
		t.Fatal(err)
	}
	return list
}

// provider makes a provider of signed_request's members, through the configuration's own
// reader.
func provider(t testing.TB, members object) *signed.Config {
	t.Helper()
	text, err := json.Marshal(object{
		"paths": "raw", "providers": object{"signer": object{"signed_request": members}},
		"rules": []object{{"match": object{"prefix": "/"}, "requires": object{"provider_name": "signer"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	cfg, problems := config.Parse(text, nil)
	if len(problems) > 0 {
		t.Fatalf("%s: %v", text, problems)
	}
	return &cfg.Providers[0].Signed.Verify
}

// keys writes a vector's keys as the configuration has them.
func keys(list []secret) (keys []object) {
	for _, s := range list {
		k := object{"id": s.ID}
		switch s.Alg {
		case "hmac":
			k["secret"] = object{"inline_base64": base64.StdEncoding.EncodeToString(s.Key)}
		case "ed25519":
			k["public_key"] = object{"jwk": object{"kty": "OKP", "crv": "Ed25519", "x": base64.RawURLEncoding.EncodeToString(s.Key)}}
		default:
			k["public_key"] = object{"pem": string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: s.Key}))}
		}
		keys = append(keys, k)
	}
	return keys
}

// members are those of signed_request for a vector.
func (v *vector) members(t *testing.T, file string) object {
	t.Helper()
	m := object{"keys": keys(v.Secrets)}
	for word, value := range v.Config {
		switch word {
		case "preset", "format":
			m["preset"] = strings.TrimSuffix(value.(string), "-v0")
		case "tolerance_s":
			m["tolerance"] = object{"seconds": value}
		case "public_base_url", "notification_url":
			m[word] = value
		case "replay", "accept_webhook_prefix", "key_id_header", "signature_param", "timestamp_param", "signed_headers":
			// Replay is judged elsewhere; the others are what the preset says.
		default:
			t.Fatalf("the word %q is not known", word)
		}
	}
	if file == "canonical-v1" {
		delete(m, "preset")
		m["template"] = canonical(v.Config["signed_headers"])
	}
	return m
}

// canonical is a form of many partners: every part in a line of its own.
func canonical(headers any) object {
	names := make([]string, 0, 2)
	list, _ := headers.([]any)
	for _, name := range list {
		names = append(names, name.(string))
	}
	return object{
		"algorithm": "hmac-sha256",
		"signature": object{"header": "x-signature", "prefix": "v1=", "prefix_optional": true, "encoding": "hex"},
		"timestamp": object{"header": "x-signature-timestamp", "format": "unix"},
		"key_id":    object{"header": "x-signature-key-id", "optional": true},
		"base":      "v1\n{method}\n{target}\n{timestamp}\n{body:sha256:hex}\n{headers:" + strings.Join(names, ";") + "}",
	}
}

// headers are a call's header lines, as a host hands them over.
func (c *call) headers() []request.Header {
	target := c.Path
	if c.Query != nil {
		target += "?" + *c.Query
	}
	list := []request.Header{
		{Name: ":method", Value: c.Method}, {Name: ":scheme", Value: c.Scheme}, {Name: ":authority", Value: c.Authority}, {Name: ":path", Value: target},
	}
	for _, h := range c.Headers {
		list = append(list, request.Header{Name: h[0], Value: h[1]})
	}
	return list
}

// judge lets a call come as a host delivers it, its body in pieces of a size.
func judge(cfg *signed.Config, now int64, c *call, size int) (signed.State, reason.Code, *signed.Attempt) {
	var v request.View
	if code := v.Read(c.headers(), request.PathRaw); code != reason.OK {
		return signed.Refused, code, nil
	}
	r := &signed.Request{View: &v, Now: now * 1e9}
	taps, a := new(signed.Taps), new(signed.Attempt)
	if state, code := a.Judge(cfg, r, &signed.Body{Taps: taps}); state != signed.NeedsBody {
		return state, code, a
	}
	for piece := range slices.Chunk(c.Body, size) {
		taps.Write(piece)
	}
	state, code := a.Judge(cfg, r, &signed.Body{
		Ended: true, Size: int64(len(c.Body)), Taps: taps,
		Each:  func(f func([]byte)) bool { f(c.Body); return true },
		Whole: func() (string, bool) { return string(c.Body), true },
	})
	return state, code, a
}

// TestVectors: every vector of a scheme that is a template is decided as it says, whatever
// the pieces in which the body comes.
func TestVectors(t *testing.T) {
	for _, file := range files {
		for _, v := range readVectors(t, file) {
			t.Run(file+"/"+v.Name, func(t *testing.T) {
				// What has been seen before is another room's concern: here it is good.
				good := v.Expect == "accept" || strings.Contains(v.Reason, "replay")
				cfg := provider(t, v.members(t, file))
				for _, size := range []int{1, 64, 1 << 20} {
					state, code, _ := judge(cfg, v.Now, &v.Request, size)
					if (state == signed.Proved) != good {
						t.Errorf("pieces of %d bytes: %v %s, want %s (%s)", size, state, code, v.Expect, v.Reason)
					}
				}
			})
		}
	}
}
