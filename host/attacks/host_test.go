package attacks

import (
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"
)

// open is a configuration that asks for a token on /a alone.
func open() string {
	return strings.Replace(inline(), `"rules":[`, `"rules":[{"match":{"prefix":"/open"}},{"match":{"prefix":"/maybe"},"requires":{"requires_any":{"requirements":[{"provider_name":"corp"},{"allow_missing":{}}]}}},`, 1)
}

func at(path string, extra ...string) []byte {
	return encode(append([]string{":method", "GET", ":scheme", "https", ":authority", "api.test", ":path", path}, extra...)...)
}

// TestF01ClientsCannotSendIdentity: whatever rule a request meets, the upstream sees no
// identity but the one that was proved.
func TestF01ClientsCannotSendIdentity(t *testing.T) {
	forged := []string{"x-user", "root", "X-USER", "root", "x-User", ""}
	for _, c := range []struct {
		law  string
		path string
		line []string
		want []string
	}{
		{"an open rule", "/open", nil, nil},
		{"a credential that is optional, and none", "/maybe", nil, nil},
		{"a credential that is optional, and one", "/maybe", []string{"authorization", "Bearer " + good()}, []string{"u"}},
		{"the claim is absent", "/a", []string{"authorization", "Bearer " + payload(fmt.Sprintf(`{"iss":"https://idp.test","exp":%d}`, later))}, nil},
		{"a token", "/a", []string{"authorization", "Bearer " + good()}, []string{"u"}},
	} {
		h := start(t)
		if !h.configure(open()) {
			t.Fatal(h.logs)
		}
		if h.request(2, at(c.path, append(c.line, forged...)...)) != actionContinue {
			t.Fatalf("%s: refused: %v", c.law, h.answers)
		}
		if got := h.seen("x-user"); strings.Join(got, "|") != strings.Join(c.want, "|") {
			t.Errorf("%s: the upstream sees %q, want %q", c.law, got, c.want)
		}
	}
	h := start(t) // no rule, and none is asked for
	h.configure(strings.Replace(strings.Replace(inline(), `{"providers"`, `{"default":"allow","providers"`, 1), `"prefix":"/"`, `"prefix":"/api"`, 1))
	if h.request(2, at("/elsewhere", forged...)) != actionContinue || len(h.seen("x-user")) != 0 {
		t.Errorf("an unmatched path: the upstream sees %q, answers %v", h.seen("x-user"), h.answers)
	}
}

// TestF06RemovalIsReadBack: a host that says that it has removed a header, and has not,
// gets no request through; one that removes by setting empty does (W-11).
func TestF06RemovalIsReadBack(t *testing.T) {
	for _, c := range []struct {
		removal string
		pairs   []byte
		want    uint64
	}{
		{"", at("/open", "x-user", "root"), actionContinue},
		{"empty", at("/open", "x-user", "root"), actionContinue},
		{"nothing", at("/open", "x-user", "root"), actionPause},
		{"first", at("/open", "x-user", "a"), actionContinue},
		{"first", at("/open", "x-user", "a", "X-User", "root"), actionPause},
		{"nothing", at("/open"), actionContinue},
		{"nothing", at("/a", "authorization", "Bearer "+good()), actionPause},
		{"empty", at("/a", "authorization", "Bearer "+good(), "x-user", "root"), actionContinue},
		{"first", at("/a", "authorization", "Bearer "+good(), "x-user", "a", "x-user", "root"), actionContinue}, // the second is overwritten
	} {
		h := start(t)
		h.removal = c.removal
		if !h.configure(open()) {
			t.Fatal(h.logs)
		}
		for id := uint32(2); id < 4; id++ { // what the first request has shown does not blind the second
			if got := h.request(id, c.pairs); got != c.want {
				t.Errorf("removal %q, request %q: action %d, want %d", c.removal, c.pairs, got, c.want)
			}
			if c.want == actionContinue {
				for _, v := range append(h.seen("x-user"), h.seen("authorization")...) {
					if v != "" && v != "u" {
						t.Errorf("removal %q: the upstream sees %q", c.removal, v)
					}
				}
			}
		}
	}
	// Seen to remove once, a host may still leave an identity.
	h := start(t)
	h.configure(open())
	if h.request(2, at("/a", "authorization", "Bearer "+good())) != actionContinue {
		t.Fatal(h.answers)
	}
	h.removal = "nothing"
	if h.request(3, at("/open", "x-user", "root")) != actionPause {
		t.Error("an identity that the host leaves passes")
	}
}

// TestW11HostsThatDoNotWait: a host that ignores Pause and calls on, one that removes by
// setting empty, one whose clock stands still.
func TestW11HostsThatDoNotWait(t *testing.T) {
	for _, removal := range []string{"", "empty"} {
		h := start(t)
		h.removal = removal
		if !h.configure(open()) {
			t.Fatal(h.logs)
		}
		id := uint32(10)
		for _, c := range badRequests() {
			id++
			before := len(h.answers)
			if h.request(id, c.pairs(int(id))) != actionPause {
				t.Fatalf("removal %q, %s: passes", removal, c.law)
			}
			for _, size := range []uint64{5, 0} { // the host calls on all the same
				if h.call("proxy_on_request_body", uint64(id), size, 0) != actionPause {
					t.Fatalf("%s: its body is let on", c.law)
				}
			}
			if h.call("proxy_on_request_trailers", uint64(id), 1) != actionPause || h.call("proxy_on_request_body", uint64(id), 0, 1) != actionPause {
				t.Fatalf("%s: its end is let on", c.law)
			}
			h.call("proxy_on_tick", rootContext)
			if len(h.answers) != before+1 || len(h.continued) != 0 {
				t.Fatalf("%s: %d answers, continued %v", c.law, len(h.answers)-before, h.continued)
			}
			h.call("proxy_on_delete", uint64(id))
		}
	}
	// The clock stands still: keys come, streams resume, tokens are judged by it.
	h := waiting(t)
	for range 50 {
		h.call("proxy_on_tick", rootContext)
	}
	if h.call("proxy_on_request_body", 2, 5, 1) != actionPause || len(h.continued) != 0 {
		t.Fatal("a stream that waits is let on")
	}
	h.callout(rootContext, 1, "200", keySet())
	if len(h.continued) != 1 || h.request(3, bearer(expired())) != actionPause || h.request(4, bearer(good())) != actionContinue {
		t.Errorf("continued %v, answers %v", h.continued, h.answers)
	}
	for id := range uint32(2000) { // whatever is counted by time does not overflow or let on
		if h.request(10+id, get()) != actionPause {
			t.Fatal("passes")
		}
		h.call("proxy_on_delete", uint64(10+id))
	}
	if n := len(h.logs); n > 200 {
		t.Errorf("%d log lines of one moment", n)
	}
	// No callouts at all: what needs them is no configuration, and without one nothing passes.
	h = start(t)
	h.fail["proxy_http_call"] = 12
	if h.configure(remote()) || !strings.Contains(strings.Join(h.logs, "\n"), "the host offers no HTTP callouts") {
		t.Errorf("without callouts: %v", h.logs)
	}
	if h.request(2, bearer(good())) != actionPause || len(h.answers) != 1 || h.answers[0].status != 503 {
		t.Errorf("without a configuration: %v", h.answers)
	}
	// Callouts that fail: refused at once, not left waiting.
	h = start(t)
	h.fail["proxy_http_call"] = 10
	if !h.configure(remote()) || h.request(2, bearer(good())) != actionPause || len(h.answers) != 1 || h.answers[0].status != 503 {
		t.Errorf("with callouts that fail: %v", h.answers)
	}
}

// TestW10TheAllocatorIsBounded: what a host asks of the module's allocator is answered
// or refused, never a trap, and what is asked in vain costs nothing.
func TestW10TheAllocatorIsBounded(t *testing.T) {
	h := start(t)
	if !h.configure(inline()) {
		t.Fatal(h.logs)
	}
	allocate := func(size uint64) uint32 {
		results, err := h.mod.ExportedFunction("proxy_on_memory_allocate").Call(h.ctx, size)
		if err != nil {
			t.Fatalf("asked for %d bytes: %v", size, err)
		}
		return uint32(results[0])
	}
	before := h.mod.Memory().Size()
	for _, size := range []uint64{1 << 31, 1<<31 - 1, 1<<31 + 1, 1<<32 - 1, 100 << 20, 16<<20 + 1} {
		for range 10 {
			if p := allocate(size); p != 0 {
				t.Errorf("%d bytes are given at %d", size, p)
			}
		}
	}
	if got := h.mod.Memory().Size(); got != before {
		t.Errorf("memory has grown by %d bytes for what was refused", got-before)
	}
	seen := map[uint32]bool{}
	for range 10000 {
		for _, size := range []uint64{0, 1} {
			p := allocate(size)
			if p == 0 || seen[p] {
				t.Fatalf("%d bytes at %d: none, or given before", size, p)
			}
			seen[p] = true
		}
	}
	for range 100 { // nobody takes back what is asked for outside of any callback
		for range 10 {
			allocate(100 << 10)
		}
		if h.request(2, bearer(good())) != actionContinue || h.request(3, get()) != actionPause {
			t.Fatal("a request is judged otherwise")
		}
		h.call("proxy_on_delete", 2)
		h.call("proxy_on_delete", 3)
	}
	if got := h.mod.Memory().Size() - before; got > 4<<20 {
		t.Errorf("memory has grown by %d bytes when 100 MB were asked for", got)
	}
}

// TestR04NeverReachable: before the first key set came nothing is verified, by no key.
func TestR04NeverReachable(t *testing.T) {
	signed := func(key string) string {
		input := b64.EncodeToString([]byte(`{"alg":"HS256","kid":"a"}`)) + "." + b64.EncodeToString([]byte(fmt.Sprintf(`{"iss":"https://idp.test","exp":%d}`, later)))
		mac := hmac.New(sha256.New, []byte(key))
		mac.Write([]byte(input))
		return input + "." + b64.EncodeToString(mac.Sum(nil))
	}
	for law, answer := range map[string]func(h *fakeHost){
		"no answer": func(*fakeHost) {},
		"500":       func(h *fakeHost) { h.callout(rootContext, h.calls, "500", keySet()) },
		"a reset": func(h *fakeHost) {
			h.pairs[6] = nil
			h.call("proxy_on_http_call_response", rootContext, uint64(h.calls), 0, 0, 0)
		},
		"no key":      func(h *fakeHost) { h.callout(rootContext, h.calls, "200", `{"keys":[]}`) },
		"a redirect":  func(h *fakeHost) { h.callout(rootContext, h.calls, "302", keySet()) },
		"HTML":        func(h *fakeHost) { h.callout(rootContext, h.calls, "200", "<html></html>") },
		"half of one": func(h *fakeHost) { h.callout(rootContext, h.calls, "200", keySet()[:40]) },
	} {
		h := start(t)
		if !h.configure(remote()) {
			t.Fatal(h.logs)
		}
		for n, token := range []string{good(), signed(""), signed("secret"), signed(strings.Repeat("\x00", 32)), expired()} {
			c := trial{pairs: func(int) []byte { return bearer(token) }, answer: answer}
			if got := h.run(uint32(2+n), &c); got != refused {
				t.Errorf("%s, token %d: %v, want refused", law, n, got)
			}
			if n == 0 && h.answers[0].status != 503 {
				t.Errorf("%s: %d for a good token, want 503", law, h.answers[0].status)
			}
		}
	}
}

// TestR07LifetimesStayWithinBounds: whatever a key server says of its answer's life, the
// set is not asked for again at once, and it is asked for again in the end.
func TestR07LifetimesStayWithinBounds(t *testing.T) {
	for _, value := range []string{
		"", "max-age=0", "max-age=-1", "max-age=100000000000000000000", `max-age="60"`, "max-age=60, max-age=0", "no-store", "no-cache",
		"max-age=", "max-age=x", strings.Repeat("max-age=1,", 2000), "MAX-AGE=0", "private, max-age=31536000",
	} {
		for _, age := range []string{"", "0", "100000", "-5", "99999999999999999999", "x"} {
			h := waiting(t)
			h.pairs[6], h.body = encode(":status", "200", "cache-control", value, "age", age), []byte(keySet())
			h.call("proxy_on_http_call_response", rootContext, 1, 3, uint64(len(h.body)), 0)
			if len(h.continued) != 1 {
				t.Fatalf("%.40q, age %q: the set is not taken", value, age)
			}
			for range 50 { // five seconds
				h.clock += 100_000_000
				h.call("proxy_on_tick", rootContext)
			}
			if h.calls != 1 {
				t.Errorf("%.40q, age %q: %d fetches within five seconds", value, age, h.calls)
			}
			for range 70 { // cache_duration is ten minutes
				h.clock += 10_000_000_000
				h.call("proxy_on_tick", rootContext)
			}
			if h.calls < 2 {
				t.Errorf("%.40q, age %q: not fetched again in 700 seconds", value, age)
			}
		}
	}
}

// TestH27NoAnswerLeadsElsewhere: no answer carries a Location, whatever the request says.
func TestH27NoAnswerLeadsElsewhere(t *testing.T) {
	h := start(t)
	if !h.configure(inline()) {
		t.Fatal(h.logs)
	}
	for n, path := range []string{"//evil", `/\evil`, "https:evil", "/a\r\nlocation: //evil", "/a?next=//evil", "/%0d%0alocation:%20//evil"} {
		if h.request(uint32(2+n), at(path, "referer", "https://evil", "x-forwarded-host", "evil")) != actionPause || len(h.answers) != n+1 {
			t.Fatalf("%q: answers %v", path, h.answers)
		}
		a := h.answers[n]
		if a.status/100 == 3 || strings.Contains(strings.ToLower(a.headers), "location") || strings.Contains(a.headers+a.body, "evil") {
			t.Errorf("%q is answered %d %q %q", path, a.status, a.headers, a.body)
		}
	}
}
