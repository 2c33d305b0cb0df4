package ed25519_test

import (
	"bytes"
	std "crypto/ed25519"
	"math/big"
	"testing"

	"github.com/postern-wasm/postern/plugin/kernel/digest"
	"github.com/postern-wasm/postern/plugin/kernel/ed25519"
	"github.com/postern-wasm/postern/plugin/kernel/tables"
	"github.com/postern-wasm/postern/testdata/wycheproof"
)

// The vectors again, the message in two pieces.
func TestWycheproofAsStreams(t *testing.T) {
	wycheproof.Load(t, "ed25519").Run(t, nil, nil, func(g *wycheproof.Group, c *wycheproof.Case) bool {
		k, err := ed25519.NewKey(wycheproof.Hex(t, g.PublicKey.PK), nil)
		if err != nil {
			return false
		}
		message, signature := wycheproof.Hex(t, c.Msg), wycheproof.Hex(t, c.Sig)
		var s digest.State
		k.Begin(&s, signature)
		s.Write(message[:len(message)/2])
		s.Write(message[len(message)/2:])
		return k.Finish(&s, signature)
	})
}

// signer is a private key of the library's and its public key made ready.
func signer(t testing.TB, seed byte) (std.PrivateKey, *ed25519.Key) {
	t.Helper()
	private := std.NewKeyFromSeed(bytes.Repeat([]byte{seed}, std.SeedSize))
	k, err := ed25519.NewKey(private.Public().(std.PublicKey), tables.New(tables.Limit))
	if err != nil {
		t.Fatal(err)
	}
	return private, k
}

func TestEverySplitOfAStream(t *testing.T) {
	private, k := signer(t, 1)
	message := bytes.Repeat([]byte("0123456789abcdefg"), 12)
	signature := std.Sign(private, message)
	for cut := range len(message) + 1 {
		var s digest.State
		if !k.Begin(&s, signature) {
			t.Fatal("the library's signature is refused")
		}
		s.WriteString(string(message[:cut]))
		s.Write(message[cut:])
		if !k.Finish(&s, signature) {
			t.Fatalf("split at %d is refused", cut)
		}
		if s != (digest.State{}) {
			t.Fatal("the state is not wiped")
		}
	}
}

func TestStreamsOfOneKeyRunSideBySide(t *testing.T) {
	private, k := signer(t, 2)
	messages := [][]byte{bytes.Repeat([]byte("first"), 40), {}, []byte("third")}
	states := make([]digest.State, len(messages))
	for i, m := range messages {
		k.Begin(&states[i], std.Sign(private, m))
	}
	for at := range 200 {
		for i, m := range messages {
			if at < len(m) {
				states[i].Write(m[at : at+1])
			}
		}
		if at%50 == 0 && !k.Verify("between", std.Sign(private, []byte("between"))) {
			t.Fatal("a stream disturbs the key")
		}
	}
	for i, m := range messages {
		if !k.Finish(&states[i], std.Sign(private, m)) {
			t.Errorf("stream %d is refused", i)
		}
	}
}

// Whatever is wrong with the order of calls, the answer is no.
func TestStreamsThatAreNoneAreNotSigned(t *testing.T) {
	private, k := signer(t, 3)
	_, other := signer(t, 4)
	good := std.Sign(private, []byte("message"))
	for law, prepare := range map[string]func(s *digest.State){
		"never begun":                 func(*digest.State) {},
		"begun without the signature": func(s *digest.State) { s.Reset(digest.SHA512); s.WriteString("message") },
		"begun by another key":        func(s *digest.State) { other.Begin(s, good); s.WriteString("message") },
		"begun with no signature":     func(s *digest.State) { k.Begin(s, nil); s.WriteString("message") },
		"begun with another one":      func(s *digest.State) { k.Begin(s, std.Sign(private, []byte("x"))); s.WriteString("message") },
		"another hash":                func(s *digest.State) { s.Reset(digest.SHA384); s.WriteString("message") },
		"finished before":             func(s *digest.State) { k.Begin(s, good); s.WriteString("message"); k.Finish(s, good) },
		"nothing written":             func(s *digest.State) { k.Begin(s, good) },
	} {
		for _, given := range [][]byte{good, nil, good[:63], append(bytes.Clone(good), 0), make([]byte, 64)} {
			var s digest.State
			prepare(&s)
			if k.Finish(&s, given) {
				t.Errorf("%s: accepted", law)
			}
			if s != (digest.State{}) {
				t.Errorf("%s: the state is not wiped", law)
			}
		}
	}
}

// The signature may be exchanged for none that is equal but in form (M-06).
func TestFinishLooksAtTheWholeSignature(t *testing.T) {
	private, k := signer(t, 6)
	good := std.Sign(private, []byte("message"))
	order, _ := new(big.Int).SetString("7237005577332262213973186563042994240857116359379907606001950938285454250989", 10)
	number := make([]byte, 32)
	for i := range number {
		number[i] = good[63-i]
	}
	raised := new(big.Int).Add(new(big.Int).SetBytes(number), order).FillBytes(make([]byte, 32))
	same := bytes.Clone(good)
	for i := range raised {
		same[63-i] = raised[i]
	}
	for law, c := range map[string]struct {
		given []byte
		ok    bool
	}{"the one it was begun with": {good, true}, "S + L": {same, false}, "a byte more": {append(bytes.Clone(good), 0), false}, "a byte less": {good[:63], false}} {
		for use := range 5 { // without a table of the key, and with it
			var s digest.State
			k.Begin(&s, good)
			s.WriteString("message")
			if got := k.Finish(&s, c.given); got != c.ok {
				t.Errorf("%s, use %d: %v", law, use, got)
			}
		}
	}
}

// What can never be valid is known before a byte of the body has come.
func TestBeginRefusesWhatFitsNoMessage(t *testing.T) {
	private, k := signer(t, 5)
	good := std.Sign(private, []byte("message"))
	order, _ := new(big.Int).SetString("7237005577332262213973186563042994240857116359379907606001950938285454250989", 10)
	withS := func(number *big.Int) []byte {
		b := bytes.Clone(good)
		raw := number.FillBytes(make([]byte, 32))
		for i := range raw {
			b[63-i] = raw[i]
		}
		return b
	}
	one := big.NewInt(1)
	for _, c := range []struct {
		law       string
		signature []byte
		ok        bool
	}{
		{"the library's", good, true},
		{"S one below the order", withS(new(big.Int).Sub(order, one)), true},
		{"S is the order (M-06)", withS(order), false},
		{"S beyond it (M-06)", withS(new(big.Int).Add(order, one)), false},
		{"S with all bits (M-06)", withS(new(big.Int).Sub(new(big.Int).Lsh(one, 256), one)), false},
		{"63 bytes (M-06)", good[:63], false},
		{"65 bytes (M-06)", append(bytes.Clone(good), 0), false},
		{"none", nil, false},
	} {
		var s digest.State
		if got := k.Begin(&s, c.signature); got != c.ok || (s.Hash() == digest.SHA512) != c.ok {
			t.Errorf("%s: %v, a state of %d", c.law, got, s.Hash())
		}
	}
}
