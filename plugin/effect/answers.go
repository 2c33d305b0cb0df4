package effect

import "github.com/postern-wasm/postern/plugin/reason"

// answerRow is how one reason is answered.
type answerRow struct {
	status uint32
	code   string // the "error" member
	// text is the "message" member and the challenge's error_description. It tells a
	// caller its own fault and never what a valid credential would look like.
	text string
	// challenge: 401 answers carry WWW-Authenticate, and 403 where a scope is lacking;
	// error says whether with an error code (RFC 6750 §3.1: none where no credential was
	// sent).
	challenge challenge
	retry     bool // carries Retry-After
	// scope is told in the challenge (RFC 6750 §3) unless it is "".
	scope string
}

type challenge uint8

const (
	noChallenge challenge = iota
	plainChallenge
	errorChallenge
)

// rowOf returns the row of a reason. Every code has one; a code without is a fault of
// the program and answers as Internal, which denies.
func rowOf(c reason.Code) answerRow {
	// The rest is in signedRow; a test holds that every code has an answer.
	//exhaustive:ignore
	switch c {
	case reason.Missing:
		return answerRow{401, "unauthorized", "A credential is required.", plainChallenge, false, ""}
	case reason.UnsupportedScheme:
		return answerRow{401, "unauthorized", "The authentication scheme is not supported here.", plainChallenge, false, ""}
	case reason.TokenTooLarge:
		return invalidToken("The token is too large.")
	case reason.TokenMalformed:
		return invalidToken("The token is malformed.")
	case reason.TokenEncrypted:
		return invalidToken("Encrypted tokens are not supported.")
	case reason.HeaderMalformed:
		return invalidToken("The token header is malformed.")
	case reason.PayloadMalformed:
		return invalidToken("The token payload is malformed.")
	case reason.AlgorithmMissing, reason.AlgorithmUnsupported, reason.AlgorithmNotAllowed:
		return invalidToken("The token algorithm is not accepted.")
	case reason.CriticalHeader:
		return invalidToken("The token requires an extension that is not supported.")
	case reason.ClaimMalformed:
		return invalidToken("A claim of the token is malformed.")
	case reason.ClaimUnwritable:
		return invalidToken("A claim of the token cannot be passed on.")
	case reason.IssuerUnknown, reason.IssuerMismatch:
		return invalidToken("The token issuer is not accepted.")
	case reason.AudienceMismatch:
		return invalidToken("The token audience is not accepted.")
	case reason.ExpirationMissing:
		return invalidToken("The token does not expire.")
	case reason.Expired:
		return invalidToken("The token has expired.")
	case reason.NotYetValid:
		return invalidToken("The token is not yet valid.")
	case reason.IssuedInFuture:
		return invalidToken("The token was issued in the future.")
	case reason.SubjectMismatch:
		return invalidToken("The token subject is not accepted.")
	case reason.LifetimeTooLong:
		return invalidToken("The token is valid for too long.")
	case reason.ClaimMismatch:
		return invalidToken("A claim of the token is not accepted.")
	case reason.TypeMismatch:
		return invalidToken("The token type is not accepted.")
	case reason.ClaimMissing:
		return invalidToken("The token lacks a claim.")
	case reason.PartyMismatch:
		return invalidToken("The token was issued to another party.")
	case reason.KeyUnknown, reason.KeyMismatch:
		return invalidToken("The token key is not accepted.")
	case reason.BadSignature:
		return invalidToken("The token signature is not valid.")
	case reason.KeysRefused:
		return invalidToken("The token cannot be verified.")
	case reason.HeadersUnreadable:
		return answerRow{400, "invalid_request", "The request headers are malformed.", noChallenge, false, ""}
	case reason.PathNotNormal:
		return answerRow{400, "invalid_request", "The request path is malformed.", noChallenge, false, ""}
	case reason.SeveralCredentials:
		return answerRow{400, "invalid_request", "The request carries more than one credential.", noChallenge, false, ""}
	case reason.InsufficientScope: // RFC 6750 §3.1
		return answerRow{403, "insufficient_scope", "The credential does not grant a required scope.", errorChallenge, false, ""}
	case reason.StepUp: // RFC 9470 §3
		return answerRow{401, "insufficient_user_authentication", "A more recent authentication is required.", errorChallenge, false, ""}
	case reason.ClientDenied:
		return answerRow{403, "access_denied", "The client has no access here.", noChallenge, false, ""}
	case reason.ClaimDenied:
		return answerRow{403, "access_denied", "The credential has no access here.", noChallenge, false, ""}
	case reason.NoRule:
		return answerRow{403, "access_denied", "Access is denied.", noChallenge, false, ""}
	case reason.KeysUnavailable, reason.WaitingFull:
		return unavailable("The keys to verify the credential are not available.")
	default:
		return signedRow(c)
	}
}

// signedRow is rowOf for signed requests, and for what nobody is to blame for who asks.
func signedRow(c reason.Code) answerRow {
	// The rest is in rowOf.
	//exhaustive:ignore
	switch c {
	case reason.SignatureInvalid:
		return invalidSignature("The signature is not valid.")
	case reason.SignatureMalformed:
		return invalidSignature("The signature is malformed.")
	case reason.SignatureExpired:
		return invalidSignature("The signature has expired.")
	case reason.SignatureInFuture:
		return invalidSignature("The signature is not yet valid.")
	case reason.TimestampMissing, reason.TimestampMalformed:
		return invalidSignature("The time of signing is missing or malformed.")
	case reason.ComponentMissing:
		return invalidSignature("A part of the request that the signature names is missing.")
	case reason.ComponentNotCovered:
		return invalidSignature("The signature does not cover enough of the request.")
	case reason.ComponentUnsupported:
		return invalidSignature("The signature names a part of the request that is not supported.")
	case reason.SignerMismatch:
		return invalidSignature("The signature is made for another use.")
	case reason.NonceMissing:
		return invalidSignature("The nonce is missing or malformed.")
	case reason.DigestMissing, reason.DigestUnsupported:
		return invalidSignature("An acceptable digest of the body is required.")
	case reason.DigestMismatch:
		return invalidSignature("The body does not match its digest.")
	case reason.BodyNotCovered:
		return invalidSignature("The signature does not cover the body.")
	case reason.BodyMalformed:
		return invalidSignature("The body is malformed.")
	case reason.ResourceMismatch, reason.AddressMismatch:
		return invalidSignature("The signature is not for this request.")
	case reason.Replayed:
		return answerRow{401, "replayed_request", "The request has been received before.", errorChallenge, false, ""}
	case reason.SignaturesTooMany:
		return answerRow{400, "invalid_request", "The request carries too many signatures.", noChallenge, false, ""}
	case reason.BodyNotAllowed:
		return answerRow{400, "invalid_request", "A body is not accepted here.", noChallenge, false, ""}
	case reason.BodyTooLarge:
		return answerRow{413, "content_too_large", "The body is too large.", noChallenge, false, ""}
	default:
		return unavailable("The request cannot be verified now.")
	}
}

func invalidToken(text string) answerRow {
	return answerRow{401, "invalid_token", text, errorChallenge, false, ""}
}

func invalidSignature(text string) answerRow {
	return answerRow{401, "invalid_signature", text, errorChallenge, false, ""}
}

func unavailable(text string) answerRow {
	return answerRow{503, "temporarily_unavailable", text, noChallenge, true, ""}
}

// grpcStatus is the gRPC code for a refusal (the mapping of gRPC's HTTP document,
// but 400 is INVALID_ARGUMENT: the request is at fault, not the server).
func grpcStatus(status uint32) int32 {
	switch status {
	case 400:
		return 3 // INVALID_ARGUMENT
	case 401:
		return 16 // UNAUTHENTICATED
	case 403:
		return 7 // PERMISSION_DENIED
	case 413, 429:
		return 8 // RESOURCE_EXHAUSTED
	}
	return 14 // UNAVAILABLE
}
