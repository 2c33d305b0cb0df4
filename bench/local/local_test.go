package local

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/postern-wasm/postern/bench/measure"
	"github.com/postern-wasm/postern/bench/mint"
)

// opened compiles the module under test: $POSTERN_MODULE, else build/postern.wasm.
func opened(t *testing.T) *Module {
	t.Helper()
	path := os.Getenv("POSTERN_MODULE")
	if path == "" {
		path = "../../build/postern.wasm"
	}
	m, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
	return m
}

func keys(t *testing.T, n int) []*mint.Key {
	t.Helper()
	var list []*mint.Key
	for i := range n {
		key, err := mint.NewKey("ES256")
		if err != nil {
			t.Fatal(err)
		}
		key.Issuer = "https://" + string(rune('a'+i)) + ".example"
		list = append(list, key)
	}
	return list
}

func TestTheLongestCallbackIsOfRequestsThatAreJudgedRightly(t *testing.T) {
	m, now := opened(t), time.Now()
	config, batches, err := Batches(keys(t, 3), now, Amounts{Held: 20, Timed: 10})
	if err != nil {
		t.Fatal(err)
	}
	list, why, err := m.Time(t.Context(), config, now, batches)
	if err != nil || why != "" || len(list) != 5 {
		t.Fatal(list, err, why)
	}
	for i, calls := range []int{20, 10, 10, 10, 10} {
		if l := list[i]; l.Calls != calls || l.Max < l.Median || l.Name == "" {
			t.Errorf("%+v", l)
		}
	}
	// A fresh ES256 signature takes tens of microseconds anywhere.
	if f := measure.Longest(list, ""); !f.OK || f.Median < list[2].Median || list[2].Median < 5 {
		t.Errorf("%+v of %+v", f, list)
	}
	// The expired ones are not let through: said to be good, they leave nothing.
	batches[3].Allowed = true
	if list, why, err = m.Time(t.Context(), config, now, batches); err != nil || why == "" || list != nil || measure.Longest(list, why).OK {
		t.Errorf("%+v, %q, %v", list, why, err)
	}
}

func TestTokensAreDealtOutOverTheKeys(t *testing.T) {
	list := keys(t, 3)
	tokens, err := spread(list, 5, 7, time.Now())
	if err != nil || len(tokens) != 7 {
		t.Fatal(len(tokens), err)
	}
	seen := map[string]bool{}
	for _, token := range tokens {
		if token == "" || seen[token] {
			t.Error("a token is missing or twice")
		}
		seen[token] = true
	}
}

func TestHostCallsAreCountedOfTheRequestItselfOnly(t *testing.T) {
	m := opened(t)
	key := keys(t, 1)[0]
	good, err := key.Good(0, 2, time.Now(), nil)
	if err != nil {
		t.Fatal(err)
	}
	got, err := m.Count(t.Context(), key, []Asked{{"good", good[0], good[1]}, {"again", good[1], good[1]}, {"none", good[0], ""}})
	if err != nil || len(got) != 3 {
		t.Fatal(got, err)
	}
	for i, allowed := range []bool{true, true, false} {
		if c := got[i]; c.Allowed != allowed || c.Callbacks == 0 || c.HostCalls == 0 || c.HostCalls != len(c.Names) {
			t.Errorf("%+v", c)
		}
	}
}

func TestAllocationsAreCountedWhereTheModuleHasNames(t *testing.T) {
	path := os.Getenv("POSTERN_MODULE")
	if path == "" {
		path = "../../build/postern.wasm"
	}
	path = strings.TrimSuffix(path, ".wasm") + "-names.wasm"
	if _, err := os.Stat(path); err != nil {
		t.Skip("no module with names beside it")
	}
	key := keys(t, 1)[0]
	good, err := key.Good(0, 2, time.Now(), nil)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Allocate(t.Context(), path, key, []Asked{{"again", good[0], good[0]}, {"new", good[0], good[1]}})
	if err != nil || len(got) != 2 {
		t.Fatal(got, err)
	}
	// What verifies a new token's claims for the first time has something to keep.
	if got[0].Count > got[1].Count {
		t.Errorf("a token seen before allocates more than a new one: %+v", got)
	}
	for _, a := range got {
		if (a.Count == 0) != (a.Bytes == 0) || (a.Count == 0) != (len(a.Sites) == 0) || len(a.Sites) > a.Count {
			t.Errorf("%+v", a)
		}
	}
	if _, err := Allocate(t.Context(), "../testdata/nothing.wasm", key, nil); !errors.Is(err, errNoNames) {
		t.Errorf("a module without an allocator: %v", err)
	}
}
