package edge

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/postern-wasm/postern/bench/clock"
	"github.com/postern-wasm/postern/bench/load"
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
			text, err := Config(key, postern, Caches{Provider: 7, Tokens: 9, Bytes: 1 << 20})
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
		delete(ours["providers"].(map[string]any)["bench"].(map[string]any), "algorithms")
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
		config, err := Config(k, false, Caches{})
		if err != nil {
			t.Fatal(err)
		}
		filter, err := JWTAuthn(config)
		if err != nil {
			t.Fatal(err)
		}
		doors = append(doors, Door{Name: name, Filter: filter})
	}
	nothing, err := Plugin("nothing", "../testdata/nothing.wasm", "")
	if err != nil {
		t.Fatal(err)
	}
	doors = append(doors, Door{Name: "nothing", Filter: nothing})
	p, err := Start(t.Context(), doors)
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
