package jsonx

import (
	"strings"
	"testing"
)

// TestAWipedDocumentKeepsNothing: neither a byte of the text nor a way to one, whether
// the text was taken or refused, fitted or not, was read or restored.
func TestAWipedDocumentKeepsNothing(t *testing.T) {
	lim := Limits{MaxBytes: 1 << 20, MaxDepth: 8, Seed: 1}
	var other Doc
	if err := other.Parse([]byte(`["a\u0062"]`), lim); err != nil {
		t.Fatal(err)
	}
	saved := make([]byte, other.SavedSize())
	if !other.Save(saved) {
		t.Fatal("not saved")
	}
	var d Doc
	d.Reserve(32, 64)
	for law, use := range map[string]func(){
		"taken":        func() { _ = d.Parse([]byte(`{"a\u0062":"secret\n","b":[1,2,3]}`), lim) },
		"refused":      func() { _ = d.Parse([]byte(`{"a\u0062":"secret\n","b":`), lim) },
		"then emptied": func() { _ = d.Parse([]byte(`{"a\u0062":1}`), lim); _ = d.Parse(nil, Limits{}) },
		"many names":   func() { _ = d.Parse([]byte(`{"a":1,"b":1,"c":1,"d":1,"e":1,"f":1,"g":1,"h":1,"i":1}`), lim) },
		"over its size": func() {
			_ = d.Parse([]byte(`{"a\u0062":"`+strings.Repeat(`\n`, 100)+`","c":[`+strings.Repeat("1,", 50)+`1]}`), lim)
		},
		"restored":      func() { d.Restore(saved) },
		"restored over": func() { _ = d.Parse([]byte(`["a\u0062"]`), lim); d.Restore(saved) },
	} {
		use()
		d.Wipe()
		if d.text != "" || len(d.nodes)+len(d.plain) > 0 || cap(d.nodes) != 32 || cap(d.plain) != 64 || cap(d.table) != 64 || d.borrowed {
			t.Errorf("%s: the document holds on to memory", law)
		}
		for _, n := range d.home.nodes[:32] {
			if n != (node{}) {
				t.Fatalf("%s: the tape has %+v", law, n)
			}
		}
		for i := range 64 {
			if d.home.plain[:64][i] != 0 || d.home.table[:64][i] != 0 {
				t.Fatalf("%s: %q, %v are left", law, d.home.plain[:64], d.home.table[:64])
			}
		}
	}
	text := []byte(`{"a\u0062":"secret\n","b":[1,2,3],"c":1,"d":1,"e":1,"f":1,"g":1,"h":1,"i":1}`)
	if n := testing.AllocsPerRun(100, func() {
		if d.Parse(text, lim) != nil {
			t.Fatal("refused")
		}
		d.Wipe()
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
