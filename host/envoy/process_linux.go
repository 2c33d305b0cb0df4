package envoy

import (
	"os/exec"
	"runtime"
	"syscall"
)

// spawn starts cmd and returns a channel that carries its end. The kernel kills
// the child when the thread that forked it ends (prctl(2), PR_SET_PDEATHSIG),
// and that thread lives as long as the child or this process: no SIGKILL of
// ours can leave the child behind.
func spawn(cmd *exec.Cmd) (<-chan error, error) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	started := make(chan error, 1)
	ended := make(chan error, 1)
	go func() {
		// Never unlocked before the child has ended: see above.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		if err := cmd.Start(); err != nil {
			started <- err
			return
		}
		started <- nil
		ended <- cmd.Wait()
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	return ended, nil
}
