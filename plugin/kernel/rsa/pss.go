package rsa

import "github.com/postern-wasm/postern/plugin/kernel/sha2"

// VerifyPSS says whether signature is the RSASSA-PSS signature of a message with that
// digest, with MGF1 over the same hash and a salt as long as the digest: RFC 7518 §3.5
// allows nothing else.
func (k *Key) VerifyPSS(h sha2.Hash, digest, signature []byte) bool {
	size := h.Size()
	if size == 0 || len(digest) != size || !k.open(signature) {
		return false
	}
	// RFC 8017 §8.2.2 step 2: the encoded message has one bit less than the modulus; if
	// that is a whole number of bytes less, the first byte must be zero.
	em := k.block
	unused := 8*len(em) - (k.bits - 1)
	if unused == 8 {
		if em[0] != 0 {
			return false
		}
		em, unused = em[1:], 0
	}
	// §9.1.2 steps 3 to 6.
	if len(em) < 2*size+2 || em[len(em)-1] != 0xbc {
		return false
	}
	db, hash := em[:len(em)-size-1], em[len(em)-size-1:len(em)-1]
	if db[0]>>(8-unused) != 0 {
		return false
	}
	// Steps 7 to 9: unmask in place.
	k.unmask(h, db, hash)
	db[0] &= 0xff >> unused
	// Step 10: zeros, one 01, and the salt of exactly the digest's length.
	zeros, salt := db[:len(db)-size-1], db[len(db)-size:]
	for _, c := range zeros {
		if c != 0 {
			return false
		}
	}
	if db[len(zeros)] != 1 {
		return false
	}
	// Steps 12 to 14.
	k.state.Reset(h)
	k.state.WriteString("\x00\x00\x00\x00\x00\x00\x00\x00")
	k.state.Write(digest)
	k.state.Write(salt)
	return string(k.state.Append(k.digest[:0])) == string(hash)
}

// unmask XORs MGF1(seed) into b (RFC 8017 §B.2.1).
func (k *Key) unmask(h sha2.Hash, b, seed []byte) {
	var counter [4]byte
	for len(b) > 0 {
		k.state.Reset(h)
		k.state.Write(seed)
		k.state.Write(counter[:])
		mask := k.state.Append(k.digest[:0])
		for i := range min(len(b), len(mask)) {
			b[i] ^= mask[i]
		}
		b = b[min(len(b), len(mask)):]
		counter[3]++ // at most 32 rounds: 1024 bytes, 32 at a time
	}
}
