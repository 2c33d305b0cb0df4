package guest

import (
	"runtime"
	"testing"
	"unsafe"

	"github.com/tetratelabs/wazero/experimental"
)

func TestMemoryKeepsWhatItHoldsAsItGrows(t *testing.T) {
	for law, m := range map[string]experimental.LinearMemory{
		"reserved": allocate(PageSize, 64*PageSize),
		"copied":   &copied{limit: 64 * PageSize},
	} {
		t.Run(law, func(t *testing.T) {
			_, inPlace := m.(*reserved)
			if law == "reserved" && inPlace != (runtime.GOOS == "linux") {
				t.Fatalf("%T on %s", m, runtime.GOOS)
			}
			first := m.Reallocate(PageSize)
			if len(first) != PageSize {
				t.Fatalf("%d bytes", len(first))
			}
			first[0], first[PageSize-1] = 1, 2
			for pages := 2; pages <= 64; pages++ {
				b := m.Reallocate(uint64(pages) * PageSize)
				if len(b) != pages*PageSize || b[0] != 1 || b[PageSize-1] != 2 {
					t.Fatalf("%d pages: %d bytes, %d and %d in the first", pages, len(b), b[0], b[PageSize-1])
				}
				if last := b[len(b)-PageSize:]; last[0] != 0 || last[PageSize-1] != 0 {
					t.Fatalf("page %d is not zero", pages)
				}
				b[len(b)-1] = byte(pages) // it can be written
				if inPlace && unsafe.SliceData(b) != unsafe.SliceData(first) {
					t.Fatalf("%d pages: it has moved", pages)
				}
			}
			if m.Reallocate(65*PageSize) != nil {
				t.Error("it grows beyond its limit")
			}
			m.Free()
			m.Free()
			if inPlace && m.Reallocate(PageSize) != nil {
				t.Error("it is there after its end")
			}
		})
	}
}

func TestMemoryThatCannotBeReservedIsCopied(t *testing.T) {
	for _, limit := range []uint64{0, 1 << 62} {
		if m, ok := allocate(0, limit).(*copied); !ok || limit == 0 && m.Reallocate(1) != nil {
			t.Errorf("limit %d: %T", limit, m)
		}
	}
}
