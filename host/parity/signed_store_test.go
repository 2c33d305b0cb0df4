package parity

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postern-wasm/postern/host/envoy"
	"github.com/postern-wasm/postern/plugin/replay"
)

// storeWorkers share what is remembered.
const storeWorkers = 4

// storeConfig has keys of one provider and room for few requests of each.
func storeConfig(keys int) string {
	list := make([]string, keys)
	for i := range list {
		list[i] = fmt.Sprintf(`{"id": "k%d", "secret": {"inline": "partner secret"}}`, i)
	}
	return strings.Replace(fmt.Sprintf(partnerConfig, `, "replay": {"by": "nonce", "capacity": 64}`),
		`{"id": "k1", "client": "acme", "secret": {"inline": "partner secret"}}`, strings.Join(list, ", "), 1)
}

// storeRequest is one of a key's, without a body.
func storeRequest(key string, at time.Time, nonce string) envoy.Request {
	r := partnerRequest(at, nonce, "")
	r.Headers[0].Value = key
	return r
}

// store is an Envoy whose workers remember, and connections enough that each has some.
type store struct {
	t       *testing.T
	clients []*envoy.Client
}

func newStore(t *testing.T, config string) *store {
	t.Helper()
	e, _, _ := holding(t, config, storeWorkers, true)
	s := &store{t: t}
	for range 8 * storeWorkers {
		client, err := envoy.Dial(e.Addr("edge"), patience)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = client.Close() })
		s.clients = append(s.clients, client)
	}
	return s
}

// all sends requests, each connection its share of them, all at once, and returns their
// statuses in order.
func (s *store) all(requests []envoy.Request) []int {
	s.t.Helper()
	statuses := make([]int, len(requests))
	gate := make(chan struct{})
	var wait sync.WaitGroup
	for n, client := range s.clients[:min(len(s.clients), len(requests))] {
		wait.Go(func() {
			<-gate
			for at := n; at < len(requests); at += len(s.clients) {
				if response, err := client.Do(requests[at]); err == nil {
					statuses[at] = response.Status
				}
			}
		})
	}
	close(gate)
	wait.Wait()
	return statuses
}

// count is how often each status came.
func count(statuses []int) map[int]int {
	counts := map[int]int{}
	for _, status := range statuses {
		counts[status]++
	}
	return counts
}

// TestP07OneKeyFillsItsOwnShareInEnvoy: a client that sends as much as it can is refused
// once its memory is full, by every worker, and so is each of its requests that was
// accepted; the others' requests pass as before.
func TestP07OneKeyFillsItsOwnShareInEnvoy(t *testing.T) {
	s := newStore(t, storeConfig(3))
	serial, now := 0, time.Now()
	some := func(key string, n int) []envoy.Request {
		list := make([]envoy.Request, n)
		for i := range list {
			serial++
			list[i] = storeRequest(key, now, "n"+strconv.Itoa(serial))
		}
		return list
	}
	before := some("k1", 200)
	if got := count(s.all(before)); got[200] != 200 {
		t.Fatalf("the other's first: %v", got)
	}
	flood := some("k0", 24_000)
	statuses := s.all(flood)
	if got := count(statuses); got[200] < 64 || got[503] == 0 || got[200]+got[503] != len(flood) {
		t.Errorf("the flood: %v, want 64 times 200 at least, and 503", got)
	}
	if got := count(s.all(some("k0", 400))); got[503] != 400 {
		t.Errorf("the one whose memory is full: %v", got)
	}
	taken := flood[slices.Index(statuses, 200)]
	if got := count(s.all(slices.Repeat([]envoy.Request{taken}, 64))); got[401] != 64 {
		t.Errorf("one of its requests that was accepted: %v", got)
	}
	for _, key := range []string{"k1", "k2"} {
		if got := count(s.all(some(key, 400))); got[200] != 400 {
			t.Errorf("%s: %v", key, got)
		}
	}
	if got := count(s.all(before)); got[401] != 200 {
		t.Errorf("what the other had sent before: %v", got)
	}
}

// entries groups nonces of a key by the entry of shared data that they are kept in.
func entries(t *testing.T, key string, at time.Time, nonces int) map[string][]string {
	t.Helper()
	store := replay.New(replay.Config{Provider: "partner", Ahead: 300e9, Behind: 300e9}, new(replay.Memory))
	probe := store.Probe()
	probe.Written(replay.ShareOK)
	probe.Read(replay.ShareOK, nil, 1)
	probe.Written(replay.ShareConflict)
	groups := map[string][]string{}
	for i := range nonces {
		nonce := "e" + strconv.Itoa(i)
		plan := store.Insert(at.UnixNano(), store.Mark(key, at.Unix()*1e9, replay.Nonce, nonce))
		step := plan.Next()
		if step.Kind != replay.ReadShared {
			t.Fatalf("%+v", step)
		}
		groups[step.Key] = append(groups[step.Key], nonce)
	}
	return groups
}

// TestP09WorkersCreateOneEntryInEnvoy: workers whose requests create the same entry of
// shared data at the same moment do not erase each other's. Each of four nonces that belong
// to one entry that is not there yet is sent twice at once, and once more: it passes once.
func TestP09WorkersCreateOneEntryInEnvoy(t *testing.T) {
	const nonces, twice = 4, 2
	round := func(s *store, key string, now time.Time, list []string) {
		t.Helper()
		var requests []envoy.Request
		for i := range nonces * twice {
			requests = append(requests, storeRequest(key, now, list[i%nonces]))
		}
		statuses := s.all(requests)
		again := s.all(requests[:nonces])
		for i := range nonces {
			of := count([]int{statuses[i], statuses[i+nonces], again[i]})
			if of[200] != 1 || of[401] != 2 {
				t.Errorf("%s %s: %v, want one 200 and 401 for the rest", key, list[i], of)
			}
		}
	}
	rounds := 0
	for _, keys := range []int{1, 1, 1, 4} { // the first requests of all, and then many
		s := newStore(t, storeConfig(keys))
		now := time.Now()
		for k := range keys {
			key := "k" + strconv.Itoa(k)
			for _, list := range entries(t, key, now, 2000) {
				if len(list) < nonces || t.Failed() {
					continue
				}
				round(s, key, now, list)
				if rounds++; keys == 1 {
					break
				}
			}
		}
	}
	t.Logf("note: %d entries", rounds)
	if rounds < 700 {
		t.Errorf("%d entries", rounds)
	}
}

// TestEntriesAreTheModules holds what the test above rests on: the nonces of a group fill
// one entry, long before as many others would.
func TestEntriesAreTheModules(t *testing.T) {
	s := newStore(t, storeConfig(1))
	now := time.Now()
	var list []string
	for _, group := range entries(t, "k0", now, 20_000) {
		if len(group) > len(list) {
			list = group
		}
	}
	var requests []envoy.Request
	for _, nonce := range list {
		requests = append(requests, storeRequest("k0", now, nonce))
	}
	if got := count(s.all(requests)); got[503] == 0 || got[200] == 0 || got[200]+got[503] != len(list) {
		t.Errorf("%d of one entry: %v", len(list), got)
	}
	if got := count(s.all([]envoy.Request{storeRequest("k0", now, "another")})); got[200] != 1 {
		t.Errorf("one of another: %v", got)
	}
}
