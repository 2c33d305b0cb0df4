package jsonx_test

import (
	"reflect"
	"strings"
	"testing"
	"unsafe"

	"github.com/postern-wasm/postern/plugin/jsonx"
)

// place is memory of a size, aligned as a cache's is.
func place(size int) []byte {
	words := make([]uint64, size/8+1)
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(words))), len(words)*8)[:size]
}

func keep(t testing.TB, d *jsonx.Doc) []byte {
	t.Helper()
	dst := place(d.SavedSize())
	if !d.Save(dst) {
		t.Fatal("not saved")
	}
	return dst
}

// FuzzSave: what was saved and restored is the document that was parsed, value by value
// and place by place.
func FuzzSave(f *testing.F) {
	for _, c := range laws {
		f.Add([]byte(c.text))
	}
	f.Add([]byte(claims))
	f.Fuzz(func(t *testing.T, text []byte) {
		var d, back jsonx.Doc
		if d.Parse(text, jsonx.Limits{MaxBytes: 1 << 16, MaxDepth: 64, Seed: 5}) != nil {
			return
		}
		kept := keep(t, &d)
		if !back.Restore(kept) {
			t.Fatal("not restored")
		}
		if !reflect.DeepEqual(value(d.Root()), value(back.Root())) || back.Root().Raw() != d.Root().Raw() || back.Offset() != d.Offset() {
			t.Fatalf("%q is restored as another document", text)
		}
		for m, ok := d.Root().First(); ok; m, ok = m.Next() {
			at := back.At(m.Index())
			if at.Kind() != m.Kind() || at.Raw() != m.Raw() || at.Text() != m.Text() || at.Len() != m.Len() {
				t.Fatalf("the value at %d differs", m.Index())
			}
			if at.Name() != "" {
				t.Fatal("a value on its own has a name")
			}
			if _, more := at.Next(); more {
				t.Fatal("something comes after a value on its own")
			}
		}
	})
}

// TestRestoredMemoryIsNeverWritten (S-07): a document that is parsed where another was
// restored leaves that one's memory alone, and shows nothing of it.
func TestRestoredMemoryIsNeverWritten(t *testing.T) {
	lim := jsonx.Limits{MaxBytes: 1 << 16, MaxDepth: 64, Seed: 5}
	var d jsonx.Doc
	if err := d.Parse([]byte(claims), lim); err != nil {
		t.Fatal(err)
	}
	kept := keep(t, &d)
	before := string(kept)
	var back jsonx.Doc
	for _, text := range []string{`{"a":"short"}`, `{"a":"escaped\n","b":[1,2,3]}`, `{`, "", claims} {
		if !back.Restore(kept) || back.Root().Len() != 14 {
			t.Fatal("not restored")
		}
		err := back.Parse([]byte(text), lim)
		if string(kept) != before {
			t.Fatalf("parsing %q has written to what was restored", text)
		}
		if _, ok := back.Root().Member("iss"); ok != strings.Contains(text, "iss") || (err != nil && back.Root().Kind() != jsonx.Invalid) {
			t.Errorf("after %q the former document is there", text)
		}
	}
}

func TestRestoreTakesOnlyWhole(t *testing.T) {
	var d, back jsonx.Doc
	if err := d.Parse([]byte(`{"a":"b\n"}`), jsonx.Limits{MaxBytes: 100, MaxDepth: 3}); err != nil {
		t.Fatal(err)
	}
	if d.Save(place(d.SavedSize()-1)) || d.Save(place(d.SavedSize()+1)) || d.Save(place(d.SavedSize() + 1)[1:]) {
		t.Error("saved where it does not fit")
	}
	kept := keep(t, &d)
	for n := range len(kept) {
		if back.Restore(kept[:n]) || back.Root().Kind() != jsonx.Invalid {
			t.Fatalf("restored from %d of %d bytes", n, len(kept))
		}
	}
	shifted := place(len(kept) + 1)[1:]
	copy(shifted, kept)
	if back.Restore(shifted) || back.Restore(append(kept, 0)) || back.Restore(place(12)) {
		t.Error("restored from memory that is not one document's")
	}
	if (&jsonx.Doc{}).At(0) != (jsonx.Value{}) || d.At(99) != (jsonx.Value{}) {
		t.Error("a value where there is none")
	}
}
