package jwk

import "github.com/postern-wasm/postern/plugin/jsonx"

// Use is what a set's keys must be for (RFC 7517 §4.2).
type Use uint8

// The uses; the zero value is signatures.
const (
	// UseSignature takes keys for "sig", and keys that say nothing.
	UseSignature Use = iota
	// UseSVID takes keys of a SPIFFE bundle for JWT-SVIDs: those that say "jwt-svid", and
	// no other (SPIFFE Trust Domain and Bundle §4.2.2: each key says what it is for).
	UseSVID
)

// refuse says why a key is not for the use; "" if it is.
func (u Use) refuse(v jsonx.Value) string {
	use, given := v.Member("use")
	switch u {
	case UseSignature:
		if given && use.Text() != "sig" {
			return `its "use" is not "sig"`
		}
		return ""
	case UseSVID:
		if use.Text() == "jwt-svid" {
			return ""
		}
	}
	return `its "use" is not "jwt-svid"`
}
