package abi

import (
	"encoding/binary"
	"unsafe"

	"github.com/postern-wasm/postern/plugin/request"
)

// The pairs encoding of the ABI: a count, then the sizes of each name and value, then
// the bytes, each followed by a NUL. All integers are 32 bits, little-endian.

// maxPairs is the most pairs that Envoy itself encodes.
const maxPairs = 1024

// decodePairs appends the pairs of an encoded map to dst. They alias buf. A buffer
// that is not exactly one well-formed map is refused whole: half a header list is none.
func decodePairs(dst []request.Header, buf []byte) ([]request.Header, bool) {
	if len(buf) < 4 {
		return dst, false
	}
	count := binary.LittleEndian.Uint32(buf)
	if count > maxPairs || uint64(len(buf)) < 4+uint64(count)*8 {
		return dst, false
	}
	sizes, bytes := buf[4:4+count*8], buf[4+count*8:]
	if have := cap(dst) - len(dst); have < int(count) {
		dst = append(make([]request.Header, 0, len(dst)+int(count)), dst...)
	}
	all := dst[:len(dst)+int(count)]
	for i := len(dst); len(sizes) > 0; i, sizes = i+1, sizes[8:] {
		h := &all[i]
		var ok bool
		if h.Name, bytes, ok = cut(bytes, binary.LittleEndian.Uint32(sizes)); !ok || h.Name == "" {
			return dst, false
		}
		if h.Value, bytes, ok = cut(bytes, binary.LittleEndian.Uint32(sizes[4:])); !ok {
			return dst, false
		}
	}
	return all, len(bytes) == 0
}

// cut takes n bytes and the NUL after them.
func cut(b []byte, n uint32) (s string, rest []byte, ok bool) {
	if uint64(n) >= uint64(len(b)) || b[n] != 0 {
		return "", nil, false
	}
	if n > 0 {
		s = unsafe.String(&b[0], n)
	}
	return s, b[n+1:], true
}

// appendPairs encodes a map.
func appendPairs(dst []byte, pairs []request.Header) []byte {
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(pairs)))
	for i := range pairs {
		dst = binary.LittleEndian.AppendUint32(dst, uint32(len(pairs[i].Name)))
		dst = binary.LittleEndian.AppendUint32(dst, uint32(len(pairs[i].Value)))
	}
	for i := range pairs {
		dst = append(append(dst, pairs[i].Name...), 0)
		dst = append(append(dst, pairs[i].Value...), 0)
	}
	return dst
}
