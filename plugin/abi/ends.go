//go:build wasip1

package abi

import "github.com/postern-wasm/postern/plugin/memory"

func removeStream(s *stream) {
	p := s.policy
	if p != nil {
		p.plugin.Gone(&s.Stream)
	}
	streams.remove(s)
	if !memory.Outside() {
		return
	}
	streams.recycle()
	if r := rootWith(p); r != nil && r.current != p {
		r.tidy()
	}
}

// removeRoot frees a context with all its policies. Streams that the host should have
// deleted before are refused from then on.
func removeRoot(i int) {
	r, last := roots[i], roots[i].current
	if last != nil {
		r.retired = push(r.retired, last)
	}
	for _, p := range r.retired {
		streams.orphan(p)
		quit(p)
		graves = push(graves, p)
	}
	roots = append(roots[:i], roots[i+1:]...)
	if last != nil {
		last.leave()
		waiting()
	}
	clear(r.retired)
	*r = root{retired: r.retired[:0]}
	spare = append(spare, r)
	if memory.Outside() {
		bury()
	}
}

// bury frees the policies of deleted roots.
func bury() {
	if len(graves) == 0 {
		return
	}
	for _, p := range graves {
		p.close()
	}
	clear(graves)
	graves = graves[:0]
}
