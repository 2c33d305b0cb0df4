package abi

import (
	"bytes"
	"encoding/binary"
	"reflect"
	"strings"
	"testing"
)

// wire is the serialized form of the map {a: "1", b: ""}, written out by hand
// from the ABI's description.
var wire = "\x02\x00\x00\x00" + "\x01\x00\x00\x00\x01\x00\x00\x00" + "\x01\x00\x00\x00\x00\x00\x00\x00" + "a\x001\x00" + "b\x00\x00"

func TestPairs(t *testing.T) {
	pairs := []Pair{{"a", "1"}, {"b", ""}}
	if got := AppendPairs([]byte("x"), pairs); string(got) != "x"+wire {
		t.Errorf("encoded %q", got)
	}
	got, err := ParsePairs([]byte(wire))
	if err != nil || !reflect.DeepEqual(got, pairs) {
		t.Errorf("parsed %v, %v", got, err)
	}
	if got, err := ParsePairs(nil); got != nil || err != nil {
		t.Errorf("no bytes: %v, %v", got, err)
	}
	for law, b := range map[string]string{
		"cut":                  wire[:len(wire)-1],
		"a byte more":          wire + "\x00",
		"a NUL that is none":   strings.Replace(wire, "a\x00", "a.", 1),
		"fewer than the count": "\x03" + wire[1:],
		"more than 1 MiB":      wire + strings.Repeat("\x00", MaxPairsBytes),
		"three bytes":          "\x00\x00\x00",
		"count of 2^32-1":      "\xff\xff\xff\xff",
		"1025 pairs":           "\x01\x04\x00\x00" + strings.Repeat("\x00", 8*1025+2*1025),
	} {
		if got, err := ParsePairs([]byte(b)); err == nil {
			t.Errorf("%s: parsed %v", law, got)
		}
	}
	if got, err := ParsePairs([]byte("\x00\x04\x00\x00" + strings.Repeat("\x00", 8*1024+2*1024))); err != nil || len(got) != 1024 {
		t.Errorf("1024 pairs: %d, %v", len(got), err)
	}
}

func FuzzParsePairs(f *testing.F) {
	f.Add([]byte(wire))
	f.Add([]byte("\x00\x00\x00\x00"))
	f.Add([]byte("\xff\xff\xff\xff"))
	f.Add([]byte("\x01\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xffa\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		pairs, err := ParsePairs(b)
		if err != nil {
			return
		}
		if len(b) == 0 {
			return
		}
		// One form: what was read is written the same way.
		if again := AppendPairs(nil, pairs); !bytes.Equal(again, b) {
			t.Errorf("%q parses to %v, which is %q", b, pairs, again)
		}
	})
}

func TestParseVerifySignature(t *testing.T) {
	all := "\x0a\x06sha256\x12\x03key\x1a\x03sig\x22\x04text\x2a\x03pem"
	want := VerifySignatureArguments{"sha256", []byte("key"), []byte("sig"), []byte("text"), "pem"}
	for law, b := range map[string]string{
		"all fields":                    all,
		"a field twice: the last":       "\x12\x03old" + all,
		"unknown fields are skipped":    "\x30\x01\x3d\x00\x00\x00\x00\x41\x00\x00\x00\x00\x00\x00\x00\x00" + all,
		"a known field of another type": "\x10\x01" + all,
	} {
		got, err := ParseVerifySignature([]byte(b))
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v", law, got, err)
		}
	}
	for law, b := range map[string]string{
		"a length over the end": "\x0a\x07sha256",
		"a length of 2^64-1":    "\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
		"a tag without value":   "\x08",
		"a group":               "\x0b\x0c",
		"field number 0":        "\x02\x00",
		"a string not UTF-8":    "\x0a\x01\xff",
		"a fixed64 cut":         "\x31\x00",
		"a varint too long":     "\x30" + strings.Repeat("\x80", 11),
	} {
		if got, err := ParseVerifySignature([]byte(b)); err == nil {
			t.Errorf("%s: %+v", law, got)
		}
	}
}

func TestVerifySignatureResult(t *testing.T) {
	if got := AppendVerifySignatureResult(nil, true, ""); string(got) != "\x08\x01" {
		t.Errorf("good: %q", got)
	}
	if got := AppendVerifySignatureResult(nil, false, "bad"); string(got) != "\x12\x03bad" {
		t.Errorf("bad: %q", got)
	}
}

func TestParseFilterState(t *testing.T) {
	got, err := ParseFilterState([]byte("\x0a\x01p\x12\x01v\x18\x02"))
	if err != nil || got != (FilterStateArguments{"p", "v", 2}) {
		t.Errorf("%+v, %v", got, err)
	}
}

func FuzzProto(f *testing.F) {
	f.Add([]byte("\x0a\x06sha256\x12\x03key\x1a\x03sig\x22\x04text\x2a\x03pem"))
	f.Add([]byte("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"))
	f.Add([]byte("\x0b\x0c"))
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := ParseVerifySignature(b)
		if err == nil && len(a.PublicKey)+len(a.Signature)+len(a.Text)+len(a.HashFunction)+len(a.PublicKeyPEM) > len(b) {
			t.Error("more came out than went in")
		}
		_, _ = ParseFilterState(b)
	})
}

func TestPaths(t *testing.T) {
	for path, want := range map[string][]string{
		"":                     nil,
		"a":                    {"a"},
		"request\x00path":      {"request", "path"},
		"request\x00path\x00":  {"request", "path"},
		"a.b":                  {"a.b"},
		"a\x00\x00b":           {"a", "", "b"},
		"request\x00path\x00x": {"request", "path", "x"},
	} {
		if got := SplitPath(path); !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %q, want %q", path, got, want)
		}
	}
	for path, want := range map[string]string{
		"source.address": "source\x00address", "plain": "plain", "a.b\x00c": "a.b\x00c",
	} {
		if got := DottedPath(path); got != want {
			t.Errorf("%q: %q, want %q", path, got, want)
		}
	}
}

func FuzzPath(f *testing.F) {
	f.Add("request\x00path")
	f.Add("\x00")
	f.Add("a\x00\x00")
	f.Fuzz(func(t *testing.T, path string) {
		if got := JoinPath(SplitPath(path)...); got != strings.TrimSuffix(path, "\x00") {
			t.Errorf("%q: joined %q", path, got)
		}
		if strings.Contains(DottedPath(path), ".") && !strings.Contains(path, "\x00") {
			t.Errorf("%q: a dot is left", path)
		}
	})
}

func TestProperties(t *testing.T) {
	if got := Int64Property(-2); int64(binary.LittleEndian.Uint64(got)) != -2 || len(got) != 8 {
		t.Errorf("%x", got)
	}
	if string(BoolProperty(true)) != "\x01" || string(BoolProperty(false)) != "\x00" {
		t.Error("bools are one byte")
	}
}
