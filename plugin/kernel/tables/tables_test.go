package tables_test

import (
	"testing"

	"github.com/postern-wasm/postern/plugin/kernel/tables"
)

func TestARoomIsBounded(t *testing.T) {
	type entry [100]byte
	for _, c := range []struct {
		law         string
		limit, n    int
		want, tries int
	}{
		{"whole tables, to the last byte", 3000, 10, 3, 5},
		{"what is left over is no table", 3999, 10, 3, 5},
		{"one byte too few", 999, 10, 0, 2},
		{"no room", 0, 1, 0, 2},
		{"a limit below zero is none", -1, 1, 0, 2},
		{"no elements are no table", 3000, 0, 0, 2},
		{"a length below zero is no table", 3000, -1, 0, 2},
		{"a length whose bytes overflow is no table", 3000, 1 << 62, 0, 2},
	} {
		room, taken := tables.New(c.limit), 0
		for range c.tries {
			if table := tables.Take[entry](room, c.n); table != nil {
				if len(table) != c.n || table[0] != (entry{}) {
					t.Fatalf("%s: a table of %d elements", c.law, len(table))
				}
				table[0][0] = 1 // seen by no other table
				taken++
			}
		}
		if taken != c.want {
			t.Errorf("%s: %d tables, want %d", c.law, taken, c.want)
		}
	}
}

func TestATableThatDoesNotFitLeavesRoomForASmallerOne(t *testing.T) {
	room := tables.New(1000)
	if tables.Take[byte](room, 1001) != nil {
		t.Error("a table over the limit")
	}
	if len(tables.Take[byte](room, 1000)) != 1000 {
		t.Error("no table within the limit")
	}
}

func TestNoRoomHasNoTables(t *testing.T) {
	if tables.Take[byte](nil, 1) != nil {
		t.Error("a table from nowhere")
	}
}
