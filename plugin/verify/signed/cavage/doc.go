// Package cavage reads signatures in the form of draft-cavage-http-signatures and the two
// dialects of it that gateways speak.
//
// In: a request's headers. Out: claims for the frame. Spec: draft-cavage-http-signatures-12;
// the hmac-auth plugins of Kong 3 and of APISIX 3.12, as their documentation and their
// clients have them. What the signature lists is signed in its order; what the
// configuration asks to be listed must be. Stricter than all three: a parameter stands
// once, in the one form, and none is unknown; a listed name is in lower case and stands
// once; an absent header is refused unless the configuration asks for the dialect's own
// reading; the time that counts is a signed one wherever there is one.
package cavage
