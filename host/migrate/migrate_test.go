package migrate_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/postern-wasm/postern/host/migrate"
	"github.com/postern-wasm/postern/host/replay"
)

// main is RFC 7517 A.1's elliptic key, p256 that and its RSA key's neighbour: public keys
// of the documentation's own.
const keySet = `{"keys":[{"kty":"EC","crv":"P-256","kid":"1","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}]}`

// put writes the key set where a file says $main or $p256.
func put(text string) string {
	quoted, err := json.Marshal(keySet)
	if err != nil {
		panic(err)
	}
	return strings.NewReplacer(`"$main"`, string(quoted), `"$p256"`, string(quoted)).Replace(text)
}

func file(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../../testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return put(string(text))
}

func run(t *testing.T, text string, opts migrate.Options) []migrate.Filter {
	t.Helper()
	filters, err := migrate.Run([]byte(text), opts)
	if err != nil {
		t.Fatal(err)
	}
	return filters
}

func same(t *testing.T, got json.RawMessage, want string) {
	t.Helper()
	var g, w any
	if err := errors.Join(json.Unmarshal(got, &g), json.Unmarshal([]byte(want), &w)); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(g, w) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// ids are the notes, "id path".
func ids(notes []migrate.Note) []string {
	list := []string{}
	for _, n := range notes {
		list = append(list, strings.TrimSpace(n.ID+" "+n.Path))
		if n.Text == "" {
			list = append(list, "without text")
		}
	}
	return list
}

func equal(t *testing.T, what string, got []migrate.Note, want ...string) {
	t.Helper()
	if list := ids(got); strings.Join(list, "\n") != strings.Join(want, "\n") {
		t.Errorf("%s: got\n  %s\nwant\n  %s", what, strings.Join(list, "\n  "), strings.Join(want, "\n  "))
	}
}

// The configurations of Envoy's documentation, and those that Istio and Envoy Gateway
// generate, are carried whole but for what a module cannot do.
func TestCompatSaysTheSame(t *testing.T) {
	for _, name := range []string{"doc-groups", "doc-local", "doc-remote"} {
		text := file(t, "authn/"+name+".json")
		f := run(t, text, migrate.Options{})[0]
		same(t, f.Config, strings.Replace(text, "{", `{"compat": "jwt_authn",`, 1))
		equal(t, name, f.NotCarried)
	}
	f := run(t, file(t, "authn/istio.json"), migrate.Options{})[0]
	same(t, f.Config, file(t, "migrate/istio.compat.json"))
	equal(t, "istio", f.NotCarried,
		"metadata providers.origins-0.payload_in_metadata", "metadata providers.origins-0.normalize_payload_in_metadata",
		"metadata providers.origins-1.payload_in_metadata", "metadata providers.origins-1.normalize_payload_in_metadata")
	f = run(t, file(t, "authn/envoy-gateway.json"), migrate.Options{})[0]
	same(t, f.Config, file(t, "migrate/envoy-gateway.compat.json"))
	const provider = `providers["httproute/default/jwt-example/rule/0/match/0/example"]`
	equal(t, "envoy gateway", f.NotCarried, "metadata "+provider+".payload_in_metadata", "metadata "+provider+".normalize_payload_in_metadata")
}

// The strict configuration is the same without compat; only the rows that concern it are told.
func TestStrictTellsTheRowsThatConcernIt(t *testing.T) {
	tests := []struct {
		name   string
		strict []string
		always []string
	}{
		{"doc-remote", []string{
			"paths paths", "answers",
			"exp_absent providers.provider1", "algorithms providers.provider1",
			"audience_exact providers.provider1", "audience_status providers.provider1",
			"places providers.provider1", "several_tokens providers.provider1",
			"keys_unavailable providers.provider1", "key_set_bounds providers.provider1",
			"iat_future providers.provider1", "exp_edge providers.provider1", "typ providers.provider1",
		}, []string{"strict_tokens"}},
		{"doc-local", []string{
			"no_rule default", "paths paths", "answers",
			"exp_absent providers.provider2", "several_tokens providers.provider2",
			"iat_future providers.provider2", "exp_edge providers.provider2", "typ providers.provider2",
		}, []string{"strict_tokens", "identity_headers providers.provider2"}},
		{"doc-groups", []string{
			"no_rule default", "paths paths", "answers",
			"exp_absent providers.provider1", "audience_exact providers.provider1", "audience_status providers.provider1",
			"places providers.provider1", "several_tokens providers.provider1",
			"iat_future providers.provider1", "exp_edge providers.provider1", "typ providers.provider1",
			"exp_absent providers.provider2", "several_tokens providers.provider2",
			"iat_future providers.provider2", "exp_edge providers.provider2", "typ providers.provider2",
		}, []string{"strict_tokens"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			text := file(t, "authn/"+tt.name+".json")
			f := run(t, text, migrate.Options{Strict: true})[0]
			same(t, f.Config, text)
			equal(t, "strict", f.Strict, tt.strict...)
			equal(t, "always", f.Always, tt.always...)
			if len(f.Problems) > 0 {
				t.Error(f.Problems)
			}
		})
	}
}

// Every filter of a bootstrap is found, in either spelling, in a TypedStruct too, and what
// cannot be carried is told with where it stood.
func TestBootstrap(t *testing.T) {
	text := file(t, "migrate/bootstrap.yaml")
	filters := run(t, text, migrate.Options{})
	if len(filters) != 2 {
		t.Fatalf("%d filters", len(filters))
	}
	const chain = ".filter_chains[0].filters[0].typed_config"
	public, internal := filters[0], filters[1]
	const in = "static_resources.listeners[0]" + chain + ".http_filters[0].typed_config"
	if public.Path != in || internal.Path != "static_resources.listeners[1]"+chain+".http_filters[0].typedConfig" {
		t.Errorf("found at %s and %s", public.Path, internal.Path)
	}
	same(t, public.Config, file(t, "migrate/bootstrap-public.compat.json"))
	const routes = "static_resources.listeners[0]" + chain + ".route_config.virtual_hosts[0].routes"
	equal(t, "public", public.NotCarried,
		"filter_state_rules "+in+".filter_state_rules", "stat_prefix "+in+".stat_prefix",
		`per_route `+routes+`[0].typed_per_filter_config["envoy.filters.http.jwt_authn"]`,
		`per_route `+routes+`[1].typed_per_filter_config["envoy.filters.http.jwt_authn"]`)
	for i, rule := range map[int]string{
		2: `{"match":{"hosts":["api.example"],"prefix":"/admin"},"requirement_name":"staff"}`,
		3: `{"match":{"hosts":["api.example"],"path":"/health"},"requires":{}}`,
	} {
		if note := public.NotCarried[i]; !strings.HasSuffix(note.Text, rule) {
			t.Errorf("the rule for a route: %s, want %s", note.Text, rule)
		}
	}
	equal(t, "always", public.Always, "strict_tokens", "token_cache providers.corp", "allow_missing rules")
	equal(t, "strict", public.Strict, "paths paths", "answers",
		"exp_absent providers.corp", "algorithms providers.corp", "audience_exact providers.corp", "audience_status providers.corp",
		"clock_skew providers.corp", "several_tokens providers.corp", "keys_unavailable providers.corp", "key_set_bounds providers.corp",
		"iat_future providers.corp", "exp_edge providers.corp", "typ providers.corp")

	// A key set in a file: refused until it is inlined.
	if len(internal.Problems) != 1 || !strings.HasPrefix(internal.Problems[0], "providers.file.local_jwks.filename: ") {
		t.Errorf("problems %q", internal.Problems)
	}
	inlined := run(t, text, migrate.Options{Strict: true, ReadFile: func(name string) ([]byte, error) {
		if name != "/etc/keys.json" {
			return nil, os.ErrNotExist
		}
		return []byte(keySet), nil
	}})[1]
	same(t, inlined.Config, file(t, "migrate/bootstrap-internal.strict.json"))
	if len(inlined.Problems) > 0 {
		t.Error(inlined.Problems)
	}
}

// An entry of http_filters, JSON and YAML alike; and what is none.
func TestForms(t *testing.T) {
	const fields = `{"providers":{"a":{"issuer":"x","localJwks":{"inlineString":"$main"}}},"rules":[{"match":{"prefix":"/"},"requires":{"providerName":"a"}}]}`
	want := `{"compat":"jwt_authn","providers":{"a":{"issuer":"x","local_jwks":{"inline_string":"$main"}}},"rules":[{"match":{"prefix":"/"},"requires":{"provider_name":"a"}}]}`
	for law, text := range map[string]string{
		"bare":                  fields,
		"an entry, untyped":     `{"name":"envoy.filters.http.jwt_authn","config":` + fields + `}`,
		"an entry, typed":       `{"name":"x","typed_config":{"@type":"type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication",` + fields[1:] + `}`,
		"version 2":             `[{"typedConfig":{"@type":"type.googleapis.com/envoy.config.filter.http.jwt_authn.v2alpha.JwtAuthentication",` + fields[1:] + `}]`,
		"within another object": `{"spec":{"patch":{"value":{"name":"envoy.filters.http.jwt_authn","typed_config":` + fields + `}}}}`,
		"YAML":                  "name: envoy.filters.http.jwt_authn\ntyped_config: " + fields + "\n",
	} {
		t.Run(law, func(t *testing.T) {
			same(t, run(t, put(text), migrate.Options{})[0].Config, put(want))
		})
	}
	for law, text := range map[string]string{"empty": "", "a list": "[1]", "another filter": `{"name":"envoy.filters.http.router"}`, "torn": `{"a":`, "two": `{} {}`, "a name twice": "a: 1\na: 2"} {
		if _, err := migrate.Run([]byte(text), migrate.Options{}); err == nil {
			t.Errorf("%s: no error", law)
		}
	}
}

// What is printed loads in the module, in both modes, without a warning that compat alone
// would bring.
func TestThePrintedConfigurationLoads(t *testing.T) {
	path := os.Getenv("POSTERN_MODULE")
	if path == "" {
		path = "../../build/postern.wasm"
	}
	wasm, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("no module: %v; run make plugin or set POSTERN_MODULE", err)
	}
	for _, name := range []string{"authn/doc-groups.json", "authn/doc-local.json", "authn/doc-remote.json", "authn/istio.json", "authn/envoy-gateway.json", "migrate/bootstrap.yaml"} {
		for _, strict := range []bool{false, true} {
			f := run(t, file(t, name), migrate.Options{Strict: strict, ReadFile: func(string) ([]byte, error) { return []byte(keySet), nil }})
			for i := range f {
				r, err := replay.Check(context.Background(), wasm, f[i].Config, nil)
				if err != nil {
					t.Fatal(err)
				}
				if !r.OK || len(f[i].Problems) > 0 {
					t.Errorf("%s, filter %d, strict %v: %v %v", name, i, strict, r.Errors, f[i].Problems)
				}
			}
		}
	}
}
