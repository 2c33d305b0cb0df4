package parity

import (
	"strings"
	"testing"
)

// TestExpressionsOutliveWhatTheyWereMadeIn: an expression, by table and by steps, needs
// nothing of the memory in which it was compiled, nor of the configuration before.
func TestExpressionsOutliveWhatTheyWereMadeIn(t *testing.T) {
	d := newWazero(t, loadRing(t))
	for round := range 6 {
		// Enough other rules that the former configuration's memory is used again.
		others := strings.Repeat(`{"match": {"safe_regex": {"regex": "/other/[a-z]{3}/.*"}}, "requires": {}},`, 50*round)
		g := &group{name: "classes", config: `{"rules": [` + others + `
			{"match": {"safe_regex": {"regex": "/[[:upper:]][[:alpha:]]*"}}, "requires": {}},
			{"match": {"safe_regex": {"regex": "/steps/.*(?:x|y|z)[^/]{20}"}}, "requires": {}}]}`}
		session := d.load(t, g, g.config)
		for target, want := range map[string]string{
			"/Abc": "", "/abc": "no_rule", "/A1": "no_rule",
			"/steps/ay" + strings.Repeat("b", 20): "", "/steps/ay" + strings.Repeat("b", 21): "no_rule",
		} {
			m := &mint{}
			if got := session.send(t, (&scenario{send: get(target)}).request(m)); got.Reason != want {
				t.Errorf("round %d, %s: %q, want %q", round, target, got.Reason, want)
			}
		}
	}
}
