// Package jwt judges JSON Web Tokens.
//
// In: a token, a provider's [Config], the time and a key set. Out: a reason, and where
// it is OK an identity. Spec: RFC 7519, RFC 7515, RFC 8725. It never reads a request,
// never fetches a key and never yields a claim that is not proved.
package jwt
