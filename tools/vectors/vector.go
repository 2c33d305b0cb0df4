package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

// Vector is one case of a file.
type Vector struct {
	// Scheme and Name identify it; a prior case is named by the latter.
	Scheme string `json:"scheme"`
	Name   string `json:"name"`
	// Source says where it comes from, Class how far verifiers agree on it.
	Source string `json:"source"`
	Class  string `json:"class"`
	// Secrets are the verifier's keys.
	Secrets []Secret `json:"secrets"`
	// Now is the time in Unix seconds.
	Now int64 `json:"now"`
	// Request is what is sent.
	Request Request `json:"request"`
	// Config is what the verifier is to be configured with, in neutral words.
	Config map[string]json.RawMessage `json:"config"`
	// Prior are the cases that the same instance has been sent before.
	Prior []string `json:"prior"`
	// Expect is "accept" or "reject"; Reason says why.
	Expect string `json:"expect"`
	Reason string `json:"reason"`
}

// Secret is a key: a shared secret's bytes, an Ed25519 public key's 32 bytes, or an
// SPKI public key in DER.
type Secret struct {
	ID  string `json:"id"`
	Alg string `json:"alg"`
	Key []byte `json:"key_b64"`
}

// Request is a request, in the very form of a line of `postern replay`.
type Request struct {
	Method    string      `json:"method"`
	Scheme    string      `json:"scheme"`
	Authority string      `json:"authority"`
	Path      string      `json:"path"`
	Query     *string     `json:"query"`
	Headers   [][2]string `json:"headers"`
	Body      []byte      `json:"body_base64"`
}

// Read reads a file of vectors. A member that is not known is an error: it could
// change what the case means.
func Read(name string) ([]Vector, error) {
	text, err := os.ReadFile(name) //nolint:gosec // the file that the user named
	if err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	var vectors []Vector
	if err := d.Decode(&vectors); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s: something after the array", name)
	}
	for i, v := range vectors {
		if v.Expect != "accept" && v.Expect != "reject" {
			return nil, fmt.Errorf("%s: case %d: expect %q", name, i, v.Expect)
		}
	}
	return vectors, nil
}

// find returns the case of that name, or nil.
func find(vectors []Vector, name string) *Vector {
	for i := range vectors {
		if vectors[i].Name == name {
			return &vectors[i]
		}
	}
	return nil
}
