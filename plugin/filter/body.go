package filter

import (
	"github.com/postern-wasm/postern/plugin/memory"
	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/verify/signed"
)

// The bodies of requests that are held. The driver tells of every body callback by
// [Plugin.Arrived], reads the pieces that [Plugin.Wanted] names for [Plugin.Took], and
// calls [Plugin.Resume] when the stream is [Plugin.Due].

// taps are the hashes of one stream that waits for its body. They are lent by the plugin,
// hold no pointer to a request, and are wiped before they are another's.
type taps struct {
	signed.Taps
	pledge signed.Pledge // of a body that passes meanwhile
	next   *taps
}

// lend gives a stream hashes to run over its body. A plugin makes as many as streams have
// ever waited at once.
func (p *Plugin) lend(s *Stream) {
	if p.spare == nil {
		before := memory.Enter(p.home)
		p.spare = new(taps)
		memory.Leave(before)
	}
	s.taps, p.spare = p.spare, p.spare.next
	s.taps.next = nil
}

// takeBack wipes a stream's hashes.
func (p *Plugin) takeBack(s *Stream) {
	t := s.taps
	if t == nil {
		return
	}
	t.Reset()
	t.pledge.Reset()
	t.next, p.spare = p.spare, t
	s.taps = nil
}

// ReadBody has the host's body of the stream under way read by a function: n bytes from
// start on, nil if they cannot be had. The piece is the driver's until the next call.
func (p *Plugin) ReadBody(read func(start, n int64) []byte) { p.readBody = read }

// Asks has the client's address and the request's protocol asked for by functions; "" is
// not known.
func (p *Plugin) Asks(address, protocol func() string) { p.client, p.protocol = address, protocol }

// Delivers says that this host delivers the bodies of held requests: it has been seen to.
func (p *Plugin) Delivers() { p.delivers = true }

// HoldsBodies says whether any request may be held for its body, so that a timer is
// wanted that finds out a host which never delivers one.
func (p *Plugin) HoldsBodies() bool {
	for i := range p.cfg.Providers {
		if s := p.cfg.Providers[i].Signed; s != nil && !s.BeforeUpstream {
			return true
		}
	}
	return false
}

// Arrived is told of a body callback: the host holds size bytes of the body, which is all
// of it if ended. False leaves it to [Plugin.Later].
func (p *Plugin) Arrived(s *Stream, size int64, ended bool) bool {
	if s.phase == allowed && s.bodyless && size > 0 {
		s.phase, s.size = surplus, size
		return true
	}
	if s.phase != waits {
		return false
	}
	s.arrived = true
	s.size, s.Ended = max(s.size, size), s.Ended || ended
	return true
}

// Ends is told of the trailers, which end the body, whatever the host says elsewhere. False
// leaves them to [Plugin.Later].
func (p *Plugin) Ends(s *Stream) bool {
	if s.phase != waits {
		return false
	}
	s.arrived, s.Ended = true, true
	return true
}

// Wanted says which piece of the body is to be read next; n is 0 if none is.
func (p *Plugin) Wanted(s *Stream) (start, n int64) {
	if s.taps == nil || s.torn || s.size > s.limit {
		return 0, 0
	}
	start = s.taps.Size()
	return start, min(max(s.size-start, 0), pieceBytes)
}

// Took takes the piece that was wanted. One that is not whole is not believed: the body
// is read again when it is complete.
func (p *Plugin) Took(s *Stream, piece []byte) {
	if _, n := p.Wanted(s); n == 0 || int64(len(piece)) != n {
		s.torn = true // or gone, or read by another callback, while the host was asked
		return
	}
	s.taps.Write(piece)
}

// Due says that a stream is to be judged because of its body: all of it is there, or too
// much.
func (p *Plugin) Due(s *Stream) bool {
	return s.phase == surplus || s.phase == waits && s.forBody && (s.Ended || s.size > s.limit)
}

// undelivered says that a stream has waited long enough for a first sign of its body.
func (s *Stream) undelivered(now int64) bool {
	return s.forBody && !s.ahead && !s.arrived && now-s.since >= deliveryPatience
}

// bodyNote returns, once, what an operator has to know of a host that keeps bodies back.
func (p *Plugin) bodyNote() string {
	switch {
	case p.undelivered:
		p.undelivered = false
		return "the host does not deliver the body of a request whose headers are held: signed requests with a body are answered with 503 (in Envoy set allow_on_headers_stop_iteration: true in the plugin's configuration)"
	case p.unread:
		p.unread = false
		return "the host does not hand over a body that it has announced: the request is answered with 503 (" + reason.BodyUndelivered.String() + ")"
	}
	return ""
}
