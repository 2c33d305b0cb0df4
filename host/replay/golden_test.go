package replay_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/postern-wasm/postern/host/replay"
)

// exchange is one line in and the answer that a transcript expects.
type exchange struct {
	line     int // of the transcript, for messages
	in, want string
}

// readTranscript reads a file of testdata/replay.
func readTranscript(t testing.TB, path string) []exchange {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var list []exchange
	for i, line := range strings.Split(string(text), "\n") {
		switch {
		case line == "", line[0] == '#':
		case strings.HasPrefix(line, "> "):
			list = append(list, exchange{line: i + 1, in: line[2:]})
		case strings.HasPrefix(line, "< ") && len(list) > 0 && list[len(list)-1].want == "":
			list[len(list)-1].want = line[2:]
		default:
			t.Fatalf("%s:%d: neither a comment nor a line in and its answer: %s", path, i+1, line)
		}
	}
	if len(list) == 0 {
		t.Fatalf("%s: no lines", path)
	}
	return list
}

// agree compares JSON values. "<any>" in an expected text stands for one or more
// characters, "<whatever>" for any value.
func agree(got, want any) bool {
	switch w := want.(type) {
	case string:
		if w == "<whatever>" {
			return true
		}
		g, ok := got.(string)
		re := strings.ReplaceAll(regexp.QuoteMeta(w), "<any>", "(?s:.+)")
		return ok && regexp.MustCompile("^"+re+"$").MatchString(g)
	case []any:
		g, ok := got.([]any)
		if !ok || len(g) != len(w) {
			return false
		}
		for i := range w {
			if !agree(g[i], w[i]) {
				return false
			}
		}
		return true
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok || len(g) != len(w) {
			return false
		}
		for name := range w {
			if v, ok := g[name]; !ok || !agree(v, w[name]) {
				return false
			}
		}
		return true
	}
	return reflect.DeepEqual(got, want)
}

// replayTranscript runs a transcript's lines in one engine and compares.
func replayTranscript(t *testing.T, path string, opts replay.Options) {
	t.Helper()
	list := readTranscript(t, path)
	var in, out bytes.Buffer
	for _, x := range list {
		in.WriteString(x.in + "\n")
	}
	ctx := context.Background()
	e := replay.New(opts)
	if err := e.Run(ctx, &in, &out); err != nil {
		t.Fatal(err)
	}
	if err := e.Close(ctx); err != nil {
		t.Error(err)
	}
	got := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	if len(got) != len(list) {
		t.Fatalf("%d answers to %d lines", len(got), len(list))
	}
	for i, x := range list {
		var g, w any
		if err := json.Unmarshal([]byte(x.want), &w); err != nil {
			t.Fatalf("%s:%d: %v", path, x.line+1, err)
		}
		if err := json.Unmarshal([]byte(got[i]), &g); err != nil {
			t.Fatalf("%s:%d: the answer is not JSON: %v in %s", path, x.line, err, got[i])
		}
		if !agree(g, w) {
			t.Errorf("%s:%d: %s\ngot  %s\nwant %s", path, x.line, x.in, got[i], x.want)
		}
	}
}

// TestBenchTranscript runs what DESIGN.md says of the bench itself, with a
// module that does as its requests say.
func TestBenchTranscript(t *testing.T) {
	t.Chdir("../../testdata/replay") // the transcript names modules beside itself
	replayTranscript(t, "bench.txt", replay.Options{Module: "bench.wasm"})
}

// modulePath is where the built module is, $POSTERN_MODULE or build/postern.wasm.
func modulePath(tb testing.TB) string {
	tb.Helper()
	path := os.Getenv("POSTERN_MODULE")
	if path == "" {
		path = "../../build/postern.wasm"
	}
	if _, err := os.Stat(path); err != nil {
		tb.Fatalf("the module is not built (`make plugin` builds it): %v", err)
	}
	return path
}

// TestJWTTranscript runs the module itself.
func TestJWTTranscript(t *testing.T) {
	replayTranscript(t, "../../testdata/replay/jwt.txt", replay.Options{Module: modulePath(t), Verdicts: true})
}

// BenchmarkReplay runs the transcript's first two lines: one that starts a
// fresh instance, and one that goes to the instance that is there.
func BenchmarkReplay(b *testing.B) {
	list := readTranscript(b, "../../testdata/replay/jwt.txt")
	for i, name := range []string{"config", "request"} {
		b.Run(name, func(b *testing.B) {
			ctx := context.Background()
			e := replay.New(replay.Options{Module: modulePath(b)})
			defer e.Close(ctx) //nolint:errcheck // nothing is left to lose
			var last *replay.Answer
			do := func(line string) {
				c, err := replay.ParseCase([]byte(line))
				if err != nil {
					b.Fatal(err)
				}
				last = e.Do(ctx, c)
			}
			do(list[0].in)
			for b.Loop() {
				do(list[i].in)
			}
			if !last.Allowed {
				b.Errorf("refused: %s %s", last.Reason, last.Error)
			}
		})
	}
}
