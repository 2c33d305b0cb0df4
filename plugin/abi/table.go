package abi

import (
	"github.com/postern-wasm/postern/plugin/filter"
	"github.com/postern-wasm/postern/plugin/memory"
)

// policy is an accepted configuration and the region that it lives in.
type policy struct {
	plugin *filter.Plugin
	home   *memory.Region
	tally  tally
	lines  [][]byte // the prepared answers' headers as the host takes them, by reason
}

// encode writes the headers of the answers that are made beforehand.
func (p *policy) encode() {
	answers := p.plugin.Answers()
	p.lines = make([][]byte, len(answers))
	for i := range answers {
		p.lines[i] = appendPairs(nil, answers[i].Headers)
	}
}

// close frees the configuration, its key sets and itself.
func (p *policy) close() {
	p.plugin.Close()
	p.home.Free()
}

// stream is one HTTP context of the host.
type stream struct {
	filter.Stream
	policy *policy // nil if none was in force when it began, or since it ended
}

// gone says whether a stream that began under a policy has ended: within a host call of
// the very callback that judges it. Its id may be another one's by then.
func (s *stream) gone() bool { return s.policy == nil }

// table finds streams by the host's context id and reuses their memory. Ids are the
// key of an open-addressing index without deletion marks: entries move back when one
// before them goes, so that a table that is used for ever stays as fast as a new one.
type table struct {
	index []*stream // a power of two long, at most half full
	free  []*stream
	ended []*stream // not free yet: a callback under way may still name them
	used  int
}

const minIndex = 64

// create returns the stream of an id, made new; an id in use keeps its stream.
func (t *table) create(id uint32, p *policy) *stream {
	if s := t.find(id); s != nil {
		return s
	}
	if t.used*2 >= len(t.index) {
		t.grow()
	}
	var s *stream
	if n := len(t.free); n > 0 {
		s, t.free = t.free[n-1], t.free[:n-1]
	} else {
		s = new(stream)
	}
	*s = stream{Stream: filter.Stream{ID: id}, policy: p}
	t.put(s)
	t.used++
	return s
}

// find returns the stream of an id, or nil.
func (t *table) find(id uint32) *stream {
	if len(t.index) == 0 {
		return nil
	}
	mask := uint32(len(t.index) - 1)
	for i := id & mask; ; i = (i + 1) & mask {
		if s := t.index[i]; s == nil || s.ID == id {
			return s
		}
	}
}

// recycle makes the memory of ended streams another one's. No callback may be under way.
func (t *table) recycle() {
	if len(t.ended) == 0 {
		return
	}
	t.free = append(t.free, t.ended...)
	clear(t.ended)
	t.ended = t.ended[:0]
}

// remove forgets a stream and keeps its memory for another, from recycle on.
func (t *table) remove(s *stream) {
	mask := uint32(len(t.index) - 1)
	i := s.ID & mask
	for t.index[i] != s {
		if t.index[i] == nil {
			return
		}
		i = (i + 1) & mask
	}
	t.index[i] = nil
	t.used--
	s.policy = nil
	t.ended = append(t.ended, s)
	for i = (i + 1) & mask; t.index[i] != nil; i = (i + 1) & mask {
		moved := t.index[i]
		t.index[i] = nil
		t.put(moved)
	}
}

func (t *table) put(s *stream) {
	mask := uint32(len(t.index) - 1)
	i := s.ID & mask
	for t.index[i] != nil {
		i = (i + 1) & mask
	}
	t.index[i] = s
}

func (t *table) grow() {
	old := t.index
	t.index = make([]*stream, max(minIndex, 2*len(old)))
	for _, s := range old {
		if s != nil {
			t.put(s)
		}
	}
}

// uses says whether a stream is judged by a policy.
func (t *table) uses(p *policy) bool {
	for _, s := range t.index {
		if s != nil && s.policy == p {
			return true
		}
	}
	return false
}

// orphan takes a policy from its streams.
func (t *table) orphan(p *policy) {
	for _, s := range t.index {
		if s != nil && s.policy == p {
			p.plugin.Gone(&s.Stream)
			s.policy = nil
		}
	}
}
