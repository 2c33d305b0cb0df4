package signedurl_test

import (
	"strings"
	"testing"

	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/verify/signed"
	"github.com/postern-wasm/postern/plugin/verify/signed/signedurl"
	"github.com/postern-wasm/postern/tools/vectors/vectest"
)

// vector is one of testdata/vectors, whose README.md has the format.
type vector struct {
	vectest.Case
	Config struct {
		Salt, Expression string
		TokenName        string `json:"token_name"`
		EscapeEarly      bool   `json:"escape_early"`
		Address          string `json:"remote_addr"`
		Source           string `json:"source_ip"`
	}
}

var dialects = map[string]signedurl.Dialect{
	"google-cdn": signedurl.Google, "akamai": signedurl.Akamai, "cloudfront": signedurl.CloudFront, "nginx-secure-link": signedurl.Nginx,
}

// config is what a vector asks for.
func (v *vector) config(d signedurl.Dialect) signedurl.Config {
	return signedurl.Config{
		Dialect: d, TokenName: v.Config.TokenName, Salt: v.Config.Salt, EscapeEarly: v.Config.EscapeEarly,
		Expression: v.Config.Expression, SignatureParam: "md5", ExpiresParam: "expires",
	}
}

// judge runs a request through the scheme and the frame.
func (v *vector) judge(t testing.TB, d signedurl.Dialect) (signed.State, reason.Code) {
	t.Helper()
	judge, code := v.ready(t, d)
	if judge == nil {
		return signed.Refused, code
	}
	return judge()
}

// ready returns what judges the request; nil if its headers cannot be read.
func (v *vector) ready(t testing.TB, d signedurl.Dialect) (func() (signed.State, reason.Code), reason.Code) {
	t.Helper()
	scheme, err := signedurl.New(v.config(d))
	if err != nil {
		t.Fatal(err)
	}
	provider := &signed.Config{Scheme: scheme, Algorithms: scheme.Traits().Algorithms, Tolerance: 300e9, Body: signed.BodyReject}
	v.Keys(t, provider)
	view, code := v.View()
	if code != reason.OK {
		return nil, code
	}
	r := &signed.Request{View: view, Now: v.Now * 1e9, Address: func() string { return v.Config.Address + v.Config.Source }}
	var a signed.Attempt
	return func() (signed.State, reason.Code) { return a.Judge(provider, r, &signed.Body{Ended: true}) }, reason.OK
}

// reasons are ours for the vectors' names.
var reasons = map[string]reason.Code{
	"ok": reason.OK, "bad_signature": reason.SignatureInvalid, "unknown_key": reason.SignatureInvalid, "expired": reason.SignatureExpired,
	"timestamp_in_future": reason.SignatureInFuture, "missing_signature": reason.Missing, "malformed_signature": reason.SignatureMalformed,
	"prefix_mismatch": reason.ResourceMismatch, "ip_mismatch": reason.AddressMismatch,
}

func TestVectors(t *testing.T) {
	for file, dialect := range dialects {
		for _, v := range vectest.Load[vector](t, file) {
			t.Run(file+" "+v.Name, func(t *testing.T) {
				state, code := v.judge(t, dialect)
				want, ok := reasons[v.Reason]
				if !ok {
					t.Fatalf("no reason of ours for %s", v.Reason)
				}
				if (state == signed.Proved) != (v.Expect == "accept") || code != want {
					t.Errorf("%v %s, want %s: %s", state, code, v.Expect, want)
				}
			})
		}
	}
}

// TestEveryBit: of a URL that is accepted no bit can be changed, but for the case of Akamai's
// hexadecimal digits, and for what its vendor does not sign.
func TestEveryBit(t *testing.T) {
	for file, dialect := range dialects {
		flips := 0
		for _, v := range vectest.Load[vector](t, file) {
			if v.Expect != "accept" {
				continue
			}
			whole := v.Request.Path
			if v.Request.Query != nil {
				whole += "?" + *v.Request.Query
			}
			free := strings.Contains(whole, "URLPrefix") || strings.Contains(whole, "Policy=") || strings.Contains(whole, "acl=") || v.Request.Query == nil
			from := 0
			if free { // other paths are opened as well
				from = len(v.Request.Path) + 1
			}
			for bit := from * 8; bit < len(whole)*8; bit++ {
				b := []byte(whole)
				b[bit/8] ^= 1 << (bit % 8)
				if mac := strings.Index(whole, "~hmac="); mac >= 0 && bit/8 > mac+5 && strings.EqualFold(whole, string(b)) {
					continue
				}
				changed := v
				path, query, has := strings.Cut(string(b), "?")
				if changed.Request.Path, changed.Request.Query = path, nil; has {
					changed.Request.Query = &query
				}
				flips++
				if state, _ := changed.judge(t, dialect); state == signed.Proved {
					t.Errorf("%s %s: %q passes for %q", file, v.Name, b, whole)
				}
			}
			for i, h := range v.Request.Headers {
				at := strings.Index(h[1], "; ") // the vectors' other cookie
				for bit := (at + 2) * 8; file == "akamai" && bit < len(h[1])*8; bit++ {
					b := []byte(h[1])
					b[bit/8] ^= 1 << (bit % 8)
					if mac := strings.Index(h[1], "~hmac="); bit/8 > mac+5 && strings.EqualFold(h[1], string(b)) {
						continue
					}
					changed := v
					changed.Request.Headers = append([][2]string{}, v.Request.Headers...)
					changed.Request.Headers[i][1] = string(b)
					flips++
					if state, _ := changed.judge(t, dialect); state == signed.Proved {
						t.Errorf("%s %s: %q passes", file, v.Name, b)
					}
				}
			}
		}
		if flips < 1000 {
			t.Errorf("%s: %d bits flipped", file, flips)
		}
	}
}
