package serve

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"

	"github.com/postern-wasm/postern/host"
	"github.com/postern-wasm/postern/host/abi"
)

// Problems returns what the module said about a configuration that it refused,
// one problem a line: its error lines, or all it said where there are none. Any
// other error is one line.
func Problems(err error) []string {
	var ce *host.ConfigError
	if !errors.As(err, &ce) {
		return []string{err.Error()}
	}
	var lines []string
	if ce.Err != nil {
		lines = append(lines, ce.Stage+": "+ce.Err.Error())
	}
	for _, least := range []abi.LogLevel{abi.LogError, abi.LogTrace} {
		for _, l := range ce.Logs {
			if l.Level >= least {
				for line := range strings.Lines(l.Text) {
					lines = append(lines, strings.TrimPrefix(strings.TrimRight(line, "\n"), "config: "))
				}
			}
		}
		if len(lines) > 0 {
			return lines
		}
	}
	return []string{"the module gave no reason"}
}

// guestLog passes the module's log lines on. While a configuration is decided
// on, the canary and then every worker say the same: the canary's lines are
// held, the others' repetitions dropped, and when the configuration is refused
// the canary's are dropped as well, since Problems has them.
type guestLog struct {
	to *slog.Logger

	mu      sync.Mutex
	holding bool
	held    []host.LogEntry
	seen    map[string]bool
}

func (g *guestLog) hold() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.holding, g.held, g.seen = true, nil, make(map[string]bool)
}

func (g *guestLog) release(accepted bool) {
	g.mu.Lock()
	held := g.held
	g.holding, g.held, g.seen = false, nil, nil
	g.mu.Unlock()
	if accepted {
		for _, e := range held {
			g.write(e)
		}
	}
}

// line takes one line from any worker.
func (g *guestLog) line(e host.LogEntry) {
	g.mu.Lock()
	keep := g.holding && e.Worker == 0
	drop := g.holding && g.seen[e.Text]
	if keep && !drop {
		g.seen[e.Text] = true
		g.held = append(g.held, e)
	}
	g.mu.Unlock()
	if !keep && !drop {
		g.write(e)
	}
}

func (g *guestLog) write(e host.LogEntry) {
	level := slog.LevelDebug
	switch {
	case e.Level >= abi.LogError:
		level = slog.LevelError
	case e.Level >= abi.LogWarn:
		level = slog.LevelWarn
	case e.Level >= abi.LogInfo:
		level = slog.LevelInfo
	}
	g.to.Log(context.Background(), level, e.Text, "from", "module", "worker", e.Worker)
}
