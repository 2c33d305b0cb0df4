// Package reason names why a request was refused.
//
// In: nothing. Out: one stable [Code] per cause, whose [Code.String] is the wire,
// log and metric name. Spec: the project's own vocabulary. It never carries text
// that a caller sent, and it never decides a status: that is effect's table.
package reason

// Code is the cause of a verdict. The zero value denies.
type Code uint8

// The codes. Their order is free, their names are not: operators alert on them.
const (
	// Undecided is the zero value: nobody has judged. It denies (an internal fault).
	Undecided Code = iota
	// OK says that the one who returns it has no objection. It is no refusal.
	OK
	// Internal is a state that cannot be reached if the rooms keep their contracts.
	Internal
	// NoConfiguration: a request came before any configuration was accepted.
	NoConfiguration
	// ClockUnset: the host's clock is at or near zero, so no time rule can be judged.
	ClockUnset
	// HeadersUnreadable: the host handed no, or a torn, header list.
	HeadersUnreadable
	// PathNotNormal: the path is not the one that router and upstream would agree on.
	PathNotNormal
	// NoRule: no rule matches the request and the default is to deny.
	NoRule
	// SeveralCredentials: two credentials for one provider.
	SeveralCredentials
	// Missing: no credential at all.
	Missing
	// UnsupportedScheme: an Authorization header of a scheme that no provider here reads.
	UnsupportedScheme
	// TokenTooLarge: the token is longer than max_token_bytes.
	TokenTooLarge
	// TokenMalformed: not three base64url segments (RFC 7515 §7.1).
	TokenMalformed
	// TokenEncrypted: five segments, a JWE, which is not supported.
	TokenEncrypted
	// HeaderMalformed: the JOSE header is not one strict JSON object with legal members.
	HeaderMalformed
	// PayloadMalformed: the claims are not one strict JSON object.
	PayloadMalformed
	// AlgorithmMissing: no string member "alg".
	AlgorithmMissing
	// AlgorithmUnsupported: an "alg" that is not implemented, "none" among them.
	AlgorithmUnsupported
	// AlgorithmNotAllowed: an implemented "alg" that the provider does not list.
	AlgorithmNotAllowed
	// CriticalHeader: a "crit" that is malformed or names an extension (RFC 7515 §4.1.11).
	CriticalHeader
	// ClaimMalformed: a registered claim has the wrong type or range.
	ClaimMalformed
	// IssuerUnknown: no provider here has the token's issuer.
	IssuerUnknown
	// IssuerMismatch: the token's issuer is not the provider's.
	IssuerMismatch
	// AudienceMismatch: none of the accepted audiences is in "aud".
	AudienceMismatch
	// ExpirationMissing: no "exp" although one is required.
	ExpirationMissing
	// Expired: now >= exp + skew.
	Expired
	// NotYetValid: now < nbf - skew.
	NotYetValid
	// IssuedInFuture: iat > now + skew.
	IssuedInFuture
	// KeyUnknown: the token names a kid that the key set lacks.
	KeyUnknown
	// KeyMismatch: no key of the set fits the token's algorithm.
	KeyMismatch
	// BadSignature: no fitting key verifies the signature.
	BadSignature
	// KeysUnavailable: the provider's remote key set has no usable keys now.
	KeysUnavailable
	// KeysRefused: as KeysUnavailable, where the provider says on_unavailable: deny_401.
	KeysRefused
	// ClaimUnwritable: a claim that must go into a header holds bytes that cannot stand there.
	ClaimUnwritable
	// WaitingFull: too many requests wait for a key set already.
	WaitingFull
	// SubjectMismatch: the token's subject is none of the provider's (subjects).
	SubjectMismatch
	// LifetimeTooLong: the token is valid for longer than max_lifetime from now on.
	LifetimeTooLong
	// ClaimMismatch: a claim is not as the provider asks (claims).
	ClaimMismatch
	// InsufficientScope: proved, but a required scope is not granted (RFC 6750 §3.1).
	InsufficientScope
	// ClientDenied: proved, but issued to a client that is not allowed here.
	ClientDenied
	// ClaimDenied: proved, but a claim is not as the rule asks (authorize).
	ClaimDenied
	// TypeMismatch: the token's "typ" is not what the profile takes, or one of another use.
	TypeMismatch
	// ClaimMissing: a claim that the profile requires is not there.
	ClaimMissing
	// PartyMismatch: an ID token was issued to another client ("azp"), or to nobody it names.
	PartyMismatch
	// StepUp: proved, but its subject was authenticated too long ago (RFC 9470 §3).
	StepUp
	// SignatureInvalid: no key of the provider verifies the signature, or the key that is named is not one of them: a stranger must not tell which.
	SignatureInvalid
	// SignatureMalformed: what carries the signature is not in the scheme's form.
	SignatureMalformed
	// SignaturesTooMany: more signatures, parameters or listed names than are judged.
	SignaturesTooMany
	// SignatureExpired: signed too long ago, or past the end that the signature states.
	SignatureExpired
	// SignatureInFuture: signed at a time that is still to come, or not valid yet.
	SignatureInFuture
	// TimestampMissing: the scheme's time of signing is not there.
	TimestampMissing
	// TimestampMalformed: the time of signing is not in the scheme's form.
	TimestampMalformed
	// ComponentMissing: a part of the request that the signature lists is not there, or not once.
	ComponentMissing
	// ComponentNotCovered: the signature does not cover a part of the request that has to be covered.
	ComponentNotCovered
	// ComponentUnsupported: the signature lists a part of the request that is not supported.
	ComponentUnsupported
	// SignerMismatch: the signature is made for another scope, tag or use (SigV4's region and service, RFC 9421's tag).
	SignerMismatch
	// NonceMissing: no nonce, or one that is malformed, where the scheme needs one.
	NonceMissing
	// DigestMissing: no signed digest of the body where one is required.
	DigestMissing
	// DigestMismatch: the body is not the one that the signed digest is of.
	DigestMismatch
	// DigestUnsupported: a digest in an algorithm that is not accepted, or malformed.
	DigestUnsupported
	// BodyNotCovered: a body that the signature says nothing about.
	BodyNotCovered
	// BodyMalformed: the body is not in the form that the scheme signs (form fields, a time within JSON).
	BodyMalformed
	// BodyNotAllowed: a body where the provider takes none (body mode reject).
	BodyNotAllowed
	// BodyTooLarge: the body is longer than the provider holds.
	BodyTooLarge
	// BodyUndelivered: the host does not deliver bodies while headers are held.
	BodyUndelivered
	// ResourceMismatch: a signed URL that is for another resource.
	ResourceMismatch
	// AddressMismatch: a signed URL that is for another client address.
	AddressMismatch
	// Replayed: the very same signed request has been accepted before.
	Replayed
	// ReplayFull: too many requests of this key within the window to remember them all.
	ReplayFull
	// ReplayUnavailable: the store of accepted requests cannot be read or is damaged.
	ReplayUnavailable
	// count is the number of codes, for the table below and its test.
	count
)

// names is indexed by Code; the test holds it complete, unique and Prometheus-safe.
var names = [count]string{
	Undecided:            "undecided",
	OK:                   "ok",
	Internal:             "internal",
	NoConfiguration:      "no_configuration",
	ClockUnset:           "clock_unset",
	HeadersUnreadable:    "headers_unreadable",
	PathNotNormal:        "path_not_normal",
	NoRule:               "no_rule",
	SeveralCredentials:   "several_credentials",
	Missing:              "missing",
	UnsupportedScheme:    "unsupported_scheme",
	TokenTooLarge:        "token_too_large",
	TokenMalformed:       "token_malformed",
	TokenEncrypted:       "token_encrypted",
	HeaderMalformed:      "header_malformed",
	PayloadMalformed:     "payload_malformed",
	AlgorithmMissing:     "algorithm_missing",
	AlgorithmUnsupported: "algorithm_unsupported",
	AlgorithmNotAllowed:  "algorithm_not_allowed",
	CriticalHeader:       "critical_header",
	ClaimMalformed:       "claim_malformed",
	IssuerUnknown:        "issuer_unknown",
	IssuerMismatch:       "issuer_mismatch",
	AudienceMismatch:     "audience_mismatch",
	ExpirationMissing:    "expiration_missing",
	Expired:              "expired",
	NotYetValid:          "not_yet_valid",
	IssuedInFuture:       "issued_in_future",
	KeyUnknown:           "key_unknown",
	KeyMismatch:          "key_mismatch",
	BadSignature:         "bad_signature",
	KeysUnavailable:      "keys_unavailable",
	KeysRefused:          "keys_refused",
	ClaimUnwritable:      "claim_unwritable",
	WaitingFull:          "waiting_full",
	SubjectMismatch:      "subject_mismatch",
	LifetimeTooLong:      "lifetime_too_long",
	ClaimMismatch:        "claim_mismatch",
	InsufficientScope:    "insufficient_scope",
	ClientDenied:         "client_denied",
	ClaimDenied:          "claim_denied",
	TypeMismatch:         "type_mismatch",
	ClaimMissing:         "claim_missing",
	PartyMismatch:        "party_mismatch",
	StepUp:               "step_up_required",
	SignatureInvalid:     "signature_invalid",
	SignatureMalformed:   "signature_malformed",
	SignaturesTooMany:    "signatures_too_many",
	SignatureExpired:     "signature_expired",
	SignatureInFuture:    "signature_in_future",
	TimestampMissing:     "timestamp_missing",
	TimestampMalformed:   "timestamp_malformed",
	ComponentMissing:     "component_missing",
	ComponentNotCovered:  "component_not_covered",
	ComponentUnsupported: "component_unsupported",
	SignerMismatch:       "signer_mismatch",
	NonceMissing:         "nonce_missing",
	DigestMissing:        "digest_missing",
	DigestMismatch:       "digest_mismatch",
	DigestUnsupported:    "digest_unsupported",
	BodyNotCovered:       "body_not_covered",
	BodyMalformed:        "body_malformed",
	BodyNotAllowed:       "body_not_allowed",
	BodyTooLarge:         "body_too_large",
	BodyUndelivered:      "body_undelivered",
	ResourceMismatch:     "resource_mismatch",
	AddressMismatch:      "address_mismatch",
	Replayed:             "replayed",
	ReplayFull:           "replay_full",
	ReplayUnavailable:    "replay_unavailable",
}

// String returns the stable name: lower case, letters and underscores only.
func (c Code) String() string {
	if c >= count {
		return names[Internal]
	}
	return names[c]
}

// Count is the number of codes, [OK] among them.
func Count() int { return int(count) }

// All returns every code that can refuse a request, in order.
func All() []Code {
	all := make([]Code, 0, count)
	for c := Undecided; c < count; c++ {
		if c != OK {
			all = append(all, c)
		}
	}
	return all
}
