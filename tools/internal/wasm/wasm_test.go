package wasm_test

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"github.com/postern-wasm/postern/tools/internal/wasm"
	"github.com/postern-wasm/postern/tools/internal/wasm/wasmtest"
)

var small = wasmtest.Module{
	Imports: [][2]string{{"env", "proxy_log"}, {"wasi_snapshot_preview1", "fd_write"}},
	Bodies:  [][]byte{{}, wasmtest.Grow, {0x01}},
	Exports: []wasmtest.Export{{Name: "fminimum", Index: 2}, {Name: "run", Index: 3}},
	Names:   map[int]string{0: "log", 3: "runtime.growHeap"},
	Custom:  []string{"producers", ".debug_info"},
}

func TestParseReadsTheOutline(t *testing.T) {
	b := small.Bytes()
	m, err := wasm.Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	if m.Size != len(b) || m.Functions != 3 {
		t.Errorf("size %d, functions %d; want %d, 3", m.Size, m.Functions, len(b))
	}
	wantImports := []wasm.Import{
		{Module: "env", Name: "proxy_log", Type: "() -> ()"},
		{Module: "wasi_snapshot_preview1", Name: "fd_write", Type: "() -> ()"},
	}
	if !slices.Equal(m.Imports, wantImports) {
		t.Errorf("imports %v", m.Imports)
	}
	wantExports := []wasm.Export{{Name: "fminimum", Type: "() -> ()"}, {Name: "run", Type: "() -> ()"}}
	if !slices.Equal(m.Exports, wantExports) {
		t.Errorf("exports %v", m.Exports)
	}
	if len(m.Names) != 2 || m.Names[3] != "runtime.growHeap" {
		t.Errorf("names %v", m.Names)
	}
	if !slices.Equal(m.Grows, []uint32{3}) {
		t.Errorf("memory grows in functions %v, want only 3, the second of its own", m.Grows)
	}
}

func TestStripDropsCustomSectionsAndNamedExportsAndNothingElse(t *testing.T) {
	stripped, err := wasm.Strip(small.Bytes(), []string{"fminimum"})
	if err != nil {
		t.Fatal(err)
	}
	want := small
	want.Names, want.Custom, want.Exports = nil, nil, small.Exports[1:]
	if !bytes.Equal(stripped, want.Bytes()) {
		t.Errorf("stripped\n%x\nwant\n%x", stripped, want.Bytes())
	}
}

// Instructions as the specification encodes them (§5.4), each followed by one
// memory.grow: it is found only if the immediates were passed over exactly.
func TestEveryKindOfInstructionIsPassedOver(t *testing.T) {
	for name, code := range map[string][]byte{
		"block and end":               {0x02, 0x40, 0x0B},
		"loop with a type index":      {0x03, 0xC0, 0x00, 0x0B},
		"if else":                     {0x41, 0x00, 0x04, 0x7F, 0x41, 0x01, 0x05, 0x41, 0x02, 0x0B, 0x1A},
		"br_table of 2 and default":   {0x41, 0x00, 0x0E, 0x02, 0x00, 0x00, 0x00},
		"call":                        {0x10, 0x80, 0x01},
		"call_indirect":               {0x11, 0x40, 0x00},
		"select with types":           {0x1C, 0x01, 0x7F},
		"local.get 0x40":              {0x20, 0x40},
		"table.get 0x40":              {0x25, 0x40},
		"i32.load with offset 0x2040": {0x28, 0x02, 0xC0, 0x40},
		"i64.store32":                 {0x3E, 0x02, 0x40},
		"memory.size":                 {0x3F, 0x00},
		"i32.const -1":                {0x41, 0x7F},
		"i32.const of five bytes":     {0x41, 0xC0, 0xC0, 0xC0, 0xC0, 0x40},
		"i64.const of ten bytes":      {0x42, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x40},
		"f32.const of 0x40s":          {0x43, 0x40, 0x40, 0x40, 0x40},
		"f64.const of 0x40s":          {0x44, 0x40, 0x40, 0x40, 0x40, 0x40, 0x40, 0x40, 0x40},
		"i32.extend8_s":               {0xC0},
		"ref.null, ref.is_null":       {0xD0, 0x70, 0xD1},
		"ref.func 0x40":               {0xD2, 0x40},
		"i32.trunc_sat_f64_u":         {0xFC, 0x03},
		"memory.copy":                 {0xFC, 0x0A, 0x00, 0x00},
		"memory.fill":                 {0xFC, 0x0B, 0x00},
		"memory.init 0x40":            {0xFC, 0x08, 0x40, 0x00},
		"data.drop 0x40":              {0xFC, 0x09, 0x40},
		"table.grow 0x40":             {0xFC, 0x0F, 0x40},
	} {
		t.Run(name, func(t *testing.T) {
			m, err := wasm.Parse(wasmtest.Module{Bodies: [][]byte{append(code, wasmtest.Grow...)}}.Bytes())
			if err != nil {
				t.Fatal(err)
			}
			if len(m.Grows) != 1 {
				t.Errorf("%d memory.grow found, want 1", len(m.Grows))
			}
		})
	}
}

func TestWhatIsNotAModuleIsRefused(t *testing.T) {
	good := small.Bytes()
	for name, test := range map[string]struct {
		in   []byte
		want error
	}{
		"empty":              {nil, wasm.ErrHeader},
		"text":               {[]byte("not a module"), wasm.ErrHeader},
		"a component":        {[]byte("\x00asm\x0d\x00\x01\x00"), wasm.ErrHeader},
		"section id 14":      {append(bytes.Clone(good), 14, 0), wasm.ErrMalformed},
		"size past the end":  {append(bytes.Clone(good), 0, 0x7F), wasm.ErrMalformed},
		"number of 6 bytes":  {append(bytes.Clone(good), 0, 0x80, 0x80, 0x80, 0x80, 0x80, 0), wasm.ErrMalformed},
		"number over 32 bit": {append(bytes.Clone(good), 0, 0xFF, 0xFF, 0xFF, 0xFF, 0x1F), wasm.ErrMalformed},
		"unknown opcode":     {wasmtest.Module{Bodies: [][]byte{{0xFF}}}.Bytes(), wasm.ErrMalformed},
		"export of nothing":  {wasmtest.Module{Exports: []wasmtest.Export{{Name: "x", Index: 7}}}.Bytes(), wasm.ErrMalformed},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := wasm.Parse(test.in); !errors.Is(err, test.want) {
				t.Errorf("error %v, want %v", err, test.want)
			}
		})
	}
	whole := map[int]bool{8: true}
	m, err := wasm.Parse(good)
	if err != nil {
		t.Fatal(err)
	}
	for end, i := 8, 0; i < len(m.Sections); i++ {
		end += sectionSize(good[end:])
		whole[end] = true
	}
	for cut := range good {
		_, err := wasm.Parse(good[:cut])
		if err == nil && !whole[cut] {
			t.Errorf("a module cut off at byte %d of %d is read", cut, len(good))
		}
	}
}

// sectionSize returns the size of the section at the start of b, whose own size
// is below 128 in these modules.
func sectionSize(b []byte) int { return 2 + int(b[1]) }

func FuzzParse(f *testing.F) {
	f.Add(small.Bytes())
	f.Add([]byte("\x00asm\x01\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := wasm.Parse(b)
		if err != nil {
			return
		}
		stripped, err := wasm.Strip(b, []string{"run"})
		if err != nil {
			t.Fatalf("readable, but cannot be stripped: %v", err)
		}
		again, err := wasm.Parse(stripped)
		if err != nil {
			t.Fatalf("stripped, and no longer readable: %v", err)
		}
		if !bytes.Equal(again.Code(), m.Code()) || !slices.Equal(again.Imports, m.Imports) {
			t.Error("stripping changed the code or the imports")
		}
	})
}
