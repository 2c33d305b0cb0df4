package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

// access is one access line of `postern serve --output json`.
type access struct {
	Path     string `json:"path"`
	Status   int    `json:"status"`
	Allowed  bool   `json:"allowed"`
	Reason   string `json:"reason"`
	Provider string `json:"provider"`
}

// event is one line that `postern serve --output json` writes to stderr.
type event struct {
	Message string `json:"msg"`
	Address string `json:"address"`
	Problem string `json:"problem"`
}

// child is one `postern serve`.
type child struct {
	addr   string
	cmd    *exec.Cmd
	ended  <-chan error
	access chan access

	mu     sync.Mutex
	events []event
	log    bytes.Buffer
	news   chan struct{} // signalled when events has grown
}

// startServe starts a server and waits until it listens.
func startServe(ctx context.Context, postern string, args ...string) (*child, error) {
	args = append([]string{"serve", "--listen", "127.0.0.1:0", "--output", "json"}, args...)
	c := &child{
		cmd:    exec.Command(postern, args...), //nolint:gosec // the program that was just built
		access: make(chan access, 64),
		news:   make(chan struct{}, 1),
	}
	stdout, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	stderr, err := c.cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	var readers sync.WaitGroup
	readers.Add(2)
	if c.ended, err = spawn(c.cmd, &readers); err != nil {
		return nil, fmt.Errorf("cannot start %s: %w", postern, err)
	}
	go func() { defer readers.Done(); c.readAccess(stdout) }()
	go func() { defer readers.Done(); c.readEvents(stderr) }()
	e, err := c.await(ctx, 0, "listening")
	if err != nil {
		return c, err
	}
	c.addr = e.Address
	return c, nil
}

func (c *child) readAccess(r io.Reader) {
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		var a access
		if json.Unmarshal(lines.Bytes(), &a) == nil {
			c.access <- a
		}
	}
}

func (c *child) readEvents(r io.Reader) {
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		c.mu.Lock()
		c.log.Write(lines.Bytes())
		c.log.WriteByte('\n')
		var e event
		if json.Unmarshal(lines.Bytes(), &e) == nil {
			c.events = append(c.events, e)
		}
		c.mu.Unlock()
		select {
		case c.news <- struct{}{}:
		default:
		}
	}
}

// mark returns the number of events so far, for await.
func (c *child) mark() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.events)
}

// await returns the first event of that message after the first from.
func (c *child) await(ctx context.Context, from int, message string) (event, error) {
	timeout := time.NewTimer(30 * time.Second)
	defer timeout.Stop()
	for {
		c.mu.Lock()
		for _, e := range c.events[from:] {
			if e.Message == message {
				c.mu.Unlock()
				return e, nil
			}
		}
		c.mu.Unlock()
		select {
		case <-c.news:
		case err := <-c.ended:
			return event{}, fmt.Errorf("postern serve ended (%w) before it said %q:\n%s", orExit0(err), message, c.text())
		case <-timeout.C:
			return event{}, fmt.Errorf("postern serve did not say %q in 30 s:\n%s", message, c.text())
		case <-ctx.Done():
			return event{}, errors.New("interrupted")
		}
	}
}

func orExit0(err error) error {
	if err == nil {
		return errors.New("exit code 0")
	}
	return err
}

// text returns what the child has said.
func (c *child) text() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return strings.TrimSpace(c.log.String())
}

// stop asks the child to end, and makes it end. That it does not end well by
// itself is an error.
func (c *child) stop() error {
	if err := c.cmd.Process.Signal(syscall.SIGTERM); errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("postern serve had ended by itself:\n%s", c.text())
	}
	select {
	case err := <-c.ended:
		if err != nil {
			return fmt.Errorf("postern serve did not end well (%w):\n%s", err, c.text())
		}
		return nil
	case <-time.After(15 * time.Second):
		_ = c.cmd.Process.Kill()
		return fmt.Errorf("postern serve did not end on SIGTERM (%w):\n%s", orExit0(<-c.ended), c.text())
	}
}
