// Package offload leaves RSASSA-PKCS1-v1_5 to the proxy's own cryptography, where the
// proxy shows that it can be relied on.
//
// In: a way to call the foreign function verify_signature, and questions. Out: whether a
// signature is valid, or that there is no answer. Spec: the messages of Envoy's
// verify_signature.proto; RFC 8017 §8.2.
// It never takes a call that succeeded for a signature that is valid, never asks for a
// hash whose known answers the host did not give, and never decides what may be asked:
// package jwk does.
package offload

import (
	"github.com/postern-wasm/postern/plugin/jose/base64url"
	"github.com/postern-wasm/postern/plugin/jose/jwa"
	"github.com/postern-wasm/postern/plugin/kernel/rsa"
)

// maxFailures in a row, and the host is not asked any more.
const maxFailures = 8

// Function is the name of the foreign function.
const Function = "verify_signature"

// RSA is a host's RSASSA-PKCS1-v1_5. It is part of one configuration and not safe for
// concurrent use.
type RSA struct {
	call     func(question []byte) (answer []byte, ok bool)
	warn     func(line string)
	trusted  [jwa.SHA512 + 1]bool
	failures int // in a row
	told     bool
}

// New returns a host that nothing is left to yet. call asks the foreign function: ok is
// false if the call failed, and answer is read before the next call. warn takes a line
// for the operator, at most one in all.
func New(call func(question []byte) (answer []byte, ok bool), warn func(line string)) *RSA {
	return &RSA{call: call, warn: warn}
}

// Probe asks the host for the known answers of the hashes that the algorithms need, and
// trusts it with those whose answers are all right. It returns whether it is trusted with
// all of them, true if none is needed.
func (r *RSA) Probe(algorithms jwa.Set) bool {
	all := true
	for _, alg := range [...]jwa.Algorithm{jwa.RS256, jwa.RS384, jwa.RS512} {
		if algorithms.Has(alg) {
			hash := alg.Hash()
			r.trusted[hash] = r.knows(hash)
			all = all && r.trusted[hash]
		}
	}
	return all
}

// VerifyPKCS1 is part of jwk.HostRSA.
func (r *RSA) VerifyPKCS1(hash jwa.Hash, spki, signature []byte, text string) (valid, answered bool) {
	if int(hash) >= len(r.trusted) || !r.trusted[hash] || r.failures >= maxFailures {
		return false, false
	}
	valid, answered = r.ask(hashName(hash), spki, signature, text)
	if answered {
		r.failures = 0
		return valid, true
	}
	r.failures++
	if !r.told {
		r.told = true
		r.warn("the host's " + Function + " gives no answer: the module verifies these signatures itself")
	}
	return false, false
}

func (r *RSA) ask(hash string, spki, signature []byte, text string) (valid, answered bool) {
	answer, ok := r.call(question(hash, spki, signature, text))
	if !ok {
		return false, false
	}
	return read(answer)
}

// knows says whether the host gives the known answers of a hash: yes to a good signature,
// and no to each that is bad in one way.
func (r *RSA) knows(hash jwa.Hash) bool {
	name, spki, signature := made(hash)
	if valid, answered := r.ask(name, spki, signature, vectorText); !answered || !valid {
		return false // also where there is no such function: asked once, and no more
	}
	other := jwa.SHA256
	if hash == jwa.SHA256 {
		other = jwa.SHA512
	}
	otherName, otherKey, _ := made(other)
	for _, bad := range [...]struct {
		hash            string
		spki, signature []byte
		text            string
	}{
		{name, spki, changed(signature, len(signature)-1), vectorText},
		{name, spki, changed(signature, 1), vectorText},
		{name, spki, signature[1:], vectorText},
		{name, spki, append([]byte{0}, signature...), vectorText},
		{name, spki, make([]byte, len(signature)), vectorText},
		{name, spki, signature, vectorText + "t"},
		{name, spki, signature, vectorText[1:]},
		{name, changed(spki, len(spki)/2), signature, vectorText},
		{name, otherKey, signature, vectorText},
		{otherName, spki, signature, vectorText},
	} {
		if valid, answered := r.ask(bad.hash, bad.spki, bad.signature, bad.text); !answered || valid {
			return false
		}
	}
	return true
}

// made returns a vector's arguments. A vector that cannot be read gives none, to which no
// host says yes.
func made(hash jwa.Hash) (name string, spki, signature []byte) {
	v := &vectors[hash]
	modulus, ok := base64url.Append(nil, v.modulus)
	signature, ok2 := base64url.Append(nil, v.signature)
	key, err := rsa.NewKey(modulus, []byte(exponent))
	if !ok || !ok2 || err != nil {
		return "", nil, nil
	}
	return hashName(hash), key.SPKI(), signature
}

// changed returns b with a bit changed.
func changed(b []byte, at int) []byte {
	c := append([]byte(nil), b...)
	c[at] ^= 1
	return c
}
