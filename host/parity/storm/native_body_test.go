//go:build !race

package storm

import (
	"slices"

	"github.com/postern-wasm/postern/plugin/filter"
	"github.com/postern-wasm/postern/plugin/reason"
)

func (n *native) body(id uint32, size int, ended bool) uint32 {
	s := n.streams[id]
	switch {
	case s.plugin != nil && s.plugin.Passes(&s.Stream):
		return n.pass(s, size, ended)
	case s.plugin != nil && s.plugin.Arrived(&s.Stream, int64(size), ended):
		return n.took(s)
	}
	return n.later(s)
}

// took is the plugin's share of a held body.
func (n *native) took(s *nativeStream) uint32 {
	p := s.plugin
	n.delivered = true
	p.Delivers()
	for start, size := p.Wanted(&s.Stream); size > 0; start, size = p.Wanted(&s.Stream) {
		b, _ := n.w.buffer(bufferRequest, int32(start), int32(size))
		p.Took(&s.Stream, b)
	}
	if !p.Due(&s.Stream) {
		return actionPause
	}
	n.pump(s.root, p)
	n.w.setEffective(s.ID)
	list := n.list()
	return n.judge(s, list, p.Resume(n.now(), &s.Stream, list))
}

func (n *native) later(s *nativeStream) uint32 {
	if s.plugin != nil && s.plugin.Later(&s.Stream) == filter.Continue {
		return actionContinue
	}
	return actionPause
}

// pass is the plugin's share of a body that passes.
func (n *native) pass(s *nativeStream, size int, ended bool) uint32 {
	p := s.plugin
	b, _ := n.w.buffer(bufferRequest, 0, int32(size))
	b = slices.Clone(b)
	switch {
	case !p.Fits(&s.Stream, int64(size)):
		return n.breakOff(s, reason.BodyTooLarge)
	case ended:
		p.Last(&s.Stream, b)
		kept, keeps, ok := p.Passed(&s.Stream)
		if !ok {
			return n.breakOff(s, reason.DigestMismatch)
		}
		if keeps {
			n.w.setBuffer(bufferRequest, 0, 0, []byte{kept})
		}
	case size > 0:
		n.w.setBuffer(bufferRequest, 0, int32(size), slices.Clone(p.Pass(&s.Stream, b)))
	}
	return actionContinue
}

// passOver is the plugin's share of the trailers behind such a body.
func (n *native) passOver(s *nativeStream) uint32 {
	if s.plugin.Kept(&s.Stream) {
		return n.breakOff(s, reason.BodyUndelivered)
	}
	if _, _, ok := s.plugin.Passed(&s.Stream); !ok {
		return n.breakOff(s, reason.DigestMismatch)
	}
	return actionContinue
}

func (n *native) breakOff(s *nativeStream, code reason.Code) uint32 {
	n.carryOut(s.plugin.Break(n.now(), &s.Stream, code))
	s.plugin.Release()
	return actionPause
}
