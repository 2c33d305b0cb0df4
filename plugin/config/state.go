package config

import (
	"strings"

	"github.com/postern-wasm/postern/plugin/effect"
)

// stateVariable is a variable of the VM's environment that asks for members of the filter
// state besides those of the configuration: for hosts that read verdicts from there
// whatever the configuration says.
const stateVariable = "POSTERN_FILTER_STATE"

// filterState reads the members of the filter state that are left behind (default none).
func (b *builder) filterState(v value) {
	for _, e := range v.list() {
		if name := e.word(); name != "" {
			b.state(e, "", name)
		}
	}
	if list, ok := b.env(stateVariable); ok && list != "" {
		for _, name := range strings.Split(list, ",") {
			b.state(v, "the environment's "+stateVariable+": ", name)
		}
	}
}

func (b *builder) state(v value, where, name string) {
	for i, known := range effect.StateNames {
		if name == known {
			b.cfg.Effect.States |= 1 << i
			return
		}
	}
	v.fail(where, "want one of ", strings.Join(effect.StateNames[:], ", "), ", not ", quote(name))
}

// mode reads the top-level mode, which is that of rules without one.
func (b *builder) mode(v value) {
	if b.cfg.Policy.Report = reports(v); b.cfg.Policy.Report {
		v.warn("nothing is refused but by rules with a mode of their own: what would be is logged and counted")
	}
}

func reports(v value) bool { return v.choice("enforce", "report") == 1 }
