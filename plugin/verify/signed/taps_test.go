package signed_test

import (
	"testing"

	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/verify/signed"
)

// TestATapIsFinishedUnderItsOwnClaim: what is exchanged in the headers between the events
// makes the body be read again, under what the headers say now. A hash that has begun with
// a stale time must not prove a fresh one.
func TestATapIsFinishedUnderItsOwnClaim(t *testing.T) {
	const body = "the body"
	for _, s := range signers(t) {
		stale := signed.Claim{Before: "1.", After: "!", Body: signed.BodyRaw, Signatures: [][]byte{s.sign("1." + body + "!")}, Stamp: now, Stamped: true, Nonce: "n", HasNonce: true}
		for law, c := range map[string]struct {
			change func(c *signed.Claim)
			reread bool
			want   reason.Code
		}{
			"nothing is exchanged":             {func(*signed.Claim) {}, false, reason.OK},
			"the time, its text and its stamp": {func(c *signed.Claim) { c.Before, c.Stamp = "2.", now-1 }, true, reason.SignatureInvalid},
			"the text before":                  {func(c *signed.Claim) { c.Before = "2." }, true, reason.SignatureInvalid},
			"the text before, unread":          {func(c *signed.Claim) { c.Before = "2." }, false, reason.BodyUndelivered},
			"the text after":                   {func(c *signed.Claim) { c.After = "?" }, true, reason.SignatureInvalid},
			"another signature": {func(c *signed.Claim) {
				c.Signatures = [][]byte{s.sign("2." + body + "!")}
			}, true, reason.SignatureInvalid},
			"all of it, rightly signed": {func(c *signed.Claim) {
				c.Before, c.Signatures = "2.", [][]byte{s.sign("2." + body + "!")}
			}, true, reason.OK},
			"all of it, unread": {func(c *signed.Claim) {
				c.Before, c.Signatures = "2.", [][]byte{s.sign("2." + body + "!")}
			}, false, reason.BodyUndelivered},
			"the nonce, which is read again": {func(c *signed.Claim) { c.Nonce = "m" }, true, reason.OK},
		} {
			var a signed.Attempt
			r, taps := &signed.Request{Now: now}, new(signed.Taps)
			if state, code := a.Judge(config(s.alg, []signed.Claim{stale}, s.key), r, &signed.Body{Taps: taps}); state != signed.NeedsBody {
				t.Fatalf("%s: %v %s", s.alg, state, code)
			}
			taps.Write([]byte(body))
			later := stale
			c.change(&later)
			b := &signed.Body{Ended: true, Size: int64(len(body)), Taps: taps}
			if c.reread {
				b.Each = func(f func([]byte)) bool { f([]byte(body)); return true }
			}
			_, code := a.Judge(config(s.alg, []signed.Claim{later}, s.key), r, b)
			if code != c.want {
				t.Errorf("%s, %s: %s, want %s", s.alg, law, code, c.want)
			}
		}
	}
}
