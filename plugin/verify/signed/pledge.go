package signed

import "github.com/postern-wasm/postern/plugin/kernel/digest"

// Pledge is what the body has to be of a request that is let on before its body has come:
// the digests that its signature covers, and the hashes that run over the body. It holds
// no pointer, so that it can wait where nothing may point to a request. The zero value
// pledges nothing, and no body holds it.
type Pledge struct {
	states [MaxDigests]digest.State
	sums   [MaxDigests][digest.MaxSize]byte
	used   int
}

// take makes the pledge a claim's and says whether it has one: the body takes part by
// digests alone, each as long as its algorithm's.
func (p *Pledge) take(c *Claim) bool {
	*p = Pledge{}
	if c.Body != BodyUnused {
		return false
	}
	for n := range c.Digests {
		d := &c.Digests[n]
		if d.Hash == digest.None {
			continue
		}
		if len(d.Sum) != d.Hash.Size() {
			*p = Pledge{}
			return false
		}
		p.states[p.used].Reset(d.Hash)
		copy(p.sums[p.used][:], d.Sum)
		p.used++
	}
	return p.used > 0
}

// Write lets the hashes run over the next bytes of the body.
func (p *Pledge) Write(chunk []byte) {
	for i := range p.states[:p.used] {
		p.states[i].Write(chunk)
	}
}

// Holds ends the body and says whether it is the one that was signed. It does so once: the
// pledge is empty then.
func (p *Pledge) Holds() bool {
	good := p.used > 0
	for i := range p.states[:p.used] {
		var sum [digest.MaxSize]byte
		size := p.states[i].Hash().Size()
		good = digest.Equal(p.states[i].Append(sum[:0]), p.sums[i][:size]) && good
	}
	p.Reset()
	return good
}

// Reset wipes the pledge.
func (p *Pledge) Reset() { *p = Pledge{} }
