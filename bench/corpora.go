package main

import (
	"fmt"
	"slices"
	"time"

	"github.com/postern-wasm/postern/bench/edge"
	"github.com/postern-wasm/postern/bench/mint"
)

// material is all keys and requests of a run. A corpus is named by its algorithm,
// by that and " one" for a single token that is in no other corpus, by the kind of
// refused request (made with the RS256 key), or by one of the functions below.
type material struct {
	keys    map[string]*mint.Key
	sets    []*mint.Key // ES256 keys of issuers of their own
	corpora map[string]*mint.Corpus
	bytes   map[string]int // the length of each algorithm's first token
}

// Names of corpora.
const (
	bigGood  = "accepted, 16 KB token"
	wideGood = "accepted, 60 KB of headers"

	signedBodies = "signed, 2 KB body"
)

func seenCorpus(n int) string  { return fmt.Sprintf("%d tokens", n) }
func setsCorpus(n int) string  { return fmt.Sprintf("tokens of %d key sets", n) }
func rulesCorpus(n int) string { return fmt.Sprintf("paths of %d rules", n) }
func sizeCorpus(n int) string  { return fmt.Sprintf("tokens of %d bytes", n) }

// few is how many distinct tokens are enough where no cache may help.
const few = 64

// wide is how many bytes of header lines go with "60 KB of headers"; with the rest
// of the request they stay below 60 KiB.
const wide = 59_000

// mintAll makes them anew: nothing is kept from an earlier run.
func mintAll(s scale, now time.Time, say func(string, ...any)) (*material, error) {
	m := &material{keys: map[string]*mint.Key{}, corpora: map[string]*mint.Corpus{}, bytes: map[string]int{}}
	for _, a := range mint.Algorithms() {
		key, err := mint.NewKey(a)
		if err != nil {
			return nil, err
		}
		m.keys[a] = key
		begin, n := time.Now(), s.Tokens
		if a == seenAlgorithm {
			n = max(n, slices.Max(s.Seen))
		}
		tokens, err := key.Good(0, n+1, now, nil)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", a, err)
		}
		m.corpora[a] = &mint.Corpus{Tokens: tokens[:s.Tokens]}
		m.corpora[a+" one"] = &mint.Corpus{Tokens: tokens[n:]}
		m.bytes[a] = len(tokens[0])
		if a == seenAlgorithm {
			for _, n := range s.Seen {
				m.corpora[seenCorpus(n)] = &mint.Corpus{Tokens: tokens[:n]}
			}
		}
		say("minted %d %s tokens of %d bytes in %.1f s", n, a, len(tokens[0]), time.Since(begin).Seconds())
	}
	for _, kind := range mint.Refused() {
		tokens, err := m.keys["RS256"].Bad(kind, s.Refused, now)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", kind, err)
		}
		m.corpora[kind] = &mint.Corpus{Tokens: tokens}
	}
	filler := mint.Filler(wide)
	m.corpora[mint.Wide].Lines = filler
	m.corpora[wideGood] = &mint.Corpus{Tokens: some(m.corpora["RS256"].Tokens), Lines: filler}
	big, err := m.keys["RS256"].Sized(0, few, mint.BigBytes, now)
	if err != nil {
		return nil, err
	}
	m.corpora[bigGood] = &mint.Corpus{Tokens: big}
	m.corpora[signedBodies] = mint.Signed(s.Refused, 2048, now)
	return m, m.mintGrowth(s, now)
}

// The keys of the tokens by which growth is measured.
const seenAlgorithm = "ES256"

// mintGrowth makes what growth is measured with.
func (m *material) mintGrowth(s scale, now time.Time) error {
	var perSet [][]string
	for i := range slices.Max(s.Sets) {
		key, err := mint.NewKey(seenAlgorithm)
		if err != nil {
			return err
		}
		key.Issuer = fmt.Sprintf("https://login-%02d.bench.example", i)
		tokens, err := key.Good(0, few, now, nil)
		if err != nil {
			return err
		}
		m.sets, perSet = append(m.sets, key), append(perSet, tokens)
	}
	for _, n := range s.Sets {
		c := &mint.Corpus{}
		for i := range n * few {
			c.Tokens = append(c.Tokens, perSet[i%n][i/n])
		}
		m.corpora[setsCorpus(n)] = c
	}
	for _, n := range s.Rules {
		m.corpora[rulesCorpus(n)] = &mint.Corpus{Tokens: m.corpora[seenAlgorithm+" one"].Tokens, Paths: edge.Areas(n)}
	}
	for _, n := range s.Sizes {
		tokens, err := m.keys[seenAlgorithm].Sized(0, few, n, now)
		if err != nil {
			return err
		}
		m.corpora[sizeCorpus(n)] = &mint.Corpus{Tokens: tokens}
	}
	return nil
}

// some are a few of them.
func some(tokens []string) []string { return tokens[:min(len(tokens), few)] }
