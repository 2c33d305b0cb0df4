package filter

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"github.com/postern-wasm/postern/plugin/config"
	"github.com/postern-wasm/postern/plugin/effect"
	"github.com/postern-wasm/postern/plugin/jwks"
	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/request"
)

const (
	sec   = int64(1_000_000_000)
	start = int64(1_800_000_000) * sec
)

var b64 = base64.RawURLEncoding

// key is a deterministic Ed25519 key per kid.
func key(kid string) ed25519.PrivateKey {
	seed := make([]byte, ed25519.SeedSize)
	copy(seed, kid)
	return ed25519.NewKeyFromSeed(seed)
}

func keySet(kids ...string) string {
	var keys []string
	for _, kid := range kids {
		x := b64.EncodeToString(key(kid).Public().(ed25519.PublicKey))
		keys = append(keys, `{"kty":"OKP","crv":"Ed25519","kid":"`+kid+`","x":"`+x+`"}`)
	}
	return `{"keys":[` + strings.Join(keys, ",") + `]}`
}

func token(kid string, claims map[string]any) string {
	head, _ := json.Marshal(map[string]string{"alg": "EdDSA", "kid": kid})
	body, _ := json.Marshal(claims)
	input := b64.EncodeToString(head) + "." + b64.EncodeToString(body)
	return input + "." + b64.EncodeToString(ed25519.Sign(key(kid), []byte(input)))
}

func good(kid string) string {
	return token(kid, map[string]any{"iss": "https://idp.test", "sub": "u-" + kid, "exp": start/sec + 7200})
}

func plugin(t *testing.T, text string) *Plugin {
	t.Helper()
	cfg, problems := config.Parse([]byte(text), func(string) (string, bool) { return "", false })
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return New(cfg, 42)
}

func inlineConfig(t *testing.T) string {
	set, _ := json.Marshal(keySet("a"))
	return `{"providers":{"corp":{"issuer":"https://idp.test","local_jwks":{"inline_string":` + string(set) +
		`},"claim_to_headers":[{"header_name":"x-user","claim_name":"sub"}]}},"rules":[{"match":{"prefix":"/"},"requires":{"provider_name":"corp"}}]}`
}

const remoteConfig = `{"providers":{"corp":{"issuer":"https://idp.test","remote_jwks":{"http_uri":{"uri":"https://idp.test/keys","cluster":"idp","timeout":"5s"},
	"cache_duration":"600s","refetch_on_unknown_kid":{"min_interval":"30s","wait":"2s"}},
	"claim_to_headers":[{"header_name":"x-user","claim_name":"sub"}]}},"rules":[{"match":{"prefix":"/"},"requires":{"provider_name":"corp"}}]}`

func get(tokens ...string) []request.Header {
	h := []request.Header{{Name: ":method", Value: "GET"}, {Name: ":scheme", Value: "https"}, {Name: ":authority", Value: "api.test"}, {Name: ":path", Value: "/a"}}
	for _, tok := range tokens {
		h = append(h, request.Header{Name: "authorization", Value: "Bearer " + tok})
	}
	return h
}

// host drives a plugin as the module's door does; it has no shared data.
type host struct {
	t       *testing.T
	p       *Plugin
	now     int64
	fetches int
	flying  int
	flight  uint32
}

func (h *host) pump() {
	h.t.Helper()
	for range 100 {
		i, step := h.p.NextStep(h.now)
		switch step.Kind {
		case jwks.Nothing:
			return
		case jwks.ReadShared, jwks.WriteShared:
			h.p.Source(i).Read(h.now, jwks.ShareUnavailable, nil, 0)
		case jwks.Fetch:
			h.fetches++
			h.flying++
			h.flight = step.Flight
			h.p.Source(i).Dispatched(h.now, true)
		}
	}
	h.t.Fatal("steps without end")
}

func (h *host) request(s *Stream, headers []request.Header) Verdict {
	h.pump()
	v := *h.p.Headers(h.now, s, headers)
	if v.Action == Pause {
		h.pump()
		if h.p.Retry(h.now, s) {
			v = *h.p.Resume(h.now, s, headers)
		}
	}
	return v
}

// fed is a host whose plugin has the key "a" by [remoteConfig].
func fed(t *testing.T) *host {
	h := &host{t: t, p: plugin(t, remoteConfig), now: start}
	var first Stream
	h.request(&first, get(good("a")))
	h.answer(ok(keySet("a")))
	h.p.Resume(h.now, &first, get(good("a")))
	return h
}

func (h *host) answer(a jwks.Answer) {
	h.flying--
	h.p.Source(0).Answered(h.now, h.flight, a)
	h.pump()
}

func ok(doc string) jwks.Answer { return jwks.Answer{Status: 200, Body: []byte(doc)} }

func TestInlineKeysDecideAtOnce(t *testing.T) {
	p := plugin(t, inlineConfig(t))
	var s Stream
	v := p.Headers(start, &s, get(good("a")))
	if v.Action != Continue || v.Provider != "corp" || len(v.Ops) != 2 {
		t.Fatalf("%+v", v)
	}
	want := []effect.Op{{Kind: effect.Remove, Name: "authorization"}, {Kind: effect.Set, Name: "x-user", Value: "u-a"}}
	for i := range want {
		if v.Ops[i] != want[i] {
			t.Errorf("op %d is %+v, want %+v", i, v.Ops[i], want[i])
		}
	}
	if p.Later(&s) != Continue || p.NeedsTicks() {
		t.Error("a body is held, or ticks are wanted, without need")
	}
}

func TestH22TrailersCarryNoIdentity(t *testing.T) {
	p := plugin(t, inlineConfig(t))
	ops := p.Trailers([]request.Header{{Name: "grpc-status", Value: "0"}, {Name: "X-User", Value: "root"}, {Name: "x-user", Value: "admin"}})
	if len(ops) != 1 || ops[0] != (effect.Op{Kind: effect.Remove, Name: "x-user"}) {
		t.Errorf("%v", ops)
	}
	if ops := p.Trailers(nil); len(ops) != 0 || !p.WritesIdentity() {
		t.Errorf("%v", ops)
	}
}

func TestRequestsWaitForTheFirstSetAndGoOnInOrder(t *testing.T) {
	h := &host{t: t, p: plugin(t, remoteConfig), now: start}
	streams := make([]Stream, 5)
	for i := range streams {
		streams[i].ID = uint32(i + 1)
		if v := h.request(&streams[i], get(good("a"))); v.Action != Pause {
			t.Fatalf("stream %d: %+v", i, v)
		}
		if h.p.Later(&streams[i]) != Pause {
			t.Fatal("a body of a waiting request is let through")
		}
	}
	var bad Stream
	if v := h.request(&bad, get(token("a", map[string]any{"iss": "https://idp.test", "exp": 1}))); v.Reason != reason.Expired {
		t.Errorf("an expired token waits for keys: %+v", v)
	}
	h.p.Gone(&streams[2]) // its client left
	h.answer(ok(keySet("a")))
	var order []uint32
	for s := h.p.NextReady(h.now); s != nil; s = h.p.NextReady(h.now) {
		if v := h.p.Resume(h.now, s, get(good("a"))); v.Action != Continue {
			t.Errorf("stream %d: %s", s.ID, v.Reason)
		}
		order = append(order, s.ID)
	}
	if len(order) != 4 || order[0] != 1 || order[1] != 2 || order[2] != 4 || order[3] != 5 || h.fetches != 1 {
		t.Errorf("resumed %v with %d fetches, want [1 2 4 5] with 1", order, h.fetches)
	}
}

func TestResumedRequestIsJudgedByItsOwnHeaders(t *testing.T) {
	h := &host{t: t, p: plugin(t, remoteConfig), now: start}
	var a, b Stream
	h.request(&a, get(good("a")))
	h.request(&b, get(good("b")))
	h.answer(ok(keySet("a")))
	if v := *h.p.Resume(h.now, &b, get(good("b"))); v.Action == Continue {
		t.Error("a token of an unknown key passed because another one waited beside it")
	}
	if v := h.p.Resume(h.now, &a, get(good("a"))); v.Action != Continue {
		t.Error(v.Reason)
	}
}

func TestOutageAnswersEveryWaiterOnce(t *testing.T) {
	h := &host{t: t, p: plugin(t, remoteConfig), now: start}
	var a, b Stream
	h.request(&a, get(good("a")))
	h.request(&b, get(good("a")))
	h.answer(jwks.Answer{})
	n := 0
	for s := h.p.NextReady(h.now); s != nil; s = h.p.NextReady(h.now) {
		v := h.p.Resume(h.now, s, get(good("a")))
		if v.Action != Refuse || v.Reason != reason.KeysUnavailable || v.Answer.Status != 503 {
			t.Errorf("%+v", v)
		}
		n++
	}
	if n != 2 || h.p.Waiting() != 0 {
		t.Errorf("%d answered, %d still wait", n, h.p.Waiting())
	}
	var c Stream
	if v := h.request(&c, get(good("a"))); v.Reason != reason.KeysUnavailable {
		t.Errorf("within the back-off: %+v", v)
	}
	h.now += 2 * sec
	var d Stream
	if v := h.request(&d, get(good("a"))); v.Action != Pause {
		t.Errorf("after the back-off: %+v", v)
	}
}

func TestWaitingEndsAtTheDeadline(t *testing.T) {
	h := &host{t: t, p: plugin(t, remoteConfig), now: start}
	var s Stream
	h.request(&s, get(good("a")))
	h.now += 6*sec - 1
	if h.p.NextReady(h.now) != nil {
		t.Fatal("resumed before fetch timeout and slack")
	}
	h.now++
	if h.p.NextReady(h.now) != &s {
		t.Fatal("not resumed at the deadline")
	}
	if v := h.p.Resume(h.now, &s, get(good("a"))); v.Reason != reason.KeysUnavailable {
		t.Errorf("%+v", v)
	}
}

func TestUnknownKidWaitsForOneRefetch(t *testing.T) {
	h := fed(t)
	h.now += 40 * sec
	var rotated, stranger Stream
	if v := h.request(&rotated, get(good("b"))); v.Action != Pause || h.fetches != 2 {
		t.Fatalf("%+v with %d fetches", v, h.fetches)
	}
	if v := h.request(&stranger, get(good("c"))); v.Action != Pause {
		t.Fatalf("%+v", v)
	}
	h.answer(ok(keySet("a", "b")))
	if v := *h.p.Resume(h.now, &rotated, get(good("b"))); v.Action != Continue {
		t.Errorf("the rotated key: %s", v.Reason)
	}
	if v := *h.p.Resume(h.now, &stranger, get(good("c"))); v.Reason != reason.KeyUnknown {
		t.Errorf("a kid that the refetch did not bring: %+v", v)
	}
	var again Stream
	if v := h.request(&again, get(good("c"))); v.Reason != reason.KeyUnknown || h.fetches != 2 {
		t.Errorf("within the interval: %+v with %d fetches", v, h.fetches)
	}
}

// TestUnknownKidAsksAgainAfterASetThatWasOnItsWay: the fetch that a request finds under
// way may have left the server before the rotation that the request shows.
func TestUnknownKidAsksAgainAfterASetThatWasOnItsWay(t *testing.T) {
	h := fed(t)
	h.now += 595 * sec // the routine refresh has begun
	h.pump()
	if h.fetches != 2 {
		t.Fatalf("%d fetches: no refresh is under way", h.fetches)
	}
	var rotated, stranger Stream
	for s, kid := range map[*Stream]string{&rotated: "b", &stranger: "c"} {
		if v := h.request(s, get(good(kid))); v.Action != Pause || h.fetches != 2 {
			t.Fatalf("%+v with %d fetches", v, h.fetches)
		}
	}
	h.answer(ok(keySet("a")))
	for s, kid := range map[*Stream]string{&rotated: "b", &stranger: "c"} {
		if v := h.p.Resume(h.now, s, get(good(kid))); v.Action != Pause {
			t.Fatalf("kid %s, by a set from before it asked: %+v", kid, v)
		}
	}
	h.pump()
	if h.fetches != 3 {
		t.Fatalf("%d fetches, want one more", h.fetches)
	}
	h.answer(ok(keySet("a", "b")))
	if v := h.p.Resume(h.now, &rotated, get(good("b"))); v.Action != Continue {
		t.Errorf("the rotated key: %+v", v)
	}
	if v := h.p.Resume(h.now, &stranger, get(good("c"))); v.Reason != reason.KeyUnknown {
		t.Errorf("a kid that two fetches did not bring: %+v", v)
	}
}

func TestR01ImplausibleTokensCauseNoRefetch(t *testing.T) {
	h := &host{t: t, p: plugin(t, remoteConfig), now: start}
	var first Stream
	h.request(&first, get(good("a")))
	h.answer(ok(keySet("a")))
	h.now += 40 * sec
	for _, claims := range []map[string]any{
		{"iss": "https://other.test", "exp": start/sec + 60},
		{"iss": "https://idp.test", "exp": start/sec - 60},
		{"iss": "https://idp.test"},
	} {
		var s Stream
		if v := h.request(&s, get(token("x", claims))); v.Action != Refuse || h.fetches != 1 {
			t.Errorf("%v: %+v with %d fetches", claims, v, h.fetches)
		}
	}
}

func TestWaitingIsBounded(t *testing.T) {
	h := &host{t: t, p: plugin(t, remoteConfig), now: start}
	streams := make([]Stream, maxWaiting+1)
	for i := range streams {
		v := h.request(&streams[i], get(good("a")))
		if want := i == maxWaiting; (v.Reason == reason.WaitingFull) != want {
			t.Fatalf("stream %d: %+v", i, v)
		}
	}
}

// TestW04CallbacksOutOfOrder: whatever no conforming host does is held or refused.
func TestW04CallbacksOutOfOrder(t *testing.T) {
	p := plugin(t, inlineConfig(t))
	var s Stream
	if p.Later(&s) != Pause {
		t.Error("a body before any headers passes")
	}
	p.Headers(start, &s, get(good("a")))
	if v := p.Headers(start, &s, get()); v.Action != Refuse {
		t.Errorf("headers twice: %+v", v)
	}
	if v := p.Headers(start, &s, get(good("a"))); v.Action != Inert {
		t.Errorf("headers after a refusal: %+v", v)
	}
	if p.Later(&s) != Inert {
		t.Error("a body after a refusal passes")
	}
	if v := p.Resume(start, &s, get(good("a"))); v.Action != Inert {
		t.Errorf("a stream that does not wait is resumed: %+v", v)
	}
	p.Gone(&s)
	if v := p.Headers(start, &s, get(good("a"))); v.Action != Inert {
		t.Errorf("headers after the end: %+v", v)
	}
}

func TestT04ClockThatIsNotSetRefuses(t *testing.T) {
	p := plugin(t, inlineConfig(t))
	for _, now := range []int64{0, 1, 999_999_999 * sec} {
		var s Stream
		if v := p.Headers(now, &s, get(good("a"))); v.Reason != reason.ClockUnset || v.Answer.Status != 503 {
			t.Errorf("clock at %d: %+v", now, v)
		}
	}
}

func TestH21UnreadableHeadersAreNotAnonymous(t *testing.T) {
	p := plugin(t, `{"default":"allow"}`)
	many := get()
	for i := range maxHeaders {
		many = append(many, request.Header{Name: "x-" + strconv.Itoa(i), Value: "1"})
	}
	large := append(get(), request.Header{Name: "x", Value: strings.Repeat("a", maxHeaderBytes)})
	for law, h := range map[string][]request.Header{"none": nil, "no pseudo headers": {{Name: "a", Value: "b"}}, "1,028 lines": many, "over 1 MiB": large} {
		var s Stream
		if v := p.Headers(start, &s, h); v.Reason != reason.HeadersUnreadable || v.Answer.Status != 400 {
			t.Errorf("%s: %+v", law, v)
		}
	}
}

func TestAllowMissingJudgesEachTokenByItsIssuer(t *testing.T) {
	setA, _ := json.Marshal(keySet("a"))
	setB, _ := json.Marshal(keySet("b"))
	p := plugin(t, `{"providers":{
		"one":{"issuer":"https://one.test","local_jwks":{"inline_string":`+string(setA)+`},"claim_to_headers":[{"header_name":"x-one","claim_name":"sub"}]},
		"two":{"issuer":"https://two.test","local_jwks":{"inline_string":`+string(setB)+`},"claim_to_headers":[{"header_name":"x-two","claim_name":"sub"}]}},
		"rules":[{"match":{"path":"/failed"},"requires":{"allow_missing_or_failed":{}}},{"match":{"prefix":"/"},"requires":{"allow_missing":{}}}]}`)
	exp := start/sec + 60
	for _, c := range []struct {
		law, path, kid, iss string
		want                reason.Code
		provider            string
	}{
		{"one's token", "/", "a", "https://one.test", reason.OK, "one"},
		{"two's token", "/", "b", "https://two.test", reason.OK, "two"},
		{"J-14 one's issuer signed by two's key", "/", "b", "https://one.test", reason.KeyUnknown, "one"},
		{"an unknown issuer", "/", "a", "https://three.test", reason.IssuerUnknown, ""},
		{"nothing", "/", "", "", reason.OK, ""},
		{"an unknown issuer where failures may pass", "/failed", "a", "https://three.test", reason.OK, ""},
	} {
		h := get()
		if c.kid != "" {
			h = get(token(c.kid, map[string]any{"iss": c.iss, "sub": "s", "exp": exp}))
		}
		h[3].Value = c.path
		var s Stream
		v := p.Headers(start, &s, h)
		if v.Reason != c.want || v.Provider != c.provider || (v.Action == Continue) != (c.want == reason.OK) {
			t.Errorf("%s: %s by %q, want %s by %q", c.law, v.Reason, v.Provider, c.want, c.provider)
		}
		for _, op := range v.Ops {
			if op.Kind == effect.Set && op.Name != "x-"+c.provider {
				t.Errorf("%s: writes %s", c.law, op.Name)
			}
		}
	}
}

func TestOnUnavailable(t *testing.T) {
	for mode, want := range map[string]reason.Code{"deny_503": reason.KeysUnavailable, "deny_401": reason.KeysRefused, "allow": reason.OK} {
		p := plugin(t, strings.Replace(remoteConfig, `"cache_duration"`, `"on_unavailable":"`+mode+`","cache_duration"`, 1))
		h := &host{t: t, p: p, now: start}
		var s Stream
		h.request(&s, get(good("a")))
		h.answer(jwks.Answer{})
		v := h.p.Resume(h.now, &s, append(get(good("a")), request.Header{Name: "x-user", Value: "forged"}))
		if v.Reason != want || v.Provider != map[bool]string{true: "", false: "corp"}[want == reason.OK] {
			t.Errorf("%s: %s by %q", mode, v.Reason, v.Provider)
		}
		for _, op := range v.Ops {
			if op.Kind == effect.Set {
				t.Errorf("%s: an unproved identity writes %s", mode, op.Name)
			}
		}
	}
}

func TestRefusalsAreLoggedWithoutCredentialsAtABoundedRate(t *testing.T) {
	p := plugin(t, inlineConfig(t))
	lines := 0
	for range 1000 {
		var s Stream
		tok := token("evil\"\n\x1b[31m", map[string]any{"iss": "https://idp.test", "exp": start/sec + 60, "secret": "s3cr3t"})
		v := p.Headers(start, &s, get(tok))
		if v.Log == "" {
			continue
		}
		lines++
		var line map[string]any
		if err := json.Unmarshal([]byte(v.Log), &line); err != nil {
			t.Fatalf("%q: %v", v.Log, err)
		}
		if line["reason"] != "key_unknown" || line["provider"] != "corp" || line["alg"] != "EdDSA" || strings.ContainsAny(v.Log, "\n\x1b") {
			t.Fatalf("%q", v.Log)
		}
		for _, part := range strings.Split(tok, ".") {
			if strings.Contains(v.Log, part) {
				t.Fatalf("the log holds a part of the token: %q", v.Log)
			}
		}
	}
	if lines != logBurst {
		t.Errorf("%d lines for 1,000 refusals in one moment, want %d", lines, logBurst)
	}
	var s Stream
	if v := p.Headers(start+sec, &s, get("x")); !strings.Contains(v.Log, `"suppressed":950`) {
		t.Errorf("the next line does not tell what was suppressed: %q", v.Log)
	}
}

func TestWarmRequestDoesNotAllocate(t *testing.T) {
	p := plugin(t, inlineConfig(t))
	h := get(good("a"))
	var s Stream
	ours := testing.AllocsPerRun(200, func() {
		s = Stream{}
		if v := p.Headers(start, &s, h); v.Action != Continue {
			t.Fatal(v.Reason)
		}
	})
	pub, input := key("a").Public().(ed25519.PublicKey), []byte("x")
	sig := ed25519.Sign(key("a"), input)
	kernel := testing.AllocsPerRun(200, func() { ed25519.Verify(pub, input, sig) })
	if ours > kernel {
		t.Errorf("%v allocations beside the %v of the signature itself", ours-kernel, kernel)
	}
}
