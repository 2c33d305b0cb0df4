package reason

// Authn is the outcome of a token as Envoy's jwt_authn names it, for answers in its
// manner. The numbers are those of its metadata "code"; the zero value has no text: what
// jwt_authn does not know is answered as everywhere else.
type Authn uint8

// The outcomes that a caller can meet.
const (
	// AuthnNone is the zero value.
	AuthnNone Authn = 0
	// AuthnMissed: no token at the places of the provider.
	AuthnMissed Authn = 1
	// AuthnNotYetValid: now + skew < nbf.
	AuthnNotYetValid Authn = 2
	// AuthnExpired: now > exp + skew.
	AuthnExpired Authn = 3
	// AuthnFormat: not three segments.
	AuthnFormat Authn = 4
	// AuthnHeaderBase64: the header is not base64url.
	AuthnHeaderBase64 Authn = 5
	// AuthnHeaderJSON: the header is no JSON object.
	AuthnHeaderJSON Authn = 6
	// AuthnAlg: no string "alg".
	AuthnAlg Authn = 7
	// AuthnAlgUnknown: an algorithm that is not implemented.
	AuthnAlgUnknown Authn = 8
	// AuthnKid: "kid" is not a string.
	AuthnKid Authn = 9
	// AuthnPayloadBase64: the payload is not base64url.
	AuthnPayloadBase64 Authn = 10
	// AuthnPayloadJSON: the payload is no JSON object.
	AuthnPayloadJSON Authn = 11
	// AuthnIss: "iss" is not a string.
	AuthnIss Authn = 12
	// AuthnSub: "sub" is not a string.
	AuthnSub Authn = 13
	// AuthnIat: "iat" is not a number.
	AuthnIat Authn = 14
	// AuthnIatRange: "iat" is negative or too large.
	AuthnIatRange Authn = 15
	// AuthnNbf: "nbf" is not a number.
	AuthnNbf Authn = 16
	// AuthnNbfRange: "nbf" is negative or too large.
	AuthnNbfRange Authn = 17
	// AuthnExp: "exp" is not a number.
	AuthnExp Authn = 18
	// AuthnExpRange: "exp" is negative or too large.
	AuthnExpRange Authn = 19
	// AuthnJti: "jti" is not a string.
	AuthnJti Authn = 20
	// AuthnAud: "aud" is neither a string nor a list of strings.
	AuthnAud Authn = 21
	// AuthnSignatureBase64: the signature is not base64url.
	AuthnSignatureBase64 Authn = 22
	// AuthnSignatureLength: an Ed25519 signature that is not 64 bytes long.
	AuthnSignatureLength Authn = 23
	// AuthnUnknownIssuer: the token's issuer is not the provider's.
	AuthnUnknownIssuer Authn = 24
	// AuthnAudience: none of the accepted audiences is in "aud"; the only one answered 403.
	AuthnAudience Authn = 25
	// AuthnFailed: the signature or a claim is not good; also what is refused here and
	// accepted by jwt_authn.
	AuthnFailed Authn = 26
	// AuthnNoKey: no key of the set has the token's kid and algorithm.
	AuthnNoKey Authn = 32
	// AuthnFetch: the remote key set cannot be fetched.
	AuthnFetch Authn = 40
)

// String returns jwt_authn's text, which is the body of its answer; "" for AuthnNone.
func (a Authn) String() string {
	switch a {
	case AuthnNone:
	case AuthnMissed:
		return "Jwt is missing"
	case AuthnNotYetValid:
		return "Jwt not yet valid"
	case AuthnExpired:
		return "Jwt is expired"
	case AuthnFormat:
		return "Jwt is not in the form of Header.Payload.Signature with two dots and 3 sections"
	case AuthnHeaderBase64:
		return "Jwt header is an invalid Base64url encoded"
	case AuthnHeaderJSON:
		return "Jwt header is an invalid JSON"
	case AuthnAlg:
		return "Jwt header [alg] field is required and must be a string"
	case AuthnAlgUnknown:
		return "Jwt header [alg] is not supported"
	case AuthnKid:
		return "Jwt header [kid] field is not a string"
	case AuthnPayloadBase64:
		return "Jwt payload is an invalid Base64url encoded"
	case AuthnPayloadJSON:
		return "Jwt payload is an invalid JSON"
	case AuthnIss:
		return "Jwt payload [iss] field is not a string"
	case AuthnSub:
		return "Jwt payload [sub] field is not a string"
	case AuthnIat:
		return "Jwt payload [iat] field is not an integer"
	case AuthnIatRange:
		return "Jwt payload [iat] field is not a positive 64 bit integer"
	case AuthnNbf:
		return "Jwt payload [nbf] field is not an integer"
	case AuthnNbfRange:
		return "Jwt payload [nbf] field is not a positive 64 bit integer"
	case AuthnExp:
		return "Jwt payload [exp] field is not an integer"
	case AuthnExpRange:
		return "Jwt payload [exp] field is not a positive 64 bit integer"
	case AuthnJti:
		return "Jwt payload [jti] field is not a string"
	case AuthnAud:
		return "Jwt payload [aud] field is not a string or string list"
	case AuthnSignatureBase64:
		return "Jwt signature is an invalid Base64url encoded"
	case AuthnSignatureLength:
		return "Jwt ED25519 signature is wrong length"
	case AuthnUnknownIssuer:
		return "Jwt issuer is not configured"
	case AuthnAudience:
		return "Audiences in Jwt are not allowed"
	case AuthnFailed:
		return "Jwt verification fails"
	case AuthnNoKey:
		return "Jwks doesn't have key to match kid or alg from Jwt"
	case AuthnFetch:
		return "Jwks remote fetch is failed"
	}
	return ""
}
