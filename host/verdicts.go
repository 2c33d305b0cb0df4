package host

import "maps"

// verdictVariable asks the module for filter state besides what its configuration names.
const verdictVariable = "POSTERN_FILTER_STATE"

// WithVerdicts returns env with what makes Postern's module leave the provider and the
// reason of every verdict as filter state ("postern.provider", "postern.reason"),
// whatever its configuration says. Other modules do not look at it.
func WithVerdicts(env map[string]string) map[string]string {
	out := maps.Clone(env)
	if out == nil {
		out = map[string]string{}
	}
	names := "provider,reason"
	if own := out[verdictVariable]; own != "" {
		names = own + "," + names
	}
	out[verdictVariable] = names
	return out
}
