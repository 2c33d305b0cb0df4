package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-wasm/postern/bench/measure"
	"github.com/postern-wasm/postern/bench/profile"
	"github.com/postern-wasm/postern/bench/report"
)

// modulePath is the module under test: $POSTERN_MODULE, else build/postern.wasm.
func modulePath() string {
	if path := os.Getenv("POSTERN_MODULE"); path != "" {
		return path
	}
	return "../build/postern.wasm"
}

// TestTheWholeBenchRuns runs everything with a few hundred requests for each variant,
// in a real Envoy: every variant answers as it must, and both files hold every row.
func TestTheWholeBenchRuns(t *testing.T) {
	dir := t.TempDir()
	b := &bench{root: "..", module: modulePath(), work: dir, scale: smoke(), now: time.Now(), progress: newProgress(phases(smoke()), func(line string) { t.Log(line) }, time.Now)}
	r, err := b.run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range r.Slots {
		if why := s.Refusal(); why != "" {
			t.Errorf("round %d of %s: %s", s.Round, s.Variant, why)
		}
	}
	for _, k := range r.Kernels {
		for name, f := range map[string]measure.Figure{"standard": k.Standard, "own": k.Own, "wazero": k.Wazero} {
			if !f.OK {
				t.Errorf("%s, %s: %s", k.Name, name, f.Why)
			}
		}
	}
	for _, k := range r.Kernels {
		// An installed TinyGo may come without the module's allocator.
		if !k.Allocated.OK && k.Allocated.Why != "this build does not count" {
			t.Errorf("%s, allocated: %s", k.Name, k.Allocated.Why)
		}
	}
	for _, s := range r.Whole {
		if !s.Postern.OK || !s.Native.OK {
			t.Errorf("whole request %s: %s %s", s.Name, s.Postern.Why, s.Native.Why)
		}
	}
	for _, l := range r.Latencies {
		// A slow machine cannot send as fast as planned; the report says so, and that is right.
		late := strings.HasPrefix(l.Why, "limited by the load generator")
		if measured := l.P50.OK && l.P99.OK && l.P99.Median >= l.P50.Median; !measured && !late {
			t.Errorf("%s: %+v", l.Name, l)
		}
	}
	for i, c := range r.Calls {
		if c.Allowed != (i < 2) {
			t.Errorf("%s: allowed is %v", c.Request, c.Allowed)
		}
		if c.Callbacks == 0 || c.HostCalls == 0 {
			t.Errorf("%s: %d callbacks, %d host calls", c.Request, c.Callbacks, c.HostCalls)
		}
	}
	for _, g := range r.Targets {
		for _, c := range g.Checks {
			if !c.Figure.OK && g.Where == "Envoy" && strings.HasPrefix(g.Case, "memory") {
				t.Errorf("%s: %s", g.Case, c.Figure.Why)
			}
		}
	}
	growthIsMeasured(t, r)
	if err := write(r, dir); err != nil {
		t.Fatal(err)
	}
	filesHoldEveryRow(t, r, dir)
}

// growthIsMeasured: no configuration is refused, and every point is of requests that
// were answered rightly. A cost may be lost in the noise of so few.
func growthIsMeasured(t *testing.T, r *report.Report) {
	t.Helper()
	if len(r.Curves) != 6 {
		t.Errorf("%d curves", len(r.Curves))
	}
	for _, c := range r.Curves {
		if c.Why != "" || len(c.Series) < 2 {
			t.Errorf("%s: %d series, %s", c.Title, len(c.Series), c.Why)
		}
		for _, s := range c.Series {
			for _, p := range s.Points {
				if !p.Throughput.OK && !strings.Contains(p.Throughput.Why, "load generator") {
					t.Errorf("%s, %s at %v: %s", c.Title, s.Name, p.X, p.Throughput.Why)
				}
			}
		}
	}
	if l := r.Longest; l.WazeroWhy != "" || len(l.Wazero) == 0 || len(l.V8) == 0 && l.V8Why != profile.ErrNoNode.Error() {
		t.Errorf("longest callback: %+v", l)
	}
	if _, err := os.Stat(named(modulePath())); err == nil && len(r.Allocations.Rows) == 0 {
		t.Errorf("allocations: %s", r.Allocations.Why)
	}
	if _, err := os.Stat(named(modulePath())); err == nil && len(r.Profile.Rows) == 0 && r.Profile.Why != profile.ErrNoNode.Error() {
		t.Errorf("profile: %s", r.Profile.Why)
	}
}

func filesHoldEveryRow(t *testing.T, r *report.Report, dir string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "bench.json"))
	if err != nil {
		t.Fatal(err)
	}
	var read struct {
		Schema   string
		Slots    []measure.Slot
		Variants []struct{ Name string }
		Targets  []struct{ Case, Verdict string }
	}
	if err := json.Unmarshal(text, &read); err != nil {
		t.Fatal(err)
	}
	if read.Schema != report.Schema || len(read.Slots) != len(r.Slots) || len(read.Variants) != len(r.Variants) || len(read.Targets) != len(r.Targets) {
		t.Errorf("bench.json: schema %q, %d slots, %d variants, %d targets", read.Schema, len(read.Slots), len(read.Variants), len(read.Targets))
	}
	page, err := os.ReadFile(filepath.Join(dir, "bench.html"))
	if err != nil {
		t.Fatal(err)
	}
	var terminal strings.Builder
	if err := r.WriteText(&terminal); err != nil {
		t.Fatal(err)
	}
	for _, v := range r.Variants {
		if !strings.Contains(string(page), v.Name) || !strings.Contains(terminal.String(), v.Name) {
			t.Errorf("no row for %q", v.Name)
		}
	}
	for _, g := range read.Targets {
		if !strings.Contains(string(page), strings.ReplaceAll(g.Case, "'", "&#39;")) || !strings.Contains(terminal.String(), g.Case) {
			t.Errorf("no row for target %q", g.Case)
		}
		if !slices.Contains([]string{"met", "missed", "not measured", "not built"}, g.Verdict) {
			t.Errorf("%s: verdict %q", g.Case, g.Verdict)
		}
	}
}
