package attacks

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// statuses are what a host call may return.
const statuses = 13

// trial is one request that meets one fault.
type trial struct {
	law  string
	good bool
	// pairs makes the request anew, with a token that no cache holds, for each n.
	pairs func(n int) []byte
	// answer is what the key server says.
	answer func(h *fakeHost)
}

// outcome is what came of a request.
type outcome int

const (
	hung outcome = iota
	passed
	refused
)

// run sends one request, lets the key server answer, the clock go on and the timer ring,
// and says what came of it.
func (h *fakeHost) run(id uint32, c *trial) outcome {
	h.t.Helper()
	h.answers, h.continued, h.trace, h.made, h.ops = nil, nil, nil, 0, nil
	began, calls := h.clock, h.calls
	action := h.request(id, c.pairs(int(id)))
	if action == actionContinue {
		return passed
	}
	for range 3 {
		if h.came(id) != hung {
			break
		}
		if h.calls > calls {
			calls = h.calls
			c.answer(h)
		}
		h.clock += 20_000_000_000
		h.call("proxy_on_tick", rootContext)
	}
	if h.calls > calls { // asked for too late for this one
		c.answer(h)
	}
	h.clock = began
	return h.came(id)
}

// came is what came of a request that was paused: what the module has asked of the host
// counts, whether or not the host has done it.
func (h *fakeHost) came(id uint32) outcome {
	for _, a := range h.answers {
		if a.context == id {
			return refused
		}
	}
	if slices.Contains(h.continued, id) {
		return passed
	}
	if h.faultAt > 0 && h.made >= h.faultAt {
		switch h.trace[h.faultAt-1] {
		case "proxy_send_local_response":
			return refused
		case "proxy_continue_stream", "proxy_set_effective_context":
			// The host has lost the stream, or acts on another one: nothing can be done.
			return refused
		}
	}
	return hung
}

// badRequests are requests that must never pass.
func badRequests() []trial {
	now := int64(clock / 1_000_000_000)
	signed := func(n int) (input, signature string) {
		t := tokenOf(fmt.Sprint("u", n))
		at := strings.LastIndexByte(t, '.')
		return t[:at], t[at+1:]
	}
	claims := func(n int, more string) string {
		return fmt.Sprintf(`{"iss":"https://idp.test","sub":"u%d","exp":%d%s}`, n, later, more)
	}
	all := []trial{
		{law: "no token", pairs: func(int) []byte { return get() }},
		{law: "an identity without a token", pairs: func(int) []byte { return get("x-user", "root", "X-User", "root") }},
		{law: "two tokens", pairs: func(n int) []byte {
			return get("authorization", "Bearer "+tokenOf(fmt.Sprint(n)), "authorization", "Bearer "+tokenOf("other"))
		}},
		{law: "two tokens in one line", pairs: func(n int) []byte {
			return get("authorization", "Bearer "+tokenOf(fmt.Sprint(n))+",Bearer "+tokenOf("other"))
		}},
		{law: "a path that is not normal", pairs: func(n int) []byte {
			return encode(":method", "GET", ":scheme", "https", ":authority", "api.test", ":path", "/a/../b", "authorization", "Bearer "+tokenOf(fmt.Sprint(n)))
		}},
		{law: "no path", pairs: func(n int) []byte {
			return encode(":method", "GET", ":scheme", "https", ":authority", "api.test", "authorization", "Bearer "+tokenOf(fmt.Sprint(n)))
		}},
		{law: "headers that cannot be read", pairs: func(int) []byte { return []byte{1} }},
	}
	for _, scheme := range []string{"", "Basic ", "Bearer", "Bearer\t", "DPoP ", "Bearer  Bearer "} {
		all = append(all, trial{law: "scheme " + fmt.Sprintf("%q", scheme), pairs: func(n int) []byte {
			return get("authorization", scheme+tokenOf(fmt.Sprint(n)))
		}})
	}
	for name, token := range map[string]func(n int) string{
		"expired":      func(n int) string { return token(now - 600 - int64(n%1000)) },
		"an empty one": func(int) string { return "" },
		"dots":         func(n int) string { return strings.Repeat(".", n%50) },
		"garbage":      func(n int) string { return strings.Repeat("A", n%3000) },
		"unsigned":     func(n int) string { input, _ := signed(n); return input + "." },
		"alg none": func(n int) string {
			return b64.EncodeToString([]byte(`{"alg":"none"}`)) + "." + b64.EncodeToString([]byte(claims(n, ""))) + "."
		},
		"another's signature": func(n int) string { input, _ := signed(n); _, s := signed(n + 1); return input + "." + s },
		"too long":            func(n int) string { input, s := signed(n); return input + strings.Repeat("A", 17000) + "." + s },
		"six segments":        func(n int) string { input, s := signed(n); return input + "." + s + "." + s + "." + s + "." + s },
	} {
		all = append(all, trial{law: "token " + name, pairs: func(n int) []byte { return bearer(token(n)) }})
	}
	for i := range 64 { // a bit of each byte of the signature
		all = append(all, trial{law: fmt.Sprintf("byte %d of the signature", i), pairs: func(n int) []byte {
			input, text := signed(n)
			signature, _ := b64.DecodeString(text)
			signature[i] ^= 1 << (i % 8)
			return bearer(input + "." + b64.EncodeToString(signature))
		}})
	}
	for _, text := range []string{
		`{}`, `[]`, `null`, `"x"`, `{"iss":"https://idp.test"}`, `{"iss":"https://idp.test","exp":"` + fmt.Sprint(later) + `"}`,
		`{"iss":"https://idp.test","exp":0}`, `{"iss":"https://idp.test","exp":-1}`, `{"iss":"https://idp.test","exp":null}`,
		`{"iss":"https://other.test","exp":` + fmt.Sprint(later) + `}`, `{"iss":["https://idp.test"],"exp":` + fmt.Sprint(later) + `}`,
		`{"exp":` + fmt.Sprint(later) + `}`, `{"iss":"https://idp.test","exp":1,"exp":` + fmt.Sprint(later) + `}`,
		`{"iss":"https://idp.test","nbf":` + fmt.Sprint(later) + `,"exp":` + fmt.Sprint(later) + `}`,
		`{"iss":"https://idp.test","iat":` + fmt.Sprint(later) + `,"exp":` + fmt.Sprint(later) + `}`,
		`{"iss":"https://idp.test","sub":7,"exp":` + fmt.Sprint(later) + `}`, `{"iss":"https://idp.test","sub":"a\r\nx: y","exp":` + fmt.Sprint(later) + `}`,
		`{"iss":"https://idp.test","sub":"` + strings.Repeat("x", 9000) + `","exp":` + fmt.Sprint(later) + `}`,
	} {
		all = append(all, trial{law: fmt.Sprintf("payload %.60s", text), pairs: func(int) []byte { return bearer(payload(text)) }})
	}
	for i := range 100 { // each cut of a good token
		all = append(all, trial{law: fmt.Sprintf("%d hundredths of a token", i), pairs: func(n int) []byte {
			t := tokenOf(fmt.Sprint("u", n))
			return bearer(t[:len(t)*i/100])
		}})
	}
	return all
}

// goodRequests are requests that pass where nothing fails.
func goodRequests() []trial {
	return []trial{
		{law: "a token", pairs: func(n int) []byte { return bearer(tokenOf(fmt.Sprint("u", n))) }},
		{law: "a token that was seen", pairs: func(int) []byte { return bearer(tokenOf("seen")) }},
		{law: "a token and a forged identity", pairs: func(n int) []byte {
			return get("x-user", "root", "authorization", "Bearer "+tokenOf(fmt.Sprint("u", n)), "X-User", "root")
		}},
		{law: "a token without a subject", pairs: func(n int) []byte {
			return bearer(payload(fmt.Sprintf(`{"iss":"https://idp.test","exp":%d}`, later+n%1000)))
		}},
		{law: "a token and an id", pairs: func(n int) []byte {
			return get("x-request-id", "r-1", "authorization", "Bearer "+tokenOf(fmt.Sprint("u", n)))
		}},
	}
}

func withGood(all []trial) []trial {
	for _, c := range goodRequests() {
		c.good = true
		all = append(all, c)
	}
	return all
}

// faults counts what was tried, and which host calls were made to fail.
type faults struct {
	requests, tried int
	names           map[string]bool
}

// try runs a trial once for each host call that it makes and each status; ready gives the
// host that it meets.
func (f *faults) try(t *testing.T, c trial, ready func() *fakeHost, id *uint32) {
	t.Helper()
	judge := func(h *fakeHost) outcome {
		*id++
		got := h.run(*id, &c)
		h.call("proxy_on_delete", uint64(*id))
		return got
	}
	h := ready()
	h.faultAt = 0
	want := refused
	if c.good {
		want = passed
	}
	if got := judge(h); got != want {
		t.Fatalf("%s: %v without a fault, want %v (%v)", c.law, got, want, h.answers)
	}
	f.requests++
	made := h.made
	for at := 1; at <= made; at++ {
		for status := range uint32(statuses) {
			h := ready()
			h.faultAt, h.fault = at, status
			got := judge(h)
			f.tried++
			name := ""
			if at <= len(h.trace) {
				name = h.trace[at-1]
				f.names[name] = true
			}
			switch {
			case got == hung:
				t.Errorf("%s: hangs when host call %d, %s, returns %d", c.law, at, name, status)
			case got == passed && !c.good:
				t.Errorf("%s: PASSES when host call %d, %s, returns %d", c.law, at, name, status)
			case got == passed && status != statusOK && strings.HasSuffix(name, "_header_map_value"):
				t.Errorf("%s: passes half done when host call %d, %s, returns %d", c.law, at, name, status)
			}
		}
	}
}

// TestW08EveryFaultOfEveryHostCall: one host call at a time returns one status and does
// nothing. What is bad never passes, nothing hangs and nothing traps; the next request is
// judged as if nothing had been.
func TestW08EveryFaultOfEveryHostCall(t *testing.T) {
	f := &faults{names: map[string]bool{}}
	t.Run("in a request that is judged at once", f.atOnce)
	t.Run("in a request that waits for keys", f.waiting)
	t.Run("at configure", f.configuring)
	t.Run("in a body that passes while it is compared", f.streaming)
	if t.Failed() {
		return
	}
	module, err := compiled()
	if err != nil {
		t.Fatal(err)
	}
	for _, imported := range module.ImportedFunctions() {
		if _, name, _ := imported.Import(); !f.names[name] && untried[name] == "" {
			t.Errorf("%s was never made to fail", name)
		}
	}
	if f.requests < 200 {
		t.Errorf("%d requests", f.requests)
	}
	t.Logf("note: W-08: %d requests, %d single faults of %d host calls: none passed wrongly, none hung", f.requests, f.tried, len(f.names))
}

// untried are the imports that these requests do not make, with what holds them.
var untried = map[string]string{
	"fd_write": "the runtime's last words", "proc_exit": "the runtime's end", "args_get": "the runtime's start", "args_sizes_get": "the runtime's start",
	"proxy_add_header_map_value":  "TestHostCallsThatFail",
	"proxy_call_foreign_function": "the host's RSA (M-14)",
}

// atOnce: all keys are there.
func (f *faults) atOnce(t *testing.T) {
	h := start(t)
	h.environ = "POSTERN_FILTER_STATE=verdict,reason"
	if !h.configure(inline()) {
		t.Fatal(h.logs)
	}
	id := uint32(1)
	warm := goodRequests()[1]
	h.run(1, &warm)
	h.call("proxy_on_delete", 1)
	for _, c := range withGood(badRequests()) {
		f.try(t, c, func() *fakeHost { return h }, &id)
		h.faultAt = 0
		id++
		if h.run(id, &warm) != passed {
			t.Fatalf("after the faults of %q a good request is refused: %v", c.law, h.answers)
		}
		h.call("proxy_on_delete", uint64(id))
	}
}

// waiting: the host fetches a key set meanwhile, or an answer that brings none.
func (f *faults) waiting(t *testing.T) {
	ready := func() *fakeHost {
		h := start(t)
		if !h.configure(remote()) {
			t.Fatal(h.logs)
		}
		return h
	}
	keys := func(h *fakeHost) { h.callout(rootContext, h.calls, "200", keySet()) }
	none := func(h *fakeHost) { h.callout(rootContext, h.calls, "500", "") }
	token := goodRequests()[0].pairs
	for _, c := range []trial{
		{law: "a token", good: true, pairs: token, answer: keys},
		{law: "a token, and the keys do not come", pairs: token, answer: none},
		{law: "an expired token", pairs: func(int) []byte { return bearer(expired()) }, answer: keys},
		{law: "no token", pairs: func(int) []byte { return get() }, answer: keys},
		{law: "a forged token", pairs: func(n int) []byte {
			t := tokenOf(fmt.Sprint("u", n))
			return bearer(t[:strings.LastIndexByte(t, '.')+1] + strings.Repeat("A", 86))
		}, answer: keys},
	} {
		id := uint32(1)
		f.try(t, c, ready, &id)
	}
}

// configuring: a fault leaves a policy that judges as it should, or none, and then
// nothing passes.
func (f *faults) configuring(t *testing.T) {
	for _, config := range []string{inline(), remote()} {
		h := start(t)
		h.environ = "POSTERN_FILTER_STATE=verdict,reason"
		h.made = 0
		if !h.configure(config) {
			t.Fatal(h.logs)
		}
		for at, made := 1, h.made; at <= made; at++ {
			for status := range uint32(statuses) {
				h := start(t)
				h.environ = "POSTERN_FILTER_STATE=verdict,reason"
				h.made, h.trace, h.faultAt, h.fault = 0, nil, at, status
				accepted := h.configure(config)
				h.faultAt = 0
				f.tried++
				f.names[h.trace[at-1]] = true
				for n, bad := range []trial{{pairs: func(int) []byte { return get() }}, {pairs: func(int) []byte { return bearer(expired()) }}} {
					bad.answer = func(h *fakeHost) { h.callout(rootContext, h.calls, "200", keySet()) }
					if got := h.run(uint32(10+n), &bad); got != refused {
						t.Fatalf("host call %d at configure returns %d: a bad request: %v", at, status, got)
					}
				}
				c := goodRequests()[0]
				c.answer = func(h *fakeHost) { h.callout(rootContext, h.calls, "200", keySet()) }
				if got := h.run(20, &c); got == hung || got == passed && !accepted {
					t.Fatalf("host call %d at configure returns %d: accepted %v, a good request: %v", at, status, accepted, got)
				}
			}
		}
	}
}
