package parity

import (
	"net/url"
	"reflect"
	"slices"
	"strings"

	"github.com/postern-wasm/postern/host/envoy"
)

// difference is one way in which the module in compat mode does not do what Envoy's
// filter does, on purpose.
type difference struct {
	name, reason string
	// tag is what a request must have about it; "" for any.
	tag string
	// check says that this very difference explains what came.
	check func(a *authnConfig, r *authnRequest, theirs, ours exchanged) bool
}

// refusedHere: the module takes nothing from the token, whatever the filter has made of
// it: it answers 401, or the request passes without an identity.
func refusedHere(a *authnConfig, _ *authnRequest, _, ours exchanged) bool {
	if ours.Allowed {
		return !slices.ContainsFunc(ours.Upstream, func(h envoy.Header) bool {
			return slices.ContainsFunc(a.providers, func(p authnProvider) bool { return slices.Contains(p.written, h.Name) })
		})
	}
	return ours.Status == 401 || ours.GRPC != ""
}

// alike is equality but for what stillEncoded explains.
func alike(theirs, ours exchanged) bool {
	return reflect.DeepEqual(theirs, ours) || stillEncoded(nil, nil, theirs, ours)
}

// onlyStatus: all is equal but for the headers that say whether claims are verified; none
// of them is the client's.
func onlyStatus(_ *authnConfig, _ *authnRequest, theirs, ours exchanged) bool {
	isStatus := func(h envoy.Header) bool { return h.Name == "x-jwt-signature-verified" || h.Name == "x-verified" }
	if slices.ContainsFunc(ours.Upstream, func(h envoy.Header) bool {
		return isStatus(h) && h.Value == "true" && slices.Contains(theirs.Upstream, envoy.Header{Name: h.Name, Value: "false"})
	}) {
		return false
	}
	theirs.Upstream = slices.DeleteFunc(slices.Clone(theirs.Upstream), isStatus)
	ours.Upstream = slices.DeleteFunc(slices.Clone(ours.Upstream), isStatus)
	return ours.Allowed && alike(theirs, ours)
}

// lastToken: one of several tokens is bad, and the filter looks at the last one's outcome.
func lastToken(_ *authnConfig, _ *authnRequest, theirs, ours exchanged) bool {
	return theirs.Allowed && !ours.Allowed && (ours.Status == 401 || ours.Status == 403 || ours.GRPC != "")
}

// stillEncoded: all is equal but that the filter decodes what is left of the query.
func stillEncoded(_ *authnConfig, _ *authnRequest, theirs, ours exchanged) bool {
	decoded, err := url.PathUnescape(ours.Target)
	if err != nil || theirs.Target == ours.Target {
		return false
	}
	ours.Target = decoded
	return reflect.DeepEqual(theirs, ours)
}

// intended is the table of differences; the documentation has the same rows.
var intended = []difference{
	{"crit", "an extension that must be understood and is not (RFC 7515 §4.1.11)", "crit", refusedHere},
	{"padding", "base64url of a JWS has none (RFC 7515 §2): two texts of one token defeat lists of revoked ones", "padding", refusedHere},
	{"algorithm and key", "a key verifies what is of its own kind only (RFC 8725 §3.1)", "another kind of algorithm", refusedHere},
	{"length of an ECDSA signature", "exactly that of the curve (RFC 7518 §3.4)", "length of a signature", refusedHere},
	{"duplicate name", "two parsers may read two values (RFC 8725 §2.4)", "a name twice", refusedHere},
	{"unwritable claim", "a claim with control bytes would split or lose a header", "unwritable claim", refusedHere},
	{"object as written", "an object or a list in a claim is passed on as it stood in the token, not printed anew", "an object with numbers", sameButHeaders},
	{"the word of the filter", "x-jwt-signature-verified is the filter's to say: a client's own is removed on every path", "", onlyStatus},
	{"last token", "allow_missing passes a bad token in front of a good one: any bad token refuses", "several tokens", lastToken},
	{"query stays encoded", "a parameter that is decoded on the way may become two, or another request", "", stillEncoded},
	{"realm without query", "a token in the query would be echoed in the challenge and stand in logs", "", onlyRealm},
	{"forged identity header", "identity headers are removed on every path, not only where the provider is required", "forged identity header", onlyForged},
	{"exact number", "an integer is written as it stood in the token, not rounded through a double", "a number beyond a double", sameButHeaders},
}

// onlyRealm: all is equal once the query is cut from the realm of the filter.
func onlyRealm(_ *authnConfig, _ *authnRequest, theirs, ours exchanged) bool {
	if len(theirs.Challenge) != 1 {
		return false
	}
	before, rest, found := strings.Cut(theirs.Challenge[0], "?")
	if !found {
		return false
	}
	_, after, _ := strings.Cut(rest, `"`)
	theirs.Challenge = []string{before + `"` + after}
	return reflect.DeepEqual(theirs, ours)
}

// onlyForged: all is equal but that the upstream of the filter sees forged lines of a
// header that some provider writes.
func onlyForged(a *authnConfig, _ *authnRequest, theirs, ours exchanged) bool {
	if slices.ContainsFunc(ours.Upstream, func(h envoy.Header) bool { return h.Value == "forged" }) {
		return false
	}
	theirs.Upstream = slices.DeleteFunc(slices.Clone(theirs.Upstream), func(h envoy.Header) bool {
		return h.Value == "forged" && slices.ContainsFunc(a.providers, func(p authnProvider) bool { return slices.Contains(p.written, h.Name) })
	})
	return alike(theirs, ours)
}

// sameButHeaders: both pass, with the same header names.
func sameButHeaders(_ *authnConfig, _ *authnRequest, theirs, ours exchanged) bool {
	names := func(headers []envoy.Header) (all []string) {
		for _, h := range headers {
			all = append(all, h.Name)
		}
		return all
	}
	return theirs.Allowed && ours.Allowed && slices.Equal(names(theirs.Upstream), names(ours.Upstream))
}
