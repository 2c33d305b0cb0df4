// Package form reads and writes the small text forms that schemes of signed requests share:
// encodings of signatures, times, parameters, percent-encoding.
//
// In: text of a request. Out: bytes, times, parameters, and whether the form was right.
// Spec: RFC 4648 (hex, base64), RFC 3339, RFC 9110 §5.6.7 (IMF-fixdate), ISO 8601's basic
// form, RFC 3986 §2 (percent-encoding), HTML's form encoding.
//
// Every form is accepted in one way only, to its end; what is malformed is refused, never
// mended. Nothing here allocates but into the slice that it is handed, knows of keys, or
// compares secrets.
package form
