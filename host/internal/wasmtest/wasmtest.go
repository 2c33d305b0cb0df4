// Package wasmtest assembles small proxy-wasm modules for tests.
//
// In: exported functions as lists of instructions. Out: a module in the binary
// format, with a bump allocator, a memory and an ABI marker. Spec: WebAssembly
// 2.0 §5. It is for tests: mistakes in a test panic.
package wasmtest

import (
	"encoding/binary"

	"github.com/postern-wasm/postern/host/abi"
)

// Addresses that tests may use freely: the strings of a module lie behind them.
const (
	// Ret is the first of 64 words for results of host calls.
	Ret = 16
	// dataStart is where strings begin.
	dataStart = 1024
)

// Code makes instructions, for one module.
type Code func(m *Module) []byte

type function struct {
	name            string
	params, results int
	locals          int
	body            []Code
}

type imported struct {
	module, name string
	params       []byte
	results      []byte
}

// Module is a module in the making.
type Module struct {
	version   abi.Version
	pages     uint32
	imports   []imported
	functions []function
	data      []byte
	strings   map[string]int
	malloc    string
	start     string
}

// New returns a module that announces a version and has a memory of two pages
// and an allocator that never gives memory back.
func New(v abi.Version) *Module {
	return &Module{version: v, pages: 2, strings: map[string]int{}, malloc: "proxy_on_memory_allocate"}
}

// Allocator names the allocator's export, or replaces it with body (one i32
// parameter and result).
func (m *Module) Allocator(name string, body ...Code) *Module {
	m.malloc = name
	if body != nil {
		m.malloc = ""
		m.Func(name, 1, 1, body...)
	}
	return m
}

// NoAllocator leaves the allocator out.
func (m *Module) NoAllocator() *Module { m.malloc = ""; return m }

// Pages sets the size of the memory, in pages of 64 KiB.
func (m *Module) Pages(n uint32) *Module { m.pages = n; return m }

// Start makes an exported function the start section's.
func (m *Module) Start(name string) *Module { m.start = name; return m }

// Func adds an exported function of i32 parameters and results, with four
// locals behind the parameters.
func (m *Module) Func(name string, params, results int, body ...Code) *Module {
	m.functions = append(m.functions, function{name, params, results, 4, body})
	return m
}

// Seq makes one Code of several.
func Seq(codes ...Code) Code {
	return func(m *Module) []byte {
		var b []byte
		for _, c := range codes {
			b = append(b, c(m)...)
		}
		return b
	}
}

// Raw is instructions as they are.
func Raw(b ...byte) Code { return func(*Module) []byte { return b } }

// I pushes an i32.
func I(v int64) Code {
	return func(*Module) []byte { return append([]byte{0x41}, sleb(int64(int32(uint32(v))))...) }
}

// J pushes an i64.
func J(v int64) Code { return func(*Module) []byte { return append([]byte{0x42}, sleb(v)...) } }

// L pushes a local or parameter.
func L(i byte) Code { return Raw(0x20, i) }

// Set pops into a local.
func Set(i byte) Code { return Raw(0x21, i) }

// Load pushes the i32 at a fixed address.
func Load(addr int) Code { return Seq(I(int64(addr)), Raw(0x28, 2, 0)) }

// Store writes an i32 to a fixed address.
func Store(addr int, v Code) Code { return Seq(I(int64(addr)), v, Raw(0x36, 2, 0)) }

// S pushes the address and the length of a string.
func S(s string) Code {
	return func(m *Module) []byte {
		at, ok := m.strings[s]
		if !ok {
			at = dataStart + len(m.data)
			m.strings[s] = at
			m.data = append(append(m.data, s...), 0)
		}
		return Seq(I(int64(at)), I(int64(len(s))))(m)
	}
}

// Bytes is S for bytes.
func Bytes(b []byte) Code { return S(string(b)) }

// Pairs pushes the address and the length of a serialized map, of names and
// values in turn.
func Pairs(kv ...string) Code {
	var p []abi.Pair
	for i := 0; i < len(kv); i += 2 {
		p = append(p, abi.Pair{Name: kv[i], Value: kv[i+1]})
	}
	return Bytes(abi.AppendPairs(nil, p))
}

// Instructions without immediates.
var (
	Drop        = Raw(0x1a)
	Unreachable = Raw(0x00)
	Return      = Raw(0x0f)
	Add         = Raw(0x6a)
	Eqz         = Raw(0x45)
	Eq          = Raw(0x46)
)

// If runs code when a condition holds.
func If(cond Code, then ...Code) Code {
	return Seq(cond, Raw(0x04, 0x40), Seq(then...), Raw(0x0b))
}

// Forever is a loop without end.
func Forever(body ...Code) Code {
	return Seq(Raw(0x03, 0x40), Seq(body...), Raw(0x0c, 0x00, 0x0b))
}

// Env calls an import of module env, which has the types of the arguments and
// returns a status, left on the stack.
func Env(name string, args ...Code) Code { return Import("env", name, true, args...) }

// Do is Env with the status dropped.
func Do(name string, args ...Code) Code { return Seq(Env(name, args...), Drop) }

// Import calls an import. An argument that pushes an i64 must be a J.
func Import(module, name string, result bool, args ...Code) Code {
	return func(m *Module) []byte {
		var b, types []byte
		for _, a := range args {
			code := a(m)
			types = append(types, pushed(code)...)
			b = append(b, code...)
		}
		var results []byte
		if result {
			results = []byte{0x7f}
		}
		b = append(b, 0x10)
		return append(b, uleb(uint64(m.imported(imported{module, name, types, results})))...)
	}
}

// pushed returns the types that an argument leaves: two for a string.
func pushed(code []byte) []byte {
	switch {
	case code[0] == 0x42:
		return []byte{0x7e}
	case code[0] == 0x41 && second(code):
		return []byte{0x7f, 0x7f}
	}
	return []byte{0x7f}
}

// second reports whether code is two constants: a string.
func second(code []byte) bool {
	i := 1
	for code[i]&0x80 != 0 {
		i++
	}
	return i+1 < len(code) && code[i+1] == 0x41
}

func (m *Module) imported(want imported) int {
	for i, have := range m.imports {
		if have.module == want.module && have.name == want.name {
			return i
		}
	}
	m.imports = append(m.imports, want)
	return len(m.imports) - 1
}

// Call calls another function of the module.
func Call(name string) Code {
	return func(m *Module) []byte {
		for i, f := range m.functions {
			if f.name == name {
				return append([]byte{0x10}, uleb(uint64(len(m.imports)+i))...)
			}
		}
		panic("wasmtest: no function " + name)
	}
}

// Log logs a string at level info.
func Log(s string) Code { return Do("proxy_log", I(2), S(s)) }

// LogAt logs the bytes whose address and length stand at two addresses, where
// a host call has put them.
func LogAt(ptr, size int) Code { return Do("proxy_log", I(2), Load(ptr), Load(size)) }

// Build returns the module.
func (m *Module) Build() []byte {
	if m.malloc != "" {
		// The bump pointer is global 0.
		name := m.malloc
		m.malloc = ""
		m.Func(name, 1, 1, Raw(0x23, 0, 0x23, 0), L(0), Raw(0x6a, 0x41, 7, 0x6a, 0x41, 0x78, 0x71, 0x24, 0))
	}
	// The first pass finds the imports, whose number the second one needs.
	for range 2 {
		for _, f := range m.functions {
			Seq(f.body...)(m)
		}
	}
	var types, imports, funcs, exports, code [][]byte
	for _, i := range m.imports {
		types = append(types, funcType(i.params, i.results))
		imports = append(imports, cat(name(i.module), name(i.name), []byte{0}, uleb(uint64(len(types)-1))))
	}
	for i, f := range m.functions {
		types = append(types, funcType(repeat(0x7f, f.params), repeat(0x7f, f.results)))
		funcs = append(funcs, uleb(uint64(len(types)-1)))
		exports = append(exports, cat(name(f.name), []byte{0}, uleb(uint64(len(m.imports)+i))))
		body := cat([]byte{1}, uleb(uint64(f.locals)), []byte{0x7f}, Seq(f.body...)(m), []byte{0x0b})
		code = append(code, cat(uleb(uint64(len(body))), body))
	}
	if marker := m.version.Marker(); marker != "" {
		types = append(types, funcType(nil, nil))
		funcs = append(funcs, uleb(uint64(len(types)-1)))
		exports = append(exports, cat(name(marker), []byte{0}, uleb(uint64(len(m.imports)+len(m.functions)))))
		code = append(code, []byte{2, 0, 0x0b})
	}
	exports = append(exports, cat(name("memory"), []byte{2, 0}))
	heap := int64(dataStart+len(m.data)+15) &^ 7
	out := []byte{0, 'a', 's', 'm', 1, 0, 0, 0}
	out = section(out, 1, vec(types))
	out = section(out, 2, vec(imports))
	out = section(out, 3, vec(funcs))
	out = section(out, 5, cat([]byte{1, 0}, uleb(uint64(m.pages))))
	out = section(out, 6, cat([]byte{1, 0x7f, 1, 0x41}, sleb(heap), []byte{0x0b}))
	out = section(out, 7, vec(exports))
	if m.start != "" {
		out = section(out, 8, Call(m.start)(m)[1:])
	}
	out = section(out, 10, vec(code))
	return section(out, 11, vec([][]byte{cat([]byte{0, 0x41}, sleb(dataStart), []byte{0x0b}, uleb(uint64(len(m.data))), m.data)}))
}

func cat(parts ...[]byte) []byte {
	var b []byte
	for _, p := range parts {
		b = append(b, p...)
	}
	return b
}

func repeat(b byte, n int) []byte {
	s := make([]byte, n)
	for i := range s {
		s[i] = b
	}
	return s
}

func funcType(params, results []byte) []byte {
	return cat([]byte{0x60}, uleb(uint64(len(params))), params, uleb(uint64(len(results))), results)
}

func name(s string) []byte { return cat(uleb(uint64(len(s))), []byte(s)) }

func vec(items [][]byte) []byte { return append(uleb(uint64(len(items))), cat(items...)...) }

func section(out []byte, id byte, payload []byte) []byte {
	return cat(out, []byte{id}, uleb(uint64(len(payload))), payload)
}

func uleb(v uint64) []byte { return binary.AppendUvarint(nil, v) }

func sleb(v int64) []byte {
	var b []byte
	for {
		c := byte(v & 0x7f)
		v >>= 7
		if v == 0 && c&0x40 == 0 || v == -1 && c&0x40 != 0 {
			return append(b, c)
		}
		b = append(b, c|0x80)
	}
}
