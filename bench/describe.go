package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/postern-wasm/postern/bench/report"
	"github.com/postern-wasm/postern/host/envoy"
)

// describe says where the run is made and with what. What cannot be learnt is
// "unknown"; a missing module or Envoy is an error.
func describe(ctx context.Context, root, module string) (report.Machine, report.Versions, error) {
	m := report.Machine{
		OS: runtime.GOOS, Arch: runtime.GOARCH, CPUs: runtime.NumCPU(),
		Kernel: said(ctx, root, "uname", "-r"), CPU: cpuName(), LoadBefore: loadAverage(),
	}
	wasm, err := os.ReadFile(module)
	if err != nil {
		return m, report.Versions{}, fmt.Errorf("no module (`make plugin` builds it): %w", err)
	}
	binary, err := envoy.Find()
	if err != nil {
		return m, report.Versions{}, err
	}
	digest := sha256.Sum256(wasm)
	v := report.Versions{
		Go:     runtime.Version(),
		Envoy:  envoyVersion(said(ctx, root, binary, "--version")),
		TinyGo: said(ctx, root, filepath.Join(root, "build", "tools", "tinygo", "run"), "version"),
		Commit: said(ctx, root, "git", "rev-parse", "HEAD"),
		Module: hex.EncodeToString(digest[:]), ModuleBytes: len(wasm),
	}
	v.Changed = said(ctx, root, "git", "status", "--porcelain") != ""
	return m, v, nil
}

// unknown stands for what a command did not tell.
const unknown = "unknown"

// said is the output of a command without the space around it.
func said(ctx context.Context, dir, name string, args ...string) string {
	if abs, err := filepath.Abs(name); err == nil && strings.ContainsRune(name, filepath.Separator) {
		name = abs
	}
	command := exec.CommandContext(ctx, name, args...)
	command.Dir = dir
	text, err := command.Output()
	if err != nil {
		return unknown
	}
	return strings.TrimSpace(string(text))
}

// envoyVersion shortens "envoy  version: COMMIT/1.40.0/Clean/RELEASE/BoringSSL".
func envoyVersion(text string) string {
	_, version, found := strings.Cut(text, "version: ")
	if parts := strings.Split(version, "/"); found && len(parts) > 1 {
		return parts[1]
	}
	return text
}

// cpuName is the first processor's name.
func cpuName() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return unknown
	}
	for line := range strings.Lines(string(text)) {
		if name, value, _ := strings.Cut(line, ":"); strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return unknown
}

// loadAverage is that of the last 1, 5 and 15 minutes.
func loadAverage() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return unknown
	}
	if fields := strings.Fields(string(text)); len(fields) >= 3 {
		return strings.Join(fields[:3], " ")
	}
	return unknown
}
