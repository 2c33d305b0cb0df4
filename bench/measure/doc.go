// Package measure turns raw rounds into figures.
//
// In: what was counted while one variant was under load in one round (a Slot).
// Out: cost per request, its spread over the rounds, a ratio to a peer, or the
// reason why there is none. It never yields a figure for a variant that answered
// wrongly or that the load generator did not keep busy, and it never measures
// anything itself.
package measure
