// Package batch is signatures to be verified, as bytes, and what the module's own rooms
// say to them.
//
// In: cases, one after the other. Out: a verdict for each. The same code runs natively
// and, compiled by TinyGo, in a guest. It never signs, and never stops at a bad case.
package batch

import (
	"encoding/binary"
	"errors"
	"unsafe"

	"github.com/postern-wasm/postern/plugin/jose/jwa"
	"github.com/postern-wasm/postern/plugin/jose/jwk"
	"github.com/postern-wasm/postern/plugin/memory"
)

// The verdicts, a byte each.
const (
	// NoKey: the key set is refused.
	NoKey = '-'
	// Valid and Invalid are the module's own verdicts.
	Valid   = 'y'
	Invalid = 'n'
	// HostValid and HostInvalid are the host's.
	HostValid   = 'Y'
	HostInvalid = 'N'
)

// Says is whether a verdict lets a signature pass.
func Says(verdict byte) bool { return verdict == Valid || verdict == HostValid }

// ErrBatch refuses what is no batch.
var ErrBatch = errors.New("no batch of cases")

// Case is one signature.
type Case struct {
	// Algorithm is what it must be verified under: of package jwa by key sets as they come
	// to the module, of this package ([MD5] and on) by a primitive itself.
	Algorithm jwa.Algorithm
	// Keys is a JWK set with one key, or raw; "" is the case before's.
	Keys string
	// Text is what was signed.
	Text []byte
	// Signature is raw, as in a JWS, or as the primitive has it.
	Signature []byte
}

// Append encodes a case.
func Append(b []byte, c Case) []byte {
	b = append(b, byte(c.Algorithm))
	for _, field := range [...][]byte{[]byte(c.Keys), c.Text, c.Signature} {
		b = append(binary.LittleEndian.AppendUint32(b, uint32(len(field))), field...)
	}
	return b
}

// next takes a case off the front of a batch. It aliases b.
func next(b []byte) (c Case, rest []byte, ok bool) {
	if len(b) == 0 {
		return Case{}, nil, false
	}
	c.Algorithm, b = jwa.Algorithm(b[0]), b[1:]
	var fields [3][]byte
	for i := range fields {
		if len(b) < 4 || uint64(binary.LittleEndian.Uint32(b)) > uint64(len(b)-4) {
			return Case{}, nil, false
		}
		n := binary.LittleEndian.Uint32(b)
		fields[i], b = b[4:4+n], b[4+n:]
	}
	c.Keys, c.Text, c.Signature = text(fields[0]), fields[1], fields[2]
	return c, b, true
}

// text is b as a string that shares its bytes.
func text(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// maxKeys bounds a key set's text, bytes.
const maxKeys = 16 << 10

// witness notes whether the host's answer decided.
type witness struct {
	host    jwk.HostRSA
	asked   int
	decided bool
}

func (w *witness) VerifyPKCS1(hash jwa.Hash, spki, signature []byte, text string) (valid, answered bool) {
	w.asked++
	valid, answered = w.host.VerifyPKCS1(hash, spki, signature, text)
	w.decided = answered && w.asked == 1
	return valid, answered
}

// Run verifies a batch, each case in a call region as a request has one. host may be nil.
// A case whose verdict comes with a comparison of the host counts as the module's own.
func Run(batch []byte, host jwk.HostRSA) (verdicts []byte, err error) {
	n := 0
	for rest := batch; len(rest) > 0; n++ {
		var ok bool
		if _, rest, ok = next(rest); !ok {
			return nil, ErrBatch
		}
	}
	verdicts = make([]byte, n)
	w := &witness{host: host}
	var left jwk.HostRSA
	if host != nil {
		left = w
	}
	var set *jwk.Set
	var judge func(text, signature []byte) bool
	for i := range verdicts {
		var c Case
		c, batch, _ = next(batch)
		if c.Algorithm >= MD5 {
			if c.Keys != "" {
				judge = streamed(c.Algorithm, []byte(c.Keys))
			}
			verdicts[i] = NoKey
			if judge != nil {
				before := memory.BeginCall()
				valid := judge(c.Text, c.Signature)
				memory.EndCall(before)
				verdicts[i] = verdict(valid, false)
			}
			continue
		}
		if c.Keys != "" {
			set, _, _ = jwk.Parse([]byte(c.Keys), jwk.Limits{MaxBytes: maxKeys, MaxKeys: 1, Seed: 1})
		}
		verdicts[i] = NoKey
		if key := set.Key(0); key != nil {
			w.asked, w.decided = 0, false
			before := memory.BeginCall()
			valid := key.Verify(left, c.Algorithm, text(c.Text), c.Signature)
			memory.EndCall(before)
			verdicts[i] = verdict(valid, w.decided)
		}
	}
	return verdicts, nil
}

func verdict(valid, host bool) byte {
	switch {
	case valid && host:
		return HostValid
	case host:
		return HostInvalid
	case valid:
		return Valid
	}
	return Invalid
}
