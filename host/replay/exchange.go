package replay

import (
	"strconv"
	"strings"

	"github.com/postern-wasm/postern/host"
	"github.com/postern-wasm/postern/host/abi"
)

// pieceSize is how a body without chunks comes, in bytes: what Envoy reads
// from a socket at once.
const pieceSize = 16 << 10

// settle runs what is due: the ticks that now has skipped, at most maxTicks,
// then what those made. The table answers at once unless it delays, so a key
// set that a tick asked for is there before the request.
func (e *Engine) settle() {
	e.host.RunDue(maxTicks)
	for n := 0; n < maxEvents; n++ {
		next, ok := e.host.Next()
		if !ok || next.Due.After(e.clock.Now()) || e.host.RunDue(1) == 0 {
			return
		}
	}
}

// hold moves the clock from event to event until the stream is not paused, at
// most maxHold. It reports false when nothing will ever release it.
func (e *Engine) hold(state func() host.State) bool {
	deadline := e.clock.Now().Add(maxHold)
	for n := 0; state() == host.StatePaused; {
		next, ok := e.host.Next()
		if !ok || n >= maxEvents {
			return false
		}
		if next.Due.After(deadline) {
			e.clock.Set(deadline)
			return false
		}
		if next.Due.After(e.clock.Now()) {
			e.clock.Set(next.Due)
		}
		ran := e.host.RunDue(maxTicks)
		if ran == 0 {
			return false
		}
		n += ran
	}
	return true
}

// exchange sends the case's request and says what came of it.
func (e *Engine) exchange(c *Case) *Answer {
	s := e.host.NewStream(host.StreamOptions{Properties: properties(c.Properties)})
	defer s.Close()
	c.Request.feed(s)
	released := e.hold(s.RequestState)
	sent := s.TakeRequest()

	a := newAnswer(c.Name, "")
	a.Provider = providerOf(s)
	a.Upstream = upstreamOf(&sent)
	state := s.RequestState()
	switch {
	case !released:
		a.Reason = ReasonHang
	case state == host.StateAnswered, state == host.StateTrapped:
		e.answered(a, s)
	case state == host.StateReset:
		a.Reason = ReasonReset
	case state == host.StateContinue && sent.End:
		a.Allowed = true
	default:
		a.Reason = ReasonHang // the module has let go of a part and keeps the end
	}
	if e.settings.long || c.UpstreamResponse != nil {
		a.Details = &Details{UpstreamRequest: requestOf(&sent)}
		e.respond(c, a, s)
	}
	return a
}

// answered puts the module's own answer, or the host's after a trap, into a.
func (e *Engine) answered(a *Answer, s *host.Stream) {
	if l, ok := s.Answer(); ok {
		a.local(l)
		if code := s.FilterState()["postern.reason"]; len(code) > 0 {
			a.Reason = strings.ToValidUTF8(string(code), "\uFFFD") // details may be in jwt_authn's words
		}
	}
	if s.RequestState() == host.StateTrapped {
		status := 503
		a.Status, a.Reason = &status, ReasonTrap
		a.Error = e.host.Workers()[0].LastTrap
	}
}

// feed sends the request, piece by piece, until the module has answered.
func (r *Request) feed(s *host.Stream) {
	pieces, h := r.pieces(), r.pairs()
	end := len(r.Trailers) == 0
	if len(pieces) == 0 && end && host.Endless(h) {
		pieces = [][]byte{nil} // the headers are not the end
	}
	state := s.RequestHeaders(h, len(pieces) == 0 && end)
	for i, p := range pieces {
		if state.Final() {
			return
		}
		state = s.RequestBody(p, end && i == len(pieces)-1)
	}
	if !state.Final() && !end {
		s.RequestTrailers(pairs(r.Trailers))
	}
}

// Pairs returns the header map as a filter sees it: pseudo headers first, names in lower
// case, lines joined where Envoy joins them.
func (r *Request) Pairs() []abi.Pair { return r.pairs() }

// pairs is Pairs.
func (r *Request) pairs() []abi.Pair {
	authority := r.Authority
	lines := pairs(r.Headers)
	kept := lines[:0]
	for _, p := range lines {
		if p.Name != "host" {
			kept = append(kept, p)
		} else if authority == "" {
			authority = p.Value
		}
	}
	path := r.Path
	if r.Query != nil {
		path += "?" + *r.Query
	}
	pseudo := []abi.Pair{{Name: ":authority", Value: authority}}
	if path != "" || r.Method != "CONNECT" {
		pseudo = append(pseudo, abi.Pair{Name: ":path", Value: path})
	}
	pseudo = append(pseudo, abi.Pair{Name: ":method", Value: r.Method}, abi.Pair{Name: ":scheme", Value: r.Scheme})
	return host.Arrive(append(pseudo, kept...), false)
}

// pieces cuts the body. A request with a body, or with chunks, has pieces; the
// last one ends the request unless trailers follow.
func (r *Request) pieces() [][]byte {
	var out [][]byte
	rest := r.Body
	take := func(n int) {
		n = min(n, len(rest))
		out = append(out, rest[:n])
		rest = rest[n:]
	}
	if r.Chunks != nil {
		for _, n := range r.Chunks {
			take(n)
		}
		if len(rest) > 0 {
			take(len(rest))
		}
		return out
	}
	if len(rest) == 0 {
		return nil
	}
	for len(rest) > 0 {
		take(pieceSize)
	}
	if len(r.Trailers) == 0 {
		out = append(out, nil) // over h1 Envoy learns of the end by itself
	}
	return out
}

// providerOf returns the filter state postern.provider, or nil.
func providerOf(s *host.Stream) *Text {
	p := s.FilterState()["postern.provider"]
	if len(p) == 0 {
		return nil
	}
	t := Text(p)
	return &t
}

// respond sends the upstream's answer back through the module, where the
// request went through, and puts into a what the client got.
func (e *Engine) respond(c *Case, a *Answer, s *host.Stream) {
	if a.Allowed {
		r := c.UpstreamResponse
		if r == nil {
			r = &Response{Status: 200}
		}
		r.feed(s)
		if !e.hold(s.ResponseState) {
			a.Error = "the response hangs"
			return
		}
	}
	if l, ok := s.Answer(); ok {
		a.Response = &Message{Status: l.Status, Headers: plain(l.Headers), Body: orEmpty(l.Body)}
		return
	}
	if p := s.TakeResponse(); p.Headers != nil {
		status, _ := strconv.Atoi(value(p.Headers, ":status"))
		a.Response = &Message{
			Status: status, Headers: plain(p.Headers), Body: orEmpty(p.Body), Trailers: trailersOf(p.Trailers),
		}
	}
}

// feed sends the response, in pieces as a request's body comes.
func (r *Response) feed(s *host.Stream) {
	end := len(r.Trailers) == 0
	h := append([]abi.Pair{{Name: ":status", Value: strconv.Itoa(r.Status)}}, pairs(r.Headers)...)
	state := s.ResponseHeaders(h, len(r.Body) == 0 && end)
	for rest := r.Body; len(rest) > 0 && !state.Final(); {
		n := min(pieceSize, len(rest))
		state = s.ResponseBody(rest[:n], false)
		rest = rest[n:]
	}
	if state.Final() {
		return
	}
	if !end {
		s.ResponseTrailers(pairs(r.Trailers))
	} else if len(r.Body) > 0 {
		s.ResponseBody(nil, true)
	}
}
