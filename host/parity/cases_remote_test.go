package parity

import (
	"fmt"
	"strings"
	"time"

	"github.com/postern-wasm/postern/host/envoy"
)

// remote is a configuration with one remote key set; more are members of remote_jwks.
func remote(more string) string {
	return `{
  "providers": {"corp": {"issuer": "https://issuer.test", "remote_jwks": {
    "http_uri": {"uri": "http://keys.test/jwks.json", "cluster": "keys", "timeout": "5s"}` + more + `
  }}},
  "rules": [{"match": {"prefix": "/"}, "requires": {"provider_name": "corp"}}]
}`
}

// keysFrom is the one key-set server of such a configuration.
func keysFrom(a answer) map[string]answer { return map[string]answer{"keys": a} }

// waitGroup: the first request meets a fetch that is still under way.
var waitGroup = group{
	name: "remote-wait", provider: "corp", config: remote(""), clusters: keysFrom(after(1500*time.Millisecond, serve("rsa"))),
	cases: []scenario{
		{law: "a request before the first key set waits for it", send: get("/", bearer()), want: allowed()},
		{law: "a bad token is told so once the keys are there", send: get("/", bearer(segment(2, flipped))), want: invalid("bad_signature")},
	},
}

var fetchGroup = group{
	name: "remote-fetch", provider: "corp", config: remote(""), clusters: keysFrom(serve("rsa")),
	cases: []scenario{
		{law: "a token of a fetched key is accepted", send: get("/", bearer()), want: allowed()},
		{law: "a token of no fetched key is refused", send: get("/", bearer(by("rsa-stranger"), head("kid", "rsa"))), want: invalid("bad_signature")},
		{law: "keys in hand are not fetched again", send: get("/", bearer()), want: allowed(), before: func(w *world) {
			w.now("keys", says(500, ""))
			w.mark("keys")
		}},
		{law: "an implausible token's unknown kid asks for nothing: expired", send: get("/", bearer(head("kid", "x1"), at("exp", -3600))), want: invalid("expired")},
		{law: "an implausible token's unknown kid asks for nothing: another issuer", send: get("/", bearer(head("kid", "x2"), claim("iss", "https://other.test"))), want: invalid("issuer_mismatch")},
		{law: "an implausible token's unknown kid asks for nothing: alg none", send: get("/", bearer(head("kid", "x3"), head("alg", "none"))), want: invalid("algorithm_unsupported")},
		{law: "none of these has made a fetch", send: get("/", bearer()), want: allowed(), before: func(w *world) { w.asked("keys", 0) }},
	},
}

var rotationGroup = group{
	name:     "remote-rotation",
	provider: "corp", config: remote(`, "refetch_on_unknown_kid": {"min_interval": "2s", "wait": "2s"}`), clusters: keysFrom(serve("rsa")),
	cases: []scenario{
		{law: "rotation: the first key verifies", send: get("/", bearer()), want: allowed()},
		{law: "rotation: a new key is fetched when its kid is first seen", send: get("/", bearer(by("rsa-next"))), want: allowed(), before: func(w *world) { w.now("keys", serve("rotated")) }},
		{law: "rotation: the former key verifies while it is published", send: get("/", bearer()), want: allowed()},
		{law: "rotation: a kid that nobody has is refused after one fetch", send: get("/", bearer(by("rsa-stranger"))), want: invalid("key_unknown"), before: func(w *world) {
			w.pass(2200 * time.Millisecond)
			w.mark("keys")
		}},
		{law: "rotation: the next unknown kid makes no fetch at once", send: get("/", bearer(by("p256"))), want: invalid("key_unknown"), before: func(w *world) { w.asked("keys", 1) }},
		{law: "rotation: a withdrawn key verifies until the set is fetched again", send: get("/", bearer()), want: allowed(), before: func(w *world) {
			w.asked("keys", 1)
			w.now("keys", serve("replaced"))
		}},
		{law: "rotation: an unknown kid brings the new set", send: get("/", bearer(by("rsa-stranger"))), want: invalid("key_unknown"), before: func(w *world) { w.pass(2200 * time.Millisecond) }},
		{law: "rotation: a withdrawn key verifies nothing any more", send: get("/", bearer()), want: invalid("key_unknown")},
		{law: "rotation: the key that is left verifies", send: get("/", bearer(by("rsa-next"))), want: allowed()},
	},
}

var noRefetchGroup = group{
	name: "remote-no-refetch", provider: "corp", config: remote(`, "refetch_on_unknown_kid": false`), clusters: keysFrom(serve("rsa")),
	cases: []scenario{
		{law: "without refetch_on_unknown_kid: a known key", send: get("/", bearer()), want: allowed()},
		{law: "without refetch_on_unknown_kid: an unknown kid is refused", send: get("/", bearer(by("rsa-next"))), want: invalid("key_unknown"), before: func(w *world) {
			w.now("keys", serve("rotated"))
			w.mark("keys")
		}},
		{law: "without refetch_on_unknown_kid: nothing was fetched", send: get("/", bearer()), want: allowed(), before: func(w *world) { w.asked("keys", 0) }},
	},
}

// sharedGroup: two providers of one set, of which one's tokens may not cause a fetch.
var sharedGroup = group{
	name: "remote-shared", clusters: keysFrom(serve("rsa")), config: `{
  "providers": {
    "eager": {"issuer": "https://issuer.test", "remote_jwks": {"http_uri": {"uri": "http://keys.test/jwks.json", "cluster": "keys", "timeout": "5s"}, "refetch_on_unknown_kid": true}},
    "quiet": {"issuer": "https://issuer.test", "remote_jwks": {"http_uri": {"uri": "http://keys.test/jwks.json", "cluster": "keys", "timeout": "5s"}, "refetch_on_unknown_kid": false}}
  },
  "rules": [
    {"match": {"prefix": "/quiet"}, "requires": {"provider_name": "quiet"}},
    {"match": {"prefix": "/eager"}, "requires": {"provider_name": "eager"}}
  ]
}`,
	cases: []scenario{
		{law: "R-09: a shared set's key, of the provider that does not refetch", send: get("/quiet", bearer()), want: allowed().by("quiet")},
		{law: "R-09: an unknown kid, of the provider that does not refetch", send: get("/quiet", bearer(by("rsa-next"))), want: invalid("key_unknown").by("quiet"), before: func(w *world) {
			w.now("keys", serve("rotated"))
			w.mark("keys")
		}},
		{law: "R-09: its unknown kid has made no fetch; the other's makes one", send: get("/eager", bearer(by("rsa-next"))), want: allowed().by("eager"), before: func(w *world) { w.asked("keys", 0) }},
		{law: "R-09: what that brought is for both", send: get("/quiet", bearer(by("rsa-next"))), want: allowed().by("quiet"), before: func(w *world) { w.asked("keys", 1) }},
	},
}

var outageGroup = group{
	name:     "remote-outage",
	provider: "corp", config: remote(`, "async_fetch": {"failed_refetch_duration": "0.2s"}`), clusters: keysFrom(says(503, "busy")),
	cases: []scenario{
		{law: "outage at start: a token cannot be judged", send: get("/", bearer()), want: unavailable("keys_unavailable")},
		{law: "outage at start: no token is still missing", send: get("/"), want: missing("missing")},
		{law: "outage at start: an expired token is still expired", send: get("/", bearer(at("exp", -3600))), want: invalid("expired")},
		{law: "outage at start: no built-in key verifies anything", send: get("/", bearer(by("rsa-stranger"))), want: unavailable("keys_unavailable")},
		{law: "outage at start: gRPC is UNAVAILABLE", send: call("POST", "/a/b", line("content-type", "application/grpc"), bearer(), body("")), want: unavailable("keys_unavailable").asGRPC("14")},
		{law: "the end of an outage is noticed", send: get("/", bearer()), want: allowed(), before: func(w *world) {
			asked := w.fetches("keys")
			w.now("keys", serve("rsa"))
			w.until("keys", asked+1)
		}},
	},
}

// laterGroup: whatever the server says later, good keys stay.
var laterGroup = group{
	name:     "remote-later",
	provider: "corp", config: remote(`, "cache_duration": "0.1s", "async_fetch": {"failed_refetch_duration": "0.1s"}`), clusters: keysFrom(serve("rsa")),
	cases: append([]scenario{
		{law: "later: the first set verifies", send: get("/", bearer()), want: allowed()},
	}, badLater()...),
}

// staleGroup: good keys outlive their freshness only as long as stale_if_error says.
var staleGroup = group{
	name:     "remote-stale",
	provider: "corp", config: remote(`, "cache_duration": "0.3s", "stale_if_error": "0.2s", "async_fetch": {"failed_refetch_duration": "0.1s"}`), clusters: keysFrom(serve("rsa")),
	cases: []scenario{
		{law: "stale: fresh keys verify", send: get("/", bearer()), want: allowed()},
		{law: "stale: keys older than stale_if_error verify nothing", send: get("/", bearer()), want: unavailable("keys_unavailable"), before: func(w *world) {
			w.now("keys", says(500, ""))
			w.pass(1500 * time.Millisecond)
		}},
	},
}

// badAnswers are answers that no key set comes of.
var badAnswers = []struct {
	what string
	is   answer
}{
	{"status 500", says(500, "")},
	{"status 204", says(204, "")},
	{"status 206", func(k ring) envoy.Answer { a := serve("replaced")(k); a.Status = 206; return a }},
	{"a redirect", says(302, "", envoy.Header{Name: "location", Value: "http://keys.test/other"})},
	{"an HTML page", says(200, "<html>maintenance</html>")},
	{"an empty body", says(200, "")},
	{"an empty object", says(200, "{}")},
	{"keys that are no list", says(200, `{"keys":{}}`)},
	{"an empty list of keys", says(200, `{"keys":[]}`)},
	{"no usable key", serve("nothing usable")},
	{"half a document", func(k ring) envoy.Answer { a := serve("replaced")(k); a.Body = a.Body[:len(a.Body)/2]; return a }},
	{"two documents", func(k ring) envoy.Answer { a := serve("replaced")(k); a.Body = append(a.Body, '{', '}'); return a }},
	{"more than max_bytes", func(k ring) envoy.Answer {
		a := serve("replaced")(k)
		a.Body = append(a.Body, strings.Repeat(" ", 65537-len(a.Body))...)
		return a
	}},
	{"a name given twice", func(k ring) envoy.Answer {
		a := serve("replaced")(k)
		a.Body = append([]byte(`{"keys":[],`), a.Body[1:]...)
		return a
	}},
	{"a closed connection", hangsUp},
}

// cacheControls are answers' freshness as a server might write it.
var cacheControls = []string{
	"max-age=0", "no-store", "max-age=-1", "max-age=100000000000000000000", `max-age="60"`, "max-age=60, max-age=0", "private,,=;max-age",
}

// badLater lets each bad answer come once, in place of a refresh.
func badLater() []scenario {
	cases := make([]scenario, 0, len(badAnswers))
	for _, bad := range badAnswers {
		cases = append(cases, scenario{
			law: "later: good keys stay after " + bad.what, send: get("/", bearer()), want: allowed(),
			before: func(w *world) {
				w.now("keys", serve("rsa"))
				w.until("keys", w.fetches("keys")+1) // fresh again, and no failure before
				w.now("keys", bad.is)
				w.until("keys", w.fetches("keys")+1)
			},
		})
	}
	return cases
}

// badGroup has one provider for each bad answer, and some that answer otherwise.
func badGroup() group {
	g := group{name: "remote-bad", clusters: map[string]answer{}}
	var providers, rules []string
	add := func(i int, law string, more string, w want) {
		providers = append(providers, fmt.Sprintf(`"p%d": {"remote_jwks": {"http_uri": {"uri": "http://keys.test/%d", "cluster": "c%d", "timeout": "2s"}%s}}`, i, i, i, more))
		rules = append(rules, fmt.Sprintf(`{"match": {"path": "/%d"}, "requires": {"provider_name": "p%d"}}`, i, i))
		g.cases = append(g.cases, scenario{law: law, send: get(fmt.Sprintf("/%d", i), bearer()), want: w})
	}
	for i, bad := range badAnswers {
		g.clusters[fmt.Sprintf("c%d", i)] = bad.is
		add(i, "at start: no key verifies after "+bad.what, "", unavailable("keys_unavailable"))
	}
	for _, header := range cacheControls {
		i := len(g.cases)
		g.clusters[fmt.Sprintf("c%d", i)] = serve("rsa", envoy.Header{Name: "cache-control", Value: header})
		add(i, "at start: keys are used whatever cache-control says: "+header, "", allowed())
	}
	i := len(g.cases)
	g.clusters[fmt.Sprintf("c%d", i)] = serve("main")
	add(i, "at start: no key verifies after more than max_keys", `, "max_keys": 3`, unavailable("keys_unavailable"))
	n := len(g.cases)
	add(n, "at start: an unknown cluster is an outage", "", unavailable("keys_unavailable"))
	g.clusters[fmt.Sprintf("c%d", n+1)] = says(500, "")
	add(n+1, "on_unavailable deny_401 refuses the token", `, "on_unavailable": "deny_401"`, invalid("keys_refused"))
	g.clusters[fmt.Sprintf("c%d", n+2)] = says(500, "")
	add(n+2, "on_unavailable allow lets the request pass as nobody's", `, "on_unavailable": "allow"`, untouched())
	g.config = `{"providers": {` + strings.Join(providers, ",") + `}, "rules": [` + strings.Join(rules, ",") + `]}`
	return g
}
