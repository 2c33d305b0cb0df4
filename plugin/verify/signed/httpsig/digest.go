package httpsig

import (
	"github.com/postern-wasm/postern/plugin/kernel/digest"
	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/sfv"
	"github.com/postern-wasm/postern/plugin/verify/signed"
)

const contentDigest = "content-digest"

// contentDigest fills the claim with the digests of the body that the signature covers
// (RFC 9530 §2). Once one of them counts all known ones must match: not all readers look
// at the same. A field without a known algorithm proves nothing, and is refused (§6.6).
func (w *reader) contentDigest(c *signed.Claim) reason.Code {
	if !w.coversDigest() {
		return reason.OK
	}
	value, _ := w.field(contentDigest)
	if !w.spend((1 + len(digests)) * len(value)) {
		return reason.SignaturesTooMany
	}
	d, ok := sfv.ReadDictionary(value)
	if !ok {
		return reason.DigestUnsupported
	}
	n := 0
	for _, known := range digests {
		v, times := d.Get(known.name)
		if times == 0 {
			continue
		}
		sum, ok := v.AppendBytes(nil)
		if !ok || times > 1 || len(sum) != known.hash.Size() {
			return reason.DigestUnsupported
		}
		c.Digests[n] = signed.Digest{Hash: known.hash, Sum: sum}
		n++
	}
	if n == 0 {
		return reason.DigestUnsupported
	}
	return reason.OK
}

// coversDigest says that the signature covers the field, or a member of it that counts.
func (w *reader) coversDigest() bool {
	for i := range w.covered[:w.n] {
		c := &w.covered[i]
		if c.kind != field || c.name != contentDigest {
			continue
		}
		if !c.keyed {
			return true
		}
		for _, known := range digests {
			if known.name == c.argument && known.hash != digest.None {
				return true
			}
		}
	}
	return false
}
