package abi

import (
	"testing"

	"github.com/postern-wasm/postern/plugin/config"
	"github.com/postern-wasm/postern/plugin/filter"
	"github.com/postern-wasm/postern/plugin/jose/jwa"
	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/verify/signed"
)

// L-04: what stands in a metric's name is bounded, and nothing in it ends a segment.
func TestLabelsCannotEndASegment(t *testing.T) {
	long := ""
	for range maxLabel + 10 {
		long += "x"
	}
	for _, c := range []struct{ provider, want string }{
		{"", "postern_allowed"},
		{"corp", "postern_allowed.provider.corp"},
		{"a.b/c d\"e\nf", "postern_allowed.provider.a_b_c_d_e_f"},
		{"ä", "postern_allowed.provider.__"},
		{long, "postern_allowed.provider." + long[:maxLabel]},
	} {
		if got := labelled("postern_allowed", c.provider); got != c.want {
			t.Errorf("%q: %q, want %q", c.provider, got, c.want)
		}
	}
}

// A tally has a place for every provider, for none, and for every reason, so that
// counting never needs memory and never meets an index that is not there.
func TestATallyHasAPlaceForEveryReason(t *testing.T) {
	cfg, problems := config.Parse([]byte(`{"default": "allow"}`), nil)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	p := &policy{plugin: filter.New(cfg, 1)}
	p.tally = newTally(p.plugin)
	if len(p.tally.allowed) != 1 || len(p.tally.denied) != 1 || len(p.tally.reported) != 1 || len(p.tally.sets) != 0 {
		t.Errorf("places for providers: %+v", p.tally)
	}
	if len(p.tally.denied[0]) != reason.Count() || len(p.tally.reported[0]) != reason.Count() {
		t.Errorf("%d and %d places for reasons, want %d", len(p.tally.denied[0]), len(p.tally.reported[0]), reason.Count())
	}
	for _, m := range p.tally.denied[0] {
		if m.state == defined || m.state == absent {
			t.Fatal("a metric that nobody wanted is defined")
		}
	}
}

// Every algorithm has a place to be timed in, so that none is left out.
func TestATallyHasAPlaceForEveryAlgorithm(t *testing.T) {
	n := 0
	for a := jwa.Invalid + 1; a.String() != ""; a++ {
		n++
	}
	for a := signed.NoAlgorithm + 1; a.String() != ""; a++ {
		n++
	}
	if n < 20 || n > len(tally{}.timed) {
		t.Errorf("%d algorithms, %d places", n, len(tally{}.timed))
	}
}
