package main

import "testing"

func TestByteSize(t *testing.T) {
	for text, want := range map[string]struct {
		bytes byteSize
		shown string
	}{
		"1":          {1, "1"},
		"1048576":    {1 << 20, "1MiB"},
		"512KiB":     {512 << 10, "512KiB"},
		"4MiB":       {4 << 20, "4MiB"},
		"1024KiB":    {1 << 20, "1MiB"},
		"1024MiB":    {1 << 30, "1024MiB"},
		"1500":       {1500, "1500"},
		"0":          {},
		"0MiB":       {},
		"":           {},
		"MiB":        {},
		"-1":         {},
		"+1":         {},
		"1.5MiB":     {},
		"1 MiB":      {},
		"4MB":        {},
		"4mib":       {},
		"1025MiB":    {},
		"9999999999": {},
	} {
		var got byteSize
		err := got.Set(text)
		if got != want.bytes || (err == nil) != (want.bytes > 0) {
			t.Errorf("%q: %d, %v, want %d", text, got, err, want.bytes)
		}
		if err == nil && got.String() != want.shown {
			t.Errorf("%q: shown as %s, want %s", text, got.String(), want.shown)
		}
	}
}
