//go:build !race

package storm

import (
	"strings"

	"github.com/postern-wasm/postern/host/abi"
)

// ending is how a host tells that a request is over.
type ending uint8

const (
	ended        ending = iota // it has been told
	withHeaders                // no body follows
	withLast                   // with the last piece
	withEmpty                  // with one call more, of nothing new
	withTrailers               // with trailers alone
)

// cut divides the body as it will come, and says how the end will.
func (s *storm) cut(m *message) {
	body := m.sealed.body
	m.ending = []ending{withLast, withLast, withEmpty, withTrailers}[s.rng.IntN(4)]
	if len(body) == 0 {
		m.ending = []ending{withHeaders, withHeaders, withEmpty, withTrailers}[s.rng.IntN(4)]
		return
	}
	for len(body) > 0 {
		n := len(body)
		if len(m.pieces) < 5 && s.chance(3, 4) {
			n = s.rng.IntN(len(body) + 1)
		}
		m.pieces, body = append(m.pieces, body[:n]), body[n:]
	}
}

// feed sends what comes next of a signed request's body.
func (s *storm) feed(st *stream) {
	m := st.message
	switch {
	case len(m.pieces) > 0:
		piece := m.pieces[0]
		m.pieces = m.pieces[1:]
		end := len(m.pieces) == 0 && m.ending == withLast
		if end {
			m.ending = ended
		}
		s.piece(st, piece, end)
	case m.ending == withEmpty:
		m.ending = ended
		s.piece(st, nil, true)
	case m.ending == withTrailers:
		m.ending = ended
		s.trail(st)
	case st.phase != waiting:
		s.end(st)
	}
}

// told notes that a body callback is about to be made for a stream.
func (s *storm) told(st *stream, whole bool) {
	if st.phase == waiting {
		st.told = true
		if st.policy != nil {
			st.policy.delivers = true
		}
	}
	if whole && !st.whole {
		st.whole, st.since = true, s.clock
		s.offer(st)
	}
}

// offer counts that a stream is about to be judged by its signature for good.
func (s *storm) offer(st *stream) {
	if !st.offered {
		st.offered = true
		st.message.sealed.offered++
	}
}

// piece is a body callback. While the stream waits the proxy tells the size of all that it
// holds, later only that of what is new.
func (s *storm) piece(st *stream, piece []byte, end bool) {
	w := st.worker
	if st.flow != nil {
		s.flowPiece(st, piece, end)
		return
	}
	size := len(piece)
	st.held = append(st.held, piece...)
	if st.phase == waiting {
		size = len(st.held)
	}
	s.told(st, end)
	before := st.phase
	var action uint32
	w.inContext(st.id, func() { action = w.guest.body(st.id, size, end) })
	w.note("body %d of %d, %v, returns %d", st.id, size, end, action)
	s.after(st, before, action)
}

// after checks what a body or trailers callback has returned, and lets the stream go on.
func (s *storm) after(st *stream, before phase, action uint32) {
	switch {
	case st.phase == gone:
	case before == waiting && st.phase == waiting && action == actionContinue:
		s.passed(st)
	case before != waiting && (action == actionContinue) != (before == passed), st.phase == answered && action == actionContinue:
		s.faultf("stream %d: a body or trailers in phase %d, before %d, return %d", st.id, st.phase, before, action)
	}
}

// action is the one that a later callback of the stream must return.
func (st *stream) action() uint32 {
	if st.phase == passed {
		return actionContinue
	}
	return actionPause
}

func (s *storm) chunk(st *stream, size int, end bool) {
	w := st.worker
	want := st.action()
	var action uint32
	w.inContext(st.id, func() { action = w.guest.body(st.id, size, end) })
	w.note("body %d returns %d", st.id, action)
	if action != want && st.phase != gone {
		s.faultf("stream %d: a body in phase %d returns %d", st.id, st.phase, action)
	}
}

func (s *storm) trail(st *stream) {
	w := st.worker
	before, want := st.phase, st.action()
	if st.message.sealed != nil {
		s.told(st, true)
	}
	if st.flow != nil {
		st.flow.due = s.dueOf(st, true, true)
		st.flow.begin(nil)
		defer st.flow.end()
	}
	st.trailers = []abi.Pair{{Name: "checksum", Value: "1"}}
	if st.policy != nil {
		st.trailers = append(st.trailers, abi.Pair{Name: strings.ToUpper(st.policy.header("in")), Value: "root"})
	}
	st.trailing = true
	var action uint32
	w.inContext(st.id, func() { action = w.guest.trailers(st.id, len(st.trailers)) })
	st.trailing = false
	w.note("trailers %d returns %d", st.id, action)
	if st.phase == gone {
		return
	}
	if st.flow != nil {
		s.afterFlow(st, before, true, action)
	} else if st.message.sealed != nil {
		s.after(st, before, action)
	} else if action != want {
		s.faultf("stream %d: trailers in phase %d return %d", st.id, st.phase, action)
	}
	if action == actionContinue && len(st.trailers) != 1 {
		s.faultf("stream %d: an identity comes in behind the body: %v", st.id, st.trailers)
	}
}
