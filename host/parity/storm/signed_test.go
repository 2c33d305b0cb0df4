//go:build !race

package storm

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/postern-wasm/postern/host/abi"
	"github.com/postern-wasm/postern/host/sign"
)

const (
	// tolerance of the configurations below, nanoseconds.
	tolerance = 120 * second
	// longestBody that they take.
	longestBody = 20_000
	// recent signed requests may come again.
	recent = 40
)

// sealed is a signed request as it was sent, and all that is known of it.
type sealed struct {
	kind    string
	headers []abi.Pair // those that the signer has added
	path    string
	body    []byte // what is sent, not what is signed
	stamp   int64  // when it says that it was signed, nanoseconds
	key     string // the id of the key
	// flaw are the reasons of which one must refuse it; nil if nothing is wrong.
	flaw []string
	// taken says that it was accepted, offered how many streams have sent all of it.
	taken   bool
	offered int
}

// proof is what a signed request is proved by.
type proof struct{ provider, key string }

// signedKinds are the paths that take signed requests, with their providers: a body in the
// MAC, the same but once, a covered digest of the body and a nonce.
var signedKinds = map[string]string{
	"/hook": "hook", "/once": "once", "/msg": "msg", "/sigor": "msg", "/sigand": "msg",
}

// drawnKinds with their weights.
var drawnKinds = []string{"/hook", "/hook", "/once", "/once", "/msg", "/msg", "/sigor", "/sigand"}

func secretOf(provider, key string) []byte {
	sum := sha256.Sum256([]byte(provider + " " + key))
	return []byte(fmt.Sprintf("%x", sum[:16]))
}

// signedProviders are their configuration.
func (p *policy) signedProviders() map[string]any {
	type object = map[string]any
	provider := func(name string, more object) object {
		signed := object{
			"tolerance": "120s", "client_id_header": p.header("client"), "key_id_header": p.header("key"),
			"body": object{"max_bytes": longestBody},
		}
		keys := []object{}
		for _, id := range []string{"a", "b"} {
			key := object{"id": name + "-" + id, "client": "client-" + name + "-" + id}
			if name == "msg" {
				key["public_key"] = object{"jwk": edKey("msg-" + id).jwk}
			} else {
				key["secret"] = object{"inline": string(secretOf(name, name+"-"+id))}
			}
			keys = append(keys, key)
		}
		signed["keys"] = keys
		for member, v := range more {
			signed[member] = v
		}
		return object{"signed_request": signed}
	}
	return object{
		"hook": provider("hook", object{"preset": "slack"}),
		"once": provider("once", object{"preset": "slack", "replay": object{"by": "signature"}}),
		"msg":  provider("msg", object{"http_message_signatures": object{}, "replay": object{"by": "nonce"}}),
	}
}

// seal makes a signed request for a kind, or sends one again.
func (s *storm) seal(kind, path string) *sealed {
	if known := s.sealed[kind]; len(known) > 0 && s.chance(1, 5) {
		return pick(s, known)
	}
	m := s.freshSealed(kind, path)
	list := append(s.sealed[kind], m)
	s.sealed[kind] = list[max(0, len(list)-recent):]
	return m
}

// size of a body: at the hashes' edges, some, many, too many bytes.
func (s *storm) size() int {
	switch n := s.rng.IntN(20); {
	case n < 3:
		return 0
	case n < 6:
		return 54 + s.rng.IntN(20)
	case n < 18:
		return s.rng.IntN(6000)
	case n < 19:
		return longestBody - s.rng.IntN(2)
	}
	return longestBody + 1 + s.rng.IntN(5000)
}

func (s *storm) freshSealed(kind, path string) *sealed {
	s.serial++
	provider := signedKinds[kind]
	m := &sealed{kind: kind, path: path, key: provider + "-" + pick(s, []string{"a", "b"})}
	text := fmt.Sprintf("%s%dx ", mark, s.serial)
	size := s.size()
	if kind == "/once" {
		size = max(size, len(text)) // or else two requests of a second are one
	}
	m.body = []byte(strings.Repeat(text, size/len(text)+1)[:size])
	m.stamp = max(s.clock, start) / second * second
	signer := m.key
	flawed := s.rng.IntN(24)
	switch flawed {
	case 0:
		m.stamp -= tolerance + int64(1+s.rng.IntN(60))*second
	case 1:
		m.stamp += tolerance + int64(1+s.rng.IntN(60))*second
	case 2, 3: // it ends within the storm
		m.stamp -= tolerance - int64(s.rng.IntN(30))*second
	case 4:
		signer, m.flaw = "stranger", []string{"signature_invalid"}
	}
	m.sign(provider, signer, fmt.Sprintf("%s-%d", mark, s.serial))
	switch flawed {
	case 5, 6:
		m.spoilBody(s)
	case 7, 8:
		m.flaw = []string{"signature_invalid"}
		m.spoilSignature()
	case 9:
		m.headers, m.flaw = nil, []string{"missing"}
	}
	if len(m.body) > longestBody {
		m.flaw = append(m.flaw, "body_too_large")
	}
	return m
}

// sign adds the headers with host/sign, which shares nothing with the module.
func (m *sealed) sign(provider, signer, nonce string) {
	r, err := sign.NewRequest("POST", "https://api.test"+m.path, m.body)
	if err != nil {
		panic(err)
	}
	name, key := "slack", sign.Key{ID: m.key, Secret: secretOf(provider, signer)}
	if provider == "msg" {
		name, key = "rfc9421", sign.Key{ID: m.key, Private: edKey(signer).key}
	}
	scheme, ok := sign.Lookup(name)
	if !ok {
		panic("no scheme " + name)
	}
	signed, err := scheme.Sign(r, []sign.Key{key}, sign.Options{Time: time.Unix(0, m.stamp), Nonce: nonce})
	if err != nil {
		panic(err)
	}
	for _, h := range signed.Headers {
		m.headers = append(m.headers, abi.Pair{Name: h[0], Value: h[1]})
	}
}

// spoilBody sends another body than was signed: a bit turned, a byte more, less, none.
func (m *sealed) spoilBody(s *storm) {
	m.flaw = []string{"signature_invalid", "digest_mismatch", "digest_missing", "body_not_covered", "component_not_covered", "component_missing"}
	m.body = bytes.Clone(m.body)
	how := s.rng.IntN(4)
	switch {
	case len(m.body) == 0 || how == 0:
		m.body = append(m.body, 'x')
	case how == 1:
		m.body = m.body[:len(m.body)-1]
	case how == 2:
		m.body = nil
	default:
		m.body[s.rng.IntN(len(m.body))] ^= 1
	}
}

// spoilSignature turns a bit of the signature's first bytes.
func (m *sealed) spoilSignature() {
	for i, h := range m.headers {
		at := -1
		switch h.Name {
		case "x-slack-signature":
			at = len("v0=")
		case "signature":
			at = strings.IndexByte(h.Value, ':') + 1
		}
		if at < 0 {
			continue
		}
		b := []byte(h.Value)
		b[at] = map[bool]byte{true: '1', false: '0'}[b[at] == '0']
		m.headers[i].Value = string(b)
	}
}

// ending is how a host tells that a request is over.
type ending uint8

const (
	ended        ending = iota // it has been told
	withHeaders                // no body follows
	withLast                   // with the last piece
	withEmpty                  // with one call more, of nothing new
	withTrailers               // with trailers alone
)

// cut divides the body as it will come, and says how the end will.
func (s *storm) cut(m *message) {
	body := m.sealed.body
	m.ending = []ending{withLast, withLast, withEmpty, withTrailers}[s.rng.IntN(4)]
	if len(body) == 0 {
		m.ending = []ending{withHeaders, withHeaders, withEmpty, withTrailers}[s.rng.IntN(4)]
		return
	}
	for len(body) > 0 {
		n := len(body)
		if len(m.pieces) < 5 && s.chance(3, 4) {
			n = s.rng.IntN(len(body) + 1)
		}
		m.pieces, body = append(m.pieces, body[:n]), body[n:]
	}
}

// feed sends what comes next of a signed request's body.
func (s *storm) feed(st *stream) {
	m := st.message
	switch {
	case len(m.pieces) > 0:
		piece := m.pieces[0]
		m.pieces = m.pieces[1:]
		end := len(m.pieces) == 0 && m.ending == withLast
		if end {
			m.ending = ended
		}
		s.piece(st, piece, end)
	case m.ending == withEmpty:
		m.ending = ended
		s.piece(st, nil, true)
	case m.ending == withTrailers:
		m.ending = ended
		s.trail(st)
	case st.phase != waiting:
		s.end(st)
	}
}

// told notes that a body callback is about to be made for a stream.
func (s *storm) told(st *stream, whole bool) {
	if st.phase == waiting {
		st.told = true
		if st.policy != nil {
			st.policy.delivers = true
		}
	}
	if whole && !st.whole {
		st.whole, st.since = true, s.clock
		st.message.sealed.offered++
	}
}

// piece is a body callback. While the stream waits the proxy tells the size of all that it
// holds, later only that of what is new.
func (s *storm) piece(st *stream, piece []byte, end bool) {
	w := st.worker
	size := len(piece)
	st.held = append(st.held, piece...)
	if st.phase == waiting {
		size = len(st.held)
	}
	s.told(st, end)
	before := st.phase
	var action uint32
	w.inContext(st.id, func() { action = w.guest.body(st.id, size, end) })
	w.note("body %d of %d, %v, returns %d", st.id, size, end, action)
	s.after(st, before, action)
}

// after checks what a body or trailers callback has returned, and lets the stream go on.
func (s *storm) after(st *stream, before phase, action uint32) {
	switch {
	case st.phase == gone:
	case before == waiting && st.phase == waiting && action == actionContinue:
		s.passed(st)
	case before != waiting && (action == actionContinue) != (before == passed), st.phase == answered && action == actionContinue:
		s.faultf("stream %d: a body or trailers in phase %d, before %d, return %d", st.id, st.phase, before, action)
	}
}

// ofSealed judges a signed request by what the generator knows of it.
func (s *storm) ofSealed(st *stream) opinion {
	m := st.message.sealed
	var why []string
	add := func(wrong bool, reason string) {
		if wrong {
			why = append(why, reason)
		}
	}
	why = append(why, m.flaw...)
	add(m.stamp < s.clock-tolerance, "signature_expired")
	add(m.stamp > s.clock+tolerance, "signature_in_future")
	replays := signedKinds[m.kind] != "hook"
	add(replays && m.taken, "replayed")
	o := opinion{allow: len(why) == 0 && st.whole, why: why, signed: &proof{signedKinds[m.kind], m.key}}
	// From here on it is what may be, not what must.
	others := m.offered
	if st.whole {
		others--
	}
	if replays && s.nested && others > 0 {
		o.why = append(o.why, "replayed") // another is being judged, or has ended when it was accepted
	}
	if replays && s.clock < s.highest-59*second {
		o.why = append(o.why, "replay_unavailable") // the memory has forgotten that time
	}
	if st.policy != nil && !st.policy.delivers && !st.told {
		o.why = append(o.why, "body_undelivered")
	}
	return o
}

// expectSealed are the ways in which a signed request may be allowed, and may be refused.
func (s *storm) expectSealed(st *stream) []opinion {
	signed := s.ofSealed(st)
	switch r, p := st.message, st.policy; r.kind {
	case "/sigor":
		in := s.of(p, r.in, "in")
		why := append(slices.Clone(signed.why), in.why...)
		if signed.must() || in.must() {
			why = nil
		}
		signed.why, in.why = why, why
		return []opinion{signed, in}
	case "/sigand":
		re := s.of(p, r.re, "/re")
		return []opinion{{
			allow: signed.allow && re.allow, why: append(signed.why, re.why...), proved: re.proved, signed: signed.signed,
		}}
	}
	return []opinion{signed}
}

// took records that a signed request was accepted as such. It must not be so twice.
func (s *storm) took(st *stream, o opinion) {
	m := st.message.sealed
	if m == nil || o.signed == nil {
		return
	}
	s.count("allowed by signature")
	m.taken = true
}
