// Command vectors runs files of signed-request vectors through the module on wazero:
//
//	go run ./tools/vectors [-module FILE] [-reasons] [-v] FILE...
//
// In: files in the format of testdata/vectors/README.md, which say what they want of a
// verifier in neutral words. Out: one line for every case that disagrees, and last
// "N passed, N failed", and how many ask for what the module refuses to know (Hawk, the
// chunks of S3), where there are such. It ends with 1 if a case failed.
//
// A case passes only by the verdict of a request: a configuration that the module
// refuses, a word that this command does not know, a trap, a request that hangs or an
// answer of 5xx is a failure, whatever the case expects. It decides nothing itself and
// signs nothing.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

func main() {
	code, err := run(context.Background(), os.Args[1:], os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "vectors:", err)
		code = 2
	}
	os.Exit(code)
}

// run is the command: it returns the exit code, or an error of usage or the machine.
func run(ctx context.Context, args []string, out io.Writer) (int, error) {
	fl := flag.NewFlagSet("vectors", flag.ContinueOnError)
	module := fl.String("module", "", "the module (default $POSTERN_MODULE, then build/postern.wasm)")
	reasons := fl.Bool("reasons", false, "list also what is refused for another reason than the vector's; it does not count")
	verbose := fl.Bool("v", false, "print the lines that the module is given, as for postern replay")
	if err := fl.Parse(args); err != nil {
		return 2, err
	}
	if fl.NArg() == 0 {
		return 2, errors.New("no file named; try testdata/vectors/*.json")
	}
	path, err := findModule(*module)
	if err != nil {
		return 2, err
	}
	r := newRunner(path)
	defer r.close(ctx)
	var sum tally
	for _, name := range fl.Args() {
		vectors, err := Read(name)
		if err != nil {
			return 2, err
		}
		for i := range vectors {
			result := r.judge(ctx, vectors, i)
			sum.add(result)
			if *verbose {
				for _, line := range result.Lines {
					fmt.Fprintf(out, "%s\n", line)
				}
			}
			if text := result.text(*reasons); text != "" {
				fmt.Fprintf(out, "%s: %s\n", filepath.Base(name), text)
			}
		}
	}
	fmt.Fprintln(out, sum)
	if sum.failed > 0 {
		return 1, nil
	}
	return 0, nil
}

// findModule says which module runs.
func findModule(named string) (string, error) {
	if named == "" {
		named = os.Getenv("POSTERN_MODULE")
	}
	if named == "" {
		named = filepath.Join("build", "postern.wasm")
	}
	if _, err := os.Stat(named); err != nil {
		return "", fmt.Errorf("no module (`make plugin` builds it): %w", err)
	}
	return named, nil
}
