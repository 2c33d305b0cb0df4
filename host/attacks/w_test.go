package attacks

import (
	"encoding/binary"
	"encoding/json"
	"strings"
	"testing"
)

func TestTheFakeHostLetsAGoodRequestThrough(t *testing.T) {
	h := start(t)
	if !h.configure(inline()) {
		t.Fatal(h.logs)
	}
	if h.request(2, bearer(good())) != actionContinue || len(h.answers) != 0 {
		t.Fatalf("a good request is refused: %v %v", h.answers, h.logs)
	}
	if ops := strings.Join(h.ops, "|"); ops != "remove authorization|proxy_replace_header_map_value x-user=u" {
		t.Errorf("operations %q", ops)
	}
	if h.request(3, bearer(expired())) != actionPause || h.lastDetails() != "expired" {
		t.Errorf("an expired token: %v", h.answers)
	}
}

// waiting starts a host with a stream 2 that waits for the key set of call 1.
func waiting(t *testing.T) *fakeHost {
	t.Helper()
	h := start(t)
	if !h.configure(remote()) {
		t.Fatal(h.logs)
	}
	if h.request(2, bearer(good())) != actionPause || h.calls != 1 || len(h.answers) != 0 {
		t.Fatalf("calls %d answers %v", h.calls, h.answers)
	}
	return h
}

func TestW01AnswersThatNobodyAskedForAreIgnored(t *testing.T) {
	h := waiting(t)
	h.callout(rootContext, 99, "200", keySet())
	h.callout(77, 1, "200", keySet()) // another root
	if len(h.continued) != 0 {
		t.Fatal("a stream was resumed by a stranger's answer")
	}
	h.callout(rootContext, 1, "200", keySet())
	if len(h.continued) != 1 || h.continued[0] != 2 {
		t.Fatalf("continued %v, want [2]", h.continued)
	}
	h.callout(rootContext, 1, "200", "{}") // twice
	if h.request(3, bearer(good())) != actionContinue {
		t.Error("a second answer displaced the keys")
	}
}

func TestW01AnswerAfterTheStreamIsGone(t *testing.T) {
	h := waiting(t)
	h.call("proxy_on_delete", 2)
	h.callout(rootContext, 1, "200", keySet())
	if len(h.continued) != 0 || len(h.answers) != 0 {
		t.Errorf("a deleted stream was continued %v or answered %v", h.continued, h.answers)
	}
	if h.request(3, bearer(good())) != actionContinue {
		t.Error("the keys of that answer were lost")
	}
}

func TestW01AnswerForADeletedRoot(t *testing.T) {
	h := waiting(t)
	h.call("proxy_on_delete", 2)
	h.call("proxy_on_delete", rootContext)
	h.callout(rootContext, 1, "200", keySet())
	h.call("proxy_on_tick", rootContext)
}

func TestW02RefusalInACalloutIsSentInTheStreamsContext(t *testing.T) {
	h := waiting(t)
	h.callout(rootContext, 1, "500", "")
	if len(h.answers) != 1 || h.answers[0].context != 2 || h.answers[0].status != 503 {
		t.Fatalf("answers %+v, want one 503 in context 2", h.answers)
	}
	if len(h.continued) != 0 {
		t.Error("a refused stream was continued")
	}
}

func TestW03AfterALocalAnswerEverythingIsInert(t *testing.T) {
	h := start(t)
	h.configure(inline())
	h.request(2, bearer("x"))
	before := len(h.answers)
	for range 3 {
		if h.call("proxy_on_request_body", 2, 10, 0) != actionPause || h.call("proxy_on_request_trailers", 2, 1) != actionPause ||
			h.headers(2, bearer(good())) != actionPause {
			t.Fatal("a callback after the answer lets the request on")
		}
	}
	h.call("proxy_on_delete", 2)
	if len(h.answers) != before || before != 1 {
		t.Errorf("%d answers, want 1", len(h.answers))
	}
}

func TestW04CallbacksOutOfOrder(t *testing.T) {
	h := start(t)
	h.configure(inline())
	// Contexts that were never created.
	if h.headers(50, bearer(good())) != actionPause || h.call("proxy_on_request_body", 51, 1, 1) != actionPause ||
		h.call("proxy_on_request_trailers", 52, 1) != actionPause {
		t.Error("a context that does not exist is let through")
	}
	h.call("proxy_on_delete", 53)
	h.call("proxy_on_tick", 54)
	h.call("proxy_on_configure", 55, 10)
	h.call("proxy_on_context_create", 56, 57) // a parent that does not exist
	if h.headers(56, bearer(good())) != actionPause {
		t.Error("a stream of an unknown parent is let through")
	}
	// Body and trailers before headers.
	h.call("proxy_on_context_create", 60, rootContext)
	if h.call("proxy_on_request_body", 60, 5, 0) != actionPause || h.call("proxy_on_request_trailers", 60, 1) != actionPause {
		t.Error("a body before headers is let through")
	}
	// Created twice, headers twice.
	h.call("proxy_on_context_create", 61, rootContext)
	h.call("proxy_on_context_create", 61, rootContext)
	if h.headers(61, bearer(good())) != actionContinue || h.headers(61, bearer("x")) != actionPause {
		t.Error("second headers are let through")
	}
	// Deleted while waiting, then everything at once.
	w := waiting(t)
	w.call("proxy_on_delete", 2)
	w.call("proxy_on_delete", 2)
	w.call("proxy_on_request_body", 2, 5, 1)
	w.call("proxy_on_tick", rootContext)
	if len(w.continued) != 0 {
		t.Error("a deleted stream was continued")
	}
}

func TestW05TornHeaderLists(t *testing.T) {
	whole := bearer(good())
	with := func(f func(b []byte) []byte) []byte { return f(append([]byte(nil), whole...)) }
	for law, pairs := range map[string][]byte{
		"ptr 0":               nil,
		"empty list":          encode(),
		"count 2^32-1":        with(func(b []byte) []byte { binary.LittleEndian.PutUint32(b, 1<<32-1); return b }),
		"count too small":     with(func(b []byte) []byte { binary.LittleEndian.PutUint32(b, 1); return b }),
		"a size past the end": with(func(b []byte) []byte { binary.LittleEndian.PutUint32(b[4:], 1<<31); return b }),
		"sizes that wrap": with(func(b []byte) []byte {
			binary.LittleEndian.PutUint32(b[4:], 1<<32-1)
			binary.LittleEndian.PutUint32(b[8:], 2)
			return b
		}),
		"cut":               with(func(b []byte) []byte { return b[:len(b)-3] }),
		"one byte":          {5},
		"no NULs":           with(func(b []byte) []byte { b[len(b)-1] = 'x'; return b }),
		"an empty name":     get("", "x", "authorization", "Bearer "+good()),
		"no pseudo headers": encode("authorization", "Bearer "+good()),
		"two paths":         get(":path", "/open", "authorization", "Bearer "+good()),
	} {
		h := start(t)
		h.configure(inline())
		if h.request(2, pairs) != actionPause || len(h.answers) != 1 || h.lastDetails() != "headers_unreadable" {
			t.Errorf("%s: answers %+v", law, h.answers)
		}
		if h.request(3, bearer(good())) != actionContinue {
			t.Errorf("%s: the next request is not served", law)
		}
	}
}

func TestW06SizesThatLie(t *testing.T) {
	for _, size := range []uint64{0, 1, 1 << 20, 1<<31 - 1, 1 << 31, 1<<32 - 1} {
		h := waiting(t)
		for _, end := range []uint64{0, 1} {
			if h.call("proxy_on_request_body", 2, size, end) != actionPause {
				t.Errorf("body of %d: a waiting request is let on", size)
			}
		}
		h.pairs[6], h.body = encode(":status", "200"), []byte(keySet())
		h.call("proxy_on_http_call_response", rootContext, 1, 1, size, 0)
		wantPass := size >= uint64(len(keySet())) && size < 1<<31 && size <= 65536
		if passed := len(h.continued) == 1; passed != wantPass {
			t.Errorf("callout body said to be %d bytes: passed %v, want %v", size, passed, wantPass)
		}
	}
	for _, n := range []uint64{0, 1000, 1<<32 - 1} { // a header count that is wrong
		h := start(t)
		h.configure(inline())
		h.call("proxy_on_context_create", 2, rootContext)
		h.pairs[0] = bearer(good())
		if h.call("proxy_on_request_headers", 2, n, 1) != actionContinue {
			t.Errorf("the host's count of %d is believed rather than the list", n)
		}
	}
	for _, size := range []uint64{1, 1<<31 - 1, 1<<32 - 1} { // configure
		h := start(t)
		h.config = []byte(inline())
		if h.call("proxy_on_configure", rootContext, size) == 1 {
			t.Errorf("a configuration said to be %d bytes is accepted", size)
		}
	}
}

// TestW07NoPropertyIsTrusted: the only one that is read is the client's address, for the
// line of a refusal and for nothing else. Whatever the host says it is, verdicts are the
// same and the line is one line of JSON, bounded.
func TestW07NoPropertyIsTrusted(t *testing.T) {
	for law, tc := range map[string]struct {
		status  uint32
		address string
		want    any
	}{
		"a usual one":  {0, "203.0.113.7:4711", "203.0.113.7:4711"},
		"NOT_FOUND":    {1, "", nil},
		"empty":        {0, "", nil},
		"another one":  {3, "x", nil},
		"unknown":      {77, "x", nil},
		"10 KB":        {0, strings.Repeat("a", 10<<10), strings.Repeat("a", 64) + "..."},
		"breaks lines": {0, "a\"}\r\n{\"event\":\"\x00\xff", "a\"}\r\n{\"event\":\"\x00\u00ff"},
	} {
		h := start(t)
		h.address = tc.address
		if tc.status != 0 {
			h.fail["proxy_get_property"] = tc.status
		}
		h.configure(inline())
		h.logs = nil
		if h.request(2, bearer(good())) != actionContinue || len(h.logs) != 0 {
			t.Errorf("%s: a good request is refused, or logged: %q", law, h.logs)
		}
		if h.request(3, bearer(expired())) == actionContinue || h.lastDetails() != "expired" {
			t.Errorf("%s: %+v", law, h.answers)
		}
		if len(h.logs) != 1 || len(h.logs[0]) > 1024 || strings.ContainsAny(h.logs[0], "\r\n\x00") {
			t.Fatalf("%s: %q", law, h.logs)
		}
		var line map[string]any
		if err := json.Unmarshal([]byte(h.logs[0]), &line); err != nil || line["client"] != tc.want || line["event"] != "refused" {
			t.Errorf("%s: %q: %v", law, h.logs[0], err)
		}
	}
}

func TestW12Configurations(t *testing.T) {
	h := start(t)
	for law, text := range map[string]string{
		"0 bytes": "", "10 MB": strings.Repeat(" ", 10<<20) + inline(), "bad UTF-8": strings.Replace(inline(), "corp", "co\xff", 1),
		"cut": inline()[:100], "not an object": "[]", "deep": strings.Repeat(`{"a":`, 2000),
	} {
		if h.configure(text) {
			t.Errorf("%s: accepted", law)
		}
	}
	if h.request(2, bearer(good())) != actionPause || h.lastDetails() != "no_configuration" {
		t.Errorf("without a configuration: %+v", h.answers)
	}
	for range 3 {
		if !h.configure(inline()) {
			t.Fatal(h.logs)
		}
	}
	if h.request(3, bearer(good())) != actionContinue {
		t.Error("configured three times, a good request is refused")
	}
	if h.configure(`{"providers":{"corp":{"issuer":1}}}`) {
		t.Error("a bad configuration after a good one is accepted")
	}
	if h.request(4, bearer(good())) != actionContinue || h.request(5, bearer("x")) != actionPause {
		t.Error("the former policy does not keep serving")
	}
}

// TestHostCallsThatFail forces each host call to each status: what is bad stays
// refused, nothing traps.
func TestHostCallsThatFail(t *testing.T) {
	for _, name := range []string{
		"proxy_log", "proxy_set_tick_period_milliseconds", "proxy_set_effective_context", "proxy_continue_stream", "proxy_get_buffer_bytes",
		"proxy_get_header_map_pairs", "proxy_add_header_map_value", "proxy_replace_header_map_value", "proxy_remove_header_map_value",
		"proxy_send_local_response", "proxy_http_call", "proxy_get_shared_data", "proxy_set_shared_data", "proxy_set_property",
		"proxy_define_metric", "proxy_increment_metric", "clock_time_get", "random_get",
	} {
		for status := range uint32(13) {
			if name == "proxy_set_effective_context" && status == statusOK {
				continue // a host that says OK and stays elsewhere has no stream to continue
			}
			for _, config := range []string{inline(), remote()} {
				h := start(t)
				h.fail[name] = status
				configured := h.configure(config)
				if h.request(2, bearer(expired())) == actionContinue || h.request(3, get()) == actionContinue || h.request(4, bearer("x")) == actionContinue {
					t.Fatalf("%s answers %d: a bad request passes", name, status)
				}
				first := h.request(5, bearer(good()))
				if h.calls > 0 {
					h.callout(rootContext, 1, "200", keySet())
				}
				h.call("proxy_on_tick", rootContext)
				for _, id := range h.continued {
					if id != 5 {
						t.Fatalf("%s answers %d: stream %d is continued", name, status, id)
					}
				}
				if !configured && first == actionContinue {
					t.Fatalf("%s answers %d: a request passes without a configuration", name, status)
				}
			}
		}
	}
}

// TestH22TrailersCarryNoIdentity: names that the module writes do not come in behind
// the body either.
func TestH22TrailersCarryNoIdentity(t *testing.T) {
	h := start(t)
	h.configure(inline())
	h.request(2, bearer(good()))
	h.ops = nil
	h.pairs[1] = encode("x-user", "root", "checksum", "1")
	if h.call("proxy_on_request_trailers", 2, 2) != actionContinue || strings.Join(h.ops, "|") != "remove x-user" {
		t.Errorf("operations %q", h.ops)
	}
	h.pairs[1] = encode("x-user", "root", "checksum", "1")
	h.fail["proxy_remove_header_map_value"] = 2
	if h.call("proxy_on_request_trailers", 2, 2) != actionPause {
		t.Error("trailers that the host does not clean are let through")
	}
}

// TestW04CallbacksWithinAHostCall: a proxy may end a stream and begin others while it
// sends an answer, and so call back before the first callback has returned.
func TestW04CallbacksWithinAHostCall(t *testing.T) {
	h := start(t)
	h.configure(inline())
	h.during = func() {
		h.call("proxy_on_delete", 2)
		for id := uint64(100); id < 400; id++ {
			h.call("proxy_on_context_create", id, rootContext)
			if id%3 == 0 {
				h.call("proxy_on_delete", id)
			}
		}
		if h.headers(100, bearer(good())) != actionContinue {
			t.Error("a request within a host call is refused")
		}
	}
	if h.request(2, bearer("x")) != actionPause || len(h.answers) != 1 {
		t.Fatalf("answers %+v", h.answers)
	}
	for id := uint32(101); id < 400; id++ {
		want := uint64(actionContinue)
		if id%3 == 0 {
			want = actionPause
		}
		if got := h.headers(id, bearer(good())); got != want {
			t.Fatalf("stream %d, begun within a host call: %d, want %d", id, got, want)
		}
	}
}
