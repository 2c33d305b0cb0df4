package filter

import (
	"strings"
	"testing"

	"github.com/postern-wasm/postern/plugin/effect"
	"github.com/postern-wasm/postern/plugin/reason"
)

// TestNobodysWhereHeadersAreGone: a host that does not hold the headers with the body has
// none to hand over when it comes. The request is reported as that, and whatever the client
// sent for an identity leaves, although it is not seen.
func TestNobodysWhereHeadersAreGone(t *testing.T) {
	for mode, reported := range map[string]bool{"report": true, "enforce": false} {
		config := strings.Replace(hooks(`,"client_id_header":"x-client"`), `"requires"`, `"mode":"`+mode+`","requires"`, 1)
		c := newCourier(t, config, newMemo())
		s := &Stream{ID: 1}
		if v := c.open(s, github("body", "x-client", "forged")); v.Action != Pause {
			t.Fatalf("%s: action %d, %s", mode, v.Action, v.Reason)
		}
		v := c.take(s, nil, "body", true, false)
		if v.Reported != reported || (v.Action == Continue) != reported || v.Reason != reason.BodyUndelivered {
			t.Errorf("%s: action %d, %s, reported %v", mode, v.Action, v.Reason, v.Reported)
		}
		removed := false
		for _, op := range v.Ops {
			removed = removed || op.Kind == effect.Remove && op.Name == "x-client"
		}
		if removed != reported {
			t.Errorf("%s: %v", mode, v.Ops)
		}
		if s.taps != nil {
			t.Errorf("%s: it still has its hashes", mode)
		}
	}
}
