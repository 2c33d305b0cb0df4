package envoy

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/http/httputil"
	"strconv"
	"strings"
)

// Header is one header line as it stood on the wire: name and value, with the
// white space around the value removed and nothing else changed.
type Header struct{ Name, Value string }

// Values returns the values of every line with the given name, whatever its
// case, in order.
func Values(headers []Header, name string) []string {
	var values []string
	for _, h := range headers {
		if strings.EqualFold(h.Name, name) {
			values = append(values, h.Value)
		}
	}
	return values
}

// Bounds of what the client and the upstream read: far above what a test sends.
const (
	maxLine  = 1 << 20
	maxLines = 4096
	maxBody  = 64 << 20
)

var errTooLarge = errors.New("message too large for this reader")

// readLine returns one line without its line break. The bytes are those of the
// wire; a lone LF ends a line too.
func readLine(r *bufio.Reader) (string, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		line = append(line, part...)
		if errors.Is(err, bufio.ErrBufferFull) && len(line) < maxLine {
			continue
		}
		if err != nil {
			return "", err
		}
		text := strings.TrimSuffix(string(line), "\n")
		return strings.TrimSuffix(text, "\r"), nil
	}
}

// readHeaders returns the header lines up to the empty one.
func readHeaders(r *bufio.Reader) ([]Header, error) {
	var headers []Header
	for {
		line, err := readLine(r)
		if err != nil {
			return nil, unexpected(err)
		}
		if line == "" {
			return headers, nil
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			return nil, fmt.Errorf("header line without a colon: %q", line)
		}
		if len(headers) == maxLines {
			return nil, errTooLarge
		}
		headers = append(headers, Header{name, strings.Trim(value, " \t")})
	}
}

// readBody returns the body that the headers announce; untilClose is what a
// response without a length means (RFC 9112 §6.3).
func readBody(r *bufio.Reader, headers []Header, untilClose bool) ([]byte, error) {
	if codings := Values(headers, "transfer-encoding"); len(codings) > 0 {
		if len(codings) != 1 || !strings.EqualFold(codings[0], "chunked") {
			return nil, fmt.Errorf("transfer coding %q", codings)
		}
		body, err := readBounded(httputil.NewChunkedReader(r))
		if err != nil {
			return nil, unexpected(err)
		}
		// NewChunkedReader stops before the trailers.
		_, err = readHeaders(r)
		return body, err
	}
	lengths := Values(headers, "content-length")
	switch {
	case len(lengths) == 1:
		n, err := strconv.ParseUint(lengths[0], 10, 31)
		if err != nil || n > maxBody {
			return nil, fmt.Errorf("content length %q", lengths[0])
		}
		body := make([]byte, n)
		_, err = io.ReadFull(r, body)
		return body, unexpected(err)
	case len(lengths) > 1:
		return nil, fmt.Errorf("%d content lengths", len(lengths))
	case untilClose:
		return readBounded(r)
	}
	return nil, nil
}

func readBounded(r io.Reader) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(r, maxBody+1))
	if err == nil && len(body) > maxBody {
		err = errTooLarge
	}
	return body, err
}

// unexpected turns an end of input in the middle of a message into an error
// that cannot be taken for its regular end.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
