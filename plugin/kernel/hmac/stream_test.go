package hmac_test

import (
	"bytes"
	stdhmac "crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"hash"
	"testing"

	"github.com/postern-wasm/postern/plugin/kernel/digest"
	"github.com/postern-wasm/postern/plugin/kernel/hmac"
	"github.com/postern-wasm/postern/testdata/wycheproof"
)

func newKey(t testing.TB, h digest.Hash, secret string) *hmac.Key {
	t.Helper()
	k, err := hmac.NewKey(h, []byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// mac is the library's.
func mac(std func() hash.Hash, secret, message string) []byte {
	m := stdhmac.New(std, []byte(secret))
	m.Write([]byte(message))
	return m.Sum(nil)
}

func TestStreamsOfOneKeyRunSideBySide(t *testing.T) {
	messages := [][]byte{bytes.Repeat([]byte("first"), 50), {}, []byte("third"), bytes.Repeat([]byte{0}, 128)}
	for _, h := range hashes {
		k := newKey(t, h.hash, "secret")
		states := make([]digest.State, len(messages))
		for i := range states {
			k.Begin(&states[i])
		}
		for at := range 250 { // byte by byte, one stream after the other
			for i, m := range messages {
				if at < len(m) {
					states[i].Write(m[at : at+1])
				}
			}
			if !k.Verify(mac(h.std, "secret", "between"), "between") {
				t.Fatal("a stream disturbs the key")
			}
		}
		for i, m := range messages {
			if !k.Finish(&states[i], mac(h.std, "secret", string(m))) {
				t.Errorf("%s: stream %d is refused", h.name, i)
			}
		}
	}
}

func TestEverySplitOfAStream(t *testing.T) {
	message := bytes.Repeat([]byte("0123456789abcdefg"), 16)
	for _, h := range hashes {
		k, want := newKey(t, h.hash, "secret"), mac(h.std, "secret", string(message))
		for cut := range len(message) + 1 {
			var s digest.State
			k.Begin(&s)
			s.Write(message[:cut])
			s.WriteString(string(message[cut:]))
			if !k.Finish(&s, want) {
				t.Fatalf("%s split at %d is refused", h.name, cut)
			}
		}
	}
}

// Whatever is wrong with the order of calls, the answer is no.
func TestStreamsThatAreNoneHaveNoMAC(t *testing.T) {
	for _, h := range hashes {
		k, want := newKey(t, h.hash, "secret"), mac(h.std, "secret", "message")
		for law, prepare := range map[string]func(s *digest.State){
			"never begun":                 func(*digest.State) {},
			"reset to no hash":            func(s *digest.State) { s.Reset(digest.None); s.WriteString("message") },
			"begun without the key":       func(s *digest.State) { s.Reset(h.hash); s.WriteString("message") },
			"begun by another key":        func(s *digest.State) { newKey(t, h.hash, "Secret").Begin(s); s.WriteString("message") },
			"begun for another hash":      func(s *digest.State) { newKey(t, another(h.hash), "secret").Begin(s); s.WriteString("message") },
			"finished before":             func(s *digest.State) { k.Begin(s); s.WriteString("message"); k.Finish(s, want) },
			"finished before, and longer": func(s *digest.State) { k.Begin(s); k.Finish(s, want); s.WriteString("message") },
			"begun, nothing written":      func(s *digest.State) { k.Begin(s) },
		} {
			for _, given := range [][]byte{want, nil, {}, {0}, make([]byte, h.hash.Size())} {
				var s digest.State
				prepare(&s)
				if k.Finish(&s, given) {
					t.Errorf("%s, %s: %x is accepted", h.name, law, given)
				}
				if s != (digest.State{}) {
					t.Errorf("%s, %s: the state is not wiped", h.name, law)
				}
				prepare(&s)
				if at, ok := k.FinishAny(&s, [][]byte{given, want}); ok || at != 0 {
					t.Errorf("%s, %s: %x is accepted among several", h.name, law, given)
				}
			}
		}
	}
}

// A state of another hash has no MAC, not even the one that the outer hash would make.
func TestAnotherHashInsideIsRefused(t *testing.T) {
	block := make([]byte, sha256.BlockSize)
	copy(block, "secret")
	for i := range block {
		block[i] ^= 0x5c // RFC 2104 §2
	}
	inside := sha512.Sum512([]byte("message"))
	mixed := sha256.Sum256([]byte(string(block) + string(inside[:])))
	var s digest.State
	s.Reset(digest.SHA512)
	s.WriteString("message")
	if newKey(t, digest.SHA256, "secret").Finish(&s, mixed[:]) {
		t.Error("accepted")
	}
}

func another(h digest.Hash) digest.Hash {
	if h == digest.SHA256 {
		return digest.SHA512
	}
	return digest.SHA256
}

func TestFinishAnyNamesTheFirstThatIsRight(t *testing.T) {
	for _, h := range hashes {
		k, right := newKey(t, h.hash, "secret"), mac(h.std, "secret", "message")
		wrong := bytes.Clone(right)
		wrong[len(wrong)-1] ^= 1
		for _, c := range []struct {
			law   string
			macs  [][]byte
			index int
			ok    bool
		}{
			{"none given", nil, 0, false},
			{"one wrong", [][]byte{wrong}, 0, false},
			{"one right", [][]byte{right}, 0, true},
			{"the last of three", [][]byte{wrong, nil, right}, 2, true},
			{"two of four", [][]byte{wrong, right, wrong, right}, 1, true},
			{"cut short (M-12)", [][]byte{right[:len(right)-1], right[:16], {}}, 0, false},
			{"one byte more (M-12)", [][]byte{append(bytes.Clone(right), 0)}, 0, false},
		} {
			var s digest.State
			k.Begin(&s)
			s.WriteString("message")
			if index, ok := k.FinishAny(&s, c.macs); index != c.index || ok != c.ok {
				t.Errorf("%s, %s: %d, %v", h.name, c.law, index, ok)
			}
		}
	}
}

// The derived key that AWS publishes as the example of Signature Version 4, and its steps.
func TestDerivePublished(t *testing.T) {
	for _, c := range []struct {
		parts []string
		want  string
	}{
		{[]string{"20120215"}, "969fbb94feb542b71ede6f87fe4d5fa29c789342b0f407474670f0c2489e0a0d"},
		{[]string{"20120215", "us-east-1"}, "69daa0209cd9c5ff5c8ced464a696fd4252e981430b10e3d3fd8e2f197d7a70c"},
		{[]string{"20120215", "us-east-1", "iam"}, "f72cfd46f26bc4643f06a11eabb6c0ba18780c19a8da0c31ace671265e3c87fa"},
		{[]string{"20120215", "us-east-1", "iam", "aws4_request"}, "f4780e2d9f65fa895f9c67b32ce1baf0b0d8a43505a000a1a9e090d414db404d"},
	} {
		got := hmac.Derive(digest.SHA256, []byte("AWS4wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"), c.parts...)
		if hex.EncodeToString(got) != c.want {
			t.Errorf("%q: %x, want %s", c.parts, got, c.want)
		}
	}
}

func TestDeriveChainsTheLibrarysMACs(t *testing.T) {
	for _, h := range hashes {
		key := []byte("secret")
		for _, p := range []string{"one", "", "three"} {
			key = mac(h.std, string(key), p)
		}
		secret := []byte("secret")
		if got := hmac.Derive(h.hash, secret, "one", "", "three"); !bytes.Equal(got, key) || string(secret) != "secret" {
			t.Errorf("%s: %x, want %x", h.name, got, key)
		}
	}
	for law, got := range map[string][]byte{
		"no secret": hmac.Derive(digest.SHA256, nil, "a"), "no hash": hmac.Derive(digest.None, []byte("s"), "a"),
		"MD5": hmac.Derive(digest.MD5, []byte("s"), "a"), "no parts": hmac.Derive(digest.SHA256, []byte("s")),
	} {
		if _, err := hmac.NewKey(digest.SHA256, got); got != nil || err == nil {
			t.Errorf("%s: the key %x", law, got)
		}
	}
}

func TestNoAllocation(t *testing.T) {
	k := newKey(t, digest.SHA256, "secret")
	given := make([]byte, 32)
	several := [][]byte{given, given}
	if n := testing.AllocsPerRun(50, func() {
		var s digest.State
		k.Begin(&s)
		s.WriteString("message")
		k.Finish(&s, given)
		k.Begin(&s)
		k.FinishAny(&s, several)
		k.Verify(given, "a", "b")
		k.Append(given[:0], "a", "b")
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// FuzzStream cuts a message in two; its MAC and a changed one have the library's verdict.
func FuzzStream(f *testing.F) {
	f.Add([]byte("key"), []byte("message"), 3, uint16(0))
	f.Add(bytes.Repeat([]byte{1}, 65), bytes.Repeat([]byte{2}, 129), 64, uint16(511))
	for _, g := range wycheproof.Load(f, "hmac_sha1").Groups {
		for _, c := range g.Tests[:min(10, len(g.Tests))] {
			f.Add(wycheproof.Hex(f, c.Key), wycheproof.Hex(f, c.Msg), 1, uint16(c.ID))
		}
	}
	f.Fuzz(func(t *testing.T, secret, message []byte, cut int, bit uint16) {
		if len(secret) == 0 {
			return
		}
		cut = min(max(cut, 0), len(message))
		for _, h := range hashes {
			k := newKey(t, h.hash, string(secret))
			good := mac(h.std, string(secret), string(message))
			bad := bytes.Clone(good)
			bad[int(bit)/8%len(bad)] ^= 1 << (bit % 8)
			var s digest.State
			k.Begin(&s)
			s.Write(message[:cut])
			other := s
			for _, state := range []*digest.State{&s, &other} {
				state.WriteString(string(message[cut:]))
			}
			if index, ok := k.FinishAny(&s, [][]byte{bad, good}); !ok || index != 1 {
				t.Fatalf("%s: %d, %v", h.name, index, ok)
			}
			if k.Finish(&other, bad) {
				t.Fatalf("%s: bit %d flipped and accepted", h.name, bit)
			}
		}
	})
}
