package replay

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"math"
	"net"
	"strconv"
)

// DefaultSource is the property source.address of a request whose line names
// none.
const DefaultSource = "127.0.0.1:50000"

// decodeProperties reads values by dotted path. Null takes a default away, so
// it is read here, and not by members.
func decodeProperties(raw json.RawMessage) (map[string][]byte, error) {
	var all map[string]json.RawMessage
	if raw[0] != '{' {
		return nil, errors.New("want an object")
	}
	// members finds names that come twice, which a map would not show.
	if err := members(raw, func(string, json.RawMessage) error { return nil }); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(raw, &all); err != nil {
		return nil, syntax(err)
	}
	values := make(map[string][]byte, len(all))
	for name, v := range all {
		b, err := decodeProperty(v)
		if err != nil {
			return nil, at(name, err)
		}
		values[name] = b
	}
	return values, nil
}

// decodeProperty encodes a value as Envoy hands it to a module: strings as
// they are, a boolean as one byte, a number as 8 bytes little-endian. An
// integer is an int64 (a uint64 from 2^63 on), any other number a double.
func decodeProperty(raw json.RawMessage) ([]byte, error) {
	switch raw[0] {
	case 'n':
		return nil, nil
	case 't':
		return []byte{1}, nil
	case 'f':
		return []byte{0}, nil
	case '"', '{':
		t, err := decodeText(raw)
		return []byte(t), err
	case '[':
		return nil, errors.New("want a string, a boolean or a number")
	}
	text := string(raw)
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return binary.LittleEndian.AppendUint64(nil, uint64(n)), nil
	}
	if n, err := strconv.ParseUint(text, 10, 64); err == nil {
		return binary.LittleEndian.AppendUint64(nil, n), nil
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return nil, errors.New("the number is out of range")
	}
	return binary.LittleEndian.AppendUint64(nil, math.Float64bits(f)), nil
}

// properties returns what the stream is given: the defaults, and the line's
// over them. source.port follows source.address, as it does in Envoy.
func properties(line map[string][]byte) map[string][]byte {
	props := make(map[string][]byte, len(line)+2)
	props["source.address"] = []byte(DefaultSource)
	for name, v := range line {
		if v == nil {
			delete(props, name)
			continue
		}
		props[name] = v
	}
	if _, ok := line["source.port"]; ok {
		return props
	}
	_, port, err := net.SplitHostPort(string(props["source.address"]))
	if err != nil {
		return props
	}
	if n, err := strconv.ParseUint(port, 10, 16); err == nil {
		props["source.port"] = binary.LittleEndian.AppendUint64(nil, n)
	}
	return props
}
