package kernel_test

import (
	"bytes"
	"math/big"
	"testing"

	"github.com/postern-wasm/postern/plugin/kernel/tables"
)

// A key with its table, and one that found no room for it, allocate nothing any more.
func TestWarmECDSAAllocatesNothing(t *testing.T) {
	for _, c := range curves {
		p := c.std.Params()
		digest, signature := forge(p, c.size, big.NewInt(5), big.NewInt(77), big.NewInt(99))
		public := timesPoint(p, big.NewInt(5), point{p.Gx, p.Gy})
		for _, room := range []*tables.Room{tables.New(tables.Limit), tables.New(1), nil} {
			k, err := c.keyIn(public.x.FillBytes(make([]byte, c.size)), public.y.FillBytes(make([]byte, c.size)), room)
			if err != nil {
				t.Fatal(err)
			}
			use := func() {
				if !k.Verify(digest, signature) {
					t.Fatal("refused")
				}
			}
			for range warmUp {
				use()
			}
			if n := testing.AllocsPerRun(5, use); n > 0 {
				t.Errorf("%s: %v allocations", c.name, n)
			}
		}
	}
}

// A table is built after a few uses, good or bad, within the room of the set: of keys that
// are used alike the first have one, and the others verify without.
func TestECDSATablesStayWithinTheRoom(t *testing.T) {
	const keys, limit = 5, 100 << 10
	for _, c := range curves {
		p := c.std.Params()
		public := timesPoint(p, big.NewInt(5), point{p.Gx, p.Gy})
		digest, signature := forge(p, c.size, big.NewInt(5), big.NewInt(77), big.NewInt(99))
		bad := bytes.Clone(signature)
		bad[len(bad)-1] ^= 1
		room := tables.New(limit)
		for range keys {
			k, err := c.keyIn(public.x.FillBytes(make([]byte, c.size)), public.y.FillBytes(make([]byte, c.size)), room)
			if err != nil {
				t.Fatal(err)
			}
			if left := leftIn(room); left%c.table != limit%c.table {
				t.Fatalf("%s: %d bytes left of %d", c.name, left, limit)
			}
			for use := range warmUp {
				before := leftIn(room)
				if !k.Verify(digest, signature) || k.Verify(digest, bad) {
					t.Errorf("%s: use %d judged wrong", c.name, use)
				}
				if use == 0 && leftIn(room) != before {
					t.Errorf("%s: the first uses take a table", c.name)
				}
			}
		}
		if left := leftIn(room); left != limit%c.table {
			t.Errorf("%s: %d keys left %d bytes of %d, want %d", c.name, keys, left, limit, limit%c.table)
		}
	}
}

// leftIn is how many bytes a copy of the room still gives.
func leftIn(room *tables.Room) int {
	rest := *room
	n := 0
	for tables.Take[byte](&rest, 1) != nil {
		n++
	}
	return n
}
