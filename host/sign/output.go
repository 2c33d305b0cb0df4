package sign

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Curl is a command line that sends the request as it was signed: for a POSIX shell, with
// nothing added that a scheme could look at.
func (r *Request) Curl() string {
	var b strings.Builder
	text := isText(r.Body)
	if !text {
		b.WriteString("printf %s " + shell(base64Of(r.Body)) + " | base64 -d | ")
	}
	b.WriteString("curl --globoff --path-as-is")
	switch {
	case r.Method == "HEAD":
		b.WriteString(" --head")
	case r.Method != "GET" || len(r.Body) > 0:
		b.WriteString(" -X " + shell(r.Method))
	}
	b.WriteString(" " + shell(r.URL()))
	for _, h := range r.Headers {
		line := h[0] + ": " + h[1]
		if h[1] == "" {
			line = h[0] + ";" // how curl is told to send an empty header
		}
		b.WriteString(" \\\n  -H " + shell(line))
	}
	// What curl would add by itself.
	for _, name := range []string{"accept", "content-type"} {
		if r.Values(name) == nil && (name == "accept" || len(r.Body) > 0) {
			b.WriteString(" \\\n  -H " + shell(name+":"))
		}
	}
	switch {
	case !text:
		b.WriteString(" \\\n  --data-binary @-")
	case len(r.Body) > 0:
		b.WriteString(" \\\n  --data-raw " + shell(string(r.Body)))
	}
	return b.String() + "\n"
}

// isText reports whether a body can stand in a command line: text, with nothing that a
// terminal acts upon but line feeds.
func isText(body []byte) bool {
	return utf8.Valid(body) && !strings.ContainsFunc(string(body), func(c rune) bool {
		return c != '\n' && !unicode.IsPrint(c)
	})
}

// shell quotes a word for a POSIX shell.
func shell(s string) string {
	if s != "" && strings.Trim(s, unreserved+"/:=@%+,") == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// HTTP is the request as HTTP/1.1 has it on the wire.
func (r *Request) HTTP() []byte {
	var b strings.Builder
	b.WriteString(r.Method + " " + r.Target() + " HTTP/1.1\r\nhost: " + r.Authority + "\r\n")
	for _, h := range r.Headers {
		b.WriteString(h[0] + ": " + h[1] + "\r\n")
	}
	if len(r.Body) > 0 && r.Values("content-length") == nil {
		b.WriteString("content-length: " + strconv.Itoa(len(r.Body)) + "\r\n")
	}
	return append([]byte(b.String()+"\r\n"), r.Body...)
}
