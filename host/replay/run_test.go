package replay

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
)

// run answers the input with a module that is not there, so that every case is
// answered "load" or "config".
func run(t *testing.T, in io.Reader) []Answer {
	t.Helper()
	var out bytes.Buffer
	e := New(Options{Module: t.TempDir() + "/none.wasm"})
	if err := e.Run(context.Background(), in, &out); err != nil {
		t.Fatal(err)
	}
	var list []Answer
	for line := range strings.Lines(out.String()) {
		var a struct {
			Name   *string `json:"name"`
			Reason string  `json:"reason"`
			Error  string  `json:"error"`
		}
		if err := json.Unmarshal([]byte(line), &a); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		list = append(list, Answer{Name: a.Name, Reason: a.Reason, Error: a.Error})
	}
	return list
}

func TestRunAnswersEveryLineInOrder(t *testing.T) {
	tests := []struct{ law, in, want string }{
		{"no input, no answer", "", ""},
		{"a line is answered", `{"name":"a"}` + "\n", "a config"},
		{"the last line needs no line end", `{"name":"a"}` + "\n" + `{"name":"b"}`, "a config|b config"},
		{"a bad line is answered, and the next one too", "x\n" + `{"name":"b"}` + "\n", "- input|b config"},
		{"blank lines are no cases", "\n \t\r\n" + `{"name":"a"}` + "\n\n", "a config"},
		{"lines may end as on Windows", `{"name":"a"}` + "\r\n", "a config"},
		{"a module that is not there does not load", `{"name":"a","config":{}}`, "a load"},
		{"lines after it answer the same", `{"name":"a","config":{}}` + "\n" + `{"name":"b"}`, "a load|b load"},
		{"a bad line changes nothing", `{"name":"a","config":{},"Now":1}` + "\n" + `{"name":"b"}`, "a input|b config"},
	}
	for _, tt := range tests {
		t.Run(tt.law, func(t *testing.T) {
			var got []string
			for _, a := range run(t, strings.NewReader(tt.in)) {
				name := "-"
				if a.Name != nil {
					name = *a.Name
				}
				if a.Error == "" {
					t.Errorf("no error in the answer to %s", name)
				}
				got = append(got, name+" "+a.Reason)
			}
			if g := strings.Join(got, "|"); g != tt.want {
				t.Errorf("got %q, want %q", g, tt.want)
			}
		})
	}
}

// repeat is n bytes of the letter a, without the memory for them.
type repeat int

func (r *repeat) Read(p []byte) (int, error) {
	if *r == 0 {
		return 0, io.EOF
	}
	n := min(len(p), int(*r))
	for i := range p[:n] {
		p[i] = 'a'
	}
	*r -= repeat(n)
	return n, nil
}

func TestRunBoundsALine(t *testing.T) {
	long := repeat(MaxLine + 1)
	got := run(t, io.MultiReader(&long, strings.NewReader("\n"+`{"name":"b"}`)))
	if len(got) != 2 || got[0].Reason != ReasonInput || !strings.Contains(got[0].Error, "longer than 67108864 bytes") {
		t.Fatalf("got %+v", got)
	}
	if got[1].Name == nil || *got[1].Name != "b" {
		t.Errorf("the line behind it is not answered: %+v", got[1])
	}
	long = repeat(MaxLine + 1)
	if got := run(t, &long); len(got) != 1 || got[0].Reason != ReasonInput {
		t.Errorf("a long line at the end: got %+v", got)
	}
}

// failing is a stream that fails after what it holds.
type failing struct{ io.Reader }

var errStream = errors.New("the disk is full")

func (f failing) Read(p []byte) (int, error) {
	n, err := f.Reader.Read(p)
	if errors.Is(err, io.EOF) {
		err = errStream
	}
	return n, err
}

func (failing) Write([]byte) (int, error) { return 0, errStream }

func TestRunStopsAtABrokenStream(t *testing.T) {
	ctx := context.Background()
	var out bytes.Buffer
	err := New(Options{}).Run(ctx, failing{strings.NewReader(`{"name":"a"}` + "\n")}, &out)
	if !errors.Is(err, errStream) || !strings.HasPrefix(err.Error(), "read: ") {
		t.Errorf("got %v", err)
	}
	if !strings.Contains(out.String(), `"a"`) {
		t.Errorf("the line before is not answered: %q", out.String())
	}
	err = New(Options{}).Run(ctx, strings.NewReader("{}\n"), failing{})
	if !errors.Is(err, errStream) || !strings.HasPrefix(err.Error(), "write: ") {
		t.Errorf("got %v", err)
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	r, w := io.Pipe()
	defer w.Close()
	cancel()
	if err := New(Options{}).Run(ctx, r, io.Discard); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestAnswerLine(t *testing.T) {
	// DESIGN.md section 12 fixes names, order and types.
	want := `{"name":null,"allowed":false,"status":null,"reason":"input","provider":null,` +
		`"response_headers":[],"response_body":"","upstream":null,"error":"x <y>"}` + "\n"
	got, err := failed(nil, ReasonInput, "x <y>").Line()
	if err != nil || string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
