package kernels

import (
	"bufio"
	"context"
	_ "embed" // the script
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"

	"github.com/postern-wasm/postern/bench/kernels/op"
)

//go:embed node.mjs
var script string

// v8 is the guest in a Node process: the engine that Envoy runs modules in.
type v8 struct {
	command *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Reader
	// spent is the CPU time of all runs so far, in nanoseconds.
	spent int64
}

// errNoNode is why there are no figures for V8.
var errNoNode = errors.New("no node on PATH")

// startV8 starts Node with the guest at path.
func startV8(ctx context.Context, path string) (*v8, error) {
	node, err := exec.LookPath("node")
	if err != nil {
		return nil, errNoNode
	}
	v := &v8{command: exec.CommandContext(ctx, node, "--no-warnings", "--input-type=module", "--eval", script, "--", path)}
	if v.in, err = v.command.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := v.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	v.out = bufio.NewReader(out)
	return v, v.command.Start()
}

// close ends the process.
func (v *v8) close() error {
	return errors.Join(v.in.Close(), v.command.Wait())
}

// ask sends a command and returns how many calls said yes.
func (v *v8) ask(command map[string]any) (int, error) {
	line, err := json.Marshal(command)
	if err != nil {
		return 0, err
	}
	if _, err := v.in.Write(append(line, '\n')); err != nil {
		return 0, fmt.Errorf("node: %w", err)
	}
	text, err := v.out.ReadString('\n')
	if err != nil {
		return 0, fmt.Errorf("node has ended: %w", err)
	}
	var answer struct {
		Yes int   `json:"yes"`
		NS  int64 `json:"ns"`
	}
	if err := json.Unmarshal([]byte(text), &answer); err != nil {
		return 0, fmt.Errorf("node says %q: %w", strings.TrimSpace(text), err)
	}
	v.spent += answer.NS
	return answer.Yes, nil
}

// prepare gives the guest a case's input.
func (v *v8) prepare(c Case) error {
	ok, err := v.ask(map[string]any{"do": "prepare", "kind": c.Kind, "input": c.Input})
	if err == nil && ok != 1 {
		err = fmt.Errorf("%s: the guest refuses its input", c.Name)
	}
	return err
}

// run makes n calls; one that says no is an error.
func (v *v8) run(kind op.Kind, n int) error {
	yes, err := v.ask(map[string]any{"do": "run", "kind": kind, "n": n})
	if err == nil && yes != n {
		err = fmt.Errorf("%d of %d valid inputs were refused", n-yes, n)
	}
	return err
}
