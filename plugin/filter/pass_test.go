package filter

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/request"
)

// streamed is a configuration whose bodies pass; requires is the rule's.
func streamed(requires, more string) string {
	return `{"providers":{"p":{"signed_request":{"cavage":{"dialect":"draft12"},"keys":[{"id":"k1","client":"acme","secret":{"inline":"s"}}],
		"body":{"mode":"digest","stream":true,"max_bytes":200}}}},"rules":[{"match":{"prefix":"/"},"requires":` + requires + more + `}]}`
}

const alone = `{"provider_name":"p"}`

func digested(body string, more ...string) []request.Header {
	date := time.Unix(0, start).UTC().Format("Mon, 02 Jan 2006 15:04:05 GMT")
	sum := sha256.Sum256([]byte(body))
	digest := "SHA-256=" + base64.StdEncoding.EncodeToString(sum[:])
	raw := []byte(mac("s", "(request-target): post /hook\ndate: ", date, "\ndigest: ", digest))
	var b []byte
	for i := 0; i < len(raw); i += 2 {
		n, _ := strconv.ParseUint(string(raw[i:i+2]), 16, 8)
		b = append(b, byte(n))
	}
	return post(append([]string{
		"date", date, "digest", digest, "signature",
		`keyId="k1",algorithm="hmac-sha256",headers="(request-target) date digest",signature="` + base64.StdEncoding.EncodeToString(b) + `"`,
	}, more...)...)
}

// TestY11EverySplit of a streamed body, each byte of it turned: what has passed before the
// end is never all of it, and the end passes only if it is the one that was signed.
func TestY11EverySplit(t *testing.T) {
	c := newCourier(t, streamed(alone, ""), newMemo())
	body := strings.Repeat("0123456789", 20)
	for at := range len(body) + 1 {
		for bad := -1; bad < len(body); bad += 7 {
			sent := []byte(body)
			if bad >= 0 {
				sent[bad] ^= 1
			}
			s := &Stream{ID: 1}
			want(t, "the headers", c.open(s, digested(body)), reason.OK)
			if !c.p.Passes(s) {
				t.Fatal("the body does not pass")
			}
			out := append([]byte(nil), c.p.Pass(s, bytes.Clone(sent[:at]))...)
			if len(out) > 0 && len(out) >= at {
				t.Fatalf("%d of %d bytes passed", len(out), at)
			}
			c.p.Last(s, sent[at:])
			kept, keeps, ok := c.p.Passed(s)
			if keeps {
				out = append(out, kept)
			}
			out = append(out, sent[at:]...)
			if ok != (bad < 0) || ok && string(out) != body {
				t.Errorf("split at %d, byte %d: %v", at, bad, ok)
			}
			if !ok {
				want(t, "a mismatch", c.event(c.p.Break(c.now, s, reason.DigestMismatch)), reason.DigestMismatch)
				if c.p.Passes(s) || c.p.Later(s) != Inert {
					t.Fatal("something passes after the answer")
				}
			}
			c.p.Gone(s)
			if s.taps != nil {
				t.Fatal("something is left")
			}
		}
	}
}

// TestY11WhatIsHeld: a body passes only where nothing else decides, and where its announced
// length cannot make it complete too early.
func TestY11WhatIsHeld(t *testing.T) {
	for law, c := range map[string]struct {
		requires, more, length string
		action                 Action
	}{
		"alone":                    {alone, "", "", Continue},
		"its length":               {alone, "", "200", Continue},
		"Y-04 no length":           {alone, "", "0", Pause},
		"Y-04 no number":           {alone, "", "x", Pause},
		"Y-04 over the limit":      {alone, "", "201", Refuse},
		"any":                      {`{"requires_any":{"requirements":[{"provider_name":"p"},{"provider_name":"p"}]}}`, "", "", Pause},
		"a rule that reports only": {alone, `,"mode":"report"`, "", Pause},
	} {
		k := newCourier(t, streamed(c.requires, c.more), newMemo())
		h := digested("body")
		if c.length != "" {
			h = append(h, request.Header{Name: "content-length", Value: c.length})
		}
		s := &Stream{ID: 1}
		if v := k.open(s, h); v.Action != c.action {
			t.Errorf("%s: action %d, %s", law, v.Action, v.Reason)
		}
		if k.p.Passes(s) != (c.action == Continue) {
			t.Errorf("%s: passes %v", law, k.p.Passes(s))
		}
		k.p.Gone(s)
	}
	k := newCourier(t, streamed(alone, ""), newMemo())
	s := &Stream{ID: 1}
	k.open(s, digested("body", "content-length", "4"))
	if !k.p.Fits(s, 4) || k.p.Fits(s, 5) || k.p.Fits(s, -1) {
		t.Error("Y-04: a body may be longer than was announced")
	}
	if got := fmt.Sprint(k.p.Kept(s)); got != "false" {
		t.Error(got)
	}
}
