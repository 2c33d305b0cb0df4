package host

import (
	"context"

	"github.com/postern-wasm/postern/host/abi"
	"github.com/postern-wasm/postern/host/internal/guest"
	"github.com/postern-wasm/postern/host/internal/hostcall"
	"github.com/postern-wasm/postern/host/internal/state"
)

// Stream is one HTTP exchange: feed it what arrives, take from it what the
// module lets through. Its methods may be called from several goroutines, and
// each direction must be fed in order: headers, body, trailers. What is fed out
// of order, twice or after the end is ignored, and the state that stands is
// returned.
type Stream struct {
	w    *worker
	env  *hostcall.Env // the VM that it began in
	root *root
	ctx  state.Context
	ex   state.Exchange

	created  bool // the guest knows of it
	closed   bool
	over     State // StateAnswered and beyond: the end; else 0
	replying bool  // a local answer passes the response callbacks
	answer   Answer
	fed      [2]feed
	changed  chan struct{}
}

// feed is how far one direction has been fed.
type feed struct {
	headers, ended bool
	taken          bool   // its headers have left
	whole          []byte // profile nginx: the body until it is whole
}

// NewStream begins an exchange. The guest hears of it with the first headers.
// On a Host without a configuration, and on a worker without a VM, the stream
// is StateTrapped from its first headers on. It panics if opts.Worker is out of
// range: that is a mistake of the program's, never of a request's.
func (h *Host) NewStream(opts StreamOptions) *Stream {
	n := opts.Worker
	if n == 0 {
		n = int(h.turn.Add(1)-1)%len(h.workers) + 1
	}
	if n < 1 || n > len(h.workers) {
		panic("host: no such worker")
	}
	s := &Stream{w: h.workers[n-1]}
	s.ex.Start = h.opts.Clock.Now()
	s.ex.HTTP2 = opts.HTTP2
	if h.opts.Profile == ProfileGoogle {
		s.ex.Frozen = s.ex.Start
	}
	if len(opts.Properties) > 0 {
		s.ex.Properties = make(map[string][]byte, len(opts.Properties))
		for k, v := range opts.Properties {
			s.ex.Properties[abi.DottedPath(k)] = v
		}
	}
	s.ex.Request.Limit, s.ex.Response.Limit = h.opts.BufferLimit, h.opts.BufferLimit
	return s
}

// Arrive returns h as Envoy shows it to a filter: names in lower case, the
// lines of each name that Envoy keeps as one entry (authorization, origin,
// content-type, x-forwarded-for and others) joined by a comma into the first,
// in HTTP/2 cookies joined by "; ", Host as :authority, pseudo headers first.
// Other names that come twice stay two pairs. h is not changed.
func Arrive(h []abi.Pair, http2 bool) []abi.Pair { return state.Fold(h, state.RequestMap, http2) }

// ArriveResponse is Arrive for an upstream's headers.
func ArriveResponse(h []abi.Pair) []abi.Pair { return state.Fold(h, state.ResponseMap, false) }

// RequestHeaders feeds the request's headers, pseudo headers first (:authority,
// :path, :method, :scheme), as Arrive returns them. The stream takes h over.
// end says that neither body nor trailers follow.
func (s *Stream) RequestHeaders(h []abi.Pair, end bool) State {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	if s.closed || s.fed[0].headers {
		return s.state(false)
	}
	s.fed[0] = feed{headers: true, ended: end}
	if s.create() {
		s.deliverHeaders(false, h, state.RequestMap, end)
	} else {
		s.ex.Request.BeginHeaders(h, state.RequestMap, end)
		s.ex.Request.HideAll()
		s.fail()
	}
	s.w.settle()
	return s.state(false)
}

// create makes the guest's context.
func (s *Stream) create() bool {
	w := s.w
	r := w.current()
	if r == nil {
		return false
	}
	s.root, s.env = r, w.env
	s.ctx = state.Context{Root: r.ctx, Exchange: &s.ex, Owner: s}
	w.env.NewContext(&s.ctx)
	w.streams[s] = struct{}{}
	r.streams++
	s.created = true
	if !w.env.VM.Has(guest.FuncContextCreate) {
		return true
	}
	_, err := w.call(&s.ctx, guest.FuncContextCreate, s.ctx.ID, r.ctx.ID)
	return err == nil
}

// RequestBody feeds a piece of the request's body. chunk may be empty when end
// is set. It is copied if it is kept.
func (s *Stream) RequestBody(chunk []byte, end bool) State { return s.body(false, chunk, end) }

// RequestTrailers feeds the trailers, which end the request.
func (s *Stream) RequestTrailers(t []abi.Pair) State { return s.trailers(false, t) }

// ResponseHeaders feeds the upstream's headers, :status first.
func (s *Stream) ResponseHeaders(h []abi.Pair, end bool) State {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	if s.closed || s.over != 0 || s.replying || s.fed[1].headers || !s.fed[0].headers {
		return s.state(true)
	}
	s.fed[1] = feed{headers: true, ended: end}
	s.deliverHeaders(true, h, state.ResponseMap, end)
	s.w.settle()
	return s.state(true)
}

// ResponseBody feeds a piece of the response's body, as RequestBody does.
func (s *Stream) ResponseBody(chunk []byte, end bool) State { return s.body(true, chunk, end) }

// ResponseTrailers feeds the trailers, which end the response.
func (s *Stream) ResponseTrailers(t []abi.Pair) State { return s.trailers(true, t) }

// feedable reports whether a direction may be fed more.
func (s *Stream) feedable(response bool) bool {
	f := s.fed[direction(response)]
	return !s.closed && s.over == 0 && f.headers && !f.ended && !(response && s.replying)
}

func direction(response bool) int {
	if response {
		return 1
	}
	return 0
}

func (s *Stream) body(response bool, chunk []byte, end bool) State {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	if !s.feedable(response) || s.ex.Flow(response).Aborted {
		return s.state(response)
	}
	s.fed[direction(response)].ended = end
	if response {
		s.ex.SentBytes += int64(len(chunk))
	} else {
		s.ex.ReceivedBytes += int64(len(chunk))
	}
	s.deliverBody(response, chunk, end)
	s.w.settle()
	return s.state(response)
}

func (s *Stream) trailers(response bool, t []abi.Pair) State {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	if !s.feedable(response) || s.ex.Flow(response).Aborted {
		return s.state(response)
	}
	s.fed[direction(response)].ended = true
	s.deliverTrailers(response, t)
	s.w.settle()
	return s.state(response)
}

// RequestState returns how the request stands.
func (s *Stream) RequestState() State {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	return s.state(false)
}

// ResponseState returns how the response stands.
func (s *Stream) ResponseState() State {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	return s.state(true)
}

func (s *Stream) state(response bool) State {
	switch {
	case s.over != 0:
		return s.over
	case s.replying:
		return StatePaused // the answer is held by a response callback
	case !s.fed[direction(response)].headers:
		return StateIdle
	case s.ex.Flow(response).Paused():
		return StatePaused
	}
	return StateContinue
}

// BodyStopped reports whether feeding more of the request's body is pointless
// for now: the module holds the headers and the host does not deliver the body
// (no StopIteration), or the held body has reached the limit. What is fed all
// the same is kept.
func (s *Stream) BodyStopped() bool {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	f := &s.ex.Request
	return s.over != 0 || f.Stopped() || f.Paused() && f.Full()
}

// TakeRequest returns what has been let through towards the upstream since the
// last call, and forgets it.
func (s *Stream) TakeRequest() Part { return s.take(false) }

// TakeResponse returns what has been let through towards the client since the
// last call. A local answer does not pass here, but by Answer.
func (s *Stream) TakeResponse() Part { return s.take(true) }

func (s *Stream) take(response bool) Part {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	f := s.ex.Flow(response)
	if response && (s.replying || s.over == StateAnswered) {
		return Part{}
	}
	p := Part{Body: f.Out.Body, End: f.Out.End}
	if f.Out.Headers {
		p.Headers = append(make([]abi.Pair, 0, len(f.Headers.Pairs)), f.Headers.Pairs...)
		s.fed[direction(response)].taken = true
	}
	if f.Out.Trailers {
		p.Trailers = append(make([]abi.Pair, 0, len(f.Trailers.Pairs)), f.Trailers.Pairs...)
	}
	f.Out = state.Output{}
	return p
}

// Answer returns the local answer. ok is false unless the state is
// StateAnswered, or StateTrapped before the response began.
func (s *Stream) Answer() (a Answer, ok bool) {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	return s.answer, (s.over == StateAnswered || s.over == StateTrapped) && s.answer.Status != 0
}

// FilterState returns what the module stored with proxy_set_property, by path
// ("postern.client"), for tests and access logs. It stays after Close.
func (s *Stream) FilterState() map[string][]byte {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	m := make(map[string][]byte, len(s.ex.FilterState))
	for k, v := range s.ex.FilterState {
		m[k] = v
	}
	return m
}

// Worker returns the number of the worker that the stream is pinned to.
func (s *Stream) Worker() int { return s.w.n }

// Changed returns a channel that is closed when the stream next changes by
// itself: a pause ended, an answer was given, a trap. Take it before reading the
// states, and anew after each change.
func (s *Stream) Changed() <-chan struct{} {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	if s.changed == nil {
		s.changed = make(chan struct{})
	}
	return s.changed
}

func (s *Stream) signal() {
	if s.changed != nil {
		close(s.changed)
		s.changed = nil
	}
}

// WaitRequest waits until the request is not paused and returns its state, or
// StatePaused when ctx ends first. Under a virtual clock somebody else must
// call Host.RunDue meanwhile.
func (s *Stream) WaitRequest(ctx context.Context) State { return s.wait(ctx, s.RequestState) }

// WaitResponse is WaitRequest for the response.
func (s *Stream) WaitResponse(ctx context.Context) State { return s.wait(ctx, s.ResponseState) }

func (s *Stream) wait(ctx context.Context, state func() State) State {
	for {
		changed := s.Changed()
		if now := state(); now != StatePaused {
			return now
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return state()
		}
	}
}

// Close ends the exchange: the guest's log, done and delete callbacks run. A
// stream must be closed, once; later calls do nothing.
func (s *Stream) Close() {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	if s.closed {
		return
	}
	if s.created && s.alive() {
		s.finish()
	}
	s.closed = true
	s.signal()
	delete(s.w.streams, s)
	if s.created && s.root != nil {
		s.root.streams--
		if s.env == s.w.env && s.w.env != nil {
			s.env.DropContext(&s.ctx)
			s.w.retire(s.root)
		}
	}
	s.w.settle()
}

// Abort ends the exchange without an answer: one of its sides has broken off.
// The stream still has to be closed.
func (s *Stream) Abort() {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	if !s.closed {
		s.reset()
	}
}

// invalid ends an exchange whose message cannot be sent, as a trap does.
func (s *Stream) invalid() {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	s.fail()
}
