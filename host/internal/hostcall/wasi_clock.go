package hostcall

import "io"

// Clock ids of WASI. The others measure processor time: not for a guest.
const (
	clockRealtime  = 0
	clockMonotonic = 1
)

// maxRandom is the most bytes that one random_get gives, 64 KiB.
const maxRandom = 64 << 10

func clockTimeGet(e *Env, a []uint64) uint32 {
	// Both clocks are the host's: under a virtual clock a monotonic one of the
	// machine's own would give away the real time.
	if id := uint32(a[0]); id != clockRealtime && id != clockMonotonic {
		return errnoNotsup
	}
	return fault(e.putU64(a[2], uint64(e.now().UnixNano())))
}

func clockResGet(e *Env, a []uint64) uint32 {
	if id := uint32(a[0]); id != clockRealtime && id != clockMonotonic {
		return errnoNotsup
	}
	return fault(e.putU64(a[1], 1))
}

func randomGet(e *Env, a []uint64) uint32 {
	n := uint32(a[1])
	if n > maxRandom {
		return errnoInval
	}
	if n == 0 {
		return errnoSuccess
	}
	b, ok := e.read(a[0], a[1])
	if !ok {
		return errnoFault
	}
	if _, err := io.ReadFull(e.Rand, b); err != nil {
		return errnoIO
	}
	return errnoSuccess
}

// pollOneoff answers at once that nothing has happened: so no guest ever
// sleeps. Go's runtime needs the call to succeed.
func pollOneoff(e *Env, a []uint64) uint32 { return fault(e.putU32(a[3], 0)) }
