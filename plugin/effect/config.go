package effect

// Config is what effect needs of the configuration.
type Config struct {
	// Realm stands in every challenge; never taken from a request.
	Realm string
	// DiscloseScopes names the required scopes where they are lacking (disclose_scopes).
	DiscloseScopes bool
	// StripFailure leaves body and challenge out of every refusal (strip_failure_response).
	StripFailure bool
	// Form is how the bodies of refusals are written.
	Form Form
	// Own are answers of the configuration's own, by reason; empty for none.
	Own []Own
	// States are the members of the filter state that are left behind.
	States States
	// IdentityHeaders are all names that any provider writes, lower case, without
	// repeats: they are removed from every inbound request first.
	IdentityHeaders []string
	// KeepAliases leaves a client's headers alone whose names differ from an identity
	// header's in '_' or '.' for '-' only (drop_header_aliases: false).
	KeepAliases bool
	// Challenges are lists of challenges, see AddChallenges.
	Challenges [][]Challenge
	// Providers, by the configuration's index.
	Providers []Provider

	prepared []Answer // by reason, see Prepare
}

// Provider is what becomes of a request that one provider has proved.
type Provider struct {
	// Name is the provider's name, for logs and answers to the operator.
	Name string
	// Forward leaves the credential in the request.
	Forward bool
	// PayloadHeader receives the payload's base64url text; "" for none.
	PayloadHeader string
	// PadPayload pads it with '=' (pad_forward_payload_header).
	PadPayload bool
	// ClaimHeaders are written from claims (claim_to_headers).
	ClaimHeaders []ClaimHeader
	// ClientHeader and KeyIDHeader receive whose key has signed a request, and which; ""
	// for none.
	ClientHeader, KeyIDHeader string
}

// ClaimHeader is one entry of claim_to_headers.
type ClaimHeader struct {
	// Header is the header's name, lower case.
	Header string
	// Path leads to the claim from the top of the payload. Names are matched exactly.
	// A claim_name with dots is tried whole first, then as a path.
	Path []string
	// Whole is the claim_name as written where Path came from splitting it; "" otherwise.
	Whole string
	// Encoding is how the claim is written.
	Encoding Encoding
}
