// Command bench measures Postern beside its peers: one command, one run, one
// machine.
//
// In: the module, TinyGo and Envoy under build/, and time. Out: tables on the
// terminal, build/bench.json with the raw rounds, build/bench.html. What is
// measured takes turns within the run, and a figure counts only as a ratio inside
// it. A variant that refuses valid requests, or that the load generator does not
// keep busy, is printed as not measured, never as fast; what is not built is
// printed as that. It listens on loopback only and keeps no key and no token.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/postern-wasm/postern/bench/report"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	quickly := flag.Bool("quick", os.Getenv("QUICK") != "" && os.Getenv("QUICK") != "0", "fewer tokens and rounds, about two minutes ($QUICK)")
	module := flag.String("module", "build/postern.wasm", "the `file` to measure")
	out := flag.String("out", "build", "the `folder` for bench.json and bench.html")
	flag.Parse()
	if flag.NArg() > 0 {
		return fmt.Errorf("no argument is taken, %q was given", flag.Arg(0))
	}
	s := full()
	if *quickly {
		s = quick()
	}
	begin := time.Now()
	line := func(text string) { fmt.Println(text) }
	b := &bench{root: ".", module: *module, work: *out, scale: s, now: begin, progress: newProgress(phases(s), line, time.Now)}
	r, err := b.run(ctx)
	if err != nil {
		return err
	}
	r.Command = []string{"go run ./bench", fmt.Sprintf("-quick=%v", *quickly), "-module=" + *module}
	if err := write(r, *out); err != nil {
		return err
	}
	if err := r.WriteText(os.Stdout); err != nil {
		return err
	}
	fmt.Printf("\n%s run of %.0f s; all of it in %s, to look at in %s\n", s.Mode, time.Since(begin).Seconds(),
		filepath.Join(*out, "bench.json"), filepath.Join(*out, "bench.html"))
	return nil
}

// write writes both files.
func write(r *report.Report, dir string) error {
	for name, render := range map[string]func(*os.File) error{
		"bench.json": func(f *os.File) error { return r.WriteJSON(f) },
		"bench.html": func(f *os.File) error { return r.WriteHTML(f) },
	} {
		f, err := os.Create(filepath.Join(dir, name))
		if err != nil {
			return err
		}
		if err := render(f); err != nil {
			_ = f.Close() // the first error is the cause
			return fmt.Errorf("%s: %w", name, err)
		}
		if err := f.Close(); err != nil {
			return err
		}
	}
	return nil
}
