package main

import (
	"bytes"
	"os"
	"testing"
)

func TestCommittedFilesAreGenerated(t *testing.T) {
	for name := range fields {
		want, err := generate(name)
		if err != nil {
			t.Fatal(name, err)
		}
		got, err := os.ReadFile("../../plugin/kernel/internal/nist/" + name + "/mul.go")
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is not what the generator writes: go generate ./plugin/kernel/...", name)
		}
	}
}

func TestUnknownFieldIsRefused(t *testing.T) {
	if _, err := generate("fp192"); err == nil {
		t.Error("fp192 is generated")
	}
}
