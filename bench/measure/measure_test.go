package measure

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"
)

func TestQuantiles(t *testing.T) {
	for _, c := range []struct {
		name string
		xs   []float64
		q    float64
		want float64
	}{
		{"the median of an odd number is the middle one", []float64{9, 1, 5}, 0.5, 5},
		{"the median of an even number is the mean of the two", []float64{4, 1, 3, 2}, 0.5, 2.5},
		{"one value is every quantile", []float64{7}, 0.25, 7},
		{"a quartile lies between ranks", []float64{1, 2, 3, 4}, 0.25, 1.75},
		{"an outlier does not move the median", []float64{1, 2, 3, 4, 1e9}, 0.5, 3},
	} {
		if got := Quantile(c.xs, c.q); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
	if !math.IsNaN(Median(nil)) {
		t.Error("no values have a median")
	}
	xs := []float64{3, 1, 2}
	Median(xs)
	if xs[0] != 3 || xs[1] != 1 {
		t.Error("Median changed its argument")
	}
	if Of(nil).OK || None("x").OK || (Figure{}).OK {
		t.Error("a figure of nothing counts as measured")
	}
}

// slot is a good one: 100 requests of us microseconds each, the worker always busy.
func slot(variant string, round int, us float64) Slot {
	return Slot{
		Variant: variant, Round: round, Requests: 100, WallNS: int64(100 * us * 1e3),
		ServerCPUNS: int64(100 * us * 1e3), BusyNS: int64(100 * us * 1e3), LoaderCPUNS: int64(50 * us * 1e3),
	}
}

func TestSlots(t *testing.T) {
	for _, c := range []struct {
		name             string
		change           func(*Slot)
		refused, limited bool
	}{
		{"a good one has nothing against it", func(*Slot) {}, false, false},
		{"one wrong answer refuses it", func(s *Slot) { s.Wrong, s.FirstWrong = 1, "status 401" }, true, false},
		{"no answer refuses it", func(s *Slot) { s.Requests = 0 }, true, false},
		{"unknown CPU time refuses it", func(s *Slot) { s.ServerCPUNS = 0 }, true, false},
		{"a worker without work for a third of the time is the loader's limit", func(s *Slot) { s.BusyNS = s.WallNS * 2 / 3 }, false, true},
		{"a worker that waits for a CPU is busy", func(s *Slot) { s.ServerCPUNS = s.WallNS / 3 }, false, false},
		{"without knowledge of the worker, a loader always on a CPU before an idle server limits", func(s *Slot) { s.BusyNS, s.LoaderCPUNS, s.ServerCPUNS = 0, s.WallNS*95/100, s.WallNS/2 }, false, true},
		{"without knowledge of the worker, a busy server is not limited", func(s *Slot) { s.BusyNS, s.LoaderCPUNS = 0, s.WallNS*95/100 }, false, false},
	} {
		s := slot("v", 1, 10)
		c.change(&s)
		if got := s.Refusal() != ""; got != c.refused {
			t.Errorf("%s: refused %v (%s)", c.name, got, s.Refusal())
		}
		if got := s.Limited() != ""; got != c.limited {
			t.Errorf("%s: limited %v (%s)", c.name, got, s.Limited())
		}
	}
}

func TestCosts(t *testing.T) {
	good := func() []Slot {
		return []Slot{
			slot("base", 0, 500), slot("v", 0, 900), slot("peer", 0, 900), // warming up
			slot("base", 1, 30), slot("v", 1, 40), slot("peer", 1, 50),
			slot("base", 2, 60), slot("v", 2, 80), slot("peer", 2, 100), // twice as slow a machine
			slot("base", 3, 30), slot("v", 3, 41), slot("peer", 3, 52),
		}
	}
	pv, pp := Pair{"v", "base"}, Pair{"peer", "base"}
	for _, c := range []struct {
		name   string
		change func([]Slot) []Slot
		cost   float64 // NaN: not measured
		ratio  float64
	}{
		{"costs are differences within a round, the median over rounds", func(s []Slot) []Slot { return s }, 11, 0.5},
		{"a baseline that had two turns counts as their mean", func(s []Slot) []Slot { return append(s, slot("base", 1, 32), slot("base", 3, 34)) }, 9, 0.5},
		{"one wrong answer in one round leaves no figure", func(s []Slot) []Slot { s[7].Wrong = 1; return s }, math.NaN(), math.NaN()},
		{"a wrong answer while warming up leaves no figure", func(s []Slot) []Slot { s[1].Wrong = 1; return s }, math.NaN(), math.NaN()},
		{"a wrong answer of the baseline leaves no figure", func(s []Slot) []Slot { s[3].Wrong = 1; return s }, math.NaN(), math.NaN()},
		{"a refusing peer leaves no ratio but the cost", func(s []Slot) []Slot { s[5].Wrong = 1; return s }, 11, math.NaN()},
		{"a round that the loader limited is left out", func(s []Slot) []Slot { s[7].BusyNS = 1; return s }, 10.5, 0.5},
		{"two of three rounds limited leave no figure", func(s []Slot) []Slot { s[4].BusyNS, s[7].BusyNS = 1, 1; return s }, math.NaN(), math.NaN()},
		{"the warming round alone leaves no figure", func(s []Slot) []Slot { return s[:3] }, math.NaN(), math.NaN()},
		{"a peer that costs nothing measurable leaves no ratio", func(s []Slot) []Slot {
			for _, i := range []int{5, 8} {
				s[i] = slot("peer", s[i].Round, 20)
			}
			return s
		}, 11, math.NaN()},
		{"a cost whose quartiles lie on both sides of nothing leaves no figure", func(s []Slot) []Slot {
			s[4], s[7] = slot("v", 1, 22), slot("v", 2, 58)
			return s
		}, math.NaN(), math.NaN()},
	} {
		run := NewRun(c.change(good()))
		check(t, c.name+", cost", run.Cost("v", "base"), c.cost)
		check(t, c.name+", ratio", run.Ratio(pv, pp), c.ratio)
	}
	if f := NewRun(good()).Cost("other", "base"); f.OK || f.Why != "did not run" {
		t.Errorf("a variant that did not run: %+v", f)
	}
}

func check(t *testing.T, name string, f Figure, want float64) {
	t.Helper()
	if math.IsNaN(want) {
		if f.OK || f.Why == "" {
			t.Errorf("%s: %+v, want none and why", name, f)
		}
		return
	}
	if !f.OK || math.Abs(f.Median-want) > 0.03 {
		t.Errorf("%s: %+v, want %v", name, f, want)
	}
}

func TestTurns(t *testing.T) {
	var now int64
	cost := func(ns int64) func(int) error {
		return func(n int) error { now += ns * int64(n); return nil }
	}
	failing := errors.New("refused")
	subjects := []Subject{
		{"slow", cost(4000)},
		{"fast", cost(1000)},
		{"failing", func(int) error { return failing }},
	}
	values, faults := Turns(subjects, 3, time.Millisecond, func() int64 { return now })
	if len(values[0]) != 3 || values[0][0] != 4 || values[1][2] != 1 {
		t.Errorf("microseconds per call: %v", values)
	}
	if len(values[2]) != 0 || faults[2] != "refused" {
		t.Errorf("what failed has values %v, fault %q", values[2], faults[2])
	}
	check(t, "ratio", Over(values[0], values[1], faults[0], faults[1]), 4)
	check(t, "ratio to what failed", Over(values[0], values[2], faults[0], faults[2]), math.NaN())
	if f := Over(values[2], values[0], faults[2], faults[0]); !strings.Contains(f.Why, "refused") {
		t.Errorf("a fault is not told: %+v", f)
	}
	if f := Summary(nil, "refused"); f.OK {
		t.Error("what failed has a figure")
	}
}
