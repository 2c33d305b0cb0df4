package config

import (
	"strings"
	"testing"

	"github.com/postern-wasm/postern/plugin/effect"
)

func TestFilterStateIsLeftOnlyIfAskedFor(t *testing.T) {
	for _, tc := range []struct {
		law, text, env string
		want           effect.States
		problem        string
	}{
		{"nothing by default", `{"default":"allow"}`, "", 0, ""},
		{"an empty list is nothing", `{"default":"allow","filter_state":[]}`, "", 0, ""},
		{"what is named", `{"default":"allow","filter_state":["provider","sub"]}`, "", effect.StateProvider | effect.StateSub, ""},
		{"the other spelling of the key", `{"default":"allow","filterState":["verdict","client","scope","reason"]}`, "", effect.StateVerdict | effect.StateClient | effect.StateScope | effect.StateReason, ""},
		{"the host may ask for more", `{"default":"allow","filter_state":["sub"]}`, "provider,reason", effect.StateProvider | effect.StateSub | effect.StateReason, ""},
		{"a name that is none", `{"default":"allow","filter_state":["subject"]}`, "", 0, `filter_state[0]: want one of verdict, reason, provider, sub, client, scope, not "subject"`},
		{"a name that is none, by the host", `{"default":"allow"}`, "provider;reason", 0, `filter_state: the environment's POSTERN_FILTER_STATE: want one of`},
		{"true is no list", `{"default":"allow","filter_state":true}`, "", 0, "filter_state: want a list, not true or false"},
	} {
		cfg, problems := Parse([]byte(tc.text), func(name string) (string, bool) {
			return tc.env, name == "POSTERN_FILTER_STATE" && tc.env != ""
		})
		if tc.problem != "" {
			if len(problems) != 1 || !strings.HasPrefix(problems[0].String(), tc.problem) {
				t.Errorf("%s: %v", tc.law, problems)
			}
			continue
		}
		if len(problems) > 0 || cfg.Effect.States != tc.want {
			t.Errorf("%s: %v, %v", tc.law, cfg, problems)
		}
	}
}

func TestAModeOfARuleCountsBeforeThatOfAll(t *testing.T) {
	for _, tc := range []struct {
		text     string
		all      bool
		rules    [3]bool
		warnings int
	}{
		{"", false, [3]bool{false, true, false}, 0},
		{`"mode": "enforce",`, false, [3]bool{false, true, false}, 0},
		{`"mode": "report",`, true, [3]bool{true, true, false}, 1},
	} {
		cfg, problems := Parse([]byte(`{`+tc.text+`"rules": [
			{"match": {"path": "/a"}, "requires": {}},
			{"match": {"path": "/b"}, "requires": {}, "mode": "report"},
			{"match": {"path": "/c"}, "requires": {}, "mode": "enforce"}]}`), nil)
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		for i, want := range tc.rules {
			if got := cfg.Policy.Rules[i].Report; got != want {
				t.Errorf("%q, rule %d: report is %v", tc.text, i, got)
			}
		}
		if cfg.Policy.Report != tc.all || len(cfg.Warnings) != tc.warnings {
			t.Errorf("%q: report is %v; %v", tc.text, cfg.Policy.Report, cfg.Warnings)
		}
	}
}
