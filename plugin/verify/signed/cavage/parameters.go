package cavage

import (
	"github.com/postern-wasm/postern/plugin/reason"
)

// The parameters of a signature.
const (
	paramKey = iota
	paramAlgorithm
	paramHeaders
	paramSignature
	paramCreated
	paramExpires
	paramCount
)

// words are the parameters' names; Kong calls the key "username".
var words = [paramCount]string{"keyId", "algorithm", "headers", "signature", "created", "expires"}

// parameters is what stands in the credential; given says which of them.
type parameters struct {
	value [paramCount]string
	given [paramCount]bool
}

// parse reads name="value" or, of the two times, name=digits, between commas. There are no
// escapes: what would need one is refused.
func (p *parameters) parse(text string, kong bool) reason.Code {
	for {
		text = skip(text)
		end := 0
		for end < len(text) && (text[end]|0x20 >= 'a' && text[end]|0x20 <= 'z') {
			end++
		}
		n := parameter(text[:end], kong)
		if n < 0 || end == len(text) || text[end] != '=' || p.given[n] {
			return reason.SignatureMalformed
		}
		text = text[end+1:]
		var value string
		var ok bool
		if n == paramCreated || n == paramExpires {
			value, text, ok = digits(text)
		} else {
			value, text, ok = quoted(text)
		}
		if !ok {
			return reason.SignatureMalformed
		}
		p.value[n], p.given[n] = value, true
		text = skip(text)
		if text == "" {
			break
		}
		if text[0] != ',' {
			return reason.SignatureMalformed
		}
		text = text[1:]
	}
	if !p.given[paramKey] || !p.given[paramAlgorithm] || !p.given[paramSignature] || p.value[paramKey] == "" {
		return reason.SignatureMalformed
	}
	return reason.OK
}

// parameter returns the index of a name, -1 if it is none.
func parameter(name string, kong bool) int {
	for n, word := range words {
		switch {
		case kong && (n == paramKey && name == "username"):
			return n
		case kong && (n == paramKey || n >= paramCreated):
		case name == word:
			return n
		}
	}
	return -1
}

func skip(s string) string {
	for s != "" && (s[0] == ' ' || s[0] == '\t') {
		s = s[1:]
	}
	return s
}

func quoted(s string) (value, rest string, ok bool) {
	if s == "" || s[0] != '"' {
		return "", s, false
	}
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '"':
			return s[1:i], s[i+1:], true
		case '\\':
			return "", s, false
		}
	}
	return "", s, false
}

func digits(s string) (value, rest string, ok bool) {
	end := 0
	for end < len(s) && s[end] >= '0' && s[end] <= '9' {
		end++
	}
	return s[:end], s[end:], end > 0
}
