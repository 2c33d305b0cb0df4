package nist_test

import (
	"testing"
	"unsafe"

	"github.com/postern-wasm/postern/plugin/kernel/internal/nist"
	"github.com/postern-wasm/postern/plugin/kernel/internal/nist/fp256"
	"github.com/postern-wasm/postern/plugin/kernel/internal/nist/fp384"
	"github.com/postern-wasm/postern/plugin/kernel/internal/nist/fp521"
)

// TestKeysAreBounded: what the curves' packages say that a key takes, tables included.
func TestKeysAreBounded(t *testing.T) {
	const table = 256 * 2 // elements: 256 points
	for _, c := range []struct {
		name         string
		key, element uintptr
		most         uintptr
	}{
		{"P-256", unsafe.Sizeof(nist.Key[fp256.Element, *fp256.Element]{}), unsafe.Sizeof(fp256.Element{}), 24 << 10},
		{"P-384", unsafe.Sizeof(nist.Key[fp384.Element, *fp384.Element]{}), unsafe.Sizeof(fp384.Element{}), 37 << 10},
		{"P-521", unsafe.Sizeof(nist.Key[fp521.Element, *fp521.Element]{}), unsafe.Sizeof(fp521.Element{}), 47 << 10},
	} {
		if size := c.key + table*c.element; size > c.most {
			t.Errorf("a key of %s takes %d bytes, over %d", c.name, size, c.most)
		} else {
			t.Logf("a key of %s takes %d bytes", c.name, size)
		}
	}
}
