package load

import (
	"bytes"
	"errors"
	"fmt"
)

// maxAnswer bounds one answer, head and body, in bytes.
const maxAnswer = 64 << 10

// errBody refuses answers whose end cannot be told from a content-length.
var errBody = errors.New("an answer without a content-length")

// read reads one answer, and whether the server ends the connection after it.
// Nothing may be outstanding behind it.
func (c *conn) read() (status int, ends bool, err error) {
	head := -1
	c.have = 0
	for head < 0 {
		if err := c.fill(); err != nil {
			return 0, false, err
		}
		head = bytes.Index(c.in[:c.have], []byte("\r\n\r\n"))
	}
	status, length, ends, err := parse(c.in[:head+2])
	if err != nil {
		return 0, false, err
	}
	for whole := head + 4 + length; c.have < whole; {
		if whole > maxAnswer {
			return 0, false, fmt.Errorf("an answer of %d bytes", whole)
		}
		if err := c.fill(); err != nil {
			return 0, false, err
		}
	}
	if c.have != head+4+length {
		return 0, false, fmt.Errorf("%d bytes after the answer", c.have-head-4-length)
	}
	return status, ends, nil
}

// fill reads what has arrived.
func (c *conn) fill() error {
	if c.have == len(c.in) {
		return fmt.Errorf("an answer of more than %d bytes", maxAnswer)
	}
	n, err := c.net.Read(c.in[c.have:])
	c.have += n
	if n > 0 {
		return nil
	}
	return err
}

// parse reads an answer's head: status line and lines, each with its line end.
func parse(head []byte) (status, length int, ends bool, err error) {
	line, rest, _ := bytes.Cut(head, []byte("\r\n"))
	if len(line) < 12 || !bytes.HasPrefix(line, []byte("HTTP/1.1 ")) {
		return 0, 0, false, fmt.Errorf("status line %q", line)
	}
	if status = digits(line[9:12]); status < 200 {
		return 0, 0, false, fmt.Errorf("status line %q", line)
	}
	length = -1
	for len(rest) > 0 {
		line, rest, _ = bytes.Cut(rest, []byte("\r\n"))
		name, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimSpace(value)
		switch {
		case bytes.EqualFold(name, []byte("content-length")):
			if length = digits(value); length < 0 {
				return 0, 0, false, fmt.Errorf("content-length %q", value)
			}
		case bytes.EqualFold(name, []byte("connection")):
			ends = bytes.EqualFold(value, []byte("close"))
		}
	}
	if length < 0 {
		if status != 204 && status != 304 {
			return 0, 0, false, errBody
		}
		length = 0
	}
	return status, length, ends, nil
}

// digits returns the number that b spells, or -1.
func digits(b []byte) int {
	n := 0
	for _, c := range b {
		if c < '0' || c > '9' || n > maxAnswer*16 {
			return -1
		}
		n = n*10 + int(c-'0')
	}
	if len(b) == 0 {
		return -1
	}
	return n
}
