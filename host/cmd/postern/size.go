package main

import (
	"errors"
	"strconv"
	"strings"

	"github.com/postern-wasm/postern/host"
)

// maxSize bounds sizes of the command line: 1 GiB.
const maxSize = 1 << 30

// bufferLimitUsage is the help of --buffer-limit.
const bufferLimitUsage = "the longest body that is held: Envoy's per_connection_buffer_limit_bytes, to be as large as the largest max_bytes"

// byteSize is the value of a flag: bytes, or with KiB or MiB behind the number.
type byteSize int

// newBufferLimit is the default of --buffer-limit, which is Envoy's.
func newBufferLimit() byteSize { return host.DefaultBufferLimit }

// String writes the size in the largest unit that it is a multiple of.
func (b *byteSize) String() string {
	n := int(*b)
	switch {
	case n > 0 && n%(1<<20) == 0:
		return strconv.Itoa(n>>20) + "MiB"
	case n > 0 && n%(1<<10) == 0:
		return strconv.Itoa(n>>10) + "KiB"
	}
	return strconv.Itoa(n)
}

// Set reads what String writes.
func (b *byteSize) Set(s string) error {
	digits, unit := s, 0
	if d, ok := strings.CutSuffix(s, "MiB"); ok {
		digits, unit = d, 20
	} else if d, ok := strings.CutSuffix(s, "KiB"); ok {
		digits, unit = d, 10
	}
	n, err := strconv.ParseUint(digits, 10, 32)
	if err != nil || n == 0 || n > maxSize>>unit {
		return errors.New("want bytes, as in 1048576, 512KiB or 4MiB, up to 1024MiB")
	}
	*b = byteSize(n << unit)
	return nil
}

// Type names the value in the help.
func (b *byteSize) Type() string { return "size" }
