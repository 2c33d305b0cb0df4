// Package jws takes compact JWS apart (RFC 7515 §7.1).
//
// In: the text of a token. Out: a [Token]: header, payload, signature and the signing
// input. Spec: RFC 7515, RFC 8725 §3. It verifies nothing and trusts nothing that the
// header says about keys: "jwk", "jku", "x5u", "x5c" are never read.
package jws

import (
	"errors"

	"github.com/postern-wasm/postern/plugin/jose/base64url"
	"github.com/postern-wasm/postern/plugin/jose/jwa"
	"github.com/postern-wasm/postern/plugin/jsonx"
	"github.com/postern-wasm/postern/plugin/word"
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

const (
	// MaxDepth is the deepest nesting of a header.
	MaxDepth = 32
	// maxDots is one more than any token has that gets a name of its own.
	maxDots = 5
)

// Token is one token taken apart. The zero value is ready; reuse it, so that its
// buffers are allocated once. What it returns is valid until the next Parse.
type Token struct {
	raw           string
	first, second int // positions of the dots
	header        jsonx.Doc
	text          []byte // the segments decoded, one after the other
	headerText    []byte // aliases text, as the others do
	payload       []byte
	signature     []byte
	algorithm     jwa.Algorithm
	kid, typ      string
	hasKid        bool
	hasTyp        bool

	home []byte // see Reserve
	used int    // the most of text that a Parse has written
}

// Reserve gives the token memory of its own for good, for tokens of up to n characters:
// parsing them allocates nothing.
func (t *Token) Reserve(n int) {
	t.home = make([]byte, 0, base64url.DecodedLen(n))
	t.text = t.home
	t.header.Reserve(16, 0)
}

// Wipe clears what tokens have left in the token's own memory and lets go of all other.
func (t *Token) Wipe() {
	if t.used == 0 {
		return // nothing was decoded, nothing is kept
	}
	clear(t.home[:min(t.used, cap(t.home))])
	t.header.Wipe()
	*t = Token{header: t.header, home: t.home, text: t.home}
}

// Parse takes raw apart. seed keys the search for duplicate names. The token aliases
// raw until the next Parse; after an error it is empty.
func (t *Token) Parse(raw string, maxBytes int, seed uint64) error {
	t.reset()
	err := t.parse(raw, maxBytes, seed)
	if err != nil {
		t.reset()
	}
	return err
}

func (t *Token) reset() {
	t.raw, t.first, t.second = "", 0, 0
	t.payload, t.signature = nil, nil
	t.algorithm = jwa.Invalid
	t.kid, t.hasKid, t.typ, t.hasTyp = "", false, "", false
	if len(t.headerText) > 0 {
		t.headerText = nil
		// An empty text is no JSON: the document lets go of the former token.
		_ = t.header.Parse(nil, jsonx.Limits{})
	}
}

func (t *Token) parse(raw string, maxBytes int, seed uint64) error {
	if len(raw) > maxBytes {
		return ErrTooLarge
	}
	var dots [maxDots]int
	n := 0
	for from := 0; ; n++ {
		i := word.Index(raw[from:], '.')
		if i < 0 {
			break
		}
		if n == maxDots {
			return ErrMalformed
		}
		dots[n] = from + i
		from += i + 1
	}
	if n == 4 { // RFC 7516 §9: a JWE has four
		return ErrEncrypted
	}
	// Three segments, none of them empty: an empty signature is "none", an empty payload
	// a detached one (RFC 7515 §F), and neither is accepted.
	if n != 2 || dots[0] == 0 || dots[1] == dots[0]+1 || dots[1] == len(raw)-1 {
		return ErrMalformed
	}
	t.raw, t.first, t.second = raw, dots[0], dots[1]
	if need := base64url.DecodedLen(len(raw)); cap(t.text) < need {
		t.text = make([]byte, 0, need)
		t.used = max(t.used, 1) // it is not the token's own: Wipe has to let go of it
	}
	// The header first: it is short, and what is refused for it costs no more.
	header, ok := t.decode(0, raw[:t.first])
	if !ok {
		return ErrMalformed
	}
	t.headerText = header
	if err := t.readHeader(maxBytes, seed); err != nil {
		return err
	}
	if t.payload, ok = t.decode(len(header), raw[t.first+1:t.second]); !ok {
		return ErrMalformed
	}
	if t.signature, ok = t.decode(len(header)+len(t.payload), raw[t.second+1:]); !ok {
		return ErrMalformed
	}
	return nil
}

// decode writes a segment's bytes to text, which has room for all of them.
func (t *Token) decode(at int, segment string) ([]byte, bool) {
	b, ok := base64url.Append(t.text[:at], segment)
	t.used = max(t.used, at+base64url.DecodedLen(len(segment)))
	return b[at:], ok
}

// readHeader reads the members that count. Names and values are compared exactly.
func (t *Token) readHeader(maxBytes int, seed uint64) error {
	lim := jsonx.Limits{MaxBytes: maxBytes, MaxDepth: MaxDepth, Seed: seed}
	if t.header.Parse(t.headerText, lim) != nil {
		return ErrHeader // RFC 7515 §5.2 steps 3 and 4; RFC 8725 §3.7
	}
	root := t.header.Root()
	if root.Kind() != jsonx.Object {
		return ErrHeader
	}
	// RFC 7515 §4.1.11: what "crit" names must be understood, it must not be empty, and
	// must not name what the RFC itself defines. Nothing beyond the RFC is understood
	// here, so no "crit" can pass.
	if _, ok := root.Member("crit"); ok {
		return ErrCritical
	}
	// RFC 7797 §3: false changes what is signed; absent and true mean the same.
	if b64, ok := root.Member("b64"); ok && b64.Kind() != jsonx.True {
		return ErrCritical
	}
	// RFC 7516 §4.1.3 has it for JWE only; in a JWS it is a trap for readers that inflate.
	if _, ok := root.Member("zip"); ok {
		return ErrHeader
	}
	if kid, ok := root.Member("kid"); ok {
		// RFC 7515 §4.1.4: a case-sensitive string.
		if t.kid, t.hasKid = kid.Text(), true; kid.Kind() != jsonx.String || len(t.kid) > jwa.MaxKeyIDBytes {
			return ErrHeader
		}
	}
	if typ, ok := root.Member("typ"); ok {
		if t.typ, t.hasTyp = typ.Text(), true; typ.Kind() != jsonx.String {
			return ErrHeader // RFC 7515 §4.1.9
		}
	}
	alg, _ := root.Member("alg")
	if alg.Kind() != jsonx.String {
		return ErrAlgorithmMissing // RFC 7515 §4.1.1
	}
	if t.algorithm = jwa.Parse(alg.Text()); t.algorithm == jwa.Invalid {
		return ErrAlgorithmUnsupported // RFC 8725 §3.1; "none" is in no table
	}
	return nil
}

// Algorithm returns the header's algorithm.
func (t *Token) Algorithm() jwa.Algorithm { return t.algorithm }

// KeyID returns the header's kid, and whether it has one.
func (t *Token) KeyID() (string, bool) { return t.kid, t.hasKid }

// Type returns the header's typ as written, and whether it has one.
func (t *Token) Type() (string, bool) { return t.typ, t.hasTyp }

// Header returns the parsed header.
func (t *Token) Header() *jsonx.Doc { return &t.header }

// SigningInput returns the text that is signed: header, dot, payload (RFC 7515 §5.2 step 8).
func (t *Token) SigningInput() string { return t.raw[:t.second] }

// PayloadText returns the payload's base64url text as it stood in the token.
func (t *Token) PayloadText() string {
	if t.second == 0 {
		return ""
	}
	return t.raw[t.first+1 : t.second]
}

// Payload returns the decoded payload.
func (t *Token) Payload() []byte { return t.payload }

// Signature returns the decoded signature.
func (t *Token) Signature() []byte { return t.signature }
