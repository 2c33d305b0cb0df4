//go:build !linux

package main

import (
	"os/exec"
	"sync"
)

// spawn starts cmd and returns a channel that carries its end, once readers have
// read its output. Only Linux can promise that the child dies with this process
// when that is killed; everywhere it is stopped when the demo ends or is interrupted.
func spawn(cmd *exec.Cmd, readers *sync.WaitGroup) (<-chan error, error) {
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	ended := make(chan error, 1)
	go func() {
		readers.Wait()
		ended <- cmd.Wait()
	}()
	return ended, nil
}
