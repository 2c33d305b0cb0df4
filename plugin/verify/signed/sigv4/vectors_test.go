package sigv4_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/verify/signed"
	"github.com/postern-wasm/postern/plugin/verify/signed/sigv4"
	"github.com/postern-wasm/postern/tools/vectors/vectest"
)

// vector is one of testdata/vectors, whose README.md has the format.
type vector struct {
	vectest.Case
	Config struct {
		Region, Service string
		Tolerance       int64 `json:"tolerance_s"`
		S3, Chunked     bool
		Normalize       *bool `json:"normalize_path"`
		Unsigned        bool  `json:"allow_unsigned_payload"`
		Lenient         bool  `json:"lenient_signed_headers"`
	}
}

// judge runs a request through the scheme and the frame, its body in two pieces.
func (v *vector) judge(t testing.TB) (signed.State, reason.Code) {
	t.Helper()
	scheme := sigv4.New(sigv4.Config{
		Region: v.Config.Region, Service: v.Config.Service, S3: v.Config.S3, UnsignedPayload: v.Config.Unsigned, UnsignedHeaders: v.Config.Lenient,
		NormalizePath: v.Config.Normalize == nil && !v.Config.S3 || v.Config.Normalize != nil && *v.Config.Normalize,
	})
	provider := &signed.Config{Scheme: scheme, Algorithms: scheme.Traits().Algorithms, Tolerance: v.Config.Tolerance * 1e9}
	v.Keys(t, provider)
	view, code := v.View()
	if code != reason.OK {
		return signed.Refused, code
	}
	r := &signed.Request{View: view, Now: v.Now * 1e9}
	return vectest.Judge(new(signed.Attempt), provider, r, v.Request.Body)
}

// reasons are ours for the vectors' names.
var reasons = map[string]reason.Code{
	"ok": reason.OK, "bad_signature": reason.SignatureInvalid, "unknown_key": reason.SignatureInvalid, "expired": reason.SignatureExpired,
	"timestamp_too_old": reason.SignatureExpired, "timestamp_in_future": reason.SignatureInFuture, "timestamp_missing": reason.TimestampMissing,
	"timestamp_malformed": reason.TimestampMalformed, "digest_mismatch": reason.DigestMismatch, "digest_missing": reason.DigestMissing,
	"required_component_not_covered": reason.ComponentNotCovered, "algorithm_not_allowed": reason.AlgorithmNotAllowed,
	"component_missing": reason.ComponentMissing, "missing_signature": reason.Missing, "malformed_signature": reason.SignatureMalformed,
	"unsigned_payload_not_allowed": reason.BodyNotCovered, "wrong_scope": reason.SignerMismatch, "expires_too_long": reason.SignatureExpired,
	"multiple_signatures": reason.SeveralCredentials, "unsupported_component": reason.ComponentUnsupported, "duplicate_header": reason.SeveralCredentials,
}

// other is where the reason differs, and why.
var other = map[string]reason.Code{
	"bad-sha-header-unsigned":         reason.ComponentNotCovered, // before the signature is judged
	"bad-scope-date-vs-amz-date":      reason.SignerMismatch,      // the scope is another day's
	"bad-signature":                   reason.SignatureMalformed,  // it is cut short
	"query-bad-both-header-and-query": reason.SeveralCredentials,
	"s3-chunked-bad-not-enabled":      reason.ComponentUnsupported,
}

// TestVectors: those with signed chunks, which are not supported, are refused.
func TestVectors(t *testing.T) {
	chunked := 0
	for _, v := range vectest.Load[vector](t, "sigv4") {
		t.Run(v.Name, func(t *testing.T) {
			state, code := v.judge(t)
			if v.Config.Chunked {
				chunked++
				if state != signed.Refused || code != reason.ComponentUnsupported {
					t.Errorf("signed chunks: %v %s", state, code)
				}
				return
			}
			want, ok := other[v.Name]
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
	if chunked != 3 {
		t.Errorf("%d cases with signed chunks, want 3", chunked)
	}
}

// TestEveryBit: of accepted requests no bit of the credential, a signed header, the target,
// the method or the body can be changed.
func TestEveryBit(t *testing.T) {
	flips := 0
	for _, name := range []string{"ok", "ok-sha-header", "query-ok", "s3-ok-path-not-normalised", "suite-header-post-x-www-form-urlencoded"} {
		list := vectest.Load[vector](t, "sigv4")
		v := list[slices.IndexFunc(list, func(v vector) bool { return v.Name == name })]
		if state, code := v.judge(t); state != signed.Proved {
			t.Fatalf("%s: %s", name, code)
		}
		each := func(what string, s *string, same func(a, b string) bool) {
			good := *s
			for bit := range len(good) * 8 {
				b := []byte(good)
				b[bit/8] ^= 1 << (bit % 8)
				*s = string(b)
				flips++
				if state, _ := v.judge(t); state == signed.Proved && !same(good, *s) {
					t.Errorf("%s, %s: %q passes", name, what, *s)
				}
			}
			*s = good
		}
		for i, h := range v.Request.Headers {
			if h[0] == "content-length" {
				continue // not in every list
			}
			each(h[0], &v.Request.Headers[i][1], sameHex)
		}
		never := func(string, string) bool { return false }
		each("method", &v.Request.Method, never)
		each("authority", &v.Request.Authority, never)
		if v.Request.Query != nil {
			query := *v.Request.Query
			v.Request.Query = &query
			each("query", &query, sameQuery)
		}
		body := string(v.Request.Body)
		for bit := range len(body) * 8 {
			b := []byte(body)
			b[bit/8] ^= 1 << (bit % 8)
			v.Request.Body = b
			flips++
			if state, _ := v.judge(t); state == signed.Proved {
				t.Errorf("%s: a changed body passes", name)
			}
		}
	}
	t.Logf("note: sigv4: %d bits flipped", flips)
}

// sameHex says that two credentials differ in nothing but the case of the signature's hex.
func sameHex(a, b string) bool {
	at := strings.Index(a, "Signature=")
	return at >= 0 && strings.EqualFold(a, b) && a[:at+len("Signature=")] == b[:at+len("Signature=")]
}

// sameQuery says that two queries mean the same: the signature's hex and percent-encodings
// have no case.
func sameQuery(a, b string) bool {
	x, err := url.QueryUnescape(a)
	y, err2 := url.QueryUnescape(b)
	return err == nil && err2 == nil && (x == y || sameHex(x, y))
}
