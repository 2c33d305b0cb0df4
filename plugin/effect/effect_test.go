package effect

import (
	"encoding/base64"
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"github.com/postern-wasm/postern/plugin/credential"
	"github.com/postern-wasm/postern/plugin/identity"
	"github.com/postern-wasm/postern/plugin/jsonx"
	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/request"
)

func view(t *testing.T, path string, headers ...string) *request.View {
	t.Helper()
	h := []request.Header{{Name: ":method", Value: "GET"}, {Name: ":scheme", Value: "https"}, {Name: ":authority", Value: "api.test"}, {Name: ":path", Value: path}}
	for i := 0; i < len(headers); i += 2 {
		h = append(h, request.Header{Name: headers[i], Value: headers[i+1]})
	}
	v := new(request.View)
	if code := v.Read(h, request.PathRaw); code != reason.OK {
		t.Fatal(code)
	}
	return v
}

func claims(t *testing.T, text string) *jsonx.Doc {
	t.Helper()
	d := new(jsonx.Doc)
	if err := d.Parse([]byte(text), jsonx.Limits{MaxBytes: 1 << 20, MaxDepth: 32}); err != nil {
		t.Fatal(err)
	}
	return d
}

// apply does to a header list what a host does.
func apply(v *request.View, ops []Op) string {
	lines := append([]request.Header(nil), v.Headers...)
	for _, op := range ops {
		kept := lines[:0]
		for _, h := range lines {
			if h.Name != op.Name || op.Kind == Add {
				kept = append(kept, h)
			}
		}
		lines = kept
		if op.Kind != Remove {
			lines = append(lines, request.Header{Name: op.Name, Value: op.Value})
		}
	}
	var b strings.Builder
	for _, h := range lines {
		if h.Name == ":path" || h.Name[0] != ':' {
			b.WriteString(h.Name + "=" + h.Value + "|")
		}
	}
	return b.String()
}

func TestClientsCannotSendIdentityHeaders(t *testing.T) {
	cfg := &Config{IdentityHeaders: []string{"x-user", "x-role"}}
	v := view(t, "/a", "x-user", "admin", "X-User", "root", "x-other", "1", "x-user", "")
	var w Writer
	w.Begin(cfg, v)
	ops := w.Ops(v)
	if len(ops) != 1 || ops[0] != (Op{Kind: Remove, Name: "x-user"}) {
		t.Errorf("ops %v: want one removal of all x-user lines, nothing for x-role", ops)
	}
}

func TestCredentialLeavesTheRequestAndNothingElse(t *testing.T) {
	header := credential.Place{In: credential.InHeader, Name: "authorization"}
	query := credential.Place{In: credential.InQuery, Name: "access_token"}
	cookie := credential.Place{In: credential.InCookie, Name: "s"}
	for _, c := range []struct {
		law, path string
		headers   []string
		forward   bool
		places    []credential.Place
		want      string
	}{
		{"header", "/a?b=%20", []string{"x", "1", "authorization", "Bearer t"}, false, []credential.Place{header}, ":path=/a?b=%20|x=1|"},
		{"forwarded header stays", "/a", []string{"authorization", "Bearer t"}, true, []credential.Place{header}, ":path=/a|authorization=Bearer t|"},
		{"query between others", "/a?x=%2f&access_token=t&y=", nil, false, []credential.Place{query}, ":path=/a?x=%2f&y=|"},
		{"query alone loses its question mark", "/a?access_token=t", nil, false, []credential.Place{query}, ":path=/a|"},
		{"cookie between others", "/", []string{"cookie", "a=1; s=t; b=2"}, false, []credential.Place{cookie}, ":path=/|cookie=a=1; b=2|"},
		{"cookie alone", "/", []string{"cookie", "s=t"}, false, []credential.Place{cookie}, ":path=/|"},
		{"cookie on the second of two lines", "/", []string{"cookie", "a=1", "cookie", "s=t; b=2"}, false, []credential.Place{cookie}, ":path=/|cookie=a=1|cookie=b=2|"},
		{"two cookies of two providers", "/", []string{"cookie", "a=1; s=t; r=u"}, false, []credential.Place{cookie, {In: credential.InCookie, Name: "r"}}, ":path=/|cookie=a=1|"},
	} {
		t.Run(c.law, func(t *testing.T) {
			cfg := &Config{Providers: []Provider{{Forward: c.forward}}}
			v := view(t, c.path, c.headers...)
			var w Writer
			w.Begin(cfg, v)
			for i := range c.places {
				w.Grant(cfg, &identity.Identity{}, &c.places[i])
			}
			got := apply(v, w.Ops(v))
			if sorted(got) != sorted(c.want) {
				t.Errorf("upstream sees %q, want %q", got, c.want)
			}
		})
	}
}

func sorted(s string) string {
	// :path is written last by the fake host; the order of other lines counts.
	path := ""
	var rest []string
	for _, part := range strings.Split(s, "|") {
		if strings.HasPrefix(part, ":path=") {
			path = part
		} else if part != "" {
			rest = append(rest, part)
		}
	}
	return path + "|" + strings.Join(rest, "|")
}

func TestClaimsBecomeHeaders(t *testing.T) {
	const text = `{"sub":"u-1","n":9007199254740993,"f":1.0,"e":1e3,"t":true,"z":null,"empty":"","list":["a","b"],"a":{"b":{"c":"deep"}},` +
		`"https://x.test/role":"dotted","a.b":"flat","crlf":"x\r\ny: z","nul":"\u0000","space":" x","utf8":"é","inner":"a b","esc":"\u0041\/"}`
	for _, c := range []struct {
		law, whole string
		path       []string
		want       string
		code       reason.Code
	}{
		{"a string as it is", "", []string{"sub"}, "u-1", reason.OK},
		{"a string unescaped", "", []string{"esc"}, "A/", reason.OK},
		{"F-08 a 64-bit integer as written", "", []string{"n"}, "9007199254740993", reason.OK},
		{"F-08 a fraction as written", "", []string{"f"}, "1.0", reason.OK},
		{"F-08 an exponent as written", "", []string{"e"}, "1e3", reason.OK},
		{"a boolean", "", []string{"t"}, "true", reason.OK},
		{"null writes nothing", "", []string{"z"}, "", reason.OK},
		{"an empty string writes nothing", "", []string{"empty"}, "", reason.OK},
		{"an absent claim writes nothing", "", []string{"nobody"}, "", reason.OK},
		{"an array is base64 of its text", "", []string{"list"}, base64.StdEncoding.EncodeToString([]byte(`["a","b"]`)), reason.OK},
		{"a path leads inwards", "a.b.c", []string{"a", "b", "c"}, "deep", reason.OK},
		{"N-11 a member of the very name comes before the path", "a.b", []string{"a", "b"}, "flat", reason.OK},
		{"a URL as a name", "https://x.test/role", []string{"https://x", "test/role"}, "dotted", reason.OK},
		{"inner spaces stay", "", []string{"inner"}, "a b", reason.OK},
		{"F-04 CR LF is refused", "", []string{"crlf"}, "", reason.ClaimUnwritable},
		{"F-04 NUL is refused", "", []string{"nul"}, "", reason.ClaimUnwritable},
		{"F-04 a leading space is refused", "", []string{"space"}, "", reason.ClaimUnwritable},
		{"F-04 what is not ASCII is refused", "", []string{"utf8"}, "", reason.ClaimUnwritable},
	} {
		t.Run(c.law, func(t *testing.T) {
			cfg := &Config{Providers: []Provider{{Forward: true, ClaimHeaders: []ClaimHeader{{Header: "x-c", Path: c.path, Whole: c.whole}}}}}
			v := view(t, "/")
			var w Writer
			w.Begin(cfg, v)
			code := w.Grant(cfg, &identity.Identity{Claims: claims(t, text)}, nil)
			if code != c.code {
				t.Fatalf("code %s, want %s", code, c.code)
			}
			want := ":path=/|"
			if c.want != "" {
				want += "x-c=" + c.want + "|"
			}
			if got := apply(v, w.Ops(v)); code == reason.OK && got != want {
				t.Errorf("upstream sees %q, want %q", got, want)
			}
		})
	}
	t.Run("F-04 8 KiB and one byte is refused", func(t *testing.T) {
		cfg := &Config{Providers: []Provider{{ClaimHeaders: []ClaimHeader{{Header: "x-c", Path: []string{"s"}}}}}}
		v := view(t, "/")
		var w Writer
		w.Begin(cfg, v)
		long := claims(t, `{"s":"`+strings.Repeat("a", maxHeaderValue+1)+`"}`)
		if code := w.Grant(cfg, &identity.Identity{Claims: long}, nil); code != reason.ClaimUnwritable {
			t.Error(code)
		}
	})
}

func TestPayloadHeader(t *testing.T) {
	for _, c := range []struct {
		pad           bool
		payload, want string
	}{{false, "e30", "e30"}, {true, "e30", "e30="}, {true, "e3", "e3=="}, {true, "e30x", "e30x"}} {
		cfg := &Config{Providers: []Provider{{Forward: true, PayloadHeader: "x-p", PadPayload: c.pad}}}
		v := view(t, "/", "x-p", "forged")
		cfg.IdentityHeaders = []string{"x-p"}
		var w Writer
		w.Begin(cfg, v)
		w.Grant(cfg, &identity.Identity{Payload: c.payload}, nil)
		if got := apply(v, w.Ops(v)); got != ":path=/|x-p="+c.want+"|" {
			t.Errorf("%+v: %q", c, got)
		}
	}
}

// TestScopesAreNamedOnlyWhereTheConfigurationSaysSo: RFC 6750 §3.
func TestScopesAreNamedOnlyWhereTheConfigurationSaysSo(t *testing.T) {
	const plain = `Bearer realm="edge", error="insufficient_scope", error_description="The credential does not grant a required scope."`
	for _, disclose := range []bool{false, true} {
		for _, scope := range []string{"", "orders.read orders.write"} {
			cfg := &Config{Realm: "edge", DiscloseScopes: disclose}
			cfg.Prepare()
			var w Writer
			v := view(t, "/", "x-request-id", "r-1")
			a := w.Refuse(cfg, v, reason.InsufficientScope, 1, scope)
			want := plain
			if disclose && scope != "" {
				want += `, scope="orders.read orders.write"`
			}
			if len(a.Headers) == 0 || a.Headers[0].Name != "www-authenticate" || a.Headers[0].Value != want || a.Status != 403 {
				t.Errorf("disclose %v, scope %q: %d %v", disclose, scope, a.Status, a.Headers)
			}
			if strings.Contains(string(a.Body), "orders") || !strings.Contains(string(a.Body), `"request_id":"r-1"`) {
				t.Errorf("disclose %v: body %s", disclose, a.Body)
			}
		}
	}
}

// TestEveryReasonHasAnAnswer holds the table of the documentation: status and error.
func TestEveryReasonHasAnAnswer(t *testing.T) {
	special := map[reason.Code]string{
		reason.Missing: "401 unauthorized", reason.UnsupportedScheme: "401 unauthorized",
		reason.HeadersUnreadable: "400 invalid_request", reason.PathNotNormal: "400 invalid_request", reason.SeveralCredentials: "400 invalid_request",
		reason.NoRule: "403 access_denied", reason.ClientDenied: "403 access_denied", reason.ClaimDenied: "403 access_denied",
		reason.InsufficientScope: "403 insufficient_scope", reason.StepUp: "401 insufficient_user_authentication",
		reason.Replayed: "401 replayed_request", reason.SignaturesTooMany: "400 invalid_request", reason.BodyNotAllowed: "400 invalid_request",
		reason.BodyTooLarge: "413 content_too_large",
	}
	for _, c := range []reason.Code{
		reason.Undecided, reason.Internal, reason.NoConfiguration, reason.ClockUnset, reason.KeysUnavailable, reason.WaitingFull,
		reason.BodyUndelivered, reason.ReplayFull, reason.ReplayUnavailable,
	} {
		special[c] = "503 temporarily_unavailable"
	}
	for _, c := range []reason.Code{
		reason.SignatureInvalid, reason.SignatureMalformed, reason.SignatureExpired, reason.SignatureInFuture, reason.TimestampMissing, reason.TimestampMalformed,
		reason.ComponentMissing, reason.ComponentNotCovered, reason.ComponentUnsupported, reason.SignerMismatch, reason.NonceMissing, reason.DigestMissing,
		reason.DigestMismatch, reason.DigestUnsupported, reason.BodyNotCovered, reason.BodyMalformed, reason.ResourceMismatch, reason.AddressMismatch,
	} {
		special[c] = "401 invalid_signature"
	}
	for _, c := range reason.All() {
		want := special[c]
		if want == "" {
			want = "401 invalid_token"
		}
		var w Writer
		v := view(t, "/x?access_token=secret", "x-request-id", "r-1")
		a := w.Refuse(&Config{Realm: "edge"}, v, c, 7, "")
		var body struct{ Error, Message, Request_id string }
		if err := json.Unmarshal(a.Body, &body); err != nil {
			t.Fatalf("%s: %v", c, err)
		}
		got := strings.Join([]string{strconv.Itoa(int(a.Status)), body.Error}, " ")
		if got != want || body.Message == "" || body.Request_id != "r-1" {
			t.Errorf("%s: %s %+v, want %s", c, got, body, want)
		}
		if a.Details != "postern_denied{"+c.String()+"}" || a.GRPC != -1 {
			t.Errorf("%s: details %q grpc %d", c, a.Details, a.GRPC)
		}
		lines := map[string]string{}
		for _, h := range a.Headers {
			lines[h.Name] = h.Value
			if strings.ContainsAny(h.Value, "\r\n") || strings.Contains(h.Value, "secret") {
				t.Errorf("%s: header %q", c, h)
			}
		}
		wantChallenge := ""
		if a.Status == 401 || c == reason.InsufficientScope {
			wantChallenge = `Bearer realm="edge"`
			if body.Error != "unauthorized" { // RFC 6750 §3.1: no code where nothing was sent
				wantChallenge += `, error="` + body.Error + `", error_description="` + body.Message + `"`
			}
		}
		if lines["www-authenticate"] != wantChallenge {
			t.Errorf("%s: challenge %q, want %q", c, lines["www-authenticate"], wantChallenge)
		}
		if (lines["retry-after"] == "7") != (a.Status == 503) {
			t.Errorf("%s: retry-after %q", c, lines["retry-after"])
		}
		if lines["content-type"] != "application/json" {
			t.Errorf("%s: content-type %q", c, lines["content-type"])
		}
	}
}

func TestGRPCAnswers(t *testing.T) {
	var w Writer
	v := view(t, "/pkg.Service/Call", "content-type", "application/grpc+proto")
	for code, want := range map[reason.Code]int32{reason.Expired: 16, reason.NoRule: 7, reason.SeveralCredentials: 3, reason.KeysUnavailable: 14} {
		a := w.Refuse(&Config{}, v, code, 1, "")
		if a.GRPC != want || strings.Contains(string(a.Body), "{") {
			t.Errorf("%s: grpc status %d body %s, want %d and the message alone", code, a.GRPC, a.Body, want)
		}
		for _, h := range a.Headers {
			if h.Name == "content-type" {
				t.Errorf("%s: content-type %q would displace gRPC's", code, h.Value)
			}
		}
	}
}

// TestPreparedAnswersAreTheSame: an answer that was made beforehand is, byte for byte,
// the one that is made for the request.
func TestPreparedAnswersAreTheSame(t *testing.T) {
	plain, prepared := &Config{Realm: "edge"}, &Config{Realm: "edge"}
	prepared.Prepare()
	for _, headers := range [][]string{nil, {"x-request-id", "r-1"}, {"content-type", "application/grpc"}, {"content-type", "application/grpc", "x-request-id", "r-1"}} {
		v := view(t, "/x", headers...)
		for _, c := range reason.All() {
			var w, p Writer
			p.Reserve()
			for range 2 { // the second time over what the first one left
				want, got := w.Refuse(plain, v, c, 7, ""), p.Refuse(prepared, v, c, 7, "")
				if text(want) != text(got) {
					t.Errorf("%s %q: prepared %q, made for the request %q", c, headers, text(got), text(want))
				}
				if n := got.Prepared; n != 0 && (n != c || text(&Answer{Headers: prepared.Prepared()[n].Headers}) != text(&Answer{Headers: got.Headers})) {
					t.Errorf("%s: says that its headers are those of %s", c, n)
				}
			}
		}
	}
}

func text(a *Answer) string {
	b := strconv.AppendInt(strconv.AppendInt(nil, int64(a.Status), 10), int64(a.GRPC), 10)
	b = append(append(append(b, a.Details...), '|'), a.Body...)
	for _, h := range a.Headers {
		b = append(append(append(append(b, '|'), h.Name...), ':'), h.Value...)
	}
	return string(b)
}

// TestAWipedWriterKeepsNothing: of what went through it no byte and no pointer is left,
// and the next request finds it as new.
func TestAWipedWriterKeepsNothing(t *testing.T) {
	cfg := &Config{IdentityHeaders: []string{"x-user"}, Providers: []Provider{{ClaimHeaders: []ClaimHeader{{Header: "x-user", Path: []string{"list"}}}}}}
	var w Writer
	w.Reserve()
	long := strings.Repeat("long", 1000)
	for _, list := range []string{`["secret"]`, `["` + long + `"]`} {
		for _, place := range []credential.Place{{In: credential.InCookie, Name: "s"}, {In: credential.InQuery, Name: "q"}} {
			v := view(t, "/a?q=secret", "x-user", "secret", "cookie", "a=secret; s=secret", "x-request-id", "secret")
			w.Begin(cfg, v)
			w.Grant(cfg, &identity.Identity{Claims: claims(t, `{"list":`+list+`}`)}, &place)
			if len(w.Ops(v)) == 0 {
				t.Fatal("no operation")
			}
			w.Refuse(cfg, v, reason.Missing, 1, "")
			w.Wipe()
			if *w.home != (home{}) {
				t.Errorf("%d bytes of claims: something is left", len(list))
			}
			if w.target != "" || w.answer.Headers != nil || w.answer.Body != nil || cap(w.buf) != len(w.home.buf) || cap(w.ops) != len(w.home.ops) {
				t.Errorf("%d bytes of claims: the writer holds on to memory", len(list))
			}
		}
	}
}
