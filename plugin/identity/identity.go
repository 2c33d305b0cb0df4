// Package identity holds what was proved about the sender of a request.
//
// In: a verifier's result. Out: an [Identity] that policy and effect read.
// It never holds an unproved claim: a verifier fills it after the last check.
package identity

import "github.com/postern-wasm/postern/plugin/jsonx"

// Identity is one proved credential. It aliases the credential and the verifier's
// buffers and is valid until the request is decided.
type Identity struct {
	// Provider is the index of the provider that proved it.
	Provider int
	// Payload is the claims' base64url text as it stood in the token; "" if none.
	Payload string
	// Claims is the parsed payload; nil for credentials without claims.
	Claims *jsonx.Doc
	// Signed says that it is a signed request: by the key KeyID, which is Client's, "" if
	// that is not said.
	Signed        bool
	KeyID, Client string
}
