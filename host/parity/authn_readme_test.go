package parity

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// What compat does otherwise than jwt_authn stands in the README, row by row.
func TestReadmeNamesEveryDifference(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(text), "\n## Coming from jwt_authn\n")
	section, _, _ = strings.Cut(section, "\n## ")
	for _, row := range intended {
		if line := fmt.Sprintf("| %s | %s |\n", row.name, row.reason); !strings.Contains(section, line) {
			t.Errorf("the README lacks the row %s", line)
		}
	}
	if got := strings.Count(section, "\n| "); got != len(intended)+2 {
		t.Errorf("%d lines of the README's table, want %d", got, len(intended)+2)
	}
}
