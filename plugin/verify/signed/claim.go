package signed

import (
	"github.com/postern-wasm/postern/plugin/kernel/digest"
	"github.com/postern-wasm/postern/plugin/kernel/hmac"
)

// Bounds on what a request may claim. Beyond them it is refused, before anything is
// computed.
const (
	// MaxClaims is how many signatures of different texts are judged (RFC 9421's several
	// signatures).
	MaxClaims = 4
	// MaxSignatures is how many signatures of one text may stand in a list.
	MaxSignatures = 16
	// MaxDigests is how many digests of the body are compared.
	MaxDigests = 2
	// MaxKeys is how many keys are tried where the request names none.
	MaxKeys = 4
	// MaxNonce is the longest nonce or id, bytes.
	MaxNonce = 256
)

// BodyUse is how the body takes part in the signed text.
type BodyUse uint8

// The uses; in all of them [Claim.Digests] may have to match besides.
const (
	// BodyUnused: not at all.
	BodyUnused BodyUse = iota
	// BodyRaw: its bytes stand between Before and After.
	BodyRaw
	// BodyHashed: BodyForm's text of its digest by BodyHash stands there.
	BodyHashed
	// BodyWhole: the scheme has to see it whole (form fields, a time within it);
	// [Scheme.Finish] then makes the claim one of the others.
	BodyWhole
)

// Form is how a digest is written into a text.
type Form uint8

// The forms.
const (
	Hex Form = iota
	Base64
	Base64URL
)

// Digest is a digest of the body that the request states.
type Digest struct {
	Hash digest.Hash
	Sum  []byte
}

// Claim is what a request says of one signature. All of it aliases the request or the
// event's memory.
type Claim struct {
	// KeyID names the key, if Named. Otherwise any key of the provider may be meant.
	KeyID string
	Named bool
	// Algorithm is what the request says, or what the scheme has; NoAlgorithm leaves it to
	// the key, which must then have one only.
	Algorithm Algorithm
	// Scope derives the key of a MAC: the first is put before the secret, each other is the
	// message of one more MAC (SigV4: "AWS4", date, region, service, "aws4_request"). Empty
	// uses the secret itself.
	Scope []string

	// Lead, if it is not "", says that the text is hashed before it is signed: what a MAC is
	// of is Lead and the text's SHA-256 in hex (SigV4's string to sign).
	Lead string
	// Before and After are the signed text around the body. With MD5Text the secret stands
	// between them, and the body is unused.
	Before, After string
	Body          BodyUse
	BodyHash      digest.Hash
	BodyForm      Form
	// Signatures are the decoded signatures of this text: one of them must be good.
	Signatures [][]byte
	// Digests of the body: all must match. Only digests that the signed text covers stand
	// here.
	Digests [MaxDigests]Digest
	// BodyFree says that the scheme was told by its configuration to let the body be
	// anything (SigV4's UNSIGNED-PAYLOAD). Otherwise a body that is neither in the text nor
	// in a digest is refused.
	BodyFree bool

	// Stamp is the signed time, Unix nanoseconds, if Stamped: not more than the tolerance
	// ahead, nor behind unless Lasting (then Expires says how long).
	Stamp   int64
	Stamped bool
	Lasting bool
	// Starts and Expires bound the use, Unix nanoseconds, both included; 0 is no bound.
	Starts, Expires int64

	// Aside says that the claim cannot decide, but could if a stranger changed what nobody
	// has signed (RFC 9421's labels). Such claims come after all others.
	Aside bool

	// Nonce is the signed nonce, if HasNonce; ID is what the sender calls the message, if
	// HasID, signed or not.
	Nonce, ID       string
	HasNonce, HasID bool

	seal        seal // see Attempt.prove
	derived     *hmac.Key
	derivedFrom *Key
}

// covers says whether the claim says anything of the body.
func (c *Claim) covers() bool { return c.Body != BodyUnused || c.Digests[0].Hash != digest.None }

// Reading is what a scheme has read off a request.
type Reading struct {
	claims [MaxClaims]Claim
	used   int
}

// Claim returns a new, empty claim to fill; nil if there are [MaxClaims] already.
func (r *Reading) Claim() *Claim {
	if r.used == len(r.claims) {
		return nil
	}
	c := &r.claims[r.used]
	*c = Claim{}
	r.used++
	return c
}

// Claims returns those that were read.
func (r *Reading) Claims() []Claim { return r.claims[:r.used] }

// Drop takes the last claim back.
func (r *Reading) Drop() {
	if r.used > 0 {
		r.used--
		r.claims[r.used] = Claim{}
	}
}

func (r *Reading) reset() {
	for r.used > 0 {
		r.Drop()
	}
}
