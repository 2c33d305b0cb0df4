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
	// flaw are the reasons of which one must refuse it; nil if nothing is wrong. Those of
	// its body are in torn, and signed is what should have been sent.
	flaw, torn []string
	signed     []byte
	// taken says that it was accepted, offered how many streams have sent all of it.
	taken   bool
	offered int
}

// proof is what a signed request is proved by.
type proof struct{ provider, key string }

// signedKinds are the paths that take signed requests, with their providers: a body in the
// MAC, the same but once, a covered digest of the body and a nonce, the same with a body
// that passes while it is compared, as often as one likes and once.
var signedKinds = map[string]string{
	"/hook": "hook", "/once": "once", "/msg": "msg", "/sigor": "msg", "/sigand": "msg",
	"/flow": "flow", "/flowonce": "flowonce", "/flowor": "flow",
}

// drawnKinds with their weights.
var drawnKinds = []string{
	"/hook", "/hook", "/once", "/once", "/msg", "/msg", "/sigor", "/sigand", "/flow", "/flow", "/flow", "/flowonce", "/flowor",
}

// replays says whether requests of a kind pass once.
func replays(kind string) bool {
	provider := signedKinds[kind]
	return provider != "hook" && provider != "flow"
}

// byMessage says whether a provider's requests are HTTP message signatures.
func byMessage(provider string) bool { return provider != "hook" && provider != "once" }

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
			if byMessage(name) {
				key["public_key"] = object{"jwk": edKey(name + "-" + id).jwk}
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
	flow := object{"mode": "digest", "stream": true, "max_bytes": longestFlow}
	return object{
		"flow":     provider("flow", object{"http_message_signatures": object{}, "replay": object{"by": "off"}, "body": flow}),
		"flowonce": provider("flowonce", object{"http_message_signatures": object{}, "replay": object{"by": "nonce"}, "body": flow}),
		"hook":     provider("hook", object{"preset": "slack"}),
		"once":     provider("once", object{"preset": "slack", "replay": object{"by": "signature"}}),
		"msg":      provider("msg", object{"http_message_signatures": object{}, "replay": object{"by": "nonce"}}),
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
func (s *storm) size(kind string) int {
	if longest(kind) == longestFlow {
		return s.flowing()
	}
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
	size := s.size(kind)
	if kind == "/once" {
		size = max(size, len(text)) // or else two requests of a second are one
	}
	m.body = []byte(strings.Repeat(text, size/len(text)+1)[:size])
	m.signed = m.body
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
	if len(m.body) > longest(kind) {
		m.torn = append(m.torn, "body_too_large")
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
	if byMessage(provider) {
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
	m.torn = []string{"signature_invalid", "digest_mismatch", "digest_missing", "body_not_covered", "component_not_covered", "component_missing"}
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
	ahead := st.mayFlow()
	if !ahead {
		why = append(why, m.torn...)
	}
	add(st.message.announced > longest(m.kind), "body_too_large")
	add(m.stamp < s.clock-tolerance, "signature_expired")
	add(m.stamp > s.clock+tolerance, "signature_in_future")
	replays := replays(m.kind)
	add(replays && m.taken, "replayed")
	o := opinion{allow: len(why) == 0 && (st.whole || ahead), why: why, signed: &proof{signedKinds[m.kind], m.key}}
	// From here on it is what may be, not what must.
	others := m.offered
	if st.offered {
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
	case "/sigor", "/flowor":
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
