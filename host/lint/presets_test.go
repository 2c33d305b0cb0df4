package lint_test

import (
	"encoding/json"
	"testing"

	"github.com/postern-wasm/postern/host/lint"
)

// TestPresetsAreFound under either spelling, in order, and nothing else is.
func TestPresetsAreFound(t *testing.T) {
	list, err := lint.Presets([]byte(`{"providers":{
		"b":{"signed_request":{"preset":"slack"}},
		"a":{"signedRequest":{"preset":"github"}},
		"c":{"signed_request":{"preset":"none"}},
		"d":{"signed_request":{"template":{"base":"{body}"}}},
		"e":{"issuer":"x"}}}`))
	if err != nil || len(list) != 2 {
		t.Fatalf("%+v, %v", list, err)
	}
	for i, want := range []lint.Preset{{Path: "providers.a.signedRequest", Name: "github"}, {Path: "providers.b.signed_request", Name: "slack"}} {
		var template struct {
			Base string `json:"base"`
		}
		if got := list[i]; got.Path != want.Path || got.Name != want.Name || got.Source == "" || json.Unmarshal(got.Template, &template) != nil || template.Base == "" {
			t.Errorf("%+v", got)
		}
	}
	if _, err := lint.Presets([]byte(`[`)); err == nil {
		t.Error("what is no JSON is read")
	}
}
