// Package policy decides which requirement a request must meet and whether it does.
//
// In: a request view, the rule table, and a [Prover] that judges credentials. Out: the
// first matching rule and a [Proof]. Spec: the RouteMatch and JwtRequirement messages
// of Envoy's jwt_authn, in the strict reading of the documentation.
// It never looks at a credential's bytes, never allocates on a request, and its zero
// values deny.
package policy
