package signed

import "github.com/postern-wasm/postern/plugin/kernel/digest"

// seal binds a tap to the claim that it was opened for. A hash that has begun is finished
// under no other one: an R exchanged between the events would make an Ed25519 signature out
// of anything, and a time exchanged would make an old one fresh.
type seal [16]byte

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
	seal  seal
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

// find returns the state of an id that was opened for the very same claim, or nil.
func (t *Taps) find(id uint64, of seal) *digest.State {
	if t == nil {
		return nil
	}
	for i := range t.list[:t.used] {
		if t.list[i].id == id && t.list[i].seal == of {
			return &t.list[i].state
		}
	}
	return nil
}

// open returns a new state for an id. nil if there is one already, no room, or part of the
// body has passed.
func (t *Taps) open(id uint64, of seal) *digest.State {
	if t == nil || t.size > 0 || t.used == MaxTaps || t.find(id, of) != nil {
		return nil
	}
	t.list[t.used].id, t.list[t.used].seal = id, of
	t.used++
	return &t.list[t.used-1].state
}

// drop takes back what open has just returned.
func (t *Taps) drop() {
	t.used--
	t.list[t.used] = tap{}
}

// sealed returns the seal of a claim: a digest of all that its signature is judged by, each
// text behind its length.
func (c *Claim) sealed() (out seal) {
	var s digest.State
	s.Reset(digest.SHA256)
	number := func(n int64) {
		var b [8]byte
		for i := range b {
			b[i] = byte(n >> (8 * i))
		}
		s.Write(b[:])
	}
	text := func(t string) { number(int64(len(t))); s.WriteString(t) }
	bytes := func(b []byte) { number(int64(len(b))); s.Write(b) }
	text(c.KeyID)
	text(c.Lead)
	number(int64(c.Algorithm)<<24 | int64(c.Body)<<16 | int64(c.BodyHash)<<8 | int64(c.BodyForm))
	text(c.Before)
	text(c.After)
	text(c.Nonce)
	number(c.Stamp)
	number(c.Expires)
	for _, part := range c.Scope {
		text(part)
	}
	number(int64(len(c.Signatures)))
	for _, signature := range c.Signatures {
		bytes(signature)
	}
	for i := range c.Digests {
		number(int64(c.Digests[i].Hash))
		bytes(c.Digests[i].Sum)
	}
	var sum [digest.MaxSize]byte
	copy(out[:], s.Append(sum[:0]))
	return out
}
