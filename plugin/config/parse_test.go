package config

import (
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/postern-wasm/postern/plugin/credential"
	"github.com/postern-wasm/postern/plugin/effect"
	"github.com/postern-wasm/postern/plugin/jose/jwa"
	"github.com/postern-wasm/postern/plugin/jose/jwk"
	"github.com/postern-wasm/postern/plugin/jwks"
	"github.com/postern-wasm/postern/plugin/policy"
	"github.com/postern-wasm/postern/plugin/request"
	"github.com/postern-wasm/postern/plugin/verify/jwt"
)

func good(t *testing.T, name string) *Config {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(files, "good", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	cfg, problems := Parse(text, environ)
	if problems != nil {
		t.Fatal(problems)
	}
	return cfg
}

func same(t *testing.T, law string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s:\n got %+v\nwant %+v", law, got, want)
	}
}

var authorization = []credential.Place{{In: credential.InHeader, Name: "authorization", Prefix: "Bearer", Scheme: true}}

func TestDefaults(t *testing.T) {
	for _, name := range []string{"first", "nulls"} {
		cfg := good(t, name)
		p := cfg.Providers[0]
		same(t, "paths", cfg.Paths, request.PathRefuse)
		same(t, "no rule matches: deny", cfg.Policy.AllowUnmatched, false)
		same(t, "realm", cfg.Effect.Realm, "postern")
		same(t, "token cache", cfg.TokenCache, TokenCache{MaxEntries: 10000, MaxBytes: 16777216})
		same(t, "token places: Authorization only", p.Places, authorization)
		same(t, "algorithms: asymmetric only", p.JWT.Algorithms, jwa.Asymmetric())
		same(t, "clock skew", p.JWT.ClockSkewSeconds, int64(60))
		same(t, "exp is required", p.JWT.RequireExpiration, true)
		same(t, "token size", p.JWT.MaxTokenBytes, 16384)
		same(t, "no keys: 503", p.OnUnavailable, jwks.Deny503)
		same(t, "unknown kids cause a fetch", p.RefetchUnknownKid, true)
		same(t, "no cap on its share of the cache", p.Cache.Capped, false)
		same(t, "credential is not forwarded", cfg.Effect.Providers[0].Forward, false)
		same(t, "remote set", cfg.Remote, []jwks.Config{{
			URI: "https://idp.test/jwks", Cluster: "idp", Timeout: 5e9, CacheDuration: 600e9, HonorCacheControl: true,
			MaxBytes: 65536, MaxKeys: 64, FailedRefetch: 1e9, RetryBase: 1e9, RetryMax: 10e9, RetryOn: jwks.RetryDefault, StaleIfError: 3600e9,
			UnknownKidInterval: 30e9, UnknownKidWait: 2e9,
		}})
	}
}

func TestEverything(t *testing.T) {
	cfg := good(t, "everything")
	same(t, "paths", cfg.Paths, request.PathNormalize)
	same(t, "default", cfg.Policy.AllowUnmatched, true)
	same(t, "realm", cfg.Effect.Realm, "orders of example")
	same(t, "token_cache", cfg.TokenCache, TokenCache{MaxEntries: 500, MaxBytes: 1048576})
	same(t, "identity headers", cfg.Effect.IdentityHeaders, []string{"x-all", "x-payload", "x-roles", "x-tenant", "x-unnamed", "x-user", "x-verified"})
	same(t, "drop_header_aliases", cfg.Effect.KeepAliases, true)
	same(t, "disclose_scopes", cfg.Effect.DiscloseScopes, true)
	same(t, "xff_trusted_hops", cfg.TrustedHops, 1)
	same(t, "limits.shared_data_secret", string(cfg.SharedDataSecret), "sixteen bytes or more")
	corp, partner := cfg.Providers[0], cfg.Providers[1]
	same(t, "names", []string{corp.Name, partner.Name}, []string{"corp", "partner"})
	same(t, "corp's tokens", corp.JWT, jwt.Config{
		Issuer: "https://idp.test/", Audiences: []string{"orders", "https://api.test/"},
		Algorithms: jwa.Set(0).With(jwa.ES256).With(jwa.EdDSA), MaxTokenBytes: 8192,
	})
	same(t, "corp's keys", corp.Inline.Len(), 2)
	same(t, "corp has no remote set", corp.Remote, -1)
	same(t, "corp's places", corp.Places, []credential.Place{
		{In: credential.InHeader, Name: "authorization", Prefix: "bearer", Scheme: true},
		{In: credential.InHeader, Name: "x-jwt"},
		{In: credential.InHeader, Name: "x-proxy", Prefix: "jwt="},
		{In: credential.InQuery, Name: "access_token"},
		{In: credential.InQuery, Name: "token"},
		{In: credential.InCookie, Name: "session"},
	})
	same(t, "corp's cache", corp.Cache, ProviderCache{Capped: true, MaxEntries: 50, MaxTokenBytes: 2048})
	same(t, "corp's effects", cfg.Effect.Providers[0], effect.Provider{
		Name: "corp", Forward: true, PayloadHeader: "x-payload", PadPayload: true,
		ClaimHeaders: []effect.ClaimHeader{
			{Header: "x-user", Path: []string{"sub"}},
			{Header: "x-tenant", Path: []string{"org", "id"}, Whole: "org.id"},
			{Header: "x-roles", Path: []string{"https://x.test/roles", "0"}, Encoding: effect.EncodingCSV},
			{Header: "x-unnamed", Path: []string{""}, Encoding: effect.EncodingJSON},
			{Header: "x-all", Path: []string{"act"}, Encoding: effect.EncodingBase64JSON},
		},
	})
	same(t, "partner's keys", cfg.Remote[partner.Remote], jwks.Config{
		URI: "https://partner.test:8443/keys?v=1", Cluster: "partner", Timeout: 15e8, CacheDuration: 3005e8,
		MaxBytes: 131072, MaxKeys: 8, FailedRefetch: 2e9, Retries: 3, RetryBase: 25e7, RetryMax: 10e9, RetryOn: jwks.RetryDefault,
		UnknownKidInterval: 10e9,
	})
	same(t, "partner without keys", partner.OnUnavailable, jwks.Deny401)

	svid, tenants, users := cfg.Providers[2], cfg.Providers[3], cfg.Providers[4]
	same(t, "an SVID's profile", svid.JWT.Profile, jwt.ProfileSVID)
	same(t, "an SVID's trust domain", svid.JWT.TrustDomain, "prod.test")
	same(t, "an SVID's algorithms", svid.JWT.Algorithms, jwt.SVIDAlgorithms())
	same(t, "an SVID's keys", cfg.Remote[svid.Remote].Use, jwk.UseSVID)
	pattern, err := jwt.ParseIssuerPattern("https://login.example/{tid}/v2.0")
	if err != nil || !pattern.Bind("tid", []string{"t1", "t2"}) {
		t.Fatal(err)
	}
	same(t, "a pattern of issuers", tenants.JWT.IssuerPattern, pattern)
	same(t, "several issuers", users.JWT.Issuers, []string{"https://op.test", "op.test"})
	same(t, "an ID token's profile", users.JWT.Profile, jwt.ProfileIDToken)
	same(t, "the first issuer's metadata", cfg.Remote[users.Remote].Issuer, "https://op.test")

	work := cfg.Providers[5]
	same(t, "max_lifetime", work.JWT.MaxLifetime, 86400*second)
	same(t, "subjects", *work.Subjects, policy.TextMatch{Kind: policy.TextSuffix, Text: "@work.test", Fold: true})

	rules := cfg.Policy.Rules
	same(t, "requirement_map and nesting", rules[0].Requirement, policy.Requirement{Kind: policy.Any, Children: []policy.Requirement{
		{Kind: policy.Provider, Provider: 0, Audiences: []string{"admin"}},
		{Kind: policy.All, Children: []policy.Requirement{{Kind: policy.Provider}, {Kind: policy.Provider, Provider: 1}}},
		{Kind: policy.AllowMissing},
	}})
	same(t, "path, decoded", rules[0].Match.Path, policy.PathMatch{Kind: policy.PathExact, Text: "/admin", Fold: true})
	same(t, "hosts", rules[0].Match.Hosts, []policy.HostMatch{{Name: "api.test"}, {Name: ".example.test", Suffix: true}})
	same(t, "path_separated_prefix", rules[1].Match.Path, policy.PathMatch{Kind: policy.PathSeparated, Text: "/v1"})
	same(t, "methods", rules[1].Match.Methods, []string{"GET", "HEAD"})
	headers := rules[1].Match.Headers
	text := func(kind policy.TextKind, s string) policy.TextMatch { return policy.TextMatch{Kind: kind, Text: s} }
	same(t, "exact_match", headers[0], policy.HeaderMatch{Name: "x-role", Kind: policy.HeaderText, Text: text(policy.TextExact, "a")})
	same(t, "prefix_match", headers[1], policy.HeaderMatch{Name: "x-a", Kind: policy.HeaderText, Text: text(policy.TextPrefix, "p"), Invert: true})
	same(t, "suffix_match", headers[2], policy.HeaderMatch{Name: ":authority", Kind: policy.HeaderText, Text: text(policy.TextSuffix, ".test")})
	same(t, "contains_match", headers[3], policy.HeaderMatch{Name: "x-b", Kind: policy.HeaderText, Text: text(policy.TextContains, "c")})
	same(t, "safe_regex_match", headers[4].Text.Kind, policy.TextRegex)
	same(t, "string_match", headers[5].Text, policy.TextMatch{Kind: policy.TextExact, Text: "E", Fold: true})
	same(t, "present_match: false", headers[6], policy.HeaderMatch{Name: "x-e", Kind: policy.HeaderAbsent})
	same(t, "a name alone is presence", headers[7], policy.HeaderMatch{Name: "x-f", Kind: policy.HeaderPresent})
	same(t, "range_match", headers[8], policy.HeaderMatch{Name: "x-g", Kind: policy.HeaderRange, Start: -1, End: 10, MissingIsEmpty: true})
	same(t, "query_parameters", rules[1].Match.Query, []policy.QueryMatch{{Name: "q", Text: text(policy.TextPrefix, "x")}, {Name: "r"}})
	same(t, "safe_regex", rules[2].Match.Path.Kind, policy.PathRegex)
	same(t, "allow_missing_or_failed", rules[2].Requirement, policy.Requirement{Kind: policy.AllowMissingOrFailed})
	same(t, "methods without a path", rules[3].Match, policy.Match{Path: policy.PathMatch{Kind: policy.AnyPath}, Methods: []string{"CONNECT"}})
	same(t, "{} asks nothing", rules[4].Requirement, policy.Requirement{Kind: policy.Open})
}

func TestLowerCamelMeansTheSame(t *testing.T) {
	cfg := good(t, "lower-camel")
	p := cfg.Providers[0]
	same(t, "places", p.Places, []credential.Place{
		{In: credential.InHeader, Name: "x", Prefix: "v "}, {In: credential.InQuery, Name: "p"}, {In: credential.InCookie, Name: "c"},
	})
	same(t, "token", p.JWT, jwt.Config{Issuer: "i", Algorithms: jwa.Asymmetric(), ClockSkewSeconds: 5, MaxTokenBytes: 100})
	same(t, "cache", p.Cache, ProviderCache{Capped: true, MaxEntries: 1, MaxTokenBytes: 100})
	same(t, "token cache", cfg.TokenCache.MaxEntries, 0)
	same(t, "refetch_on_unknown_kid: false", p.RefetchUnknownKid, false)
	same(t, "remote", cfg.Remote[0], jwks.Config{
		URI: "http://idp.test", Cluster: "c", Timeout: 1e9, CacheDuration: 60e9, HonorCacheControl: true, MaxBytes: 65536, MaxKeys: 64,
		FailedRefetch: 5e9, RetryBase: 1e9, RetryMax: 10e9, RetryOn: jwks.RetryDefault, StaleIfError: 3600e9,
	})
	same(t, "rule", cfg.Policy.Rules[0].Requirement, policy.Requirement{Kind: policy.Provider, Audiences: []string{"a"}})
	same(t, "header", cfg.Policy.Rules[0].Match.Headers[0].Invert, true)
}

func TestSharedKeySets(t *testing.T) {
	cfg := good(t, "shared-set")
	same(t, "one set per cluster and URI", []int{cfg.Providers[0].Remote, cfg.Providers[1].Remote, cfg.Providers[2].Remote}, []int{0, 0, 1})
	same(t, "shorter times, larger bounds", cfg.Remote[0], jwks.Config{
		URI: "https://idp.test/jwks", Cluster: "idp", Timeout: 4e9, CacheDuration: 60e9, HonorCacheControl: false,
		MaxBytes: 2000, MaxKeys: 5, FailedRefetch: 5e8, Retries: 2, RetryBase: 1e9, RetryMax: 10e9, RetryOn: jwks.RetryDefault, StaleIfError: 10e9,
		UnknownKidInterval: 40e9, UnknownKidWait: 1e9,
	})
	same(t, "what a provider's tokens may cause stays its own",
		[]bool{cfg.Providers[0].RefetchUnknownKid, cfg.Providers[1].RefetchUnknownKid}, []bool{false, true})
}

func TestDiscovery(t *testing.T) {
	cfg := good(t, "discovery")
	set := func(i int) jwks.Config { return cfg.Remote[cfg.Providers[i].Remote] }
	base := jwks.Config{
		URI: "https://idp.test/t/.well-known/openid-configuration", OtherURI: "https://idp.test/.well-known/oauth-authorization-server/t",
		Cluster: "idp", Issuer: "https://idp.test/t", Timeout: 5e9, CacheDuration: 600e9, HonorCacheControl: true, MaxBytes: 65536, MaxKeys: 64,
		FailedRefetch: 1e9, RetryBase: 1e9, RetryMax: 10e9, RetryOn: jwks.RetryDefault, StaleIfError: 3600e9, UnknownKidInterval: 30e9, UnknownKidWait: 2e9,
	}
	same(t, "both places follow from the issuer", set(0), base)
	written := base
	written.URI, written.OtherURI, written.Timeout = "https://idp.test/meta?v=1", "", 2e9
	same(t, "a uri is taken as written", set(1), written)
	named := base
	named.Cluster = "other"
	same(t, "a uri that is the issuer's name is its base", set(2), named)
	how := base
	how.URI, how.OtherURI, how.Issuer, how.CacheDuration = "http://idp.test/.well-known/openid-configuration", "", "urn:idp", 60e9
	how.Retries, how.RetryBase, how.RetryMax, how.RetryOn = 2, 15e8, 4e9, jwks.RetryGateway|jwks.RetryConflict
	how.UnknownKidInterval, how.UnknownKidWait = 0, 0
	same(t, "remote_jwks says how", set(3), how)
}

func TestW12(t *testing.T) {
	for law, text := range map[string][]byte{
		"no bytes":           {},
		"nil":                nil,
		"10 MB of spaces":    []byte(strings.Repeat(" ", 10<<20) + "{}"),
		"10 MB of rules":     []byte(`{"rules":[` + strings.Repeat(`{"match":{"prefix":"/"},"requires":{}},`, 260_000) + `{}]}`),
		"not UTF-8":          []byte("{\"realm\": \"\xff\"}"),
		"a lone surrogate":   []byte(`{"realm": "\ud800"}`),
		"a byte order mark":  []byte("\ufeff{}"),
		"deep arrays":        []byte(strings.Repeat("[", 100_000)),
		"deep objects":       []byte(strings.Repeat(`{"a":`, 500) + "1" + strings.Repeat("}", 500)),
		"NUL after the text": []byte("{}\x00"),
		"null":               []byte("null"),
	} {
		cfg, problems := Parse(text, nil)
		if cfg != nil || len(problems) != 1 {
			t.Errorf("%s: %v", law, problems)
		}
	}
	first := good(t, "first")
	if _, problems := Parse([]byte("{"), nil); problems == nil {
		t.Error("bad after good")
	}
	same(t, "three times the same, bad between", good(t, "first"), first)
}

func TestRequirementDepth(t *testing.T) {
	tree := func(depth int) []byte {
		r := `{"provider_name":"a"}`
		for range depth - 1 {
			r = `{"requires_any":{"requirements":[{"provider_name":"a"},` + r + `]}}`
		}
		return []byte(`{"providers":{"a":{"issuer":"i","remote_jwks":{"http_uri":{"uri":"https://a/","cluster":"a"}}}},
			"rules":[{"match":{"prefix":"/"},"requires":` + r + `}]}`)
	}
	if _, problems := Parse(tree(policy.MaxDepth), nil); problems != nil {
		t.Errorf("%d deep: %v", policy.MaxDepth, problems)
	}
	_, problems := Parse(tree(policy.MaxDepth+1), nil)
	if len(problems) != 1 || !strings.HasSuffix(problems[0].String(), ": requirements are nested more than 16 deep") {
		t.Errorf("%d deep: %v", policy.MaxDepth+1, problems)
	}
}

func TestProblemsAreBounded(t *testing.T) {
	text := `{"rules":[`
	for range 200 {
		text += `{"match":{"prefix":"/"},"requires":{"provider_name":"x"}},`
	}
	_, problems := Parse([]byte(text+`{}]}`), nil)
	if len(problems) != 64 {
		t.Fatalf("%d problems", len(problems))
	}
	same(t, "first", problems[0].String(), `rules[0].requires.provider_name: no provider "x"`)
	same(t, "last kept", problems[62].String(), `rules[62].requires.provider_name: no provider "x"`)
	same(t, "the rest is counted", problems[63].String(), "and 138 more") // 200 and one without match, less 63
}

func TestProviderBounds(t *testing.T) {
	many := func(n int) []byte {
		var list []string
		for i := range n {
			list = append(list, `"p`+strconv.Itoa(i)+`":{"issuer":"i","remote_jwks":{"http_uri":{"uri":"https://a/","cluster":"a"}}}`)
		}
		return []byte(`{"providers":{` + strings.Join(list, ",") + `},"rules":[{"match":{"prefix":"/"},"requires":{"allow_missing":{}}}]}`)
	}
	if _, problems := Parse(many(256), nil); problems != nil {
		t.Error(problems[0])
	}
	if _, problems := Parse(many(257), nil); len(problems) != 1 || problems[0].String() != "providers: more than 256 providers" {
		t.Error(problems)
	}
	long := []byte(`{"providers":{"` + strings.Repeat("n", 129) + `":{"issuer":"i","remote_jwks":{"http_uri":{"uri":"https://a/","cluster":"a"}}}}}`)
	if _, problems := Parse(long, nil); len(problems) != 1 {
		t.Error(problems)
	}
}

func TestDuration(t *testing.T) {
	for text, want := range map[string]int64{
		"0s": 0, "5s": 5e9, "1.5s": 15e8, "0.000000001s": 1, "-2.25s": -225e7, "9000000000s": 9e18, "99999999999s": 9e18, "1.000000000s": 1e9,
	} {
		if got, ok := parseDuration(text); !ok || got != want {
			t.Errorf("%s: %d, %v", text, got, ok)
		}
	}
	for _, text := range []string{"", "s", "5", "5S", " 5s", "5 s", "+5s", "05s", ".5s", "5.s", "5.0000000001s", "1e3s", "1m", "5ss", "--5s", "0x5s", "5,0s"} {
		if got, ok := parseDuration(text); ok {
			t.Errorf("%q is %d", text, got)
		}
	}
	for n, want := range map[int64]string{0: "0s", 5e9: "5s", 15e8: "1.5s", 1: "0.000000001s", -225e7: "-2.25s", 1e6: "0.001s"} {
		if got := formatDuration(n); got != want {
			t.Errorf("%d: %s", n, got)
		}
	}
}

func TestWhole(t *testing.T) {
	for text, want := range map[string]int64{
		"0": 0, "-1": -1, "60": 60, "6e1": 60, "60.0": 60, "6.0E+1": 60, "600e-1": 60, "9223372036854775807": 1<<63 - 1, "-0": 0,
	} {
		if n, fits, ok := whole(text); !ok || !fits || n != want {
			t.Errorf("%s: %d, %v, %v", text, n, fits, ok)
		}
	}
	for _, text := range []string{"", "-", "1.5", "1e-1", "01", "+1", "1.", ".1", "1e", "1e+", "0x1", "1_0", "NaN", "Inf", "1e400", "1e16", " 1", "1 "} {
		if n, _, ok := whole(text); ok {
			t.Errorf("%q is %d", text, n)
		}
	}
	if _, fits, ok := whole("9223372036854775808"); fits || !ok {
		t.Error("2^63 is whole and does not fit")
	}
}

func TestSuggest(t *testing.T) {
	names := []string{"corp", "partner", "remote_jwks", "value_prefix", "provider_name"}
	for word, want := range map[string]string{
		"corp2": "corp", "crop": "corp", "CORP": "corp", "partnr": "partner", "remoteJwk": "remote_jwks", "remote_jkws": "remote_jwks",
		"prefix": "value_prefix", "provider": "provider_name",
		"x": "", "": "", "co": "", "carpet": "", "wholly_different": "", strings.Repeat("x", 10_000): "",
	} {
		if got := nearest(word, names); got != want {
			t.Errorf("%.20q: %q, want %q", word, got, want)
		}
	}
}

func TestLowerCamel(t *testing.T) {
	for snake, want := range map[string]string{
		"a": "a", "remote_jwks": "remoteJwks", "provider_and_audiences": "providerAndAudiences", "http_uri": "httpUri", "a_1": "a1",
	} {
		if got := lowerCamel(snake); got != want {
			t.Errorf("%s: %s", snake, got)
		}
	}
}

func TestPathsQuoteOddNames(t *testing.T) {
	for key, want := range map[string]string{
		"corp": "providers.corp", "a-b_C1": "providers.a-b_C1", "a.b": `providers["a.b"]`, "": `providers[""]`,
		"a\nb": `providers["a\nb"]`, "\u00e4": `providers["\u00e4"]`, strings.Repeat("x", 81): `providers["` + strings.Repeat("x", 80) + `"...]`,
	} {
		if got := join("providers", key); got != want {
			t.Errorf("%q: %s", key, got)
		}
	}
}

func TestUnusableInlineKeysAreWarnings(t *testing.T) {
	cfg, problems := Parse([]byte(`{"providers":{"a":{"issuer":"i","local_jwks":{"inline_string":
		"{\"keys\":[{\"kty\":\"future\"},{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}]}"}}},
		"rules":[{"match":{"prefix":"/"},"requires":{"provider_name":"a"}}]}`), nil)
	if problems != nil {
		t.Fatal(problems)
	}
	same(t, "the other key is used", cfg.Providers[0].Inline.Len(), 1)
	if len(cfg.Warnings) != 1 || cfg.Warnings[0].Path != "providers.a.local_jwks.inline_string" {
		t.Error(cfg.Warnings)
	}
}
