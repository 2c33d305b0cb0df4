package wasm

import (
	"fmt"
	"slices"
	"strings"
)

// valueTypes names the value types of §5.3.1 to §5.3.4.
var valueTypes = map[byte]string{
	0x7F: "i32", 0x7E: "i64", 0x7D: "f32", 0x7C: "f64", 0x7B: "v128", 0x70: "funcref", 0x6F: "externref",
}

// readTypes reads the function types (§5.5.4).
func (m *Module) readTypes(r *reader) error {
	n, err := r.count()
	if err != nil {
		return err
	}
	for range n {
		form, err := r.byte()
		if err != nil {
			return err
		}
		if form != 0x60 {
			return fmt.Errorf("%w: type form %#x", ErrMalformed, form)
		}
		params, err := r.valueTypes()
		if err != nil {
			return err
		}
		results, err := r.valueTypes()
		if err != nil {
			return err
		}
		m.types = append(m.types, params+" -> "+results)
	}
	return nil
}

// readImports reads the imports (§5.5.5).
func (m *Module) readImports(r *reader) error {
	n, err := r.count()
	if err != nil {
		return err
	}
	for range n {
		var i Import
		if i.Module, err = r.name(); err != nil {
			return err
		}
		if i.Name, err = r.name(); err != nil {
			return err
		}
		if i.Type, err = m.importType(r); err != nil {
			return err
		}
		m.Imports = append(m.Imports, i)
	}
	return nil
}

// importType reads the description of one import.
func (m *Module) importType(r *reader) (string, error) {
	kind, err := r.byte()
	if err != nil {
		return "", err
	}
	switch kind {
	case 0x00:
		t, err := r.uint()
		if err != nil {
			return "", err
		}
		m.funcTypes = append(m.funcTypes, t)
		return m.typeText(t)
	case 0x01:
		if _, err := r.byte(); err != nil {
			return "", err
		}
		return "table", r.limits()
	case 0x02:
		return "memory", r.limits()
	case 0x03:
		_, err := r.take(2)
		return "global", err
	}
	return "", fmt.Errorf("%w: import kind %#x", ErrMalformed, kind)
}

func (m *Module) typeText(t uint32) (string, error) {
	if int(t) >= len(m.types) {
		return "", fmt.Errorf("%w: type %d of %d", ErrMalformed, t, len(m.types))
	}
	return m.types[t], nil
}

// readFunctions reads the types of the module's own functions (§5.5.6).
func (m *Module) readFunctions(r *reader) error {
	n, err := r.count()
	if err != nil {
		return err
	}
	m.Functions = n
	for range n {
		t, err := r.uint()
		if err != nil {
			return err
		}
		m.funcTypes = append(m.funcTypes, t)
	}
	return nil
}

// readExports reads the exports (§5.5.10).
func (m *Module) readExports(r *reader) error {
	n, err := r.count()
	if err != nil {
		return err
	}
	for range n {
		name, kind, index, err := r.export()
		if err != nil {
			return err
		}
		e := Export{Name: name}
		switch kind {
		case 0x00:
			if int(index) >= len(m.funcTypes) {
				return fmt.Errorf("%w: export %q of function %d of %d", ErrMalformed, name, index, len(m.funcTypes))
			}
			if e.Type, err = m.typeText(m.funcTypes[index]); err != nil {
				return err
			}
		case 0x01:
			e.Type = "table"
		case 0x02:
			e.Type = "memory"
		case 0x03:
			e.Type = "global"
		default:
			return fmt.Errorf("%w: export kind %#x", ErrMalformed, kind)
		}
		m.Exports = append(m.Exports, e)
	}
	return nil
}

// readNames reads the function names of the name section (§7.4.1); its other
// subsections are skipped.
func (m *Module) readNames(r *reader) error {
	m.Names = map[uint32]string{}
	for r.pos < len(r.b) {
		id, err := r.byte()
		if err != nil {
			return err
		}
		size, err := r.uint()
		if err != nil {
			return err
		}
		sub, err := r.take(size)
		if err != nil {
			return err
		}
		if id != 1 {
			continue
		}
		if err := m.functionNames(&reader{b: sub}); err != nil {
			return err
		}
	}
	return nil
}

func (m *Module) functionNames(r *reader) error {
	n, err := r.count()
	if err != nil {
		return err
	}
	for range n {
		index, err := r.uint()
		if err != nil {
			return err
		}
		if m.Names[index], err = r.name(); err != nil {
			return err
		}
	}
	return nil
}

// dropExports returns the payload of an export section without the named ones.
func dropExports(payload []byte, drop []string) ([]byte, error) {
	r := &reader{b: payload}
	n, err := r.count()
	if err != nil {
		return nil, err
	}
	var kept []byte
	count := uint32(0)
	for range n {
		start := r.pos
		name, _, _, err := r.export()
		if err != nil {
			return nil, err
		}
		if slices.Contains(drop, name) {
			continue
		}
		count++
		kept = append(kept, payload[start:r.pos]...)
	}
	return append(appendUint(nil, count), kept...), nil
}

// valueTypes reads a vector of value types as "(i32, i64)".
func (r *reader) valueTypes() (string, error) {
	n, err := r.count()
	if err != nil {
		return "", err
	}
	names := make([]string, 0, n)
	for range n {
		b, err := r.byte()
		if err != nil {
			return "", err
		}
		name, ok := valueTypes[b]
		if !ok {
			return "", fmt.Errorf("%w: value type %#x", ErrMalformed, b)
		}
		names = append(names, name)
	}
	return "(" + strings.Join(names, ", ") + ")", nil
}
