package config

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/postern-wasm/postern/plugin/credential"
	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/request"
)

// warm is a request of the configuration "everything" that passes all its rooms.
func warm(t testing.TB) (cfg *Config, one func() int) {
	text, err := os.ReadFile(filepath.Join(files, "good", "everything.json"))
	if err != nil {
		t.Fatal(err)
	}
	cfg, problems := Parse(text, environ)
	if problems != nil {
		t.Fatal(problems)
	}
	list := []request.Header{
		{Name: ":method", Value: "GET"},
		{Name: ":scheme", Value: "https"},
		{Name: ":authority", Value: "API.test"},
		{Name: ":path", Value: "/open/%2e%2e/v9//x?a=%41&token=a%2Eb.c"},
		{Name: "user-agent", Value: "Mozilla/5.0 (X11; Linux x86_64)"},
		{Name: "authorization", Value: "Basic " + strings.Repeat("a", 40)},
		{Name: "cookie", Value: "a=1; b=2"},
	}
	var view request.View
	var finder credential.Finder
	return cfg, func() int {
		if view.Read(list, cfg.Paths) != reason.OK || finder.Find(&view, cfg.Providers[0].Places).Raw != "a.b.c" {
			return -1
		}
		rule, ok := cfg.Policy.Find(&view)
		if !ok {
			return -1
		}
		return rule
	}
}

func TestAWarmRequestAllocatesNothing(t *testing.T) {
	_, one := warm(t)
	if rule := one(); rule != 2 {
		t.Fatalf("rule %d", rule)
	}
	if n := testing.AllocsPerRun(100, func() { one() }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkReadFindMatch(b *testing.B) {
	_, one := warm(b)
	b.ReportAllocs()
	for b.Loop() {
		if one() != 2 {
			b.Fatal("another rule")
		}
	}
}

func BenchmarkParse(b *testing.B) {
	text, err := os.ReadFile(filepath.Join(files, "good", "everything.json"))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if cfg, _ := Parse(text, environ); cfg == nil {
			b.Fatal("refused")
		}
	}
}

// BenchmarkParseWorst: what the longest wrong configuration costs.
func BenchmarkParseWorst(b *testing.B) {
	var keys []byte
	for i := range 200_000 {
		keys = append(keys, `"providrs`+strconv.Itoa(i)+`":0,`...)
	}
	rules := strings.Repeat(`{"match":{"prefix":"/a"},"requires":{"provider_name":"nobody"}},`, 20_000)
	for name, text := range map[string]string{
		"keys": "{" + string(keys) + `"x":0}`, "rules": `{"rules":[` + rules + `{}]}`,
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if cfg, _ := Parse([]byte(text), nil); cfg != nil {
					b.Fatal("accepted")
				}
			}
		})
	}
}
