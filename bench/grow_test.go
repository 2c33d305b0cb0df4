package main

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/postern-wasm/postern/bench/edge"
	"github.com/postern-wasm/postern/bench/load"
	"github.com/postern-wasm/postern/bench/measure"
)

// tiny is enough of everything to look at plans.
func tiny() scale {
	s := smoke()
	s.Tokens, s.Refused = 4, 2
	s.Seen, s.Sets, s.Rules, s.Sizes = []int{2, 4}, []int{1, 2}, []int{1, 3}, []int{400, 16_000}
	return s
}

func TestEveryVariantHasItsTokensItsDoorAndItsBaseline(t *testing.T) {
	s := tiny()
	m, err := mintAll(s, time.Now(), t.Logf)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range variants(knows{true, true, true, true}) {
		if c := m.corpora[v.corpus]; c == nil || len(c.Tokens)+len(c.Whole) == 0 {
			t.Errorf("%s: no tokens %q", v.name, v.corpus)
		}
	}
	list, err := growths(s, m, "postern.wasm", true)
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, g := range list {
		doors, own := map[string]bool{}, map[string]bool{}
		for _, d := range g.doors {
			if doors[d.Name] {
				t.Errorf("%s: door %q twice", g.title, d.Name)
			}
			doors[d.Name] = true
		}
		for _, v := range g.list {
			if names[v.name] {
				t.Errorf("%q twice", v.name)
			}
			names[v.name], own[v.name] = true, true
		}
		for _, v := range g.list {
			if !doors[v.door] || v.status != 200 || v.baseline != "" && !own[v.baseline] {
				t.Errorf("%+v", v)
			}
			if c := m.corpora[v.corpus]; c == nil || len(c.Tokens)+len(c.Whole) == 0 {
				t.Errorf("%s: no tokens %q", v.name, v.corpus)
			}
			if (v.baseline == "") != (v.door == plainDoor) {
				t.Errorf("%s: baseline %q at door %q", v.name, v.baseline, v.door)
			}
		}
		for _, l := range g.lines {
			if len(l.points) != len(g.lines[0].points) || len(l.points) < 2 {
				t.Errorf("%s: %d points of %q", g.title, len(l.points), l.name)
			}
		}
		if c := g.curve(measure.NewRun(nil), "why"); len(c.Series) != len(g.lines) || c.Series[0].Points[0].Cost.Why != "why" {
			t.Errorf("%s: %+v", g.title, c)
		}
	}
	big := m.corpora[sizeCorpus(16_000)].Tokens[0]
	if len(big) < 15_998 || len(big) > 16_002 {
		t.Errorf("a token of %d bytes", len(big))
	}
}

func TestScalesAreThoseOfTheTargets(t *testing.T) {
	s := full()
	if s.Tokens != 50_000 || s.Flat != 2_000_000 || s.Held != 100_000 || slices.Max(s.Sets) != 50 || slices.Max(s.Rules) != 1000 {
		t.Errorf("%+v", s)
	}
	if !slices.Equal(s.Seen, []int{100, 1000, 10_000, 100_000}) || s.Sizes[0] != 300 || slices.Max(s.Sizes) < 16_000 || !slices.Equal(s.Workers, []int{1, 2}) {
		t.Errorf("%+v", s)
	}
	for _, s := range []scale{quick(), full(), smoke()} {
		if slices.Max(s.Seen) > largeCache || !slices.IsSorted(s.Seen) {
			t.Errorf("%s: %v tokens for caches of %d", s.Mode, s.Seen, largeCache)
		}
	}
	var sum time.Duration
	for _, p := range phases(full()) {
		sum += p.estimate
	}
	if sum > 18*time.Minute {
		t.Errorf("a full run is estimated at %v", sum)
	}
	sum = 0
	for _, p := range phases(quick()) {
		sum += p.estimate
	}
	if sum > 3*time.Minute {
		t.Errorf("a quick run is estimated at %v", sum)
	}
}

func TestATurnThatTheCacheDidNotServeAsItMustIsWrong(t *testing.T) {
	for _, c := range []struct {
		name         string
		want         hits
		found, wrong int
	}{
		{"new tokens, none found", noHits, 0, 0},
		{"new tokens, one found", noHits, 1, 1},
		{"seen tokens, all found", allHits, 100, 0},
		{"seen tokens, one in a hundred not found", allHits, 99, 0},
		{"seen tokens, two in a hundred not found", allHits, 98, 2},
		{"seen tokens, none found", allHits, 0, 100},
		{"whatever", anyHits, 50, 0},
	} {
		s := measure.Slot{Requests: 100, WallNS: 1, ServerCPUNS: 1}
		blame(&s, c.want, c.found)
		if s.Wrong != c.wrong || s.Requests+s.Wrong != 100 || (s.Refusal() != "") != (c.wrong > 0) {
			t.Errorf("%s: %+v", c.name, s)
		}
	}
	s := measure.Slot{Requests: 90, Wrong: 10, FirstWrong: "status 401", WallNS: 1, ServerCPUNS: 1}
	blame(&s, noHits, 3)
	if s.Wrong != 10 || s.FirstWrong != "status 401" {
		t.Errorf("what was wrong before is no longer: %+v", s)
	}
}

func TestARateThatIsNotKeptIsTheLoadersLimit(t *testing.T) {
	for _, c := range []struct {
		wall    time.Duration
		limited bool
	}{{time.Second, false}, {1040 * time.Millisecond, false}, {1200 * time.Millisecond, true}} {
		got := load.PacedResult{Result: load.Result{Sent: 1000, Wall: c.wall}}
		if why := paceLimited(got, 1000); (why != "") != c.limited {
			t.Errorf("%v: %q", c.wall, why)
		}
	}
}

func TestProgressLearnsHowFastTheMachineIs(t *testing.T) {
	now := time.Unix(0, 0)
	var lines []string
	p := newProgress([]phase{{"a", 100 * time.Second}, {"b", 100 * time.Second}, {"c", 300 * time.Second}},
		func(line string) { lines = append(lines, line) }, func() time.Time { return now })
	p.enter("a")
	if left := p.left(); left != 500*time.Second {
		t.Errorf("%v at the start", left)
	}
	now = now.Add(200 * time.Second) // twice as long as estimated
	p.enter("b")
	if left := p.left(); left < 700*time.Second || left > 800*time.Second {
		t.Errorf("%v after a phase that took twice its time", left)
	}
	now = now.Add(time.Hour) // a phase that hangs leaves what comes after it
	if left := p.left(); left < 500*time.Second || left > 600*time.Second {
		t.Errorf("%v in a phase that is long overdue", left)
	}
	p.enter("c")
	now = now.Add(10 * time.Hour)
	p.say("x %d", 1)
	if p.left() != 0 || len(lines) != 1 || lines[0] != "39800s  5 s left       x 1" {
		t.Errorf("%v, %q", p.left(), lines)
	}
	for d, want := range map[time.Duration]string{0: "5 s left", 31 * time.Second: "35 s left", 90 * time.Second: "1.5 min left"} {
		if got := about(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}

func TestAModulesFunctionsAreFound(t *testing.T) {
	got, err := functions(t.Context(), "testdata/reading.wasm")
	want := []string{"proxy_abi_version_0_2_0", "proxy_get_header_map_pairs", "proxy_on_context_create", "proxy_on_memory_allocate", "proxy_on_request_headers"}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := functions(t.Context(), "grow_test.go"); err == nil {
		t.Error("a text has functions")
	}
}

func TestEveryRuleIsMetOnce(t *testing.T) {
	for _, n := range []int{1, 10, 100, 1000} {
		paths := edge.Areas(n)
		slices.Sort(paths)
		if len(slices.Compact(paths)) != n {
			t.Errorf("%d rules, some of them met twice", n)
		}
	}
}

func TestARoundHoldsEveryVariantAndWhatIsComparedComesTogether(t *testing.T) {
	list := variants(knows{true, true, true, true})
	order := rand.New(rand.NewPCG(1, 2))
	first := turns(list, order)
	count, last, closed := map[string]int{}, "", map[string]bool{}
	for _, v := range first {
		count[v.name]++
		family := v.baseline
		if family == "" {
			family = v.name
		}
		if family != last {
			if closed[family] {
				t.Errorf("%s comes apart from its family", v.name)
			}
			closed[last], last = true, family
		}
	}
	for _, v := range list {
		want := 1
		if v.baseline == "" {
			want = 2
		}
		if count[v.name] != want {
			t.Errorf("%s has %d turns, want %d", v.name, count[v.name], want)
		}
	}
	second, same := turns(list, order), 0
	for i := range second {
		if second[i].name == first[i].name {
			same++
		}
	}
	if same > len(first)/2 {
		t.Errorf("%d of %d turns are where they were in the round before", same, len(first))
	}
}
