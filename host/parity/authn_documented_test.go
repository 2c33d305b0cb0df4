package parity

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// authnDocumented are the configurations of testdata/authn: as Envoy's documentation has
// them and as Istio and Envoy Gateway generate them, rebuilt with keys of our own.
func authnDocumented(t *testing.T, keys ring) []*authnConfig {
	t.Helper()
	files, err := filepath.Glob("../../testdata/authn/*.json")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	var configs []*authnConfig
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		a := &authnConfig{name: "authn-" + strings.TrimSuffix(filepath.Base(file), ".json")}
		if err := json.Unmarshal(text, &a.filter); err != nil {
			t.Fatal(file, err)
		}
		providers := memberOf[object](a.filter, "providers")
		for _, name := range slices.Sorted(maps.Keys(providers)) {
			a.providers = append(a.providers, described(name, providers[name].(object), keys))
		}
		for _, rule := range memberOf[list](a.filter, "rules") {
			prefix := rule.(object)["match"].(object)["prefix"].(string)
			a.paths = append(a.paths, prefix, strings.TrimSuffix(prefix, "/")+"/sub?x=1", strings.TrimSuffix(prefix, "/")+"?a=b")
		}
		a.paths = append(a.paths, "/elsewhere")
		configs = append(configs, a)
	}
	return configs
}

// memberOf is a member by its name, in either spelling; the zero value if there is none.
func memberOf[T any](o object, name string) T {
	v, ok := o[name].(T)
	if !ok {
		v, _ = o[camel(name)].(T)
	}
	return v
}

// described is what a request has to know of a provider that was written by hand. Its key
// set is named where the keys stand: "$main" inline, "/main" remote.
func described(name string, p object, keys ring) authnProvider {
	d := authnProvider{name: name, issuer: memberOf[string](p, "issuer"), set: "main"}
	if local := memberOf[object](p, "local_jwks"); local != nil {
		d.set = strings.TrimPrefix(memberOf[string](local, "inline_string"), "$")
		for key := range maps.Clone(local) {
			local[key] = string(keys.set(keySets[d.set]...))
		}
	}
	for _, audience := range memberOf[list](p, "audiences") {
		d.audiences = append(d.audiences, audience.(string))
	}
	for _, h := range memberOf[list](p, "from_headers") {
		d.headers = append(d.headers, [2]string{memberOf[string](h.(object), "name"), memberOf[string](h.(object), "value_prefix")})
	}
	for _, param := range memberOf[list](p, "from_params") {
		d.params = append(d.params, param.(string))
	}
	for _, cookie := range memberOf[list](p, "from_cookies") {
		d.cookies = append(d.cookies, cookie.(string))
	}
	if header := memberOf[string](p, "forward_payload_header"); header != "" {
		d.written = append(d.written, header)
	}
	for _, c := range memberOf[list](p, "claim_to_headers") {
		d.written = append(d.written, memberOf[string](c.(object), "header_name"))
	}
	return d
}

// camel is protojson's other spelling of a key.
func camel(name string) string {
	parts := strings.Split(name, "_")
	for i := 1; i < len(parts); i++ {
		if parts[i] != "" {
			parts[i] = strings.ToUpper(parts[i][:1]) + parts[i][1:]
		}
	}
	return strings.Join(parts, "")
}

// cameled is JSON with every key in the other spelling.
func cameled(v any) any {
	switch v := v.(type) {
	case object:
		all := object{}
		for key, value := range v {
			all[camel(key)] = cameled(value)
		}
		return all
	case list:
		all := make(list, len(v))
		for i := range v {
			all[i] = cameled(v[i])
		}
		return all
	}
	return v
}
