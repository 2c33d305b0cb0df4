package signed

import "github.com/postern-wasm/postern/plugin/kernel/digest"

// MaxTaps is how many hashes can run over one body as it comes. Where more are needed, the
// body is read again once it is complete.
const MaxTaps = 6

// Taps are the hashes that run over a request's body. They hold no pointers, and what they
// hold is as good as the secret for texts that go on from there: they are wiped when the
// stream ends.
type Taps struct {
	list [MaxTaps]tap
	used int
	size int64
}

// tap is one hash and whose: provider, claim, and what within the claim.
type tap struct {
	id    uint64
	state digest.State
}

// tapID tells the hashes of a stream apart.
func tapID(provider, claim, slot int) uint64 {
	return uint64(provider)<<32 | uint64(claim)<<28 | uint64(slot)
}

// Slots of a claim: one for each pair of key and signature that needs a state of its own,
// and these.
const (
	slotDigest = 1 << 24 // and the digest's index
	slotHash   = 1 << 25
	slotText   = 1 << 26
)

// Write lets the hashes run over the next bytes of the body.
func (t *Taps) Write(chunk []byte) {
	for i := range t.list[:t.used] {
		t.list[i].state.Write(chunk)
	}
	t.size += int64(len(chunk))
}

// Size is how much of the body has been written.
func (t *Taps) Size() int64 { return t.size }

// Reset wipes the taps.
func (t *Taps) Reset() { *t = Taps{} }

// find returns the state of an id, or nil.
func (t *Taps) find(id uint64) *digest.State {
	if t == nil {
		return nil
	}
	for i := range t.list[:t.used] {
		if t.list[i].id == id {
			return &t.list[i].state
		}
	}
	return nil
}

// open returns a new state for an id. nil if there is one already, no room, or part of the
// body has passed.
func (t *Taps) open(id uint64) *digest.State {
	if t == nil || t.size > 0 || t.used == MaxTaps || t.find(id) != nil {
		return nil
	}
	t.list[t.used].id = id
	t.used++
	return &t.list[t.used-1].state
}

// drop takes back what open has just returned.
func (t *Taps) drop() {
	t.used--
	t.list[t.used] = tap{}
}
