package edge

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-wasm/postern/bench/clock"
	"github.com/postern-wasm/postern/bench/load"
	"github.com/postern-wasm/postern/bench/measure"
	"github.com/postern-wasm/postern/bench/mint"
)

func TestProcTexts(t *testing.T) {
	if run, wait, ok := parseSchedstat("12 34 5\n"); run != 12 || wait != 34 || !ok {
		t.Errorf("schedstat: %d %d %v", run, wait, ok)
	}
	for _, text := range []string{"", "1 2", "1 2 3 4", "a b c"} {
		if _, _, ok := parseSchedstat(text); ok {
			t.Errorf("schedstat %q is taken", text)
		}
	}
	// Fields 14 and 15, behind a name that is made to mislead.
	if got := parseStat("7 (a) b) S 1 2 3 4 5 6 7 8 9 10 150 50 0 0\n"); got != 2e9 {
		t.Errorf("stat: %d", got)
	}
	for _, text := range []string{"", "7 (a", "7 (a) S 1 2 3", "7 (a) S 1 2 3 4 5 6 7 8 9 10 x y 0"} {
		if got := parseStat(text); got != 0 {
			t.Errorf("stat %q: %d", text, got)
		}
	}
}

func TestUsageFollowsThisProcess(t *testing.T) {
	u := newUsage(os.Getpid())
	before, own := u.read(), clock.CPU()
	for begin := clock.CPU(); clock.CPU()-begin < int64(50*time.Millisecond); {
		continue
	}
	spent, want := u.read().cpu-before.cpu, clock.CPU()-own
	if want == 0 {
		t.Skip("no CPU times on this system")
	}
	if before.cpu == 0 || spent < want*8/10 || spent > want*12/10 {
		t.Errorf("%d ns by /proc, %d by getrusage", spent, want)
	}
	if got := newUsage(1 << 30).read(); got != (sample{}) {
		t.Errorf("no process has used %+v", got)
	}
}

func TestConfigIsOneForBothFilters(t *testing.T) {
	for _, algorithm := range []string{"ES256", "HS256"} {
		key, err := mint.NewKey(algorithm)
		if err != nil {
			t.Fatal(err)
		}
		read := func(postern bool) map[string]any {
			text, err := Config(Setup{Keys: []*mint.Key{key}, Postern: postern, Caches: Caches{Provider: 7, Tokens: 9, Bytes: 1 << 20}})
			if err != nil {
				t.Fatal(err)
			}
			m := map[string]any{}
			if err := json.Unmarshal([]byte(text), &m); err != nil {
				t.Fatal(err)
			}
			return m
		}
		ours, theirs := read(true), read(false)
		if _, has := theirs["token_cache"]; has {
			t.Error("jwt_authn is given token_cache")
		}
		// Without what only the module knows they are the same.
		delete(ours, "token_cache")
		delete(ours["providers"].(map[string]any)["bench-00"].(map[string]any), "algorithms")
		a, _ := json.Marshal(ours)
		b, _ := json.Marshal(theirs)
		if string(a) != string(b) {
			t.Errorf("%s\n%s", a, b)
		}
	}
}

// TestARefusedVariantIsWrongNotFast sends good requests to a filter that has another
// key: what it answers, however quickly, counts as wrong.
func TestARefusedVariantIsWrongNotFast(t *testing.T) {
	key, err := mint.NewKey("ES256")
	if err != nil {
		t.Fatal(err)
	}
	other, err := mint.NewKey("ES256")
	if err != nil {
		t.Fatal(err)
	}
	doors := []Door{{Name: "plain"}}
	for name, k := range map[string]*mint.Key{"right": key, "other": other} {
		config, err := Config(Setup{Keys: []*mint.Key{k}})
		if err != nil {
			t.Fatal(err)
		}
		filter, err := JWTAuthn(config)
		if err != nil {
			t.Fatal(err)
		}
		doors = append(doors, Door{Name: name, Filter: filter})
	}
	nothing, err := Plugin{Name: "nothing", Path: "../testdata/nothing.wasm"}.Filter()
	if err != nil {
		t.Fatal(err)
	}
	doors = append(doors, Door{Name: "nothing", Filter: nothing})
	p, err := Start(t.Context(), doors, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := p.Stop(); err != nil {
			t.Error(err)
		}
	}()
	tokens, err := key.Good(0, 10, time.Now(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for door, refused := range map[string]bool{"plain": false, "nothing": false, "right": false, "other": true} {
		slot, err := p.Take(Turn{Variant: door, Door: door, Source: &mint.Corpus{Tokens: tokens}, Load: load.Options{Connections: 4, Requests: 40, Status: 200}})
		if err != nil {
			t.Fatal(err)
		}
		why := slot.Refusal()
		if (why != "") != refused || refused && !strings.Contains(why, "40 of 40 answers were wrong: request ") {
			t.Errorf("%s: %q", door, why)
		}
		if slot.ServerCPUNS <= 0 || slot.WallNS <= 0 {
			t.Errorf("%s: %+v", door, slot)
		}
	}
	if _, err := p.Take(Turn{Door: "no such door"}); err == nil {
		t.Error("a door that is not there")
	}
}

// TestALoadGeneratorThatDoesNotKeepUpLimits sends through one that takes its time over
// every request, to an Envoy that could do far more.
func TestALoadGeneratorThatDoesNotKeepUpLimits(t *testing.T) {
	p, err := Start(t.Context(), []Door{{Name: "plain"}}, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := p.Stop(); err != nil {
			t.Error(err)
		}
	}()
	if len(p.usage.workers) == 0 {
		t.Skip("the system does not tell what the workers do")
	}
	for delay, limited := range map[time.Duration]bool{0: false, 2 * time.Millisecond: true} {
		slot, err := p.Take(Turn{Variant: "x", Door: "plain", Source: slow(delay), Load: load.Options{Connections: 16, Requests: 400, Status: 200}})
		if err != nil {
			t.Fatal(err)
		}
		// On a machine that is busy otherwise even a quick one may not keep up.
		if why := slot.Limited(); limited && why == "" {
			t.Errorf("a delay of %v: limited is %q", delay, why)
		}
		if limited && measure.NewRun([]measure.Slot{slot, {Round: 1, Variant: "x", Requests: 400, WallNS: slot.WallNS, ServerCPUNS: slot.ServerCPUNS, BusyNS: slot.BusyNS}}).Total("x").OK {
			t.Error("a limited variant has a figure")
		}
	}
}

// slow is a source that sleeps before each request.
type slow time.Duration

func (s slow) Append(b []byte, i int) []byte {
	time.Sleep(time.Duration(s))
	return (&mint.Corpus{Tokens: []string{""}}).Append(b, i)
}

func TestEveryWorkerIsCounted(t *testing.T) {
	p, err := Start(t.Context(), []Door{{Name: "plain"}}, 2)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := p.Stop(); err != nil {
			t.Error(err)
		}
	}()
	if n := len(p.usage.workers); n != 2 {
		t.Errorf("%d of 2 workers", n)
	}
	slot, err := p.Take(Turn{Variant: "x", Door: "plain", Source: &mint.Corpus{Tokens: []string{""}}, Load: load.Options{Connections: 8, Requests: 400, Status: 200}})
	if err != nil || slot.Refusal() != "" {
		t.Error(err, slot.Refusal())
	}
	if sum, known, err := p.Count(t.Context(), "http.bench.downstream_rq_total"); err != nil || !known || sum != 400 {
		t.Errorf("%d requests, %v, %v", sum, known, err)
	}
	if _, known, err := p.Count(t.Context(), "no such counter"); err != nil || known {
		t.Error(known, err)
	}
}

// TestWhatIsWithheldIsNotThere runs a module that asks for the headers with and without
// that function: Envoy takes both, and both let requests through.
func TestWhatIsWithheldIsNotThere(t *testing.T) {
	all := []string{"proxy_abi_version_0_2_0", "proxy_get_header_map_pairs", "proxy_on_context_create", "proxy_on_memory_allocate", "proxy_on_request_headers"}
	var doors []Door
	for name, allowed := range map[string][]string{"unbounded": nil, "all": all, "without": slices.DeleteFunc(slices.Clone(all), func(s string) bool { return s == "proxy_get_header_map_pairs" })} {
		filter, err := Plugin{Name: name, Path: "../testdata/reading.wasm", Allowed: allowed}.Filter()
		if err != nil {
			t.Fatal(err)
		}
		doors = append(doors, Door{Name: name, Filter: filter})
	}
	p, err := Start(t.Context(), doors, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := p.Stop(); err != nil {
			t.Error(err)
		}
	}()
	withheld := func() int {
		text, err := os.ReadFile(p.envoy.LogPath())
		if err != nil {
			t.Fatal(err)
		}
		return strings.Count(string(text), "restricted proxy-wasm capability: proxy_get_header_map_pairs")
	}
	for _, c := range []struct {
		door string
		want int
	}{{"unbounded", 0}, {"all", 0}, {"without", 1}} {
		before := withheld()
		slot, err := p.Take(Turn{Variant: c.door, Door: c.door, Source: &mint.Corpus{Tokens: []string{"x"}}, Load: load.Options{Connections: 1, Requests: 1, Status: 200}})
		if err != nil || slot.Refusal() != "" {
			t.Errorf("%s: %v %s", c.door, err, slot.Refusal())
		}
		if got := withheld() - before; got != c.want {
			t.Errorf("%s: %d calls were withheld, want %d", c.door, got, c.want)
		}
	}
}

func TestRulesAreForAllAreas(t *testing.T) {
	key, err := mint.NewKey("HS256")
	if err != nil {
		t.Fatal(err)
	}
	for _, regex := range []bool{false, true} {
		text, err := Config(Setup{Keys: []*mint.Key{key, key}, Rules: 10, Regex: regex})
		if err != nil {
			t.Fatal(err)
		}
		var read struct {
			Providers map[string]any
			Rules     []struct {
				Match map[string]any
			}
		}
		if err := json.Unmarshal([]byte(text), &read); err != nil || len(read.Rules) != 10 || len(read.Providers) != 2 {
			t.Errorf("%d rules, %d providers, %v", len(read.Rules), len(read.Providers), err)
		}
		for _, r := range read.Rules {
			if _, has := r.Match["safe_regex"]; has != regex {
				t.Errorf("%v", r.Match)
			}
		}
	}
	if _, err := Config(Setup{}); err == nil {
		t.Error("no key is a setup")
	}
}
