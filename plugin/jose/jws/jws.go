// Package jws takes compact JWS apart (RFC 7515 §7.1).
//
// In: the text of a token. Out: a [Token]: header, payload, signature and the signing
// input. Spec: RFC 7515, RFC 8725 §3. It verifies nothing and trusts nothing that the
// header says about keys: "jwk", "jku", "x5u", "x5c" are never read.
package jws

import (
	"errors"

	"github.com/postern-wasm/postern/plugin/jose/jwa"
	"github.com/postern-wasm/postern/plugin/jsonx"
)

// The refusals of [Token.Parse].
var (
	// ErrTooLarge: the token is longer than the caller takes.
	ErrTooLarge = errors.New("token too large")
	// ErrMalformed: not three segments of strict base64url (RFC 7515 §2, §7.1).
	ErrMalformed = errors.New("token malformed")
	// ErrEncrypted: five segments, a JWE.
	ErrEncrypted = errors.New("token encrypted")
	// ErrHeader: the header is not one strict JSON object with legal members.
	ErrHeader = errors.New("header malformed")
	// ErrAlgorithmMissing: no string "alg" (RFC 7515 §4.1.1).
	ErrAlgorithmMissing = errors.New("algorithm missing")
	// ErrAlgorithmUnsupported: an "alg" that is not in the table.
	ErrAlgorithmUnsupported = errors.New("algorithm unsupported")
	// ErrCritical: a "crit" of any form, or b64 other than true: no extension is implemented.
	ErrCritical = errors.New("critical header not understood")
)

// Token is one token taken apart. The zero value is ready; reuse it, so that its
// buffers are allocated once. What it returns is valid until the next Parse.
type Token struct{}

// Parse takes raw apart. seed keys the search for duplicate names. The token aliases
// raw until the next Parse; after an error it is empty.
func (t *Token) Parse(raw string, maxBytes int, seed uint64) error { return ErrMalformed }

// Algorithm returns the header's algorithm.
func (t *Token) Algorithm() jwa.Algorithm { return jwa.Invalid }

// KeyID returns the header's kid, and whether it has one.
func (t *Token) KeyID() (string, bool) { return "", false }

// Type returns the header's typ as written, and whether it has one.
func (t *Token) Type() (string, bool) { return "", false }

// Header returns the parsed header.
func (t *Token) Header() *jsonx.Doc { return nil }

// SigningInput returns the text that is signed: header, dot, payload.
func (t *Token) SigningInput() string { return "" }

// PayloadText returns the payload's base64url text as it stood in the token.
func (t *Token) PayloadText() string { return "" }

// Payload returns the decoded payload.
func (t *Token) Payload() []byte { return nil }

// Signature returns the decoded signature.
func (t *Token) Signature() []byte { return nil }
