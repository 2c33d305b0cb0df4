//go:build !race

package storm

import (
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// What the environment may say: the module that poisons what it frees, other seeds, another
// number of streams.
const (
	poisonedVariable = "POSTERN_POISONED"
	seedsVariable    = "POSTERN_STORM_SEEDS"
	streamsVariable  = "POSTERN_STORM_STREAMS"
)

// seeds are those of the environment ("1,2,7" or "1-20"), else 1.
func seeds(t *testing.T) []uint64 {
	t.Helper()
	var list []uint64
	number := func(text string) uint64 {
		n, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			t.Fatalf("%s: %v", seedsVariable, err)
		}
		return n
	}
	for _, part := range strings.FieldsFunc(os.Getenv(seedsVariable), func(r rune) bool { return r == ',' }) {
		first, last, ranged := strings.Cut(part, "-")
		if !ranged {
			last = first
		}
		for n := number(first); n <= number(last); n++ {
			list = append(list, n)
		}
	}
	if len(list) == 0 {
		list = []uint64{1}
	}
	return list
}

func streamsOr(t *testing.T, usual int) int {
	t.Helper()
	text := os.Getenv(streamsVariable)
	if text == "" {
		return usual
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s: %v", streamsVariable, err)
	}
	return n
}

// mostGuest bounds the memory of one VM in a storm: the module's own, the token caches
// of its plugin contexts, and those of configurations that streams still wait under.
const mostGuest = 64 << 20

// judged reports what a run has shown.
func judged(t *testing.T, name string, s *storm, took time.Duration) {
	t.Helper()
	t.Logf("%s in %v: %s", name, took.Round(time.Millisecond), s.summary())
	switch {
	case s.failed():
		t.Errorf("%s: %s", name, s.fault)
	case s.opened < s.streams:
		t.Errorf("%s: %d streams of %d", name, s.opened, s.streams)
	case s.mostMemory > mostGuest:
		t.Errorf("%s: a VM holds %d bytes, want at most %d", name, s.mostMemory, mostGuest)
	}
}

func timed(p plan, b build) (*storm, time.Duration) {
	begin := time.Now()
	s := p.run(b)
	return s, time.Since(begin)
}

// TestS06S07NoStreamSeesAnother: in a storm each stream gets its own verdict, its own
// claims and nobody else's; what is allowed is proved and what is good is allowed.
func TestS06S07NoStreamSeesAnother(t *testing.T) {
	module := compile(t, modulePath())
	for _, seed := range seeds(t) {
		p := plan{seed: seed, streams: streamsOr(t, streams), workers: 2, nested: true}
		s, took := timed(p, module.start)
		judged(t, "the module", s, took)
		enough(t, s)
	}
}

// enough holds the generator to what it is for: each of these must have happened.
func enough(t *testing.T, s *storm) {
	t.Helper()
	if s.streams < streams || s.failed() {
		return
	}
	for _, what := range []string{
		"allowed", "expired", "audience_mismatch", "issuer_mismatch", "algorithm_not_allowed", "not_yet_valid", "bad_signature",
		"key_unknown", "keys_unavailable", "missing", "no_rule", "token_malformed", "clock_unset", "waited", "nested", "bad configurations",
		"reset in phase 0", "reset in phase 2", "reset in phase 3", "reset in phase 4",
		"allowed by signature", "signature_invalid", "signature_expired", "signature_in_future", "digest_mismatch", "body_too_large",
		"replayed", "conflicts", "body reset",
		"flows", "flowed", "flow reset", "broken for digest_mismatch", "broken for body_too_large", "broken for body_undelivered",
	} {
		if s.counts[what] == 0 {
			t.Errorf("a storm of %d streams without %q shows less than it should", s.opened, what)
		}
	}
	if s.mostSeen < mostOpen {
		t.Errorf("at most %d streams at once, want %d", s.mostSeen, mostOpen)
	}
}

// TestNativeRoomsAgree: the rooms called natively, where Go's collector owns memory, give
// the verdict that the module gives, stream by stream.
func TestNativeRoomsAgree(t *testing.T) {
	module := compile(t, modulePath())
	for _, seed := range seeds(t) {
		p := plan{seed: seed, streams: streamsOr(t, streams), workers: 2}
		ours, took := timed(p, module.start)
		judged(t, "the module", ours, took)
		native, took := timed(p, startNative)
		judged(t, "native", native, took)
		for i := range min(len(ours.verdicts), len(native.verdicts)) {
			if ours.verdicts[i] != native.verdicts[i] {
				t.Fatalf("seed %d, verdict %d: %s in the module, %s natively", seed, i, ours.verdicts[i], native.verdicts[i])
			}
		}
		if len(ours.verdicts) != len(native.verdicts) {
			t.Errorf("seed %d: %d verdicts in the module, %d natively", seed, len(ours.verdicts), len(native.verdicts))
		}
	}
}

// TestS07PoisonedMemoryChangesNothing: a module that fills what it frees with garbage, and
// traps where a pointer to it is left, makes the very same host calls with the very same
// bytes as the ordinary one, over poisonedStreams streams.
func TestS07PoisonedMemoryChangesNothing(t *testing.T) {
	path := os.Getenv(poisonedVariable)
	if path == "" {
		// The ordinary module against itself: that a seed says everything.
		path = modulePath()
	}
	n := streamsOr(t, map[bool]int{true: poisonedStreams, false: streams / 4}[os.Getenv(poisonedVariable) != ""])
	modules := [2]*runner{compile(t, modulePath()), compile(t, path)}
	for _, seed := range seeds(t) {
		p := plan{seed: seed, streams: n, workers: 2, nested: true}
		runs, took := both(p, modules)
		judged(t, "ordinary", runs[0], took[0])
		judged(t, "poisoned", runs[1], took[1])
		if at := parting(runs[0].lines, runs[1].lines); at >= 0 {
			p.until = at + 1
			runs, _ = both(p, modules)
			t.Fatalf("seed %d: the transcripts part at line %d.\nordinary: %s\npoisoned: %s", seed, at, runs[0].fault, runs[1].fault)
		}
	}
}

// both runs a plan with two modules at the same time.
func both(p plan, modules [2]*runner) (runs [2]*storm, took [2]time.Duration) {
	var wait sync.WaitGroup
	for i, module := range modules {
		wait.Go(func() { runs[i], took[i] = timed(p, module.start) })
	}
	wait.Wait()
	return runs, took
}

// parting is the first line that differs, -1 if there is none.
func parting(a, b []uint64) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	if len(a) != len(b) {
		return min(len(a), len(b))
	}
	return -1
}
