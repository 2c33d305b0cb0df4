package jwk

import (
	"strconv"
	"strings"

	"github.com/postern-wasm/postern/plugin/jose/base64url"
)

// block is one PEM block (RFC 7468).
type block struct {
	label string
	der   []byte
}

// The marks around a block.
const (
	pemBegin = "-----BEGIN "
	pemEnd   = "-----END "
	pemDash  = "-----"
)

// blocks reads a text that is PEM blocks and nothing else but white space between them.
// RFC 7468 §2 lets a reader skip explanatory text; here it is refused, and so are
// headers (RFC 1421), blank lines in a block and lines that are no base64: a document has
// one meaning. It reads at most limit blocks.
func blocks(text string, limit int) (list []block, why string) {
	for rest := strings.TrimLeft(text, " \t\r\n"); rest != ""; {
		if len(list) == limit {
			return nil, "it has more than " + strconv.Itoa(limit) + " pem blocks"
		}
		b, after, why := cutBlock(rest)
		if why != "" {
			return nil, "pem block " + strconv.Itoa(len(list)+1) + " " + why
		}
		list = append(list, b)
		rest = strings.TrimLeft(after, " \t\r\n")
	}
	return list, ""
}

// cutBlock takes the block that text must begin with.
func cutBlock(text string) (b block, after, why string) {
	line, rest := cutLine(text)
	label, begins := strings.CutPrefix(line, pemBegin)
	label, closed := strings.CutSuffix(label, pemDash)
	if !begins || !closed || label == "" || len(label) > 64 {
		return b, "", "does not begin with a line -----BEGIN ...-----"
	}
	b.label = label
	var body []byte
	for {
		if rest == "" {
			return b, "", "has no line -----END ...-----"
		}
		line, rest = cutLine(rest)
		if strings.HasPrefix(line, pemDash) {
			break
		}
		if line == "" || strings.IndexByte(line, ':') >= 0 {
			return b, "", "has a header or a blank line"
		}
		body = append(body, line...)
	}
	if line != pemEnd+label+pemDash {
		return b, "", "does not end as it begins"
	}
	der, ok := base64std(body)
	if !ok || len(der) == 0 {
		return b, "", "is not base64"
	}
	b.der = der
	return b, rest, ""
}

// cutLine cuts the first line off; its end is LF, CR LF or the end of the text.
func cutLine(text string) (line, rest string) {
	line, rest, _ = strings.Cut(text, "\n")
	return strings.TrimSuffix(line, "\r"), rest
}

// base64std decodes RFC 4648 §4 with its padding, in place of text: the one form, as
// base64url does.
func base64std(text []byte) ([]byte, bool) {
	if len(text)%4 != 0 {
		return nil, false
	}
	bare := text
	for range 2 {
		if n := len(bare); n > 0 && bare[n-1] == '=' {
			bare = bare[:n-1]
		}
	}
	for i, c := range bare {
		switch c {
		case '+':
			bare[i] = '-'
		case '/':
			bare[i] = '_'
		case '-', '_':
			return nil, false
		}
	}
	return base64url.Append(nil, string(bare))
}
