package parity

import (
	"strings"
	"testing"
)

// TestClassesOfCharactersOutliveAConfiguration: what an expression's first use of a
// Unicode class leaves in the module is still there after the configuration that asked
// for it has gone.
func TestClassesOfCharactersOutliveAConfiguration(t *testing.T) {
	d := newWazero(t, loadRing(t))
	for round := range 6 {
		// Enough other rules that the former configuration's memory is used again.
		others := strings.Repeat(`{"match": {"safe_regex": {"regex": "/other/[a-z]{3}/.*"}}, "requires": {}},`, 50*round)
		g := &group{name: "classes", config: `{"rules": [` + others + `{"match": {"safe_regex": {"regex": "/\\p{Uppercase_Letter}\\p{Letter}*"}}, "requires": {}}]}`}
		session := d.load(t, g, g.config)
		for target, want := range map[string]string{"/Abc": "", "/abc": "no_rule", "/A1": "no_rule"} {
			m := &mint{}
			if got := session.send(t, (&scenario{send: get(target)}).request(m)); got.Reason != want {
				t.Errorf("round %d, %s: %q, want %q", round, target, got.Reason, want)
			}
		}
	}
}
