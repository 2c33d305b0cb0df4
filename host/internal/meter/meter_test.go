package meter

import (
	"context"
	"fmt"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/postern-wasm/postern/host/abi"
	w "github.com/postern-wasm/postern/host/internal/wasmtest"
)

// run instantiates a module with a yield that counts, and calls a function.
func run(t testing.TB, wasm []byte, name string, args ...uint64) (result uint64, yields int) {
	t.Helper()
	ctx := context.Background()
	rt := wazero.NewRuntime(ctx)
	defer rt.Close(ctx)
	_, err := rt.NewHostModuleBuilder(ImportModule).NewFunctionBuilder().
		WithGoFunction(api.GoFunc(func(_ context.Context, stack []uint64) {
			yields++
			stack[0] = Budget
		}), nil, []api.ValueType{api.ValueTypeI32}).Export(ImportName).Instantiate(ctx)
	if err != nil {
		t.Fatal(err)
	}
	m, err := rt.Instantiate(ctx, wasm)
	if err != nil {
		t.Fatal(err)
	}
	got, err := m.ExportedFunction(name).Call(ctx, args...)
	if err != nil {
		t.Fatal(err)
	}
	return got[0], yields
}

// everything is a module written by hand that has all that the rewriting
// touches: a table with elements in every form, indirect and direct calls, a
// start function, an exported global, references in globals, loops with a
// parameter, br_table, SIMD and bulk memory, and a name section.
var everything = func() []byte {
	m := []byte{0, 'a', 's', 'm', 1, 0, 0, 0}
	sec := func(id byte, b ...byte) { m = append(append(m, id, byte(len(b))), b...) }
	sec(1, 2, 0x60, 1, 0x7f, 1, 0x7f, 0x60, 0, 0) // (i32)->i32, ()->()
	sec(3, 4, 0, 0, 0, 1)                         // three of the first, one of the second
	sec(4, 1, 0x70, 0, 16)                        // a table of 16
	sec(5, 1, 0, 1)
	sec(6, 2, 0x7f, 1, 0x41, 5, 0x0b, 0x70, 0, 0xd2, 1, 0x0b) // i32 5 mutable; funcref to function 1
	sec(7, 2, 3, 'r', 'u', 'n', 0, 0, 1, 'g', 3, 0)           // run; g is global 0
	sec(8, 3)                                                 // start: function 3
	sec(9, 8,
		0, 0x41, 0, 0x0b, 2, 1, 2, // active, functions 1 and 2 at 0
		1, 0, 1, 1, // passive
		2, 0, 0x41, 4, 0x0b, 0, 1, 2, // active, table 0, function 2 at 4
		3, 0, 1, 1, // declared
		4, 0x41, 6, 0x0b, 1, 0xd2, 1, 0x0b, // active expressions, function 1 at 6
		5, 0x70, 1, 0xd2, 2, 0x0b, // passive expressions
		6, 0, 0x41, 8, 0x0b, 0x70, 2, 0xd2, 2, 0x0b, 0xd0, 0x70, 0x0b, // active expressions, 2 at 8, null at 9
		7, 0x70, 1, 0xd2, 1, 0x0b) // declared expressions
	body := func(b ...byte) []byte { return append([]byte{byte(len(b))}, b...) }
	var code []byte
	code = append(code, 4)
	// run(n): double(n) by table[0], plus inc(n) by table[8], plus inc by a call, plus global 0.
	code = append(code, body(0,
		0x20, 0, 0x41, 0, 0x11, 0, 0,
		0x20, 0, 0x41, 8, 0x11, 0, 0, 0x6a,
		0x20, 0, 0x10, 2, 0x6a,
		0x23, 0, 0x6a, 0x0b)...)
	// double(n), by a loop that takes a parameter and counts n down.
	code = append(code, body(1, 1, 0x7f,
		0x41, 0, 0x03, 0, // loop (i32)->i32
		0x41, 2, 0x6a, 0x21, 1,
		0x20, 1, 0x20, 0, 0x41, 1, 0x6b, 0x22, 0, 0x0d, 0, 0x0b, 0x0b)...)
	// inc(n), by way of br_table, v128 and memory.fill.
	code = append(code, body(0,
		0x02, 0x40, 0x02, 0x40, 0x41, 1, 0x0e, 1, 0, 1, 0x0b, 0x0b,
		0x41, 0, 0x41, 0, 0x41, 8, 0xfc, 11, 0,
		0xfd, 12, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xfd, 27, 0,
		0x20, 0, 0x6a, 0x0b)...)
	// start: global 0 = 7
	code = append(code, body(0, 0x41, 7, 0x24, 0, 0x0b)...)
	sec(10, code...)
	sec(0, 4, 'n', 'a', 'm', 'e', 1, 6, 1, 1, 3, 'd', 'b', 'l')
	return m
}()

func TestInstrumentKeepsWhatAModuleDoes(t *testing.T) {
	metered, err := Instrument(everything)
	if err != nil {
		t.Fatal(err)
	}
	// double(9) + inc(9) + inc(9) + 7
	if got, _ := run(t, everything, "run", 9); got != 18+10+10+7 {
		t.Fatalf("the module itself gives %d", got)
	}
	if got, _ := run(t, metered, "run", 9); got != 18+10+10+7 {
		t.Errorf("metered it gives %d", got)
	}
}

func TestTheCountdown(t *testing.T) {
	down := w.Seq( // counts the parameter down to 0
		w.Raw(0x03, 0x40), w.L(0), w.I(-1), w.Add, w.Raw(0x22, 0, 0x0d, 0, 0x0b), w.L(0))
	for _, c := range []struct {
		law    string
		module *w.Module
		n      uint64
		yields int
	}{
		{"a loop is counted", w.New(abi.Version021).Func("run", 1, 1, down), 3 * Budget, 3},
		{"up to the budget nobody is asked", w.New(abi.Version021).Func("run", 1, 1, down), Budget - 1, 0},
		{"a function that calls itself is counted", w.New(abi.Version021).Func("run", 1, 1,
			w.If(w.Seq(w.L(0), w.Eqz), w.I(0), w.Return), w.L(0), w.I(-1), w.Add, w.Call("run")), Budget + 10, 1},
		{"functions that call each other are counted", w.New(abi.Version021).
			Func("other", 1, 1, w.L(0), w.I(-1), w.Add, w.Call("run")).
			Func("run", 1, 1, w.If(w.Seq(w.L(0), w.Eqz), w.I(0), w.Return), w.L(0), w.Call("other")), Budget, 2},
		{"what is neither is not", w.New(abi.Version021).
			Func("leaf", 1, 1, w.L(0)).
			Func("run", 1, 1, w.L(0), w.Call("leaf"), w.Call("leaf")), 5, 0},
	} {
		t.Run(c.law, func(t *testing.T) {
			metered, err := Instrument(c.module.Build())
			if err != nil {
				t.Fatal(err)
			}
			if _, yields := run(t, metered, "run", c.n); yields != c.yields {
				t.Errorf("%d yields, want %d", yields, c.yields)
			}
		})
	}
}

func TestNumbersThatLieAboutSizesAreRefused(t *testing.T) {
	const head = "\x00asm\x01\x00\x00\x00"
	for law, wasm := range map[string]string{
		"100 million elements":             head + "\x09\x05\xdc\xaa\xc0\x30\x00",
		"100 million types":                head + "\x01\x05\xdc\xaa\xc0\x30\x00",
		"100 million parameters":           head + "\x01\x06\x01\x60\xdc\xaa\xc0\x30",
		"100 million bytes of data":        head + "\x0b\x06\x01\x01\xdc\xaa\xc0\x30",
		"100 million locals":               head + "\x01\x04\x01\x60\x00\x00\x03\x02\x01\x00\x0a\x09\x01\x07\x01\xdc\xaa\xc0\x30\x7f\x0b",
		"a section longer than the module": head + "\x01\x7f",
		"sections out of order":            head + "\x03\x01\x00\x01\x01\x00",
		"a section twice":                  head + "\x01\x01\x00\x01\x01\x00",
		"an unknown section":               head + "\x0e\x00",
		"another version":                  "\x00asm\x02\x00\x00\x00",
	} {
		if _, err := Instrument([]byte(wasm)); err == nil {
			t.Errorf("%s: not refused", law)
		}
	}
}

func TestRecursive(t *testing.T) {
	// 0 -> 1 -> 2 -> 0 is a cycle, 3 calls itself, 4 -> 3, 5 -> 6.
	got := recursive([][]uint32{{1}, {2}, {0, 5}, {3}, {3}, {6}, {}})
	for i, want := range []bool{true, true, true, true, false, false, false} {
		if got[i] != want {
			t.Errorf("function %d: %v", i, got[i])
		}
	}
}

func TestACountdownIsNobodysToTouch(t *testing.T) {
	// Global 1 is the countdown in the metered module; the module has one.
	for law, code := range map[string][]w.Code{
		"set":  {w.I(1), w.Raw(0x24, 1), w.I(0)},
		"read": {w.Raw(0x23, 1)},
	} {
		m := w.New(abi.Version021).Func("run", 1, 1, code...)
		if _, err := Instrument(m.Build()); err == nil {
			t.Errorf("%s: not refused", law)
		}
	}
	// The yield is function 0 of the metered module; a call beyond the last
	// function must not become one.
	m := w.New(abi.Version021).Func("run", 1, 1, w.I(0), w.Raw(0x10, 50))
	if _, err := Instrument(m.Build()); err == nil {
		t.Error("a call of a function that is not there: not refused")
	}
}

func FuzzInstrument(f *testing.F) {
	f.Add(everything)
	f.Add(w.New(abi.Version021).Func("run", 1, 1, w.Forever(), w.I(0)).Build())
	f.Add([]byte("\x00asm\x01\x00\x00\x00"))
	ctx := context.Background()
	f.Fuzz(func(t *testing.T, wasm []byte) {
		metered, err := Instrument(wasm)
		if err != nil {
			return // and nothing is compiled that was not walked to its end
		}
		rt := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigInterpreter().WithMemoryLimitPages(16))
		defer rt.Close(ctx)
		if compile(rt, wasm) != nil {
			return // what is no module may become none, or not
		}
		if err := compile(rt, metered); err != nil {
			t.Fatalf("a good module becomes a bad one: %v", err)
		}
	})
}

// compile is CompileModule without its panics, see package guest.
func compile(rt wazero.Runtime, wasm []byte) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%v", p)
		}
	}()
	_, err = rt.CompileModule(context.Background(), wasm)
	return err
}
