package main

import (
	"context"
	"fmt"
	"os"
	"slices"

	"github.com/tetratelabs/wazero"

	"github.com/postern-wasm/postern/bench/edge"
	"github.com/postern-wasm/postern/bench/mint"
)

// modules are the files that run in Envoy.
type modules struct {
	postern, nothing, reading, buffering string
	// withoutOffload are all functions between the module and its host but the one
	// by which the host verifies signatures.
	withoutOffload []string
}

// offload is the host function by which a host verifies signatures.
const offload = "proxy_call_foreign_function"

// functions returns what a module imports and exports.
func functions(ctx context.Context, path string) (names []string, err error) {
	wasm, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("no module (`make plugin` builds it): %w", err)
	}
	runtime := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigInterpreter()) // nothing is run
	defer func() { _ = runtime.Close(ctx) }()
	compiled, err := runtime.CompileModule(ctx, wasm)
	if err != nil {
		return nil, err
	}
	for _, f := range compiled.ImportedFunctions() {
		_, name, _ := f.Import()
		names = append(names, name)
	}
	for name := range compiled.ExportedFunctions() {
		names = append(names, name)
	}
	slices.Sort(names)
	return names, nil
}

// seenCaches holds every token of the largest run.
var seenCaches = edge.Caches{Provider: largeCache, Tokens: ownLargeCache, Bytes: ownLargeCacheBytes}

// doors returns the listeners that the variants need.
func doors(keys map[string]*mint.Key, m modules, k knows) ([]edge.Door, error) {
	list := []edge.Door{{Name: "plain"}}
	plugins := []edge.Plugin{
		{Name: "nothing", Path: m.nothing}, {Name: "reading", Path: m.reading}, {Name: "buffering", Path: m.buffering, Holds: true},
	}
	if k.signed {
		config, err := edge.SignedConfig()
		if err != nil {
			return nil, err
		}
		plugins = append(plugins, edge.Plugin{Name: "postern-signed", Path: m.postern, Config: config, Holds: true})
	}
	for _, p := range plugins {
		filter, err := p.Filter()
		if err != nil {
			return nil, err
		}
		list = append(list, edge.Door{Name: p.Name, Filter: filter})
	}
	type want struct {
		name    string
		key     string
		postern bool
		caches  edge.Caches
		allowed []string
		state   bool // filter state
	}
	var wanted []want
	for _, a := range mint.Algorithms() {
		wanted = append(wanted, want{name: "postern-" + a, key: a, postern: true}, want{name: "jwt-" + a, key: a})
	}
	for _, a := range []string{"RS256", "ES256"} {
		wanted = append(wanted, want{name: "postern-off-" + a, key: a, postern: true, caches: edge.Caches{Off: true}})
	}
	wanted = append(wanted,
		want{name: "jwt-small", key: "RS256", caches: edge.Caches{Provider: smallCache}},
		want{name: "jwt-large", key: "RS256", caches: edge.Caches{Provider: largeCache}})
	if k.cache {
		wanted = append(wanted, want{name: "postern-seen", key: "RS256", postern: true, caches: seenCaches})
	}
	if k.cache && k.state {
		wanted = append(wanted, want{name: "postern-state", key: "RS256", postern: true, caches: seenCaches, state: true})
	}
	if k.offload {
		wanted = append(wanted, want{name: "postern-own", key: "RS256", postern: true, allowed: m.withoutOffload})
	}
	for _, w := range wanted {
		d, err := door(w.name, m.postern, edge.Setup{Keys: []*mint.Key{keys[w.key]}, Postern: w.postern, Caches: w.caches, State: w.state}, w.allowed)
		if err != nil {
			return nil, err
		}
		list = append(list, d)
	}
	return list, nil
}

// door is one listener with the module or jwt_authn in it, as the setup says; allowed
// is Plugin's.
func door(name, module string, s edge.Setup, allowed []string) (edge.Door, error) {
	config, err := edge.Config(s)
	if err != nil {
		return edge.Door{}, err
	}
	d := edge.Door{Name: name}
	if s.Postern {
		d.Filter, err = edge.Plugin{Name: name, Path: module, Config: config, Allowed: allowed}.Filter()
	} else {
		d.Filter, err = edge.JWTAuthn(config)
	}
	if err != nil {
		return edge.Door{}, fmt.Errorf("%s: %w", name, err)
	}
	return d, nil
}
