package main

import (
	"fmt"
	"net/http"

	"github.com/postern-wasm/postern/bench/edge"
	"github.com/postern-wasm/postern/bench/mint"
)

// variant is one row of what is measured in Envoy: a filter, and what it is sent.
type variant struct {
	name     string
	door     string
	corpus   string
	status   int
	baseline string // the variant that is subtracted; "" for a baseline itself
	peer     string // the variant of another filter that it is compared with, or ""
	seen     bool   // every token of the corpus is sent once before the first round
}

// The caches that are compared.
const (
	smallCache = 100
	largeCache = 100_000
	// largeCacheBytes has room for that many tokens of 800 bytes in slots of 2 KiB.
	largeCacheBytes = 256 << 20
)

// ownBaseline says whether a kind of refused request has a baseline of its own: its
// bytes are
// not those of a good token. Envoy itself pays for the others what it pays for
// good ones.
func ownBaseline(kind string) bool {
	switch kind {
	case "no token", "garbage 16 KB", "10,000 dots", "deep JSON":
		return true
	}
	return false
}

// jwtAuthnRefuses are the kinds that Envoy's own filter is sent too.
var jwtAuthnRefuses = []string{"no token", "garbage", "expired", "bad signature"}

// variants returns all of them; with a token cache in the module one more.
func variants(cache bool) []variant {
	const ok, unauthorized = http.StatusOK, http.StatusUnauthorized
	var list []variant
	add := func(v variant) { list = append(list, v) }
	for _, a := range mint.Algorithms() {
		add(variant{name: plain(a), door: "plain", corpus: a, status: ok})
	}
	for _, kind := range mint.Refused() {
		if ownBaseline(kind) {
			add(variant{name: plain(kind), door: "plain", corpus: kind, status: ok})
		}
	}
	add(variant{name: "do-nothing module", door: "nothing", corpus: "RS256", status: ok, baseline: plain("RS256")})
	add(variant{name: nothingBare, door: "nothing", corpus: "no token", status: ok, baseline: plain("no token")})
	for _, a := range mint.Algorithms() {
		add(variant{name: "jwt_authn " + a, door: "jwt-" + a, corpus: a, status: ok, baseline: plain(a)})
		add(variant{name: cold(a), door: "postern-" + a, corpus: a, status: ok, baseline: plain(a), peer: "jwt_authn " + a})
	}
	for _, a := range []string{"RS256", "ES256"} {
		add(variant{name: "postern " + a + " warm", door: "postern-" + a, corpus: a + " one", status: ok, baseline: plain(a), peer: "jwt_authn " + a})
	}
	for _, c := range []struct {
		door, name string
	}{{"jwt-small", "100 entries"}, {"jwt-large", "100,000 entries"}} {
		add(variant{name: "jwt_authn RS256, " + c.name + ", many tokens", door: c.door, corpus: "RS256", status: ok, baseline: plain("RS256"), seen: c.door == "jwt-large"})
		add(variant{name: "jwt_authn RS256, " + c.name + ", one token", door: c.door, corpus: "RS256 one", status: ok, baseline: plain("RS256")})
	}
	if cache {
		add(variant{name: seenName, door: "postern-seen", corpus: "RS256", status: ok, baseline: plain("RS256"), peer: "jwt_authn RS256, 100,000 entries, many tokens", seen: true})
	}
	for _, kind := range mint.Refused() {
		base := plain("RS256")
		if ownBaseline(kind) {
			base = plain(kind)
		}
		add(variant{name: refusing(kind), door: "postern-RS256", corpus: kind, status: unauthorized, baseline: base, peer: cold("RS256")})
	}
	for _, kind := range jwtAuthnRefuses {
		base := plain("RS256")
		if ownBaseline(kind) {
			base = plain(kind)
		}
		add(variant{name: "jwt_authn refusing: " + kind, door: "jwt-RS256", corpus: kind, status: unauthorized, baseline: base})
	}
	return list
}

// Names that the targets look for.
const (
	seenName    = "postern RS256, all tokens seen before"
	nothingBare = "do-nothing module, no token"
)

func plain(corpus string) string   { return "no filter, " + corpus }
func cold(algorithm string) string { return "postern " + algorithm + " cold" }
func refusing(kind string) string  { return "postern refusing: " + kind }

// doors returns the listeners that the variants need.
func doors(keys map[string]*mint.Key, module, nothing string, cache bool) ([]edge.Door, error) {
	list := []edge.Door{{Name: "plain"}}
	filter, err := edge.Plugin("nothing", nothing, "")
	if err != nil {
		return nil, err
	}
	list = append(list, edge.Door{Name: "nothing", Filter: filter})
	type want struct {
		name    string
		key     string
		postern bool
		caches  edge.Caches
	}
	var wanted []want
	for _, a := range mint.Algorithms() {
		wanted = append(wanted, want{"postern-" + a, a, true, edge.Caches{}}, want{"jwt-" + a, a, false, edge.Caches{}})
	}
	wanted = append(wanted,
		want{"jwt-small", "RS256", false, edge.Caches{Provider: smallCache}},
		want{"jwt-large", "RS256", false, edge.Caches{Provider: largeCache}})
	if cache {
		wanted = append(wanted, want{"postern-seen", "RS256", true, seenCaches})
	}
	for _, w := range wanted {
		d, err := door(w.name, keys[w.key], module, w.postern, w.caches)
		if err != nil {
			return nil, err
		}
		list = append(list, d)
	}
	return list, nil
}

// seenCaches holds every token of the largest run.
var seenCaches = edge.Caches{Provider: largeCache, Tokens: largeCache, Bytes: largeCacheBytes}

// door is one listener with the module (postern) or jwt_authn in it.
func door(name string, key *mint.Key, module string, postern bool, caches edge.Caches) (edge.Door, error) {
	config, err := edge.Config(key, postern, caches)
	if err != nil {
		return edge.Door{}, err
	}
	d := edge.Door{Name: name}
	if postern {
		d.Filter, err = edge.Plugin(name, module, config)
	} else {
		d.Filter, err = edge.JWTAuthn(config)
	}
	if err != nil {
		return edge.Door{}, fmt.Errorf("%s: %w", name, err)
	}
	return d, nil
}
