package host

import (
	"github.com/postern-wasm/postern/host/abi"
	"github.com/postern-wasm/postern/host/internal/guest"
	"github.com/postern-wasm/postern/host/internal/hostcall"
	"github.com/postern-wasm/postern/host/internal/state"
)

// callbacks of the two directions.
var (
	headersFuncs  = [2]guest.Func{guest.FuncRequestHeaders, guest.FuncResponseHeaders}
	bodyFuncs     = [2]guest.Func{guest.FuncRequestBody, guest.FuncResponseBody}
	trailersFuncs = [2]guest.Func{guest.FuncRequestTrailers, guest.FuncResponseTrailers}
)

// alive reports whether the VM that the stream began in can still be called.
func (s *Stream) alive() bool {
	return s.created && s.env == s.w.env && s.w.alive()
}

// deliverHeaders runs a headers callback and applies what it came to.
func (s *Stream) deliverHeaders(response bool, h []abi.Pair, kind state.MapKind, end bool) {
	f := s.ex.Flow(response)
	f.BeginHeaders(h, kind, end)
	if !s.alive() {
		f.HideAll()
		s.fail()
		return
	}
	shownEnd := end && s.w.h.opts.Profile != ProfileNginx
	s.ex.EndOfStream = shownEnd
	fn := headersFuncs[direction(response)]
	status := state.HeadersContinue
	if s.env.VM.Has(fn) {
		args := []uint32{s.ctx.ID, uint32(len(h)), number(shownEnd)}
		if s.env.VM.Version() == abi.Version010 {
			args = args[:2]
		}
		v, stopped, ok := s.invoke(fn, args...)
		if !ok || f.Aborted {
			return
		}
		status = s.headersStatus(v, stopped)
	}
	if s.w.h.opts.Profile == ProfileNginx && !response && !end && status == state.HeadersContinue {
		status = state.HeadersStop // nothing goes upstream before the body is whole
	}
	f.EndHeaders(status)
	s.checkAnswer()
}

// invoke runs a callback and carries out what the guest asked for in it. That
// comes before the callback's result is applied, as in Envoy: a guest that
// continues the stream and then returns Pause has continued what was held
// before, and holds again. stopped says that the guest has answered, so that its
// result does not matter. ok is false if the exchange is over.
func (s *Stream) invoke(fn guest.Func, args ...uint32) (v uint32, stopped, ok bool) {
	v, err := s.w.call(&s.ctx, fn, args...)
	stopped = s.env.Stopped
	s.w.settle()
	if err != nil {
		s.fail()
	}
	return v, stopped, s.over == 0
}

func number(b bool) uint32 {
	if b {
		return 1
	}
	return 0
}

// headersStatus reads what a headers callback returned, as
// convertVmCallResultToFilterHeadersStatus and Envoy's own conversion do.
func (s *Stream) headersStatus(v uint32, stopped bool) state.HeadersStatus {
	profile := s.w.h.opts.Profile
	switch {
	case stopped:
		return state.HeadersStopAll
	case profile == ProfileGoogle:
		return state.HeadersContinue // Pause is ignored
	}
	switch abi.Action(v) {
	case abi.ActionContinue, abi.ActionHeadersContinueAndEndStream:
		return state.HeadersContinue // Envoy knows no end of stream here
	case abi.ActionPause:
		if s.w.h.opts.StopIteration && profile == ProfileEnvoy {
			return state.HeadersStop
		}
		return state.HeadersStopAll
	case abi.ActionHeadersStopAllAndBuffer:
		return state.HeadersStopAllBuffer
	case abi.ActionHeadersStopAllAndWatermark:
	}
	return state.HeadersStopAll // numbers that are none, too
}

// deliverBody runs a body callback for a piece of body, or keeps it.
func (s *Stream) deliverBody(response bool, chunk []byte, end bool) {
	f := s.ex.Flow(response)
	if s.w.h.opts.Profile == ProfileNginx && !response {
		whole := &s.fed[0].whole
		*whole = append(*whole, chunk...)
		if len(*whole) > f.Limit {
			s.tooLarge(response)
			return
		}
		if !end || f.Stopped() {
			return
		}
		chunk, *whole = *whole, nil
	}
	size, deliver := f.BeginData(chunk, end)
	s.bodyCallback(response, size, end, deliver)
}

// bodyCallback calls the guest for what BeginData or Resume has shown.
func (s *Stream) bodyCallback(response bool, size int, end, deliver bool) {
	f := s.ex.Flow(response)
	if f.TooLarge {
		s.tooLarge(response)
		return
	}
	if !deliver {
		return
	}
	if !s.alive() {
		s.fail()
		return
	}
	s.ex.EndOfStream = end
	fn := bodyFuncs[direction(response)]
	status := state.DataContinue
	if s.env.VM.Has(fn) {
		v, stopped, ok := s.invoke(fn, s.ctx.ID, uint32(size), number(end))
		if !ok || f.Aborted {
			return
		}
		status = s.dataStatus(v, stopped)
	}
	f.EndData(status)
	if f.TooLarge {
		s.tooLarge(response)
		return
	}
	s.checkAnswer()
}

func (s *Stream) dataStatus(v uint32, stopped bool) state.DataStatus {
	switch {
	case stopped:
		return state.DataStopNoBuffer
	case s.w.h.opts.Profile == ProfileGoogle:
		return state.DataContinue
	}
	switch abi.Action(v) {
	case abi.ActionContinue:
		return state.DataContinue
	case abi.ActionPause:
		return state.DataStopBuffer
	case abi.ActionDataStopAndWatermark:
		return state.DataStopWatermark
	case abi.ActionDataStopNoBuffer, abi.ActionHeadersStopAllAndWatermark:
	}
	return state.DataStopNoBuffer // numbers that are none, too
}

// deliverTrailers runs a trailers callback, or keeps the trailers.
func (s *Stream) deliverTrailers(response bool, t []abi.Pair) {
	f := s.ex.Flow(response)
	if s.w.h.opts.Profile == ProfileNginx && !response {
		s.deliverBody(response, nil, true) // there are no trailers for a guest
		return
	}
	if f.BeginTrailers(t) {
		s.trailersCallback(response)
	}
}

func (s *Stream) trailersCallback(response bool) {
	f := s.ex.Flow(response)
	if !s.alive() {
		s.fail()
		return
	}
	fn := trailersFuncs[direction(response)]
	stop := false
	if s.env.VM.Has(fn) && s.w.h.opts.Profile != ProfileGoogle {
		v, stopped, ok := s.invoke(fn, s.ctx.ID, uint32(len(f.Trailers.Pairs)))
		if !ok || f.Aborted {
			return
		}
		stop = v != 0 || stopped
	}
	f.EndTrailers(stop)
	s.checkAnswer()
}

// resume goes on after proxy_continue_stream.
func (s *Stream) resume(response bool) {
	f := s.ex.Flow(response)
	if s.over != 0 || f.Aborted {
		return
	}
	defer s.signal()
	if s.w.h.opts.Profile == ProfileNginx && !response && f.Stopped() && f.HasHeaders && !f.Ended {
		f.EndHeaders(state.HeadersStop) // now the body may come, as a whole
		if s.fed[0].ended {
			s.deliverBody(false, nil, true)
		}
		return
	}
	size, data, trailers := f.Resume()
	if data {
		s.bodyCallback(response, size, f.Ended && !trailers, true)
	}
	if trailers && s.over == 0 && !f.Aborted && f.ShowTrailers() {
		s.trailersCallback(response)
	}
	s.checkAnswer()
}

// reset ends the exchange without an answer.
func (s *Stream) reset() {
	if s.over != 0 {
		return
	}
	s.abort()
	s.over = StateReset
	s.signal()
}

func (s *Stream) abort() {
	s.ex.Request.Aborted = true
	s.ex.Response.Aborted = true
}

// fail answers 503 for a trap, past all callbacks (Context::failStream). Once
// the response has begun there is nothing to answer with.
func (s *Stream) fail() {
	if s.over != 0 || s.closed {
		return
	}
	s.abort()
	s.replying = false
	s.over = StateTrapped
	s.ex.Details = "wasm_fail_stream"
	s.answer = Answer{}
	if !s.fed[1].taken {
		s.answer = s.localAnswer(&hostcall.Reply{
			Status: 503, Details: s.ex.Details, GRPCStatus: 14, // UNAVAILABLE
		})
	}
	s.signal()
}

// finish runs the last callbacks of a stream, in the order of Envoy 1.40: log,
// done, delete. What the guest wants done in them comes too late for the stream.
func (s *Stream) finish() {
	s.abort()
	vm := &s.env.VM
	if vm.Has(guest.FuncLog) {
		s.ex.Logging = true
		if s.replied() {
			s.ex.Response.Headers.Pairs = s.answer.Headers
		}
		_, err := s.w.call(&s.ctx, guest.FuncLog, s.ctx.ID)
		s.ex.Logging = false
		if err != nil {
			return
		}
	}
	if vm.Has(guest.FuncDone) {
		// Whether a stream wants to put its end off is not asked (Envoy:
		// Context::onDestroy).
		if _, err := s.w.call(&s.ctx, guest.FuncDone, s.ctx.ID); err != nil {
			return
		}
	}
	if vm.Has(guest.FuncDelete) {
		_, _ = s.w.call(&s.ctx, guest.FuncDelete, s.ctx.ID) // a trap is settle's
	}
}

// replied reports whether the response is the module's or the host's own.
func (s *Stream) replied() bool {
	if s.answer.Status == 0 || s.over == 0 {
		return false
	}
	s.ex.Response.HasHeaders = true
	return true
}
