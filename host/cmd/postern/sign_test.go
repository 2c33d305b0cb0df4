package main

import (
	"slices"
	"testing"

	"github.com/spf13/pflag"

	signer "github.com/postern-wasm/postern/host/sign"
)

// Every flag counts for some scheme, and what schemes say they read are flags.
func TestSignFlagsAreRead(t *testing.T) {
	flags := newSignCommand(&app{}).Flags()
	read := slices.Clone(commonSignFlags)
	for _, s := range signer.Schemes() {
		for _, name := range s.Reads {
			if flags.Lookup(name) == nil {
				t.Errorf("%s reads --%s, which is no flag", s.Name, name)
			}
		}
		read = append(read, s.Reads...)
	}
	flags.VisitAll(func(f *pflag.Flag) {
		if !slices.Contains(read, f.Name) {
			t.Errorf("--%s counts for no scheme", f.Name)
		}
	})
}
