package parity

import (
	"fmt"
	"strings"
	"sync"

	"github.com/postern-wasm/postern/host/envoy"
)

// leastSecret is the shortest piece of a credential that may not be repeated: shorter
// ones occur by chance, or are names.
const leastSecret = 24

// secretsOf returns the pieces of what a request carries that could be of use to
// somebody else: words of header values and of the query, token segments one by one.
func secretsOf(r envoy.Request) []string {
	var pieces []string
	take := func(text string) {
		for _, piece := range strings.FieldsFunc(text, func(c rune) bool { return strings.ContainsRune(" .=;&,?/\"", c) }) {
			if len(piece) >= leastSecret {
				pieces = append(pieces, piece)
			}
		}
	}
	take(r.Target)
	for _, h := range r.Headers {
		take(h.Value)
	}
	return pieces
}

// leaked says which part of a refusal repeats a piece of the request's credentials.
func leaked(r envoy.Request, got result) string {
	for _, secret := range secretsOf(r) {
		if strings.Contains(got.Body, secret) {
			return fmt.Sprintf("the answer's body repeats %q", secret)
		}
		for _, h := range got.Headers {
			if strings.Contains(h.Value, secret) {
				return fmt.Sprintf("the answer's %s repeats %q", h.Name, secret)
			}
		}
	}
	return ""
}

// journal collects what a runtime logs, to be searched for credentials at the end.
type journal struct {
	mu   sync.Mutex
	text strings.Builder
}

func (j *journal) add(line string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.text.WriteString(line)
	j.text.WriteByte('\n')
}

// String returns everything that was logged.
func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}
