// Package wasm reads the outline of a WebAssembly module.
//
// In come the bytes of a core module (version 1). Out go its sections, its
// imports and exports with their types, the function names of its name section,
// and the places where it grows its memory. Spec: WebAssembly Core
// Specification 2.0, section 5 (binary format). It never validates a module:
// engines do; it reads what the checks of the tools compare, and refuses what
// it cannot read to the last byte.
package wasm

import (
	"errors"
	"fmt"
)

// Errors of reading; the returned errors wrap one of them and say where.
var (
	// ErrHeader is about bytes that do not begin as a core module does.
	ErrHeader = errors.New("not a WebAssembly module of version 1")
	// ErrMalformed is about sections that do not add up.
	ErrMalformed = errors.New("malformed module")
)

// Section ids that are read here (§5.5.2).
const (
	sectionCustom   = 0
	sectionType     = 1
	sectionImport   = 2
	sectionFunction = 3
	sectionExport   = 7
	sectionCode     = 10
	sectionMax      = 13
)

// Section is one section of a module.
type Section struct {
	ID      byte   // §5.5.2
	Name    string // of a custom section, else ""
	Payload []byte // aliases the module's bytes; without the name of a custom section
	raw     []byte // the whole section: id, size, payload
}

// Import is one import.
type Import struct {
	Module, Name string
	Type         string // "(i32, i32) -> (i32)" of a function, else "table", "memory", "global"
}

// String is the line by which the golden file knows the import.
func (i Import) String() string { return i.Module + "." + i.Name + " " + i.Type }

// Export is one export.
type Export struct {
	Name string
	Type string // as in Import
}

// String is the line by which the golden file knows the export.
func (e Export) String() string { return e.Name + " " + e.Type }

// Module is what was read of a module.
type Module struct {
	Size      int // bytes
	Sections  []Section
	Imports   []Import
	Exports   []Export
	Names     map[uint32]string // function names; nil without a name section
	Functions int               // defined here, imports not counted
	Grows     []uint32          // one function index for each memory.grow instruction
	types     []string
	funcTypes []uint32 // type index of every function, imports first
}

// Parse reads the module b. The result aliases b.
func Parse(b []byte) (*Module, error) {
	if len(b) < 8 || string(b[:8]) != "\x00asm\x01\x00\x00\x00" {
		return nil, ErrHeader
	}
	m := &Module{Size: len(b)}
	r := &reader{b: b, pos: 8}
	for r.pos < len(b) {
		s, err := r.section()
		if err != nil {
			return nil, err
		}
		m.Sections = append(m.Sections, s)
	}
	for _, s := range m.Sections {
		if err := m.read(s); err != nil {
			return nil, fmt.Errorf("section %d %q: %w", s.ID, s.Name, err)
		}
	}
	return m, nil
}

// read takes what the checks want out of one section.
func (m *Module) read(s Section) error {
	r := &reader{b: s.Payload}
	var err error
	switch s.ID {
	case sectionType:
		err = m.readTypes(r)
	case sectionImport:
		err = m.readImports(r)
	case sectionFunction:
		err = m.readFunctions(r)
	case sectionExport:
		err = m.readExports(r)
	case sectionCode:
		err = m.readCode(r)
	case sectionCustom:
		if s.Name != "name" {
			return nil
		}
		err = m.readNames(r)
	default:
		return nil
	}
	if err != nil {
		return err
	}
	if r.pos != len(r.b) {
		return fmt.Errorf("%w: %d bytes left over", ErrMalformed, len(r.b)-r.pos)
	}
	return nil
}

// Code returns the payload of the code section, or nil: two files of one link
// have the same.
func (m *Module) Code() []byte {
	for _, s := range m.Sections {
		if s.ID == sectionCode {
			return s.Payload
		}
	}
	return nil
}

// Strip returns the module b without its custom sections and without the
// exports named in drop. Every other section stays byte for byte.
func Strip(b []byte, drop []string) ([]byte, error) {
	m, err := Parse(b)
	if err != nil {
		return nil, err
	}
	out := append([]byte(nil), b[:8]...)
	for _, s := range m.Sections {
		switch s.ID {
		case sectionCustom:
		case sectionExport:
			payload, err := dropExports(s.Payload, drop)
			if err != nil {
				return nil, err
			}
			out = append(out, sectionExport)
			out = appendUint(out, uint32(len(payload)))
			out = append(out, payload...)
		default:
			out = append(out, s.raw...)
		}
	}
	return out, nil
}
