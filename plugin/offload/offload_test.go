package offload_test

import (
	"crypto"
	"crypto/rsa"
	_ "crypto/sha256" // registers the hashes for the library's side
	_ "crypto/sha512"
	"crypto/x509"
	"encoding/binary"
	"strings"
	"testing"

	"github.com/postern-wasm/postern/plugin/jose/jwa"
	"github.com/postern-wasm/postern/plugin/offload"
	"github.com/postern-wasm/postern/testdata/wycheproof"
)

const (
	good    = "\x08\x01"
	refusal = "\x12\x08no match"
)

// asked is a question taken apart.
type asked struct {
	hash            string
	spki, signature []byte
	text            string
}

// parse reads a question field by field: each once, in order, and nothing else.
func parse(t testing.TB, q []byte) asked {
	t.Helper()
	var fields [5][]byte
	for i := 1; i < len(fields); i++ {
		if len(q) < 2 || int(q[0]) != i<<3|2 {
			t.Fatalf("field %d of a question is missing: % x", i, q)
		}
		n, used := binary.Uvarint(q[1:])
		if used <= 0 || n > uint64(len(q)-1-used) {
			t.Fatalf("field %d of a question is torn", i)
		}
		fields[i], q = q[1+used:1+used+int(n)], q[1+used+int(n):]
	}
	if len(q) > 0 {
		t.Fatalf("%d bytes after a question", len(q))
	}
	return asked{string(fields[1]), fields[2], fields[3], string(fields[4])}
}

// library answers like a proxy, with the standard library.
func library(t testing.TB, q asked) bool {
	key, err := x509.ParsePKIXPublicKey(q.spki)
	if err != nil {
		return false
	}
	public, ok := key.(*rsa.PublicKey)
	if !ok {
		t.Fatalf("a key of type %T", key)
	}
	h, ok := map[string]crypto.Hash{"sha256": crypto.SHA256, "sha384": crypto.SHA384, "sha512": crypto.SHA512}[q.hash]
	if !ok {
		t.Fatalf("hash %q", q.hash)
	}
	sum := h.New()
	sum.Write([]byte(q.text))
	return rsa.VerifyPKCS1v15(public, h, sum.Sum(nil), q.signature) == nil
}

// host is one that the test can make lie.
type host struct {
	t      testing.TB
	calls  int
	answer func(q asked, truth bool) (string, bool) // nil tells the truth
}

func (h *host) call(question []byte) ([]byte, bool) {
	h.calls++
	q := parse(h.t, question)
	truth := library(h.t, q)
	if h.answer != nil {
		answer, ok := h.answer(q, truth)
		return []byte(answer), ok
	}
	return []byte(tell(truth)), true
}

func tell(valid bool) string {
	if valid {
		return good
	}
	return refusal
}

var rs = jwa.Set(0).With(jwa.RS256).With(jwa.RS384).With(jwa.RS512)

func TestAHostThatGivesTheKnownAnswersIsTrusted(t *testing.T) {
	h := &host{t: t}
	r := offload.New(h.call, func(line string) { t.Error(line) })
	if _, answered := r.VerifyPKCS1(jwa.SHA256, nil, nil, ""); answered || h.calls > 0 {
		t.Error("it is asked before it was probed")
	}
	if !r.Probe(rs) {
		t.Fatal("it is not trusted")
	}
	for hash, name := range map[jwa.Hash]string{jwa.SHA256: "sha256", jwa.SHA384: "sha384", jwa.SHA512: "sha512"} {
		file := wycheproof.Load(t, "rsa_signature_2048_"+name)
		group := &file.Groups[0]
		spki := wycheproof.Hex(t, group.PublicKeyDER)
		for i := range group.Tests {
			c := &group.Tests[i]
			valid, answered := r.VerifyPKCS1(hash, spki, wycheproof.Hex(t, c.Sig), string(wycheproof.Hex(t, c.Msg)))
			if want := c.Result == "valid"; !answered || valid != want {
				t.Errorf("%s case %d: %v %v, want %v", file.Name, c.ID, valid, answered, want)
			}
		}
	}
	if _, answered := r.VerifyPKCS1(jwa.NoHash, nil, nil, ""); answered {
		t.Error("it answers for no hash")
	}
	if _, answered := r.VerifyPKCS1(200, nil, nil, ""); answered {
		t.Error("it answers for a hash that does not exist")
	}
}

func TestTheKnownAnswersAreWycheproofs(t *testing.T) {
	vouched := 0
	h := &host{t: t, answer: func(q asked, truth bool) (string, bool) {
		if truth {
			vouched++
			file := wycheproof.Load(t, "rsa_signature_2048_"+q.hash)
			group := &file.Groups[0]
			c := &group.Tests[2]
			if c.Result != "valid" || string(wycheproof.Hex(t, c.Msg)) != q.text ||
				string(wycheproof.Hex(t, c.Sig)) != string(q.signature) || string(wycheproof.Hex(t, group.PublicKeyDER)) != string(q.spki) {
				t.Errorf("%s: the good signature is not case 3 of %s", q.hash, file.Name)
			}
		}
		return tell(truth), true
	}}
	if !offload.New(h.call, nil).Probe(rs) || vouched != 3 {
		t.Errorf("%d good signatures among the known answers, want 3", vouched)
	}
}

func TestOnlyTheHashesNeededAreProbed(t *testing.T) {
	h := &host{t: t, answer: func(q asked, truth bool) (string, bool) {
		if q.hash == "sha384" {
			t.Error("sha384 is asked for")
		}
		return tell(truth), true
	}}
	r := offload.New(h.call, nil)
	if !r.Probe(jwa.Set(0).With(jwa.PS256).With(jwa.ES256).With(jwa.EdDSA).With(jwa.HS256)) || h.calls != 0 {
		t.Error("a host is probed for what it is never asked")
	}
	if !r.Probe(jwa.Set(0).With(jwa.RS256)) || h.calls == 0 {
		t.Error("not trusted with SHA-256")
	}
	if _, answered := r.VerifyPKCS1(jwa.SHA512, nil, nil, ""); answered {
		t.Error("trusted with a hash that was not probed")
	}
}

// TestM14AHostWithOneWrongKnownAnswerIsNotUsed makes each answer wrong in turn.
func TestM14AHostWithOneWrongKnownAnswerIsNotUsed(t *testing.T) {
	honest := &host{t: t}
	offload.New(honest.call, nil).Probe(jwa.Set(0).With(jwa.RS384))
	if honest.calls < 6 {
		t.Fatalf("only %d known answers", honest.calls)
	}
	for wrong := 1; wrong <= honest.calls; wrong++ {
		for law, answer := range map[string]func(truth bool) (string, bool){
			"the opposite":        func(truth bool) (string, bool) { return tell(!truth), true },
			"nothing":             func(bool) (string, bool) { return "", true },
			"a call that failed":  func(truth bool) (string, bool) { return tell(truth), false },
			"yes and an error":    func(bool) (string, bool) { return good + refusal, true },
			"no, said as a field": func(bool) (string, bool) { return "\x08\x00", true },
		} {
			h := &host{t: t}
			h.answer = func(_ asked, truth bool) (string, bool) {
				if h.calls == wrong {
					return answer(truth)
				}
				return tell(truth), true
			}
			r := offload.New(h.call, nil)
			if r.Probe(jwa.Set(0).With(jwa.RS384)) {
				t.Errorf("answer %d is %s, and the host is trusted", wrong, law)
			}
			calls := h.calls
			if _, answered := r.VerifyPKCS1(jwa.SHA384, nil, nil, ""); answered || h.calls != calls {
				t.Errorf("answer %d is %s, and the host is used", wrong, law)
			}
		}
	}
}

// TestM14OnlyWellFormedAnswersCount holds what is an answer and what is none.
func TestM14OnlyWellFormedAnswersCount(t *testing.T) {
	long := func(n int) string {
		return string(binary.AppendUvarint([]byte{0x12}, uint64(n))) + strings.Repeat("e", n)
	}
	for _, c := range []struct {
		law, answer     string
		valid, answered bool
	}{
		{"yes", "\x08\x01", true, true},
		{"no, with a reason", refusal, false, true},
		{"no, with a reason of 127 bytes", long(127), false, true},
		{"no, with a reason of 128 bytes", long(128), false, true},
		{"no, with a reason of 1,021 bytes", long(1021), false, true},
		{"a reason of 1,022 bytes", long(1022), false, false},
		{"a reason of 20,000 bytes", long(20000), false, false},
		{"nothing", "", false, false},
		{"one byte", "\x08", false, false},
		{"result 0", "\x08\x00", false, false},
		{"result 2", "\x08\x02", false, false},
		{"result 1 in two bytes", "\x08\x81\x00", false, false},
		{"result 2^63", "\x08\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", false, false},
		{"result of wire type 1", "\x09\x01\x00\x00\x00\x00\x00\x00\x00", false, false},
		{"result as bytes", "\x0a\x01\x01", false, false},
		{"field 9 is 1", "\x48\x01", false, false},
		{"result twice", "\x08\x01\x08\x01", false, false},
		{"result 1, then 0", "\x08\x01\x08\x00", false, false},
		{"yes with an error", "\x08\x01" + refusal, false, false},
		{"an error and yes", refusal + "\x08\x01", false, false},
		{"yes and a byte", "\x08\x01\x00", false, false},
		{"two errors", refusal + refusal, false, false},
		{"an error that is cut", refusal[:len(refusal)-1], false, false},
		{"an error that is longer than it says", refusal + "x", false, false},
		{"an empty error", "\x12\x00", false, false},
		{"an empty error whose length has two bytes", "\x12\x80\x00", false, false},
		{"a length in more bytes than it needs", "\x12\x83\x00abc", false, false},
		{"a length of three bytes", "\x12\x83\x80\x00abc", false, false},
		{"an error's header alone", "\x12", false, false},
		{"half a length", "\x12\x80", false, false},
		{"garbage", "\xff\xfe\xfd", false, false},
		{"text", "true", false, false},
	} {
		t.Run(c.law, func(t *testing.T) {
			h := &host{t: t}
			r := offload.New(h.call, func(string) {})
			if !r.Probe(jwa.Set(0).With(jwa.RS256)) {
				t.Fatal("not trusted")
			}
			h.answer = func(asked, bool) (string, bool) { return c.answer, true }
			valid, answered := r.VerifyPKCS1(jwa.SHA256, nil, nil, "")
			if valid != c.valid || answered != c.answered {
				t.Errorf("%v %v", valid, answered)
			}
			h.answer = func(asked, bool) (string, bool) { return c.answer, false }
			if valid, answered := r.VerifyPKCS1(jwa.SHA256, nil, nil, ""); valid || answered {
				t.Errorf("with a status that is not OK: %v %v", valid, answered)
			}
		})
	}
}

func TestAHostThatKeepsFailingIsLeftAloneAndToldOfOnce(t *testing.T) {
	var lines []string
	h := &host{t: t}
	r := offload.New(h.call, func(line string) { lines = append(lines, line) })
	if !r.Probe(rs) {
		t.Fatal("not trusted")
	}
	fails := true
	h.answer = func(asked, bool) (string, bool) { return good, !fails }
	ask := func(n int) (calls int) {
		before := h.calls
		for range n {
			r.VerifyPKCS1(jwa.SHA256, nil, nil, "secret text")
		}
		return h.calls - before
	}
	ask(7)
	fails = false
	ask(1) // seven failures and a success: it may go on
	fails = true
	if n := ask(7); n != 7 {
		t.Errorf("asked %d times of 7", n)
	}
	if n := ask(100); n != 1 {
		t.Errorf("asked %d times after the seventh failure in a row, want 1", n)
	}
	if len(lines) != 1 || strings.Contains(lines[0], "secret") {
		t.Errorf("lines %q", lines)
	}
}
