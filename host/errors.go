package host

import (
	"errors"
	"strings"
)

// ErrClosed is returned by the methods of a Host that has been closed.
var ErrClosed = errors.New("host is closed")

// LoadError says that a module does not load: it is no Wasm module, announces
// no ABI version that the host has, imports what the version does not have,
// exports no allocator, or traps while it starts.
type LoadError struct {
	// Reason says what is wrong and names it.
	Reason string
	// Err is the cause, or nil.
	Err error
}

// Error returns "module does not load: " and the reason.
func (e *LoadError) Error() string {
	if e.Err != nil {
		return "module does not load: " + e.Reason + ": " + e.Err.Error()
	}
	return "module does not load: " + e.Reason
}

// Unwrap returns the cause.
func (e *LoadError) Unwrap() error { return e.Err }

// ConfigError says that the module refused a configuration, or trapped on it.
// The configuration before it goes on serving.
type ConfigError struct {
	// Stage is "start", "vm_start" or "configure": where it was refused.
	Stage string
	// Logs holds what the guest logged meanwhile, the trace and debug lines
	// left out, at most 256 lines.
	Logs []LogEntry
	// Err is the trap, or nil when the guest returned false.
	Err error
}

// Error names the stage and the guest's lines of warning and above.
func (e *ConfigError) Error() string {
	var b strings.Builder
	b.WriteString("configuration refused in ")
	b.WriteString(e.Stage)
	if e.Err != nil {
		b.WriteString(": ")
		b.WriteString(e.Err.Error())
	}
	for _, l := range e.Logs {
		if l.Level >= logWarn {
			b.WriteString("\n")
			b.WriteString(l.Text)
		}
	}
	return b.String()
}

// Unwrap returns the trap, or nil.
func (e *ConfigError) Unwrap() error { return e.Err }
