package main

import (
	"encoding/json"
	"io"
	"strconv"
	"strings"
	"sync"

	"github.com/postern-wasm/postern/host/serve"
)

// accessWriter returns what writes access entries, one line each.
func accessWriter(w io.Writer, format outputFormat) func(*serve.Access) {
	var mu sync.Mutex
	line := accessText
	if format == outputJSON {
		line = accessJSON
	}
	return func(e *serve.Access) {
		b := line(e)
		mu.Lock()
		defer mu.Unlock()
		_, _ = w.Write(b) // a log that cannot be written stops nobody's request
	}
}

// accessText returns, separated by spaces: time, method, path, status, verdict,
// reason, provider, duration; "-" for what is empty. Method and path are quoted
// where they hold anything but visible ASCII, so that a line has one shape.
func accessText(e *serve.Access) []byte {
	verdict := "deny"
	if e.Allowed {
		verdict = "allow"
	}
	status := "-"
	if e.Status != 0 {
		status = strconv.Itoa(e.Status)
	}
	return []byte(strings.Join([]string{
		e.Time.UTC().Format("2006-01-02T15:04:05.000Z"), field(e.Method), field(e.Path), status, verdict,
		field(e.Reason), field(e.Provider), strconv.FormatFloat(e.DurationMS, 'f', 3, 64) + "ms",
	}, " ") + "\n")
}

func field(s string) string {
	if s == "" {
		return "-"
	}
	for i := range len(s) {
		if s[i] <= ' ' || s[i] >= 0x7f || s[i] == '"' {
			return strconv.QuoteToASCII(s)
		}
	}
	return s
}

// accessJSON returns an access entry as one line of JSON.
func accessJSON(e *serve.Access) []byte {
	b, err := json.Marshal(e)
	if err != nil {
		return []byte(`{"error":"access entry"}` + "\n") // plain fields always marshal
	}
	return append(b, '\n')
}
