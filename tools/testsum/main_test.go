package main

import (
	"bytes"
	"strings"
	"testing"
)

// Events as `go test -json` writes them, by hand.
const (
	passA   = `{"Action":"run","Package":"p","Test":"TestA"}` + "\n" + `{"Action":"output","Package":"p","Test":"TestA","Output":"    a_test.go:3: note: 12 cases agree\n"}` + "\n" + `{"Action":"pass","Package":"p","Test":"TestA","Elapsed":0.1}` + "\n"
	failB   = `{"Action":"output","Package":"p","Test":"TestB","Output":"=== RUN   TestB\n"}` + "\n" + `{"Action":"output","Package":"p","Test":"TestB","Output":"    b_test.go:9: got 1, want 2\n"}` + "\n" + `{"Action":"fail","Package":"p","Test":"TestB"}` + "\n"
	skipC   = `{"Action":"output","Package":"p","Test":"TestC","Output":"    c_test.go:5: no envoy\n"}` + "\n" + `{"Action":"skip","Package":"p","Test":"TestC"}` + "\n"
	endGood = `{"Action":"output","Package":"p","Output":"PASS\n"}` + "\n" + `{"Action":"output","Package":"p","Output":"ok  \tp\t0.2s\n"}` + "\n" + `{"Action":"pass","Package":"p"}` + "\n"
	endBad  = `{"Action":"output","Package":"p","Output":"FAIL\tp\t0.2s\n"}` + "\n" + `{"Action":"fail","Package":"p"}` + "\n"
	broken  = `{"ImportPath":"q","Action":"build-output","Output":"q.go:1: undefined: x\n"}` + "\n" + `{"Action":"output","Package":"q","Output":"FAIL\tq [build failed]\n"}` + "\n" + `{"Action":"fail","Package":"q"}` + "\n"
	dying   = `{"Action":"run","Package":"p","Test":"TestD"}` + "\n" + `{"Action":"output","Package":"p","Test":"TestD","Output":"fatal error: out of luck\n"}` + "\n" + endBad
	crashed = `{"Action":"output","Package":"p","Output":"panic: init\n"}` + "\n" + endBad
)

func TestTotals(t *testing.T) {
	for name, test := range map[string]struct {
		events  string
		noSkips bool
		good    bool
		shows   []string
		hides   []string
	}{
		"all passed":                    {passA + endGood, true, true, []string{"ok  \tp\t0.2s\n", "note: 12 cases agree\n", "1 passed, 0 failed, 0 skipped\n"}, []string{"PASS"}},
		"one failed":                    {passA + failB + endBad, false, false, []string{"got 1, want 2", "FAIL\tp", "1 passed, 1 failed, 0 skipped\n"}, []string{"=== RUN"}},
		"one skipped where allowed":     {passA + skipC + endGood, false, true, []string{"1 passed, 0 failed, 1 skipped\n"}, []string{"no envoy"}},
		"one skipped where forbidden":   {passA + skipC + endGood, true, false, []string{"p TestC\n    c_test.go:5: no envoy", "1 passed, 0 failed, 1 skipped\n"}, nil},
		"a package does not compile":    {passA + endGood + broken, false, false, []string{"undefined: x", "FAIL\tq [build failed]", "1 passed, 1 failed, 0 skipped\n"}, nil},
		"a package crashes":             {passA + crashed, false, false, []string{"panic: init", "1 passed, 1 failed, 0 skipped\n"}, nil},
		"a test takes the program down": {passA + dying, false, false, []string{"fatal error: out of luck", "1 passed, 1 failed, 0 skipped\n"}, nil},
		"no test at all":                {"", false, false, []string{"no test ran\n"}, nil},
		"go itself complains":           {"go: no such file\n", false, false, []string{"go: no such file\n", "no test ran\n"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			good, err := run(strings.NewReader(test.events), &out, test.noSkips)
			if err != nil {
				t.Fatal(err)
			}
			if good != test.good {
				t.Errorf("counts as good: %v, want %v", good, test.good)
			}
			for _, s := range test.shows {
				if !strings.Contains(out.String(), s) {
					t.Errorf("does not show %q:\n%s", s, out.String())
				}
			}
			for _, s := range test.hides {
				if strings.Contains(out.String(), s) {
					t.Errorf("shows %q:\n%s", s, out.String())
				}
			}
		})
	}
}
