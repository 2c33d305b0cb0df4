package reason

import (
	"regexp"
	"testing"
)

func TestNamesAreCompleteUniqueAndSafeForMetrics(t *testing.T) {
	safe := regexp.MustCompile(`^[a-z]+(_[a-z]+)*$`)
	seen := map[string]Code{}
	for c := Undecided; c < count; c++ {
		name := c.String()
		if !safe.MatchString(name) {
			t.Errorf("code %d has the name %q", c, name)
		}
		if before, ok := seen[name]; ok {
			t.Errorf("codes %d and %d share the name %q", before, c, name)
		}
		seen[name] = c
	}
}

func TestTheZeroCodeIsNotOK(t *testing.T) {
	var c Code
	if c == OK {
		t.Error("the zero value allows")
	}
	if Code(255).String() != Internal.String() {
		t.Error("a code outside the table has no name")
	}
	for _, c := range All() {
		if c == OK {
			t.Error("OK is listed as a refusal")
		}
	}
}
