package parity

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"github.com/postern-wasm/postern/host/envoy"
)

// authnRequest is one request and what is odd about it.
type authnRequest struct {
	request envoy.Request
	// tokens are the texts of the tokens in it.
	tokens []string
	// tags name the oddities that make a difference which is meant; see intended.
	tags []string
	// story says what was drawn, for a failing case.
	story []string
}

func (r *authnRequest) tag(name string) { r.tags = append(r.tags, name) }

func (r *authnRequest) tell(format string, args ...any) {
	r.story = append(r.story, fmt.Sprintf(format, args...))
}

// authnRequest draws a request for a configuration.
func (c chooser) authnRequest(a *authnConfig, m *mint) *authnRequest {
	r := &authnRequest{request: envoy.Request{Method: c.word("GET", "GET", "GET", "POST", "OPTIONS", "HEAD"), Target: a.paths[c.IntN(len(a.paths))], Host: "api.test"}}
	if r.request.Method == "POST" {
		r.request.Body = []byte("body")
		if c.one(3) {
			r.line("content-type", c.word("application/grpc", "application/grpc+proto", "application/json"))
		}
	}
	if c.one(4) {
		r.line("x-kind", c.word("a", "b"))
	}
	if r.request.Method == "OPTIONS" || c.one(20) {
		if !c.one(3) {
			r.line("origin", "https://app.test")
		}
		if !c.one(3) {
			r.line("access-control-request-method", "GET")
		}
	}
	tokens := c.of(0, 1, 1, 1, 1, 1, 1, 2).(int)
	if tokens > 1 {
		r.tag("several tokens")
	}
	for range tokens {
		p := a.providers[c.IntN(len(a.providers))]
		c.place(r, p, c.authnToken(r, m, p))
	}
	if c.one(4) {
		p := a.providers[c.IntN(len(a.providers))]
		if len(p.written) > 0 {
			name := p.written[c.IntN(len(p.written))]
			r.line(name, "forged")
			r.tell("forged %s", name)
		}
	}
	if c.one(10) {
		r.line("x-request-id", "one-two")
	}
	if c.one(10) {
		r.line(c.word("x-jwt-signature-verified", "x-verified"), "true")
		r.tag("forged status")
	}
	return r
}

func (r *authnRequest) line(name, value string) {
	r.request.Headers = append(r.request.Headers, envoy.Header{Name: name, Value: value})
}

// place puts a token where the provider looks, or where it does not.
func (c chooser) place(r *authnRequest, p authnProvider, token string) {
	r.tokens = append(r.tokens, token)
	var places []func()
	header := func(name, prefix string) func() {
		return func() {
			r.tell("in %s with %q", name, prefix)
			if slices.ContainsFunc(r.request.Headers, func(h envoy.Header) bool { return strings.EqualFold(h.Name, name) }) {
				r.tag("two lines of a token's header")
			}
			r.line(name, prefix+token)
		}
	}
	query := func(name string) func() {
		return func() {
			r.tell("in the query as %s", name)
			separator := "?"
			if strings.Contains(r.request.Target, "?") {
				separator = "&"
			}
			if strings.Contains(r.request.Target, name+"=") {
				r.tag("a query parameter twice")
			}
			r.request.Target += separator + name + "=" + token
			if c.one(3) {
				r.request.Target += "&z=%20y"
			}
		}
	}
	for _, h := range p.headers {
		places = append(places, header(h[0], h[1]))
	}
	for _, name := range p.params {
		places = append(places, query(name))
	}
	for _, name := range p.cookies {
		places = append(places, func() {
			r.tell("in the cookie %s", name)
			if slices.ContainsFunc(r.request.Headers, func(h envoy.Header) bool { return h.Name == "cookie" }) {
				r.tag("two cookie lines")
			}
			r.line("cookie", c.word("", "a=b; ")+name+"="+token+c.word("", "; c=d"))
		})
	}
	if places == nil || c.one(12) {
		places = []func(){header("authorization", "Bearer "), header("authorization", "Bearer "), query("access_token")}
	}
	places[c.IntN(len(places))]()
}

// authnToken draws a token for a provider: good more often than not.
func (c chooser) authnToken(r *authnRequest, m *mint, p authnProvider) string {
	signers := []string{}
	for _, e := range keySets[p.set] {
		signers = append(signers, e.key)
	}
	mods := []mod{by(signers[c.IntN(len(signers))])}
	issuer := p.issuer
	if issuer == "" {
		issuer = "https://issuer.test"
	}
	mods = append(mods, claim("iss", issuer), claim("id", rawJSON("1234567890")), claim("admin", true),
		claim("roles", []string{"a", "b"}), claim("nested", object{"role": "editor"}))
	if p.audiences != nil {
		mods = append(mods, claim("aud", p.audiences[0]))
	}
	if c.one(2) {
		return c.damaged(r, m, mods)
	}
	r.tell("a good token of %s", p.name)
	return m.token(mods...)
}

// oddity is one thing that may be wrong with a token.
type oddity struct {
	story string
	tag   string
	mods  []mod
}

// oddities are drawn from with equal odds.
func oddities() []oddity {
	return []oddity{
		{story: "expired", mods: []mod{at("exp", -3600)}},
		{story: "expired within the skew", mods: []mod{at("exp", -30)}},
		{story: "no exp", mods: []mod{claim("exp", nil)}},
		{story: "exp 0", mods: []mod{claim("exp", 0)}},
		{story: "exp negative", mods: []mod{claim("exp", -5)}},
		{story: "exp a string", mods: []mod{claim("exp", "1")}},
		{story: "exp far away", mods: []mod{at("exp", 86400*365)}},
		{story: "not yet valid", mods: []mod{at("nbf", 3600)}},
		{story: "not yet valid within the skew", mods: []mod{at("nbf", 30)}},
		{story: "nbf a string", mods: []mod{claim("nbf", "now")}},
		{story: "issued in the future", mods: []mod{at("iat", 7200)}},
		{story: "iat a string", mods: []mod{claim("iat", "now")}},
		{story: "iat negative", mods: []mod{claim("iat", -1)}},
		{story: "another issuer", mods: []mod{claim("iss", "https://stranger.test")}},
		{story: "no issuer", mods: []mod{claim("iss", nil)}},
		{story: "issuer a number", mods: []mod{claim("iss", 7)}},
		{story: "another audience", mods: []mod{claim("aud", "strangers")}},
		{story: "audience with the other scheme", mods: []mod{claim("aud", "https://api.test")}},
		{story: "audience with a slash", mods: []mod{claim("aud", []string{"http://api.test/"})}},
		{story: "no audience", mods: []mod{claim("aud", nil)}},
		{story: "audience a number", mods: []mod{claim("aud", 7)}},
		{story: "audiences", mods: []mod{claim("aud", []string{"x", "api", "web", "https://api.test/"})}},
		{story: "sub a number", mods: []mod{claim("sub", 7)}},
		{story: "another sub", mods: []mod{claim("sub", "bob")}},
		{story: "no sub", mods: []mod{claim("sub", nil)}},
		{story: "jti a number", mods: []mod{claim("jti", 7)}},
		{story: "an empty sub", mods: []mod{claim("sub", "")}},
		{story: "signature changed", mods: []mod{segment(2, flipped)}},
		{story: "payload changed", mods: []mod{segment(1, flipped)}},
		{story: "unknown kid", mods: []mod{head("kid", "unheard-of")}},
		{story: "no kid", mods: []mod{head("kid", nil)}},
		{story: "kid a number", mods: []mod{head("kid", 7)}},
		{story: "signed by a stranger", mods: []mod{by("rsa-stranger"), head("kid", "rsa")}},
		{story: "no alg", mods: []mod{head("alg", nil)}},
		{story: "alg none", mods: []mod{head("alg", "none"), segment(2, func(string) string { return "" })}},
		{story: "alg unheard of", mods: []mod{head("alg", "XS256")}},
		{story: "alg a number", mods: []mod{head("alg", 256)}},
		{story: "header no JSON", mods: []mod{headText("{")}},
		{story: "header no object", mods: []mod{headText(`"x"`)}},
		{story: "payload no JSON", mods: []mod{payload("{")}},
		{story: "payload an array", mods: []mod{payload("[]")}},
		{story: "header no base64", mods: []mod{segment(0, func(s string) string { return s[:4] + "!" + s[5:] })}},
		{story: "payload no base64", mods: []mod{segment(1, func(s string) string { return s[:4] + "!" + s[5:] })}},
		{story: "signature no base64", mods: []mod{segment(2, func(s string) string { return s[:4] + "!" + s[5:] })}},
		{story: "two segments", mods: []mod{edit(func(s string) string { return s[:strings.LastIndexByte(s, '.')] })}},
		{story: "four segments", mods: []mod{edit(func(s string) string { return s + ".x" })}},
		{story: "no token at all", mods: []mod{edit(func(string) string { return "garbage" })}},
		{story: "an empty text", mods: []mod{edit(func(string) string { return "" })}},
		{story: "crit", tag: "crit", mods: []mod{head("crit", []string{"exp"}), head("exp", 1)}},
		{story: "padded signature", tag: "padding", mods: []mod{segment(2, func(s string) string { return s + strings.Repeat("=", (4-len(s)%4)%4) })}},
		{story: "alg RS256 whatever the key", tag: "another kind of algorithm", mods: []mod{head("alg", "RS256")}},
		{story: "alg ES256 whatever the key", tag: "another kind of algorithm", mods: []mod{head("alg", "ES256")}},
		{story: "halves of a signature with a zero in front", tag: "length of a signature", mods: []mod{segment(2, widened)}},
		{story: "bits behind the last byte of the signature", tag: "padding", mods: []mod{segment(2, func(s string) string { return s[:len(s)-1] + string(s[len(s)-1]+1) })}},
		{story: "a claim twice", mods: []mod{twice("sub", "mallory")}},
		{story: "a sub that splits a header", tag: "unwritable claim", mods: []mod{claim("sub", "a\x01b")}},
		{story: "a sub in another script", mods: []mod{claim("sub", "ä")}},
		{story: "fractional exp", mods: []mod{func(d *draft) {
			d.claims = put(d.claims, member{"exp", rawJSON(fmt.Sprintf("%d.5", d.mint.now.Unix()+3600))})
		}}},
		{story: "a big id", tag: "a number beyond a double", mods: []mod{claim("id", rawJSON(oddNumber))}},
		{story: "nested number", tag: "an object with numbers", mods: []mod{claim("nested", rawJSON(oddObject))}},
		{story: "a ratio", mods: []mod{claim("ratio", rawJSON("0.5"))}},
		{story: "typ at+jwt", mods: []mod{head("typ", "at+jwt")}},
		{story: "typ a number", tag: "typ", mods: []mod{head("typ", 5)}},
	}
}

// widened puts a zero byte before either half: ECDSA's two numbers stay what they were.
func widened(s string) string {
	raw, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		panic(err)
	}
	half := len(raw) / 2
	return b64(slices.Concat([]byte{0}, raw[:half], []byte{0}, raw[half:]))
}

func (c chooser) damaged(r *authnRequest, m *mint, mods []mod) string {
	all := oddities()
	odd := all[c.IntN(len(all))]
	r.tell("a token: %s", odd.story)
	if odd.tag != "" {
		r.tag(odd.tag)
	}
	return m.token(append(mods, odd.mods...)...)
}
