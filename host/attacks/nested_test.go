package attacks

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// aside lets the host do something else within a host call: what the outer callback reads
// is put back after it.
func (h *fakeHost) aside(act func()) {
	config, context, pairs := h.config, h.context, h.pairs[0]
	within := h.within
	h.within = nil
	act()
	h.within = within
	h.config, h.context, h.pairs[0] = config, context, pairs
}

// Streams of the test below: one that has passed, one that waits for keys with a good token,
// one with an expired one, and the one that the outer callback is about, if it is new.
const (
	openStream = 90 + iota
	waitingStream
	expiredStream
	newStream
)

// everyStream is all of them.
var everyStream = []uint64{openStream, waitingStream, expiredStream, newStream}

// inUse is a configuration with a stream and a warm cache, and one before it with a key
// set, whose gauges it has had to take leave of.
func inUse(h *fakeHost) {
	h.configure(remote())
	for range 3 {
		h.call("proxy_on_tick", rootContext)
	}
	h.configure(inline())
	h.pass(20, "one")
	h.pass(21, "one") // a hit of the cache to tell of
	if h.request(openStream, bearer(good())) != actionContinue {
		h.t.Fatal(h.answers)
	}
}

// inWait is one whose key set is under way, with requests that wait for it.
func inWait(h *fakeHost) {
	h.configure(inline())
	h.request(openStream, bearer(good()))
	h.configure(remote())
	if h.request(waitingStream, bearer(good())) != actionPause || h.request(expiredStream, bearer(expired())) != actionPause {
		h.t.Fatal("a request passes before there are keys")
	}
}

// inBodies has a signed request whose body is to come, and one whose body passes.
func inBodies(h *fakeHost) {
	h.configure(hookConfig)
	h.open(waitingStream, hook(nestedBody))
	h.configure(streamConfig)
	h.letOn(openStream, nestedBody)
}

const nestedBody = "the whole body"

// remembering is a configuration of signed requests whose signatures are remembered.
func remembering(config string) func(h *fakeHost) {
	return func(h *fakeHost) {
		h.configure(strings.Replace(config, `"signed_request":{`, `"signed_request":{"replay":{"by":"signature"},`, 1))
	}
}

// inDoubt has two providers for a token: the first leaves its signature, which is bad, to
// the host, the other has no keys yet.
func inDoubt(h *fakeHost) {
	h.foreign = func(string, []byte) ([]byte, uint32) { return []byte(no), statusOK }
	keys, _ := json.Marshal(`{"keys":[` + rsaJWK(rsaSigner().N) + `]}`)
	h.configure(`{"providers":{"a":{"local_jwks":{"inline_string":` + string(keys) + `}},
		"b":{"remote_jwks":{"http_uri":{"uri":"https://idp.test/keys","cluster":"idp","timeout":"1s"}}}},
		"rules":[{"match":{"prefix":"/"},"requires":{"requires_any":{"requirements":[{"provider_name":"a"},{"provider_name":"b"}]}}}]}`)
}

// within does one thing within the first host call of another.
func within(outer, inner func(h *fakeHost)) func(h *fakeHost) {
	return func(h *fakeHost) {
		h.within = func() {
			h.within = nil
			h.aside(func() { inner(h) })
		}
		outer(h)
		h.within = nil
	}
}

// arrives is a piece of a body, or its end.
func arrives(id, size, ended uint64) func(h *fakeHost) {
	return func(h *fakeHost) {
		h.sent = []byte(nestedBody)
		h.call("proxy_on_request_body", id, size, ended)
	}
}

// TestW04AnyCallbackWithinAnyOther: within each host call in turn of one callback comes
// another, the end of its context and a newer configuration among them. Nothing traps,
// nothing passes unproved, and what comes after is judged as ever. In the poisoned build
// what was freed too early is garbage.
func TestW04AnyCallbackWithinAnyOther(t *testing.T) {
	end := func(h *fakeHost) { h.call("proxy_on_delete", rootContext) }
	begin := func(h *fakeHost) {
		h.call("proxy_on_context_create", rootContext, 0)
		h.configure(inline())
	}
	tick := func(h *fakeHost) { h.call("proxy_on_tick", rootContext) }
	answer := func(h *fakeHost) { h.callout(rootContext, h.calls, "200", keySet()) }
	poor := func(h *fakeHost) {
		if h.request(70, get()) != actionPause || h.request(71, bearer(expired())) != actionPause {
			h.t.Error("a request without a good token passes")
		}
		h.call("proxy_on_delete", 70)
		h.call("proxy_on_delete", 71)
	}
	outer := map[string]struct {
		prepare, act func(h *fakeHost)
	}{
		"a configuration":                 {inUse, func(h *fakeHost) { h.configure(remote()) }},
		"a configuration for one awaited": {inWait, func(h *fakeHost) { h.configure(inline()) }},
		"the end of a context":            {inUse, end},
		"the end of an awaited one":       {inWait, end},
		"a tick":                          {inWait, tick},
		"a tick that tells the gauges": {func(h *fakeHost) {
			inWait(h)
			for range 9 {
				tick(h)
			}
		}, tick},
		"a body that passes begins": {remembering(streamConfig), func(h *fakeHost) {
			h.call("proxy_on_context_create", newStream, rootContext)
			h.pairs[0] = streamed(nestedBody)
			h.call("proxy_on_request_headers", newStream, 7, 0)
		}},
		"a signed request": {remembering(hookConfig), func(h *fakeHost) { h.request(newStream, hook("")) }},
		"a token that the host refuses": {inDoubt, func(h *fakeHost) {
			h.request(newStream, bearer(unsigned("RS256", 1)+"."+b64.EncodeToString(make([]byte, 256))))
		}},
		"a piece of a body":              {inBodies, arrives(waitingStream, 5, 0)},
		"the end of a body":              {inBodies, arrives(waitingStream, 14, 1)},
		"a piece of a body that passes":  {inBodies, arrives(openStream, 14, 0)},
		"the end of a body that passes":  {inBodies, arrives(openStream, 14, 1)},
		"another end of one that passes": {inBodies, arrives(openStream, 13, 1)},
		"the end of a body, too long":    {inBodies, arrives(waitingStream, 1<<20+1, 1)},
		"trailers after a body":          {inBodies, func(h *fakeHost) { h.call("proxy_on_request_trailers", waitingStream, 1) }},
		"trailers after one that passes": {inBodies, func(h *fakeHost) { h.call("proxy_on_request_trailers", openStream, 1) }},
		"trailers": {inUse, func(h *fakeHost) {
			h.pairs[1] = encode("x-user", "somebody else")
			h.call("proxy_on_request_trailers", openStream, 1)
		}},
		"an answer":                      {inWait, answer},
		"a request":                      {inUse, func(h *fakeHost) { h.request(newStream, bearer(tokenOf("three"))) }},
		"a refusal":                      {inUse, func(h *fakeHost) { h.request(newStream, bearer(expired())) }},
		"a request that waits":           {inWait, func(h *fakeHost) { h.request(newStream, bearer(tokenOf("three"))) }},
		"the end of a stream that waits": {inWait, func(h *fakeHost) { h.call("proxy_on_delete", waitingStream) }},
	}
	inner := map[string]func(h *fakeHost){
		"a newer configuration":     func(h *fakeHost) { h.configure(inline()) },
		"two of them":               func(h *fakeHost) { h.configure(inline()); h.configure(remote()) },
		"a bad one":                 func(h *fakeHost) { h.configure("{") },
		"the context's end":         end,
		"its end and beginning":     func(h *fakeHost) { end(h); begin(h) },
		"its end after a newer one": func(h *fakeHost) { h.configure(inline()); end(h) },
		"a tick":                    tick,
		"an answer":                 answer,
		"the end of a stream":       func(h *fakeHost) { h.call("proxy_on_delete", openStream) },
		"the end of all streams": func(h *fakeHost) {
			for _, id := range everyStream {
				h.call("proxy_on_delete", id)
			}
		},
		"the end of all and others in their places": func(h *fakeHost) {
			for _, id := range everyStream {
				h.call("proxy_on_delete", id)
				h.call("proxy_on_context_create", id, rootContext)
			}
		},
		"requests":                                        poor,
		"a tick within which the context ends":            within(tick, end),
		"a request within which the context ends":         within(poor, end),
		"a request within which a newer configuration is": within(poor, func(h *fakeHost) { h.configure(inline()) }),
	}
	for outerName, o := range outer {
		for innerName, act := range inner {
			t.Run(outerName+", "+innerName, func(t *testing.T) {
				for at, last := 1, false; !last; at++ {
					h := start(t)
					o.prepare(h)
					made := 0
					h.within = func() {
						if made++; made == at {
							h.aside(func() { act(h) })
						}
					}
					o.act(h)
					h.within, last = nil, made < at
					h.afterwards()
				}
			})
		}
	}
}

// afterwards is what must hold whatever was done: the expired token has not passed, with no
// configuration nothing does, and one that comes judges.
func (h *fakeHost) afterwards() {
	h.t.Helper()
	if slices.Contains(h.continued, expiredStream) {
		h.t.Fatal("a request with an expired token was let go on")
	}
	h.call("proxy_on_delete", rootContext)
	if h.request(30, bearer(good())) != actionPause {
		h.t.Fatal("a request passes that no configuration is there for")
	}
	h.call("proxy_on_delete", 30)
	for _, id := range everyStream {
		h.call("proxy_on_delete", id)
	}
	h.call("proxy_on_context_create", rootContext, 0)
	if !h.configure(inline()) {
		h.t.Fatal(strings.Join(h.logs, "\n"))
	}
	h.pass(40, "two")
	if h.request(41, bearer(expired())) != actionPause {
		h.t.Fatal("an expired token passes")
	}
	_ = h.mod.Close(h.ctx)
}

// TestW04ManyConfigurationsWithinACallback: 20 newer ones at a time come within one host
// call, each with a map of its own names that takes more than one bucket. Bytes of such
// maps' hashes look like addresses at times, here after some 2,000: the poisoned build must
// not take them for pointers that the outer callback has left.
func TestW04ManyConfigurationsWithinACallback(t *testing.T) {
	h := start(t)
	name := 0
	configurations := func() {
		for range 20 {
			var named strings.Builder
			for i := range 12 {
				name++
				named.WriteString(`"r` + strconv.Itoa(name) + `":{"allow_missing":{}}`)
				if i < 11 {
					named.WriteString(",")
				}
			}
			if !h.configure(`{"rules":[{"match":{"prefix":"/"},"requires":{}}],"requirement_map":{` + named.String() + `}}`) {
				t.Fatal(h.logs)
			}
			h.logs = nil
		}
	}
	for id := range uint32(300) {
		h.configure(inline())
		h.within = func() { h.aside(configurations); h.within = nil }
		h.call("proxy_on_tick", rootContext)
		h.within = nil
		h.configure(inline())
		if h.request(100+id, bearer(good())) != actionContinue {
			t.Fatal(h.answers)
		}
		h.call("proxy_on_delete", uint64(100+id))
	}
	if name == 0 {
		t.Fatal("no host call of a tick in 300")
	}
}
