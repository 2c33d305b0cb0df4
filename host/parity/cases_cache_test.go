package parity

import (
	"fmt"
	"strings"
	"sync"
	"time"
)

// minted are tokens that several cases send: the very same bytes each time.
var minted sync.Map

// again adds an Authorization line with the token of that name, minted by the first
// case that sends it.
func again(name string, mods ...mod) build { return againIn("authorization", "Bearer ", name, mods...) }

func againIn(header, prefix, name string, mods ...mod) build {
	return func(b *builder) { line(header, prefix+b.mint.once(name, mods...))(b) }
}

// edited sends a token that was minted before and then changed.
func edited(name string, edit func(string) string) build {
	return func(b *builder) { line("authorization", "Bearer "+edit(b.mint.once(name)))(b) }
}

// signedBy sends another token under the signature of one that was minted before.
func signedBy(name string, mods ...mod) build {
	return func(b *builder) {
		other, signed := b.mint.token(mods...), b.mint.once(name)
		line("authorization", "Bearer "+other[:strings.LastIndexByte(other, '.')]+signed[strings.LastIndexByte(signed, '.'):])(b)
	}
}

func (m *mint) once(name string, mods ...mod) string {
	if token, ok := minted.Load(name); ok {
		return token.(string)
	}
	token := m.token(mods...)
	minted.Store(name, token)
	return token
}

// cacheGroup: what was verified once is judged anew but for its signature.
var cacheGroup = group{
	name: "cache", config: `{
  "token_cache": {"max_entries": 8},
  "providers": {
    "corp": {"issuer": "https://issuer.test", "audiences": ["api"], "local_jwks": {"inline_string": {{set "main"}}},
             "claim_to_headers": [{"header_name": "x-user", "claim_name": "sub"}]},
    "twin": {"issuer": "https://issuer.test", "audiences": ["api"], "local_jwks": {"inline_string": {{set "main"}}}},
    "partner": {"issuer": "https://issuer.test", "audiences": ["partner"], "local_jwks": {"inline_string": {{set "main"}}}},
    "other-issuer": {"issuer": "https://other.test", "local_jwks": {"inline_string": {{set "main"}}}},
    "other-keys": {"issuer": "https://issuer.test", "local_jwks": {"inline_string": {{set "replaced"}}}},
    "only-rsa": {"issuer": "https://issuer.test", "algorithms": ["RS256"], "local_jwks": {"inline_string": {{set "main"}}}},
    "small": {"issuer": "https://issuer.test", "max_token_bytes": 100, "local_jwks": {"inline_string": {{set "main"}}}},
    "capped": {"issuer": "https://issuer.test", "jwt_cache_config": {"jwt_cache_size": 1, "jwt_max_token_size": 300}, "local_jwks": {"inline_string": {{set "main"}}}},
    "second": {"issuer": "https://issuer.test", "local_jwks": {"inline_string": {{set "main"}}}, "from_headers": [{"name": "x-second"}],
               "claim_to_headers": [{"header_name": "x-second-user", "claim_name": "sub"}]}
  },
  "rules": [
    {"match": {"prefix": "/corp"}, "requires": {"provider_name": "corp"}},
    {"match": {"prefix": "/rule"}, "requires": {"provider_and_audiences": {"provider_name": "corp", "audiences": ["other"]}}},
    {"match": {"prefix": "/twin"}, "requires": {"provider_name": "twin"}},
    {"match": {"prefix": "/partner"}, "requires": {"provider_name": "partner"}},
    {"match": {"prefix": "/issuer"}, "requires": {"provider_name": "other-issuer"}},
    {"match": {"prefix": "/keys"}, "requires": {"provider_name": "other-keys"}},
    {"match": {"prefix": "/rsa"}, "requires": {"provider_name": "only-rsa"}},
    {"match": {"prefix": "/small"}, "requires": {"provider_name": "small"}},
    {"match": {"prefix": "/capped"}, "requires": {"provider_name": "capped"}},
    {"match": {"prefix": "/both"}, "requires": {"requires_all": {"requirements": [{"provider_name": "corp"}, {"provider_name": "second"}]}}},
    {"match": {"prefix": "/any"}, "requires": {"requires_any": {"requirements": [{"provider_name": "partner"}, {"provider_name": "corp"}]}}}
  ]
}`,
	cases: cacheCases(),
}

func cacheCases() []scenario {
	list := []scenario{
		{law: "S-01: a token is verified", send: get("/twin", again("alice", by("p256"))), want: allowed().by("twin")},
		{law: "S-01: and passes again", send: get("/twin", again("alice")), want: allowed().by("twin")},
		{law: "S-01: at another provider its audiences count", send: get("/partner", again("alice")), want: invalid("audience_mismatch").by("partner")},
		{law: "S-01: at another provider its issuer counts", send: get("/issuer", again("alice")), want: invalid("issuer_mismatch").by("other-issuer")},
		{law: "S-01: at another provider its algorithms count", send: get("/rsa", again("alice")), want: invalid("algorithm_not_allowed").by("only-rsa")},
		{law: "S-01: at another provider its keys count", send: get("/keys", again("alice")), want: invalid("key_unknown").by("other-keys")},
		{law: "S-01: at another provider its bound counts", send: get("/small", again("alice")), want: invalid("token_too_large").by("small")},
		{law: "S-01: another rule's audiences count", send: get("/rule", again("alice")), want: invalid("audience_mismatch").by("corp")},
		{law: "S-01: where any will do the one that takes it proves it", send: get("/any", again("alice")), want: allowed(adding("x-user", "alice")).by("corp")},
		{law: "S-01: and again", send: get("/any", again("alice")), want: allowed(adding("x-user", "alice")).by("corp")},
		{law: "S-01: none of this has changed the first provider's mind", send: get("/twin", again("alice")), want: allowed().by("twin")},
		{law: "S-02: other claims under a verified token's signature", send: get("/twin", signedBy("alice", by("p256"), claim("sub", "admin"))), want: invalid("bad_signature").by("twin")},
		{law: "S-02: the same claims, another header", send: get("/twin", signedBy("alice", by("p256"), head("typ", "JWT"))), want: invalid("bad_signature").by("twin")},
		{law: "S-02: another token's signature", send: get("/twin", signedBy("alice", by("rsa"))), want: invalid("bad_signature").by("twin")},
		{law: "S-06: a token that differs in the last byte", send: get("/twin", edited("alice", func(s string) string { return s[:len(s)-3] + flipped(s[len(s)-3:]) })), want: invalid("bad_signature|token_malformed").by("twin")},
		{law: "S-06: a token that goes on", send: get("/twin", edited("alice", func(s string) string { return s + "AAAA" })), want: invalid("bad_signature").by("twin")},
		{law: "S-06: a token that is cut", send: get("/twin", edited("alice", func(s string) string { return s[:len(s)-4] })), want: invalid("bad_signature|token_malformed").by("twin")},
		{law: "S-08: a share of one keeps one", send: get("/capped", again("alice")), want: allowed().by("capped")},
		{law: "S-08: a share of one keeps another", send: get("/capped", again("bob", by("ed"), claim("sub", "bob"))), want: allowed().by("capped")},
		{law: "S-08: a share of one verifies the first anew", send: get("/capped", again("alice")), want: allowed().by("capped")},
		{law: "S-08: a token over jwt_max_token_size is verified each time", send: get("/capped", again("long", by("ed"), claim("x", strings.Repeat("x", 400)))), want: allowed().by("capped")},
		{law: "S-08: and passes each time", send: get("/capped", again("long")), want: allowed().by("capped")},
	}
	// More tokens than there is room for, with all there is to write of each: hits and
	// misses by turns, in one request too.
	for round := range 3 {
		for i := range 6 {
			name := fmt.Sprintf("user-%d", i)
			sub := name + strings.Repeat("-"+name, i*20)
			list = append(list, scenario{
				law:  fmt.Sprintf("S-07: claims of %s are its own, round %d", name, round+1),
				send: get("/corp", again(name, by("ed"), claim("sub", sub)), line("x-user", "forged")),
				want: allowed(without("authorization", "x-user"), adding("x-user", sub)).by("corp"),
			})
			second := fmt.Sprintf("second-%d", (i+round)%4)
			list = append(list, scenario{
				law:  fmt.Sprintf("S-07: claims of %s and %s do not mix, round %d", name, second, round+1),
				send: get("/both", again(name), againIn("x-second", "", second, by("p256"), claim("sub", second))),
				want: allowed(without("x-second"), adding("x-user", sub), adding("x-second-user", second)).by("second"),
			})
		}
	}
	return list
}

var keptGroup = group{
	name:     "cache-rotation",
	provider: "corp", config: remote(`, "refetch_on_unknown_kid": {"min_interval": "2s", "wait": "2s"}`), clusters: keysFrom(serve("rsa")),
	cases: []scenario{
		{law: "S-05: a token is verified with fetched keys", send: get("/", again("before")), want: allowed()},
		{law: "S-05: and passes again", send: get("/", again("before")), want: allowed()},
		{law: "S-05: a set that has both keys", send: get("/", again("next", by("rsa-next"))), want: allowed(), before: func(w *world) { w.now("keys", serve("rotated")) }},
		{law: "S-05: verifies the former token too", send: get("/", again("before")), want: allowed()},
		{law: "S-05: again", send: get("/", again("before")), want: allowed()},
		{law: "S-05: an unknown kid brings a set without the former key", send: get("/", bearer(by("rsa-stranger"))), want: invalid("key_unknown"), before: func(w *world) {
			w.now("keys", serve("replaced"))
			w.pass(2200 * time.Millisecond)
		}},
		{law: "S-05: a kept token dies with its key", send: get("/", again("before")), want: invalid("key_unknown")},
		{law: "S-05: one of the key that is left does not", send: get("/", again("next")), want: allowed()},
		{law: "S-05: and again", send: get("/", again("next")), want: allowed()},
	},
}

var keptStaleGroup = group{
	name:     "cache-stale",
	provider: "corp", config: remote(`, "cache_duration": "0.3s", "stale_if_error": "0.2s", "async_fetch": {"failed_refetch_duration": "0.1s"}`), clusters: keysFrom(serve("rsa")),
	cases: []scenario{
		{law: "S-05: fresh keys verify", send: get("/", again("fresh")), want: allowed()},
		{law: "S-05: and again", send: get("/", again("fresh")), want: allowed()},
		{law: "S-05: a kept token is not accepted when its keys have expired", send: get("/", again("fresh")), want: unavailable("keys_unavailable"), before: func(w *world) {
			w.now("keys", says(500, ""))
			w.pass(1500 * time.Millisecond)
		}},
	},
}
