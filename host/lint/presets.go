package lint

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/postern-wasm/postern/plugin/config"
)

// Preset is a preset of signed requests that a provider names.
type Preset struct {
	// Path is where it is named, Name its name.
	Path string `json:"path"`
	Name string `json:"preset"`
	// Source is the page on which the vendor says how requests are signed.
	Source string `json:"source"`
	// Template can stand in the configuration as "template" in the preset's place.
	Template json.RawMessage `json:"template"`
}

// Presets returns the presets that a configuration names, in the order of their paths.
func Presets(text []byte) ([]Preset, error) {
	var c struct {
		Providers map[string]map[string]json.RawMessage `json:"providers"`
	}
	if err := json.Unmarshal(text, &c); err != nil {
		return nil, err
	}
	var list []Preset
	for name, provider := range c.Providers {
		for _, member := range []string{"signed_request", "signedRequest"} {
			var s struct {
				Preset string `json:"preset"`
			}
			if raw, ok := provider[member]; !ok || json.Unmarshal(raw, &s) != nil {
				continue
			}
			if template, source, ok := config.Preset(s.Preset); ok {
				list = append(list, Preset{at(name) + "." + member, s.Preset, source, json.RawMessage(template)})
			}
		}
	}
	slices.SortFunc(list, func(a, b Preset) int { return strings.Compare(a.Path, b.Path) })
	return list, nil
}
