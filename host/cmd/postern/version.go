package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// versionInfo is what `postern version` says.
type versionInfo struct {
	Version      string `json:"version"`
	Revision     string `json:"revision,omitempty"`
	Modified     bool   `json:"modified,omitempty"`
	Go           string `json:"go"`
	Module       string `json:"module,omitempty"`
	ModuleSHA256 string `json:"module_sha256,omitempty"`
	ModuleBytes  int    `json:"module_bytes,omitempty"`
}

func newVersionCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Say which program and which module this is",
		Long: `version says from which commit this program was built, with which Go, and
which module it would run, by its SHA-256. A missing module is no error here.
` + exitHelp,
		Example: "  postern version --output json",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			v := a.versionInfo()
			if a.output == outputJSON {
				return writeJSON(a.out, v)
			}
			rev := v.Revision
			if v.Modified {
				rev += " (with changes)"
			}
			fmt.Fprintf(a.out, "postern %s %s\n%s\n", v.Version, rev, v.Go)
			if v.Module == "" {
				fmt.Fprintln(a.out, "no module")
				return nil
			}
			fmt.Fprintf(a.out, "%s, %d bytes, sha256 %s\n", v.Module, v.ModuleBytes, v.ModuleSHA256)
			return nil
		},
	}
}

func (a *app) versionInfo() versionInfo {
	v := versionInfo{Version: "(devel)", Go: runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH}
	if b, ok := debug.ReadBuildInfo(); ok {
		if b.Main.Version != "" {
			v.Version = b.Main.Version
		}
		for _, s := range b.Settings {
			switch s.Key {
			case "vcs.revision":
				v.Revision = s.Value
			case "vcs.modified":
				v.Modified = s.Value == "true"
			}
		}
	}
	path, err := a.findModule()
	if err != nil {
		return v
	}
	wasm, err := os.ReadFile(path) //nolint:gosec // the file that the user named
	if err != nil {
		return v
	}
	sum := sha256.Sum256(wasm)
	v.Module, v.ModuleBytes, v.ModuleSHA256 = path, len(wasm), hex.EncodeToString(sum[:])
	return v
}
