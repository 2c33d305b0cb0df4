package parity

import (
	"bytes"
	"strings"
	"testing"
	"text/template"
	"time"

	"github.com/postern-wasm/postern/host/envoy"
)

// group is one configuration and the requests it meets, in order and with one
// state: what a key set has become for one case it is for the next.
type group struct {
	// name is also the Envoy listener's: letters, digits, '-'.
	name string
	// config is the plugin configuration; {{set "main"}} is a JWK set as a JSON
	// string, {{set64 "main"}} the same in base64, {{keys "main"}} as JSON.
	config string
	// provider is the one that judges every token of the group; "" if there are several.
	provider string
	// clusters are the key-set servers of the configuration, with what they
	// answer at first.
	clusters map[string]answer
	// hold says that headers may be held until the body has come
	// (allow_on_headers_stop_iteration); once that a request is not sent a second time.
	hold, once bool
	// cases in order.
	cases []scenario
}

// scenario is one request and what must come of it. The law names both.
type scenario struct {
	law  string
	send build
	want want
	// before changes the world outside; the request follows.
	before func(*world)
	// door says that Envoy itself refuses such a request before any filter sees
	// it, and why. There the case asks only that nothing passes.
	door string
}

// builder collects one request.
type builder struct {
	mint    *mint
	request envoy.Request
}

// build writes a request.
type build func(*builder)

// answer makes a key-set server's answer from the ring.
type answer func(ring) envoy.Answer

// call is a request of any method. The host is api.test unless an option says otherwise.
func call(method, target string, options ...build) build {
	return func(b *builder) {
		b.request = envoy.Request{Method: method, Target: target, Host: "api.test"}
		for _, option := range options {
			option(b)
		}
	}
}

// get is a GET request.
func get(target string, options ...build) build { return call("GET", target, options...) }

// line adds a header line.
func line(name, value string) build {
	return func(b *builder) {
		b.request.Headers = append(b.request.Headers, envoy.Header{Name: name, Value: value})
	}
}

// bearer adds an Authorization line with a token.
func bearer(mods ...mod) build { return tokenIn("authorization", "Bearer ", mods...) }

// tokenIn adds a header line of a prefix and a token.
func tokenIn(name, prefix string, mods ...mod) build {
	return func(b *builder) { line(name, prefix+b.mint.token(mods...))(b) }
}

// inTarget replaces TOKEN in the target by a token.
func inTarget(mods ...mod) build {
	return func(b *builder) {
		b.request.Target = strings.ReplaceAll(b.request.Target, "TOKEN", b.mint.token(mods...))
	}
}

// inLine adds a header line in whose value TOKEN stands for a token.
func inLine(name, value string, mods ...mod) build {
	return func(b *builder) { line(name, strings.ReplaceAll(value, "TOKEN", b.mint.token(mods...)))(b) }
}

// authority sets the host.
func authority(host string) build { return func(b *builder) { b.request.Host = host } }

// body adds a body.
func body(text string) build { return func(b *builder) { b.request.Body = []byte(text) } }

// request builds the request of a scenario.
func (s *scenario) request(m *mint) envoy.Request {
	b := &builder{mint: m}
	s.send(b)
	return b.request
}

// text is the group's configuration with its placeholders filled. The clusters of
// all groups live in one Envoy, so each is called by its group's name too.
func (g *group) text(t *testing.T, keys ring) string {
	t.Helper()
	text := expand(t, keys, g.config)
	for cluster := range g.clusters {
		text = strings.ReplaceAll(text, `"cluster": "`+cluster+`"`, `"cluster": "`+g.name+"-"+cluster+`"`)
	}
	return text
}

// expand fills placeholders.
func expand(t *testing.T, keys ring, config string) string {
	t.Helper()
	named := func(name string) []byte {
		entries, ok := keySets[name]
		if !ok {
			t.Fatalf("no key set %q", name)
		}
		return keys.set(entries...)
	}
	parsed, err := template.New("config").Funcs(template.FuncMap{
		"keys":  func(name string) string { return string(named(name)) },
		"set":   func(name string) string { return quote(string(named(name))) },
		"set64": func(name string) string { return `"` + std64(named(name)) + `"` },
		// Other forms of a key set, as JSON strings.
		"pem":          func(names ...string) string { return quote(keys.publicPEMs(names...)) },
		"certificates": func(names ...string) string { return quote(keys.certificates(names...)) },
	}).Parse(config)
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := parsed.Execute(&text, nil); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

// serve answers with a key set.
func serve(set string, headers ...envoy.Header) answer {
	return func(keys ring) envoy.Answer {
		return envoy.Answer{
			Headers: append([]envoy.Header{{Name: "content-type", Value: "application/json"}}, headers...),
			Body:    keys.set(keySets[set]...),
		}
	}
}

// says answers with a status and a text.
func says(status int, text string, headers ...envoy.Header) answer {
	return func(ring) envoy.Answer {
		return envoy.Answer{Status: status, Headers: headers, Body: []byte(text)}
	}
}

// hangsUp closes the connection without an answer.
func hangsUp(ring) envoy.Answer { return envoy.Answer{Reset: true} }

// after delays an answer.
func after(delay time.Duration, a answer) answer {
	return func(keys ring) envoy.Answer {
		made := a(keys)
		made.Delay = delay
		return made
	}
}
