package attacks

import (
	"strings"
	"testing"
)

// passing opens a stream whose body passes while it is compared.
func passing(t *testing.T, body string) *fakeHost {
	t.Helper()
	h := start(t)
	if !h.configure(streamConfig) {
		t.Fatal(h.logs)
	}
	h.letOn(2, body)
	return h
}

func (h *fakeHost) letOn(id uint32, body string) {
	h.t.Helper()
	h.call("proxy_on_context_create", uint64(id), rootContext)
	h.pairs[0] = streamed(body)
	if h.call("proxy_on_request_headers", uint64(id), 7, 0) != actionContinue || len(h.answers) != 0 {
		h.t.Fatalf("the headers are not let on: %+v", h.answers)
	}
}

// TestW06PassingBodySizesThatLie: of a body whose pieces are not as long as the host says
// the upstream sees no end, and after the answer no byte (W-03).
func TestW06PassingBodySizesThatLie(t *testing.T) {
	const body = "the whole body"
	type piece struct {
		size uint64
		sent string
	}
	for _, c := range []struct {
		law    string
		pieces []piece // the last one ends the body
		reason string  // "" is let through
	}{
		{"as it is", []piece{{3, "the"}, {6, " whole"}, {5, " body"}}, ""},
		{"at once", []piece{{14, body}}, ""},
		{"an end of its own", []piece{{14, body}, {0, ""}}, ""},
		{"empty pieces between", []piece{{0, ""}, {3, "the"}, {0, ""}, {11, " whole body"}}, ""},
		{"more than there is", []piece{{4, "the"}, {11, " whole body"}}, "body_undelivered"},
		{"more than there is, at the end", []piece{{3, "the"}, {12, " whole body"}}, "body_undelivered"},
		{"less than there is", []piece{{2, "the"}, {11, " whole body"}}, "body_undelivered"},
		{"less than there is, at the end", []piece{{3, "the"}, {10, " whole body"}}, "digest_mismatch"},
		{"something where there is nothing", []piece{{14, ""}, {0, ""}}, "body_undelivered"},
		{"the end before the end", []piece{{3, "the"}, {0, ""}}, "digest_mismatch"},
		{"above the limit", []piece{{1<<20 + 1, body}, {0, ""}}, "body_too_large"},
		{"above the limit together", []piece{{3, "the"}, {1<<20 - 2, " whole body"}}, "body_too_large"},
		{"2^31 - 1", []piece{{1<<31 - 1, body}, {0, ""}}, "body_too_large"},
		{"negative, at the end", []piece{{1<<32 - 1, body}}, "digest_mismatch"},
	} {
		h := passing(t, body)
		action, got := uint64(actionContinue), ""
		for i, p := range c.pieces {
			ended := uint64(0)
			if i == len(c.pieces)-1 {
				ended = 1
			}
			h.sent = []byte(p.sent)
			if action = h.call("proxy_on_request_body", 2, p.size, ended); action != actionContinue {
				break
			}
			got += string(h.sent)
		}
		if (action == actionContinue) != (c.reason == "") || h.lastDetails() != c.reason || c.reason == "" && got != body {
			t.Errorf("%s: action %d, %q, the upstream has %q", c.law, action, h.lastDetails(), got)
		}
		if c.reason == "" {
			continue
		}
		if len(got) >= len(body) {
			t.Errorf("%s: the upstream has %q", c.law, got)
		}
		h.sent = []byte(body)
		for _, again := range []uint64{h.call("proxy_on_request_body", 2, 14, 1), h.call("proxy_on_request_trailers", 2, 1)} {
			if again != actionPause || len(h.answers) != 1 {
				t.Errorf("%s: after the answer: %d, %+v", c.law, again, h.answers)
			}
		}
	}
}

// TestL05PassingBodiesTakeNoMemory: a megabyte in pieces takes what a kilobyte takes; in one
// piece it takes its own size, once.
func TestL05PassingBodiesTakeNoMemory(t *testing.T) {
	h := start(t)
	if !h.configure(streamConfig) {
		t.Fatal(h.logs)
	}
	id := uint32(1)
	send := func(size, step int) {
		body := strings.Repeat("0123456789abcdef", size/16)
		id++
		h.letOn(id, body)
		for at := 0; at < size; at += step {
			h.sent = []byte(body[at : at+step])
			ended := uint64(0)
			if at+step == size {
				ended = 1
			}
			if h.call("proxy_on_request_body", uint64(id), uint64(step), ended) != actionContinue {
				t.Fatalf("%d bytes in pieces of %d: %+v", size, step, h.answers)
			}
		}
		h.call("proxy_on_delete", uint64(id))
	}
	send(1024, 1024)
	before := h.mod.Memory().Size()
	for range 3 {
		send(1<<20, 16<<10)
	}
	if got := h.mod.Memory().Size() - before; got > 128<<10 {
		t.Errorf("a megabyte in pieces takes %d bytes", got)
	}
	send(1<<20, 1<<19)
	if got := h.mod.Memory().Size() - before; got > 3<<20 {
		t.Errorf("a megabyte in halves takes %d bytes", got)
	}
	after := h.mod.Memory().Size()
	for range 10 {
		send(1<<20, 1<<19)
		send(1<<20, 16<<10)
	}
	if got := h.mod.Memory().Size() - after; got != 0 {
		t.Errorf("twenty more take %d bytes", got)
	}
}
