package filter

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/postern-wasm/postern/plugin/effect"
	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/request"
)

// want compares a verdict with the reason that it must have; OK must be let through.
func want(t *testing.T, law string, v Verdict, code reason.Code) {
	t.Helper()
	action := Refuse
	if code == reason.OK {
		action = Continue
	}
	if v.Action != action || v.Reason != code {
		t.Errorf("%s: action %d, %s, want %s", law, v.Action, v.Reason, code)
	}
}

// TestY03EverySizeAndEveryEnd: 1-byte frames and whole bodies at the hashes' edges and at
// the limit, by each way in which a body ends (Y-01, Y-02).
func TestY03EverySizeAndEveryEnd(t *testing.T) {
	const limit = 200
	c := newCourier(t, hooks(`,"body":{"max_bytes":200}`), newMemo())
	for _, size := range []int{0, 1, 63, 64, 65, limit, limit + 1} {
		body := strings.Repeat("b", size)
		for how, end := range endings {
			for _, pieces := range [][]string{{body}, strings.Split(body, ""), {"", body, ""}} {
				law := fmt.Sprintf("%d bytes in %d pieces, ended %s", size, len(pieces), how)
				if len(pieces) == 0 {
					pieces = []string{""} // an empty DATA frame
				}
				code := reason.OK
				if size > limit {
					code = reason.BodyTooLarge
				}
				v, at := c.send(github(body), end, pieces...)
				want(t, law, v, code)
				if code == reason.BodyTooLarge && (at > len(pieces) || v.Answer.Status != 413) {
					t.Errorf("%s: %d at callback %d", law, v.Answer.Status, at)
				}
				code = reason.SignatureInvalid
				if size > limit {
					code = reason.BodyTooLarge
				}
				v, _ = c.send(github(body+"x"), end, pieces...)
				want(t, law+", another body signed", v, code)
			}
		}
	}
	v, at := c.send(github(""), withLast)
	want(t, "no body at all", v, reason.OK)
	if at != 0 {
		t.Errorf("decided at callback %d", at)
	}
}

// TestEverySplitOfABody in two, and a body that is larger than a piece.
func TestEverySplitOfABody(t *testing.T) {
	c := newCourier(t, hooks(""), newMemo())
	body := strings.Repeat("0123456789", 20)
	for at := range len(body) + 1 {
		for how, end := range endings {
			v, _ := c.send(github(body), end, body[:at], body[at:])
			want(t, fmt.Sprintf("split at %d, ended %s", at, how), v, reason.OK)
			v, _ = c.send(github(body), end, body[:at], body[at:]+"0")
			want(t, fmt.Sprintf("split at %d, ended %s, a byte more", at, how), v, reason.SignatureInvalid)
		}
	}
	long := strings.Repeat("x", 1<<20)
	v, _ := c.send(github(long), withLast, long[:5], long[5:])
	want(t, "1 MiB", v, reason.OK)
	if c.most != pieceBytes {
		t.Errorf("%d bytes were read at once, want %d", c.most, pieceBytes)
	}
	v, at := c.send(github(long+"x"), withLast, long, "x")
	want(t, "a byte more", v, reason.BodyTooLarge)
	if at != 2 {
		t.Errorf("refused at callback %d", at)
	}
}

// TestY04AnnouncedLengths refuse at the headers and decide nothing else.
func TestY04AnnouncedLengths(t *testing.T) {
	c := newCourier(t, hooks(""), newMemo())
	v, at := c.send(github("", "content-length", "10737418240"), withLast, "")
	want(t, "10 GiB", v, reason.BodyTooLarge)
	if at != 0 {
		t.Errorf("refused at callback %d", at)
	}
	for _, announced := range []string{"0", "1", "-1", "x", "99999999999999999999999999"} {
		code := reason.OK
		if len(announced) > 20 {
			code = reason.BodyTooLarge
		}
		v, _ = c.send(github("body", "content-length", announced), withEmpty, "body")
		want(t, "announced as "+announced, v, code)
		if v, _ = c.send(github("", "content-length", announced), withEmpty, "body"); v.Action != Refuse {
			t.Errorf("announced as %s: a body that is not signed passes", announced)
		}
	}
}

// TestH23ATunnelIsNotWaitedFor: what follows an upgrade never ends, whatever the method; an
// offer of h2c beside a body is none.
func TestH23ATunnelIsNotWaitedFor(t *testing.T) {
	c := newCourier(t, hooks(""), newMemo())
	for _, method := range []string{"GET", "POST"} {
		for law, more := range map[string][]string{
			"an upgrade": {"connection", "upgrade", "upgrade", "websocket"}, "of any kind": {"upgrade", ""},
			"one among others": {"upgrade", "h2c, websocket"}, "in a second line": {"upgrade", "h2c", "upgrade", "websocket"},
		} {
			upgrade := github("", more...)
			upgrade[0].Value = method
			v, at := c.send(upgrade, withLast, "")
			want(t, law, v, reason.BodyNotAllowed)
			if at != 0 {
				t.Errorf("%s: decided at callback %d", law, at)
			}
		}
	}
	v, _ := c.send(github("body", "upgrade", "h2c"), withLast, "body")
	want(t, "an offer to upgrade on a request with a body", v, reason.OK)
	// Nor does it pass while it is compared with its digest.
	k := newCourier(t, streamed(alone, ""), newMemo())
	want(t, "an upgrade whose digest is signed", k.open(&Stream{ID: 1}, digested("body", "upgrade", "websocket")), reason.BodyNotAllowed)
	want(t, "the same without", k.open(&Stream{ID: 2}, digested("body", "upgrade", "h2c")), reason.OK)
}

// TestY02TheHeadersDecideNothingWhileABodyMayCome: a signature of the empty body.
func TestY02TheHeadersDecideNothingWhileABodyMayCome(t *testing.T) {
	c := newCourier(t, hooks(""), newMemo())
	v, at := c.send(github(""), withEmpty, "")
	want(t, "an empty body", v, reason.OK)
	if at == 0 {
		t.Error("decided before the body was over")
	}
	v, _ = c.send(github(""), withTrailers)
	want(t, "no body", v, reason.OK)
	v, at = c.send(github(""), withEmpty, "", "late")
	want(t, "a body that comes late", v, reason.SignatureInvalid)
	if at != 3 {
		t.Errorf("decided at callback %d", at)
	}
}

// TestY05AHostThatKeepsBodiesBack answers within two seconds and says why, once; one that
// has been seen to deliver is waited for.
func TestY05AHostThatKeepsBodiesBack(t *testing.T) {
	c := newCourier(t, hooks(""), newMemo())
	if !c.p.NeedsTicks() {
		t.Fatal("no timer is wanted")
	}
	headers := github("body")
	s, other := &Stream{ID: 1}, &Stream{ID: 2}
	for _, held := range []*Stream{s, other} {
		if v := c.open(held, headers); v.Action != Pause {
			t.Fatalf("%d %s", v.Action, v.Reason)
		}
	}
	c.now += deliveryPatience - 1
	if c.p.NextReady(c.now) != nil {
		t.Error("given up too early")
	}
	c.now++
	if c.p.NextReady(c.now) != s {
		t.Fatal("nobody gives up")
	}
	v := c.event(c.p.Resume(c.now, s, headers))
	want(t, "after two seconds", v, reason.BodyUndelivered)
	if v.Answer.Status != 503 {
		t.Errorf("answered with %d", v.Answer.Status)
	}
	if note := c.p.Notes(); !strings.Contains(note, "allow_on_headers_stop_iteration") || c.p.Notes() != "" {
		t.Errorf("noted %q", note)
	}
	// The other one's body comes after all.
	if c.take(other, headers, "bo", false, false); !other.arrived {
		t.Fatal("nothing has arrived")
	}
	c.p.Delivers()
	late := &Stream{ID: 3}
	c.open(late, headers)
	c.now += 100 * deliveryPatience
	if c.p.NextReady(c.now) != nil {
		t.Error("given up although this host delivers")
	}
	c.body = "bo"
	want(t, "the rest", c.take(other, headers, "dy", true, false), reason.OK)
}

// TestABodyThatCannotBeReadRefuses, and is read again where only a piece was torn.
func TestABodyThatCannotBeReadRefuses(t *testing.T) {
	c := newCourier(t, hooks(""), newMemo())
	c.deaf = true
	v, _ := c.send(github("body"), withLast, "bo", "dy")
	want(t, "unread", v, reason.BodyUndelivered)
	if note := c.p.Notes(); !strings.Contains(note, "body_undelivered") || c.p.Notes() != "" {
		t.Errorf("noted %q", note)
	}
	s := &Stream{ID: 1}
	headers := github("body")
	c.open(s, headers)
	c.take(s, headers, "bo", false, false)
	c.deaf = false
	want(t, "torn", c.take(s, headers, "dy", true, false), reason.OK)
}

const both = `{"providers":{"gh":{"signed_request":{"preset":"github","client_id_header":"x-client","key_id_header":"x-key-id","keys":[{"id":"k1","client":"octo","secret":{"env":"HOOK"}}]}},
	"corp":{"issuer":"https://idp.test","local_jwks":{"inline_string":%s},"claim_to_headers":[{"header_name":"x-user","claim_name":"sub"}]}},
	"rules":[{"match":{"prefix":"/"},"requires":{"%s":{"requirements":[%s]}}}]}`

func bothConfig(kind, first, second string) string {
	set := keySet("a")
	return fmt.Sprintf(both, strconv.Quote(set), kind, `{"provider_name":"`+first+`"},{"provider_name":"`+second+`"}`)
}

// TestABranchThatCanDecideIsNotHeld: requires_any lets through what another branch proves,
// requires_all refuses what another fails, before the body has come.
func TestABranchThatCanDecideIsNotHeld(t *testing.T) {
	bearer := func(h []request.Header, token string) []request.Header {
		return append(h, request.Header{Name: "authorization", Value: "Bearer " + token})
	}
	for _, c := range []struct {
		law, kind, first, second string
		headers                  []request.Header
		at                       int
		code                     reason.Code
	}{
		{"any: signature", "requires_any", "gh", "corp", github("body"), 1, reason.OK},
		{"any: signature behind", "requires_any", "corp", "gh", github("body"), 1, reason.OK},
		{"any: token beside a signature", "requires_any", "gh", "corp", bearer(github("body"), good("a")), 0, reason.OK},
		{"any: token alone", "requires_any", "gh", "corp", bearer(post(), good("a")), 0, reason.OK},
		{"any: bad token, good signature", "requires_any", "corp", "gh", bearer(github("body"), good("b")), 1, reason.OK},
		{"any: bad both", "requires_any", "corp", "gh", bearer(github("other"), good("b")), 1, reason.SignatureInvalid},
		{"any: none", "requires_any", "corp", "gh", post(), 0, reason.Missing},
		{"all: both", "requires_all", "gh", "corp", bearer(github("body"), good("a")), 1, reason.OK},
		{"all: bad token", "requires_all", "gh", "corp", bearer(github("body"), good("b")), 0, reason.KeyUnknown},
		{"all: no token", "requires_all", "gh", "corp", github("body"), 0, reason.Missing},
		{"all: bad signature", "requires_all", "corp", "gh", bearer(github("other"), good("a")), 1, reason.SignatureInvalid},
	} {
		p := newCourier(t, bothConfig(c.kind, c.first, c.second), newMemo())
		v, at := p.send(c.headers, withLast, "body")
		want(t, c.law, v, c.code)
		if at != c.at {
			t.Errorf("%s: decided at callback %d, want %d", c.law, at, c.at)
		}
	}
}

// TestEffectsOfASignature: whose key it was, nobody else's word for it, and a challenge
// for each scheme.
func TestEffectsOfASignature(t *testing.T) {
	c := newCourier(t, bothConfig("requires_any", "gh", "corp"), newMemo())
	v, _ := c.send(github("body", "x-client", "admin", "x-key-id", "k0", "x-user", "root"), withTrailers, "body")
	want(t, "signed", v, reason.OK)
	got := map[string]string{}
	for _, op := range v.Ops {
		if op.Kind == effect.Remove {
			got[op.Name] = ""
		} else {
			got[op.Name] = op.Value
		}
	}
	if got["x-client"] != "octo" || got["x-key-id"] != "k1" || got["x-user"] != "" || len(got) != 3 {
		t.Errorf("wrote %v", got)
	}
	v, _ = c.send(github("other", "x-request-id", "r-1"), withLast, "body")
	want(t, "badly signed", v, reason.SignatureInvalid)
	var lines []string
	for _, h := range v.Answer.Headers {
		if h.Name == "www-authenticate" {
			lines = append(lines, h.Value)
		}
	}
	if len(lines) != 2 || strings.Contains(lines[1], "error") || !strings.Contains(lines[0], `error="invalid_signature"`) || !strings.HasPrefix(lines[1], `Bearer realm="postern"`) {
		t.Errorf("challenges %q", lines)
	}
	if strings.Contains(v.Log, "sha256=") || !strings.Contains(v.Log, `"provider":"gh"`) {
		t.Errorf("logged %s", v.Log)
	}
}

// TestHeldBodiesAreBounded: beyond so many streams the next is refused, and their hashes
// are lent anew.
func TestHeldBodiesAreBounded(t *testing.T) {
	c := newCourier(t, hooks(""), newMemo())
	streams := make([]*Stream, maxWaiting)
	for i := range streams {
		streams[i] = &Stream{ID: uint32(i)}
		if v := c.open(streams[i], github("body")); v.Action != Pause {
			t.Fatalf("stream %d: %d %s", i, v.Action, v.Reason)
		}
	}
	one := &Stream{ID: maxWaiting}
	want(t, "one more", c.open(one, github("body")), reason.WaitingFull)
	c.p.Gone(streams[3])
	lent := c.p.spare
	if lent == nil || lent.Size() != 0 {
		t.Fatal("hashes of a stream that is gone are not given back")
	}
	next := &Stream{ID: maxWaiting + 1}
	if v := c.open(next, github("body")); v.Action != Pause || next.taps != lent {
		t.Errorf("after one has gone: %d %s", v.Action, v.Reason)
	}
	for _, s := range streams {
		c.p.Gone(s)
	}
	c.p.Gone(next)
	n := 0
	for s := c.p.spare; s != nil; s = s.next {
		n++
	}
	if n > maxWaiting+1 || c.p.Waiting() != 0 {
		t.Errorf("%d hashes were made for %d streams", n, maxWaiting)
	}
}

// TestHostsThatHoldBodiesThemselves get their headers at once, without what the client
// must not say, and nothing written later; a body that none announced is refused.
func TestHostsThatHoldBodiesThemselves(t *testing.T) {
	c := newCourier(t, hooks(`,"body":{"delivery":"before_upstream"}`), newMemo())
	for law, body := range map[string]string{"good": "body", "bad": "ydob"} {
		s := &Stream{ID: 1}
		headers := github("body", "content-length", "4")
		if v := c.open(s, headers); v.Action != Ahead {
			t.Fatalf("%s: %d %s", law, v.Action, v.Reason)
		}
		code := reason.OK
		if law == "bad" {
			code = reason.SignatureInvalid
		}
		v := c.take(s, headers, body, true, false)
		want(t, law, v, code)
		if len(v.Ops) != 0 {
			t.Errorf("%s: %v comes too late", law, v.Ops)
		}
		c.p.Gone(s)
	}
	s := &Stream{ID: 2}
	want(t, "none announced", c.open(s, github("")), reason.OK)
	if v := c.take(s, github(""), "", true, false); v.Action != Continue {
		t.Errorf("and none comes: %d %s", v.Action, v.Reason)
	}
	want(t, "one comes", c.take(s, github(""), "body", true, false), reason.BodyNotCovered)
	want(t, "a tunnel", c.open(&Stream{ID: 3}, github("", "upgrade", "websocket")), reason.BodyNotAllowed)
}

// TestABodyThatNoneAnnouncedIsTheRules: whether it is refused or reported says the mode of
// the rule that let its headers through, and it is told of once.
func TestABodyThatNoneAnnouncedIsTheRules(t *testing.T) {
	for _, c := range []struct {
		top, rule string
		reported  bool
	}{
		{"report", "enforce", false}, {"report", "report", true}, {"enforce", "report", true}, {"enforce", "enforce", false},
	} {
		config := strings.Replace(hooks(`,"body":{"delivery":"before_upstream"}`), `{"providers"`, `{"mode":"`+c.top+`","providers"`, 1)
		plugin := newCourier(t, strings.Replace(config, `"requires"`, `"mode":"`+c.rule+`","requires"`, 1), newMemo())
		s := &Stream{ID: 1}
		want(t, "none announced", plugin.open(s, github("")), reason.OK)
		v := plugin.take(s, github(""), "body", false, false)
		if v.Reported != c.reported || (v.Action == Continue) != c.reported || v.Reason != reason.BodyNotCovered {
			t.Errorf("%s, the rule %s: action %d, %s, reported %v", c.top, c.rule, v.Action, v.Reason, v.Reported)
		}
		if more := plugin.take(s, github(""), "more", true, false); (more.Action == Continue) != c.reported || more.Reported {
			t.Errorf("%s, the rule %s, the next piece: action %d, reported %v", c.top, c.rule, more.Action, more.Reported)
		}
	}
}

// TestAStreamThatEndsWhileItsBodyIsRead: the host may end it within the very call that reads
// a piece, and then has nothing to hand over.
func TestAStreamThatEndsWhileItsBodyIsRead(t *testing.T) {
	p := plugin(t, `{"providers":{"gh":{"signed_request":{"preset":"github","keys":[{"id":"k1","secret":{"inline":"hook secret"}}]}}},
		"rules":[{"match":{"prefix":"/"},"requires":{"provider_name":"gh"}}]}`)
	var s Stream
	v := p.Headers(start, &s, []request.Header{
		{Name: ":method", Value: "POST"},
		{Name: ":scheme", Value: "https"},
		{Name: ":authority", Value: "h"},
		{Name: ":path", Value: "/"},
		{Name: "x-hub-signature-256", Value: "sha256=" + strings.Repeat("ab", 32)},
	})
	if v.Action != Pause || !p.Arrived(&s, 10, false) {
		t.Fatal("the body is not waited for")
	}
	p.Gone(&s)
	p.Took(&s, nil)
	if p.Due(&s) {
		t.Error("it is judged once it has ended")
	}
}
