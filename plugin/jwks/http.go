package jwks

import (
	"strings"

	"github.com/postern-wasm/postern/plugin/request"
)

// maxDelta caps delta-seconds (RFC 9111 §1.2.2 asks for at least 2^31).
const maxDelta = int64(1) << 31

// maxAge returns the freshness that a Cache-Control value asks for, in seconds:
// no-store and no-cache ask for none. Of two max-age the smaller counts (RFC 9111
// §4.2.1 leaves the choice; the cautious one is safe).
func maxAge(value string) (seconds int64, ok bool) {
	for value != "" {
		var directive string
		directive, value, _ = strings.Cut(value, ",")
		directive = strings.Trim(directive, " \t")
		name, argument, _ := strings.Cut(directive, "=")
		switch {
		case strings.EqualFold(name, "no-store"), strings.EqualFold(name, "no-cache"):
			return 0, true
		case strings.EqualFold(name, "max-age"):
			if delta, valid := deltaSeconds(strings.Trim(argument, `"`)); valid && (!ok || delta < seconds) {
				seconds, ok = delta, true
			}
		}
	}
	return seconds, ok
}

// deltaSeconds reads RFC 9111 §1.2.2 delta-seconds; larger values are capped.
func deltaSeconds(text string) (int64, bool) {
	if text == "" {
		return 0, false
	}
	n := int64(0)
	for i := 0; i < len(text); i++ {
		digit := text[i] - '0'
		if digit > 9 {
			return 0, false
		}
		n = min(n*10+int64(digit), maxDelta)
	}
	return n, true
}

// AnswerFrom reads what the planner needs of an answer's headers; the body is added by
// the caller. A header list without one status of three digits is no answer.
func AnswerFrom(headers []request.Header) Answer {
	var a Answer
	for i := range headers {
		switch h := &headers[i]; {
		case request.EqualFold(h.Name, ":status"):
			a.Status = statusCode(h.Value)
		case request.EqualFold(h.Name, "cache-control"):
			if a.CacheControl != "" {
				a.CacheControl += ","
			}
			a.CacheControl += h.Value
		case request.EqualFold(h.Name, "age"):
			a.Age = h.Value
		}
	}
	return a
}

func statusCode(text string) int {
	n, ok := deltaSeconds(text)
	if !ok || len(text) != 3 {
		return 0
	}
	return int(n)
}

// Target splits an absolute URI into what a request carries: scheme, authority, and the
// path with its query.
func Target(uri string) (scheme, authority, path string) {
	scheme, rest, _ := strings.Cut(uri, "://")
	if i := strings.IndexAny(rest, "/?"); i >= 0 {
		authority, path = rest[:i], rest[i:]
	} else {
		authority = rest
	}
	if path == "" || path[0] != '/' {
		path = "/" + path
	}
	return scheme, authority, path
}
