package cavage_test

import (
	"slices"
	"testing"

	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/request"
	"github.com/postern-wasm/postern/plugin/verify/signed"
	"github.com/postern-wasm/postern/plugin/verify/signed/cavage"
	"github.com/postern-wasm/postern/tools/vectors/vectest"
)

// vector is one of testdata/vectors, whose README.md has the format.
type vector struct {
	vectest.Case
	Config struct {
		Algorithms, Required []string
		Body                 string
		Tolerance            int64  `json:"tolerance_s"`
		RejectAbsent         bool   `json:"reject_absent_headers"`
		Covered              bool   `json:"require_digest_covered"`
		HTTP                 string `json:"http_version"`
	}
}

// judge runs a request through the scheme and the frame, its body in two pieces.
func (v *vector) judge(t testing.TB, dialect cavage.Dialect) (signed.State, reason.Code) {
	t.Helper()
	cfg := cavage.Config{
		Dialect: dialect, Components: v.Config.Required, LenientAbsent: !v.Config.RejectAbsent,
		BodyOptional: v.Config.Body == "" && !v.Config.Covered,
	}
	for _, name := range v.Config.Algorithms {
		if name == "hs2019" {
			cfg.HS2019 = true
			continue
		}
		alg := signed.ParseAlgorithm(name)
		if alg == signed.NoAlgorithm {
			t.Fatalf("%s: no algorithm %s", v.Name, name)
		}
		cfg.Algorithms |= signed.SetOf(alg)
	}
	scheme := cavage.New(cfg)
	provider := &signed.Config{Scheme: scheme, Algorithms: scheme.Traits().Algorithms, Tolerance: v.Config.Tolerance * 1e9}
	if v.Config.Body == "digest" {
		provider.Body = signed.BodyDigest
	}
	v.Keys(t, provider)
	view, code := v.View()
	if code != reason.OK {
		return signed.Refused, code
	}
	r := &signed.Request{View: view, Now: v.Now * 1e9, Protocol: func() string { return "HTTP/" + v.Config.HTTP }}
	return vectest.Judge(new(signed.Attempt), provider, r, v.Request.Body)
}

var dialects = map[string]cavage.Dialect{"cavage-12": cavage.Draft12, "kong-hmac": cavage.Kong, "apisix-hmac": cavage.APISIX}

// reasons are ours for the vectors' names.
var reasons = map[string]reason.Code{
	"ok": reason.OK, "bad_signature": reason.SignatureInvalid, "unknown_key": reason.SignatureInvalid, "expired": reason.SignatureExpired,
	"timestamp_too_old": reason.SignatureExpired, "timestamp_in_future": reason.SignatureInFuture, "timestamp_missing": reason.TimestampMissing,
	"timestamp_malformed": reason.TimestampMalformed, "digest_mismatch": reason.DigestMismatch, "digest_missing": reason.DigestMissing,
	"required_component_not_covered": reason.ComponentNotCovered, "algorithm_not_allowed": reason.AlgorithmNotAllowed,
	"component_missing": reason.ComponentMissing, "missing_signature": reason.Missing, "malformed_signature": reason.SignatureMalformed,
	"unsupported_component": reason.ComponentUnsupported, "duplicate_header": reason.SeveralCredentials,
}

// other is where the reason differs, and why.
var other = map[string]reason.Code{
	"cavage-12 bad-digest-not-covered": reason.DigestMissing,       // it counts as none
	"kong-hmac bad-digest-unsigned":    reason.DigestMissing,       // the same
	"apisix-hmac bad-digest-unsigned":  reason.DigestMissing,       // the same
	"apisix-hmac bad-no-date":          reason.ComponentNotCovered, // it has to be listed
	"kong-hmac bad-b64":                reason.SignatureMalformed,  // it is no base64
}

func TestVectors(t *testing.T) {
	for file, dialect := range dialects {
		for _, v := range vectest.Load[vector](t, file) {
			t.Run(file+" "+v.Name, func(t *testing.T) {
				state, code := v.judge(t, dialect)
				want, ok := other[file+" "+v.Name]
				if !ok {
					if want, ok = reasons[v.Reason]; !ok {
						t.Fatalf("no reason of ours for %s", v.Reason)
					}
				}
				if (state == signed.Proved) != (v.Expect == "accept") || code != want {
					t.Errorf("%v %s, want %s: %s", state, code, v.Expect, want)
				}
			})
		}
	}
}

// TestEveryBit: of an accepted request no bit of the credential, a listed header, the
// target, the method, or the body can be changed.
func TestEveryBit(t *testing.T) {
	for file, dialect := range dialects {
		list := vectest.Load[vector](t, file)
		at := slices.IndexFunc(list, func(v vector) bool { return v.Expect == "accept" && v.Config.Body == "digest" })
		if at < 0 {
			at = 0
		}
		v := list[at]
		v.Config.Body = "digest"
		if state, code := v.judge(t, dialect); state != signed.Proved {
			t.Fatalf("%s: %s", file, code)
		}
		flips := 0
		each := func(what string, s *string) {
			good := *s
			for bit := range len(good) * 8 {
				b := []byte(good)
				b[bit/8] ^= 1 << (bit % 8)
				*s = string(b)
				flips++
				if state, _ := v.judge(t, dialect); state == signed.Proved && !same(what, good, *s) {
					t.Errorf("%s %s: %q passes", file, what, *s)
				}
			}
			*s = good
		}
		for i, h := range v.Request.Headers {
			switch h[0] {
			case "authorization", "signature", "date", "digest":
				each(h[0], &v.Request.Headers[i][1])
			}
		}
		each("method", &v.Request.Method)
		body := string(v.Request.Body)
		for bit := range len(body) * 8 {
			b := []byte(body)
			b[bit/8] ^= 1 << (bit % 8)
			v.Request.Body = b
			flips++
			if state, _ := v.judge(t, dialect); state == signed.Proved {
				t.Errorf("%s: a changed body passes", file)
			}
		}
		t.Logf("note: %s: %d bits flipped", file, flips)
	}
}

// same says that two spellings mean the same: the name of the scheme has no case, and a
// method is signed in lower case.
func same(what, a, b string) bool {
	return what == "method" && request.EqualFold(a, b) || what == "authorization" && request.EqualFold(a[:9], b[:9]) && a[9:] == b[9:]
}
