package httpsig_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/verify/signed"
	"github.com/postern-wasm/postern/plugin/verify/signed/httpsig"
)

// labelled is a signature under a label: its members of the two fields.
func labelled(k keyPair, label, params, base string) (input, made string) {
	return label + "=" + params, label + "=" + k.signText(base+`"@signature-params": `+params)
}

// TestP05TheSignaturesOfARequest are all named that would be enough for it: those under a
// label that is not asked for as well, since nobody signs it; those of another tag not.
func TestP05TheSignaturesOfARequest(t *testing.T) {
	k := keyring(t)[0]
	base := fullBase(sha256Digest(post().body))
	var inputs, signatures []string
	for _, s := range [][2]string{{"one", "a"}, {"two", "a"}, {"three", "b"}} {
		input, made := labelled(k, s[0], full+params+`;nonce="`+s[0]+`";tag="`+s[1]+`"`, base)
		inputs, signatures = append(inputs, input), append(signatures, made)
	}
	m := post().with("signature-input", strings.Join(inputs, ", ")).with("signature", strings.Join(signatures, ", "))
	for _, c := range []struct {
		law  string
		cfg  httpsig.Config
		want string
	}{
		{"any", httpsig.Config{}, "one two three"},
		{"a tag's", httpsig.Config{Tag: "a"}, "one two"},
		{"a label's", httpsig.Config{Label: "two"}, "two one three"},
		{"a label's and tag's", httpsig.Config{Label: "two", Tag: "a"}, "two one"},
		{"the last label's", httpsig.Config{Label: "three", Tag: "b"}, "three"},
	} {
		p := provider(t, c.cfg, k.key)
		p.Every = true
		v, _ := m.view()
		var a signed.Attempt
		_, code := a.Judge(p, &signed.Request{View: v, Now: now * second}, &signed.Body{Ended: true, Size: int64(len(m.body)), Each: func(take func([]byte)) bool { take([]byte(m.body)); return true }})
		var nonces []string
		for i := range a.Proofs() {
			nonces = append(nonces, a.Proofs()[i].Claim.Nonce)
		}
		if got := strings.Join(nonces, " "); code != reason.OK || got != c.want {
			t.Errorf("%s: %s, %q, want %q", c.law, code, got, c.want)
		}
	}
}

// TestP05TheWorkOfARequestIsOneForAllItsSignatures: what is too much for two is refused, and
// not the second one passed over, which would be read where the first is left out.
func TestP05TheWorkOfARequestIsOneForAllItsSignatures(t *testing.T) {
	k := keyring(t)[0]
	members := make([]string, 100)
	for i := range members {
		members[i] = fmt.Sprintf("a%02d=1", i)
	}
	m := post().with("priority", strings.Join(members, ", "))
	covered := strings.TrimSuffix(full, ")") + ` "priority";sf)`
	base := fullBase(sha256Digest(m.body)) + `"priority";sf: ` + strings.Join(members, ", ") + "\n"
	one, madeOne := labelled(k, "one", covered+params, base)
	two, madeTwo := labelled(k, "two", covered+params, base)
	for law, c := range map[string]struct {
		label, inputs, signatures string
		want                      reason.Code
	}{
		"the first":              {"", one, madeOne, reason.OK},
		"the second":             {"", two, madeTwo, reason.OK},
		"both":                   {"", one + ", " + two, madeOne + ", " + madeTwo, reason.SignaturesTooMany},
		"a label's":              {"two", two, madeTwo, reason.OK},
		"a label's, and another": {"two", one + ", " + two, madeOne + ", " + madeTwo, reason.SignaturesTooMany},
	} {
		expect(t, law, judge(t, provider(t, httpsig.Config{Label: c.label}, k.key), m.with("signature-input", c.inputs).with("signature", c.signatures), now), c.want)
	}
}
