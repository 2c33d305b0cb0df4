package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/postern-wasm/postern/host/replay"
)

const shipped = "../../testdata/vectors"

func files(t *testing.T) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(shipped, "*.json"))
	if err != nil || len(names) < 31 {
		t.Fatalf("%d files, %v", len(names), err)
	}
	return names
}

// The files are whole: as many cases of each verdict as their list says.
func TestShippedVectorsAreCounted(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(shipped, "COUNTS.txt"))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{}
	for row := range strings.Lines(string(text)) {
		if f := strings.Fields(row); len(f) == 6 {
			want[f[0]] = strings.Join(f[1:], " ")
		}
	}
	for _, name := range files(t) {
		vectors, err := Read(name)
		if err != nil {
			t.Fatal(err)
		}
		n := map[string]int{}
		for _, v := range vectors {
			n[v.Expect]++
		}
		scheme := strings.TrimSuffix(filepath.Base(name), ".json")
		got := fmt.Sprintf("%d accept %d reject %d", len(vectors), n["accept"], n["reject"])
		if got != want[scheme] {
			t.Errorf("%s: %s, listed %q", scheme, got, want[scheme])
		}
	}
}

// Every word of the shipped files is carried over, and only what is named here is not.
func TestEveryWordIsKnown(t *testing.T) {
	unknown := map[string]int{}
	for _, name := range files(t) {
		vectors, err := Read(name)
		if err != nil {
			t.Fatal(err)
		}
		for i := range vectors {
			if _, err := Adapt(&vectors[i]); err != nil {
				unknown[err.Error()]++
			}
		}
	}
	want := map[string]int{"hawk: not supported": 12, "the chunks of S3: not supported": 3}
	if !maps.Equal(unknown, want) {
		t.Errorf("not carried over: %v, want %v", unknown, want)
	}
}

// adaptTable says for words of a vector what they are in Postern's.
var adaptTable = []struct{ name, config, secrets, want string }{
	{
		"a preset, its tolerance, a shared secret's bytes",
		`{"preset":"slack","tolerance_s":300}`, `[{"id":"k1","alg":"hmac","key_b64":"YWJj"}]`,
		`{"keys":[{"id":"k1","secret":{"inline_base64":"YWJj"}}],"preset":"slack","tolerance":"300s"}`,
	},
	{
		"a vendor's form of a secret",
		`{"preset":"svix","accept_webhook_prefix":true}`, `[{"id":"k1","alg":"hmac","key_b64":"YWJj"}]`,
		`{"keys":[{"id":"k1","secret":{"inline":"whsec_YWJj"}}],"preset":"svix"}`,
	},
	{
		"components without their quotes, an uncovered body",
		`{"format":"rfc9421","required":["\"@method\"","\"@query-param\";name=\"a\""],"replay":"nonce","require_nonce":true}`,
		`[{"id":"s","alg":"hmac-sha256","key_b64":"YWJj"}]`,
		`{"http_message_signatures":{},"keys":[{"id":"s","algorithm":"hmac-sha256","secret":{"inline_base64":"YWJj"}}],"replay":{"by":"nonce"},` +
			`"require":{"body":false,"components":["@method","@query-param;name=\"a\""],"nonce":true}}`,
	},
	{
		"a dialect does with absent headers as its makers do",
		`{"format":"kong","required":[],"body":"digest","algorithms":["hmac-sha256"]}`, `[]`,
		`{"cavage":{"dialect":"kong","reject_absent_headers":false},"keys":[],"require":{"algorithms":["hmac-sha256"],"body":true,"components":[]}}`,
	},
	{
		"a nonce's header is the nonce", `{"format":"aliyun","replay":"x-ca-nonce","algorithms":["HmacSHA1"]}`, `[]`,
		`{"aliyun":{},"keys":[],"replay":{"by":"nonce"},"require":{"algorithms":["hmac-sha1"]}}`,
	},
	{
		"a message's id is the id", `{"preset":"standard-webhooks","replay":"webhook-id"}`, `[]`,
		`{"keys":[],"preset":"standard-webhooks","replay":{"by":"id"}}`,
	},
	{
		"an Ed25519 key as a JWK", `{"preset":"discord"}`, `[{"id":"app","alg":"ed25519","key_b64":"/+8="}]`,
		`{"keys":[{"id":"app","public_key":{"jwk":{"crv":"Ed25519","kty":"OKP","x":"_-8"}}}],"preset":"discord"}`,
	},
	{
		"null is absent", `{"format":"google-cdn","max_ttl_s":null}`, `[]`,
		`{"keys":[],"signed_url":{"dialect":"google"}}`,
	},
}

func TestAdapt(t *testing.T) {
	for _, test := range adaptTable {
		t.Run(test.name, func(t *testing.T) {
			a, err := Adapt(vector(t, test.config, test.secrets))
			if err != nil {
				t.Fatal(err)
			}
			var got struct {
				Providers map[string]map[string]json.RawMessage `json:"providers"`
			}
			if err := json.Unmarshal(a.Config, &got); err != nil {
				t.Fatal(err)
			}
			if text := string(got.Providers["signer"]["signed_request"]); text != test.want {
				t.Errorf("got  %s\nwant %s", text, test.want)
			}
		})
	}
}

func vector(t *testing.T, config, secrets string) *Vector {
	t.Helper()
	v := &Vector{}
	if err := json.Unmarshal([]byte(config), &v.Config); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(secrets), &v.Secrets); err != nil {
		t.Fatal(err)
	}
	return v
}

// A word that is not known, or says what cannot be asked for, is not passed over.
func TestAdaptRefusesWhatItDoesNotKnow(t *testing.T) {
	for _, config := range []string{
		`{"preset":"slack","tolerance":300}`,
		`{"preset":"slack","tolerance_s":"300"}`,
		`{"preset":"slack","region":"us-east-1"}`,
		`{"format":"rfc9421","required":"@method"}`,
		`{"format":"rfc9421","body":"perhaps"}`,
		`{"preset":"stripe","replay":"sometimes"}`,
		`{"preset":"svix","accept_webhook_prefix":false}`,
		`{"preset":"query-hmac","signature_param":"sig"}`,
		`{"format":"kong","require_digest_covered":false}`,
	} {
		if a, err := Adapt(vector(t, config, `[]`)); err == nil {
			t.Errorf("%s became %s", config, a.Config)
		}
	}
	if _, err := Adapt(vector(t, `{"preset":"slack"}`, `[{"id":"a","alg":"rot13","key_b64":""}]`)); err == nil {
		t.Error("a key of an unknown algorithm")
	}
}

// Properties are the connection's.
func TestAdaptProperties(t *testing.T) {
	a, err := Adapt(vector(t, `{"format":"kong","source_ip":"2001:db8::1","http_version":"1.1"}`, `[]`))
	want := map[string]string{"source.address": "[2001:db8::1]:50000", "request.protocol": "HTTP/1.1"}
	if err != nil || !maps.Equal(a.Properties, want) {
		t.Errorf("got %v, %v", a.Properties, err)
	}
}

// Only an answer of 4xx to a request is a refusal; nothing else agrees with "reject".
func TestOnlyARefusalIsARefusal(t *testing.T) {
	status := func(n int) *int { return &n }
	for _, test := range []struct {
		name   string
		answer replay.Answer
		agrees []string
	}{
		{"allowed", replay.Answer{Allowed: true}, []string{"accept"}},
		{"refused", replay.Answer{Status: status(401), Reason: "signature_invalid"}, []string{"reject"}},
		{"a configuration refused", replay.Answer{Reason: replay.ReasonConfig, Error: "x"}, nil},
		{"no case", replay.Answer{Reason: replay.ReasonInput, Error: "x"}, nil},
		{"a trap", replay.Answer{Status: status(503), Reason: replay.ReasonTrap}, nil},
		{"a store that is not there", replay.Answer{Status: status(503), Reason: "replay_unavailable"}, nil},
		{"a hang", replay.Answer{Reason: replay.ReasonHang}, nil},
		{"the upstream has seen it", replay.Answer{Status: status(401), Upstream: &replay.Upstream{}}, nil},
	} {
		for _, expect := range []string{"accept", "reject"} {
			fault := disagrees(&Vector{Expect: expect}, &test.answer)
			if (fault == "") != slices.Contains(test.agrees, expect) {
				t.Errorf("%s, expected %s: %q", test.name, expect, fault)
			}
		}
	}
}

// The module agrees with every vector that is shipped.
func TestModuleAgrees(t *testing.T) {
	module := os.Getenv("POSTERN_MODULE")
	if module == "" {
		module = "../../build/postern.wasm"
	}
	var out strings.Builder
	code, err := run(t.Context(), append([]string{"-module", module}, files(t)...), &out)
	if err != nil || code != 0 || !strings.HasSuffix(out.String(), "\n604 passed, 0 failed, 15 unsupported\n") {
		t.Errorf("exit code %d, %v:\n%s", code, err, out.String())
	}
}
