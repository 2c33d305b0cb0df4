package envoy

import (
	"os"
	"regexp"
	"strings"
)

// A plugin's line as Envoy prints it: `wasm log NAME ROOT_ID VM_ID: text`, where
// an empty root id leaves no gap. The text may hold line breaks.
var pluginLine = regexp.MustCompile(`^\[(\w+)\]\[wasm\] .*?wasm log ([A-Za-z0-9_-]+)(?: [^:]*)?: (.*)$`)

// LogLine is one line that a plugin logged.
type LogLine struct {
	// Level is Envoy's word for it: trace, debug, info, warning, error, critical.
	Level string
	// Plugin is the plugin's name, which is its listener's.
	Plugin string
	// Text is what the plugin said.
	Text string
}

// PluginLog returns what the plugin of the named listener logged so far, in
// order; "" means all plugins.
func (e *Envoy) PluginLog(listener string) []LogLine {
	return parseLog(e.logLines(), listener)
}

// logLines reads the whole log. An unreadable log reads as empty: it serves
// only to explain other failures.
func (e *Envoy) logLines() []string {
	text, err := os.ReadFile(e.LogPath())
	if err != nil {
		return nil
	}
	return strings.Split(strings.TrimRight(string(text), "\n"), "\n")
}

func parseLog(lines []string, plugin string) []LogLine {
	var found []LogLine
	for _, line := range lines {
		m := pluginLine.FindStringSubmatch(line)
		if m == nil || plugin != "" && m[2] != plugin {
			continue
		}
		found = append(found, LogLine{Level: m[1], Plugin: m[2], Text: m[3]})
	}
	return found
}

// pluginLines is parseLog without repetitions: Envoy configures a plugin once
// in a canary, once on the main thread and once for each worker.
func pluginLines(lines []string, plugin string) []string {
	var texts []string
	seen := map[string]bool{}
	for _, l := range parseLog(lines, plugin) {
		if !seen[l.Text] {
			seen[l.Text] = true
			texts = append(texts, l.Text)
		}
	}
	return texts
}

func tail(lines []string, n int) []string {
	return lines[max(0, len(lines)-n):]
}
