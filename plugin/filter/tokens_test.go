package filter

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/postern-wasm/postern/plugin/effect"
	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/request"
)

// claimsOf are good claims of a subject with others in their place.
func claimsOf(sub string, more map[string]any) map[string]any {
	c := map[string]any{"iss": "https://idp.test", "aud": "api", "sub": sub, "exp": start/sec + 7200}
	maps.Copy(c, more)
	return c
}

// cached is a configuration of providers that keep their token in headers of their
// names, each with more members, and one rule for each: by its provider's name, then
// rules.
func cached(t *testing.T, top, rules string, providers map[string]string) string {
	t.Helper()
	set, err := json.Marshal(keySet("a"))
	if err != nil {
		t.Fatal(err)
	}
	var list, own []string
	for name, more := range providers {
		if !strings.Contains(more, "jwks") {
			more += `,"local_jwks":{"inline_string":` + string(set) + `}`
		}
		list = append(list, fmt.Sprintf(`%q:{%s,"claim_to_headers":[{"header_name":"x-%s","claim_name":"sub"}]}`, name, strings.TrimPrefix(more, ","), name))
		own = append(own, fmt.Sprintf(`{"match":{"path":"/%s"},"requires":{"provider_name":%q}}`, name, name))
	}
	if rules != "" {
		own = append(own, rules)
	}
	return `{` + top + `"providers":{` + strings.Join(list, ",") + `},"rules":[` + strings.Join(own, ",") + `]}`
}

// mixed are members of a provider that has the usual key and takes no such signature.
func mixed(t *testing.T) string {
	t.Helper()
	set := strings.Replace(keySet("a"), `[{`, `[{"kty":"oct","k":"`+b64.EncodeToString(make([]byte, 32))+`"},{`, 1)
	text, err := json.Marshal(set)
	if err != nil {
		t.Fatal(err)
	}
	return `,"algorithms":["HS256"],"local_jwks":{"inline_string":` + string(text) + `}`
}

const idp = `"issuer":"https://idp.test"`

// client sends requests to a plugin.
type client struct {
	t   *testing.T
	p   *Plugin
	now int64
}

func (c *client) send(path string, headers ...request.Header) *Verdict {
	h := append(get(), headers...)
	h[3].Value = path
	return c.p.Headers(c.now, new(Stream), h)
}

func bearer(tok string) request.Header {
	return request.Header{Name: "authorization", Value: "Bearer " + tok}
}

// want sends a token and wants a reason, and so many hits in all so far.
func (c *client) want(law, path, tok string, code reason.Code, hits uint64) {
	c.t.Helper()
	v := c.send(path, bearer(tok))
	if v.Reason != code || (v.Action == Continue) != (code == reason.OK) {
		c.t.Errorf("%s: %s, want %s", law, v.Reason, code)
	}
	if got := c.p.CacheStats().Hits; got != hits {
		c.t.Errorf("%s: %d hits so far, want %d", law, got, hits)
	}
}

func TestASecondRequestHits(t *testing.T) {
	c := &client{t, plugin(t, cached(t, "", "", map[string]string{"a": idp})), start}
	tok := token("a", claimsOf("alice", nil))
	for i := range uint64(3) {
		c.want("the same token", "/a", tok, reason.OK, i)
		v := c.send("/a", bearer(tok))
		if len(v.Ops) != 2 || v.Ops[1] != (effect.Op{Kind: effect.Set, Name: "x-a", Value: "alice"}) || v.Provider != "a" {
			t.Errorf("%+v", v)
		}
		c.p.tokens.caches[0].Close()
		c.p.tokens = newTokens(c.p.cfg, 42) // anew
		c.want("first", "/a", tok, reason.OK, 0)
		for range i {
			c.want("again", "/a", tok, reason.OK, c.p.CacheStats().Hits+1)
		}
	}
}

// S-01: what one provider or rule has let pass is judged anew by another.
func TestS01AnotherProviderOrRuleJudgesAnew(t *testing.T) {
	other, err := json.Marshal(keySet("b"))
	if err != nil {
		t.Fatal(err)
	}
	text := cached(t, "", `{"match":{"path":"/other-audience"},"requires":{"provider_and_audiences":{"provider_name":"a","audiences":["other"]}}}`, map[string]string{
		"a": idp + `,"audiences":["api"]`, "audience": idp + `,"audiences":["b"]`, "issuer": `"issuer":"https://b.test"`,
		"algorithm": idp + mixed(t), "keys": idp + `,"local_jwks":{"inline_string":` + string(other) + `}`,
		"size": idp + `,"max_token_bytes":40`, "twin": idp + `,"audiences":["api"]`,
	})
	c := &client{t, plugin(t, text), start}
	tok := token("a", claimsOf("alice", nil))
	c.want("first", "/a", tok, reason.OK, 0)
	c.want("again", "/a", tok, reason.OK, 1)
	for range 2 {
		c.want("another audience", "/audience", tok, reason.AudienceMismatch, 1)
		c.want("another issuer", "/issuer", tok, reason.IssuerMismatch, 1)
		c.want("another algorithm", "/algorithm", tok, reason.AlgorithmNotAllowed, 1)
		c.want("other keys", "/keys", tok, reason.KeyUnknown, 1)
		c.want("a smaller bound", "/size", tok, reason.TokenTooLarge, 1)
	}
	c.want("a twin verifies for itself", "/twin", tok, reason.OK, 1)
	c.want("a twin again", "/twin", tok, reason.OK, 2)
	c.want("the same provider, another rule's audiences", "/other-audience", tok, reason.AudienceMismatch, 3)
	c.want("and back", "/a", tok, reason.OK, 4)
}

// S-01: refusals of a recalled token are told and logged as those of a fresh one.
func TestS01ARecalledTokenIsRefusedLikeAFreshOne(t *testing.T) {
	text := cached(t, "", `{"match":{"path":"/other"},"requires":{"provider_and_audiences":{"provider_name":"a","audiences":["other"]}}}`, map[string]string{"a": idp})
	tok := token("a", claimsOf("alice", nil))
	fresh := &client{t, plugin(t, text), start}
	warm := &client{t, plugin(t, text), start}
	warm.want("first", "/a", tok, reason.OK, 0)
	v, w := fresh.send("/other", bearer(tok)), warm.send("/other", bearer(tok))
	if v.Log != w.Log || string(v.Answer.Body) != string(w.Answer.Body) || v.Provider != w.Provider || warm.p.CacheStats().Hits != 1 {
		t.Errorf("%q and %q", v.Log, w.Log)
	}
	if !strings.Contains(w.Log, `"alg":"EdDSA"`) || !strings.Contains(w.Log, `"kid":"a"`) {
		t.Errorf("%q", w.Log)
	}
}

// S-02, S-06: other claims under a signature segment that was seen, or one byte anywhere.
func TestS02AnotherTokenWithTheSameSignature(t *testing.T) {
	c := &client{t, plugin(t, cached(t, "", "", map[string]string{"a": idp})), start}
	tok := token("a", claimsOf("alice", nil))
	c.want("first", "/a", tok, reason.OK, 0)
	parts := strings.Split(tok, ".")
	forged, err := json.Marshal(claimsOf("admin", nil))
	if err != nil {
		t.Fatal(err)
	}
	c.want("other claims", "/a", parts[0]+"."+b64.EncodeToString(forged)+"."+parts[2], reason.BadSignature, 0)
	for i := range len(tok) {
		b := []byte(tok)
		b[i] ^= 1
		if v := c.send("/a", bearer(string(b))); v.Action == Continue {
			t.Fatalf("passes with another byte at %d", i)
		}
	}
	c.want("the token itself", "/a", tok, reason.OK, 1)
}

// S-04: time goes on between hits, and back.
func TestS04TimesAreJudgedAtEveryHit(t *testing.T) {
	c := &client{t, plugin(t, cached(t, "", "", map[string]string{"a": idp + `,"clock_skew_seconds":0`})), start}
	tok := token("a", claimsOf("alice", map[string]any{"exp": start/sec + 100, "nbf": start/sec - 100, "iat": start/sec - 100}))
	c.want("first", "/a", tok, reason.OK, 0)
	c.now = start - 99*sec
	c.want("the clock steps back", "/a", tok, reason.OK, 1)
	c.now = start - 101*sec
	c.want("before nbf", "/a", tok, reason.NotYetValid, 2)
	c.now = start + 100*sec - 1
	c.want("a nanosecond before exp", "/a", tok, reason.OK, 3)
	c.now = start + 100*sec
	c.want("at exp", "/a", tok, reason.Expired, 3)
	c.now = start
	c.want("back before exp it is verified anew, once", "/a", tok, reason.OK, 3)
	c.want("and not kept while the cache knows a later time", "/a", tok, reason.OK, 3)
	if s := c.p.CacheStats(); s.Entries != 0 {
		t.Errorf("%+v", s)
	}
}

func TestS04ATokenWithoutExpirationIsVerifiedEveryHour(t *testing.T) {
	c := &client{t, plugin(t, cached(t, "", "", map[string]string{"a": idp + `,"require_expiration":false`})), start}
	tok := token("a", map[string]any{"iss": "https://idp.test"})
	c.want("first", "/a", tok, reason.OK, 0)
	c.now += 3600*sec - 1
	c.want("within the hour", "/a", tok, reason.OK, 1)
	c.now++
	c.want("after it", "/a", tok, reason.OK, 1)
	c.want("again", "/a", tok, reason.OK, 2)
}

// S-05: new keys make older entries dead, at rotation and when a set has expired.
func TestS05KeysThatAreGoneVerifyNothing(t *testing.T) {
	h := &host{t: t, p: plugin(t, remoteConfig), now: start}
	tok := good("a")
	h.request(&Stream{}, get(tok))
	h.answer(ok(keySet("a", "b")))
	send := func(law string, code reason.Code, hits uint64) {
		t.Helper()
		if v := h.request(&Stream{}, get(tok)); v.Reason != code {
			t.Errorf("%s: %s, want %s", law, v.Reason, code)
		}
		if got := h.p.CacheStats().Hits; got != hits {
			t.Errorf("%s: %d hits, want %d", law, got, hits)
		}
	}
	send("first", reason.OK, 0)
	send("again", reason.OK, 1)
	h.now += 540 * sec // due
	h.pump()
	h.answer(ok(keySet("a")))
	send("the first after a refresh", reason.OK, 1)
	send("again", reason.OK, 2)
	h.now += 540 * sec
	h.pump()
	h.answer(ok(keySet("b")))
	v := h.request(&Stream{}, get(tok))
	if v.Action == Continue || h.p.CacheStats().Hits != 2 {
		t.Errorf("a withdrawn key's token passes: %s, %d hits", v.Reason, h.p.CacheStats().Hits)
	}
}

func TestS05ExpiredKeysVerifyNothing(t *testing.T) {
	h := &host{t: t, p: plugin(t, strings.Replace(remoteConfig, `"cache_duration"`, `"stale_if_error":"0s","cache_duration"`, 1)), now: start}
	tok := good("a")
	h.request(&Stream{}, get(tok))
	h.answer(ok(keySet("a")))
	h.request(&Stream{}, get(tok))
	if v := h.request(&Stream{}, get(tok)); v.Action != Continue || h.p.CacheStats().Hits != 1 {
		t.Fatal(v.Reason)
	}
	h.now += 601 * sec
	if v := h.request(&Stream{}, get(tok)); v.Action == Continue || h.p.CacheStats().Hits != 1 {
		t.Errorf("passes with expired keys: %+v", v)
	}
}

// S-05: a reload is a new plugin, which knows nothing of the old one's tokens.
func TestS05AReloadKnowsNothing(t *testing.T) {
	tok := token("a", claimsOf("alice", nil))
	before := &client{t, plugin(t, cached(t, "", "", map[string]string{"a": idp})), start}
	before.want("before", "/a", tok, reason.OK, 0)
	for more, code := range map[string]reason.Code{
		mixed(t): reason.AlgorithmNotAllowed, `,"audiences":["new"]`: reason.AudienceMismatch,
		`,"max_token_bytes":50`: reason.TokenTooLarge, "": reason.OK,
	} {
		after := &client{t, plugin(t, cached(t, "", "", map[string]string{"a": idp + more})), start}
		after.want("after"+more, "/a", tok, code, 0)
	}
}

// S-07: long A, short B, each with its own claims, cold and warm.
func TestS07NothingOfOneTokenShowsInAnother(t *testing.T) {
	c := &client{t, plugin(t, cached(t, "", "", map[string]string{"a": idp})), start}
	subjects := []string{strings.Repeat("long-a-", 500), "b", strings.Repeat("c\\u00e9", 2) + "x", "d"}
	for range 3 {
		for _, sub := range subjects {
			v := c.send("/a", bearer(token("a", claimsOf(sub, map[string]any{"esc": "tab\tand \"quote\""}))))
			if v.Action != Continue || v.Ops[1].Value != sub {
				t.Fatalf("%q arrives as %+v", sub, v.Ops)
			}
		}
	}
	if s := c.p.CacheStats(); s.Hits != 8 || s.Misses != 4 {
		t.Errorf("%+v", s)
	}
}

// S-08: off, one, and shares.
func TestS08MaxEntries(t *testing.T) {
	one, two := token("a", claimsOf("1", nil)), token("a", claimsOf("2", nil))
	off := &client{t, plugin(t, cached(t, `"token_cache":{"max_entries":0},`, "", map[string]string{"a": idp})), start}
	off.want("off", "/a", one, reason.OK, 0)
	off.want("off", "/a", one, reason.OK, 0)
	single := &client{t, plugin(t, cached(t, `"token_cache":{"max_entries":1},`, "", map[string]string{"a": idp})), start}
	single.want("one", "/a", one, reason.OK, 0)
	single.want("one", "/a", one, reason.OK, 1)
	single.want("two", "/a", two, reason.OK, 1)
	single.want("two", "/a", two, reason.OK, 2)
	if s := single.p.CacheStats(); s.Entries != 1 {
		t.Errorf("%+v", s)
	}
}

func TestAProvidersShareIsItsOwn(t *testing.T) {
	text := cached(t, "", "", map[string]string{
		"capped": idp + `,"jwt_cache_config":{"jwt_cache_size":2,"jwt_max_token_size":400}`, "open": idp,
	})
	c := &client{t, plugin(t, text), start}
	tok := func(i int) string { return token("a", claimsOf(fmt.Sprint(i), nil)) }
	for range 2 {
		c.send("/capped", bearer(tok(0)))
		c.send("/capped", bearer(tok(1)))
	}
	if s := c.p.CacheStats(); s.Hits != 2 || s.Entries != 2 {
		t.Fatalf("%+v", s)
	}
	for i := range 2000 { // of the other provider
		c.send("/open", bearer(tok(100+i)))
	}
	if c.send("/capped", bearer(tok(0))); c.p.CacheStats().Hits != 3 {
		t.Error("another provider's tokens have taken its place")
	}
	for i := range 10 {
		c.send("/capped", bearer(tok(10+i)))
	}
	if s := c.p.CacheStats(); s.Entries != 2002 {
		t.Errorf("%+v: the share of 2 is not kept", s)
	}
	long := token("a", claimsOf(strings.Repeat("x", 300), nil))
	c.want("longer than jwt_max_token_size", "/capped", long, reason.OK, 3)
	c.want("again", "/capped", long, reason.OK, 3)
}

func TestSharesStayWithinTheWhole(t *testing.T) {
	for _, top := range []string{"", `"token_cache":{"max_entries":10,"max_bytes":65536},`, `"token_cache":{"max_entries":1000000,"max_bytes":536870912},`} {
		for _, size := range []int{1, 100, 1_000_000} {
			one := fmt.Sprintf(`%s,"jwt_cache_config":{"jwt_cache_size":%d}`, idp, size)
			for name, providers := range map[string]map[string]string{
				"all have one": {"a": one, "b": one, "c": one}, "some": {"a": one, "b": idp, "c": one}, "none": {"a": idp, "b": idp},
			} {
				p := plugin(t, cached(t, top, "", providers))
				own, rest := shares(p.cfg)
				entries, bytes := rest.MaxEntries, rest.MaxBytes
				for i := range own {
					entries, bytes = entries+own[i].MaxEntries, bytes+own[i].MaxBytes
				}
				whole := p.cfg.TokenCache
				if entries > whole.MaxEntries || bytes > whole.MaxBytes || rest.MaxEntries < 0 || rest.MaxBytes < 0 {
					t.Errorf("%s, size %d, %s: %d entries, %d bytes", name, size, top, entries, bytes)
				}
				if name != "all have one" && (rest.MaxEntries < whole.MaxEntries/2 || rest.MaxBytes < whole.MaxBytes/2) {
					t.Errorf("%s, size %d, %s: the others have %+v", name, size, top, rest)
				}
			}
		}
	}
}

// S-09: without a seed there is no cache, and everything else goes on.
func TestS09WithoutASeedThereIsNoCache(t *testing.T) {
	p := plugin(t, cached(t, "", "", map[string]string{"a": idp}))
	c := &client{t, New(p.cfg, 0), start}
	tok := token("a", claimsOf("alice", nil))
	for range 3 {
		c.want("no seed", "/a", tok, reason.OK, 0)
	}
}

// An event with several tokens, of which some are recalled and others put in: what was
// recalled is still whole when the verdict is carried out.
func TestRecalledClaimsOutliveInsertionsOfTheirEvent(t *testing.T) {
	text := cached(t, `"token_cache":{"max_entries":1000,"max_bytes":65536},`,
		`{"match":{"path":"/all"},"requires":{"requires_all":{"requirements":[{"provider_name":"a"},{"provider_name":"b"},{"provider_name":"c"}]}}}`,
		map[string]string{
			"a": idp + `,"from_headers":[{"name":"x-tok-a"}]`, "b": idp + `,"from_headers":[{"name":"x-tok-b"}]`, "c": idp + `,"from_headers":[{"name":"x-tok-c"}]`,
		})
	c := &client{t, plugin(t, text), start}
	hot := make([]string, 8)
	subject := func(i int) string { return fmt.Sprintf("%d-%s", i, strings.Repeat("x", 100+i%7*300)) }
	for i := range hot {
		hot[i] = token("a", claimsOf(subject(i), nil))
	}
	for i := range 3000 {
		b, d := 1000+2*i, 1001+2*i
		v := c.send("/all",
			request.Header{Name: "x-tok-a", Value: hot[i%len(hot)]},
			request.Header{Name: "x-tok-b", Value: token("a", claimsOf(subject(b), nil))},
			request.Header{Name: "x-tok-c", Value: token("a", claimsOf(subject(d), nil))})
		want := map[string]string{"x-a": subject(i % len(hot)), "x-b": subject(b), "x-c": subject(d)}
		for _, op := range v.Ops {
			if op.Kind == effect.Set && op.Value != want[op.Name] {
				t.Fatalf("request %d: %s is %.20q, want %.20q", i, op.Name, op.Value, want[op.Name])
			}
			delete(want, op.Name)
		}
		if v.Action != Continue || len(want) != 0 {
			t.Fatalf("request %d: %s, %d headers lack", i, v.Reason, len(want))
		}
	}
	if s := c.p.CacheStats(); s.Hits == 0 || s.Evicted == 0 {
		t.Errorf("%+v: the test does not reach the case", s)
	}
}

// Where any provider's token will do, the one that its issuer names judges, cached or
// not, whoever has proved it before.
func TestAnybodysTokenIsItsIssuersCachedOrNot(t *testing.T) {
	text := cached(t, "", `{"match":{"prefix":"/any"},"requires":{"allow_missing":{}}}`, map[string]string{
		"any-issuer": `"audiences":["api"]`, "named": idp, "second": idp,
	})
	c := &client{t, plugin(t, text), start}
	tok := token("a", claimsOf("alice", nil))
	c.want("proved by one that takes any issuer", "/any-issuer", tok, reason.OK, 0)
	c.want("proved by a second one of that issuer", "/second", tok, reason.OK, 0)
	for range 2 {
		if v := c.send("/any", bearer(tok)); v.Provider != "named" || v.Action != Continue {
			t.Errorf("judged by %q: %s", v.Provider, v.Reason)
		}
	}
	before := c.p.CacheStats().Hits
	if v := c.send("/any", bearer(tok)); v.Provider != "named" || c.p.CacheStats().Hits == before {
		t.Errorf("judged by %q, no hit", v.Provider)
	}
	stranger := token("a", claimsOf("bob", map[string]any{"iss": "https://else.test", "aud": "api"}))
	for range 2 {
		if v := c.send("/any", bearer(stranger)); v.Provider != "any-issuer" || v.Action != Continue {
			t.Errorf("judged by %q: %s", v.Provider, v.Reason)
		}
	}
}

func TestHitsDoNotAllocate(t *testing.T) {
	c := &client{t, plugin(t, cached(t, "", "", map[string]string{"a": idp})), start}
	h := append(get(), bearer(token("a", claimsOf("alice", nil))))
	h[3].Value = "/a"
	var s Stream
	n := testing.AllocsPerRun(200, func() {
		s = Stream{}
		if v := c.p.Headers(start, &s, h); v.Action != Continue {
			t.Fatal(v.Reason)
		}
	})
	if n != 0 || c.p.CacheStats().Hits < 200 {
		t.Errorf("%v allocations, %+v", n, c.p.CacheStats())
	}
}

func BenchmarkHit(b *testing.B) {
	p := plugin(&testing.T{}, cached(&testing.T{}, "", "", map[string]string{"a": idp}))
	more := map[string]any{}
	for i := range 8 {
		more[fmt.Sprintf("claim-%d", i)] = strings.Repeat("v", 24)
	}
	h := append(get(), bearer(token("a", claimsOf("alice", more))))
	h[3].Value = "/a"
	for b.Loop() {
		var s Stream
		if p.Headers(start, &s, h).Action != Continue {
			b.Fatal("refused")
		}
	}
}

// S-01: providers of one requirement that look at one token share its parts, never what
// another has proved; tokens at places that are decoded are each their own.
func TestS01ProvidersOfOneRequirementShareNoProof(t *testing.T) {
	other, err := json.Marshal(keySet("b"))
	if err != nil {
		t.Fatal(err)
	}
	rule := func(path string, names ...string) string {
		var list []string
		for _, name := range names {
			list = append(list, fmt.Sprintf(`{"provider_name":%q}`, name))
		}
		return fmt.Sprintf(`{"match":{"path":%q},"requires":{"requires_any":{"requirements":[%s]}}}`, path, strings.Join(list, ","))
	}
	rules := strings.Join([]string{
		rule("/1", "strange", "small", "audience", "a"), rule("/2", "strange", "audience", "small"),
		rule("/3", "a", "strange"), rule("/4", "p", "q"),
	}, ",")
	p := plugin(t, cached(t, "", rules, map[string]string{
		"a": idp, "audience": idp + `,"audiences":["other"]`, "small": idp + `,"max_token_bytes":60`,
		"strange": idp + `,"local_jwks":{"inline_string":` + string(other) + `}`,
		"p":       idp + `,"from_params":["p"],"audiences":["none"]`, "q": idp + `,"from_params":["q"]`,
	}))
	c := &client{t, p, start}
	tok := token("a", claimsOf("alice", nil))
	for range 3 {
		if v := c.send("/1", bearer(tok)); v.Action != Continue || v.Provider != "a" {
			t.Errorf("/1: %s by %q", v.Reason, v.Provider)
		}
		if v := c.send("/2", bearer(tok)); v.Action == Continue {
			t.Errorf("/2 passes by %q", v.Provider)
		}
		if v := c.send("/3", bearer(tok)); v.Action != Continue || v.Provider != "a" {
			t.Errorf("/3: %s by %q", v.Reason, v.Provider)
		}
		// Two tokens of one length in the query: what the first was says nothing of the second.
		parts := strings.Split(tok, ".")
		forged := parts[0] + "." + b64.EncodeToString([]byte(strings.Replace(string(mustDecode(t, parts[1])), "alice", "admin", 1))) + "." + parts[2]
		if v := c.send("/4?p=" + tok + "&q=" + forged); v.Action == Continue {
			t.Error("/4: a forged token passes beside a good one")
		}
		if v := c.send("/4?p=" + forged + "&q=" + tok); v.Action != Continue || v.Provider != "q" {
			t.Errorf("/4: %s by %q", v.Reason, v.Provider)
		}
	}
}

func mustDecode(t *testing.T, s string) []byte {
	t.Helper()
	b, err := b64.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
