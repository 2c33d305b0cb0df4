package httpsig_test

import (
	"strings"
	"testing"

	"github.com/postern-wasm/postern/plugin/request"
	"github.com/postern-wasm/postern/plugin/verify/signed"
	"github.com/postern-wasm/postern/plugin/verify/signed/httpsig"
)

// proved says whether a request is, its body in one piece.
func proved(p *signed.Config, m message) bool {
	v, ok := m.view()
	return ok && arrive(p, &signed.Request{View: v, Now: now * second}, m.body, 1<<20).state == signed.Proved
}

// flips calls f with each text that differs from s in one bit.
func flips(s string, f func(changed string, at int)) {
	b := []byte(s)
	for i := range b {
		for bit := range 8 {
			b[i] ^= 1 << bit
			f(string(b), i)
			b[i] ^= 1 << bit
		}
	}
}

// TestEveryBitCounts: of what is covered, of the parameters, of the signature and of the
// body. Only the case of the authority's letters does not.
func TestEveryBitCounts(t *testing.T) {
	for _, k := range keyring(t)[:2] {
		p := provider(t, httpsig.Config{}, k.key)
		list := strings.Replace(full, ")", ` "date" "content-type" "@query-param";name="Pet")`, 1)
		base := fullBase(sha256Digest(post().body)) + "\"date\": Tue, 20 Apr 2021 02:07:55 GMT\n\"content-type\": application/json\n\"@query-param\";name=\"Pet\": dog\n"
		good := post().signed(k, list+`;created=1767225595;keyid="`+k.id+`";nonce="n0";tag="t"`, base)
		if !proved(p, good) {
			t.Fatal(k.id, "is refused")
		}
		check := func(what string, m message) {
			if proved(p, m) {
				t.Errorf("%s: %s may be changed", k.id, what)
			}
		}
		for i, h := range good.headers {
			if h[0] == "content-length" {
				continue // not covered
			}
			flips(h[1], func(changed string, _ int) {
				m := good.with("", "")
				m.headers = m.headers[:len(good.headers)]
				m.headers[i][1] = changed
				check(h[0]+" to "+changed, m)
			})
			for n := range h[1] {
				m := good.with("", "")
				m.headers = m.headers[:len(good.headers)]
				m.headers[i][1] = h[1][:n]
				check(h[0]+" cut to "+h[1][:n], m)
			}
		}
		flips(good.method, func(changed string, _ int) { m := good; m.method = changed; check("the method to "+changed, m) })
		flips(good.target, func(changed string, _ int) { m := good; m.target = changed; check("the target to "+changed, m) })
		flips(good.body, func(changed string, _ int) { m := good; m.body = changed; check("the body to "+changed, m) })
		flips(good.authority, func(changed string, _ int) {
			m := good
			m.authority = changed
			if !request.EqualFold(changed, good.authority) {
				check("the authority to "+changed, m)
			} else if !proved(p, m) {
				t.Errorf("%s: the case of %s counts", k.id, changed)
			}
		})
		check("the body's end", func() message { m := good; m.body = m.body[:len(m.body)-1]; return m }())
		check("the body's presence", func() message { m := good; m.body = ""; return m }())
	}
}

// TestEveryBitOfEverySignatureCounts: for the algorithms that the test above leaves out.
func TestEveryBitOfEverySignatureCounts(t *testing.T) {
	for _, k := range keyring(t)[2:] {
		p := provider(t, httpsig.Config{}, k.key)
		good := goodPost(k)
		last := len(good.headers) - 1
		flips(good.headers[last][1], func(changed string, at int) {
			if at%7 != 0 { // some of each: a public key takes its time
				return
			}
			m := good.with("", "")
			m.headers = m.headers[:len(good.headers)]
			m.headers[last][1] = changed
			if proved(p, m) {
				t.Errorf("%s: %s is proved", k.id, changed)
			}
		})
	}
}
