// Package clock tells how much CPU time this process has used: what a benchmark
// counts in where the machine is shared. It knows no time of day.
package clock

import (
	"syscall"
	"unsafe"
)

// Clocks of clock_gettime(2). Unlike the times of getrusage they do not go by ticks.
const (
	processCPUTime = 2
	threadCPUTime  = 3
)

// CPU is the CPU time of all threads of this process, in nanoseconds.
func CPU() int64 { return read(processCPUTime) }

// Thread is the CPU time of the calling thread, in nanoseconds. The caller keeps to
// its thread (runtime.LockOSThread).
func Thread() int64 { return read(threadCPUTime) }

// read is 0 where there is no such clock.
func read(clock uintptr) int64 {
	var now syscall.Timespec
	if _, _, errno := syscall.RawSyscall(syscall.SYS_CLOCK_GETTIME, clock, uintptr(unsafe.Pointer(&now)), 0); errno != 0 {
		return 0
	}
	return now.Nano()
}
