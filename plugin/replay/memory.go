package replay

import "github.com/postern-wasm/postern/plugin/memory"

const (
	// ways is how many entries a set has.
	ways = 64
	// providerEntries is how many a provider has, for all its key ids: 768 KiB.
	providerEntries = 1 << 16
	// memoryEntries is how many a VM has, 6 MiB: what more key ids want is refused.
	memoryEntries = 1 << 19
	// maxShares bounds the key ids of a VM.
	maxShares = 1 << 12
)

// Memory is what one VM remembers where the host has no shared data. The zero value is
// empty. It holds no pointer to anything but its own, which is in the eternal region, so
// that it outlives every configuration, and is bounded: by what its stores ask for, and
// all in all.
type Memory struct {
	shares []share
	held   int // entries
	// floor is after the newest entry of all shares that were taken over by other key ids:
	// no share that begins takes anything before it.
	floor int64
}

// share is what a key id has: sets of entries without order. An entry that is not in use
// has stamp 0.
type share struct {
	name   uint64
	floor  int64
	newest int64 // stamp
	until  int64 // seconds since 1970: from then on nothing in it counts
	hashes []uint64
	stamps []uint32
}

// judge answers a plan at once.
func (m *Memory) judge(p *Plan) Outcome {
	if m == nil {
		return Unavailable
	}
	s := m.find(p.mark.share)
	if s == nil {
		if p.mark.stamp < m.floor {
			return Unavailable
		}
		if !p.insert {
			return Fresh
		}
		if s = m.take(p); s == nil {
			return Full
		}
	}
	floor, limit := s.floor, p.limit(s.floor)
	set := int(p.mark.hash>>32*uint64(len(s.hashes)/ways)>>32) * ways
	free, live, found := -1, 0, false
	for i := set; i < set+ways; i++ {
		switch {
		case int64(s.stamps[i]) < limit:
			free = i
		default:
			live++
			found = found || s.hashes[i] == p.mark.hash
		}
	}
	out := p.judge(floor, live, found, ways)
	if out == Fresh && p.insert {
		s.floor, s.newest, s.until = limit, max(s.newest, p.mark.stamp), max(s.until, p.mark.stamp+p.window().keep)
		s.hashes[free], s.stamps[free] = p.mark.hash, uint32(p.mark.stamp)
	}
	return out
}

func (m *Memory) find(name uint64) *share {
	for i := range m.shares {
		if m.shares[i].name == name {
			return &m.shares[i]
		}
	}
	return nil
}

// take gives a key id its share: a new one, or one of the same size whose entries have
// all expired. It is nil if there is neither.
func (m *Memory) take(p *Plan) *share {
	cfg := &p.store.cfg
	sets := min(providerEntries/cfg.Clients, cfg.Capacity+cfg.Capacity/4) / ways
	size := max(sets, 1) * ways
	if size <= memoryEntries-m.held && len(m.shares) < maxShares {
		before := memory.Enter(memory.Eternal())
		m.shares = append(m.shares, share{name: p.mark.share, floor: m.floor, hashes: make([]uint64, size), stamps: make([]uint32, size)})
		memory.Leave(before)
		m.held += size
		return &m.shares[len(m.shares)-1]
	}
	for i := range m.shares {
		s := &m.shares[i]
		if s.until < p.now && len(s.stamps) == size {
			m.floor = max(m.floor, s.newest+1)
			clear(s.stamps)
			s.name, s.floor, s.newest, s.until = p.mark.share, m.floor, 0, 0
			return s
		}
	}
	return nil
}
