package template

import (
	"strings"

	"github.com/postern-wasm/postern/plugin/kernel/digest"
	"github.com/postern-wasm/postern/plugin/verify/signed"
)

// piece is what an operation writes.
type piece uint8

const (
	pieceLiteral piece = iota
	pieceMethod
	pieceMethodLower
	pieceScheme
	pieceAuthority
	piecePath
	pieceQuery
	pieceTarget
	pieceURL
	pieceURLPort
	pieceURLNoPort
	pieceURLDecoded
	pieceTimestamp
	pieceNonce
	pieceID
	pieceKeyID
	pieceHeader
	pieceHeaders
	pieceSignedValues
	pieceSignedLines
	pieceBody
	pieceBodyHash
	pieceForm
	pieceQuerySorted
	pieceQueryMinus
	pieceParameters
)

// part is a part of a request, to tell what a base covers.
type part uint8

const (
	partMethod part = 1 << iota
	partPath
	partQuery
	partBody
	partParameters
	partHost
)

// The looks of a piece, for what may stand beside it.
const (
	fixed    = 1 << iota // its end can be told from its form
	rooted               // it begins with '/' or a URL's scheme
	tame                 // it holds no separator, or is refused where it does
	spaceOK              // it holds no space
	lineOK               // it holds no line break
	seamless             // it joins texts whose borders a stranger could move
)

// pieces are the names between braces. Where takes is not "", the name goes on with a
// colon and that.
var pieces = [...]struct {
	name, takes string
	piece       piece
	parts       part
	body        signed.BodyUse
	looks       uint8
}{
	{"method", "", pieceMethod, partMethod, 0, tame | spaceOK | lineOK},
	{"method:lower", "", pieceMethodLower, partMethod, 0, tame | spaceOK | lineOK},
	{"scheme", "", pieceScheme, 0, 0, fixed | spaceOK | lineOK},
	{"authority", "", pieceAuthority, partHost, 0, tame | spaceOK | lineOK},
	{"path", "", piecePath, partPath, 0, rooted | spaceOK | lineOK},
	{"query", "", pieceQuery, partQuery, 0, spaceOK | lineOK},
	{"target", "", pieceTarget, partPath | partQuery, 0, rooted | spaceOK | lineOK},
	{"url", "", pieceURL, partHost | partPath | partQuery, 0, rooted | spaceOK | lineOK},
	{"url:port", "", pieceURLPort, partHost | partPath | partQuery, 0, rooted | spaceOK | lineOK},
	{"url:noport", "", pieceURLNoPort, partHost | partPath | partQuery, 0, rooted | spaceOK | lineOK},
	{"url:decoded", "", pieceURLDecoded, partHost | partPath | partQuery, 0, rooted | spaceOK | lineOK},
	{"timestamp", "", pieceTimestamp, 0, 0, fixed | lineOK},
	{"nonce", "", pieceNonce, 0, 0, tame | lineOK},
	{"id", "", pieceID, 0, 0, tame | lineOK},
	{"key_id", "", pieceKeyID, 0, 0, tame | lineOK},
	{"header", "NAME", pieceHeader, 0, 0, lineOK},
	{"headers", "NAME;NAME", pieceHeaders, 0, 0, 0},
	{"signed_headers:values", "", pieceSignedValues, 0, 0, lineOK},
	{"signed_headers:lines", "", pieceSignedLines, 0, 0, 0},
	{"body", "", pieceBody, partBody, signed.BodyRaw, 0},
	{"body", "HASH:ENCODING", pieceBodyHash, partBody, signed.BodyHashed, fixed | spaceOK | lineOK},
	{"form:sorted", "", pieceForm, partBody, signed.BodyWhole, seamless},
	{"query:sorted", "", pieceQuerySorted, partQuery, 0, spaceOK | lineOK},
	{"query:minus", "NAME", pieceQueryMinus, partQuery, 0, spaceOK | lineOK},
	{"parameters:minus", "NAME", pieceParameters, partQuery | partBody | partParameters, signed.BodyWhole, seamless},
}

// Pieces returns the names of all pieces, for a suggestion.
func Pieces() []string {
	names := make([]string, len(pieces))
	for i := range pieces {
		names[i] = pieces[i].name
		if pieces[i].takes != "" {
			names[i] += ":" + pieces[i].takes
		}
	}
	return names
}

// operation writes one piece.
type operation struct {
	piece piece
	looks uint8
	// text is a literal, a header's or a parameter's name.
	text  string
	names []string
	hash  digest.Hash
	form  signed.Form
	// stop is the byte that ends the piece, 0 if none does: the first of the literal that
	// follows.
	stop byte
}

// base is a signed text, parsed.
type base struct {
	list  []operation
	parts part
	body  signed.BodyUse
}

func (b *base) has(p piece) bool {
	for i := range b.list {
		if b.list[i].piece == p {
			return true
		}
	}
	return false
}

// parseBase parses a base. word is the piece that is not known, if that is what is wrong.
func parseBase(text string) (b base, problem, word string) {
	for text != "" {
		open := strings.IndexByte(text, '{')
		if open < 0 {
			open = len(text)
		}
		literal := text[:open]
		if open+1 < len(text) && text[open+1] == '{' { // "{{" is a brace
			literal, text = text[:open+1], text[open+2:]
			b.literal(literal)
			continue
		}
		b.literal(literal)
		if open == len(text) {
			break
		}
		text = text[open+1:]
		end := strings.IndexByte(text, '}')
		if end < 0 {
			return b, `has a "{" without "}"; "{{" is a brace`, ""
		}
		if problem, word = b.piece(text[:end]); problem != "" {
			return b, problem, word
		}
		text = text[end+1:]
	}
	for i := range b.list {
		if i > 0 && b.list[i].piece == pieceLiteral {
			b.list[i-1].stop = b.list[i].text[0]
		}
	}
	return b, "", ""
}

func (b *base) literal(text string) {
	if text == "" {
		return
	}
	if n := len(b.list); n > 0 && b.list[n-1].piece == pieceLiteral {
		b.list[n-1].text += text
		return
	}
	b.list = append(b.list, operation{piece: pieceLiteral, text: text})
}

// piece adds the piece of a name.
func (b *base) piece(name string) (problem, word string) {
	for i := range pieces {
		p := &pieces[i]
		argument := ""
		if p.takes != "" {
			if len(name) < len(p.name)+2 || name[:len(p.name)+1] != p.name+":" {
				continue
			}
			argument = name[len(p.name)+1:]
		} else if name != p.name {
			continue
		}
		o := operation{piece: p.piece, looks: p.looks, text: argument}
		if problem = o.argue(argument); problem != "" {
			return problem, ""
		}
		if p.body != signed.BodyUnused {
			if b.body != signed.BodyUnused {
				return "has the body twice", ""
			}
			b.body = p.body
		}
		b.parts |= p.parts
		b.list = append(b.list, o)
		return "", ""
	}
	return "has an unknown piece {" + name + "}", name
}

// argue reads what follows a piece's name.
func (o *operation) argue(argument string) (problem string) {
	if o.piece == pieceBodyHash {
		return o.digest(argument)
	}
	if o.piece != pieceHeader && o.piece != pieceHeaders {
		return ""
	}
	o.names = []string{argument}
	if o.piece == pieceHeaders {
		o.names = strings.Split(argument, ";")
	}
	for i, name := range o.names {
		if !isName(name) {
			return "names a header that is none: " + name
		}
		if contains(o.names[:i], name) {
			return "names a header twice: " + name
		}
	}
	return ""
}

// digest reads what follows {body:.
func (o *operation) digest(argument string) (problem string) {
	hash, form, _ := strings.Cut(argument, ":")
	o.hash = HashOf(hash)
	switch form {
	case "hex":
		o.form = signed.Hex
	case "base64":
		o.form = signed.Base64
	case "base64url":
		o.form = signed.Base64URL
	default:
		o.hash = digest.None
	}
	if o.hash == digest.None {
		return "wants {body:sha256:hex}, with sha1, sha256, sha384 or sha512, and hex, base64 or base64url"
	}
	return ""
}

// HashOf returns the hash of a name in the configuration; digest.None if it is not known.
func HashOf(name string) digest.Hash {
	switch name {
	case "sha1":
		return digest.SHA1
	case "sha256":
		return digest.SHA256
	case "sha384":
		return digest.SHA384
	case "sha512":
		return digest.SHA512
	}
	return digest.None
}

// isName says that s is a header field's name in lower case.
func isName(s string) bool {
	for i := 0; i < len(s); i++ {
		if 'A' <= s[i] && s[i] <= 'Z' {
			return false
		}
	}
	return isToken(s)
}

// isToken: RFC 9110 §5.6.2.
func isToken(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c <= ' ' || c >= 0x7f || strings.IndexByte(`"(),/:;<=>?@[\]{}`, c) >= 0 {
			return false
		}
	}
	return s != ""
}
