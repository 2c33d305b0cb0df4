package policy

import "testing"

// TestJoin: of several credentials any bad one refuses, the first of them is named, and
// what has to wait waits.
func TestJoin(t *testing.T) {
	proof := func(s State, provider int) Proof { return Proof{State: s, Provider: provider} }
	none := proof(Missing, -1)
	for _, tc := range []struct {
		law  string
		list []Proof
		want Proof
		used int
	}{
		{"nothing at all", nil, none, 0},
		{"none anywhere", []Proof{proof(Missing, 0), proof(Missing, 1)}, none, 2},
		{"one good one", []Proof{proof(Missing, 0), proof(Proved, 1), proof(Missing, 2)}, proof(Proved, 1), 3},
		{"of several good ones the first", []Proof{proof(Proved, 0), proof(Proved, 1)}, proof(Proved, 0), 2},
		{"a bad one behind a good one", []Proof{proof(Proved, 0), proof(Failed, 1)}, proof(Failed, 1), 2},
		{"a good one behind a bad one", []Proof{proof(Failed, 0), proof(Proved, 1)}, proof(Failed, 0), 2},
		{"of several bad ones the first", []Proof{proof(Failed, 0), proof(Failed, 1)}, proof(Failed, 0), 2},
		{"one that needs the body, behind a good one", []Proof{proof(Proved, 0), proof(Held, 1)}, proof(Held, 1), 2},
		{"a good one behind one that needs the body", []Proof{proof(Held, 0), proof(Proved, 1)}, proof(Held, 0), 2},
		{"a bad one behind one that needs the body", []Proof{proof(Held, 0), proof(Failed, 1)}, proof(Failed, 1), 2},
		{"one that needs the body behind a bad one", []Proof{proof(Failed, 0), proof(Held, 1)}, proof(Failed, 0), 2},
		{"keys to wait for end it", []Proof{proof(Proved, 0), proof(Waiting, 1), proof(Failed, 2)}, proof(Waiting, 1), 2},
		{"a malformed request ends it", []Proof{proof(Failed, 0), proof(Fatal, 1), proof(Proved, 2)}, proof(Fatal, 1), 2},
	} {
		got, used := none, 0
		for _, next := range tc.list {
			used++
			var last bool
			if got, last = got.Join(next); last {
				break
			}
		}
		if got != tc.want || used != tc.used {
			t.Errorf("%s: %+v after %d", tc.law, got, used)
		}
	}
}
