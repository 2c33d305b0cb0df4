package httpsig_test

import (
	"crypto/ed25519"
	"encoding/json"
	"os"
	"slices"
	"testing"

	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/verify/signed"
	"github.com/postern-wasm/postern/plugin/verify/signed/httpsig"
)

// vector is one of testdata/vectors, whose README.md has the format.
type vector struct {
	Name    string
	Secrets []struct {
		ID, Alg string
		Key     []byte `json:"key_b64"`
	}
	Now     int64
	Request struct {
		Method, Scheme, Authority, Path string
		Query                           *string
		Headers                         [][2]string
		Body                            []byte `json:"body_base64"`
	}
	Config struct {
		Format, Tag, Label, Profile, Body, Replay string
		Required                                  []string
		Tolerance                                 int64 `json:"tolerance_s"`
		AllowEmpty                                bool  `json:"allow_empty_components"`
		NeedsCreated                              bool  `json:"require_created"`
		NeedsNonce                                bool  `json:"require_nonce"`
	}
	Prior          []string
	Expect, Reason string
}

func (v *vector) message() message {
	r := v.Request
	target := r.Path
	if r.Query != nil {
		target += "?" + *r.Query
	}
	return message{r.Method, r.Scheme, r.Authority, target, r.Headers, string(r.Body)}
}

func (v *vector) provider(t *testing.T) *signed.Config {
	cfg := httpsig.Config{
		Tag: v.Config.Tag, Label: v.Config.Label, WebBotAuth: v.Config.Profile == "web-bot-auth",
		Components: []string{}, AllowEmpty: v.Config.AllowEmpty, BodyOptional: v.Config.Body != "content-digest",
		NeedsNonce: v.Config.NeedsNonce,
	}
	for _, name := range v.Config.Required {
		if name[0] != '"' || name[len(name)-1] != '"' {
			t.Fatalf("%s: a component %s", v.Name, name)
		}
		cfg.Components = append(cfg.Components, name[1:len(name)-1])
	}
	var keys []*signed.Key
	for _, s := range v.Secrets {
		switch s.Alg {
		case "hmac-sha256":
			keys = append(keys, secret(t, s.ID, s.Key))
		case "ed25519":
			keys = append(keys, public(t, s.ID, ed25519.PublicKey(s.Key), signed.Ed25519))
		default:
			keys = append(keys, spki(t, s.ID, s.Key, signed.ParseAlgorithm(s.Alg)))
		}
	}
	p := provider(t, cfg, keys...)
	p.Tolerance = v.Config.Tolerance * second
	for _, k := range keys {
		if err := p.Scheme.(*httpsig.Scheme).CheckKey(k); err != nil {
			t.Fatalf("%s: key %s: %v", v.Name, k.ID, err)
		}
	}
	return p
}

// codes are the reasons that a vector's reason may come out as.
var codes = map[string][]reason.Code{
	"ok":                             {reason.OK},
	"bad_signature":                  {reason.SignatureInvalid, reason.DigestMismatch},
	"digest_mismatch":                {reason.DigestMismatch},
	"digest_unsupported":             {reason.DigestUnsupported},
	"required_component_not_covered": {reason.ComponentNotCovered, reason.BodyNotCovered},
	"timestamp_too_old":              {reason.SignatureExpired},
	"timestamp_in_future":            {reason.SignatureInFuture},
	"timestamp_missing":              {reason.TimestampMissing},
	"expired":                        {reason.SignatureExpired},
	"unknown_key":                    {reason.SignatureInvalid},
	"algorithm_not_allowed":          {reason.AlgorithmNotAllowed, reason.SignatureInvalid},
	"wrong_tag":                      {reason.SignerMismatch},
	"malformed_signature":            {reason.SignatureMalformed},
	"missing_signature":              {reason.Missing, reason.SignatureMalformed},
	"component_missing":              {reason.ComponentMissing},
	"nonce_missing":                  {reason.NonceMissing},
	"replay":                         {reason.OK}, // what is remembered is asked for elsewhere, by the nonce
}

func vectors(t testing.TB, file string) []vector {
	t.Helper()
	text, err := os.ReadFile("../../../../testdata/vectors/" + file)
	must(t, err)
	var list []vector
	must(t, json.Unmarshal(text, &list))
	return list
}

// TestVectors runs the published and the generated vectors of RFC 9421 and of Web Bot Auth.
func TestVectors(t *testing.T) {
	for file, count := range map[string]int{"rfc9421.json": 65, "web-bot-auth.json": 14} {
		list := vectors(t, file)
		if len(list) != count {
			t.Errorf("%s: %d vectors", file, len(list))
		}
		verdicts := map[string]verdict{}
		for _, v := range list {
			got := judge(t, v.provider(t), v.message(), v.Now)
			verdicts[v.Name] = got
			if (got.state == signed.Proved) != (v.Expect == "accept" || v.Reason == "replay") {
				t.Errorf("%s: %s, want %s", v.Name, got.code, v.Expect)
			}
			if !slices.Contains(codes[v.Reason], got.code) {
				t.Errorf("%s: %s, want %s", v.Name, got.code, v.Reason)
			}
			for _, prior := range v.Prior {
				before := verdicts[prior]
				if again := got.nonce == before.nonce && got.key == before.key; again != (v.Reason == "replay") {
					t.Errorf("%s after %s: nonces %q and %q", v.Name, prior, got.nonce, before.nonce)
				}
			}
		}
	}
}
