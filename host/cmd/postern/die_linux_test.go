package main

import (
	"os/exec"
	"runtime"
	"syscall"
)

// dieWithThread has the kernel kill cmd when the calling goroutine's thread ends,
// which it does with the goroutine: a test that is killed leaves no server behind.
func dieWithThread(cmd *exec.Cmd) {
	runtime.LockOSThread() // for the life of the test's goroutine
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
