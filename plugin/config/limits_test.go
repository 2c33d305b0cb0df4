package config

import (
	"strings"
	"testing"
)

func TestSharedDataSecretAndTrustedHops(t *testing.T) {
	const text = "0123456789abcdef"
	env := func(name string) (string, bool) { return text + "-env", name == "SHARED" }
	for _, tc := range []struct {
		law, text, secret string
		hops              int
		problem, warning  string
	}{
		{"none by default", `{}`, "", 0, "", ""},
		{"a text", `{"limits":{"shared_data_secret":{"inline":"` + text + `"}}}`, text, 0, "", ""},
		{"in base64, the other spelling", `{"limits":{"sharedDataSecret":{"inlineBase64":"MDEyMzQ1Njc4OWFiY2RlZg=="}}}`, text, 0, "", ""},
		{"a variable", `{"limits":{"shared_data_secret":{"env":"SHARED"}}}`, text + "-env", 0, "", ""},
		{"a short one warns", `{"limits":{"shared_data_secret":{"inline":"0123456789abcde"}}}`, text[:15], 0, "", "limits.shared_data_secret: is shorter than 16 bytes"},
		{"K-06: an empty one", `{"limits":{"shared_data_secret":{"inline":""}}}`, "", 0, "limits.shared_data_secret.inline: must not be empty", ""},
		{"a text without a form", `{"limits":{"shared_data_secret":"` + text + `"}}`, "", 0, "limits.shared_data_secret: want an object, not a string", ""},
		{"a limit that is none", `{"limits":{"shared_data_secrets":{"inline":"` + text + `"}}}`, "", 0, `limits.shared_data_secrets: unknown key; did you mean "shared_data_secret"?`, ""},
		{"two hops", `{"xff_trusted_hops":2}`, "", 2, "", ""},
		{"the other spelling", `{"xffTrustedHops":32}`, "", 32, "", ""},
		{"more hops than any chain has", `{"xff_trusted_hops":33}`, "", 0, "xff_trusted_hops: must be from 0 to 32, not 33", ""},
		{"fewer hops than none", `{"xff_trusted_hops":-1}`, "", 0, "xff_trusted_hops: must be from 0 to 32, not -1", ""},
		{"half a hop", `{"xff_trusted_hops":0.5}`, "", 0, "xff_trusted_hops: want a whole number, not 0.5", ""},
	} {
		cfg, problems := Parse([]byte(strings.Replace(tc.text, "{", `{"default":"allow","rules":[{"match":{"prefix":"/"},"requires":{}}],`, 1)), env)
		if tc.text == `{}` {
			cfg, problems = Parse([]byte(`{"default":"allow","rules":[{"match":{"prefix":"/"},"requires":{}}]}`), env)
		}
		hold(t, tc.law, "problems", problems, tc.problem)
		for _, p := range problems {
			if strings.Contains(p.String(), text) {
				t.Errorf("%s: quoted: %s", tc.law, p)
			}
		}
		if tc.problem != "" {
			continue
		}
		hold(t, tc.law, "warnings", cfg.Warnings, tc.warning)
		if string(cfg.SharedDataSecret) != tc.secret || cfg.TrustedHops != tc.hops {
			t.Errorf("%s: %q, %d hops", tc.law, cfg.SharedDataSecret, cfg.TrustedHops)
		}
	}
}
