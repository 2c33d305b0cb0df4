package replay

import (
	"encoding/binary"
	"math/bits"

	"github.com/postern-wasm/postern/plugin/kernel/digest"
	"github.com/postern-wasm/postern/plugin/kernel/hmac"
	"github.com/postern-wasm/postern/plugin/kernel/sha2"
)

// A bucket in shared data. All integers are little-endian, times seconds since 1970.
//
//	magic[8] floor[4] count[4] hash[8]*count stamp[4]*count sum[8] or mac[32]
//
// No request stamped before floor is accepted any more, and no entry is older. The sum
// tells a torn or cut entry, or one of another bucket, and keeps nobody out; the MAC
// keeps out all who do not have the secret. Which of them it is stands in the magic.
const (
	sumMagic  = "PSTRPL1s"
	macMagic  = "PSTRPL1m"
	headSize  = 16
	entrySize = 8 + 4
	sumSize   = 8
	macSize   = 32
	// maxEntries is more than any configuration allows.
	maxEntries = 1 << 13
)

// bucket is a bucket read; the lists alias the value. The zero value is an empty one.
type bucket struct {
	floor          int64
	hashes, stamps []byte
}

func (b *bucket) count() int { return len(b.stamps) / 4 }

func (b *bucket) hash(i int) uint64 {
	w := b.hashes[8*i : 8*i+8]
	return binary.LittleEndian.Uint64(w)
}

func (b *bucket) stamp(i int) int64 {
	w := b.stamps[4*i : 4*i+4]
	return int64(binary.LittleEndian.Uint32(w))
}

// decode reads a value that was stored under name. There is one form of each bucket;
// anything else is damaged.
func decode(value []byte, name string, secret []byte) (b bucket, ok bool) {
	magic, tail := form(secret)
	if len(value) < headSize+tail || string(value[:8]) != magic {
		return bucket{}, false
	}
	count := binary.LittleEndian.Uint32(value[12:])
	if count > maxEntries || len(value) != headSize+entrySize*int(count)+tail {
		return bucket{}, false
	}
	body := value[:len(value)-tail]
	var want [macSize]byte
	if !digest.Equal(seal(want[:0], body, name, secret), value[len(body):]) {
		return bucket{}, false
	}
	middle := headSize + 8*int(count)
	b = bucket{int64(binary.LittleEndian.Uint32(value[8:])), body[headSize:middle], body[middle:]}
	for i := range b.count() {
		if s := b.stamp(i); s < b.floor || s == 0 {
			return bucket{}, false
		}
	}
	return b, true
}

// look counts the entries stamped at limit or later and says whether hash is one of them.
func (b *bucket) look(limit int64, hash uint64) (live int, found bool) {
	for i := range b.count() {
		if b.stamp(i) >= limit {
			live++
			found = found || b.hash(i) == hash
		}
	}
	return live, found
}

// with returns the value with one entry more, of a stamp that is not before limit, and
// without those that are before it: limit becomes the floor.
func (b *bucket) with(limit int64, live int, hash uint64, stamp int64, name string, secret []byte) []byte {
	value := head(live+1, limit, secret)
	value = b.keep(value, limit, b.hashes, 8)
	value = binary.LittleEndian.AppendUint64(value, hash)
	value = b.keep(value, limit, b.stamps, 4)
	value = binary.LittleEndian.AppendUint32(value, uint32(stamp))
	return seal(value, value, name, secret)
}

// keep appends the items of the entries that are not before limit. Entries were added in
// about the order in which they expire: there are few runs of them.
func (b *bucket) keep(dst []byte, limit int64, list []byte, size int) []byte {
	from, n := 0, b.count()
	for i := range n {
		if b.stamp(i) < limit {
			dst = append(dst, list[size*from:size*i]...)
			from = i + 1
		}
	}
	return append(dst, list[size*from:size*n]...)
}

// closed is an empty bucket that takes nothing stamped before floor.
func closed(floor int64, name string, secret []byte) []byte {
	value := head(0, floor, secret)
	return seal(value, value, name, secret)
}

// head begins a value and makes room for the rest.
func head(count int, floor int64, secret []byte) []byte {
	magic, tail := form(secret)
	value := make([]byte, 0, headSize+entrySize*count+tail)
	value = append(value, magic...)
	value = binary.LittleEndian.AppendUint32(value, uint32(floor))
	return binary.LittleEndian.AppendUint32(value, uint32(count))
}

func form(secret []byte) (magic string, tail int) {
	if len(secret) > 0 {
		return macMagic, macSize
	}
	return sumMagic, sumSize
}

// seal appends the sum or MAC of a bucket and its name to dst.
func seal(dst, body []byte, name string, secret []byte) []byte {
	if len(secret) == 0 {
		return binary.LittleEndian.AppendUint64(dst, checksum(body, name))
	}
	var h sha2.State
	h.Reset(sha2.SHA256)
	h.WriteString(name) // all names are of one length
	h.Write(body)
	var sum [macSize]byte
	return append(dst, hmac.Derive(digest.SHA256, secret, string(h.Append(sum[:0])))...)
}

// checksum mixes the eight-byte words, the last one filled up with zeros: the body's
// length is in it, in its head. Every step can be undone, so a change of one word always
// shows.
func checksum(body []byte, name string) uint64 {
	sum := uint64(odd)
	for i := range len(name) {
		sum = mix(sum, uint64(name[i]))
	}
	for ; len(body) >= 8; body = body[8:] {
		sum = mix(sum, binary.LittleEndian.Uint64(body))
	}
	if len(body) == 4 {
		sum = mix(sum, uint64(binary.LittleEndian.Uint32(body)))
	}
	return sum ^ sum>>32
}

const odd = 0x9e3779b97f4a7c15

func mix(sum, w uint64) uint64 { return bits.RotateLeft64(sum^w, 29) * odd }
