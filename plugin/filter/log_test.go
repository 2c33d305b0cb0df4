package filter

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/postern-wasm/postern/plugin/request"
)

// TestLines: what a line of a refusal says, and what it never says.
func TestLines(t *testing.T) {
	sum := sha256.Sum256([]byte("id-7"))
	expired := map[string]any{"iss": "https://idp.test", "sub": "s3cret-sub", "exp": start/sec - 7200, "jti": "id-7"}
	report := strings.Replace(inlineConfig(t), `{"providers"`, `{"mode":"report","providers"`, 1)
	for _, tc := range []struct {
		law, config string
		headers     []request.Header
		want        map[string]any
	}{
		{"no credential", inlineConfig(t), get(), map[string]any{"event": "refused", "reason": "missing", "status": 401.0, "provider": "corp", "rule": 0.0}},
		{"an expired token", inlineConfig(t), get(token("a", expired)), map[string]any{
			"event": "refused", "reason": "expired", "status": 401.0, "provider": "corp", "rule": 0.0, "alg": "EdDSA", "kid": "a", "jti_sha256": hex.EncodeToString(sum[:8]),
		}},
		{"mode: report has no status", report, get(token("a", expired)), map[string]any{
			"event": "reported", "reason": "expired", "provider": "corp", "rule": 0.0, "alg": "EdDSA", "kid": "a", "jti_sha256": hex.EncodeToString(sum[:8]),
		}},
		{"before any rule", inlineConfig(t), []request.Header{{Name: ":method", Value: "GET"}, {Name: ":authority", Value: "a"}, {Name: ":path", Value: "/../x"}}, map[string]any{"event": "refused", "reason": "path_not_normal", "status": 400.0}},
	} {
		v := plugin(t, tc.config).Headers(start, &Stream{}, tc.headers)
		line := WithClient(v.Log, "203.0.113.7:4711")
		tc.want["client"] = "203.0.113.7:4711"
		var got map[string]any
		if err := json.Unmarshal([]byte(line), &got); err != nil || fmt.Sprint(got) != fmt.Sprint(tc.want) {
			t.Errorf("%s: %q: %v", tc.law, line, err)
		}
		if strings.Contains(line, "s3cret") || strings.Contains(line, "id-7") {
			t.Errorf("%s: %q tells what is in the token", tc.law, line)
		}
	}
}

// TestTheLineNamesTheClientBehindTrustedHops: of what the client itself has written nothing
// is told (P-12).
func TestTheLineNamesTheClientBehindTrustedHops(t *testing.T) {
	const own, xff = "192.0.2.1:4711", "6.6.6.6, 203.0.113.7"
	report := strings.Replace(inlineConfig(t), `{"providers"`, `{"xff_trusted_hops":1,"mode":"report","providers"`, 1)
	compat := strings.Replace(inlineConfig(t), `{"providers"`, `{"xff_trusted_hops":1,"compat":"jwt_authn","providers"`, 1)
	one := strings.Replace(inlineConfig(t), `{"providers"`, `{"xff_trusted_hops":1,"providers"`, 1)
	for _, tc := range []struct{ law, config, want string }{
		{"no trusted hop", inlineConfig(t), own},
		{"one", one, "203.0.113.7"},
		{"one, where a refusal is reported", report, "203.0.113.7"},
		{"one, in compat", compat, "203.0.113.7"},
		{"three, of which there are two", strings.Replace(one, "1", "3", 1), own},
	} {
		v := plugin(t, tc.config).Headers(start, &Stream{}, append(get(), request.Header{Name: "x-forwarded-for", Value: xff}))
		line := WithClient(v.Log, v.Forwarded.Client(own))
		var got map[string]any
		if err := json.Unmarshal([]byte(line), &got); err != nil || got["client"] != tc.want {
			t.Errorf("%s: %q: %v", tc.law, line, err)
		}
	}
}

// TestOddKidsMakeOneLine (J-12): whatever a kid holds, it is one line of JSON and bounded.
func TestOddKidsMakeOneLine(t *testing.T) {
	for _, kid := range []string{
		strings.Repeat("k", 12<<10), "../../x", "' OR 1=1--", "\x00", "a\r\nx: y", "__proto__", "\u2028\u202e\x7f", "\"}\n{\"event\":\"",
	} {
		head, _ := json.Marshal(map[string]string{"alg": "EdDSA", "kid": kid})
		body := b64.EncodeToString([]byte(fmt.Sprintf(`{"iss":"https://idp.test","exp":%d}`, start/sec+7200)))
		v := plugin(t, inlineConfig(t)).Headers(start, &Stream{}, get(b64.EncodeToString(head)+"."+body+"."+b64.EncodeToString(make([]byte, 64))))
		if v.Action != Refuse {
			t.Fatalf("kid %.20q: let through", kid)
		}
		var line map[string]any
		if err := json.Unmarshal([]byte(v.Log), &line); err != nil || len(v.Log) > 1024 {
			t.Errorf("kid %.20q: %q: %v", kid, v.Log, err)
		}
		for i := range len(v.Log) {
			if c := v.Log[i]; c < ' ' || c > '~' {
				t.Errorf("kid %.20q: byte %#x in %q", kid, c, v.Log)
			}
		}
	}
}

// TestAFloodOfRefusalsIsAFewLines (L-04): 100,000 refusals in a second, each another kid
// and issuer, are at most a burst and a second's worth of lines; the rest is counted.
func TestAFloodOfRefusalsIsAFewLines(t *testing.T) {
	const flood = 100_000
	p := plugin(t, inlineConfig(t))
	lines, suppressed := 0, int64(0)
	refuse := func(now int64, n int) {
		head := b64.EncodeToString(fmt.Appendf(nil, `{"alg":"EdDSA","kid":"k%d"}`, n))
		body := b64.EncodeToString(fmt.Appendf(nil, `{"iss":"https://%d.test","exp":%d}`, n, start/sec+7200))
		v := p.Headers(now, &Stream{}, get(head+"."+body+"."+b64.EncodeToString(make([]byte, 64))))
		if v.Action != Refuse {
			t.Fatal("let through")
		}
		if v.Log == "" {
			return
		}
		lines++
		var line struct{ Suppressed int64 }
		if err := json.Unmarshal([]byte(v.Log), &line); err != nil {
			t.Fatal(err)
		}
		suppressed += line.Suppressed
	}
	for n := range flood {
		refuse(start+int64(n)*(sec/flood), n)
		p.Release()
	}
	if lines < logBurst || lines > logBurst+logPerSecond {
		t.Errorf("%d lines", lines)
	}
	flooded := lines
	refuse(start+2*sec, flood)
	if lines != flooded+1 || suppressed != flood-int64(flooded) {
		t.Errorf("%d refusals are said to have had no line, %d had none", suppressed, flood-flooded)
	}
}
