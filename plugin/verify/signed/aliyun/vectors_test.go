package aliyun_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/verify/signed"
	"github.com/postern-wasm/postern/plugin/verify/signed/aliyun"
	"github.com/postern-wasm/postern/tools/vectors/vectest"
)

// vector is one of testdata/vectors, whose README.md has the format.
type vector struct {
	vectest.Case
	Config struct {
		Algorithms, Required []string
		Tolerance            int64 `json:"tolerance_s"`
	}
}

// ready returns what judges the request, its body in two pieces; nil if its headers cannot
// be read.
func (v *vector) ready(t testing.TB) (func() (signed.State, reason.Code), *signed.Attempt) {
	t.Helper()
	cfg := aliyun.Config{Components: v.Config.Required}
	for _, name := range v.Config.Algorithms {
		cfg.Algorithms |= map[string]signed.Set{"HmacSHA256": signed.SetOf(signed.HMACSHA256), "HmacSHA1": signed.SetOf(signed.HMACSHA1)}[name]
	}
	scheme := aliyun.New(cfg)
	provider := &signed.Config{Scheme: scheme, Algorithms: scheme.Traits().Algorithms, Tolerance: v.Config.Tolerance * 1e9}
	v.Keys(t, provider)
	view, code := v.View()
	if code != reason.OK {
		return nil, nil
	}
	r, a := &signed.Request{View: view, Now: v.Now * 1e9}, new(signed.Attempt)
	return func() (signed.State, reason.Code) { return vectest.Judge(a, provider, r, v.Request.Body) }, a
}

func (v *vector) judge(t testing.TB) (signed.State, reason.Code) {
	t.Helper()
	judge, _ := v.ready(t)
	if judge == nil {
		return signed.Refused, reason.HeadersUnreadable
	}
	return judge()
}

// reasons are ours for the vectors' names.
var reasons = map[string]reason.Code{
	"ok": reason.OK, "bad_signature": reason.SignatureInvalid, "unknown_key": reason.SignatureInvalid, "timestamp_too_old": reason.SignatureExpired,
	"digest_mismatch": reason.DigestMismatch, "missing_signature": reason.Missing, "algorithm_not_allowed": reason.AlgorithmNotAllowed,
	"required_component_not_covered": reason.ComponentNotCovered,
}

// TestVectors: what has come before is the filter's to know, which is told the nonce.
func TestVectors(t *testing.T) {
	for _, v := range vectest.Load[vector](t, "aliyun") {
		t.Run(v.Name, func(t *testing.T) {
			judge, attempt := v.ready(t)
			state, code := judge()
			if v.Reason == "replay" {
				if state != signed.Proved || !attempt.Claim().HasNonce || attempt.Claim().Nonce != v.header("x-ca-nonce") {
					t.Errorf("%v %s, nonce %q", state, code, attempt.Claim().Nonce)
				}
				return
			}
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

func (v *vector) header(name string) string {
	i := slices.IndexFunc(v.Request.Headers, func(h [2]string) bool { return h[0] == name })
	if i < 0 {
		return ""
	}
	return v.Request.Headers[i][1]
}

// TestEveryBit: of an accepted request no bit of the headers that are signed, the target,
// the method or the body can be changed.
func TestEveryBit(t *testing.T) {
	flips := 0
	for _, v := range vectest.Load[vector](t, "aliyun") {
		if v.Expect != "accept" {
			continue
		}
		each := func(what string, s *string) {
			good := *s
			for bit := range len(good) * 8 {
				b := []byte(good)
				b[bit/8] ^= 1 << (bit % 8)
				*s = string(b)
				flips++
				if state, _ := v.judge(t); state == signed.Proved && !same(what, good, *s) {
					t.Errorf("%s %s: %q passes for %q", v.Name, what, *s, good)
				}
			}
			*s = good
		}
		for i, h := range v.Request.Headers {
			each(h[0], &v.Request.Headers[i][1])
		}
		each("method", &v.Request.Method)
		each("path", &v.Request.Path)
		if v.Request.Query != nil {
			each("query", v.Request.Query)
		}
		body := string(v.Request.Body)
		for bit := range len(body) * 8 {
			b := []byte(body)
			b[bit/8] ^= 1 << (bit % 8)
			v.Request.Body = b
			flips++
			if state, _ := v.judge(t); state == signed.Proved {
				t.Errorf("%s: the body %q passes", v.Name, b)
			}
		}
	}
	if flips < 10000 {
		t.Errorf("%d bits flipped", flips)
	}
}

// same says that two spellings mean the same: the list of headers is signed as it is meant,
// and one '=' of "e=" more or less is nothing.
func same(what, a, b string) bool {
	return what == "query" && strings.ReplaceAll(a+"&", "=&", "&") == strings.ReplaceAll(b+"&", "=&", "&")
}

func BenchmarkRead(b *testing.B) {
	for _, v := range vectest.Load[vector](b, "aliyun")[:5] {
		b.Run(v.Name, func(b *testing.B) {
			judge, _ := v.ready(b)
			b.ReportAllocs()
			for b.Loop() {
				judge()
			}
		})
	}
}
