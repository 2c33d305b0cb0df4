//go:build !race

package storm

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"github.com/postern-wasm/postern/host/abi"
)

// message is what a client sends.
type message struct {
	kind        string
	in, re, re2 *token
	headers     []abi.Pair
	path        string // without access_token
	body        int    // chunks
	trailers    bool
	// sealed is the signed request that it is, or nil; pieces and ending are what is still
	// to come of it.
	sealed *sealed
	// announced is its content-length, -1 if it has none that is a number.
	announced int
	pieces    [][]byte
	ending    ending
}

// kinds with their weights.
var kinds = []string{
	"/in", "/in", "/in", "/in", "/rx", "/re", "/re", "/re", "/re2", "/re2", "/both", "/both", "/any", "/opt", "/open", "/elsewhere",
}

// hot is how many tokens of each set are used again and again.
const hot = 150

// token returns a token of a set: a new one, or one that was there before.
func (s *storm) token(set string) *token {
	known := s.tokens[set]
	if len(known) > 0 && !s.chance(1, 3) {
		t := known[s.rng.IntN(len(known))]
		if s.chance(1, 20) && t.flaw == "" {
			return t.flipped() // a near miss of one that is known
		}
		return t
	}
	t := s.fresh(set)
	if len(known) < hot {
		s.tokens[set] = append(known, t)
	} else {
		known[s.rng.IntN(len(known))] = t
	}
	return t
}

// fresh makes a token that was never there: mostly good, else with one flaw.
func (s *storm) fresh(set string) *token {
	s.serial++
	now := max(s.clock, start) / second
	t := &token{subject: fmt.Sprintf("%s%dx", mark, s.serial), set: set, aud: "api", exp: start/second + 10_000_000}
	key := s.key(set, t)
	t.issuer = "https://in.test"
	if set != "in" {
		t.issuer = "https://issuer.test" + set
	}
	pad := 0
	if s.chance(1, 12) {
		pad = 1000 + s.rng.IntN(7000) // long ones, so that short ones come after them
	}
	switch s.rng.IntN(30) {
	case 0, 1:
		t.exp = now + int64(s.rng.IntN(300)) // it ends within the storm
	case 2:
		t.exp = now - 3600 - skew
	case 3:
		t.nbf = now + int64(s.rng.IntN(200))
	case 4, 5:
		t.aud = "other"
	case 6:
		t.issuer, t.flaw = "https://stranger.test", "issuer_mismatch"
	case 7:
		key, t.flaw = s.stranger, "key_unknown"
	case 8:
		t.flaw = "token_malformed"
		t.text = t.subject + ".x"
		return t
	}
	t.mint(key, pad)
	if s.chance(1, 40) && t.flaw == "" {
		t = t.flipped()
	}
	return t
}

// key picks who signs.
func (s *storm) key(set string, t *token) *signer {
	if set == "in" {
		keys := inlineKeys()
		switch n := s.rng.IntN(40); {
		case n < 25:
			return keys[0]
		case n < 36:
			return keys[1]
		case n < 38:
			return keys[2]
		}
		return keys[3+s.rng.IntN(2)]
	}
	server := s.servers[set]
	t.version = server.version
	switch n := s.rng.IntN(20); {
	case n < 4:
		t.version--
	case n < 5:
		t.version++ // the key of tomorrow
	case n < 6:
		t.version = max(0, t.version-3) // and of yesterday
	}
	return server.signer(t.version)
}

// draw makes a request for a policy.
func (s *storm) draw(p *policy) *message {
	kind := kinds[s.rng.IntN(len(kinds))]
	if s.signing && s.chance(1, 3) {
		kind = pick(s, drawnKinds)
	}
	return s.drawOf(p, kind)
}

func (s *storm) drawOf(p *policy, kind string) *message {
	r := &message{kind: kind, announced: -1}
	r.path = r.kind + fmt.Sprintf("/p%d", s.rng.IntN(100))
	if r.kind == "/rx" {
		r.path = fmt.Sprintf("/rx/abc/%d/more", s.rng.IntN(1_000_000))
	}
	query := ""
	if s.chance(1, 3) {
		query = "?a=1"
	}
	r.headers = []abi.Pair{{Name: ":authority", Value: "api.test"}, {Name: ":path"}, {Name: ":method", Value: "POST"}, {Name: ":scheme", Value: "https"}}
	if !s.chance(1, 15) && slices.Contains([]string{"/in", "/rx", "/both", "/any", "/opt", "/sigor", "/flowor"}, r.kind) {
		from := "in"
		if s.chance(1, 30) {
			from = "/re" // a good token of another provider
		}
		r.in = s.token(from)
		r.headers = append(r.headers, abi.Pair{Name: "authorization", Value: "Bearer " + r.in.text})
	}
	if !s.chance(1, 15) && (r.kind == "/re" || r.kind == "/both" || r.kind == "/sigand") {
		r.re = s.token("/re")
		r.headers = append(r.headers, abi.Pair{Name: "x-re-token", Value: r.re.text})
	}
	r.path += query
	target := r.path
	if !s.chance(1, 15) && (r.kind == "/re2" || r.kind == "/any") {
		r.re2 = s.token("/re2")
		target += map[bool]string{true: "?", false: "&"}[query == ""] + "access_token=" + r.re2.text
	}
	r.headers[1].Value = target
	if signedKinds[r.kind] != "" {
		r.sealed = s.seal(r.kind, target)
		r.path, r.headers[1].Value = r.sealed.path, r.sealed.path
		r.headers = append(r.headers, r.sealed.headers...)
		s.announce(r)
		s.cut(r)
	}
	for range s.rng.IntN(4) {
		r.headers = append(r.headers, abi.Pair{Name: fmt.Sprintf("x-h%d", s.rng.IntN(9)), Value: strings.Repeat("v", s.rng.IntN(60))})
	}
	if p != nil && s.chance(1, 4) { // who they are is not theirs to say
		r.headers = append(r.headers, abi.Pair{Name: pick(s, p.identityHeaders()), Value: "root"})
	}
	if r.sealed == nil && s.chance(1, 3) {
		r.body = 1 + s.rng.IntN(4)
		r.trailers = s.chance(1, 3)
	}
	return r
}

// sent is the header list that must go upstream, sorted, when o was proved.
func (r *message) sent(p *policy, o opinion) []abi.Pair {
	var list []abi.Pair
	proved := func(set string) *token {
		for _, t := range o.proved {
			if t.set == set {
				return t
			}
		}
		return nil
	}
	for _, h := range r.headers {
		switch {
		case slices.Contains(p.identityHeaders(), h.Name):
			continue
		case h.Name == "authorization" && proved("in") != nil, h.Name == "x-re-token" && proved("/re") != nil:
			continue
		case h.Name == ":path" && proved("/re2") != nil:
			h.Value = r.path
		}
		list = append(list, h)
	}
	if t := proved("in"); t != nil {
		list = append(list, abi.Pair{Name: p.header("in"), Value: t.subject}, abi.Pair{Name: p.header("payload"), Value: t.payload},
			abi.Pair{Name: p.header("groups"), Value: base64.StdEncoding.EncodeToString([]byte(t.groups))})
	}
	for _, set := range []string{"/re", "/re2"} {
		if t := proved(set); t != nil {
			list = append(list, abi.Pair{Name: p.header(set[1:]), Value: t.subject})
		}
	}
	if o.signed != nil {
		list = append(list, abi.Pair{Name: p.header("client"), Value: "client-" + o.signed.key}, abi.Pair{Name: p.header("key"), Value: o.signed.key})
	}
	return sorted(list)
}

func sorted(list []abi.Pair) []abi.Pair {
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b abi.Pair) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// statuses of the documented reasons.
var statuses = map[string]uint32{
	"missing": 401, "token_malformed": 401, "expired": 401, "not_yet_valid": 401, "audience_mismatch": 401, "issuer_mismatch": 401,
	"bad_signature": 401, "key_unknown": 401, "algorithm_not_allowed": 401, "keys_unavailable": 503, "waiting_full": 503,
	"clock_unset": 503, "no_configuration": 503, "no_rule": 403,
	"signature_invalid": 401, "signature_expired": 401, "signature_in_future": 401, "digest_mismatch": 401, "digest_missing": 401,
	"body_not_covered": 401, "component_not_covered": 401, "component_missing": 401, "replayed": 401, "replay_unavailable": 503,
	"body_too_large": 413, "body_undelivered": 503,
}

// passed checks a stream that goes on, with the headers that it has.
func (s *storm) passed(st *stream) {
	opinions := s.expect(st)
	st.phase = passed
	allowed := func(o opinion) bool { return o.allow }
	if !slices.ContainsFunc(opinions, allowed) {
		s.faultf("stream %d of %s is allowed, want refused for %v: %v", st.id, st.message.kind, opinions[0].why, st.message.headers)
		return
	}
	got := sorted(st.headers)
	for _, o := range opinions {
		if o.allow && slices.Equal(st.message.sent(st.policy, o), got) && st.provider == o.provider() {
			s.took(st, o)
			s.verdict(st, "allowed")
			s.flowOn(st)
			return
		}
	}
	o := opinions[slices.IndexFunc(opinions, allowed)]
	s.faultf("stream %d of %s goes upstream by %q as\n %v, want by %q\n %v", st.id, st.message.kind, st.provider, got, o.provider(), st.message.sent(st.policy, o))
}

// provider is the one that decided.
func (o opinion) provider() string {
	if n := len(o.proved); n > 0 {
		return strings.TrimPrefix(o.proved[n-1].set, "/")
	}
	if o.signed != nil {
		return o.signed.provider
	}
	return ""
}

// refused checks a stream that is answered.
func (s *storm) refused(st *stream, status uint32, details, body string, headers []abi.Pair) {
	opinions := s.expect(st)
	st.phase = answered
	o := opinions[0] // all have the same reasons
	reason := strings.TrimSuffix(strings.TrimPrefix(details, "postern_denied{"), "}")
	switch {
	case o.must():
		s.faultf("stream %d of %s is refused for %s, want allowed: %v", st.id, st.message.kind, reason, st.message.headers)
	case !slices.Contains(o.why, reason):
		s.faultf("stream %d of %s is refused for %s, want one of %v", st.id, st.message.kind, reason, o.why)
	case statuses[reason] != status:
		s.faultf("stream %d: %s is answered with %d, want %d", st.id, reason, status, statuses[reason])
	}
	for _, text := range []string{details, body, fmt.Sprint(headers)} {
		if secret := exposed(text); secret != "" {
			s.faultf("stream %d: the answer repeats %q of a token: %s", st.id, secret, text)
		}
	}
	s.says(st, reason, status, body, headers)
	s.verdict(st, reason)
}

// says holds what an answer says to what it said before: the same reason says the same
// each time.
func (s *storm) says(st *stream, reason string, status uint32, body string, headers []abi.Pair) {
	said := fmt.Sprint(status, body, slices.DeleteFunc(slices.Clone(headers), func(p abi.Pair) bool { return p.Name == "retry-after" }))
	saying := reason
	if st.message.sealed != nil { // challenges are the rule's
		saying += st.message.kind
	}
	if st.flow != nil { // what the client asks for is gone
		saying += " passing"
	}
	if before, ok := s.said[saying]; ok && before != said {
		s.faultf("stream %d: %s is answered with %s, before with %s", st.id, reason, said, before)
	}
	s.said[saying] = said
}
