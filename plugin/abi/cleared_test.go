package abi

import (
	"testing"

	"github.com/postern-wasm/postern/plugin/effect"
	"github.com/postern-wasm/postern/plugin/request"
)

// F-06: what a host says it has removed is read back.
func TestF06WhatIsRemovedIsGone(t *testing.T) {
	remove := func(names ...string) (ops []effect.Op) {
		for _, name := range names {
			ops = append(ops, effect.Op{Kind: effect.Remove, Name: name})
		}
		return ops
	}
	user := append(remove("x-user"), effect.Op{Kind: effect.Set, Name: "x-user", Value: "alice"})
	cookies := append(remove("cookie"), effect.Op{Kind: effect.Add, Name: "cookie", Value: "a=1"}, effect.Op{Kind: effect.Add, Name: "cookie", Value: "b=2"})
	for _, c := range []struct {
		law   string
		ops   []effect.Op
		lines []string
		want  bool
	}{
		{"gone", remove("x-user"), []string{":path", "/"}, true},
		{"still there", remove("x-user"), []string{":path", "/", "x-user", "root"}, false},
		{"still there in other case", remove("x-user"), []string{"X-User", "root"}, false},
		{"set empty, as some hosts remove", remove("x-user"), []string{"x-user", ""}, true},
		{"only the first line is gone", remove("x-user"), []string{"x-user", "", "x-user", "root"}, false},
		{"another name", remove("x-user"), []string{"x-user-name", "root"}, true},
		{"written anew", user, []string{"x-user", "alice"}, true},
		{"written anew beside the old one", user, []string{"x-user", "alice", "x-user", "root"}, false},
		{"several lines written anew", cookies, []string{"cookie", "a=1", "cookie", "b=2"}, true},
		{"one line too many", cookies, []string{"cookie", "a=1", "cookie", "b=2", "cookie", "s=token"}, false},
		{"the second of two is there", remove("a", "b"), []string{"b", "x"}, false},
	} {
		var pairs []request.Header
		for i := 0; i < len(c.lines); i += 2 {
			pairs = append(pairs, request.Header{Name: c.lines[i], Value: c.lines[i+1]})
		}
		text := appendPairs(nil, pairs)
		if got := cleared(text, c.ops); got != c.want {
			t.Errorf("%s: %v", c.law, got)
		}
		for n := range text {
			if cleared(text[:n], c.ops) {
				t.Errorf("%s: a list cut to %d bytes is believed", c.law, n)
			}
		}
	}
	for _, c := range []struct {
		law  string
		ops  []effect.Op
		seen bool
		want bool
	}{
		{"nothing is removed", user[1:], false, false},
		{"the first removal is read back", remove("authorization"), false, true},
		{"a credential's is not from then on", remove("authorization", "cookie"), true, false},
		{"an identity's always is", remove("authorization", "x-user"), true, true},
	} {
		if got := mustRead(c.ops, c.seen); got != c.want {
			t.Errorf("%s: %v", c.law, got)
		}
	}
}
