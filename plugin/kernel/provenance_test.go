package kernel_test

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
	"testing"
)

const testdata = "../../testdata"

// content returns a file, unpacked if it is packed.
func content(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(testdata, name))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(name, ".gz") {
		return b
	}
	r, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	if b, err = io.ReadAll(r); err != nil {
		t.Fatal(err)
	}
	return b
}

// The table of testdata/README.md is sorted, its digests are right, and every vector
// that came from elsewhere has its row.
func TestProvenanceTable(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(testdata, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]bool{}
	var order []string
	for _, row := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\| ([^|]+) \\| ([^|]+) \\| `([0-9a-f]{64})` \\|$").FindAllStringSubmatch(string(text), -1) {
		sum := sha256.Sum256(content(t, row[1]))
		if got := hex.EncodeToString(sum[:]); got != row[4] {
			t.Errorf("%s has sha256 %s, the table says %s", row[1], got, row[4])
		}
		listed[row[1]] = true
		order = append(order, row[1])
	}
	if !sort.StringsAreSorted(order) || len(listed) != len(order) {
		t.Error("the table is not sorted, or names a file twice")
	}
	if n := strings.Count(string(text), "\n| `"); n != len(order) {
		t.Errorf("%d rows, %d of them well formed", n, len(order))
	}
	for _, pattern := range []string{"wycheproof/*.json.gz", "wycheproof/LICENSE", "rfc/*", "jsontestsuite/*", "structured-field-tests/*"} {
		names, err := filepath.Glob(filepath.Join(testdata, pattern))
		if err != nil || len(names) == 0 {
			t.Fatal(pattern, err)
		}
		for _, name := range names {
			if name, _ = filepath.Rel(testdata, name); !listed[filepath.ToSlash(name)] {
				t.Errorf("%s has no row", name)
			}
		}
	}
}
