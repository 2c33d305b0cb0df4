package main

import (
	"net/http"

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
	cache    hits   // what the module's counter of cache hits must say
	workers  int    // of the Envoy that it is sent to; 0 is 1
}

// hits is what a turn may find in the cache. The zero value is anything.
type hits uint8

const (
	anyHits hits = iota
	noHits       // every token must be new to the module
	allHits      // the tokens must have been seen, but for a few
)

// The caches that are compared.
const (
	smallCache = 100
	largeCache = 100_000
	// ownLargeCache and its bytes have room for that many tokens of 800 bytes in
	// slots of 2 KiB, and for a part that is kept for newcomers.
	ownLargeCache      = 120_000
	ownLargeCacheBytes = 256 << 20
)

// ownBaseline says whether a kind of refused request has a baseline of its own: its
// bytes are not those of a good token. Envoy itself pays for the others what it pays
// for good ones.
func ownBaseline(kind string) bool {
	switch kind {
	case "no token", "garbage 16 KB", mint.Wide, "10,000 dots", "deep JSON":
		return true
	}
	return false
}

// baselineOf is the variant without a filter that is sent requests of that size.
func baselineOf(kind string) string {
	if ownBaseline(kind) {
		return plain(kind)
	}
	return plain("RS256")
}

// jwtAuthnRefuses are the kinds that Envoy's own filter is sent too.
var jwtAuthnRefuses = []string{"no token", "garbage", "expired", "bad signature"}

// Names that the targets look for.
const (
	seenName     = "postern RS256, all tokens seen before"
	seenPeer     = "jwt_authn RS256, 100,000 entries, many tokens"
	nothingBare  = "do-nothing module, no token"
	ownName      = "postern RS256 cold, own kernel"
	bigAccepted  = "postern accepting: 16 KB token, no cache"
	wideAccepted = "postern accepting: 60 KB of headers, no cache"
	readingName  = "module that reads all headers"

	signedName    = "postern signed request, body hash, 2 KB body"
	bufferingName = "module that buffers, 2 KB body"
)

func plain(corpus string) string      { return "no filter, " + corpus }
func cold(algorithm string) string    { return "postern " + algorithm + " cold" }
func warm(algorithm string) string    { return "postern " + algorithm + " warm" }
func noCache(algorithm string) string { return "postern " + algorithm + ", no cache" }
func peer(algorithm string) string    { return "jwt_authn " + algorithm }
func refusing(kind string) string     { return "postern refusing: " + kind }

// knows is what the module can do, as far as variants depend on it.
type knows struct {
	cache   bool // verified tokens are kept
	offload bool // RS256 is verified by the host where that can
	state   bool // filter state may be left
	signed  bool // signed requests are taken
}

// variants returns all of them; what the module cannot do has none.
func variants(k knows) []variant {
	const ok = http.StatusOK
	list := baselines()
	add := func(v ...variant) { list = append(list, v...) }
	for _, a := range mint.Algorithms() {
		add(variant{name: peer(a), door: "jwt-" + a, corpus: a, status: ok, baseline: plain(a)},
			variant{name: cold(a), door: "postern-" + a, corpus: a, status: ok, baseline: plain(a), peer: peer(a), cache: noHits})
	}
	if k.offload {
		add(variant{name: ownName, door: "postern-own", corpus: "RS256", status: ok, baseline: plain("RS256"), peer: peer("RS256"), cache: noHits})
	}
	for _, a := range []string{"RS256", "ES256"} {
		add(variant{name: warm(a), door: "postern-" + a, corpus: a + " one", status: ok, baseline: plain(a), peer: peer(a)},
			variant{name: noCache(a), door: "postern-off-" + a, corpus: a, status: ok, baseline: plain(a), peer: peer(a), cache: noHits})
	}
	for _, c := range []struct {
		door, name string
	}{{"jwt-small", "100 entries"}, {"jwt-large", "100,000 entries"}} {
		add(variant{name: "jwt_authn RS256, " + c.name + ", many tokens", door: c.door, corpus: "RS256", status: ok, baseline: plain("RS256"), seen: c.door == "jwt-large"},
			variant{name: "jwt_authn RS256, " + c.name + ", one token", door: c.door, corpus: "RS256 one", status: ok, baseline: plain("RS256")})
	}
	if k.cache {
		add(variant{name: seenName, door: "postern-seen", corpus: "RS256", status: ok, baseline: plain("RS256"), peer: seenPeer, seen: true, cache: allHits})
	}
	if k.cache && k.state {
		add(variant{name: seenName + ", filter state", door: "postern-state", corpus: "RS256", status: ok, baseline: plain("RS256"), peer: seenPeer, seen: true, cache: allHits})
	}
	if k.signed {
		add(variant{name: signedName, door: "postern-signed", corpus: signedBodies, status: ok, baseline: plain(signedBodies)})
	}
	return append(list, refusals()...)
}

// baselines are what is subtracted, and modules that judge nothing.
func baselines() []variant {
	const ok = http.StatusOK
	var list []variant
	for _, a := range mint.Algorithms() {
		list = append(list, variant{name: plain(a), door: "plain", corpus: a, status: ok})
	}
	for _, kind := range mint.Refused() {
		if ownBaseline(kind) {
			list = append(list, variant{name: plain(kind), door: "plain", corpus: kind, status: ok})
		}
	}
	return append(list,
		variant{name: "do-nothing module", door: "nothing", corpus: "RS256", status: ok, baseline: plain("RS256")},
		variant{name: readingName, door: "reading", corpus: "RS256", status: ok, baseline: plain("RS256")},
		variant{name: plain(signedBodies), door: "plain", corpus: signedBodies, status: ok},
		variant{name: bufferingName, door: "buffering", corpus: signedBodies, status: ok, baseline: plain(signedBodies)},
		variant{name: nothingBare, door: "nothing", corpus: "no token", status: ok, baseline: plain("no token")})
}

// refusals are the requests that must be refused, and those that they are compared
// with: accepted ones of the same size, verified each time.
func refusals() []variant {
	const ok, unauthorized = http.StatusOK, http.StatusUnauthorized
	list := []variant{
		{name: bigAccepted, door: "postern-off-RS256", corpus: bigGood, status: ok, baseline: plain("garbage 16 KB")},
		{name: wideAccepted, door: "postern-off-RS256", corpus: wideGood, status: ok, baseline: plain(mint.Wide)},
	}
	for _, kind := range mint.Refused() {
		list = append(list, variant{name: refusing(kind), door: "postern-RS256", corpus: kind, status: unauthorized, baseline: baselineOf(kind), peer: acceptedLike(kind)})
	}
	for _, kind := range jwtAuthnRefuses {
		list = append(list, variant{name: "jwt_authn refusing: " + kind, door: "jwt-RS256", corpus: kind, status: unauthorized, baseline: baselineOf(kind)})
	}
	return list
}

// acceptedLike is the accepted variant that a refusal may cost no more than: an
// ordinary one, unless the size of the request is not the token's fault.
func acceptedLike(kind string) string {
	if kind == mint.Wide {
		return wideAccepted
	}
	return cold("RS256")
}
