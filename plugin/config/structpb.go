package config

import (
	"encoding/binary"
	"math"
	"strconv"
	"unicode/utf8"
)

// A proxy whose configuration is a google.protobuf.Struct hands the module the
// message's bytes, not JSON (measured on Envoy 1.40). structJSON turns them into JSON
// text, so that one reader judges both. Spec: the protobuf encoding and struct.proto,
// of which Struct, Value and ListValue are the whole.

// structTag is the first byte of a Struct that is not empty: field 1, length-delimited.
// JSON may begin with the same byte, a newline, so a text is tried as a message first
// and is one only if every byte of it fits.
const structTag = 0x0a

// structJSON appends the JSON form of a serialized Struct. ok is false if the bytes are
// not exactly one.
func structJSON(message []byte) (text []byte, ok bool) {
	if len(message) == 0 || message[0] != structTag {
		return nil, false
	}
	return appendStruct(make([]byte, 0, 2*len(message)), message, maxDepth)
}

// appendStruct writes a Struct: field 1 repeats, each a map entry.
func appendStruct(dst, message []byte, depth int) ([]byte, bool) {
	if depth == 0 {
		return dst, false
	}
	dst = append(dst, '{')
	for first := true; len(message) > 0; first = false {
		entry, rest, ok := delimited(message, structTag)
		if !ok {
			return dst, false
		}
		message = rest
		if !first {
			dst = append(dst, ',')
		}
		if dst, ok = appendEntry(dst, entry, depth); !ok {
			return dst, false
		}
	}
	return append(dst, '}'), true
}

// appendEntry writes "key":value. The key is field 1, the value field 2; an encoder
// writes both, and in this order.
func appendEntry(dst, entry []byte, depth int) ([]byte, bool) {
	key, rest, ok := delimited(entry, structTag)
	if !ok {
		return dst, false
	}
	value, rest, ok := delimited(rest, 0x12)
	if !ok || len(rest) > 0 {
		return dst, false
	}
	if dst, ok = appendText(dst, key); !ok {
		return dst, false
	}
	return appendValue(append(dst, ':'), value, depth)
}

// appendValue writes a Value: exactly one field of the oneof.
func appendValue(dst, value []byte, depth int) ([]byte, bool) {
	if len(value) == 0 {
		return dst, false
	}
	switch value[0] {
	case 0x08: // null_value, an enum whose only member is 0
		return append(dst, "null"...), len(value) == 2 && value[1] == 0
	case 0x11: // number_value, a double
		if len(value) != 9 {
			return dst, false
		}
		return appendDouble(dst, math.Float64frombits(binary.LittleEndian.Uint64(value[1:])))
	case 0x1a: // string_value
		text, rest, ok := delimited(value, 0x1a)
		if !ok || len(rest) > 0 {
			return dst, false
		}
		return appendText(dst, text)
	case 0x20: // bool_value
		if len(value) != 2 || value[1] > 1 {
			return dst, false
		}
		return strconv.AppendBool(dst, value[1] == 1), true
	case 0x2a: // struct_value
		message, rest, ok := delimited(value, 0x2a)
		if !ok || len(rest) > 0 {
			return dst, false
		}
		return appendStruct(dst, message, depth-1)
	case 0x32: // list_value
		list, rest, ok := delimited(value, 0x32)
		if !ok || len(rest) > 0 || depth == 1 {
			return dst, false
		}
		return appendList(dst, list, depth-1)
	}
	return dst, false
}

// appendList writes a ListValue: field 1 repeats, each a Value.
func appendList(dst, list []byte, depth int) ([]byte, bool) {
	dst = append(dst, '[')
	for first := true; len(list) > 0; first = false {
		value, rest, ok := delimited(list, structTag)
		if !ok {
			return dst, false
		}
		list = rest
		if !first {
			dst = append(dst, ',')
		}
		if dst, ok = appendValue(dst, value, depth); !ok {
			return dst, false
		}
	}
	return append(dst, ']'), true
}

// delimited takes a length-delimited field with the tag.
func delimited(message []byte, tag byte) (field, rest []byte, ok bool) {
	if len(message) < 2 || message[0] != tag {
		return nil, nil, false
	}
	n, size := binary.Uvarint(message[1:])
	if size <= 0 || n > uint64(len(message)-1-size) {
		return nil, nil, false
	}
	body := message[1+size:]
	return body[:n], body[n:], true
}

// appendDouble writes a number as JavaScript would, so that integers stay integers.
func appendDouble(dst []byte, n float64) ([]byte, bool) {
	if math.IsNaN(n) || math.IsInf(n, 0) {
		return dst, false
	}
	if n == math.Trunc(n) && math.Abs(n) < 1<<53 {
		return strconv.AppendInt(dst, int64(n), 10), true
	}
	return strconv.AppendFloat(dst, n, 'g', -1, 64), true
}

// appendText writes a JSON string.
func appendText(dst, text []byte) ([]byte, bool) {
	const hex = "0123456789abcdef"
	if !utf8.Valid(text) {
		return dst, false
	}
	dst = append(dst, '"')
	for _, c := range text {
		switch {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c < 0x20:
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		default:
			dst = append(dst, c)
		}
	}
	return append(dst, '"'), true
}
