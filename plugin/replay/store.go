package replay

import (
	"encoding/binary"

	"github.com/postern-wasm/postern/plugin/kernel/sha2"
)

const second = 1_000_000_000

// grace is how long beyond its window an entry is kept, seconds: a request is accepted
// when its body has ended, and its time was looked at when its headers came.
const grace = 60

// DefaultCapacity is how many requests of one key id are remembered per window.
const DefaultCapacity = 100_000

// MaxCapacity is the largest capacity that can be configured.
const MaxCapacity = 1 << 20

// MaxWindow bounds Ahead and Behind, nanoseconds: a week, which is what Signature
// Version 4 allows a signed URL.
const MaxWindow = 7 * 24 * 3600 * second

// buckets is how many a key id has. Which of them a request is in depends on nothing that
// can be configured, so that no new configuration forgets.
const buckets = 256

// Config is what a provider says about replay.
type Config struct {
	// Provider is its name. Providers of one name share a memory, also across
	// configurations.
	Provider string
	// Ahead and Behind are how far a request's time may be from the clock, nanoseconds,
	// at most MaxWindow. With ByArrival, Behind is for how long an id is remembered.
	Ahead, Behind int64
	// ByArrival says that requests carry no signed time: ids are remembered from their
	// arrival on.
	ByArrival bool
	// Capacity is how many requests of one key id are remembered per window, at most
	// MaxCapacity; 0 is DefaultCapacity. Any more are refused.
	Capacity int
	// Clients is how many key ids share the module's memory where the host has no shared
	// data; 0 is 1.
	Clients int
	// Secret is what entries in shared data are authenticated with, if it is not empty. It
	// is kept.
	Secret []byte
}

// Store is a provider's memory. It keeps nothing of a request: that is in shared data, or
// in a [Memory].
type Store struct {
	cfg      Config
	mode     mode
	memory   *Memory
	capacity uint32 // of one bucket
	untold   bool   // of [Store.Note]
	// windows by life: which stamps are taken, and for how long they are remembered.
	windows [lives]window
}

// life is what ends the use of a request. Each has buckets of its own: what one of them
// has forgotten the others may still know.
type life uint8

const (
	stamped life = iota // its signed time, and the configured window
	lasting             // a signed time of its own
	arrived             // nothing that is signed
	lives
)

// window is in seconds: a stamp may be ahead of the clock and is remembered for keep.
type window struct{ ahead, keep int64 }

// mode is where the memory is. The zero value is nowhere: everything is refused.
type mode uint8

const (
	unknown mode = iota
	shared
	own
)

// New returns the store of a provider; it refuses everything until [Store.Probe] is done.
// memory is used if the host has no shared data; it is to live as long as the VM. What is
// out of range in cfg is taken as the nearest that is not.
func New(cfg Config, memory *Memory) *Store {
	clamp := func(n int64) int64 { return min(max(n, 0), MaxWindow) }
	cfg.Ahead, cfg.Behind = clamp(cfg.Ahead), clamp(cfg.Behind)
	if cfg.Capacity <= 0 {
		cfg.Capacity = DefaultCapacity
	}
	cfg.Capacity = min(cfg.Capacity, MaxCapacity)
	cfg.Clients = max(cfg.Clients, 1)
	s := &Store{cfg: cfg, memory: memory}
	// Stamps are cut to seconds and so is the clock: one more, and none is dropped early.
	up := func(n int64) int64 { return (n + second - 1) / second }
	s.windows[stamped] = window{up(cfg.Ahead) + grace, up(cfg.Behind) + 1 + grace}
	s.windows[lasting] = window{MaxWindow/second + grace, 1 + grace}
	s.windows[arrived] = window{0, up(cfg.Behind) + 1}
	// Hashes spread unevenly: a quarter more and 32 is more than six standard deviations
	// over the mean, for every capacity from 256 on.
	mean := (uint32(cfg.Capacity) + buckets - 1) / buckets
	s.capacity = mean + mean/4 + 32
	return s
}

// Note returns, once, what an operator ought to know: that the host has no shared data.
// It is made when it is asked for: a store outlives what it was probed in.
func (s *Store) Note() string {
	if !s.untold {
		return ""
	}
	s.untold = false
	return "replay: provider \"" + s.cfg.Provider + "\": the host has no shared data that compares and swaps: " +
		"every worker remembers requests for itself, so that one may be accepted once by each"
}

// Kind is what tells a request from others of the same key id and time. Kinds are never
// mistaken for each other.
type Kind uint8

// The kinds.
const (
	// Nonce is a nonce that was signed.
	Nonce Kind = iota + 1
	// MAC is the MAC that was computed, not the text of the one that was sent.
	MAC
	// Base is the hash of what was signed, for keys of public algorithms: a signature can
	// be changed to another good one by anybody.
	Base
	// ID is an id, of stores that go by arrival.
	ID
)

// Mark is what is remembered of a request. It holds nothing of its text. The zero value
// is out of every window.
type Mark struct {
	life   life
	share  uint64 // the provider, key id and life
	bucket byte
	hash   uint64 // everything
	stamp  int64  // seconds since 1970
}

// Mark returns the mark of a request: keyID is the key that proved it ("" where requests
// name none, so that one signed by several keys is one request), stamp its signed
// time in nanoseconds (not read by arrival), what its nonce, MAC, hash or id. Nothing of
// them is kept. 64 bits of SHA-256 tell requests of one key id apart: with 100,000 in the
// window a new one is in a bucket with about 400, and refused as seen before with a
// probability of 2^-55. A collision made on purpose, 2^32 hashes, refuses only who made
// it: others have other key ids. It never accepts.
func (s *Store) Mark(keyID string, stamp int64, kind Kind, what string) Mark {
	if s.cfg.ByArrival {
		return s.mark(arrived, keyID, 0, kind, what)
	}
	return s.mark(stamped, keyID, stamp, kind, what)
}

// MarkUntil is [Store.Mark] of a request that says itself, signed, until when it may be
// used, in nanoseconds, however old it is: it is remembered until then. More than MaxWindow
// from now is outside.
func (s *Store) MarkUntil(keyID string, expires int64, kind Kind, what string) Mark {
	return s.mark(lasting, keyID, expires, kind, what)
}

func (s *Store) mark(life life, keyID string, stamp int64, kind Kind, what string) Mark {
	var number [9]byte
	binary.LittleEndian.PutUint64(number[:], uint64(len(s.cfg.Provider))|uint64(life)<<56)
	var sum [sha2.MaxSize]byte
	var h sha2.State
	h.Reset(sha2.SHA256)
	h.Write(number[:8])
	h.WriteString(s.cfg.Provider)
	h.WriteString(keyID)
	share := h.Append(sum[:0])
	m := Mark{life: life, share: binary.LittleEndian.Uint64(share), stamp: floorSeconds(stamp)}
	binary.LittleEndian.PutUint64(number[:], uint64(stamp))
	number[8] = byte(kind)
	h.Reset(sha2.SHA256)
	h.Write(share)
	h.Write(number[:])
	h.WriteString(what)
	whole := h.Append(sum[:0])
	m.hash, m.bucket = binary.LittleEndian.Uint64(whole), whole[8]
	return m
}

// floorSeconds rounds down, below 0 too.
func floorSeconds(ns int64) int64 {
	n := ns / second
	if ns%second < 0 {
		n--
	}
	return n
}

// keyPrefix names format and version: another version has other entries.
const keyPrefix = "postern/1/replay/"

// name is what a bucket is called in shared data. It depends on nothing but provider,
// key id, life and hash.
func (m *Mark) name() string {
	const digits = "0123456789abcdef"
	name := make([]byte, 0, len(keyPrefix)+16+1+2)
	name = append(name, keyPrefix...)
	for shift := 60; shift >= 0; shift -= 4 {
		name = append(name, digits[m.share>>shift&15])
	}
	return string(append(name, '/', digits[m.bucket>>4], digits[m.bucket&15]))
}
