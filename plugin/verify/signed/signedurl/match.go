package signedurl

import (
	"strings"

	"github.com/postern-wasm/postern/plugin/request"
	"github.com/postern-wasm/postern/plugin/verify/signed"
)

// maxSteps bounds the comparisons for one request: patterns are a stranger's until their
// signature is verified.
const maxSteps = 1 << 16

// glob matches patterns in which '*' stands for any text and '?' for one character.
type glob struct{ budget int }

// match says whether the pattern is of all of text. It says no once the budget is spent.
func (g *glob) match(pattern, text string) bool {
	p, t := 0, 0
	star, from := -1, 0 // the last '*', and where what it stands for ends
	for t < len(text) {
		if g.budget--; g.budget < 0 {
			return false
		}
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, from = p, t
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == text[t]):
			p++
			t++
		case star >= 0:
			from++
			p, t = star+1, from
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}

// within says whether the client's address is in a network, "203.0.113.0/24", or is the one
// address that is written.
func within(r *signed.Request, network string) bool {
	text, bits, hasBits := strings.Cut(network, "/")
	if _, port, colon := strings.Cut(text, ":"); colon {
		if _, _, more := strings.Cut(port, ":"); !more {
			return false // an IPv4 address with a port
		}
	}
	if text == "" || text[0] == '[' || r.Address == nil {
		return false
	}
	want, ok := request.ParseAddress(text)
	client, known := request.ParseAddress(r.Address())
	if !ok || !known {
		return false
	}
	fixed := 128
	if hasBits {
		most := 128
		if _, _, six := strings.Cut(text, ":"); !six {
			most = 32
		}
		n := prefixLength(bits)
		if n < 0 || n > most {
			return false
		}
		fixed = 128 - most + n
	}
	for i := range want {
		mask := byte(0xff)
		if left := fixed - 8*i; left < 8 {
			mask = ^(mask >> max(left, 0))
		}
		if (want[i]^client[i])&mask != 0 {
			return false
		}
	}
	return true
}

// prefixLength reads 0 to 128 without leading zeros, -1 for anything else.
func prefixLength(s string) int {
	if s == "" || len(s) > 3 || len(s) > 1 && s[0] == '0' {
		return -1
	}
	n := 0
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return -1
		}
		n = 10*n + int(s[i]-'0')
	}
	return n
}
