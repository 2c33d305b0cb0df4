// Package effect turns a decision into what the host must do, as data.
//
// In: a decision, the request view, what was proved. Out: header operations
// ([Writer.Ops]) or a local answer ([Answer]). Spec: RFC 6750 §3, RFC 9110 §11.6,
// RFC 7239-free header hygiene of the documentation.
// It never calls the host, and no text that a caller sent reaches an answer but the
// request id.
package effect
