//go:build !linux

package envoy

import "os/exec"

// spawn starts cmd and returns a channel that carries its end. Only Linux can
// promise that the child dies with a parent killed by SIGKILL.
func spawn(cmd *exec.Cmd) (<-chan error, error) {
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	return ended, nil
}
