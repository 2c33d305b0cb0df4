package abi

import (
	"encoding/binary"
	"errors"
)

// Bounds of a serialized header map (proxy-wasm-cpp-host limits.h).
const (
	// MaxPairsBytes is the longest serialized map that is read, in bytes.
	MaxPairsBytes = 1 << 20
	// MaxPairs is the largest number of pairs that is read.
	MaxPairs = 1024
)

// Pair is one header line, metadata entry or trailer.
type Pair struct {
	// Name is the header's name: lower case on arrival, with a colon for pseudo headers.
	Name string
	// Value is the header's value, any bytes.
	Value string
}

// ErrPairs is returned for bytes that are no serialized map.
var ErrPairs = errors.New("malformed serialized map")

// PairsSize returns the number of bytes that AppendPairs writes for p.
func PairsSize(p []Pair) int {
	n := 4
	for i := range p {
		n += 8 + len(p[i].Name) + 1 + len(p[i].Value) + 1
	}
	return n
}

// PutPairs writes the serialized form of p into b, whose length must be
// PairsSize(p): the count, the lengths, then each name and value with a NUL
// after it. All integers are little-endian uint32.
func PutPairs(b []byte, p []Pair) {
	binary.LittleEndian.PutUint32(b, uint32(len(p)))
	head, tail := b[4:], b[4+8*len(p):]
	for i := range p {
		binary.LittleEndian.PutUint32(head[8*i:], uint32(len(p[i].Name)))
		binary.LittleEndian.PutUint32(head[8*i+4:], uint32(len(p[i].Value)))
		n := copy(tail, p[i].Name)
		tail[n] = 0
		tail = tail[n+1:]
		n = copy(tail, p[i].Value)
		tail[n] = 0
		tail = tail[n+1:]
	}
}

// AppendPairs appends the serialized form of p to b.
func AppendPairs(b []byte, p []Pair) []byte {
	at := len(b)
	b = append(b, make([]byte, PairsSize(p))...)
	PutPairs(b[at:], p)
	return b
}

// ParsePairs reads a serialized map. It accepts exactly what PutPairs writes:
// every length within the input, every NUL in place, nothing left over, at
// most MaxPairsBytes and MaxPairs. The result aliases nothing.
//
// Of no bytes at all it makes no pairs: that is how a guest passes an empty map.
func ParsePairs(b []byte) ([]Pair, error) {
	if len(b) == 0 {
		return nil, nil
	}
	if len(b) > MaxPairsBytes || len(b) < 4 {
		return nil, ErrPairs
	}
	n := binary.LittleEndian.Uint32(b)
	if n > MaxPairs || uint64(len(b)-4) < 8*uint64(n) {
		return nil, ErrPairs
	}
	head, tail := b[4:4+8*n], b[4+8*n:]
	pairs := make([]Pair, n)
	for i := range pairs {
		var ok bool
		if pairs[i].Name, tail, ok = cutNUL(tail, binary.LittleEndian.Uint32(head[8*i:])); !ok {
			return nil, ErrPairs
		}
		if pairs[i].Value, tail, ok = cutNUL(tail, binary.LittleEndian.Uint32(head[8*i+4:])); !ok {
			return nil, ErrPairs
		}
	}
	if len(tail) != 0 {
		return nil, ErrPairs
	}
	return pairs, nil
}

// cutNUL takes n bytes and the NUL behind them off b.
func cutNUL(b []byte, n uint32) (s string, rest []byte, ok bool) {
	if uint64(len(b)) < uint64(n)+1 || b[n] != 0 {
		return "", nil, false
	}
	return string(b[:n]), b[n+1:], true
}
