package mint

// Corpus is a list of tokens to be sent in turn, as a browser's requests would
// carry them: seven lines, which a filter in Envoy sees as twelve header pairs.
type Corpus struct {
	// Tokens are sent in order, again from the first after the last. "" is sent
	// as a request without an Authorization line.
	Tokens []string
}

const (
	requestHead = "GET /orders/17?view=full HTTP/1.1\r\n" +
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
	b = append(b, requestHead...)
	if token := c.Tokens[i%len(c.Tokens)]; token != "" {
		b = append(b, authorization...)
		b = append(b, token...)
		b = append(b, "\r\n"...)
	}
	return append(b, "\r\n"...)
}
