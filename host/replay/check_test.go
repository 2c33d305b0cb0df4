package replay

import (
	"errors"
	"testing"

	"github.com/postern-wasm/postern/host"
	"github.com/postern-wasm/postern/host/abi"
)

func TestParseProblem(t *testing.T) {
	tests := []struct{ law, text, path, message string }{
		{"a path ends at colon and space", "rules[2].requires: no provider", "rules[2].requires", "no provider"},
		{"a message may have colons", "a.b: want x: y", "a.b", "want x: y"},
		{"a quoted key may have them too", `providers["a: b \" c: d"].x: bad`, `providers["a: b \" c: d"].x`, "bad"},
		{"a sentence before the colon is no path", "the configuration is empty: want JSON", "", "the configuration is empty: want JSON"},
		{"a text without a colon has no path", "and 3 more", "", "and 3 more"},
		{"a colon without a space ends nothing", "http://h/", "", "http://h/"},
		{"nothing before the colon is no path", ": x", "", ": x"},
		{"a quote that does not end", `a["b: c`, "", `a["b: c`},
	}
	for _, tt := range tests {
		t.Run(tt.law, func(t *testing.T) {
			got := ParseProblem(tt.text)
			if got.Path != tt.path || got.Message != tt.message {
				t.Errorf("ParseProblem(%q) = %+v", tt.text, got)
			}
			if tt.path != "" && got.String() != tt.text {
				t.Errorf("String() = %q, want %q", got.String(), tt.text)
			}
		})
	}
}

func TestMessages(t *testing.T) {
	line := func(level abi.LogLevel, text string) host.LogEntry { return host.LogEntry{Level: level, Text: text} }
	tests := []struct {
		law  string
		err  error
		want string
	}{
		{
			"the module's error lines, without their mark",
			&host.ConfigError{Stage: "configure", Logs: []host.LogEntry{
				line(abi.LogError, "config: a: bad"), line(abi.LogWarn, "config: b: odd"), line(abi.LogError, "config: c: worse"),
			}},
			"a: bad\nc: worse",
		},
		{
			"a module that says it in its own way is quoted",
			&host.ConfigError{Stage: "configure", Logs: []host.LogEntry{line(abi.LogError, "no")}},
			"configuration refused in configure\nno",
		},
		{"another error is its text", errors.New("closed"), "closed"},
	}
	for _, tt := range tests {
		t.Run(tt.law, func(t *testing.T) {
			if got := Messages(tt.err); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
