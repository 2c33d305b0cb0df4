//go:build wasip1

package abi

import (
	"strings"
	"unsafe"

	"github.com/postern-wasm/postern/plugin/memory"
	"github.com/postern-wasm/postern/plugin/request"
)

// maxAllocation bounds what the host may ask the module to hold at once, bytes.
const maxAllocation = 16 << 20

// maxStray bounds what it may ask for while no callback is under way, all in all: no
// proxy has reason to, and nobody would ever take it back.
const maxStray = 1 << 20

// stray is what it has.
var stray uint32

// usualHeaders is what most requests have at most, pseudo headers included.
const usualHeaders = 48

// lines is where the headers of a request stand, unless a callback from within a host
// call wants some too. They alias the host's buffer and are forgotten with it.
var lines struct {
	pairs [usualHeaders]request.Header
	used  bool
}

// forgetLines is called at the end of the outermost callback.
func forgetLines() {
	if lines.used {
		clear(lines.pairs[:])
		lines.used = false
	}
}

// place is where a header list may be written.
func place() []request.Header {
	if lines.used {
		return nil
	}
	lines.used = true
	return lines.pairs[:0]
}

// results is where host calls put what they return.
type results struct {
	data   *byte
	size   int32
	number uint32
	nanos  int64
	random [8]byte
}

// out stands outside the stack, so that no call costs an allocation. It is emptied at
// the end of every callback.
var out results

//go:wasmexport proxy_on_memory_allocate
func onMemoryAllocate(size uint32) *byte {
	if size > maxAllocation {
		return nil // the host call fails; nothing is half read
	}
	if at := placeOfPiece(size); at != nil {
		return at
	}
	if memory.Outside() && memory.Current() == memory.Eternal() {
		if size > maxStray-stray {
			return nil
		}
		stray = min(stray+size+16, maxStray) // with what an object takes besides
	}
	return unsafe.SliceData(make([]byte, max(size, 1)))
}

// result is what the last call left in out, or nil.
func result() []byte {
	if out.data == nil || out.size <= 0 {
		return nil
	}
	b := unsafe.Slice(out.data, out.size)
	out.data = nil
	return b
}

func ptr(s string) (data *byte, size int32) { return unsafe.StringData(s), int32(len(s)) }

// now is the host's wall clock, nanoseconds since 1970; 0 if it has none.
func now() int64 {
	out.nanos = 0
	if wasiClockTimeGet(0, 1, unsafe.Pointer(&out.nanos)) != 0 {
		return 0
	}
	return out.nanos
}

// random returns 64 unpredictable bits. A host whose answers are all the same has none:
// then it returns 0, with which there is no cache of verified tokens.
func random() (uint64, bool) {
	first, ok := draw()
	second, also := draw()
	if !ok || !also {
		return 0, false
	}
	if first == second {
		logLine(levelWarn, "config: the host's randomness (random_get) is constant: verified tokens are not cached")
		return 0, true
	}
	return first, true
}

// draw asks the host for randomness once; zeros are none.
func draw() (uint64, bool) {
	out.random = [8]byte{}
	if wasiRandomGet(unsafe.Pointer(&out.random), 8) != 0 {
		return 0, false
	}
	n := uint64(0)
	for _, b := range out.random {
		n = n<<8 | uint64(b)
	}
	return n, n != 0
}

func logLine(level uint32, line string) {
	data, size := ptr(line)
	proxyLog(level, data, size)
}

// buffer reads at most limit bytes of a host buffer. It says whether there were more.
func buffer(kind uint32, size, limit int) (b []byte, truncated bool) {
	out.data, out.size = nil, 0
	if proxyGetBufferBytes(kind, 0, int32(min(size, limit)), unsafe.Pointer(&out.data), unsafe.Pointer(&out.size)) != statusOK {
		return nil, size > 0
	}
	return result(), size > limit
}

// headers returns the pairs of a header map; nothing if it cannot be read.
func headers(kind uint32) []request.Header {
	out.data, out.size = nil, 0
	if proxyGetHeaderMapPairs(kind, unsafe.Pointer(&out.data), unsafe.Pointer(&out.size)) != statusOK {
		return nil
	}
	pairs, ok := decodePairs(place(), result())
	if !ok {
		return nil
	}
	return pairs
}

// environ looks a variable up in the VM's environment.
func environ(name string) (string, bool) {
	var count, size uint32
	if wasiEnvironSizesGet(unsafe.Pointer(&count), unsafe.Pointer(&size)) != 0 || count == 0 || size > maxAllocation || count > size {
		return "", false
	}
	pointers, block := make([]uint32, count), make([]byte, size)
	if wasiEnvironGet(unsafe.Pointer(unsafe.SliceData(pointers)), unsafe.Pointer(unsafe.SliceData(block))) != 0 {
		return "", false
	}
	for _, entry := range strings.Split(string(block), "\x00") {
		if key, value, ok := strings.Cut(entry, "="); ok && key == name {
			return value, true
		}
	}
	return "", false
}
