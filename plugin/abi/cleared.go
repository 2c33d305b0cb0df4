package abi

import (
	"encoding/binary"

	"github.com/postern-wasm/postern/plugin/effect"
	"github.com/postern-wasm/postern/plugin/request"
)

// mustRead says whether what operations have removed is to be read back: names that
// speak of who the sender is, always; a credential on its way out, until the host has
// once been seen to remove.
func mustRead(ops []effect.Op, seen bool) bool {
	for i := range ops {
		if ops[i].Kind == effect.Remove && (!seen || ops[i].Name != "authorization" && ops[i].Name != "cookie") {
			return true
		}
	}
	return false
}

// cleared says whether an encoded header map carries, under the names that operations
// have removed, nothing but what they wrote. An empty value is nothing: some hosts remove
// so.
func cleared(buf []byte, ops []effect.Op) bool {
	if len(buf) < 4 {
		return false
	}
	count := binary.LittleEndian.Uint32(buf)
	if count > maxPairs || uint64(len(buf)) < 4+uint64(count)*8 {
		return false
	}
	sizes, bytes := buf[4:4+count*8], buf[4+count*8:]
	for ; len(sizes) > 0; sizes = sizes[8:] {
		name, rest, ok := cut(bytes, binary.LittleEndian.Uint32(sizes))
		if !ok {
			return false
		}
		value, rest, ok := cut(rest, binary.LittleEndian.Uint32(sizes[4:]))
		if !ok || value != "" && removed(ops, name) && !wrote(ops, name, value) {
			return false
		}
		bytes = rest
	}
	return len(bytes) == 0
}

func removed(ops []effect.Op, name string) bool {
	for i := range ops {
		if ops[i].Kind == effect.Remove && request.EqualFold(ops[i].Name, name) {
			return true
		}
	}
	return false
}

func wrote(ops []effect.Op, name, value string) bool {
	for i := range ops {
		if ops[i].Kind != effect.Remove && ops[i].Value == value && request.EqualFold(ops[i].Name, name) {
			return true
		}
	}
	return false
}
