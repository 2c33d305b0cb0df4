package state

import "github.com/postern-wasm/postern/host/abi"

// iteration is how a filter stands in Envoy's chain
// (FilterManager::IterationState).
type iteration uint8

const (
	iterContinue    iteration = iota
	iterStopSingle            // held, but what follows is still delivered
	iterStopAll               // held, and nothing is delivered
	iterStopAllOver           // the same, and the buffer limit is an error
)

// HeadersStatus is what a headers callback came to.
type HeadersStatus uint8

// Outcomes of a headers callback.
const (
	HeadersContinue      HeadersStatus = iota
	HeadersStop                        // hold the headers, deliver the body
	HeadersStopAll                     // hold everything; reading stops at the limit
	HeadersStopAllBuffer               // hold everything; over the limit is 413
)

// DataStatus is what a body callback came to.
type DataStatus uint8

// Outcomes of a body callback.
const (
	DataContinue DataStatus = iota
	DataStopBuffer
	DataStopWatermark
	DataStopNoBuffer
)

// Flow is one direction of an exchange as it passes the one filter of a chain.
// It follows Envoy's FilterManager: what is held, what is delivered, when it
// goes on.
type Flow struct {
	// Headers and Trailers live as long as the exchange.
	Headers, Trailers       HeaderMap
	HasHeaders, HasTrailers bool
	// Ended says that all of the direction has arrived.
	Ended bool
	// Aborted says that nothing is delivered or released any more.
	Aborted bool
	// TooLarge says that the body outgrew the limit while it was buffered.
	TooLarge bool
	// Limit is the bound of the held body in bytes.
	Limit int
	// Out is what has been let through and not taken.
	Out Output

	iter             iteration
	headersContinued bool
	over             bool   // the end has been let through
	held             []byte // the body that is held
	hasHeld          bool   // also when it is empty
	chunk            []byte // the piece that is being delivered
	buffering        bool   // the guest paused on the body: it is shown whole
	streaming        bool   // the guest holds the body without bound
	trailersPending  bool   // trailers have arrived and were not delivered

	headersShown, trailersShown, bodyShown bool
}

// Output is what a direction lets through.
type Output struct {
	Headers  bool // the headers go, now
	Body     []byte
	Trailers bool
	End      bool
}

func (f *Flow) shownHeaders() *HeaderMap {
	if f.headersShown {
		return &f.Headers
	}
	return nil
}

func (f *Flow) shownTrailers() *HeaderMap {
	if f.trailersShown {
		return &f.Trailers
	}
	return nil
}

// mutableTrailers makes trailers during the last body callback
// (Context::getMap).
func (f *Flow) mutableTrailers(endOfStream bool) *HeaderMap {
	if !f.trailersShown && !f.HasTrailers && f.bodyShown && endOfStream {
		f.HasTrailers, f.trailersShown = true, true
		f.Trailers = HeaderMap{Kind: TrailerMap}
	}
	return f.shownTrailers()
}

func (f *Flow) shownBody() *[]byte {
	switch {
	case !f.bodyShown:
		return nil
	case f.buffering:
		return &f.held
	default:
		return &f.chunk
	}
}

// HideAll takes away what a direction shows, as proxy_continue_stream does.
func (f *Flow) HideAll() { f.headersShown, f.trailersShown, f.bodyShown = false, false, false }

// Paused reports whether something is held, or will be.
func (f *Flow) Paused() bool { return f.iter != iterContinue && !f.Aborted && !f.over }

// Stopped reports whether the body is not delivered while it is held.
func (f *Flow) Stopped() bool { return f.iter >= iterStopAll && !f.Aborted }

// Full reports whether the held body has reached the limit.
func (f *Flow) Full() bool { return len(f.held) >= f.Limit }

// BeginHeaders takes the headers before they are delivered.
func (f *Flow) BeginHeaders(h []abi.Pair, kind MapKind, end bool) {
	f.Headers = HeaderMap{Pairs: h, Kind: kind}
	f.HasHeaders, f.Ended, f.headersShown = true, end, true
}

// EndHeaders applies the callback's outcome.
func (f *Flow) EndHeaders(s HeadersStatus) {
	switch s {
	case HeadersStop:
		f.iter = iterStopSingle
	case HeadersStopAll:
		f.iter = iterStopAll
	case HeadersStopAllBuffer:
		f.iter = iterStopAllOver
	case HeadersContinue:
		f.headersShown = false
		if !f.headersContinued {
			f.release()
		}
	}
}

// BeginData takes a piece of body. deliver says whether the guest is to be
// called, with size; otherwise the piece is kept.
func (f *Flow) BeginData(chunk []byte, end bool) (size int, deliver bool) {
	f.Ended = f.Ended || end
	if f.iter >= iterStopAll {
		f.hold(chunk, f.iter == iterStopAll)
		return 0, false
	}
	return f.showData(chunk)
}

func (f *Flow) showData(chunk []byte) (size int, deliver bool) {
	f.chunk = chunk
	if f.buffering {
		f.hold(chunk, false)
		f.chunk = nil
		if f.TooLarge {
			return 0, false
		}
	}
	f.bodyShown = true
	return len(*f.shownBody()), true
}

// hold adds to the held body. Without streaming, over the limit is an error.
func (f *Flow) hold(chunk []byte, streaming bool) {
	f.held = append(f.held, chunk...)
	f.hasHeld = true
	f.streaming = streaming
	if len(f.held) > f.Limit && !streaming {
		f.TooLarge = true
	}
}

// EndData applies the callback's outcome.
func (f *Flow) EndData(s DataStatus) {
	f.buffering = false
	chunk := f.chunk
	f.chunk = nil
	switch s {
	case DataContinue:
		f.bodyShown = false
		if f.iter == iterStopSingle {
			f.hold(chunk, true)
			f.release()
			return
		}
		f.emit(chunk)
		return
	case DataStopBuffer:
		f.buffering = true
		f.iter = iterStopSingle
		f.hold(chunk, false)
	case DataStopWatermark:
		f.iter = iterStopSingle
		f.hold(chunk, true)
	case DataStopNoBuffer:
		f.iter = iterStopSingle
		if f.Ended && !f.trailersPending {
			f.hasHeld = true // so that the end is released, too
		}
	}
}

// BeginTrailers takes the trailers. deliver says whether the guest is to be
// called now.
func (f *Flow) BeginTrailers(t []abi.Pair) (deliver bool) {
	f.Trailers = HeaderMap{Pairs: t, Kind: TrailerMap}
	f.HasTrailers, f.Ended = true, true
	f.trailersPending = true
	return f.ShowTrailers()
}

// EndTrailers applies the callback's outcome.
func (f *Flow) EndTrailers(stop bool) {
	if stop {
		f.iter = iterStopSingle
		return
	}
	f.trailersShown = false
	if f.iter == iterStopSingle {
		f.release()
		return
	}
	f.finish()
}

// emit lets a piece of body through.
func (f *Flow) emit(chunk []byte) {
	if f.hasHeld {
		chunk = append(f.held, chunk...)
		f.held, f.hasHeld = nil, false
	}
	f.Out.Body = append(f.Out.Body, chunk...)
	f.finish()
}

// finish lets the end through, once all has arrived and nothing is left to be
// delivered.
func (f *Flow) finish() {
	if f.Ended && !f.trailersPending {
		f.Out.Trailers, f.Out.End, f.over = f.HasTrailers, true, true
	}
}

// release lets all through that is held.
func (f *Flow) release() {
	f.iter = iterContinue
	f.streaming = false
	if !f.headersContinued {
		f.headersContinued = true
		f.Out.Headers = true
	}
	f.emit(nil)
}

// Resume goes on after a pause, as Envoy's commonContinue does. What the guest
// has not seen is delivered to it first: deliverData with size, and then
// deliverTrailers if the guest does not stop again.
func (f *Flow) Resume() (size int, deliverData, deliverTrailers bool) {
	switch {
	case f.Aborted || !f.HasHeaders || f.over:
		return 0, false, false
	case f.iter == iterContinue && f.headersContinued && !f.hasHeld:
		return 0, false, false // nothing is held
	case f.iter == iterContinue, f.iter == iterStopSingle:
		f.release()
		return 0, false, false
	}
	f.iter = iterContinue
	f.streaming = false
	f.headersContinued = true
	f.Out.Headers = true
	if f.hasHeld {
		chunk := f.held
		f.held, f.hasHeld = nil, false
		size, deliverData = f.showData(chunk)
	}
	if !deliverData {
		f.finish()
	}
	return size, deliverData, f.trailersPending
}

// ShowTrailers shows trailers that were held back, before their callback.
func (f *Flow) ShowTrailers() bool {
	if f.iter >= iterStopAll {
		return false
	}
	f.trailersShown, f.trailersPending = true, false
	return true
}
