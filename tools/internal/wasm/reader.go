package wasm

import (
	"fmt"
	"unicode/utf8"
)

// reader walks over bytes; every method refuses to pass their end.
type reader struct {
	b   []byte
	pos int
}

func (r *reader) byte() (byte, error) {
	if r.pos >= len(r.b) {
		return 0, fmt.Errorf("%w: ends at byte %d", ErrMalformed, r.pos)
	}
	r.pos++
	return r.b[r.pos-1], nil
}

func (r *reader) take(n uint32) ([]byte, error) {
	if uint64(n) > uint64(len(r.b)-r.pos) {
		return nil, fmt.Errorf("%w: %d bytes wanted at byte %d, %d there", ErrMalformed, n, r.pos, len(r.b)-r.pos)
	}
	r.pos += int(n)
	return r.b[r.pos-int(n) : r.pos], nil
}

// uint reads an unsigned LEB128 number of at most 32 bits (§5.2.2).
func (r *reader) uint() (uint32, error) {
	var v uint64
	for shift := 0; shift < 35; shift += 7 {
		b, err := r.byte()
		if err != nil {
			return 0, err
		}
		v |= uint64(b&0x7F) << shift
		if b&0x80 == 0 {
			if v > 0xFFFFFFFF {
				break
			}
			return uint32(v), nil
		}
	}
	return 0, fmt.Errorf("%w: number over 32 bits before byte %d", ErrMalformed, r.pos)
}

// skipLEB passes over a LEB128 number of at most max bytes, signed or not.
func (r *reader) skipLEB(max int) error {
	for range max {
		b, err := r.byte()
		if err != nil {
			return err
		}
		if b&0x80 == 0 {
			return nil
		}
	}
	return fmt.Errorf("%w: number over %d bytes before byte %d", ErrMalformed, max, r.pos)
}

// count reads the length of a vector, each item of which takes a byte or more.
func (r *reader) count() (int, error) {
	n, err := r.uint()
	if err != nil {
		return 0, err
	}
	if uint64(n) > uint64(len(r.b)-r.pos) {
		return 0, fmt.Errorf("%w: %d items in %d bytes", ErrMalformed, n, len(r.b)-r.pos)
	}
	return int(n), nil
}

func (r *reader) name() (string, error) {
	n, err := r.uint()
	if err != nil {
		return "", err
	}
	b, err := r.take(n)
	if err != nil {
		return "", err
	}
	if !utf8.Valid(b) {
		return "", fmt.Errorf("%w: name %q is not UTF-8", ErrMalformed, b)
	}
	return string(b), nil
}

// limits passes over the limits of a table or a memory (§5.3.5).
func (r *reader) limits() error {
	flag, err := r.byte()
	if err != nil {
		return err
	}
	if flag > 1 {
		return fmt.Errorf("%w: limits %#x", ErrMalformed, flag)
	}
	for range 1 + int(flag) {
		if _, err := r.uint(); err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) export() (name string, kind byte, index uint32, err error) {
	if name, err = r.name(); err != nil {
		return "", 0, 0, err
	}
	if kind, err = r.byte(); err != nil {
		return "", 0, 0, err
	}
	index, err = r.uint()
	return name, kind, index, err
}

// section reads the next section of a module (§5.5.2).
func (r *reader) section() (Section, error) {
	start := r.pos
	id, err := r.byte()
	if err != nil {
		return Section{}, err
	}
	if id > sectionMax {
		return Section{}, fmt.Errorf("%w: section id %d at byte %d", ErrMalformed, id, start)
	}
	size, err := r.uint()
	if err != nil {
		return Section{}, err
	}
	payload, err := r.take(size)
	if err != nil {
		return Section{}, err
	}
	s := Section{ID: id, Payload: payload, raw: r.b[start:r.pos]}
	if id == sectionCustom {
		sub := &reader{b: payload}
		if s.Name, err = sub.name(); err != nil {
			return Section{}, err
		}
		s.Payload = payload[sub.pos:]
	}
	return s, nil
}

// appendUint appends v as unsigned LEB128.
func appendUint(b []byte, v uint32) []byte {
	for v >= 0x80 {
		b = append(b, byte(v)|0x80)
		v >>= 7
	}
	return append(b, byte(v))
}
