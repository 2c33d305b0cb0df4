package signed_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"testing"

	"github.com/postern-wasm/postern/plugin/kernel/digest"
	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/verify/signed"
)

// TestP05EveryProofOfARequest: with Config.Every all claims are named by which the request,
// or what a stranger leaves of it, is good now or will be, the deciding one first; and none
// that a stranger can have added. "body" comes, unless the law says otherwise.
func TestP05EveryProofOfARequest(t *testing.T) {
	const secret, later, gone = "the key in use", "a key that comes into use later", "a key out of use"
	key := func(id, text string, from, to int64) *signed.Key {
		k := secretKey(t, []byte(text), signed.HMACSHA256)
		k.ID, k.NotBefore, k.NotAfter = id, from, to
		return k
	}
	keys := []*signed.Key{key("k", secret, 0, 0), key("later", later, now/second+1, 0), key("gone", gone, 0, now/second-1)}
	made := func(secret, text string) [][]byte {
		m := hmac.New(sha256.New, []byte(secret))
		m.Write([]byte(text))
		return [][]byte{m.Sum(nil)}
	}
	sum, other := sha256.Sum256([]byte("body")), sha256.Sum256([]byte("other"))
	good := func(text string, edit ...func(*signed.Claim)) signed.Claim {
		c := signed.Claim{Before: text, Digests: [2]signed.Digest{{Hash: digest.SHA256, Sum: sum[:]}}, KeyID: "k", Named: true, Signatures: made(secret, text)}
		for _, e := range edit {
			e(&c)
		}
		return c
	}
	uncovered := func(c *signed.Claim) { c.Digests[0] = signed.Digest{} }
	free := func(c *signed.Claim) { uncovered(c); c.BodyFree = true }
	raw := func(c *signed.Claim) {
		uncovered(c)
		c.Body, c.Signatures = signed.BodyRaw, made(secret, c.Before+"body")
	}
	bad := func(c *signed.Claim) { c.Signatures = made("nobody's key", c.Before) }
	future := func(c *signed.Claim) { c.Stamped, c.Stamp = true, now+301*second }
	aside := func(c *signed.Claim) { c.Aside = true }
	by := func(id, secret string) func(*signed.Claim) {
		return func(c *signed.Claim) { c.KeyID, c.Signatures = id, made(secret, c.Before) }
	}
	for law, c := range map[string]struct {
		claims []signed.Claim
		change func(*signed.Config)
		want   string // what the proofs are of, in their order
		code   reason.Code
		early  bool // the headers decide
	}{
		"one":                                       {[]signed.Claim{good("a")}, nil, "a", reason.OK, false},
		"several":                                   {[]signed.Claim{good("a"), good("b"), good("c"), good("d")}, nil, "abcd", reason.OK, false},
		"without Every the first":                   {[]signed.Claim{good("a"), good("b")}, func(c *signed.Config) { c.Every = false }, "a", reason.OK, false},
		"a bad signature, behind":                   {[]signed.Claim{good("a"), good("b", bad)}, nil, "a", reason.OK, false},
		"a bad signature, before":                   {[]signed.Claim{good("a", bad), good("b")}, nil, "b", reason.OK, false},
		"bad ones alone":                            {[]signed.Claim{good("a", bad), good("b", bad)}, nil, "", reason.SignatureInvalid, true},
		"one that has expired":                      {[]signed.Claim{good("a"), good("b", func(c *signed.Claim) { c.Expires = now - second })}, nil, "a", reason.OK, false},
		"of another body":                           {[]signed.Claim{good("a"), good("b", func(c *signed.Claim) { c.Digests[0].Sum = other[:] })}, nil, "a", reason.OK, false},
		"of no body: good without one":              {[]signed.Claim{good("a", uncovered), good("b")}, nil, "ba", reason.OK, false},
		"of no body, behind":                        {[]signed.Claim{good("a"), good("b", uncovered)}, nil, "ab", reason.OK, false},
		"of no body, and nothing of another":        {[]signed.Claim{good("a", uncovered)}, nil, "", reason.BodyNotCovered, false},
		"one decides by the headers":                {[]signed.Claim{good("a", free), good("b")}, nil, "ab", reason.OK, true},
		"one decides by the headers, behind":        {[]signed.Claim{good("a"), good("b", free)}, nil, "ba", reason.OK, true},
		"the headers decide, but not of the other":  {[]signed.Claim{good("a", free), good("b", raw)}, nil, "ab", reason.OK, false},
		"the same, before":                          {[]signed.Claim{good("a", raw), good("b", free)}, nil, "ab", reason.OK, false},
		"the body is in both texts":                 {[]signed.Claim{good("a", raw), good("b", raw)}, nil, "ab", reason.OK, false},
		"from the future":                           {[]signed.Claim{good("a"), good("b", future)}, nil, "", reason.SignatureInFuture, false},
		"from the future, before":                   {[]signed.Claim{good("a", future), good("b")}, nil, "", reason.SignatureInFuture, false},
		"from the future, decided by the headers":   {[]signed.Claim{good("a", free), good("b", future, uncovered)}, nil, "", reason.SignatureInFuture, true},
		"from the future, with the body":            {[]signed.Claim{good("a", free), good("b", raw, future)}, nil, "", reason.SignatureInFuture, false},
		"from the future, and bad":                  {[]signed.Claim{good("a"), good("b", future, bad)}, nil, "a", reason.OK, false},
		"a validity that has not begun":             {[]signed.Claim{good("a"), good("b", func(c *signed.Claim) { c.Starts = now + second })}, nil, "", reason.SignatureInFuture, false},
		"a key for later":                           {[]signed.Claim{good("a"), good("b", by("later", later))}, nil, "ab", reason.OK, false},
		"a key for later, before":                   {[]signed.Claim{good("a", by("later", later)), good("b")}, nil, "ba", reason.OK, false},
		"a key for later alone":                     {[]signed.Claim{good("a", by("later", later))}, nil, "", reason.SignatureInvalid, true},
		"a key for later, and bad":                  {[]signed.Claim{good("a"), good("b", by("later", "nobody's"))}, nil, "a", reason.OK, false},
		"a key for later that is not named":         {[]signed.Claim{good("a"), good("b", by("", later), func(c *signed.Claim) { c.Named = false })}, nil, "ab", reason.OK, false},
		"a key out of use":                          {[]signed.Claim{good("a"), good("b", by("gone", gone))}, nil, "a", reason.OK, false},
		"an unknown key":                            {[]signed.Claim{good("a"), good("b", by("x", secret))}, nil, "a", reason.OK, false},
		"another algorithm":                         {[]signed.Claim{good("a"), good("b", func(c *signed.Claim) { c.Algorithm = signed.HMACSHA1 })}, nil, "a", reason.OK, false},
		"too many signatures":                       {[]signed.Claim{good("a"), good("b", func(c *signed.Claim) { c.Signatures = append(c.Signatures, make([][]byte, 16)...) })}, nil, "a", reason.OK, false},
		"aside":                                     {[]signed.Claim{good("a"), good("b", aside)}, nil, "ab", reason.OK, false},
		"aside, and bad":                            {[]signed.Claim{good("a"), good("b", aside, bad)}, nil, "a", reason.OK, false},
		"aside alone":                               {[]signed.Claim{good("a", bad), good("b", aside)}, nil, "", reason.SignatureInvalid, true},
		"a digest is asked for, and one states it":  {[]signed.Claim{good("a"), good("b", uncovered)}, func(c *signed.Config) { c.Body = signed.BodyDigest }, "ab", reason.OK, false},
		"a body that is free if the headers say so": {[]signed.Claim{good("a", free), good("b")}, func(c *signed.Config) { c.Body = signed.BodyDigest }, "ab", reason.OK, false},
	} {
		t.Run(law, func(t *testing.T) {
			cfg := config(signed.HMACSHA256, c.claims, keys...)
			cfg.Every = true
			if c.change != nil {
				c.change(cfg)
			}
			var first signed.Attempt
			state, _ := first.Judge(cfg, &signed.Request{Now: now}, &signed.Body{Taps: new(signed.Taps)})
			if (state != signed.NeedsBody) != c.early {
				t.Errorf("by the headers: %v", state)
			}
			if state == signed.NeedsBody && len(first.Proofs()) != 0 {
				t.Error("proofs of a request that is not proved")
			}
			state, code, a := run(t, cfg, "bo", "dy")
			got := ""
			for i := range a.Proofs() {
				p := &a.Proofs()[i]
				got += p.Claim.Before
				if p.Key == nil || !p.ByMAC() || !bytes.Equal(p.Fingerprint(), p.Claim.Signatures[0]) {
					t.Errorf("%s: by %v, %x", p.Claim.Before, p.Key, p.Fingerprint())
				}
			}
			if got != c.want || code != c.code || (state == signed.Proved) != (code == reason.OK) {
				t.Errorf("%v %s by %q, want %s by %q", state, code, got, c.code, c.want)
			}
			if got != "" && (a.Claim() != a.Proofs()[0].Claim || a.Key() != a.Proofs()[0].Key) || got == "" && a.Key() != nil {
				t.Error("the first proof is not what is said of the request")
			}
		})
	}
}

// TestABodyThatCannotBeReadLeavesNoClaimUnjudged: what one claim covers of it may be good.
func TestABodyThatCannotBeReadLeavesNoClaimUnjudged(t *testing.T) {
	s := signers(t)[0]
	claims := []signed.Claim{
		{Before: "a", BodyFree: true, Signatures: [][]byte{s.sign("a")}},
		{Before: "b", Body: signed.BodyRaw, Signatures: [][]byte{s.sign("bbody")}},
	}
	for _, every := range []bool{false, true} {
		cfg := config(s.alg, claims, s.key)
		cfg.Every = every
		var a signed.Attempt
		_, code := a.Judge(cfg, &signed.Request{Now: now}, &signed.Body{Ended: true, Size: 4})
		if want := map[bool]reason.Code{false: reason.OK, true: reason.BodyUndelivered}[every]; code != want {
			t.Errorf("every %v: %s, want %s", every, code, want)
		}
	}
}

// TestAPledgeIsTheDecidingClaims: the claims behind it change nothing of it, and where one
// has to wait for the body there is none.
func TestAPledgeIsTheDecidingClaims(t *testing.T) {
	s := signers(t)[0]
	sum, other := sha256.Sum256([]byte("body")), sha256.Sum256([]byte("other"))
	claim := func(text string, sum []byte) signed.Claim {
		return signed.Claim{Before: text, Digests: [2]signed.Digest{{Hash: digest.SHA256, Sum: sum}}, Signatures: [][]byte{s.sign(text)}}
	}
	raw := signed.Claim{Before: "c", Body: signed.BodyRaw, Signatures: [][]byte{s.sign("cbody")}}
	for law, c := range map[string]struct {
		claims []signed.Claim
		state  signed.State
		proofs int
		holds  bool
	}{
		"of two digests the first":           {[]signed.Claim{claim("a", sum[:]), claim("b", other[:])}, signed.Pledged, 2, true},
		"of two digests the first, as it is": {[]signed.Claim{claim("b", other[:]), claim("a", sum[:])}, signed.Pledged, 2, false},
		"one that waits for the body":        {[]signed.Claim{claim("a", sum[:]), raw}, signed.NeedsBody, 0, false},
	} {
		cfg := config(s.alg, c.claims, s.key)
		cfg.Every, cfg.Body = true, signed.BodyDigest
		var a signed.Attempt
		var pledge signed.Pledge
		state, _ := a.Judge(cfg, &signed.Request{Now: now}, &signed.Body{Taps: new(signed.Taps), Pledge: &pledge})
		pledge.Write([]byte("body"))
		if holds := pledge.Holds(); state != c.state || len(a.Proofs()) != c.proofs || holds != c.holds {
			t.Errorf("%s: %v, %d proofs, holds %v", law, state, len(a.Proofs()), holds)
		}
	}
}

// TestEachClaimIsVerifiedOnce, whichever decides: no more work than where all are bad.
func TestEachClaimIsVerifiedOnce(t *testing.T) {
	s := signers(t)[0]
	reads := 0
	body := &signed.Body{Ended: true, Size: 4, Each: func(take func([]byte)) bool { reads++; take([]byte("body")); return true }}
	claims := make([]signed.Claim, signed.MaxClaims)
	for deciding := range claims {
		for i := range claims {
			claims[i] = signed.Claim{Before: "a", Body: signed.BodyRaw, Signatures: [][]byte{make([]byte, 32)}}
			if i >= deciding {
				claims[i].Signatures[0] = s.sign("abody")
			}
		}
		cfg := config(s.alg, claims, s.key)
		cfg.Every = true
		var a signed.Attempt
		reads = 0
		if state, code := a.Judge(cfg, &signed.Request{Now: now}, body); state != signed.Proved || len(a.Proofs()) != len(claims)-deciding || reads != len(claims) {
			t.Errorf("%d: %v %s, %d proofs, the body was read %d times", deciding, state, code, len(a.Proofs()), reads)
		}
	}
}
