package envoy

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
)

// wasmReservation is the address space that V8 sets aside for one 32-bit wasm
// memory, accessible part first: twice what an address and an offset can reach,
// so that no bounds check is needed. At least half of it is never accessible.
const wasmReservation = 8 << 30

// guestMemory sums the accessible parts of the wasm memories in maps, a
// /proc/PID/maps text, and counts them. What is inaccessible of a reservation
// shows as one region of more than 4 GiB right behind a writable one; the
// accessible part is the rest of the reservation. (Its own region is no measure:
// the kernel may have merged it with a neighbour.)
func guestMemory(maps io.Reader) (bytes int64, instances int) {
	var writableEnd uint64
	lines := bufio.NewScanner(maps)
	for lines.Scan() {
		var start, end uint64
		var mode string
		if _, err := fmt.Sscanf(lines.Text(), "%x-%x %s", &start, &end, &mode); err != nil {
			continue
		}
		size := int64(end - start) //nolint:gosec // addresses are below 2^47
		switch {
		case strings.HasPrefix(mode, "rw"):
			writableEnd = end
		case strings.HasPrefix(mode, "---") && start == writableEnd &&
			size >= wasmReservation/2 && size < wasmReservation:
			bytes += wasmReservation - size
			instances++
		}
	}
	return bytes, instances
}

// residentBytes reads the resident set from a /proc/PID/statm text.
func residentBytes(statm string) int64 {
	fields := strings.Fields(statm)
	if len(fields) < 2 {
		return 0
	}
	pages, err := strconv.ParseInt(fields[1], 10, 64)
	if err != nil {
		return 0
	}
	return pages * int64(os.Getpagesize())
}
