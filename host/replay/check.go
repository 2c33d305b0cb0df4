package replay

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/postern-wasm/postern/host"
	"github.com/postern-wasm/postern/host/abi"
	"github.com/postern-wasm/postern/host/upstream"
)

// marked is how the module begins a log line about its configuration:
// "config: <path>: <text>", at level error where it refuses, warn where not.
const marked = "config: "

// Problem is one thing that a module finds wrong or odd in a configuration.
type Problem struct {
	// Path is where, in the configuration's spelling, or "" for the whole.
	Path string `json:"path"`
	// Message says what.
	Message string `json:"message"`
}

// String returns "path: message".
func (p Problem) String() string {
	if p.Path == "" {
		return p.Message
	}
	return p.Path + ": " + p.Message
}

// Report is what a module makes of a configuration.
type Report struct {
	// OK says that the configuration is accepted.
	OK bool `json:"ok"`
	// Errors are why it is not; empty when it is.
	Errors []Problem `json:"errors"`
	// Warnings do not refuse.
	Warnings []Problem `json:"warnings"`
}

// Check starts the module, gives it a configuration, and reports what it said.
// Every cluster is there and none is called. An error means that there is no
// report: the module does not load (*host.LoadError).
func Check(ctx context.Context, wasm, config []byte, env map[string]string) (*Report, error) {
	r := &Report{Errors: []Problem{}, Warnings: []Problem{}}
	h, err := host.New(ctx, wasm, host.Options{
		// A clock that stands still runs no tick and no timeout behind our back.
		Clock:         host.NewVirtualClock(time.Now()),
		Env:           env,
		Callouts:      silent{},
		Log:           r.log,
		StopIteration: true,
		CallDeadline:  callDeadline,
	})
	if err != nil {
		return nil, err
	}
	defer h.Close(ctx) //nolint:errcheck // nothing is left to lose
	err = h.Configure(ctx, config)
	if err == nil {
		r.OK = true
		return r, nil
	}
	if len(r.Errors) == 0 {
		r.Errors = append(r.Errors, Problem{Message: Messages(err)})
	}
	return r, nil
}

// log takes a line of the canary, which is the first to see a configuration
// and the only one to see one that is refused.
func (r *Report) log(l host.LogEntry) {
	text, ok := strings.CutPrefix(l.Text, marked)
	if !ok || l.Worker != 0 {
		return
	}
	switch {
	case l.Level >= abi.LogError:
		r.Errors = append(r.Errors, ParseProblem(text))
	case l.Level == abi.LogWarn:
		r.Warnings = append(r.Warnings, ParseProblem(text))
	}
}

// ParseProblem reads "path: text". A path has no white space outside quoted
// keys, so a text that has some before its first colon stands alone.
func ParseProblem(s string) Problem {
	quoted := false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == ' ':
			return Problem{Message: s}
		case c == ':' && i > 0 && strings.HasPrefix(s[i:], ": "):
			return Problem{Path: s[:i], Message: s[i+2:]}
		}
	}
	return Problem{Message: s}
}

// Messages returns what a module said when it refused a configuration: its
// lines of level error without their mark, one below the other. A module that
// said nothing in that form is quoted whole.
func Messages(err error) string {
	var ce *host.ConfigError
	if !errors.As(err, &ce) {
		return err.Error()
	}
	var lines []string
	for _, l := range ce.Logs {
		if text, ok := strings.CutPrefix(l.Text, marked); ok && l.Level >= abi.LogError {
			lines = append(lines, text)
		}
	}
	if len(lines) == 0 {
		return err.Error()
	}
	return strings.Join(lines, "\n")
}

// silent is an upstream.Caller that has every cluster and never answers.
type silent struct{}

// Known says yes.
func (silent) Known(string) bool { return true }

// Call does nothing.
func (silent) Call(context.Context, *upstream.Request, func(*upstream.Answer)) {}
