package signed

import (
	"errors"

	"github.com/postern-wasm/postern/plugin/jose/jwa"
	"github.com/postern-wasm/postern/plugin/jose/jwk"
	"github.com/postern-wasm/postern/plugin/kernel/der"
	"github.com/postern-wasm/postern/plugin/kernel/digest"
	"github.com/postern-wasm/postern/plugin/kernel/hmac"
)

// ErrNoUse says that the key fits none of the algorithms that the provider takes.
var ErrNoUse = errors.New("none of the algorithms can be verified with it")

// Key is one key of a provider. It is not safe for concurrent use: it holds scratch space.
type Key struct {
	// ID is its name, Client the one whose it is; "" if that is not said.
	ID, Client string
	// NotBefore and NotAfter bound its use, Unix seconds; 0 is no bound.
	NotBefore, NotAfter int64

	algorithms Set
	secret     []byte       // of SigV4 and MD5Text, where it is not used as it is
	macs       [4]*hmac.Key // by hash from SHA-1 on
	public     *jwk.Key
	sum        [digest.MaxSize]byte
	raw        [64]byte
}

// NewSecret makes a secret ready for those of the algorithms that take one. It keeps a
// copy.
func NewSecret(secret []byte, algorithms Set) (*Key, error) {
	k := &Key{secret: append([]byte(nil), secret...)}
	for a := HMACSHA1; a <= HMACSHA512; a++ {
		if !algorithms.Has(a) {
			continue
		}
		mac, err := hmac.NewKey(a.mac(), secret)
		if err != nil {
			return nil, err
		}
		k.macs[a-HMACSHA1] = mac
		k.algorithms |= SetOf(a)
	}
	if algorithms.Has(MD5Text) && len(secret) > 0 {
		k.algorithms |= SetOf(MD5Text)
	}
	if k.algorithms == 0 {
		return nil, ErrNoUse
	}
	return k, nil
}

// NewPublic makes a public key ready for those of the algorithms that fit it. A public key
// never becomes a secret.
func NewPublic(public *jwk.Key, algorithms Set) (*Key, error) {
	k := &Key{public: public}
	for a := Ed25519; a <= RSASHA1; a++ {
		fits := public.Fits(facts[a].jose)
		if a == RSASHA1 {
			fits = public.FitsPKCS1SHA1()
		}
		if algorithms.Has(a) && fits {
			k.algorithms |= SetOf(a)
		}
	}
	if k.algorithms == 0 {
		return nil, ErrNoUse
	}
	return k, nil
}

// Algorithms are those that the key may be used with.
func (k *Key) Algorithms() Set { return k.algorithms }

// Public returns the public key, nil for a secret.
func (k *Key) Public() *jwk.Key { return k.public }

// valid says whether the key is in use at a time, Unix seconds.
func (k *Key) valid(seconds int64) bool {
	return (k.NotBefore == 0 || seconds >= k.NotBefore) && (k.NotAfter == 0 || seconds <= k.NotAfter)
}

// awaited says whether the key comes into use only later than a time, Unix seconds.
func (k *Key) awaited(seconds int64) bool {
	return seconds < k.NotBefore && (k.NotAfter == 0 || seconds <= k.NotAfter)
}

// mac returns the key of a MAC, under the claim's scope if it has one.
func (k *Key) mac(a Algorithm, c *Claim) *hmac.Key {
	if len(c.Scope) == 0 {
		return k.macs[a-HMACSHA1]
	}
	if c.derived != nil && c.derivedFrom == k {
		return c.derived
	}
	prefix := len(c.Scope[0])
	secret := make([]byte, prefix+len(k.secret))
	copy(secret, c.Scope[0])
	copy(secret[prefix:], k.secret)
	derived, err := hmac.NewKey(a.mac(), hmac.Derive(a.mac(), secret, c.Scope[1:]...))
	clear(secret)
	if err != nil {
		return nil
	}
	c.derived, c.derivedFrom = derived, k
	return derived
}

// begin makes s ready for the signed text. nth is the signature that it is for, where each
// needs a state of its own.
func (k *Key) begin(a Algorithm, c *Claim, nth int, s *digest.State) bool {
	switch {
	case a.mac() != digest.None:
		mac := k.mac(a, c)
		if mac == nil {
			return false
		}
		mac.Begin(s)
	case a == Ed25519:
		if !k.public.Ed25519().Begin(s, c.Signatures[nth]) {
			return false
		}
	default:
		s.Reset(facts[a].hash)
	}
	return true
}

// finish says which signature is one of the text that s has taken, and wipes s.
func (k *Key) finish(a Algorithm, c *Claim, nth int, s *digest.State) (index int, good bool) {
	switch {
	case a.mac() != digest.None:
		mac := k.mac(a, c)
		if mac == nil {
			return 0, false
		}
		return mac.FinishAny(s, c.Signatures)
	case a == Ed25519:
		return nth, k.public.Ed25519().Finish(s, c.Signatures[nth])
	}
	sum := s.Append(k.sum[:0])
	for i := len(c.Signatures) - 1; i >= 0; i-- {
		if a == MD5Text && digest.Equal(sum, c.Signatures[i]) || a != MD5Text && k.verify(a, sum, c.Signatures[i]) {
			index, good = i, true
		}
	}
	clear(k.sum[:])
	return index, good
}

func (k *Key) verify(a Algorithm, sum, signature []byte) bool {
	if a == RSASHA1 {
		return k.public.VerifyPKCS1SHA1(sum, signature)
	}
	if a == ECDSAP256DER {
		raw, ok := der.Signature(k.raw[:0], signature, len(k.raw)/2)
		return ok && k.public.VerifyDigest(jwa.ES256, sum, raw)
	}
	return k.public.VerifyDigest(facts[a].jose, sum, signature)
}
