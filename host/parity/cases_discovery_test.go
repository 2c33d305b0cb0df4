package parity

import (
	"fmt"
	"strings"
	"time"

	"github.com/postern-wasm/postern/host/envoy"
)

// The places of the tests' issuer, https://issuer.test.
const (
	placeOIDC  = "/.well-known/openid-configuration"
	placeOAuth = "/.well-known/oauth-authorization-server"
	placeKeys  = "/jwks.json"
)

// describes is metadata; more are members of it.
func describes(issuer, keys string) answer {
	return says(200, fmt.Sprintf(`{"issuer": %q, "jwks_uri": %q, "subject_types_supported": ["public"]}`, issuer, keys))
}

// idp is a server with metadata and keys.
func idp(metadata answer) answer {
	return at3(metadata, says(404, ""), serve("rsa"))
}

// at3 answers by the place that is asked for.
func at3(oidc, oauth, keys answer) answer {
	return func(k ring) envoy.Answer {
		made := oidc(k)
		made.At = map[string]envoy.Answer{placeOAuth: oauth(k), placeKeys: keys(k)}
		return made
	}
}

const goodKeys = "https://issuer.test" + placeKeys

// discoveryGroup: one server over its life.
var discoveryGroup = group{
	name: "discovery", provider: "corp", config: `{
  "providers": {"corp": {"issuer": "https://issuer.test", "discovery": {"cluster": "idp", "timeout": "5s"},
    "remote_jwks": {"cache_duration": "600s", "refetch_on_unknown_kid": {"min_interval": "1s", "wait": "2s"}, "async_fetch": {"failed_refetch_duration": "0.2s"}}}},
  "rules": [{"match": {"prefix": "/"}, "requires": {"provider_name": "corp"}}]
}`,
	clusters: map[string]answer{"idp": idp(describes("https://issuer.test", goodKeys))},
	cases: []scenario{
		{law: "discovery: the keys that the metadata names verify", send: get("/", bearer()), want: allowed()},
		{law: "discovery: two calls have done it", send: get("/", bearer(by("rsa-stranger"), head("kid", "rsa"))), want: invalid("bad_signature"), before: func(w *world) {
			if n := w.fetches("idp"); n != 2 {
				w.wrong = append(w.wrong, fmt.Sprintf("the server was asked %d times, want 2", n))
			}
		}},
		{law: "discovery: a rotation asks for the keys alone", send: get("/", bearer(by("rsa-next"))), want: allowed(), before: func(w *world) {
			w.pass(1100 * time.Millisecond)
			w.now("idp", at3(says(500, ""), says(500, ""), serve("rotated")))
			w.mark("idp")
		}},
		{law: "discovery: one call has done it", send: get("/", bearer()), want: allowed(), before: func(w *world) { w.asked("idp", 1) }},
		{law: "discovery: C-06 metadata that turns hostile takes no keys away", send: get("/", bearer(by("rsa-stranger"))), want: invalid("key_unknown"), before: func(w *world) {
			w.pass(1100 * time.Millisecond)
			w.now("idp", at3(describes("https://evil.test", "https://evil.test/keys"), says(404, ""), says(404, "")))
		}},
		{law: "discovery: the keys in hand verify still", send: get("/", bearer(by("rsa-next"))), want: allowed()},
	},
}

// discoveryBad are metadata from which no keys are fetched.
var discoveryBad = []struct {
	what string
	is   answer
}{
	{"another issuer's (C-06)", describes("https://other.test", goodKeys)},
	{"the issuer's with a slash (C-06)", describes("https://issuer.test/", goodKeys)},
	{"keys on another host (C-06)", describes("https://issuer.test", "https://evil.test"+placeKeys)},
	{"keys on another port (C-06)", describes("https://issuer.test", "https://issuer.test:8443"+placeKeys)},
	{"keys by another scheme (C-06)", describes("https://issuer.test", "http://issuer.test"+placeKeys)},
	{"user information (C-06)", describes("https://issuer.test", "https://issuer.test@evil.test"+placeKeys)},
	{"two issuers (N-13)", says(200, `{"issuer": "https://other.test", "issuer": "https://issuer.test", "jwks_uri": "`+goodKeys+`"}`)},
	{"text that is not UTF-8 (N-13)", says(200, "{\"x\": \"\xff\", \"issuer\": \"https://issuer.test\", \"jwks_uri\": \""+goodKeys+"\"}")},
	{"nested too deeply (N-13)", says(200, `{"x": `+strings.Repeat("[", 200)+strings.Repeat("]", 200)+`, "issuer": "https://issuer.test", "jwks_uri": "`+goodKeys+`"}`)},
	{"no jwks_uri", says(200, `{"issuer": "https://issuer.test"}`)},
	{"a page", says(200, "<html>")},
	{"a redirect", says(302, "", envoy.Header{Name: "location", Value: "https://evil.test/"})},
	{"an error", says(500, "")},
	{"a closed connection", hangsUp},
	{"more than max_bytes", says(200, `{"issuer": "https://issuer.test", "jwks_uri": "`+goodKeys+`"}`+strings.Repeat(" ", 65536))},
}

// discoveryBadGroup has a provider for each, and some whose metadata is good.
func discoveryBadGroup() group {
	g := group{name: "discovery-bad", clusters: map[string]answer{}}
	var providers, rules []string
	add := func(law, discovery string, served answer, w want) {
		i := len(g.cases)
		cluster := fmt.Sprintf("c%d", i)
		g.clusters[cluster] = served
		providers = append(providers, fmt.Sprintf(`"p%d": {"issuer": "https://issuer.test", "discovery": {%s"cluster": "%s", "timeout": "2s"}}`, i, discovery, cluster))
		rules = append(rules, fmt.Sprintf(`{"match": {"path": "/%d"}, "requires": {"provider_name": "p%d"}}`, i, i))
		g.cases = append(g.cases, scenario{law: "discovery: " + law, send: get(fmt.Sprintf("/%d", i), bearer()), want: w.by(fmt.Sprintf("p%d", i))})
	}
	for _, bad := range discoveryBad {
		add("no key verifies after "+bad.what, "", at3(bad.is, says(404, ""), serve("rsa")), unavailable("keys_unavailable"))
	}
	good := describes("https://issuer.test", goodKeys)
	add("RFC 8414's place is looked at next", "", at3(says(404, ""), good, serve("rsa")), allowed())
	add("an error there is an outage, not an absence", "", at3(says(503, ""), good, serve("rsa")), unavailable("keys_unavailable"))
	add("metadata at neither place", "", at3(says(404, ""), says(404, ""), serve("rsa")), unavailable("keys_unavailable"))
	add("a uri is asked as written", `"uri": "https://issuer.test`+placeOAuth+`", `, at3(says(404, ""), good, serve("rsa")), allowed())
	add("the issuer's name as uri is its base", `"uri": "https://issuer.test/", `, at3(good, says(404, ""), serve("rsa")), allowed())
	add("case and default port of the keys' host do not matter", "", idp(describes("https://issuer.test", "https://ISSUER.test:443"+placeKeys)), allowed())
	add("good metadata and no keys", "", at3(good, says(404, ""), says(404, "")), unavailable("keys_unavailable"))
	g.config = `{"providers": {` + strings.Join(providers, ",") + `}, "rules": [` + strings.Join(rules, ",") + `]}`
	return g
}
