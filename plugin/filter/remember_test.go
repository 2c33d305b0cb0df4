package filter

import (
	"encoding/base64"
	"encoding/hex"
	"maps"
	"strings"
	"testing"

	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/request"
)

// TestP01TheSameRequestTwice is accepted once, whichever worker gets it, and after a
// reload (P-08).
func TestP01TheSameRequestTwice(t *testing.T) {
	shared := newMemo()
	one, other := newCourier(t, calls(""), shared), newCourier(t, calls(""), shared)
	headers := partner("k1", "first secret", start, "n1", "body")
	v, _ := one.send(headers, withLast, "body")
	want(t, "first", v, reason.OK)
	v, at := one.send(headers, withLast, "body")
	want(t, "again", v, reason.Replayed)
	if at != 0 || v.Answer.Status != 401 || !strings.Contains(string(v.Answer.Body), `"replayed_request"`) {
		t.Errorf("refused at callback %d with %d %s", at, v.Answer.Status, v.Answer.Body)
	}
	v, _ = other.send(headers, withTrailers, "bo", "dy")
	want(t, "by another worker", v, reason.Replayed)
	v, _ = newCourier(t, calls(`,"client_id_header":"x-client"`), shared).send(headers, withLast, "body")
	want(t, "after a reload", v, reason.Replayed)
	v, _ = one.send(partner("k1", "first secret", start, "n2", "body"), withLast, "body")
	want(t, "another nonce", v, reason.OK)
	v, _ = one.send(partner("k1", "first secret", start+sec, "n1", "body"), withLast, "body")
	want(t, "the sender's retry with a new time (P-06)", v, reason.OK)
}

// TestP02WhatIsSignedAheadIsRememberedForTwiceTheTolerance.
func TestP02WhatIsSignedAheadIsRememberedForTwiceTheTolerance(t *testing.T) {
	c := newCourier(t, calls(""), newMemo())
	headers := partner("k1", "first secret", start+300*sec, "n1", "")
	v, _ := c.send(headers, withLast)
	want(t, "at the edge of the future", v, reason.OK)
	for _, later := range []int64{1, 299, 599, 600} {
		c.now = start + later*sec
		v, _ = c.send(headers, withLast)
		want(t, "later", v, reason.Replayed)
	}
	c.now = start + 601*sec
	v, _ = c.send(headers, withLast)
	want(t, "when it has expired", v, reason.SignatureExpired)
}

// TestP03ARequestThatFailsBurnsNoNonce: neither by its signature, nor by its body, nor
// because it never comes to an end (Y-10), nor by another branch of the requirement.
func TestP03ARequestThatFailsBurnsNoNonce(t *testing.T) {
	shared := newMemo()
	c := newCourier(t, calls(""), shared)
	good := partner("k1", "first secret", start, "n1", "body")
	v, _ := c.send(partner("k1", "wrong secret", start, "n1", "body"), withLast, "body")
	want(t, "a bad MAC", v, reason.SignatureInvalid)
	v, _ = c.send(good, withLast, "ydob")
	want(t, "another body", v, reason.SignatureInvalid)
	s := &Stream{ID: 7}
	c.open(s, good)
	c.take(s, good, "body", false, false)
	c.p.Gone(s) // the client resets after the last byte, before the end
	v, _ = c.send(good, withLast, "body")
	want(t, "the good one", v, reason.OK)
	v, _ = c.send(good, withLast, "body")
	want(t, "and again", v, reason.Replayed)
}

// TestP04NoncesAreEachKeysOwn, compared exactly, and bounded.
func TestP04NoncesAreEachKeysOwn(t *testing.T) {
	c := newCourier(t, calls(""), newMemo())
	for _, k := range []struct {
		law, key, secret, nonce string
		code                    reason.Code
	}{
		{"a nonce", "k1", "first secret", "Nonce", reason.OK},
		{"the same of another client", "k2", "second secret", "Nonce", reason.OK},
		{"in another case", "k1", "first secret", "nonce", reason.OK},
		{"burnt with another's key", "k2", "first secret", "mine", reason.SignatureInvalid},
		{"which is still good", "k1", "first secret", "mine", reason.OK},
	} {
		v, _ := c.send(partner(k.key, k.secret, start, k.nonce, ""), withLast)
		want(t, k.law, v, k.code)
	}
	for _, nonce := range []string{"", strings.Repeat("n", 257), strings.Repeat("n", 10<<10)} {
		if v, _ := c.send(partner("k1", "first secret", start, nonce, ""), withLast); v.Action != Refuse {
			t.Errorf("a nonce of %d bytes: %d %s", len(nonce), v.Action, v.Reason)
		}
	}
}

// TestP10TwoThatWaitForTheirBodies: one passes.
func TestP10TwoThatWaitForTheirBodies(t *testing.T) {
	c := newCourier(t, calls(""), newMemo())
	headers := partner("k1", "first secret", start, "n1", "body")
	first, second := &Stream{ID: 1}, &Stream{ID: 2}
	for _, s := range []*Stream{first, second} {
		if v := c.open(s, headers); v.Action != Pause {
			t.Fatalf("%d %s", v.Action, v.Reason)
		}
	}
	want(t, "the second", c.take(second, headers, "body", true, false), reason.OK)
	c.body = ""
	want(t, "the first", c.take(first, headers, "body", true, false), reason.Replayed)
}

// TestP05BySignature: what was signed counts, not how the signature is written.
func TestP05BySignature(t *testing.T) {
	slack := `{"providers":{"slack":{"signed_request":{"preset":"slack","replay":{"by":"signature"},"keys":[{"id":"k1","secret":{"env":"HOOK"}}]}}},
		"rules":[{"match":{"prefix":"/"},"requires":{"provider_name":"slack"}}]}`
	c := newCourier(t, slack, newMemo())
	sent := func(hex string) []request.Header {
		return post("x-slack-request-timestamp", "1800000000", "x-slack-signature", "v0="+hex)
	}
	good := mac("HOOK-secret", "v0:1800000000:body")
	v, _ := c.send(sent(good), withLast, "body")
	want(t, "first", v, reason.OK)
	v, _ = c.send(sent(good), withLast, "body")
	want(t, "again", v, reason.Replayed)
	v, _ = c.send(sent(strings.ToUpper(good)), withLast, "body")
	want(t, "in capitals", v, reason.Replayed)
}

// TestP05OneOfTheSignaturesOfARotation is no other request: neither by what was signed nor
// by the message's id does a request pass once for each key that has signed it.
func TestP05OneOfTheSignaturesOfARotation(t *testing.T) {
	const keys = `"keys":[{"id":"new","secret":{"inline":"%new"}},{"id":"old","secret":{"inline":"%old"}}]}}},
		"rules":[{"match":{"prefix":"/"},"requires":{"provider_name":"hook"}}]}`
	withKeys := strings.NewReplacer("%new", "whsec_bmV3IHNlY3JldCBvZiAyNCBieXRlcw==", "%old", "whsec_b2xkIHNlY3JldCBvZiAyNCBieXRlcw==").Replace(keys)
	base := func(hexMAC string) string {
		raw, err := hex.DecodeString(hexMAC)
		if err != nil {
			t.Fatal(err)
		}
		return base64.StdEncoding.EncodeToString(raw)
	}
	for _, k := range []struct {
		law, config    string
		fresh, rotated string
		headers        func(signatures string) []request.Header
	}{
		{
			"by what was signed",
			`{"providers":{"hook":{"signed_request":{"preset":"stripe","replay":{"by":"signature"},` +
				strings.NewReplacer("%new", "new secret", "%old", "old secret").Replace(keys),
			",v1=" + mac("new secret", "1800000000.body"), ",v1=" + mac("old secret", "1800000000.body"),
			func(s string) []request.Header { return post("stripe-signature", "t=1800000000"+s) },
		},
		{
			"by the message's id",
			`{"providers":{"hook":{"signed_request":{"preset":"standard-webhooks","replay":{"by":"id"},` + withKeys,
			" v1," + base(mac("new secret of 24 bytes", "m1.1800000000.body")), " v1," + base(mac("old secret of 24 bytes", "m1.1800000000.body")),
			func(s string) []request.Header {
				return post("webhook-id", "m1", "webhook-timestamp", "1800000000", "webhook-signature", s[1:])
			},
		},
	} {
		for _, other := range []string{k.fresh, k.rotated, k.rotated + k.fresh} {
			c := newCourier(t, k.config, newMemo())
			v, _ := c.send(k.headers(k.fresh+k.rotated), withLast, "body")
			want(t, k.law+", first", v, reason.OK)
			v, _ = c.send(k.headers(other), withLast, "body")
			want(t, k.law+", again with "+other, v, reason.Replayed)
		}
	}
}

// TestWhatAStrangerPutsIntoSharedDataIsNotBelieved where entries are authenticated.
func TestWhatAStrangerPutsIntoSharedDataIsNotBelieved(t *testing.T) {
	shared := newMemo()
	text := strings.Replace(calls(""), `{"providers"`, `{"limits":{"shared_data_secret":{"inline":"sixteen bytes or more"}},"providers"`, 1)
	c := newCourier(t, text, shared)
	v, _ := c.send(partner("k1", "first secret", start, "n1", ""), withLast)
	want(t, "first", v, reason.OK)
	before := maps.Clone(shared.cells)
	v, _ = c.send(partner("k1", "first secret", start, "n2", ""), withLast)
	want(t, "second", v, reason.OK)
	changed := 0
	for key, cell := range shared.cells {
		if string(before[key].value) != string(cell.value) && len(cell.value) > 0 {
			cell.value = append([]byte(nil), cell.value...)
			cell.value[len(cell.value)/2] ^= 1
			shared.cells[key] = cell
			changed++
		}
	}
	if changed == 0 {
		t.Fatal("nothing is kept in shared data")
	}
	refused := 0
	for _, nonce := range []string{"n1", "n2"} {
		v, _ = c.send(partner("k1", "first secret", start, nonce, ""), withLast)
		if v.Action != Refuse {
			t.Errorf("%s passes again", nonce)
		}
		if v.Reason == reason.ReplayUnavailable {
			refused++
		}
	}
	if refused == 0 {
		t.Error("what was changed is believed")
	}
}

// TestWithoutAMemoryNothingThatMustNotComeTwicePasses.
func TestWithoutAMemoryNothingThatMustNotComeTwicePasses(t *testing.T) {
	shared := newMemo()
	c := newCourier(t, calls(""), shared)
	shared.dead = true
	v, _ := c.send(partner("k1", "first secret", start, "n1", ""), withLast)
	want(t, "shared data that fails later", v, reason.ReplayUnavailable)
	c = newCourier(t, calls(""), shared)
	v, _ = c.send(partner("k1", "first secret", start, "n2", ""), withLast)
	want(t, "a host without shared data", v, reason.OK)
	if note := c.p.Notes(); note == "" || c.p.Notes() != "" {
		t.Errorf("noted %q", note)
	}
	v, _ = c.send(partner("k1", "first secret", start, "n2", ""), withLast)
	want(t, "again", v, reason.Replayed)
	c.p.stores = nil
	v, _ = c.send(partner("k1", "first secret", start, "n3", ""), withLast)
	want(t, "no memory at all", v, reason.ReplayUnavailable)
}
