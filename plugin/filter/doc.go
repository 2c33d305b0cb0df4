// Package filter is the state machine of one request, and of the requests that wait.
//
// In: events as values: a request's headers, its body, its end, a tick, what key-set
// servers and other workers said. Out: a [Verdict] per request, and the host calls that
// key sets want ([Plugin.NextStep]). Spec: the documentation's sections on requests.
// It never calls the host and holds no byte of a request between two events: a request
// that waits is read and judged anew when it goes on, so nothing can be mixed up.
//
// A driver (abi in the module, a test natively) does this:
//
//	on headers:  pump(steps); v := Headers(...); carry v out; if v.Action is Pause: pump(steps), and if Retry says so, Resume at once
//	on an event: pump(steps); for each s := NextReady(now): v := Resume(now, s, headers of s); carry v out
//	on body, trailers: Later(s)
//	when the stream is gone: Gone(s)
//
// where pump carries out [Plugin.NextStep] until it wants nothing.
package filter
