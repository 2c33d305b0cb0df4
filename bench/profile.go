package main

import (
	"context"
	"strings"

	"github.com/postern-wasm/postern/bench/edge"
	"github.com/postern-wasm/postern/bench/local"
	"github.com/postern-wasm/postern/bench/mint"
	"github.com/postern-wasm/postern/bench/profile"
	"github.com/postern-wasm/postern/bench/report"
)

// named is the module's other file, the same link with its function names.
func named(module string) string { return strings.TrimSuffix(module, ".wasm") + "-names.wasm" }

// profile finds out in which rooms of the module the time goes. Without Node or the
// names there is no profile, and the report says so.
func (b *bench) profile(ctx context.Context, r *report.Report, m *material) error {
	var kinds []profile.Kind
	for _, k := range []struct {
		name, key, corpus string
		caches            edge.Caches
		allowed           bool
	}{
		{"accepted RS256, own kernel", "RS256", "RS256", edge.Caches{Off: true}, true},
		{"accepted ES256", "ES256", "ES256", edge.Caches{Off: true}, true},
		{"accepted EdDSA", "EdDSA", "EdDSA", edge.Caches{Off: true}, true},
		{"accepted HS256", "HS256", "HS256", edge.Caches{Off: true}, true},
		{"accepted ES256, seen before", "ES256", "ES256 one", edge.Caches{}, true},
		{"refused: expired", "RS256", "expired", edge.Caches{}, false},
		{"refused: garbage 16 KB", "RS256", "garbage 16 KB", edge.Caches{}, false},
	} {
		config, err := edge.Config(edge.Setup{Keys: []*mint.Key{m.keys[k.key]}, Postern: true, Caches: k.caches})
		if err != nil {
			return err
		}
		tokens := some(m.corpora[k.corpus].Tokens)
		kinds = append(kinds, profile.Kind{Name: k.name, Config: config, Headers: headers(), Tokens: tokens, Repeat: max(1, b.scale.Sampled/len(tokens)), Allowed: k.allowed})
	}
	rows, err := profile.Run(ctx, named(b.module), kinds)
	if err != nil {
		r.Profile.Why = err.Error()
		return ctx.Err()
	}
	r.Profile.Rows = rows
	return nil
}

// headers are those of every request but its token.
func headers() (list [][2]string) {
	for _, h := range local.Headers("") {
		list = append(list, [2]string{h.Name, h.Value})
	}
	return list
}

// longest looks for the longest callback, on wazero and in V8.
func (b *bench) longest(ctx context.Context, r *report.Report, module *local.Module, m *material) error {
	// What a signature costs is measured elsewhere: the cheapest leaves most of the time
	// to what could pause.
	var keys []*mint.Key
	for _, set := range m.sets {
		key, err := mint.NewKey("HS256")
		if err != nil {
			return err
		}
		key.Issuer = set.Issuer
		keys = append(keys, key)
	}
	r.Longest = report.Longest{Tokens: b.scale.Held, Sets: len(keys)}
	config, batches, err := local.Batches(keys, b.now, local.Amounts{Held: b.scale.Held, Timed: b.scale.Timed})
	if err != nil {
		return err
	}
	if r.Longest.Wazero, r.Longest.WazeroWhy, err = module.Time(ctx, config, b.now, batches); err != nil {
		return err
	}
	if r.Longest.V8, err = profile.Time(ctx, b.module, config, headers(), batches); err != nil {
		r.Longest.V8Why = err.Error()
	}
	return ctx.Err()
}
