package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// envModule names the environment variable that says where the module is.
const envModule = "POSTERN_MODULE"

// findModule returns the path of the module: --module, $POSTERN_MODULE,
// postern.wasm beside this program, build/postern.wasm below the working
// directory. A place that was named must hold it; the last two are tried in turn.
func (a *app) findModule() (string, error) {
	if a.module != "" {
		return namedModule("--module", a.module)
	}
	if p := os.Getenv(envModule); p != "" {
		return namedModule("$"+envModule, p)
	}
	var places []string
	if exe, err := os.Executable(); err == nil {
		places = append(places, filepath.Join(filepath.Dir(exe), "postern.wasm"))
	}
	places = append(places, filepath.Join("build", "postern.wasm"))
	for _, p := range places {
		if isFile(p) {
			return p, nil
		}
	}
	return "", errors.New("no module: build/postern.wasm is not there; `make plugin` builds it, or name one with --module or $" + envModule)
}

func namedModule(by, path string) (string, error) {
	if isFile(path) {
		return path, nil
	}
	if _, err := os.Stat(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fileError("read", path, err)
	}
	return "", fmt.Errorf("no module: %s names %s, which is not a file; `make plugin` builds build/postern.wasm", by, path)
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// readModule returns the module's bytes.
func (a *app) readModule() ([]byte, error) {
	path, err := a.findModule()
	if err != nil {
		return nil, err
	}
	wasm, err := os.ReadFile(path) //nolint:gosec // the file that the user named
	if err != nil {
		return nil, fileError("read", path, err)
	}
	return wasm, nil
}
