// Package meter rewrites a Wasm module so that a guest that does not come back
// can be stopped.
//
// In: a module in the binary format. Out: the same module with a countdown in
// every loop, before every indirect call and in every function that can call
// itself; when it is used up an imported function is called, which decides
// whether to go on. Spec: WebAssembly 2.0 §5 (binary format). It never
// validates a module: the compiler does that, with the result. It refuses what
// it cannot follow, and what would touch the countdown.
package meter

import "bytes"

// Names of the import that Instrument adds. It takes nothing and returns the
// next countdown, an i32.
const (
	ImportModule = "postern"
	ImportName   = "yield"
)

// Budget is the number of checks between two calls of the import. It bounds
// how long Go's scheduler and collector wait for a guest: some ten
// microseconds.
const Budget = 1 << 14

// Section ids, WebAssembly 2.0 §5.5.2.
const (
	secCustom    = 0
	secType      = 1
	secImport    = 2
	secFunction  = 3
	secGlobal    = 6
	secExport    = 7
	secStart     = 8
	secElement   = 9
	secCode      = 10
	secData      = 11
	secDataCount = 12
)

type section struct {
	id      byte
	payload []byte
}

// module is what the rewriting has to know.
type module struct {
	sections        []section
	types           uint32
	importedFuncs   uint32
	definedFuncs    uint32
	importedGlobals uint32
	globals         uint32 // all
	codes           []code
	recursive       []bool
	names           []byte // of functions, as the name section has them
}

// code is one function's body: its locals and its instructions.
type code struct {
	locals []byte
	body   []byte
	sites  []site
}

// Instrument returns the rewritten module. wasm is not changed.
func Instrument(wasm []byte) ([]byte, error) {
	m, err := parse(wasm)
	if err != nil {
		return nil, err
	}
	return m.emit()
}

var header = []byte{0, 'a', 's', 'm', 1, 0, 0, 0}

// rank gives the place of a section in a module; custom sections have none.
func rank(id byte) int {
	return bytes.IndexByte([]byte{
		secType, secImport, secFunction, 4, 5, 13, secGlobal, secExport, secStart,
		secElement, secDataCount, secCode, secData,
	}, id)
}

func parse(wasm []byte) (*module, error) {
	if !bytes.HasPrefix(wasm, header) {
		return nil, errModule
	}
	m := &module{}
	r := &reader{b: wasm, pos: len(header)}
	last := -1
	for !r.done() {
		id := r.byte()
		payload := r.bytes(uint64(r.u32()))
		if r.err != nil {
			return nil, r.err
		}
		if id == secCustom {
			if names := functionNames(payload); names != nil {
				m.names = names
			}
			continue
		}
		place := rank(id)
		if place <= last {
			return nil, errModule
		}
		last = place
		m.sections = append(m.sections, section{id, payload})
		if err := m.count(id, payload); err != nil {
			return nil, err
		}
	}
	return m, m.parseCode()
}

// maxLocals is the largest number of locals of a function, as in the
// implementation limits of WebAssembly's JavaScript interface.
const maxLocals = 50_000

// count notes the sizes of the index spaces. It also bounds every number that a
// compiler would take for the size of something: none is larger than what
// follows it.
func (m *module) count(id byte, payload []byte) error {
	r := &reader{b: payload}
	if id != secStart && id != secDataCount {
		if r.u32() > uint32(len(payload)) {
			return errModule
		}
		r.pos = 0
	}
	switch id {
	case secType:
		m.types = r.u32()
		for n := m.types; n > 0 && r.err == nil; n-- {
			r.byte()
			r.skip(uint64(r.u32()))
			r.skip(uint64(r.u32()))
		}
	case secData:
		for n := r.u32(); n > 0 && r.err == nil; n-- {
			flags := r.u32()
			if flags == 2 {
				r.u32()
			}
			if flags != 1 {
				m.constant(nil, r)
			}
			r.skip(uint64(r.u32()))
		}
	case secFunction:
		m.definedFuncs = r.u32()
	case secGlobal:
		m.globals += r.u32()
	case secImport:
		for n := r.u32(); n > 0 && r.err == nil; n-- {
			r.skip(uint64(r.u32()))
			r.skip(uint64(r.u32()))
			switch r.byte() {
			case 0:
				m.importedFuncs++
				r.u32()
			case 1:
				r.byte()
				limits(r)
			case 2:
				limits(r)
			case 3:
				m.importedGlobals++
				m.globals++
				r.skip(2)
			default:
				r.fail()
			}
		}
	}
	return r.err
}

func limits(r *reader) {
	if r.byte()&1 != 0 {
		r.u32()
	}
	r.u32()
}

// parseCode walks all bodies and finds the functions that can recur.
func (m *module) parseCode() error {
	for i := range m.sections {
		if m.sections[i].id != secCode {
			continue
		}
		r := &reader{b: m.sections[i].payload}
		n := r.u32()
		if n != m.definedFuncs {
			return errModule
		}
		for ; n > 0 && r.err == nil; n-- {
			body := &reader{b: r.bytes(uint64(r.u32()))}
			locals := uint64(0)
			for groups := body.u32(); groups > 0 && body.err == nil; groups-- {
				if locals += uint64(body.u32()); locals > maxLocals {
					return errModule
				}
				body.byte()
			}
			c := code{locals: body.b[:body.pos], body: body.b[body.pos:]}
			code := &reader{b: c.body, err: body.err}
			c.sites = walk(code, m.globals)
			if code.err != nil {
				return code.err
			}
			m.codes = append(m.codes, c)
		}
		if r.err != nil || !r.done() {
			return errModule
		}
	}
	calls := make([][]uint32, len(m.codes))
	for i := range m.codes {
		for _, s := range m.codes[i].sites {
			if s.kind != siteCall && s.kind != siteRefFunc {
				continue
			}
			if s.index >= m.importedFuncs+m.definedFuncs {
				return errModule
			}
			if s.kind == siteCall && s.index >= m.importedFuncs {
				calls[i] = append(calls[i], s.index-m.importedFuncs)
			}
		}
	}
	m.recursive = recursive(calls)
	return nil
}
