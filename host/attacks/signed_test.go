package attacks

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"
)

const hookConfig = `{"providers":{"gh":{"signed_request":{"preset":"github","keys":[{"id":"k1","secret":{"inline":"hook secret"}}]}}},
	"rules":[{"match":{"prefix":"/"},"requires":{"provider_name":"gh"}}]}`

// hook is a request whose signature is of a body.
func hook(body string) []byte {
	m := hmac.New(sha256.New, []byte("hook secret"))
	m.Write([]byte(body))
	return get("x-hub-signature-256", "sha256="+hex.EncodeToString(m.Sum(nil)))
}

// held opens a stream whose body is still to come.
func held(t *testing.T, id uint32, pairs []byte) *fakeHost {
	t.Helper()
	h := start(t)
	if !h.configure(hookConfig) {
		t.Fatal(h.logs)
	}
	h.open(id, pairs)
	return h
}

func (h *fakeHost) open(id uint32, pairs []byte) {
	h.t.Helper()
	h.call("proxy_on_context_create", uint64(id), rootContext)
	h.pairs[0] = pairs
	if h.call("proxy_on_request_headers", uint64(id), 5, 0) != actionPause || len(h.answers) != 0 {
		h.t.Fatalf("a body is not waited for: %+v", h.answers)
	}
}

// TestW06BodySizesThatLie: only a body that is signed and read whole lets a request on.
func TestW06BodySizesThatLie(t *testing.T) {
	const body = "the whole body"
	for _, c := range []struct {
		law   string
		sizes []uint64 // of the callbacks; the last one ends the body
		pass  bool
	}{
		{"as it is", []uint64{14}, true},
		{"growing", []uint64{3, 9, 14}, true},
		{"the same twice", []uint64{14, 14}, true},
		{"shrinking at the end", []uint64{14, 0}, true},
		{"too small", []uint64{13}, false},
		{"none", []uint64{0}, false},
		{"a byte more than there is", []uint64{15}, false},
		{"more and then less", []uint64{15, 14}, false},
		{"far more", []uint64{1 << 19}, false},
		{"above the limit", []uint64{1<<20 + 1}, false},
		{"2^31 - 1", []uint64{1<<31 - 1}, false},
		{"negative", []uint64{1<<32 - 1}, false},
	} {
		h := held(t, 2, hook(body))
		h.sent = []byte(body)
		action := uint64(actionPause)
		for i, size := range c.sizes {
			ended := uint64(0)
			if i == len(c.sizes)-1 {
				ended = 1
			}
			if action != actionPause {
				t.Errorf("%s: let on before its end", c.law)
			}
			action = h.call("proxy_on_request_body", 2, size, ended)
		}
		if (action == actionContinue) != c.pass || (len(h.answers) == 1) == c.pass {
			t.Errorf("%s: action %d, answers %+v", c.law, action, h.answers)
		}
		if c.pass {
			continue
		}
		// W-03: whatever comes now, nothing is let on and nothing answered twice.
		h.sent = []byte(body)
		for _, again := range []uint64{h.call("proxy_on_request_body", 2, 14, 1), h.call("proxy_on_request_trailers", 2, 1)} {
			if again != actionPause || len(h.answers) != 1 {
				t.Errorf("%s: after the answer: %d, %+v", c.law, again, h.answers)
			}
		}
	}
}

// TestABodyThatIsNotHandedOverRefuses, whichever the status.
func TestABodyThatIsNotHandedOverRefuses(t *testing.T) {
	for _, status := range []uint32{1, 2, 5, 10, 12} {
		h := held(t, 2, hook("body"))
		h.sent = []byte("body")
		h.fail["proxy_get_buffer_bytes"] = status
		if h.call("proxy_on_request_body", 2, 4, 1) != actionPause || len(h.answers) != 1 || h.lastDetails() != "body_undelivered" {
			t.Errorf("status %d: %+v", status, h.answers)
		}
	}
	// The end without a body is no body, and needs no read.
	h := held(t, 2, hook(""))
	h.fail["proxy_get_buffer_bytes"] = 1
	if h.call("proxy_on_request_trailers", 2, 1) != actionContinue {
		t.Errorf("no body: %+v", h.answers)
	}
}

// TestL05HeldBodiesTakeNoMemory: a body of a megabyte, in pieces of 16 KiB and at once,
// takes what one of a kilobyte takes.
func TestL05HeldBodiesTakeNoMemory(t *testing.T) {
	h := start(t)
	if !h.configure(hookConfig) {
		t.Fatal(h.logs)
	}
	send := func(id uint32, size, step int) {
		body := strings.Repeat("0123456789abcdef", size/16)
		h.open(id, hook(body))
		action := uint64(actionPause)
		for at := step; at <= len(body); at += step {
			h.sent = []byte(body[:at])
			ended := uint64(0)
			if at == len(body) {
				ended = 1
			}
			action = h.call("proxy_on_request_body", uint64(id), uint64(at), ended)
		}
		if action != actionContinue {
			t.Fatalf("%d bytes: %+v", size, h.answers)
		}
		h.call("proxy_on_delete", uint64(id))
	}
	send(2, 1024, 1024)
	before := h.mod.Memory().Size()
	send(3, 1<<20, 16<<10)
	send(4, 1<<20, 1<<20)
	if got := h.mod.Memory().Size() - before; got > 128<<10 { // the piece's own memory, once
		t.Errorf("a megabyte takes %d bytes", got)
	}
	after := h.mod.Memory().Size()
	for id := range uint32(20) {
		send(10+id, 1<<20, 1<<20)
	}
	if got := h.mod.Memory().Size() - after; got != 0 {
		t.Errorf("twenty more take %d bytes", got)
	}
}
