package wasm

import "fmt"

// readCode walks every instruction and notes each memory.grow (§5.4, §5.5.13).
// A module with one heap grows its memory in one function; a second allocator
// brings a second one, whatever its functions are called.
func (m *Module) readCode(r *reader) error {
	n, err := r.count()
	if err != nil {
		return err
	}
	if n != m.Functions {
		return fmt.Errorf("%w: %d bodies for %d functions", ErrMalformed, n, m.Functions)
	}
	imported := len(m.funcTypes) - m.Functions
	for i := range n {
		size, err := r.uint()
		if err != nil {
			return err
		}
		body, err := r.take(size)
		if err != nil {
			return err
		}
		grows, err := countGrows(&reader{b: body})
		if err != nil {
			return fmt.Errorf("function %d: %w", imported+i, err)
		}
		for range grows {
			m.Grows = append(m.Grows, uint32(imported+i))
		}
	}
	return nil
}

// countGrows passes over one function body: its locals, then its instructions.
func countGrows(r *reader) (int, error) {
	groups, err := r.count()
	if err != nil {
		return 0, err
	}
	for range groups {
		if _, err := r.uint(); err != nil {
			return 0, err
		}
		if _, err := r.byte(); err != nil {
			return 0, err
		}
	}
	grows := 0
	for r.pos < len(r.b) {
		op, err := r.byte()
		if err != nil {
			return 0, err
		}
		if op == 0x40 {
			grows++
		}
		if err := r.immediates(op); err != nil {
			return 0, err
		}
	}
	return grows, nil
}

// immediates passes over what follows the opcode op.
func (r *reader) immediates(op byte) error {
	switch {
	case op <= 0x01, op == 0x05, op == 0x0B, op == 0x0F, op == 0x1A, op == 0x1B:
		return nil // unreachable, nop, else, end, return, drop, select
	case op >= 0x45 && op <= 0xC4, op == 0xD1:
		return nil // numeric, ref.is_null
	case op >= 0x02 && op <= 0x04: // block, loop, if: a block type, s33
		return r.skipLEB(5)
	case op == 0x0C, op == 0x0D, op == 0x10, op >= 0x20 && op <= 0x26, op == 0xD2:
		return r.skipLEB(5) // br, br_if, call, locals, globals, tables, ref.func
	case op == 0x0E:
		return r.brTable()
	case op == 0x11: // call_indirect: type, table
		return r.skipMany(2)
	case op == 0x1C: // select with types
		n, err := r.uint()
		if err != nil {
			return err
		}
		_, err = r.take(n)
		return err
	case op >= 0x28 && op <= 0x3E: // loads and stores: alignment, offset
		return r.skipMany(2)
	case op == 0x3F, op == 0x40, op == 0xD0: // memory.size, memory.grow, ref.null
		_, err := r.byte()
		return err
	case op == 0x41:
		return r.skipLEB(5)
	case op == 0x42:
		return r.skipLEB(10)
	case op == 0x43:
		_, err := r.take(4)
		return err
	case op == 0x44:
		_, err := r.take(8)
		return err
	case op == 0xFC:
		return r.prefixedFC()
	}
	return fmt.Errorf("%w: opcode %#x before byte %d", ErrMalformed, op, r.pos)
}

func (r *reader) skipMany(n int) error {
	for range n {
		if err := r.skipLEB(5); err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) brTable() error {
	n, err := r.count()
	if err != nil {
		return err
	}
	return r.skipMany(n + 1)
}

// prefixedFC passes over saturating conversions and bulk memory operations.
func (r *reader) prefixedFC() error {
	op, err := r.uint()
	if err != nil {
		return err
	}
	switch {
	case op <= 7: // trunc_sat
		return nil
	case op == 9, op == 11, op == 13, op >= 15 && op <= 17: // one index
		return r.skipMany(1)
	case op == 8, op == 10, op == 12, op == 14: // two indices
		return r.skipMany(2)
	}
	return fmt.Errorf("%w: opcode 0xFC %d before byte %d", ErrMalformed, op, r.pos)
}
