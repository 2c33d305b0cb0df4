// Package signed verifies requests that are signed as a whole: webhooks, signed calls of
// partners, signed URLs.
//
// In: a request's headers, its body as it arrives, a provider's [Config]. Out: proved or
// why not, and by which key. Spec: each [Scheme] names its own; what is common (keys, time,
// lists, bodies, comparison) is the documentation's chapter on signed requests.
//
// A scheme reads headers and yields claims: what was signed, by whom, when. It never sees a
// secret and keeps nothing between events. This room picks the keys, judges the time, lets
// the body run through hashes as it comes ([Taps]: without pointers, so that they can wait
// for the rest of the body where nothing may point to a request) and, when the body is
// complete, has the headers read anew and compares. So a request is judged twice by the
// same code, and what was concluded before the body came is never relied upon.
//
// It never shows a MAC that it expects, never tells an unknown key from a wrong signature,
// never decides by a body's announced length, never remembers a request: whether it comes
// for the second time is asked elsewhere, by what [Attempt.Proofs] returns.
package signed
