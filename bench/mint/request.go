package mint

import (
	"fmt"
	"strings"
)

// Corpus is a list of tokens to be sent in turn, as a browser's requests would
// carry them: seven lines, which a filter in Envoy sees as twelve header pairs.
type Corpus struct {
	// Tokens are sent in order, again from the first after the last. "" is sent
	// as a request without an Authorization line.
	Tokens []string
	// Paths are taken in order likewise; none is one path for all.
	Paths []string
	// Lines are further header lines of every request, each with its line end.
	Lines string
	// Whole are requests to be sent as they are, in turn, instead of all that.
	Whole []string
}

const (
	requestPath = "/orders/17?view=full"
	requestHead = " HTTP/1.1\r\n" +
		"Host: orders.bench.example\r\n" +
		"User-Agent: Mozilla/5.0 (X11; Linux x86_64) bench/1\r\n" +
		"Accept: application/json, text/plain, */*\r\n" +
		"Accept-Encoding: gzip, deflate, br\r\n" +
		"Accept-Language: en-GB,en;q=0.9\r\n" +
		"Cache-Control: no-cache\r\n"
	authorization = "Authorization: Bearer "
)

// Append is part of load.Source.
func (c *Corpus) Append(b []byte, i int) []byte {
	if len(c.Whole) > 0 {
		return append(b, c.Whole[i%len(c.Whole)]...)
	}
	path := requestPath
	if len(c.Paths) > 0 {
		path = c.Paths[i%len(c.Paths)]
	}
	b = append(b, "GET "...)
	b = append(b, path...)
	b = append(b, requestHead...)
	b = append(b, c.Lines...)
	if token := c.Tokens[i%len(c.Tokens)]; token != "" {
		b = append(b, authorization...)
		b = append(b, token...)
		b = append(b, "\r\n"...)
	}
	return append(b, "\r\n"...)
}

// Filler is header lines of size bytes in all, fewer than a proxy counts to before it
// refuses a request by itself.
func Filler(size int) string {
	const line = 1000
	var b strings.Builder
	for i := 0; b.Len() < size; i++ {
		head := fmt.Sprintf("x-filler-%03d: ", i)
		value := min(line, size-b.Len()) - len(head) - len("\r\n")
		if value < 1 {
			break
		}
		b.WriteString(head + strings.Repeat("f", value) + "\r\n")
	}
	return b.String()
}
