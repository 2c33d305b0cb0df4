package parity

import (
	"encoding/base64"
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
	// check says that this very difference explains what came, and that the module's
	// answer is exactly the one that is meant.
	check func(c *comparison) bool
}

// comparison is one request to both filters, and what came.
type comparison struct {
	config       *authnConfig
	request      *authnRequest
	theirs, ours exchanged
	// native sends another request to Envoy's filter.
	native func(envoy.Request) exchanged
}

// failed: the module takes nothing from the token, whatever the filter has made of it. It
// refuses as one whose verification fails or, where the rule lets failed tokens pass, the
// request goes on as it came, or as another token of it has it go on. Where it only looks
// for claims it says that it has verified none.
func failed(c *comparison) bool {
	want, ours := c.refusal("Jwt verification fails"), c.ours
	if ours.Allowed {
		want = c.untouched()
		ours.Upstream = slices.DeleteFunc(slices.Clone(ours.Upstream), func(h envoy.Header) bool { return isStatus(h) && h.Value == "false" })
	}
	return !reflect.DeepEqual(c.theirs, c.ours) && (reflect.DeepEqual(ours, want) || c.byAnother())
}

// byAnother: of two tokens one counts for nothing. The module answers what the filter
// answers to the other alone, and the one goes on where it stood.
func (c *comparison) byAnother() bool {
	if !c.ours.Allowed || len(c.request.tokens) != 2 {
		return false
	}
	for i := range c.request.tokens {
		left := c.request.strip(envoy.Request{Target: c.ours.Target, Headers: c.ours.Upstream}, i)
		ours := c.ours
		ours.Target, ours.Upstream = left.Target, left.Headers
		if alone := c.native(c.request.without(i)); alone.Allowed && alike(alone, ours) {
			return true
		}
	}
	return false
}

// refusal is the answer of jwt_authn's documentation for a token that is not good.
func (c *comparison) refusal(text string) exchanged {
	r := c.request.request
	path, _, _ := strings.Cut(r.Target, "?")
	e := exchanged{
		Status: 401, Body: text, Details: "jwt_authn_access_denied{" + strings.ReplaceAll(text, " ", "_") + "}",
		Challenge: []string{`Bearer realm="http://` + r.Host + path + `", error="invalid_token"`}, Type: []string{"text/plain"},
	}
	grpc := slices.ContainsFunc(r.Headers, func(h envoy.Header) bool {
		return h.Name == "content-type" && (h.Value == "application/grpc" || strings.HasPrefix(h.Value, "application/grpc+"))
	})
	if stripped := memberOf[bool](c.config.filter, "strip_failure_response"); stripped {
		e.Body, e.Challenge, e.Type = "", nil, nil
	}
	if grpc {
		e.Status, e.Message, e.Body, e.GRPC, e.Type = 200, e.Body, "", "16", []string{"application/grpc"}
	}
	if r.Method == "HEAD" {
		e.Body = ""
	}
	return e
}

// untouched is the request as it came, without what only a filter may say.
func (c *comparison) untouched() exchanged {
	own := []string{"x-jwt-signature-verified", "x-verified"}
	if !strings.Contains(string(c.config.text(nil)), "x-verified") {
		own = own[:1]
	}
	for _, p := range c.config.providers {
		own = append(own, p.written...)
	}
	r, w := c.request.request, want{gone: own}
	if r.Method == "OPTIONS" && r.Body == nil { // Envoy says so to the upstream
		w.set = []envoy.Header{{Name: "content-length", Value: "0"}}
	}
	return exchanged{Allowed: true, Method: r.Method, Target: r.Target, Upstream: w.upstream(r)}
}

// alike is equality but for what stillEncoded explains.
func alike(theirs, ours exchanged) bool {
	return reflect.DeepEqual(theirs, ours) || stillEncoded(&comparison{theirs: theirs, ours: ours})
}

// isStatus says whether a header says whether claims are verified.
func isStatus(h envoy.Header) bool {
	return h.Name == "x-jwt-signature-verified" || h.Name == "x-verified"
}

// onlyStatus: all is equal but for the headers that say whether claims are verified; none
// of them is the client's.
func onlyStatus(c *comparison) bool {
	theirs, ours := c.theirs, c.ours
	if slices.ContainsFunc(ours.Upstream, func(h envoy.Header) bool {
		return isStatus(h) && h.Value == "true" && slices.Contains(theirs.Upstream, envoy.Header{Name: h.Name, Value: "false"})
	}) {
		return false
	}
	theirs.Upstream = slices.DeleteFunc(slices.Clone(theirs.Upstream), isStatus)
	ours.Upstream = slices.DeleteFunc(slices.Clone(ours.Upstream), isStatus)
	return ours.Allowed && alike(theirs, ours)
}

// lastToken: one of two tokens is bad, and the filter looks at the last one's outcome. The
// module answers what the filter answers to the bad one alone.
func lastToken(c *comparison) bool {
	if !c.theirs.Allowed || len(c.request.tokens) != 2 {
		return false
	}
	first, second := c.native(c.request.without(0)), c.native(c.request.without(1))
	if first.Allowed {
		first, second = second, first
	}
	c = &comparison{theirs: first, ours: c.ours}
	return second.Allowed && !first.Allowed && (reflect.DeepEqual(c.theirs, c.ours) || onlyRealm(c))
}

// without is the request without one of its tokens, wherever that stands.
func (r *authnRequest) without(token int) envoy.Request { return r.strip(r.request, token) }

// strip takes one of r's tokens out of a request.
func (r *authnRequest) strip(from envoy.Request, token int) envoy.Request {
	drop := func(text, separator string) string {
		return strings.Join(slices.DeleteFunc(strings.Split(text, separator), func(part string) bool {
			return strings.Contains(part, r.tokens[token])
		}), separator)
	}
	left := from
	left.Headers = nil
	for _, h := range from.Headers {
		switch {
		case h.Name == "cookie":
			left.Headers = append(left.Headers, envoy.Header{Name: h.Name, Value: drop(h.Value, "; ")})
		case !strings.Contains(h.Value, r.tokens[token]):
			left.Headers = append(left.Headers, h)
		}
	}
	if path, query, ok := strings.Cut(left.Target, "?"); ok {
		left.Target = path + "?" + drop(query, "&")
	}
	return left
}

// stillEncoded: all is equal but that the filter decodes what is left of the query.
func stillEncoded(c *comparison) bool {
	theirs, ours := c.theirs, c.ours
	decoded, err := url.PathUnescape(ours.Target)
	if err != nil || theirs.Target == ours.Target {
		return false
	}
	ours.Target = decoded
	return reflect.DeepEqual(theirs, ours)
}

// intended is the table of differences; the documentation has the same rows. Those of
// any request come first: they ask that all else is equal.
var intended = []difference{
	{"realm without query", "a token in the query would be echoed in the challenge and stand in logs", "", onlyRealm},
	{"query stays encoded", "a parameter that is decoded on the way may become two, or another request", "", stillEncoded},
	{"the word of the filter", "x-jwt-signature-verified is the filter's to say: a client's own is removed on every path", "", onlyStatus},
	{"crit", "an extension that must be understood and is not (RFC 7515 §4.1.11)", "crit", failed},
	{"typ", "one that is no string is no header of a JWS (RFC 7515 §4.1.9)", "typ", failed},
	{"padding", "base64url of a JWS has none (RFC 7515 §2): two texts of one token defeat lists of revoked ones", "padding", failed},
	{"algorithm and key", "a key verifies what is of its own kind only (RFC 8725 §3.1)", "another kind of algorithm", failed},
	{"length of an ECDSA signature", "exactly that of the curve (RFC 7518 §3.4)", "length of a signature", failed},
	{"unwritable claim", "a claim with control bytes would split or lose a header", "unwritable claim", failed},
	{"object as written", "an object or a list in a claim is passed on as it stood in the token, not printed anew", "an object with numbers", but(base64.StdEncoding.EncodeToString([]byte(oddObject)))},
	{"last token", "allow_missing passes a bad token in front of a good one: any bad token refuses", "several tokens", lastToken},
	{"exact number", "an integer is written as it stood in the token, not rounded through a double", "a number beyond a double", but(oddNumber)},
}

// A number that no double holds, and an object that is not as a printer would have it.
const (
	oddNumber = "9007199254740993"
	oddObject = `{"role": 7, "more": [1, {"a": null}]}`
)

// onlyRealm: all is equal once the query is cut from the realm of the filter.
func onlyRealm(c *comparison) bool {
	theirs, ours := c.theirs, c.ours
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

// but: all is equal but that a header has this value where the filter's has another.
func but(value string) func(*comparison) bool {
	return func(c *comparison) bool {
		theirs := c.theirs
		theirs.Upstream = slices.Clone(theirs.Upstream)
		if len(theirs.Upstream) != len(c.ours.Upstream) {
			return false
		}
		for i, h := range c.ours.Upstream {
			if h.Name == theirs.Upstream[i].Name && h.Value == value {
				theirs.Upstream[i].Value = value
			}
		}
		return alike(theirs, c.ours)
	}
}
