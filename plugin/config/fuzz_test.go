package config

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/postern-wasm/postern/plugin/policy"
	"github.com/postern-wasm/postern/plugin/request"
)

// FuzzParse: nothing makes Parse panic; a configuration is accepted or refused with
// reasons, never both or neither; an accepted one points nowhere outside itself and
// serves requests.
func FuzzParse(f *testing.F) {
	for _, folder := range []string{"good", "bad"} {
		names, err := filepath.Glob(filepath.Join(files, folder, "*.json"))
		if err != nil || len(names) == 0 {
			f.Fatal(names, err)
		}
		for _, name := range names {
			text, err := os.ReadFile(name)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(text)
		}
	}
	var views [3]request.View
	views[0].Read([]request.Header{{Name: ":method", Value: "GET"}, {Name: ":authority", Value: "a.test"}, {Name: ":path", Value: "/v1/x?q=x"}, {Name: "x-role", Value: "a"}}, request.PathRefuse)
	views[1].Read([]request.Header{{Name: ":method", Value: "CONNECT"}, {Name: ":authority", Value: "a.test:1"}}, request.PathRefuse)
	views[2].Read([]request.Header{{Name: ":method", Value: "PUT"}, {Name: ":path", Value: "//a/../b"}}, request.PathNormalize)
	f.Fuzz(func(t *testing.T, text []byte) {
		cfg, problems := Parse(text, environ)
		if (cfg == nil) != (len(problems) > 0) || len(problems) > maxProblems {
			t.Fatalf("%v and %d problems", cfg, len(problems))
		}
		for _, p := range problems {
			if p.Text == "" {
				t.Fatalf("%+v", p)
			}
		}
		if cfg == nil {
			return
		}
		if len(cfg.Warnings) > maxProblems || len(cfg.Effect.Providers) != len(cfg.Providers) {
			t.Fatalf("%+v", cfg)
		}
		for i := range cfg.Providers {
			p := &cfg.Providers[i]
			if s := p.Signed; s != nil {
				if len(s.Verify.Keys) == 0 || s.Verify.Algorithms == 0 || s.Verify.Scheme == nil || p.Remote >= 0 {
					t.Fatalf("%+v", p)
				}
				continue
			}
			if (p.Inline == nil) == (p.Remote < 0) || p.Remote >= len(cfg.Remote) || len(p.Places) == 0 || p.JWT.Algorithms == 0 {
				t.Fatalf("%+v", p)
			}
		}
		for i := range cfg.Policy.Rules {
			rule := &cfg.Policy.Rules[i]
			if rule.Match.Path.Kind == policy.NoPath {
				t.Fatalf("%+v", rule)
			}
			sound(t, &rule.Requirement, len(cfg.Providers), 1)
		}
		for i := range views {
			cfg.Policy.Find(&views[i])
		}
	})
}

func sound(t *testing.T, r *policy.Requirement, providers, level int) {
	if r.Kind == policy.Never || level > policy.MaxDepth || r.Kind == policy.Provider && (r.Provider < 0 || r.Provider >= providers) {
		t.Fatalf("%+v at level %d", r, level)
	}
	if (r.Kind == policy.Any || r.Kind == policy.All) != (len(r.Children) >= 2) {
		t.Fatalf("%+v", r)
	}
	for i := range r.Children {
		sound(t, &r.Children[i], providers, level+1)
	}
}
