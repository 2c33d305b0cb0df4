package profile

import (
	"bytes"
	"context"
	_ "embed" // the script
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/postern-wasm/postern/bench/local"
	"github.com/postern-wasm/postern/bench/measure"
)

//go:embed node.mjs
var script string

// Kind is a kind of request to sample.
type Kind struct {
	// Name names it.
	Name string `json:"name"`
	// Config is the module's configuration.
	Config string `json:"config"`
	// Headers are sent with every request, the token's excepted.
	Headers [][2]string `json:"headers"`
	// Tokens are sent in turn, all of them Repeat times.
	Tokens []string `json:"tokens"`
	Repeat int      `json:"repeat"`
	// Allowed is what the module must say.
	Allowed bool `json:"allowed"`
}

// Row is where the time of one kind of request goes.
type Row struct {
	// Name is the kind's.
	Name string `json:"name"`
	// Microseconds is the CPU time of one request under the profiler, Requests how
	// many were sampled.
	Microseconds float64 `json:"us"`
	Requests     int     `json:"requests"`
	// Parts are the rooms, the dearest first; their shares add up to 1.
	Parts []Part `json:"parts"`
}

// Part is one room's share.
type Part struct {
	// Room is a folder of the module, or what else ran.
	Room string `json:"room"`
	// Share is its part of the time, 0 to 1.
	Share float64 `json:"share"`
}

// ErrNoNode is why there is no profile.
var ErrNoNode = errors.New("no node on PATH")

// limit bounds the whole of it.
const limit = 4 * time.Minute

// Run samples all kinds on the module at path, which has its function names.
func Run(ctx context.Context, path string, kinds []Kind) ([]Row, error) {
	output, err := run(ctx, path, map[string]any{"kinds": kinds})
	if err != nil {
		return nil, err
	}
	return read(output)
}

// run hands the script its input and returns what it says.
func run(ctx context.Context, path string, in any) ([]byte, error) {
	node, err := exec.LookPath("node")
	if err != nil {
		return nil, ErrNoNode
	}
	input, err := json.Marshal(in)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	// With room for all that the script allocates its collector stays out of the times.
	command := exec.CommandContext(ctx, node, "--no-warnings", "--max-semi-space-size=1024", "--max-old-space-size=4096", "--input-type=module", "--eval", script, "--", path) //nolint:gosec // the script is ours, the module the caller's
	command.Stdin = bytes.NewReader(input)
	var errs bytes.Buffer
	command.Stderr = &errs
	output, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("node: %w: %s", err, lastLines(errs.String()))
	}
	return output, nil
}

// Time times each call of the batches in V8, in wall time: of each call the shorter
// time of two instances with the same random numbers. path may lack the names.
func Time(ctx context.Context, path, config string, headers [][2]string, batches []local.Batch) ([]measure.Times, error) {
	output, err := run(ctx, path, map[string]any{"config": config, "headers": headers, "batches": batches})
	if err != nil {
		return nil, err
	}
	var ns [][]int64
	if err := json.Unmarshal(output, &ns); err != nil || len(ns) != len(batches) {
		return nil, fmt.Errorf("node says %d batches of %d: %w", len(ns), len(batches), err)
	}
	var list []measure.Times
	for i, b := range batches {
		list = append(list, measure.TimesOf(b.Name, ns[i]))
	}
	return list, nil
}

// lastLines is enough of what went wrong for one line.
func lastLines(text string) string {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); strings.Contains(line, "Error") {
			return line
		}
	}
	return strings.TrimSpace(text)
}

// read turns the script's answer into rows.
func read(output []byte) ([]Row, error) {
	var answers []struct {
		Name     string             `json:"name"`
		NS       float64            `json:"ns"`
		Requests int                `json:"requests"`
		Samples  map[string]float64 `json:"samples"`
	}
	if err := json.Unmarshal(output, &answers); err != nil {
		return nil, fmt.Errorf("node says %q: %w", output, err)
	}
	var rows []Row
	for _, a := range answers {
		row := Row{Name: a.Name, Requests: a.Requests, Microseconds: a.NS / 1e3 / float64(max(a.Requests, 1))}
		byRoom, total := map[string]float64{}, 0.0
		for name, us := range a.Samples {
			if room := roomOf(name); room != "" {
				byRoom[room] += us
				total += us
			}
		}
		for room, us := range byRoom {
			row.Parts = append(row.Parts, Part{room, us / total})
		}
		slices.SortFunc(row.Parts, func(a, b Part) int {
			if a.Share != b.Share {
				return int(b.Share*1e9) - int(a.Share*1e9)
			}
			return strings.Compare(a.Room, b.Room)
		})
		rows = append(rows, row)
	}
	return rows, nil
}

// What is no room.
const (
	hostRoom    = "the host, in JavaScript"
	runtimeRoom = "compiler's runtime"
	libraryRoom = "Go's library"
)

// room finds a room's folder in a function's name.
var room = regexp.MustCompile(`postern/(plugin/(?:[a-z0-9_]+/)*[a-z0-9_]+)`)

// roomOf is the room of a function; "" for time in which nothing ran.
func roomOf(name string) string {
	switch {
	case name == "(idle)" || name == "(root)":
		return ""
	case room.MatchString(name):
		return strings.TrimPrefix(room.FindStringSubmatch(name)[1], "plugin/")
	case strings.HasPrefix(name, "proxy_on_"):
		return "abi" // an export's own name
	case strings.HasPrefix(name, "runtime.") || strings.HasPrefix(name, "mem") || strings.HasPrefix(name, "__"):
		return runtimeRoom
	case strings.Contains(name, "."):
		return libraryRoom
	}
	return hostRoom
}
