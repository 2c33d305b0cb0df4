// Command testsum tells what a run of `go test -json` did.
//
//	go test -json ./... | go run ./tools/testsum [-no-skips]
//
// In come go test's events. Out go go test's own closing line of every package,
// the whole output of every test that failed, every logged line that begins with
// "note: ", and last "N passed, N failed, N skipped", top-level tests and their
// subtests counted alike. It ends with 1 if anything failed, if nothing ran, or,
// under -no-skips, if any test was skipped (each is named).
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
)

// event is what test2json writes, as far as it matters here.
type event struct {
	Action     string
	Package    string
	ImportPath string
	Test       string
	Output     string
}

// summary gathers the events of one run.
type summary struct {
	out                     io.Writer
	passed, failed, skipped int
	broken                  int                 // packages that failed without a failing test
	output                  map[string][]string // by package and test, until it is known to have passed
	failing                 map[string]bool     // packages in which a test has failed
	skips                   []string
}

func main() {
	noSkips := flag.Bool("no-skips", false, "a skipped test is a failure")
	flag.Parse()
	ok, err := run(os.Stdin, os.Stdout, *noSkips)
	if err != nil {
		fmt.Fprintln(os.Stderr, "testsum:", err)
		os.Exit(1)
	}
	if !ok {
		os.Exit(1)
	}
}

// run reads all events and reports whether the run counts as good.
func run(in io.Reader, out io.Writer, noSkips bool) (bool, error) {
	s := &summary{out: out, output: map[string][]string{}, failing: map[string]bool{}}
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadString('\n')
		if line != "" {
			var e event
			if json.Unmarshal([]byte(line), &e) != nil {
				fmt.Fprint(out, line) // not an event: go's own message, shown as it is
			} else {
				s.take(e)
			}
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return false, err
		}
	}
	return s.close(noSkips), nil
}

// take accounts for one event.
func (s *summary) take(e event) {
	key := e.Package + " " + e.Test
	switch e.Action {
	case "build-output":
		fmt.Fprint(s.out, e.Output)
	case "output":
		if strings.HasPrefix(e.Output, "=== ") {
			return // progress, not a result
		}
		s.note(e.Output)
		if e.Test == "" && closing(e.Output) {
			fmt.Fprint(s.out, e.Output)
			return
		}
		s.output[key] = append(s.output[key], e.Output)
	case "pass", "skip":
		if e.Test != "" {
			s.count(e)
		}
		delete(s.output, key)
	case "fail":
		s.fail(e, key)
	}
}

func (s *summary) count(e event) {
	if e.Action == "pass" {
		s.passed++
		return
	}
	s.skipped++
	reason := strings.TrimSpace(strings.Join(s.output[e.Package+" "+e.Test], ""))
	s.skips = append(s.skips, fmt.Sprintf("%s %s\n    %s", e.Package, e.Test, reason))
}

// fail shows what a failed test or package printed.
func (s *summary) fail(e event, key string) {
	for _, line := range s.output[key] {
		fmt.Fprint(s.out, line)
	}
	delete(s.output, key)
	if e.Test != "" {
		s.failed++
		s.failing[e.Package] = true
		return
	}
	if s.failing[e.Package] {
		return
	}
	s.broken++
	// A test that was running when the program died gets no event of its own: what it has
	// printed is why.
	for key, lines := range s.output {
		if name, _, _ := strings.Cut(key, " "); name != e.Package {
			continue
		}
		for _, line := range lines {
			fmt.Fprint(s.out, line)
		}
		delete(s.output, key)
	}
}

// closing reports whether a package's output line is one of go test's own
// closing lines; packages without tests are passed over.
func closing(line string) bool {
	return strings.HasPrefix(line, "ok  \t") || strings.HasPrefix(line, "FAIL\t")
}

// note shows a logged line that a test marks for the reader of the run.
func (s *summary) note(line string) {
	_, text, found := strings.Cut(line, ": note: ")
	if found {
		fmt.Fprintf(s.out, "note: %s", text)
	}
}

// close prints the totals and reports whether the run counts as good.
func (s *summary) close(noSkips bool) bool {
	good := s.failed == 0 && s.broken == 0
	if noSkips && s.skipped > 0 {
		fmt.Fprintf(s.out, "skipped, which this run does not allow:\n  %s\n", strings.Join(s.skips, "\n  "))
		good = false
	}
	if s.broken > 0 {
		fmt.Fprintf(s.out, "%d packages failed outside their tests\n", s.broken)
	}
	if s.passed+s.failed == 0 {
		fmt.Fprintln(s.out, "no test ran")
		good = false
	}
	fmt.Fprintf(s.out, "%d passed, %d failed, %d skipped\n", s.passed, s.failed+s.broken, s.skipped)
	return good
}
