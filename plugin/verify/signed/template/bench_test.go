package template_test

import (
	"testing"

	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/request"
	"github.com/postern-wasm/postern/plugin/verify/signed"
	"github.com/postern-wasm/postern/plugin/verify/signed/template"
)

// BenchmarkRead is what a template costs beside the hash: reading the headers of a published
// or a generated request, twice for each request whose signature covers its body.
func BenchmarkRead(b *testing.B) {
	for _, file := range []string{"github", "slack-v0", "stripe", "standard-webhooks", "twilio", "azure-appconfig", "query-hmac"} {
		v := readVectors(b, file)[0]
		m := object{"preset": map[string]string{"slack-v0": "slack"}[file], "keys": keys(v.Secrets)}
		if m["preset"] == "" {
			m["preset"] = file
		}
		cfg := provider(b, m)
		scheme, ok := cfg.Scheme.(*template.Scheme)
		if !ok {
			b.Fatal("a preset is no template")
		}
		var view request.View
		if code := view.Read(v.Request.headers(), request.PathRaw); code != reason.OK {
			b.Fatal(code)
		}
		r := &signed.Request{View: &view, Now: v.Now * 1e9}
		b.Run(file, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				var out signed.Reading
				if code := scheme.Read(r, &out); code != reason.OK {
					b.Fatal(code)
				}
			}
		})
	}
}
