package parity

import (
	"strings"
	"testing"
	"time"

	"github.com/postern-wasm/postern/host"
	"github.com/postern-wasm/postern/host/abi"
	"github.com/postern-wasm/postern/host/envoy"
)

// driver runs the table on one runtime.
type driver interface {
	// name is what the summary calls it.
	name() string
	// load configures the runtime for a group and returns its world.
	load(t *testing.T, g *group, config string) session
	// refuse configures the runtime with a bad configuration and returns the lines
	// that it said; nil means that it took it.
	refuse(t *testing.T, c *badConfig) []string
	// logged is everything that the plugin has logged so far.
	logged() string
}

// session is one group on one runtime.
type session interface {
	world() *world
	// send makes one request.
	send(t *testing.T, r envoy.Request) result
}

// hang is the reason of a request that nobody answers.
const hang = "hang"

// patience is how long a request may take. Above every wait that a case asks for.
const patience = 15 * time.Second

// arrive returns r as Envoy shows it to a filter: pseudo headers, names in lower
// case, values without white space around them, lines joined where Envoy joins them.
func arrive(r envoy.Request) []abi.Pair {
	pairs := []abi.Pair{
		{Name: ":authority", Value: r.Host},
		{Name: ":path", Value: r.Target},
		{Name: ":method", Value: r.Method},
		{Name: ":scheme", Value: "http"},
	}
	for _, h := range r.Headers {
		pairs = append(pairs, abi.Pair{Name: strings.ToLower(h.Name), Value: strings.Trim(h.Value, " \t")})
	}
	if r.Body != nil {
		pairs = append(pairs, abi.Pair{Name: "content-length", Value: itoa(len(r.Body))})
	}
	return host.Arrive(pairs, false)
}

// went returns the result of a request that goes to the upstream with these headers.
func went(pairs []abi.Pair, body []byte) result {
	got := result{Allowed: true, UpstreamBody: string(body)}
	var headers []envoy.Header
	for _, p := range pairs {
		switch p.Name {
		case ":method":
			got.Method = p.Value
		case ":path":
			got.Target = p.Value
		case ":authority":
			headers = append(headers, envoy.Header{Name: "host", Value: p.Value})
		default:
			headers = append(headers, envoy.Header{Name: p.Name, Value: p.Value})
		}
	}
	got.Upstream = normal(headers, proxyAdds)
	return got
}

// reasonOf takes the reason code out of response code details.
func reasonOf(details string) string {
	if code, ok := strings.CutPrefix(details, "postern_denied{"); ok {
		if code, ok := strings.CutSuffix(code, "}"); ok {
			return code
		}
	}
	return "other: " + details
}

// problem is a line that the module logs on a bad configuration without the word
// that tells it from other lines of a proxy's log.
func problem(line string) string { return strings.TrimPrefix(line, "config: ") }

// fetch makes one callout over a real socket.
func fetch(address, authority, path string, timeout time.Duration) (*envoy.Response, error) {
	response, _, err := envoy.Once(address, timeout, envoy.Request{Method: "GET", Target: path, Host: authority})
	return response, err
}
