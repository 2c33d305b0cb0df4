package config

import (
	"slices"
	"strconv"

	"github.com/postern-wasm/postern/plugin/jsonx"
	"github.com/postern-wasm/postern/plugin/policy"
	"github.com/postern-wasm/postern/plugin/request"
)

// Bounds on a configuration.
const (
	// MaxBytes is the longest text.
	MaxBytes = 4 << 20
	// maxDepth is the JSON nesting: a requirement tree takes three levels per node.
	maxDepth = 3*policy.MaxDepth + 16
	// maxLinted bounds the search for rules that are never reached, which compares each
	// with all before it.
	maxLinted = 1000
	// maxProviders and maxRules bound what a request may have to look at.
	maxProviders, maxRules = 256, 4096
	// maxHops is more than any chain of proxies has.
	maxHops = 32
	// minSharedSecret is as long as a secret has to be that nobody finds by trying, bytes.
	minSharedSecret = 16
)

// builder carries what the parts of the configuration need of each other.
type builder struct {
	out *findings
	env func(name string) (string, bool)
	cfg *Config
	// names are the providers' names, sorted: cfg.Providers' order.
	names []string
	// named are the requirements of requirement_map.
	named []namedRequirement
	// statusHeaders are those of extract_only_without_validation.
	statusHeaders []string
}

// Parse reads a configuration; env looks up an environment variable of the VM. Problems
// other than nil refuse it, and the Config is nil then; all are reported at once, up to
// a bound.
func Parse(text []byte, env func(name string) (string, bool)) (*Config, []Problem) {
	if len(text) == 0 {
		return nil, []Problem{{Text: "the configuration is empty: want a JSON object"}}
	}
	if plain, ok := structJSON(text); ok {
		text = plain
	}
	root, err := jsonx.Read(text, jsonx.Limits{MaxBytes: MaxBytes, MaxDepth: maxDepth})
	if err != nil {
		return nil, []Problem{{Text: "the configuration is not valid JSON: " + err.Error()}}
	}
	if env == nil {
		env = func(string) (string, bool) { return "", false }
	}
	b := &builder{out: &findings{}, env: env, cfg: &Config{}}
	b.top(value{json: root, out: b.out}.object())
	if len(b.out.errors) > 0 {
		return nil, b.out.errors
	}
	b.cfg.Warnings = b.out.warnings
	b.cfg.Policy.Index()
	return b.cfg, nil
}

func (b *builder) top(o *object) {
	b.compat(o.get("compat"))
	paths, unmatched := o.get("paths"), o.get("default")
	b.cfg.Paths = request.PathMode(paths.choice("refuse", "normalize", "raw"))
	b.cfg.Policy.AllowUnmatched = unmatched.choice("deny", "allow") == 1
	if b.cfg.Compat && paths.absent() {
		b.cfg.Paths = request.PathRaw
	}
	if b.cfg.Compat && unmatched.absent() {
		b.cfg.Policy.AllowUnmatched = true
	}
	b.cfg.Effect.Realm = realm(o.get("realm"))
	b.cfg.Effect.DiscloseScopes = o.get("disclose_scopes").boolean(false)
	b.cfg.Effect.KeepAliases = !o.get("drop_header_aliases").boolean(!b.cfg.Compat)
	b.filterState(o.get("filter_state"))
	b.mode(o.get("mode"))
	b.failureResponse(o.get("failure_response"))
	b.tokenCache(o.get("token_cache").object())
	b.cfg.TrustedHops = int(o.get("xff_trusted_hops").integer(0, 0, maxHops))
	b.limits(o.get("limits").object())
	b.providers(o.get("providers"))
	b.requirementMap(o.get("requirement_map"))
	b.rules(o.get("rules"))
	b.authnTop(o)
	b.everywhere()
	b.challenges()
	o.close()
	b.lint()
}

// realm stands between quotes in every challenge (RFC 9110 §11.5).
func realm(v value) string {
	s := v.text("postern")
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < ' ' || c >= 0x7f || c == '"' || c == '\\' {
			v.fail(`must be printable ASCII without '"' and '\', not `, quote(s))
			return ""
		}
	}
	if len(s) > 256 {
		v.fail("must be at most 256 bytes long")
	}
	return s
}

func (b *builder) tokenCache(o *object) {
	b.cfg.TokenCache = TokenCache{
		MaxEntries: int(o.get("max_entries").integer(10000, 0, 1_000_000)),
		MaxBytes:   int(o.get("max_bytes").integer(16<<20, 64<<10, 512<<20)),
	}
	o.close()
}

// limits reads what bounds the module, and whom it trusts.
func (b *builder) limits(o *object) {
	if v := o.get("shared_data_secret"); !v.absent() {
		b.cfg.SharedDataSecret = b.secret(v)
		if n := len(b.cfg.SharedDataSecret); n > 0 && n < minSharedSecret {
			v.warn("is shorter than 16 bytes: who can read shared data can try secrets until one fits")
		}
	}
	o.close()
}

// member is one entry of a map with the user's own keys.
type member struct {
	name string
	value
}

// members returns a map's entries in the order of their names.
func (v value) members() []member {
	o := v.object()
	values := o.all()
	at := make(map[string]value, len(values))
	names := make([]string, len(values))
	for i := range values {
		names[i] = o.fields[i].key
		at[names[i]] = values[i]
		if names[i] == "" {
			v.fail("a name must not be empty")
		}
	}
	slices.Sort(names)
	list := make([]member, len(names))
	for i, name := range names {
		list[i] = member{name: name, value: at[name]}
	}
	return list
}

// lint warns of what is legal and probably not meant.
func (b *builder) lint() {
	rules := b.cfg.Policy.Rules
	if len(rules) == 0 && !b.cfg.Policy.AllowUnmatched {
		b.out.warn("rules", `there are none and "default" is "deny": every request is refused`)
	}
	if len(rules) == 0 && b.cfg.Policy.AllowUnmatched {
		b.out.warn("rules", `there are none and "default" is "allow": every request passes without a credential`)
	}
	for i := range rules[:min(len(rules), maxLinted)] {
		for j := range rules[:i] {
			if rules[j].Match.Covers(&rules[i].Match) {
				b.out.warn("rules["+strconv.Itoa(i)+"]", "is never reached: rules["+strconv.Itoa(j)+"] takes all its requests")
				break
			}
		}
	}
	used := make([]bool, len(b.names))
	for i := range rules {
		use(used, &rules[i].Requirement, true)
	}
	for i := range used {
		if !used[i] {
			b.out.warn(join("providers", b.names[i]), "is not used by any rule")
		}
	}
}

// use marks the providers whose credentials a requirement may ask for. An allowance on
// its own asks for those of all; within a list it looks at its siblings only.
func use(used []bool, r *policy.Requirement, alone bool) {
	switch r.Kind {
	case policy.Provider:
		if r.Provider >= 0 {
			used[r.Provider] = true
		}
	case policy.Any, policy.All:
		for i := range r.Children {
			use(used, &r.Children[i], false)
		}
	case policy.AllowMissing, policy.AllowMissingOrFailed:
		for i := range used {
			used[i] = used[i] || alone
		}
	case policy.ExtractOnly:
		for i := range used {
			used[i] = true
		}
	case policy.Never, policy.Open:
	}
}
