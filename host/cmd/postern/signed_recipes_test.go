//go:build !race

package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/postern-wasm/postern/host/replay"
)

const signTime = "1767225600"

// bench sends what `postern sign` prints to the module.
type bench struct {
	t      *testing.T
	engine *replay.Engine
}

func newBench(t *testing.T) *bench {
	t.Helper()
	e := replay.New(replay.Options{Module: builtModule, Verdicts: true})
	t.Cleanup(func() { _ = e.Close(context.Background()) })
	return &bench{t, e}
}

// start configures a fresh instance.
func (b *bench) start(config []byte, env map[string]string) {
	b.t.Helper()
	line, err := json.Marshal(map[string]any{"config": json.RawMessage(config), "env": env})
	if err != nil {
		b.t.Fatal(err)
	}
	if a := b.send(line); a.Reason != replay.ReasonNoRequest {
		b.t.Fatalf("configuration: %s: %s", a.Reason, a.Error)
	}
}

// sign is what `postern sign --output json` prints.
func (b *bench) sign(args ...string) []byte {
	b.t.Helper()
	var out, errs bytes.Buffer
	if code := run(b.t.Context(), append([]string{"sign", "--output", "json"}, args...), nil, &out, &errs); code != exitOK {
		b.t.Fatalf("sign %q: exit code %d: %s", args, code, errs.String())
	}
	return out.Bytes()
}

func (b *bench) send(line []byte) *replay.Answer {
	b.t.Helper()
	c, err := replay.ParseCase(bytes.TrimSpace(line))
	if err != nil {
		b.t.Fatalf("%s: %v", line, err)
	}
	return b.engine.Do(b.t.Context(), c)
}

// allowed sends a line that has to be let through, refused one that has not.
func (b *bench) allowed(what string, line []byte) *replay.Answer {
	b.t.Helper()
	a := b.send(line)
	if !a.Allowed {
		b.t.Errorf("%s: refused: %s %s\n%s", what, a.Reason, a.Error, line)
	}
	return a
}

func (b *bench) refused(what, reason string, line []byte) {
	b.t.Helper()
	if a := b.send(line); a.Allowed || a.Status == nil || reason != "" && a.Reason != reason {
		b.t.Errorf("%s: allowed %t, reason %q, want %q: %s", what, a.Allowed, a.Reason, reason, a.Error)
	}
}

// The recipes of the README: a sender's request is let through, another body and a
// stranger's signature are not, and neither is a request that is too old or comes again.
func TestRecipes(t *testing.T) {
	b := newBench(t)
	const whsec = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	private := filepath.Join(t.TempDir(), "key.jwk") // RFC 8037 A.1
	if err := os.WriteFile(private, []byte(`{"kty":"OKP","crv":"Ed25519","kid":"billing-1",
		"d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, r := range []struct {
		file, variable, secret string
		scheme, path           string
		args                   []string
		// old is the reason for a request of an hour ago, again of the same request once more.
		old, again string
		// client is what the upstream is told, as header and value.
		client [2]string
	}{
		{file: "github", variable: "GITHUB_SECRET", secret: "s", scheme: "github", path: "/hooks/github"},
		{file: "shopify", variable: "SHOPIFY_CLIENT_SECRET", secret: "s", scheme: "shopify", path: "/hooks/shopify"},
		{file: "slack", variable: "SLACK_SIGNING_SECRET", secret: "s", scheme: "slack", path: "/hooks/slack", old: "signature_expired"},
		{file: "stripe", variable: "STRIPE_ENDPOINT_SECRET", secret: "whsec_x", scheme: "stripe", path: "/hooks/stripe", old: "signature_expired"},
		{
			file: "standard-webhooks", variable: "WEBHOOK_SECRET", secret: whsec, scheme: "standard-webhooks", path: "/hooks/sender",
			args: []string{"--id", "msg_1"}, old: "signature_expired", again: "replayed",
		},
		{
			file: "either", variable: "WEBHOOK_SECRET", secret: whsec, scheme: "standard-webhooks", path: "/orders/7",
			args: []string{"--id", "msg_1"}, old: "signature_expired",
		},
		{
			file: "services", scheme: "rfc9421", path: "/internal/invoices?from=2026",
			args: []string{"--key", private, "--tag", "internal", "--nonce", "n-1"}, old: "signature_expired", again: "replayed",
			client: [2]string{"x-client", "billing"},
		},
		{
			file: "kong", variable: "ALICE_SECRET", secret: "s", scheme: "kong", path: "/api/a?b=c", args: []string{"--key-id", "alice"},
			old: "signature_expired", client: [2]string{"x-consumer-username", "alice"},
		},
		{
			file: "apisix", variable: "ALICE_SECRET", secret: "s", scheme: "apisix", path: "/api/a?b=c", args: []string{"--key-id", "alice-key"},
			old: "signature_expired", client: [2]string{"x-consumer-username", "alice"},
		},
	} {
		t.Run(r.file, func(t *testing.T) {
			b.t = t
			seen[r.file+".yaml"] = true
			b.start(recipe(t, r.file), map[string]string{r.variable: r.secret})
			url := "https://edge.example" + r.path
			args := append([]string{r.scheme, url, "--data", `{"id":1}`, "-H", "content-type: application/json"}, r.args...)
			with := func(secret string, more ...string) []string {
				all := append(slices.Clone(args), more...)
				if secret != "" {
					all = append(all, "--secret", secret)
				}
				return all
			}
			good := b.sign(with(r.secret, "--time", signTime)...)
			b.refused("another body", "", bytes.Replace(good, []byte(base64.StdEncoding.EncodeToString([]byte(`{"id":1}`))), []byte("eyJpZCI6Mn0="), 1))
			if r.secret != "" {
				stranger := r.secret[:len(r.secret)-1] + "z"
				b.refused("a stranger", "signature_invalid", b.sign(with(stranger, "--time", signTime)...))
			}
			if r.old != "" {
				hourAgo := b.sign(with(r.secret, "--time", "1767222000")...)
				b.refused("an hour old", r.old, bytes.Replace(hourAgo, []byte(`"now":1767222000`), []byte(`"now":`+signTime), 1))
			}
			a := b.allowed("the sender's", good)
			if r.client[0] != "" && a.Upstream != nil && !slices.Contains(headerTexts(a), r.client[0]+": "+r.client[1]) {
				t.Errorf("the upstream is not told %q: %q", r.client, headerTexts(a))
			}
			if r.again != "" {
				b.refused("the same again", r.again, good)
			} else {
				b.allowed("the same again", good)
			}
		})
	}
	seen["template.yaml"] = true // TestTemplateRecipe
	files, err := filepath.Glob("../../../testdata/readme/signed/*.yaml")
	if err != nil || len(files) != len(seen) {
		t.Errorf("%d files, %d of them tested, %v", len(files), len(seen), err)
	}
}

func headerTexts(a *replay.Answer) []string {
	var texts []string
	for _, h := range a.Upstream.Headers {
		texts = append(texts, string(h.Name)+": "+string(h.Value))
	}
	return texts
}

// recipe is a file of the README, as JSON.
func recipe(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile("../../../testdata/readme/signed/" + name + ".yaml")
	if err != nil {
		t.Fatal(err)
	}
	config, err := yaml.YAMLToJSON(text)
	if err != nil {
		t.Fatal(err)
	}
	return config
}

// The README's own template: what a partner signs, by openssl's word for it.
func TestTemplateRecipe(t *testing.T) {
	b := newBench(t)
	b.start(recipe(t, "template"), map[string]string{"PARTNER_SECRET": "s3cret"})
	// printf 'POST\napi.example\n/partner/orders?a=1\n1767225600\nn-1\nhello' | openssl dgst -sha256 -hmac s3cret
	const mac = "3362c0b712574788b870e7c12a32fe79a2104d8e208c0df57490053920eeb161"
	line := func(nonce, body string) []byte {
		return []byte(`{"now":1767225600,"request":{"method":"POST","authority":"api.example","path":"/partner/orders","query":"a=1","headers":[["x-partner-key","p1"],` +
			`["x-partner-time","1767225600"],["x-partner-nonce","` + nonce + `"],["x-partner-signature","v1=` + mac + `"]],` +
			`"body_base64":"` + base64.StdEncoding.EncodeToString([]byte(body)) + `"}}`)
	}
	b.refused("another body", "signature_invalid", line("n-1", "hallo"))
	b.refused("another nonce", "signature_invalid", line("n-2", "hello"))
	b.allowed("the partner's", line("n-1", "hello"))
	b.refused("the same again", "replayed", line("n-1", "hello"))
}
