package aliyun

import "github.com/postern-wasm/postern/plugin/verify/signed"

// Config says what a signature must be.
type Config struct {
	// Algorithms that are taken; 0 is HMAC with SHA-256: SHA-1 has to be asked for.
	Algorithms signed.Set
	// Components must be listed, in lower case; nil is the time and, unless NonceOptional,
	// the nonce.
	Components []string
	// NonceOptional lets requests without a nonce pass, TimeOptional those without a time.
	// What is there has to be signed all the same.
	NonceOptional, TimeOptional bool
	// BodyOptional lets a body pass that is neither a form nor has a Content-MD5.
	BodyOptional bool
}

// Scheme is a [signed.Scheme].
type Scheme struct{ cfg Config }

// New returns the scheme of a configuration.
func New(cfg Config) *Scheme { return &Scheme{cfg} }

// The header fields.
const (
	headerKey       = "x-ca-key"
	headerTime      = "x-ca-timestamp"
	headerNonce     = "x-ca-nonce"
	headerMethod    = "x-ca-signature-method"
	headerList      = "x-ca-signature-headers"
	headerSignature = "x-ca-signature"
)

// always are signed without being listed.
var always = [...]string{"accept", "content-md5", "content-type", "date"}

// Lists says whether a signature may list the name.
func Lists(name string) bool {
	for _, other := range always {
		if name == other {
			return false
		}
	}
	if name == "" || name == headerSignature || name == headerList {
		return false
	}
	for i := range len(name) {
		if c := name[i]; c <= ' ' || c > '~' || c == ':' || c == ',' {
			return false
		}
	}
	return true
}

// Traits is part of [signed.Scheme].
func (s *Scheme) Traits() signed.Traits {
	algorithms := signed.SetOf(signed.HMACSHA256)
	if s.cfg.Algorithms != 0 {
		algorithms = s.cfg.Algorithms & signed.SetOf(signed.HMACSHA256, signed.HMACSHA1)
	}
	return signed.Traits{
		Algorithms: algorithms, KeyIDs: true, Timed: !s.cfg.TimeOptional, Nonce: true,
		Body: signed.BodyWhole, MayCover: true, Challenge: "HMAC", Headers: []string{headerSignature},
	}
}
