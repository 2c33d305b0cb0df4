package host

import (
	"runtime"
	"testing"

	"github.com/postern-wasm/postern/host/abi"
	w "github.com/postern-wasm/postern/host/internal/wasmtest"
)

// TestW14_StreamsEndedInAnyPhaseLeaveNothing is the host's side of ATTACKS W-14,
// in small: streams broken off in every phase, some of them held.
func TestW14_StreamsEndedInAnyPhaseLeaveNothing(t *testing.T) {
	m := w.New(abi.Version021).
		Func("proxy_on_request_headers", 3, 1, w.If(has("x-hold"), w.I(1), w.Return), w.I(0)).
		Func("proxy_on_request_body", 3, 1, w.I(1)).
		Func("proxy_on_response_headers", 3, 1, w.I(0)).
		Func("proxy_on_delete", 1, 0)
	// A bump allocator never gives back: this one hands out one place.
	m.Allocator("malloc", w.I(60000))
	b := serve(t, m, Options{StopIteration: true, Workers: 2})
	b.opts.Trace = func(TraceEvent) {}
	run := func(n int) {
		for i := range n {
			s := b.NewStream(StreamOptions{})
			if i%7 == 0 {
				s.Close()
				continue
			}
			h := get()
			if i%3 == 0 {
				h = get("x-hold", "1")
			}
			s.RequestHeaders(h, i%5 == 0)
			if i%2 == 0 {
				s.RequestBody(make([]byte, 1000), i%4 == 0)
			}
			if i%11 == 0 {
				s.ResponseHeaders([]abi.Pair{{Name: ":status", Value: "200"}}, false)
			}
			if i%13 == 0 {
				s.Abort()
			}
			s.Close()
		}
		b.trace = nil
	}
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	run(1000)
	before := heap()
	run(20_000)
	if after := heap(); after > before+1<<20 {
		t.Errorf("the heap grew from %d to %d bytes", before, after)
	}
	for _, s := range b.Workers() {
		if s.Streams != 0 || s.Roots != 1 {
			t.Errorf("worker %+v", s)
		}
	}
}
