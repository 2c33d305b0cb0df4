package config

import (
	"strings"
	"testing"

	"github.com/postern-wasm/postern/plugin/effect"
	"github.com/postern-wasm/postern/plugin/reason"
)

func TestFailureResponse(t *testing.T) {
	for _, tc := range []struct {
		law, text string
		form      effect.Form
		expired   effect.Own
		problem   string
	}{
		{"JSON by default", `{}`, effect.FormJSON, effect.Own{}, ""},
		{"problem+json", `{"format":"problem+json"}`, effect.FormProblem, effect.Own{}, ""},
		{"text", `{"format":"text"}`, effect.FormText, effect.Own{}, ""},
		{"a status", `{"overrides":{"expired":{"status":440}}}`, effect.FormJSON, effect.Own{Status: 440}, ""},
		{"a body is text", `{"overrides":{"expired":{"body":"x"}}}`, effect.FormJSON, effect.Own{Body: "x", HasBody: true, ContentType: "text/plain; charset=utf-8"}, ""},
		{"an empty body", `{"overrides":{"expired":{"body":"","contentType":"text/html"}}}`, effect.FormJSON, effect.Own{HasBody: true, ContentType: "text/html"}, ""},
		{"success is no refusal", `{"overrides":{"expired":{"status":200}}}`, 0, effect.Own{}, "failure_response.overrides.expired.status: "},
		{"nor is a redirect", `{"overrides":{"expired":{"status":302}}}`, 0, effect.Own{}, "failure_response.overrides.expired.status: "},
		{"a status above 599", `{"overrides":{"expired":{"status":600}}}`, 0, effect.Own{}, "failure_response.overrides.expired.status: "},
		{"a body of 4097 bytes", `{"overrides":{"expired":{"body":"` + strings.Repeat("x", 4097) + `"}}}`, 0, effect.Own{}, "failure_response.overrides.expired.body: must be at most 4096 bytes long"},
		{"a content type that splits a header", `{"overrides":{"expired":{"body":"","content_type":"a\r\nb: c"}}}`, 0, effect.Own{}, "failure_response.overrides.expired.content_type: must be printable ASCII"},
		{"a content type without a body", `{"overrides":{"expired":{"content_type":"text/html"}}}`, 0, effect.Own{}, "failure_response.overrides.expired.content_type: there is no body"},
		{"a reason that is none", `{"overrides":{"expird":{"status":403}}}`, 0, effect.Own{}, `failure_response.overrides.expird: there is no such reason; did you mean "expired"?`},
		{"ok is no refusal", `{"overrides":{"ok":{"status":403}}}`, 0, effect.Own{}, "failure_response.overrides.ok: there is no such reason"},
		{"a form that is none", `{"format":"xml"}`, 0, effect.Own{}, "failure_response.format: "},
		{"an unknown key", `{"formats":"text"}`, 0, effect.Own{}, "failure_response.formats: unknown key"},
	} {
		cfg, problems := Parse([]byte(`{"default":"allow","failure_response":`+tc.text+`}`), nil)
		if tc.problem != "" {
			if len(problems) != 1 || !strings.HasPrefix(problems[0].String(), tc.problem) {
				t.Errorf("%s: %v", tc.law, problems)
			}
			continue
		}
		if len(problems) > 0 {
			t.Errorf("%s: %v", tc.law, problems)
			continue
		}
		var own effect.Own
		if len(cfg.Effect.Own) > 0 {
			own = cfg.Effect.Own[reason.Expired]
		}
		if cfg.Effect.Form != tc.form || own != tc.expired {
			t.Errorf("%s: form %d, %+v", tc.law, cfg.Effect.Form, own)
		}
	}
}
