package jwks

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"testing"
)

// sealedProxy is a proxy whose workers have a secret.
func sealedProxy(t *testing.T, secret string, workers int) *proxy {
	p := newProxy(t, testConfig(), workers)
	for _, s := range p.workers {
		s.Seal([]byte(secret))
	}
	return p
}

// mac is what an entry of a name must end in.
func mac(secret, name string, entry []byte) []byte {
	h := hmac.New(sha256.New, []byte(secret))
	h.Write([]byte(name + "\x00"))
	h.Write(entry)
	return h.Sum(nil)
}

func TestSealedEntriesEndInTheirMAC(t *testing.T) {
	p := sealedProxy(t, "a secret", 2)
	p.pumpAll()
	p.answer(ok(docA))
	p.pass(watchInterval)
	for i, s := range p.workers {
		if p.kid(s) != "a" || s.unshared {
			t.Errorf("worker %d has kid %q, alone %v", i, p.kid(s), s.unshared)
		}
	}
	if p.fetches != 1 || len(p.data) != 2 {
		t.Errorf("%d fetches, %d entries: want one, and two", p.fetches, len(p.data))
	}
	for name, e := range p.data {
		entry, tail := e.value[:len(e.value)-32], e.value[len(e.value)-32:]
		if !bytes.Equal(tail, mac("a secret", name, entry)) {
			t.Errorf("%s: ends in %x", name, tail)
		}
	}
}

// TestR08ASealedEntryIsOfOneWhoHasTheSecret: what a neighbour in the same vm_id can write
// is never taken, however sound it is otherwise.
func TestR08ASealedEntryIsOfOneWhoHasTheSecret(t *testing.T) {
	const secret = "a secret"
	honest := sealedProxy(t, secret, 1)
	honest.pumpAll()
	honest.answer(ok(docA))
	n := honest.workers[0].names
	own := honest.data[n.docKey].value
	forged := document{version: 9, turn: 9, fetchedAt: start, lifetime: 600 * second, body: []byte(docB)}
	entry := forged.encode(n.binding)
	with := func(tail []byte) []byte { return append(bytes.Clone(entry), tail...) }
	if p := sealedProxy(t, secret, 1); true { // so that the rows below fail for their MAC alone
		p.data[n.docKey] = entryOf(with(mac(secret, n.docKey, entry)))
		p.pass(second)
		if p.kid(p.workers[0]) != "b" || p.fetches != 0 {
			t.Fatalf("an entry with its MAC is not taken: kid %q after %d fetches", p.kid(p.workers[0]), p.fetches)
		}
	}
	for law, value := range map[string][]byte{
		"no MAC": entry, "zeros": with(make([]byte, 32)), "another secret's": with(mac("another", n.docKey, entry)), "an empty secret's": with(mac("", n.docKey, entry)),
		"another name's": with(mac(secret, n.stateKey, entry)), "of nothing": with(mac(secret, n.docKey, nil)), "another entry's": with(own[len(own)-32:]),
		"cut by one": with(mac(secret, n.docKey, entry)[:31]), "longer by one": with(append(mac(secret, n.docKey, entry), 0)), "a MAC alone": mac(secret, n.docKey, nil)[:31],
		"a bit of it": flip(with(mac(secret, n.docKey, entry)), len(entry)+5), "a bit of the entry": flip(with(mac(secret, n.docKey, entry)), 50), "nothing": {},
	} {
		t.Run(law, func(t *testing.T) {
			p := sealedProxy(t, secret, 1)
			p.data[n.docKey] = entryOf(value)
			p.pass(second)
			if p.kid(p.workers[0]) != "" || p.fetches != 1 {
				t.Fatalf("kid %q after %d fetches", p.kid(p.workers[0]), p.fetches)
			}
			p.answer(ok(docA))
			if e := p.data[n.docKey].value; p.kid(p.workers[0]) != "a" || !bytes.Equal(e[len(e)-32:], mac(secret, n.docKey, e[:len(e)-32])) {
				t.Error("a foreign entry keeps the good set away, or is not replaced")
			}
		})
	}
	t.Run("a foreign state holds nothing up", func(t *testing.T) {
		p := sealedProxy(t, secret, 1)
		st := state{end: start + 5*second, notBefore: start + 30*second, holder: 1, failures: 3}
		p.data[n.stateKey] = entryOf(st.encode())
		p.pass(second)
		if p.fetches != 1 {
			t.Errorf("%d fetches, want 1", p.fetches)
		}
	})
}

// TestSecretsHaveSetsOfTheirOwn: who changes the secret does not undo what others leave.
func TestSecretsHaveSetsOfTheirOwn(t *testing.T) {
	plain, one, other := New(testConfig(), 1), New(testConfig(), 1), New(testConfig(), 1)
	one.Seal([]byte("one"))
	other.Seal([]byte("other"))
	if plain.names.docKey == one.names.docKey || one.names.docKey == other.names.docKey || one.names.binding == other.names.binding {
		t.Error("two secrets, or a secret and none, share a name")
	}
	again := New(testConfig(), 2)
	again.Seal([]byte("one"))
	if again.names != one.names {
		t.Error("workers of one secret do not meet")
	}
}

func entryOf(value []byte) entry { return entry{value, 7} }

func flip(b []byte, i int) []byte {
	b[i] ^= 1
	return b
}
