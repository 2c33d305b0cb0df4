package main

import (
	"os/exec"
	"runtime"
	"sync"
	"syscall"
)

// spawn starts cmd and returns a channel that carries its end, once readers have
// read its output. The kernel kills the child when the thread that forked it ends
// (prctl(2), PR_SET_PDEATHSIG), and that thread lives as long as the child or
// this process: no SIGKILL of ours can leave it behind.
func spawn(cmd *exec.Cmd, readers *sync.WaitGroup) (<-chan error, error) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	started, ended := make(chan error, 1), make(chan error, 1)
	go func() {
		runtime.LockOSThread() // never unlocked before the child has ended: see above
		defer runtime.UnlockOSThread()
		if err := cmd.Start(); err != nil {
			started <- err
			return
		}
		started <- nil
		readers.Wait()
		ended <- cmd.Wait()
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	return ended, nil
}
