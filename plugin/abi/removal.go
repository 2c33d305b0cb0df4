//go:build wasip1

package abi

import (
	"unsafe"

	"github.com/postern-wasm/postern/plugin/effect"
)

// removes says that this host has been seen to remove a header.
var removes bool

// carriedOut says whether what operations were to remove is gone: a host may say that it
// has removed a header and leave it, or leave all lines but the first.
func carriedOut(kind uint32, ops []effect.Op) bool {
	if !mustRead(ops, removes) {
		return true
	}
	out.data, out.size = nil, 0
	if proxyGetHeaderMapPairs(kind, unsafe.Pointer(&out.data), unsafe.Pointer(&out.size)) != statusOK {
		return false
	}
	lines := result()
	if lines == nil {
		return kind == mapTrailers // an empty map may be no map; a request is never empty
	}
	if !cleared(lines, ops) {
		return false
	}
	removes = true
	return true
}
