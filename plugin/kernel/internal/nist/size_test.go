package nist_test

import (
	"testing"
	"unsafe"

	"github.com/postern-wasm/postern/plugin/kernel/internal/nist"
	"github.com/postern-wasm/postern/plugin/kernel/internal/nist/fp256"
	"github.com/postern-wasm/postern/plugin/kernel/internal/nist/fp384"
	"github.com/postern-wasm/postern/plugin/kernel/internal/nist/fp521"
)

// TestKeysAreBounded: what the curves' packages say that a key takes, without its table and
// for it.
func TestKeysAreBounded(t *testing.T) {
	for _, c := range []struct {
		name            string
		points          uintptr
		key, element    uintptr
		most, mostTable uintptr
	}{
		{"P-256", 512, unsafe.Sizeof(nist.Key[fp256.Element, *fp256.Element]{}), unsafe.Sizeof(fp256.Element{}), 2<<10 + 64, 36 << 10}, // pointers of 64 bits
		{"P-384", 256, unsafe.Sizeof(nist.Key[fp384.Element, *fp384.Element]{}), unsafe.Sizeof(fp384.Element{}), 3 << 10, 28 << 10},
		{"P-521", 256, unsafe.Sizeof(nist.Key[fp521.Element, *fp521.Element]{}), unsafe.Sizeof(fp521.Element{}), 4 << 10, 36 << 10},
	} {
		if table := c.points * 2 * c.element; c.key > c.most || table > c.mostTable {
			t.Errorf("a key of %s takes %d bytes, over %d, or its table %d, over %d", c.name, c.key, c.most, table, c.mostTable)
		} else {
			t.Logf("a key of %s takes %d bytes, its table %d", c.name, c.key, table)
		}
	}
}
