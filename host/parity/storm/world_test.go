//go:build !race

package storm

import (
	"crypto/elliptic"
	"encoding/json"
	"fmt"
)

const (
	second = int64(1_000_000_000)
	// start is the clock at the beginning, nanoseconds.
	start = int64(1_800_000_000) * second
	// skew is the default clock skew of the documentation.
	skew = 60
	// keysLive is how long keys are used for certain after they were fetched: the least
	// max-age that a server says and the stale_if_error of the configurations below.
	keysLive = (20 + 120) * second
)

// keyServer publishes a key set that rotates: version v holds the keys v-1 and v.
type keyServer struct {
	path    string
	version int
	key     func(version int) *signer
	signers []*signer
}

func newServers() map[string]*keyServer {
	servers := map[string]*keyServer{}
	for path, key := range map[string]func(int) *signer{
		"/re":  func(v int) *signer { return edKey(fmt.Sprintf("re-%d", v)) },
		"/re2": func(v int) *signer { return ecKey(fmt.Sprintf("re2-%d", v), "ES256", "P-256", elliptic.P256()) },
	} {
		servers[path] = &keyServer{path: path, version: 1, key: key}
	}
	return servers
}

// signer returns the key of a version.
func (k *keyServer) signer(version int) *signer {
	for len(k.signers) <= version {
		k.signers = append(k.signers, k.key(len(k.signers)))
	}
	return k.signers[version]
}

func (k *keyServer) document() string {
	return keySet(k.signer(k.version-1), k.signer(k.version))
}

// holds says whether version v of a set holds the key of version k.
func holds(v, k int) bool { return k == v || k == v-1 }

// policy is one configuration as one root of one worker has it.
type policy struct {
	number int
	// narrow allows EdDSA alone; wide accepts a second audience.
	narrow, wide bool
	// signing adds providers of signed requests.
	signing bool
	cache   int
	// known is what is certain of the key sets that it has, by path.
	known map[string]*knowledge
	// delivers says that it has been told of the body of a request that it holds.
	delivers bool
}

// knowledge of a key set: the version that was certainly taken last, and when. It ends
// when the clock steps back: which of two documents is the newer is not certain then.
type knowledge struct {
	version int
	at      int64
	backs   int
}

func (p *policy) header(name string) string { return fmt.Sprintf("x-%s-%d", name, p.number) }

// identityHeaders are the names that only the plugin may write.
func (p *policy) identityHeaders() []string {
	return []string{p.header("in"), p.header("groups"), p.header("payload"), p.header("re"), p.header("re2"), p.header("client"), p.header("key")}
}

func (p *policy) text() string {
	type object = map[string]any
	claim := func(name, claim string) object {
		return object{"header_name": p.header(name), "claim_name": claim}
	}
	audiences := []string{"api"}
	if p.wide {
		audiences = append(audiences, "other")
	}
	in := object{
		"issuer": "https://in.test", "audiences": audiences,
		"local_jwks":             object{"inline_string": keySet(inlineKeys()...)},
		"forward_payload_header": p.header("payload"),
		"claim_to_headers":       []object{claim("in", "sub"), claim("groups", "groups")},
	}
	if p.narrow {
		in["algorithms"] = []string{"EdDSA"}
	}
	remote := func(path string) object {
		return object{
			"issuer": "https://issuer.test" + path,
			"remote_jwks": object{
				"http_uri":       object{"uri": "https://keys.test" + path, "cluster": "keys", "timeout": "5s"},
				"cache_duration": "60s", "stale_if_error": "120s",
				"refetch_on_unknown_kid": object{"min_interval": "10s", "wait": "2s"},
				"retry_policy":           object{"num_retries": 1},
			},
		}
	}
	re, re2 := remote("/re"), remote("/re2")
	re["from_headers"], re["claim_to_headers"] = []object{{"name": "x-re-token"}}, []object{claim("re", "sub")}
	re2["from_params"], re2["claim_to_headers"] = []string{"access_token"}, []object{claim("re2", "sub")}
	provider := func(name string) object { return object{"provider_name": name} }
	tree := func(kind string, children ...object) object {
		return object{kind: object{"requirements": children}}
	}
	rule := func(prefix string, requires object) object {
		return object{"match": object{"path_separated_prefix": prefix}, "requires": requires}
	}
	providers := object{}
	if p.signing {
		providers = p.signedProviders()
	}
	providers["in"], providers["re"], providers["re2"] = in, re, re2
	config := object{
		"filter_state": []string{"provider"},
		"providers":    providers,
		"rules": []object{
			rule("/in", provider("in")), rule("/re", provider("re")), rule("/re2", provider("re2")),
			rule("/both", tree("requires_all", provider("in"), provider("re"))),
			rule("/any", tree("requires_any", provider("in"), provider("re2"))),
			rule("/opt", tree("requires_any", provider("in"), object{"allow_missing": object{}})),
			{"match": object{"safe_regex": object{"regex": "/rx/[a-z]+/[0-9]+(/.*)?"}}, "requires": provider("in")},
			{"match": object{"path_separated_prefix": "/open"}},
		},
		"token_cache": object{"max_entries": p.cache},
	}
	if p.signing {
		config["rules"] = append(config["rules"].([]object),
			rule("/hook", provider("hook")), rule("/once", provider("once")), rule("/msg", provider("msg")),
			rule("/flow", provider("flow")), rule("/flowonce", provider("flowonce")),
			rule("/flowor", tree("requires_any", provider("flow"), provider("in"))),
			rule("/sigor", tree("requires_any", provider("msg"), provider("in"))),
			rule("/sigand", tree("requires_all", provider("msg"), provider("re"))),
		)
	}
	text, err := json.Marshal(config)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// opinion is what is known of a verdict before it is given.
type opinion struct {
	// allow says that it may be allowed; must, that nothing else will do.
	allow bool
	// why are the reasons for which it may be refused.
	why []string
	// proved are the tokens that an allowance rests on, in order.
	proved []*token
	// signed is the signature that it rests on besides, or nil.
	signed *proof
}

func (o opinion) must() bool { return o.allow && len(o.why) == 0 }

// of judges a token as one of a provider by what the generator knows.
func (s *storm) of(p *policy, t *token, set string) opinion {
	if t == nil {
		return opinion{why: []string{"missing"}}
	}
	now := s.clock / second
	var why []string
	add := func(wrong bool, reason string) {
		if wrong {
			why = append(why, reason)
		}
	}
	add(t.flaw != "", t.flaw)
	add(now >= t.exp+skew, "expired")
	add(t.nbf > now+skew, "not_yet_valid")
	add(set == "in" && p.narrow && t.alg != "EdDSA", "algorithm_not_allowed")
	add(set == "in" && t.aud != "api" && !(p.wide && t.aud == "other"), "audience_mismatch")
	add(t.set != set, "issuer_mismatch")
	if set == "in" {
		return opinion{allow: len(why) == 0, why: why, proved: []*token{t}}
	}
	server := s.servers[set]
	known := p.known[set]
	if known != nil && known.backs != s.backs {
		known = nil
	}
	if len(why) > 0 {
		return opinion{why: append(why, "keys_unavailable", "key_unknown", "waiting_full")}
	}
	may, must := false, known != nil && s.clock < known.at+keysLive
	least := 1
	if known != nil {
		least = known.version
	}
	for v := least; v <= server.version; v++ {
		may = may || holds(v, t.version)
		must = must && holds(v, t.version)
	}
	o := opinion{allow: may, proved: []*token{t}}
	if !must {
		o.why = []string{"keys_unavailable", "key_unknown", "waiting_full"}
	}
	return o
}

// expect judges a request: in how many ways it may be allowed, and why refused.
func (s *storm) expect(st *stream) []opinion {
	if st.message.sealed != nil && st.policy != nil && s.clock >= 1_000_000_000*second {
		return s.expectSealed(st)
	}
	return []opinion{s.expectToken(st)}
}

// expectToken judges a request that is not signed.
func (s *storm) expectToken(st *stream) opinion {
	r, p := st.message, st.policy
	switch {
	case p == nil:
		return opinion{why: []string{"no_configuration"}}
	case s.clock < 1_000_000_000*second: // before the first JWT
		return opinion{why: []string{"clock_unset"}}
	}
	in := func() opinion { return s.of(p, r.in, "in") }
	switch r.kind {
	case "/in", "/rx":
		return in()
	case "/re":
		return s.of(p, r.re, "/re")
	case "/re2":
		return s.of(p, r.re2, "/re2")
	case "/both":
		a, b := in(), s.of(p, r.re, "/re")
		return opinion{allow: a.allow && b.allow, why: append(a.why, b.why...), proved: append(a.proved, b.proved...)}
	case "/any":
		a, b := in(), s.of(p, r.re2, "/re2")
		switch {
		case a.allow:
			return a
		case b.must():
			return b
		}
		return opinion{allow: b.allow, why: append(a.why, b.why...), proved: b.proved}
	case "/opt":
		if r.in == nil {
			return opinion{allow: true}
		}
		return in()
	case "/open":
		return opinion{allow: true}
	}
	return opinion{why: []string{"no_rule"}}
}
