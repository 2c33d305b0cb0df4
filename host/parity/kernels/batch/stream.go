package batch

import (
	"github.com/postern-wasm/postern/plugin/jose/jwa"
	"github.com/postern-wasm/postern/plugin/kernel/der"
	"github.com/postern-wasm/postern/plugin/kernel/digest"
	"github.com/postern-wasm/postern/plugin/kernel/ed25519"
	"github.com/postern-wasm/postern/plugin/kernel/hmac"
	"github.com/postern-wasm/postern/plugin/kernel/p256"
	"github.com/postern-wasm/postern/plugin/kernel/p384"
	"github.com/postern-wasm/postern/plugin/kernel/p521"
	"github.com/postern-wasm/postern/plugin/kernel/tables"
)

// What is verified by a primitive itself, over a text that comes in three pieces. The
// numbers are none of package jwa's; Keys are the key's raw bytes (a curve's: X and Y).
const (
	// MD5 to SHA512: the signature is the text's digest, there is no key.
	MD5 jwa.Algorithm = 0x80 + iota
	SHA1
	SHA256
	SHA384
	SHA512
	// HMACSHA1 to HMACSHA512: the key is the secret.
	HMACSHA1
	HMACSHA256
	HMACSHA384
	HMACSHA512
	// Ed25519 is the message hashed as it comes.
	Ed25519
	// P256 to P521 are ECDSA in DER, over the hash that is usual with the curve.
	P256
	P384
	P521
)

// pieces writes a text in three of them.
func pieces(s *digest.State, text []byte) {
	a, b := len(text)/3, len(text)/3*2
	s.Write(text[:a])
	s.Write(text[a:b])
	s.Write(text[b:])
}

// ecdsa is what the curves' keys have in common.
type ecdsa interface {
	Verify(digest, signature []byte) bool
}

// streamed returns how a primitive judges text and signature under the key; nil if it
// refuses the key.
func streamed(alg jwa.Algorithm, key []byte) func(text, signature []byte) bool {
	switch {
	case alg >= MD5 && alg <= SHA512:
		h := [...]digest.Hash{digest.MD5, digest.SHA1, digest.SHA256, digest.SHA384, digest.SHA512}[alg-MD5]
		return func(text, signature []byte) bool {
			var s digest.State
			s.Reset(h)
			pieces(&s, text)
			return digest.Equal(s.Append(nil), signature)
		}
	case alg >= HMACSHA1 && alg <= HMACSHA512:
		h := [...]digest.Hash{digest.SHA1, digest.SHA256, digest.SHA384, digest.SHA512}[alg-HMACSHA1]
		k, err := hmac.NewKey(h, key)
		if err != nil {
			return nil
		}
		return func(text, signature []byte) bool {
			var s digest.State
			k.Begin(&s)
			pieces(&s, text)
			return k.Finish(&s, signature)
		}
	case alg == Ed25519:
		k, err := ed25519.NewKey(key, tables.New(tables.Limit))
		if err != nil {
			return nil
		}
		return func(text, signature []byte) bool {
			var s digest.State
			k.Begin(&s, signature)
			pieces(&s, text)
			return k.Finish(&s, signature)
		}
	}
	size := len(key) / 2
	if alg == P256 {
		k, err := p256.NewKey(key[:size], key[size:], tables.New(tables.Limit))
		return encoded(k, err, digest.SHA256, size)
	}
	if alg == P384 {
		k, err := p384.NewKey(key[:size], key[size:], tables.New(tables.Limit))
		return encoded(k, err, digest.SHA384, size)
	}
	if alg == P521 {
		k, err := p521.NewKey(key[:size], key[size:], tables.New(tables.Limit))
		return encoded(k, err, digest.SHA512, size)
	}
	return nil
}

// encoded is streamed of ECDSA.
func encoded(k ecdsa, err error, h digest.Hash, size int) func(text, signature []byte) bool {
	if err != nil {
		return nil
	}
	return func(text, signature []byte) bool {
		raw, ok := der.Signature(nil, signature, size)
		var s digest.State
		s.Reset(h)
		pieces(&s, text)
		return ok && k.Verify(s.Append(nil), raw)
	}
}
