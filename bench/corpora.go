package main

import (
	"fmt"
	"time"

	"github.com/postern-wasm/postern/bench/mint"
)

// material is all keys and requests of a run. A corpus is named by its algorithm,
// by that and " one" for a single token that is in no other corpus, or by the kind
// of refused request (made with the RS256 key).
type material struct {
	keys    map[string]*mint.Key
	corpora map[string]*mint.Corpus
	bytes   map[string]int // the length of each algorithm's first token
}

// mintAll makes them anew: nothing is kept from an earlier run.
func mintAll(s scale, now time.Time, say func(string, ...any)) (*material, error) {
	m := &material{keys: map[string]*mint.Key{}, corpora: map[string]*mint.Corpus{}, bytes: map[string]int{}}
	for _, a := range mint.Algorithms() {
		key, err := mint.NewKey(a)
		if err != nil {
			return nil, err
		}
		m.keys[a] = key
		begin := time.Now()
		tokens, err := key.Good(0, s.Tokens+1, now, nil)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", a, err)
		}
		m.corpora[a] = &mint.Corpus{Tokens: tokens[:s.Tokens]}
		m.corpora[a+" one"] = &mint.Corpus{Tokens: tokens[s.Tokens:]}
		m.bytes[a] = len(tokens[0])
		say("minted %d %s tokens of %d bytes in %.1f s", s.Tokens, a, len(tokens[0]), time.Since(begin).Seconds())
	}
	for _, kind := range mint.Refused() {
		tokens, err := m.keys["RS256"].Bad(kind, s.Refused, now)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", kind, err)
		}
		m.corpora[kind] = &mint.Corpus{Tokens: tokens}
	}
	return m, nil
}
