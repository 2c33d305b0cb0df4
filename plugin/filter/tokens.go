package filter

import (
	"math"
	"unsafe"

	"github.com/postern-wasm/postern/plugin/cache"
	"github.com/postern-wasm/postern/plugin/config"
	"github.com/postern-wasm/postern/plugin/credential"
	"github.com/postern-wasm/postern/plugin/jose/jwk"
	"github.com/postern-wasm/postern/plugin/reason"
)

// tokens is the cache of verified tokens: one for all providers, and one for each that
// has a share of its own.
type tokens struct {
	hasher *cache.Hasher  // nil if there is no cache
	caches []*cache.Cache // each once
	of     []share        // by provider
	event  uint32         // counts the requests that are judged
	brief  []bool         // by provider, see brief
}

// share is what a provider has of the cache.
type share struct {
	cache *cache.Cache // nil for none
	// longest is the longest token kept, bytes.
	longest int
}

// newTokens divides the configured cache up. Without an unpredictable seed there is no
// cache: its index would be a stranger's to fill as he likes.
func newTokens(cfg *config.Config, seed uint64) tokens {
	t := tokens{of: make([]share, len(cfg.Providers)), brief: make([]bool, len(cfg.Providers))}
	for i := range t.brief {
		t.brief[i] = brief(cfg, i)
	}
	if seed == 0 || cfg.TokenCache.MaxEntries == 0 {
		return t
	}
	own, rest := shares(cfg)
	add := func(lim cache.Limits) *cache.Cache {
		c := cache.New(lim, len(cfg.Providers))
		if c != nil {
			t.caches = append(t.caches, c)
		}
		return c
	}
	common := add(rest)
	for i := range cfg.Providers {
		t.of[i] = share{common, math.MaxInt}
		if p := &cfg.Providers[i].Cache; p.Capped {
			t.of[i] = share{add(own[i]), p.MaxTokenBytes}
		}
	}
	if len(t.caches) > 0 {
		t.hasher = cache.NewHasher(seed)
	}
	return t
}

// What a share is given memory for: bytesPerByte of an entry for each byte of its
// token, and bytesBesides: the token, its payload and the tape of its claims. Only
// claims made to be small beyond measure take more. leastTokens and leastShare keep a
// small share from being too small for its longest token.
const (
	bytesPerByte = 3
	bytesBesides = 1024
	leastTokens  = 10
	leastShare   = 64 << 10
)

// shares says what the providers with a share of their own get, and what is left for
// the others. The sums stay within what is configured: where it does not do for all, it
// is divided in proportion, half of it at least for the others if there are any.
func shares(cfg *config.Config) (own []cache.Limits, rest cache.Limits) {
	own = make([]cache.Limits, len(cfg.Providers))
	var entries, bytes int64 // that are asked for
	common := false
	for i := range cfg.Providers {
		if p := &cfg.Providers[i].Cache; p.Capped {
			entries += int64(p.MaxEntries)
			bytes += bytesFor(p)
		} else if cfg.Providers[i].Signed == nil {
			common = true
		}
	}
	rest = cache.Limits{MaxEntries: cfg.TokenCache.MaxEntries, MaxBytes: cfg.TokenCache.MaxBytes}
	limit := rest
	if common {
		limit.MaxEntries, limit.MaxBytes = (limit.MaxEntries+1)/2, limit.MaxBytes/2
	}
	for i := range own {
		if p := &cfg.Providers[i].Cache; p.Capped {
			own[i].MaxEntries = portion(int64(p.MaxEntries), limit.MaxEntries, entries)
			own[i].MaxBytes = portion(bytesFor(p), limit.MaxBytes, bytes)
			rest.MaxEntries -= own[i].MaxEntries
			rest.MaxBytes -= own[i].MaxBytes
		}
	}
	if !common {
		rest = cache.Limits{}
	}
	return own, rest
}

func bytesFor(p *config.ProviderCache) int64 {
	return max(int64(max(p.MaxEntries, leastTokens))*int64(p.MaxTokenBytes*bytesPerByte+bytesBesides), leastShare)
}

// portion is part of all, or of limit if that is less. A part is below 2^42 bytes and a
// limit below 2^30, so the quotient comes first where the product could be too large.
func portion(part int64, limit int, all int64) int {
	if all <= int64(limit) {
		return int(part)
	}
	if part > 1<<32 {
		part, all = part>>12, all>>12+1
	}
	return int(part * int64(limit) / all)
}

// look returns what was saved of the slot's token when provider had proved it with the
// keys of this moment, and these; nil if it did not or nobody remembers.
func (j *judge) look(s *slot, provider, maxBytes int) (saved []byte, keys *jwk.Set) {
	t := &j.plugin.tokens
	kept := &t.of[provider]
	if kept.cache == nil || len(s.key.Token) > min(kept.longest, maxBytes) {
		return nil, nil
	}
	keys, generation := j.keysOf(&j.plugin.cfg.Providers[provider])
	if keys == nil {
		return nil, nil
	}
	s.key.Owner, s.key.Generation = provider, generation
	if saved = kept.cache.Find(&s.key, j.now, t.event); saved != nil {
		s.parsed = false
	}
	return saved, keys
}

// recall puts the attempt of a slot into the state that its token was in when provider
// had proved it with the keys of this moment; false if nobody remembers.
func (j *judge) recall(s *slot, provider, maxBytes int) bool {
	saved, keys := j.look(s, provider, maxBytes)
	return saved != nil && s.attempt.Restore(s.key.Token, saved, keys)
}

// recallOwner recalls a token that may be any provider's: the one that proved it must be
// the one that its issuer names. -1 if nobody remembers.
func (j *judge) recallOwner(s *slot, maxBytes int) int {
	providers := j.plugin.cfg.Providers
	for i := range providers {
		if looksAt(providers[i].Places, s.place) && j.recall(s, i, maxBytes) && Owner(j.plugin.cfg, &s.attempt, s.place) == i {
			return i
		}
	}
	return -1
}

// present gives the slot a token to look for. What is known of it from the provider
// before, its hash and its parts, holds for this one too if it is the very same header's:
// other places may be decoded into memory that is used again.
func (j *judge) present(s *slot, raw string) {
	if s.place.In == credential.InHeader && len(raw) == len(s.key.Token) && unsafe.StringData(raw) == unsafe.StringData(s.key.Token) {
		return
	}
	s.key, s.parsed = cache.Key{Token: raw}, false
	if h := j.plugin.tokens.hasher; h != nil {
		s.key.Hash = h.Sum(raw)
	}
}

// parse takes the slot's token apart, unless that has been done for the provider before.
func (j *judge) parse(s *slot, maxBytes int) reason.Code {
	if s.parsed && len(s.key.Token) <= maxBytes {
		return reason.OK
	}
	code := s.attempt.Parse(s.key.Token, maxBytes, j.plugin.seed)
	s.parsed = code == reason.OK
	return code
}

// remember keeps what provider s.provider has just proved with the keys of a generation,
// if it was not recalled.
func (j *judge) remember(s *slot, p *config.Provider, generation uint64) {
	t := &j.plugin.tokens
	kept := &t.of[s.provider]
	size := s.attempt.SavedSize()
	if kept.cache == nil || size == 0 || len(s.key.Token) > kept.longest {
		return
	}
	s.key.Owner, s.key.Generation = s.provider, generation
	if dst := kept.cache.Add(&s.key, size, j.now, s.attempt.Expires(&p.JWT), t.event); dst != nil && !s.attempt.Save(dst) {
		kept.cache.Drop(&s.key)
	}
}

// keysOf returns a provider's keys of this moment, or nil, and their generation.
func (j *judge) keysOf(p *config.Provider) (*jwk.Set, uint64) {
	if p.Inline != nil {
		return p.Inline, 1
	}
	if p.Remote < 0 {
		return nil, 0
	}
	source := j.plugin.sources[p.Remote]
	keys := source.Keys(j.now)
	return keys, source.Generation()
}

// CacheStats returns the counters of the cache of verified tokens.
func (p *Plugin) CacheStats() (sum cache.Stats) {
	for _, c := range p.tokens.caches {
		s := c.Stats()
		sum.Hits += s.Hits
		sum.Misses += s.Misses
		sum.Added += s.Added
		sum.Evicted += s.Evicted
		sum.Entries += s.Entries
		sum.Bytes += s.Bytes
	}
	return sum
}

func (t *tokens) close() {
	for _, c := range t.caches {
		c.Close()
	}
}
