package config

import "testing"

func TestFilterStateIsLeftUnlessSwitchedOff(t *testing.T) {
	for text, want := range map[string]bool{
		`{"default":"allow"}`:                      true,
		`{"default":"allow","filter_state":true}`:  true,
		`{"default":"allow","filter_state":false}`: false,
		`{"default":"allow","filterState":false}`:  false,
	} {
		cfg, problems := Parse([]byte(text), nil)
		if len(problems) > 0 {
			t.Errorf("%s: %v", text, problems)
		} else if cfg.FilterState != want {
			t.Errorf("%s: %v", text, cfg.FilterState)
		}
	}
	if _, problems := Parse([]byte(`{"default":"allow","filter_state":"no"}`), nil); len(problems) != 1 || problems[0].Path != "filter_state" {
		t.Errorf("a text: %v", problems)
	}
}
