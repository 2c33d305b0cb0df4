//go:build wasip1

package abi

import "github.com/postern-wasm/postern/plugin/memory"

// alone says that no other callback is under way: what nobody names any more can be freed.
func alone() bool { return memory.Outside() && held == 0 }

func removeStream(s *stream) {
	p := s.policy
	if p != nil {
		p.plugin.Gone(&s.Stream)
	}
	streams.remove(s)
	if !alone() {
		return
	}
	streams.recycle()
	if r := rootWith(p); r != nil && r.current != p {
		r.tidy()
	}
}

// removeRoot frees a context with all its policies. Streams that the host should have
// deleted before are refused from then on.
//
// Its last host calls may bring callbacks, which end as all do: by freeing what roots have
// left behind. So nobody finds this one, and no stream is its own, before the first of them.
func removeRoot(i int) {
	r := roots[i]
	last, left := r.current, r.retired
	if last != nil {
		left = push(left, last)
	}
	roots = append(roots[:i], roots[i+1:]...)
	*r = root{}
	for _, p := range left {
		streams.orphan(p)
	}
	held++
	for _, p := range left {
		quit(p)
	}
	if last != nil {
		last.leave()
		waiting()
	}
	held--
	for _, p := range left {
		graves = push(graves, p)
	}
	clear(left)
	r.retired = left[:0]
	spare = append(spare, r)
	if alone() {
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
