package profile

import (
	"errors"
	"math"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/postern-wasm/postern/bench/local"
	"github.com/postern-wasm/postern/bench/mint"
)

func TestRooms(t *testing.T) {
	for name, want := range map[string]string{
		"(*github.com/postern-wasm/postern/plugin/jose/jws.Token).Parse":  "jose/jws",
		"github.com/postern-wasm/postern/plugin/kernel/internal/mont.mul": "kernel/internal/mont",
		"github.com/postern-wasm/postern/plugin/filter.judge$1":           "filter",
		"proxy_on_request_headers":                                        "abi",
		"runtime.alloc":                                                   runtimeRoom,
		"memcpy":                                                          runtimeRoom,
		"internal/bytealg.IndexByte":                                      libraryRoom,
		"give":                                                            hostRoom,
		"(garbage collector)":                                             hostRoom,
		"(idle)":                                                          "",
		"js-to-wasm:iii:i":                                                hostRoom,
		"wasm-function[12]":                                               hostRoom,
		"strings.(*Builder).grow":                                         libraryRoom,
		"github.com/valyala/fastjson.get":                                 libraryRoom,
	} {
		if got := roomOf(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

func TestSharesAddUpToOneAndTheDearestComesFirst(t *testing.T) {
	rows, err := read([]byte(`[{"name":"a","ns":4e6,"requests":1000,"samples":{
		"github.com/postern-wasm/postern/plugin/filter.a":100,"github.com/postern-wasm/postern/plugin/filter.b":200,
		"github.com/postern-wasm/postern/plugin/abi.c":600,"(idle)":5000,"give":100}}]`))
	if err != nil || len(rows) != 1 {
		t.Fatal(rows, err)
	}
	r := rows[0]
	if r.Microseconds != 4 || len(r.Parts) != 3 || r.Parts[0] != (Part{"abi", 0.6}) || math.Abs(r.Parts[1].Share-0.3) > 1e-9 {
		t.Errorf("%+v", r)
	}
	if _, err := read([]byte("no JSON")); err == nil {
		t.Error("no JSON is read")
	}
}

func TestAModuleThatCannotBeRunIsAnErrorInOneLine(t *testing.T) {
	_, err := Run(t.Context(), "../testdata/nothing.wasm", []Kind{{Name: "x", Config: "{}", Tokens: []string{"t"}, Repeat: 1}})
	if _, missing := exec.LookPath("node"); missing != nil {
		if !errors.Is(err, ErrNoNode) {
			t.Error(err)
		}
		return
	}
	if err == nil {
		t.Error("a module without callbacks has a profile")
	}
}

// TestEveryCallIsTimedAndJudged runs the module under test: $POSTERN_MODULE, else
// build/postern.wasm.
func TestEveryCallIsTimedAndJudged(t *testing.T) {
	path := os.Getenv("POSTERN_MODULE")
	if path == "" {
		path = "../../build/postern.wasm"
	}
	key, err := mint.NewKey("ES256")
	if err != nil {
		t.Fatal(err)
	}
	config, batches, err := local.Batches([]*mint.Key{key}, time.Now(), local.Amounts{Held: 20, Timed: 10})
	if err != nil {
		t.Fatal(err)
	}
	headers := [][2]string{{":method", "GET"}, {":path", "/"}, {":authority", "a.example"}}
	list, err := Time(t.Context(), path, config, headers, batches)
	if _, none := exec.LookPath("node"); none != nil {
		if !errors.Is(err, ErrNoNode) {
			t.Fatalf("without node: %v, want %v", err, ErrNoNode)
		}
		return
	}
	if err != nil || len(list) != len(batches) {
		t.Fatal(list, err)
	}
	for i, l := range list {
		if l.Name != batches[i].Name || l.Calls != max(len(batches[i].Tokens), batches[i].Ticks) || l.Max <= 0 {
			t.Errorf("%+v", l)
		}
	}
	batches[3].Allowed = true // the expired ones are not
	if list, err := Time(t.Context(), path, config, headers, batches); err == nil {
		t.Errorf("a refusal counts as let through: %+v", list)
	}
}
