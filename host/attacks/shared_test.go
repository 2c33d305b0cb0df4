package attacks

import (
	"bytes"
	"fmt"
	"maps"
	"strings"
	"testing"
)

const (
	casMismatch   = 8
	unimplemented = 12
)

// published is what one worker leaves in shared data after it has fetched its key set,
// and the name of the key set's entry.
func published(t *testing.T) (shared map[string][]byte, document string) {
	t.Helper()
	h := waiting(t)
	h.callout(rootContext, 1, "200", keySet())
	for key := range h.shared {
		if strings.HasSuffix(key, "/doc") {
			document = key
		}
	}
	if len(h.continued) != 1 || document == "" {
		t.Fatalf("continued %v, shared %d entries", h.continued, len(h.shared))
	}
	return h.shared, document
}

// joins starts another worker over what is shared and says what it does with requests:
// the bad are refused in any case.
func joins(t *testing.T, law string, shared map[string][]byte, fail map[string]uint32) (h *fakeHost, good outcome) {
	t.Helper()
	h = start(t)
	h.shared, h.fail = maps.Clone(shared), fail
	if !h.configure(remote()) {
		t.Fatal(h.logs)
	}
	answer := func(h *fakeHost) { h.callout(rootContext, h.calls, "200", keySet()) }
	for n, bad := range [][]byte{get(), bearer(expired()), bearer(forged())} {
		if got := h.run(uint32(2+n), &trial{pairs: func(int) []byte { return bad }, answer: answer}); got != refused {
			t.Errorf("%s: bad request %d: %v", law, n, got)
		}
	}
	return h, h.run(9, &trial{pairs: func(n int) []byte { return bearer(tokenOf(fmt.Sprint(n))) }, answer: answer})
}

// forged is a good token under a signature of nobody's.
func forged() string {
	t := good()
	return t[:strings.LastIndexByte(t, '.')+1] + strings.Repeat("A", 86)
}

// TestR08WhatOthersLeaveInSharedData: an entry that is not whole, of another format or
// another set, is not used: the keys are fetched.
func TestR08WhatOthersLeaveInSharedData(t *testing.T) {
	shared, document := published(t)
	if h, got := joins(t, "the entry as it is", shared, map[string]uint32{}); got != passed || h.calls != 0 {
		t.Fatalf("a sound entry is not used: %v after %d fetches", got, h.calls)
	}
	whole := shared[document]
	entries := map[string][]byte{
		"nothing": {}, "a key set's text": []byte(keySet()), "100 MB": make([]byte, 100<<20), "20 MB of it": bytes.Repeat(whole, 20<<20/len(whole)),
		"longer by one": append(bytes.Clone(whole), 0), "twice": append(bytes.Clone(whole), whole...), "zeros": make([]byte, len(whole)),
		"another's keys under our head": append(bytes.Clone(whole[:len(whole)-len(keySet())]), strings.Replace(keySet(), `"kid":"a"`, `"kid":"b"`, 1)...),
	}
	for i := 0; i < len(whole); i += 3 {
		flipped := bytes.Clone(whole)
		flipped[i] ^= 1 << (i % 8)
		entries[fmt.Sprintf("a bit of byte %d", i)] = flipped
		entries[fmt.Sprintf("cut to %d bytes", i)] = whole[:i]
	}
	for law, entry := range entries {
		all := maps.Clone(shared)
		all[document] = entry
		if h, got := joins(t, law, all, map[string]uint32{}); got != passed || h.calls == 0 {
			t.Errorf("%s: a good request: %v after %d fetches", law, got, h.calls)
		}
	}
}

// TestR08ANeighbourWithoutTheSecret: with limits.shared_data_secret a neighbour in the same
// vm_id, who can write whatever an honest worker of another configuration writes, keys of
// its own included, has nobody believe it.
func TestR08ANeighbourWithoutTheSecret(t *testing.T) {
	sealed := func(secret string) string {
		return strings.Replace(remote(), "{", `{"limits":{"shared_data_secret":{"inline":"`+secret+`"}},`, 1)
	}
	fetched := func(config string) map[string][]byte {
		h := start(t)
		if !h.configure(config) {
			t.Fatal(h.logs)
		}
		h.call("proxy_on_tick", rootContext)
		h.callout(rootContext, 1, "200", keySet())
		if len(h.shared) != 2 {
			t.Fatalf("%d entries", len(h.shared))
		}
		return h.shared
	}
	joined := func(shared map[string][]byte) (calls uint32) {
		h := start(t)
		h.shared = maps.Clone(shared)
		if !h.configure(sealed("a secret of the operator's")) {
			t.Fatal(h.logs)
		}
		h.call("proxy_on_tick", rootContext)
		return h.calls
	}
	own := fetched(sealed("a secret of the operator's"))
	if n := joined(own); n != 0 {
		t.Fatalf("%d fetches: a worker with the secret does not believe the others", n)
	}
	// The names are no secret: whoever reads shared data sees them.
	for law, config := range map[string]string{"without a secret": remote(), "with another secret": sealed("a secret of the neighbour's")} {
		forged := map[string][]byte{}
		for name, value := range fetched(config) {
			for ours := range own {
				if ours[len(ours)-4:] == name[len(name)-4:] {
					forged[ours] = value
				}
			}
		}
		if len(forged) != 2 || joined(forged) != 1 {
			t.Errorf("%s: what a neighbour has written is believed", law)
		}
	}
	for name, value := range own {
		for other := range own {
			if other != name {
				if joined(map[string][]byte{name: own[other], other: value}) != 1 {
					t.Error("two entries that are exchanged are believed")
				}
			}
		}
	}
}

// TestW09SharedDataThatFails: whatever the store answers, and whatever stands in it, what
// is bad is refused and what is good is judged.
func TestW09SharedDataThatFails(t *testing.T) {
	sound, _ := published(t)
	stores := map[string]map[string][]byte{"an empty store": {}, "a sound one": sound}
	for law, text := range map[string][]byte{"foreign bytes": bytes.Repeat([]byte{0xff, 0}, 100), "100 MB": make([]byte, 100<<20), "nothing": {}} {
		all := map[string][]byte{}
		for key := range sound {
			all[key] = text
		}
		stores[law] = all
	}
	for cut := range 8 {
		all := map[string][]byte{}
		for key, value := range sound {
			all[key] = value[:len(value)*cut/8]
		}
		stores[fmt.Sprintf("all cut to %d eighths", cut)] = all
	}
	for law, store := range stores {
		for faults, fail := range map[string]map[string]uint32{
			"none":                             {},
			"every write loses":                {"proxy_set_shared_data": casMismatch},
			"no writing":                       {"proxy_set_shared_data": unimplemented},
			"no reading":                       {"proxy_get_shared_data": unimplemented},
			"neither":                          {"proxy_get_shared_data": unimplemented, "proxy_set_shared_data": unimplemented},
			"reading fails, every write loses": {"proxy_get_shared_data": 10, "proxy_set_shared_data": casMismatch},
			"nothing is ever there":            {"proxy_get_shared_data": 1},
			"writes are said to be done":       {"proxy_set_shared_data": statusOK},
		} {
			h, got := joins(t, law+", "+faults, store, fail)
			if got == hung || h.calls > 8 {
				t.Errorf("%s, %s: a good request: %v after %d fetches", law, faults, got, h.calls)
			}
			if got != passed {
				for _, a := range h.answers {
					if a.status != 503 {
						t.Errorf("%s, %s: a good request is answered %d", law, faults, a.status)
					}
				}
			}
		}
	}
}
