package filter

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
	"testing"

	"github.com/postern-wasm/postern/plugin/config"
	"github.com/postern-wasm/postern/plugin/replay"
	"github.com/postern-wasm/postern/plugin/request"
)

// ending is how a host tells that a body is over.
type ending int

const (
	withLast  ending = iota // with the last piece
	withEmpty               // with one call more, of the same size
	withTrailers
)

var endings = map[string]ending{"with the last piece": withLast, "with an empty call": withEmpty, "with trailers": withTrailers}

// courier delivers requests as Envoy does where headers may be held: body sizes add up,
// what is held can be read.
type courier struct {
	t    *testing.T
	p    *Plugin
	now  int64
	body string // what the host holds
	most int64  // the largest piece that was read at once
	// deaf has the host answer no read of the body.
	deaf bool
}

func newCourier(t *testing.T, text string, shared Shared) *courier {
	t.Helper()
	cfg, problems := config.Parse([]byte(text), func(name string) (string, bool) { return name + "-secret", name == "HOOK" })
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	c := &courier{t: t, p: New(cfg, 42), now: start}
	c.p.ReadBody(c.read)
	c.p.Remember(shared, new(replay.Memory))
	return c
}

func (c *courier) read(start, n int64) []byte {
	if c.deaf || start+n > int64(len(c.body)) {
		return nil
	}
	c.most = max(c.most, n)
	return []byte(c.body[start : start+n])
}

// event runs one event and ends it.
func (c *courier) event(v *Verdict) Verdict {
	out := *v
	out.Ops = append(out.Ops[:0:0], out.Ops...)
	for i := range out.Ops {
		out.Ops[i].Value = strings.Clone(out.Ops[i].Value)
	}
	if out.Answer != nil {
		a := *out.Answer
		a.Headers, a.Body = append(a.Headers[:0:0], a.Headers...), append([]byte(nil), a.Body...)
		for i := range a.Headers {
			a.Headers[i].Value = strings.Clone(a.Headers[i].Value)
		}
		out.Answer = &a
	}
	c.p.Release()
	return out
}

// open sends the headers.
func (c *courier) open(s *Stream, headers []request.Header) Verdict {
	c.body = ""
	return c.event(c.p.Headers(c.now, s, headers))
}

// take is one body callback, or the trailers.
func (c *courier) take(s *Stream, headers []request.Header, piece string, ended, trailers bool) Verdict {
	c.t.Helper()
	c.body += piece
	var mine bool
	if trailers {
		mine = c.p.Ends(s)
	} else {
		mine = c.p.Arrived(s, int64(len(c.body)), ended)
	}
	if !mine {
		return Verdict{Action: c.p.Later(s)}
	}
	for start, n := c.p.Wanted(s); n > 0; start, n = c.p.Wanted(s) {
		c.p.Took(s, c.read(start, n))
	}
	if !c.p.Due(s) {
		return Verdict{Action: Pause}
	}
	return c.event(c.p.Resume(c.now, s, headers))
}

// send delivers a request and returns its verdict, and the number of the callback that
// brought it: 0 is the headers.
func (c *courier) send(headers []request.Header, how ending, pieces ...string) (v Verdict, at int) {
	c.t.Helper()
	s := &Stream{ID: 1, Ended: len(pieces) == 0}
	defer func() {
		c.p.Gone(s)
		if c.p.Waiting() != 0 || s.taps != nil {
			c.t.Error("something is left of a stream that is gone")
		}
	}()
	if v = c.open(s, headers); v.Action != Pause {
		return v, 0
	}
	for i, piece := range pieces {
		v = c.take(s, headers, piece, i == len(pieces)-1 && how == withLast, false)
		if at++; v.Action != Pause {
			return v, at
		}
	}
	switch how {
	case withEmpty:
		v = c.take(s, headers, "", true, false)
	case withTrailers:
		v = c.take(s, headers, "", false, true)
	case withLast:
	}
	return v, at + 1
}

// memo is shared data as a proxy has it.
type memo struct {
	cells map[string]cell
	dead  bool
}

type cell struct {
	value []byte
	cas   uint32
}

func newMemo() *memo { return &memo{cells: map[string]cell{}} }

func (m *memo) Get(key string) ([]byte, uint32, replay.ShareStatus) {
	c, ok := m.cells[key]
	switch {
	case m.dead:
		return nil, 0, replay.ShareUnavailable
	case !ok:
		return nil, 0, replay.ShareAbsent
	}
	return append([]byte(nil), c.value...), c.cas, replay.ShareOK
}

func (m *memo) Set(key string, value []byte, cas uint32) replay.ShareStatus {
	c, ok := m.cells[key]
	switch {
	case m.dead:
		return replay.ShareUnavailable
	case ok && cas != 0 && cas != c.cas:
		return replay.ShareConflict
	}
	m.cells[key] = cell{append([]byte(nil), value...), c.cas + 1}
	return replay.ShareOK
}

func mac(secret string, parts ...string) string {
	m := hmac.New(sha256.New, []byte(secret))
	for _, part := range parts {
		m.Write([]byte(part))
	}
	return hex.EncodeToString(m.Sum(nil))
}

// post is a request with more headers: names and values by turns.
func post(more ...string) []request.Header {
	h := []request.Header{{Name: ":method", Value: "POST"}, {Name: ":scheme", Value: "https"}, {Name: ":authority", Value: "api.test"}, {Name: ":path", Value: "/hook"}}
	for i := 0; i+1 < len(more); i += 2 {
		h = append(h, request.Header{Name: more[i], Value: more[i+1]})
	}
	return h
}

// hooks is a configuration of a provider that signs the body alone.
func hooks(more string) string {
	return `{"providers":{"gh":{"signed_request":{"preset":"github","keys":[{"id":"k1","client":"octo","secret":{"env":"HOOK"}}]` + more + `}}},
		"rules":[{"match":{"prefix":"/"},"requires":{"provider_name":"gh"}}]}`
}

func github(body string, more ...string) []request.Header {
	return post(append([]string{"x-hub-signature-256", "sha256=" + mac("HOOK-secret", body)}, more...)...)
}

// calls is a configuration of a partner's calls, signed with time and nonce.
func calls(more string) string {
	return `{"providers":{"partner":{"signed_request":{"template":{"algorithm":"hmac-sha256","signature":{"header":"x-signature","encoding":"hex"},
		"key_id":{"header":"x-key"},"timestamp":{"header":"x-timestamp"},"nonce":{"header":"x-nonce"},"base":"{timestamp}.{nonce}.{method}.{target}.{body}"},
		"keys":[{"id":"k1","client":"acme","secret":{"inline":"first secret"}},{"id":"k2","client":"emca","secret":{"inline":"second secret"}}]` + more + `}}},
		"rules":[{"match":{"prefix":"/"},"requires":{"provider_name":"partner"}}]}`
}

func partner(key, secret string, at int64, nonce, body string) []request.Header {
	stamp := strconv.FormatInt(at/sec, 10)
	return post("x-key", key, "x-timestamp", stamp, "x-nonce", nonce,
		"x-signature", mac(secret, stamp, ".", nonce, ".POST./hook.", body))
}
