//go:build unix && !linux

// Package clock tells how much CPU time this process has used: what a benchmark
// counts in where the machine is shared. It knows no time of day.
package clock

import "syscall"

// CPU is the CPU time of all threads of this process, in nanoseconds.
func CPU() int64 {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		return 0
	}
	return r.Utime.Nano() + r.Stime.Nano()
}
