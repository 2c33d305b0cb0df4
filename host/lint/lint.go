// Package lint finds what a configuration allows and its author probably does not mean.
//
// In: an accepted configuration as JSON, and an Envoy bootstrap. Out: findings, each with
// a stable id, a level, a path and a text. Spec: the documentation's page of lints, RFC
// 8725, RFC 6750 §5.3, NIST SP 800-57 part 1. It refuses nothing: that is the module's, as
// are its own warnings (rules that are never reached, providers that nobody uses). It
// never quotes a secret.
package lint

import (
	"bytes"
	"encoding/json"
	"errors"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/postern-wasm/postern/host/replay"
	"github.com/postern-wasm/postern/plugin/config"
	"github.com/postern-wasm/postern/plugin/credential"
	"github.com/postern-wasm/postern/plugin/jose/jwa"
	"github.com/postern-wasm/postern/plugin/jwks"
	"github.com/postern-wasm/postern/plugin/policy"
	"github.com/postern-wasm/postern/plugin/request"
	"github.com/postern-wasm/postern/plugin/verify/signed"
)

// Level says how much a finding matters.
type Level string

// The levels.
const (
	// Warning: a hole for somebody, unless it is meant.
	Warning Level = "warning"
	// Note: good to know; nothing is wrong with it.
	Note Level = "note"
)

// Kind is one lint.
type Kind struct {
	// ID is stable.
	ID string
	// Level is that of all its findings.
	Level Level
	// Text is the finding's text: what is so, and what follows from it.
	Text string
}

// Kinds are all lints, in the order of their findings.
var Kinds = []Kind{
	{"default-allow", Warning, `"default": "allow" lets every request pass that no rule matches, the misspelt path too; write a last rule for what is open`},
	{"report-mode", Warning, `"mode": "report" refuses nobody`},
	{"paths-raw", Warning, `"paths": "raw" matches rules on a path that router and upstream may read otherwise (dot segments, doubled slashes, %2f)`},
	{"allow-missing-or-failed", Warning, "lets bad tokens pass like no token: forged, expired, for somebody else"},
	{"allow-missing", Note, "lets requests without a token pass"},
	{"extract-only", Warning, "passes claims on that nobody has verified; the upstream must not believe them"},
	{"no-audience", Warning, "asks for no audience: a token that the issuer has made for another service passes here (RFC 8725 §3.9)"},
	{"hmac-beside-public", Warning, "takes HMAC and public-key signatures over one key set (RFC 8725 §2.1); use two providers"},
	{"expiration-optional", Warning, `takes tokens that never expire ("require_expiration": false)`},
	{"long-skew", Warning, "gives expired tokens more than five minutes of grace (clock_skew_seconds)"},
	{"token-in-query", Warning, "reads tokens from the query, which ends in logs, histories and Referer headers (RFC 6750 §5.3)"},
	{"token-in-cookie", Note, "reads tokens from a cookie, which browsers send along with other sites' requests: the upstream needs a defence against CSRF"},
	{"forward", Note, "passes the token on: every upstream can use it elsewhere, within its audience"},
	{"forward-any-audience", Warning, "passes on tokens whose audience nobody checks: an upstream can use them anywhere"},
	{"on-unavailable-allow", Warning, `lets requests pass while the key set cannot be fetched ("on_unavailable": "allow"): who can keep it from being fetched is in`},
	{"stale-keys", Warning, "keeps withdrawn keys for more than a day when refresh fails (stale_if_error)"},
	{"plain-http", Note, "names its keys by http://: the cluster must speak TLS, or who sits between replaces the keys"},
	{"rsa-2048", Note, "RSA keys below 3072 bits are good until 2030 only (NIST SP 800-57 part 1, table 2)"},
	{"key-without-kid", Warning, "has a key without kid among several: tokens are tried with one key after the other, and rotation cannot tell them apart"},
	{"private-key", Warning, "has the private half of a key: whoever reads the configuration can mint tokens; leave only the public members"},
	{"hmac-inline", Warning, "has an HMAC secret in the configuration, which config dumps show; use environment_variable"},
	{"hmac-passphrase", Warning, "has an HMAC secret that is a text: it may be guessed offline from any one token (RFC 7518 §8.8); use random bytes"},
	{"secret-inline", Warning, "has a shared secret in the configuration, which config dumps show; use env"},
	{"untimed", Note, "its requests carry no signed time: what was sent once is good for as long as its secret"},
	{"buffer-limit", Warning, "takes bodies longer than the proxy holds, which answers 413 itself, in report mode too: raise Envoy's per_connection_buffer_limit_bytes, or --buffer-limit of postern serve, as well"},
	{"fail-open", Warning, "lets every request pass unverified once the module traps (FAIL_OPEN); use FAIL_RELOAD"},
	{"route-disabled", Warning, "switches filters off for a route, the one that verifies tokens among them if it is named here"},
}

// Finding is one finding.
type Finding struct {
	// ID is its kind's.
	ID string `json:"id"`
	// Level is its kind's.
	Level Level `json:"level"`
	// Path is where, in the configuration's or the bootstrap's spelling.
	Path string `json:"path"`
	// Message says what and why.
	Message string `json:"message"`
}

// String returns "path: message [id]".
func (f Finding) String() string {
	return replay.Problem{Path: f.Path, Message: f.Message}.String() + " [" + f.ID + "]"
}

// findings gathers them.
type findings struct{ list []Finding }

func (f *findings) add(id, path string) {
	i := slices.IndexFunc(Kinds, func(k Kind) bool { return k.ID == id })
	found := Finding{ID: id, Level: Kinds[i].Level, Path: path, Message: Kinds[i].Text}
	if !slices.Contains(f.list, found) {
		f.list = append(f.list, found)
	}
}

// sorted returns the findings in the order of kinds.
func (f *findings) sorted() []Finding {
	at := make(map[string]int, len(Kinds))
	for i := range Kinds {
		at[Kinds[i].ID] = i
	}
	slices.SortStableFunc(f.list, func(a, b Finding) int { return at[a.ID] - at[b.ID] })
	return f.list
}

// ErrRefused says that the configuration is none.
var ErrRefused = errors.New("the configuration is refused")

// Config lints a configuration for a proxy that holds bodies of up to bufferLimit bytes.
// ErrRefused is for one that the rooms refuse.
func Config(text []byte, env map[string]string, bufferLimit int64) ([]Finding, error) {
	cfg, _ := config.Parse(text, func(name string) (string, bool) { v, ok := env[name]; return v, ok })
	if cfg == nil {
		return nil, ErrRefused
	}
	var tree map[string]any
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&tree); err != nil {
		tree = nil // a Struct's own form: the keys are not looked at
	}
	f := &findings{}
	top(f, cfg)
	for i := range cfg.Policy.Rules {
		path := "rules[" + strconv.Itoa(i) + "]"
		if cfg.Policy.Rules[i].Report && !cfg.Policy.Report {
			f.add("report-mode", path)
		}
		requirement(f, &cfg.Policy.Rules[i].Requirement, path)
	}
	for i := range cfg.Providers {
		provider(f, cfg, i)
		if s := cfg.Providers[i].Signed; s != nil && holds(s) && s.MaxBytes > bufferLimit {
			f.add("buffer-limit", at(cfg.Providers[i].Name)+".signed_request.body.max_bytes")
		}
	}
	providers, _ := tree["providers"].(map[string]any)
	for i := range cfg.Providers {
		p, _ := providers[cfg.Providers[i].Name].(map[string]any)
		keys(f, p, at(cfg.Providers[i].Name), env)
		secrets(f, p, at(cfg.Providers[i].Name))
	}
	return f.sorted(), nil
}

func top(f *findings, cfg *config.Config) {
	if cfg.Policy.AllowUnmatched && len(cfg.Policy.Rules) > 0 {
		f.add("default-allow", "default")
	}
	if cfg.Policy.Report {
		f.add("report-mode", "mode")
	}
	if cfg.Paths == request.PathRaw {
		f.add("paths-raw", "paths")
	}
}

func requirement(f *findings, r *policy.Requirement, path string) {
	switch r.Kind {
	case policy.AllowMissingOrFailed:
		f.add("allow-missing-or-failed", path)
	case policy.AllowMissing:
		f.add("allow-missing", path)
	case policy.ExtractOnly:
		f.add("extract-only", path)
	case policy.Any, policy.All:
		for i := range r.Children {
			requirement(f, &r.Children[i], path)
		}
	case policy.Never, policy.Open, policy.Provider:
	}
}

// asksAudience says whether every requirement that names the provider names audiences; and
// whether any does name it.
func asksAudience(r *policy.Requirement, provider int) (all, named bool) {
	switch r.Kind {
	case policy.Provider:
		return r.Provider != provider || len(r.Audiences) > 0, r.Provider == provider
	case policy.Any, policy.All:
		all = true
		for i := range r.Children {
			a, n := asksAudience(&r.Children[i], provider)
			all, named = all && a, named || n
		}
		return all, named
	case policy.AllowMissing, policy.AllowMissingOrFailed, policy.ExtractOnly, policy.Never, policy.Open:
	}
	return true, false
}

func provider(f *findings, cfg *config.Config, i int) {
	p := &cfg.Providers[i]
	path := at(p.Name)
	if p.Signed != nil {
		if !p.Signed.Traits.Timed {
			f.add("untimed", path)
		}
		return
	}
	all, named := true, false
	for k := range cfg.Policy.Rules {
		a, n := asksAudience(&cfg.Policy.Rules[k].Requirement, i)
		all, named = all && a, named || n
	}
	checked := len(p.JWT.Audiences) > 0 || all && named
	forward := cfg.Effect.Providers[i].Forward
	ask := func(holds bool, id string) {
		if holds {
			f.add(id, path)
		}
	}
	ask(!checked, "no-audience")
	ask(p.JWT.Algorithms.Symmetric() && publicKeys(p.JWT.Algorithms) && !cfg.Compat, "hmac-beside-public")
	ask(!p.JWT.RequireExpiration && p.JWT.MaxLifetime == 0, "expiration-optional")
	ask(p.JWT.ClockSkewSeconds > 300, "long-skew")
	for _, place := range p.Places {
		ask(place.In == credential.InQuery, "token-in-query")
		ask(place.In == credential.InCookie, "token-in-cookie")
	}
	ask(forward && checked, "forward")
	ask(forward && !checked, "forward-any-audience")
	if p.Remote < 0 {
		return
	}
	set := &cfg.Remote[p.Remote]
	ask(p.OnUnavailable == jwks.Allow, "on-unavailable-allow")
	ask(set.StaleIfError > 24*3600*1_000_000_000, "stale-keys")
	ask(plain(set.URI), "plain-http")
}

// holds says that the module has the proxy hold bodies.
func holds(s *config.SignedRequest) bool {
	return s.Verify.Body != signed.BodyReject && !s.Stream && !s.BeforeUpstream
}

// plain says that a URI is http and names another machine.
func plain(uri string) bool {
	u, err := url.Parse(uri)
	if err != nil || !strings.EqualFold(u.Scheme, "http") {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback())
}

func publicKeys(set jwa.Set) bool {
	for a := jwa.RS256; a.String() != ""; a++ {
		if set.Has(a) && a.Family() != jwa.Oct {
			return true
		}
	}
	return false
}

// at is a provider's path.
func at(name string) string {
	for _, r := range name {
		if r != '_' && r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') {
			return "providers[" + strconv.Quote(name) + "]"
		}
	}
	return "providers." + name
}
