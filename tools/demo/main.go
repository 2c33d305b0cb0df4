// Command demo shows what Postern decides, on real sockets.
//
// In: build/postern and build/postern.wasm. Out: a table of requests, each with
// what was sent, what was decided and why, what the upstream saw, and whether
// that is what the table in rows.go expects; exit code 0 only if all came out so.
// It starts real processes and stops them whatever happens; it listens on
// loopback, on free ports, and needs no network.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

// limit is when the demo gives up: it takes a few seconds.
const limit = 2 * time.Minute

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	code := 0
	err := run(ctx, os.Stdout, "build")
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		err = fmt.Errorf("gave up after %s: %w", limit, err)
	case ctx.Err() != nil && err != nil:
		err = errors.New("interrupted; everything that was started has been stopped")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "demo: "+err.Error())
		code = 1
	}
	stop()
	os.Exit(code)
}

// errUnexpected says that a decision was another one than the table expects.
var errUnexpected = errors.New("not everything came out as expected")

// run shows the table. build holds the command and the module.
func run(ctx context.Context, out io.Writer, build string) (err error) {
	for _, name := range []string{"postern", "postern.wasm"} {
		if _, err := os.Stat(filepath.Join(build, name)); err != nil {
			return fmt.Errorf("%s is not there; `make build` makes it", filepath.Join(build, name))
		}
	}
	dir, err := os.MkdirTemp("", "postern-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a directory of the system's own for such things
	w, err := newWorld(ctx, build, dir)
	if err != nil {
		return err
	}
	defer func() {
		if stopErr := w.close(); err == nil {
			err = stopErr
		}
	}()
	start := time.Now()
	r := report{out: out}
	r.title()
	for _, row := range rows() {
		if row.before != nil {
			if err := row.before(ctx, w); err != nil {
				return fmt.Errorf("%s: %w%s", row.what, err, w.logs())
			}
		}
		got, err := w.ask(ctx, row)
		if err != nil {
			return fmt.Errorf("%s: %w%s", row.what, err, w.logs())
		}
		r.row(row, got)
	}
	r.end(time.Since(start))
	if r.failed > 0 {
		return fmt.Errorf("%w: %d of %d%s", errUnexpected, r.failed, r.count, w.logs())
	}
	return nil
}
