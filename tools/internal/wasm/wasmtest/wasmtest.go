// Package wasmtest writes small modules by hand, for tests of what reads modules.
//
// In comes a description of a module. Out go its bytes, section by section as in
// the WebAssembly Core Specification 2.0, section 5. It knows nothing of the
// package that it is used to test.
package wasmtest

// Module describes a module whose functions all have the type () -> ().
type Module struct {
	Imports [][2]string // functions, as module and name
	Bodies  [][]byte    // instructions of each function, without locals and the final end
	Exports []Export
	Names   map[int]string // function names, by index; nil: no name section
	Custom  []string       // names of further, empty custom sections
}

// Export exports the function at Index under Name.
type Export struct {
	Name  string
	Index int
}

// Grow is a body that asks for one page: i32.const 1, memory.grow, drop.
var Grow = []byte{0x41, 0x01, 0x40, 0x00, 0x1A}

// Bytes returns the module.
func (m Module) Bytes() []byte {
	out := []byte("\x00asm\x01\x00\x00\x00")
	out = append(out, section(1, vector(1, []byte{0x60, 0, 0}))...)
	var imports, functions, exports, code []byte
	for _, i := range m.Imports {
		imports = append(append(append(imports, text(i[0])...), text(i[1])...), 0x00, 0x00)
	}
	out = append(out, section(2, vector(len(m.Imports), imports))...)
	for _, b := range m.Bodies {
		functions = append(functions, 0)
		body := append(append([]byte{0}, b...), 0x0B)
		code = append(append(code, leb(len(body))...), body...)
	}
	out = append(out, section(3, vector(len(m.Bodies), functions))...)
	out = append(out, section(5, []byte{1, 0, 1})...)
	for _, e := range m.Exports {
		exports = append(append(append(exports, text(e.Name)...), 0x00), leb(e.Index)...)
	}
	out = append(out, section(7, vector(len(m.Exports), exports))...)
	out = append(out, section(10, vector(len(m.Bodies), code))...)
	if m.Names != nil {
		out = append(out, m.names()...)
	}
	for _, c := range m.Custom {
		out = append(out, section(0, text(c))...)
	}
	return out
}

// names returns the name section, its module name first.
func (m Module) names() []byte {
	var list []byte
	count := 0
	for i := range len(m.Imports) + len(m.Bodies) {
		if name, ok := m.Names[i]; ok {
			list = append(append(list, leb(i)...), text(name)...)
			count++
		}
	}
	payload := append(text("name"), section(0, text("test"))...)
	return section(0, append(payload, section(1, vector(count, list))...))
}

func section(id byte, payload []byte) []byte {
	return append(append([]byte{id}, leb(len(payload))...), payload...)
}

func vector(n int, items []byte) []byte { return append(leb(n), items...) }

func text(s string) []byte { return append(leb(len(s)), s...) }

// leb encodes n as unsigned LEB128.
func leb(n int) []byte {
	var out []byte
	for n >= 0x80 {
		out = append(out, byte(n&0x7F)|0x80)
		n >>= 7
	}
	return append(out, byte(n))
}
