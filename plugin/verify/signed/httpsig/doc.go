// Package httpsig reads HTTP message signatures.
//
// In: a request with the fields Signature-Input and Signature. Out: a claim for each
// signature that the configuration asks for, with the text that was signed and the digests
// of the body that it covers. Spec: RFC 9421, RFC 9530 (Content-Digest), and for the
// profile web-bot-auth draft-ietf-webbotauth-httpsig-protocol.
//
// The signature's parameters enter the text as they were received, byte for byte. A label
// in one of the two fields only, twice the same label, twice the same component, a part of
// a response, a component that is absent or ambiguous, a text that is not ASCII: refused.
// Labels are not signed and prove nothing. A signature that names no component signs
// nothing, and a body that no covered digest speaks of is not signed either.
//
// It never follows a Signature-Agent to fetch a key, never takes a trailer's or another
// request's fields, never trusts a forwarded scheme or host: those of the request's own
// pseudo headers count, or those that the configuration gives.
package httpsig
