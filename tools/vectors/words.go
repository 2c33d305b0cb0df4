package main

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// take returns a word's value and marks it as read. A null is as good as absent.
func (a *adapter) take(word string) (json.RawMessage, bool) {
	raw, ok := a.words[word]
	if !ok {
		return nil, false
	}
	a.used[word] = true
	return raw, !bytes.Equal(raw, []byte("null"))
}

// read decodes a word into a value and reports whether it is there.
func (a *adapter) read(word string, to any) bool {
	raw, ok := a.take(word)
	if !ok {
		return false
	}
	if err := json.Unmarshal(raw, to); err != nil {
		a.fail(word, err)
		return false
	}
	return true
}

func (a *adapter) text(word string) (s string) {
	a.read(word, &s)
	return s
}

func (a *adapter) truth(word string) (b, ok bool) {
	ok = a.read(word, &b)
	return b, ok
}

func (a *adapter) number(word string) (n int64, ok bool) {
	ok = a.read(word, &n)
	return n, ok
}

// fail keeps the first word that cannot be carried over.
func (a *adapter) fail(word string, err error) {
	if a.err == nil {
		a.err = fmt.Errorf("the word %q: %w", word, err)
	}
}

func (a *adapter) property(name, value string) {
	if a.out.Properties == nil {
		a.out.Properties = make(map[string]string)
	}
	a.out.Properties[name] = value
}
