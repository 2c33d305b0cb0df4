package meter

// emit writes the module with the import, the countdown and the checks.
func (m *module) emit() ([]byte, error) {
	out := append([]byte(nil), header...)
	// The sections that the rewriting adds to are written even if the module
	// has none, in their place.
	added := []byte{secType, secImport, secGlobal}
	add := func() error {
		payload, err := m.rewrite(section{id: added[0], payload: []byte{0}})
		out = appendSection(out, added[0], payload)
		added = added[1:]
		return err
	}
	for _, s := range m.sections {
		for len(added) > 0 && rank(added[0]) < rank(s.id) {
			if err := add(); err != nil {
				return nil, err
			}
		}
		if len(added) > 0 && s.id == added[0] {
			added = added[1:]
		}
		payload, err := m.rewrite(s)
		if err != nil {
			return nil, err
		}
		out = appendSection(out, s.id, payload)
	}
	for len(added) > 0 {
		if err := add(); err != nil {
			return nil, err
		}
	}
	if m.names != nil {
		out = m.appendNames(out)
	}
	return out, nil
}

// rewrite returns a section's new payload.
func (m *module) rewrite(s section) ([]byte, error) {
	r := &reader{b: s.payload}
	var out []byte
	switch s.id {
	case secType:
		out = appendU32(nil, r.u32()+1)
		out = append(out, s.payload[r.pos:]...)
		out = append(out, 0x60, 0, 1, 0x7f) // () -> i32
	case secImport:
		out = appendU32(nil, r.u32()+1)
		out = append(out, s.payload[r.pos:]...)
		out = appendName(out, ImportModule)
		out = appendName(out, ImportName)
		out = append(out, 0)
		out = appendU32(out, m.types)
	case secGlobal:
		out = m.rewriteGlobals(r)
	case secExport:
		out = m.rewriteExports(r)
	case secStart:
		out = appendU32(nil, m.shift(r))
	case secElement:
		out = m.rewriteElements(r)
	case secCode:
		out = m.rewriteCode()
	default:
		return s.payload, nil
	}
	return out, r.err
}

func appendName(b []byte, s string) []byte {
	b = appendU32(b, uint32(len(s)))
	return append(b, s...)
}

// shift reads the index of a function and returns the one it has behind the
// added import.
func (m *module) shift(r *reader) uint32 {
	i := r.u32()
	if i >= m.importedFuncs+m.definedFuncs {
		r.fail()
	}
	return m.moved(i)
}

func (m *module) moved(i uint32) uint32 {
	if i >= m.importedFuncs {
		return i + 1
	}
	return i
}

func (m *module) rewriteGlobals(r *reader) []byte {
	n := r.u32()
	out := appendU32(nil, n+1)
	for ; n > 0 && r.err == nil; n-- {
		out = append(out, r.bytes(2)...)
		out = m.constant(out, r)
	}
	out = append(out, 0x7f, 1, opI32Const) // a mutable i32
	out = append(out, signed(Budget)...)
	return append(out, opEnd)
}

// constant copies a constant expression with its end.
func (m *module) constant(out []byte, r *reader) []byte {
	for r.err == nil {
		at := r.pos
		switch op := r.byte(); op {
		case opRefFunc:
			out = appendU32(append(out, op), m.shift(r))
		case opGlobalGet:
			// Only imported globals may be read here (§3.4.12).
			if r.u32() >= m.importedGlobals {
				r.fail()
				return nil
			}
			out = append(out, r.b[at:r.pos]...)
		case opEnd:
			return append(out, op)
		default:
			immediates(r, op)
			if r.err == nil {
				out = append(out, r.b[at:r.pos]...)
			}
		}
	}
	return nil
}

func (m *module) rewriteExports(r *reader) []byte {
	n := r.u32()
	out := appendU32(nil, n)
	for ; n > 0 && r.err == nil; n-- {
		at := r.pos
		r.skip(uint64(r.u32()))
		kind := r.byte()
		if r.err != nil {
			return nil
		}
		out = append(out, r.b[at:r.pos]...)
		switch kind {
		case 0:
			out = appendU32(out, m.shift(r))
		case 3:
			i := r.u32()
			if i >= m.globals {
				r.fail() // the countdown is nobody's to export
			}
			out = appendU32(out, i)
		default:
			out = appendU32(out, r.u32())
		}
	}
	return out
}

// rewriteElements follows the eight forms of §5.5.12.
func (m *module) rewriteElements(r *reader) []byte {
	n := r.u32()
	out := appendU32(nil, n)
	for ; n > 0 && r.err == nil; n-- {
		flags := r.u32()
		if flags > 7 {
			r.fail()
			return nil
		}
		out = appendU32(out, flags)
		passive, explicit, exprs := flags&1 != 0, flags&2 != 0, flags&4 != 0
		if !passive {
			if explicit {
				out = appendU32(out, r.u32())
			}
			out = m.constant(out, r)
		}
		if flags&3 != 0 { // an element kind or a reference type
			out = append(out, r.byte())
		}
		count := r.u32()
		out = appendU32(out, count)
		for ; count > 0 && r.err == nil; count-- {
			if exprs {
				out = m.constant(out, r)
			} else {
				out = appendU32(out, m.shift(r))
			}
		}
	}
	return out
}

// rewriteCode puts the checks in.
func (m *module) rewriteCode() []byte {
	check := m.check()
	out := appendU32(nil, uint32(len(m.codes)))
	var body []byte
	for i := range m.codes {
		c := &m.codes[i]
		body = append(body[:0], c.locals...)
		if m.recursive[i] {
			body = append(body, check...)
		}
		at := 0
		for _, s := range c.sites {
			body = append(body, c.body[at:s.at]...)
			at = s.end
			switch s.kind {
			case siteLoop:
				body = append(body, c.body[s.at:s.end]...)
				body = append(body, check...)
			case siteIndirect:
				body = append(body, check...)
				body = append(body, c.body[s.at:s.end]...)
			case siteCall, siteRefFunc:
				body = append(body, c.body[s.at])
				body = appendU32(body, m.moved(s.index))
			}
		}
		body = append(body, c.body[at:]...)
		out = appendU32(out, uint32(len(body)))
		out = append(out, body...)
	}
	return out
}

// check is the countdown: it leaves the stack as it is.
func (m *module) check() []byte {
	fuel := appendU32(nil, m.globals)
	var b []byte
	get := func() { b = append(append(b, opGlobalGet), fuel...) }
	set := func() { b = append(append(b, opGlobalSet), fuel...) }
	get()
	b = append(b, opI32Const, 1, 0x6b) // i32.sub
	set()
	get()
	b = append(b, 0x45, opIf, blockVoid) // i32.eqz
	b = appendU32(append(b, opCall), m.importedFuncs)
	set()
	return append(b, opEnd)
}

// signed encodes v, which is not negative, as signed LEB128.
func signed(v uint32) []byte {
	var b []byte
	for {
		c := byte(v & 0x7f)
		v >>= 7
		if v == 0 && c&0x40 == 0 {
			return append(b, c)
		}
		b = append(b, c|0x80)
	}
}

// functionNames returns subsection 1 of a name section (functions), or nil for
// any other custom section. Names are for the text of traps only: what is wrong
// with them is passed over.
func functionNames(payload []byte) []byte {
	r := &reader{b: payload}
	if string(r.bytes(uint64(r.u32()))) != "name" {
		return nil
	}
	for !r.done() {
		id := r.byte()
		content := r.bytes(uint64(r.u32()))
		if id == 1 && r.err == nil {
			return content
		}
	}
	return nil
}

// appendNames appends the name section with the functions at their new places.
func (m *module) appendNames(out []byte) []byte {
	r := &reader{b: m.names}
	n := r.u32()
	names := appendU32(nil, n)
	for ; n > 0 && r.err == nil; n-- {
		names = appendU32(names, m.shift(r))
		name := r.bytes(uint64(r.u32()))
		names = appendU32(names, uint32(len(name)))
		names = append(names, name...)
	}
	if r.err != nil || !r.done() {
		return out
	}
	payload := append(appendName(nil, "name"), 1)
	payload = appendU32(payload, uint32(len(names)))
	return appendSection(out, secCustom, append(payload, names...))
}
