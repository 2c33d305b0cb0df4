package signedurl

import (
	"errors"
	"strings"

	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/verify/signed"
	"github.com/postern-wasm/postern/plugin/verify/signed/form"
)

// pieceKind is what a piece of an expression stands for.
type pieceKind uint8

const (
	pieceText pieceKind = iota
	pieceSecret
	pieceExpires
	pieceURI
	pieceAddress
	pieceHost
	pieceMethod
	pieceScheme
	pieceArgument
	pieceHeader
)

// piece of an expression; text is a literal or a name.
type piece struct {
	kind pieceKind
	text string
}

// variables are nginx' names.
var variables = [...]piece{
	{pieceSecret, "secret"},
	{pieceExpires, "secure_link_expires"},
	{pieceURI, "uri"},
	{pieceAddress, "remote_addr"},
	{pieceHost, "host"},
	{pieceMethod, "request_method"},
	{pieceScheme, "scheme"},
}

// movable says that nothing tells where one piece ends and the next begins. The secret is
// always the same text, an end ten digits (see [seconds]), and no host holds a path's '/'.
func movable(a, b *piece) bool {
	if a.kind <= pieceExpires || b.kind <= pieceExpires {
		return false
	}
	return b.kind != pieceURI || a.kind == pieceURI || a.kind >= pieceArgument && a.text != ""
}

const maxPieces = 32

// compile reads an expression in nginx' words.
func compile(expression, expiresParam string) ([]piece, error) {
	var list []piece
	secrets, uris := 0, 0
	for rest := expression; rest != ""; {
		if len(list) == maxPieces {
			return nil, errors.New("more than 32 pieces in the expression")
		}
		text, after, found := strings.Cut(rest, "$")
		if text != "" {
			list = append(list, piece{pieceText, text})
		}
		if !found {
			break
		}
		name, next := variable(after)
		p := pieceOf(name, expiresParam)
		switch p.kind {
		case pieceText:
			return nil, errors.New("no variable $" + name + ": $secret, $secure_link_expires, $uri, $remote_addr, $host, $scheme, $request_method, $arg_NAME, $http_NAME")
		case pieceSecret:
			secrets++
		case pieceURI:
			uris++
		case pieceExpires, pieceAddress, pieceHost, pieceMethod, pieceScheme, pieceArgument, pieceHeader:
		}
		list, rest = append(list, p), next
	}
	switch {
	case secrets != 1:
		return nil, errors.New("the expression needs $secret once, where the secret stands")
	case uris == 0:
		return nil, errors.New("the expression needs $uri: one link would open every path")
	}
	return list, nil
}

// variable cuts a variable's name, with braces or without, off what follows a '$'.
func variable(s string) (name, rest string) {
	if s != "" && s[0] == '{' {
		name, rest, closed := strings.Cut(s[1:], "}")
		if !closed {
			return "", ""
		}
		return name, rest
	}
	end := 0
	for end < len(s) && (s[end] == '_' || s[end] >= '0' && s[end] <= '9' || s[end]|0x20 >= 'a' && s[end]|0x20 <= 'z') {
		end++
	}
	return s[:end], s[end:]
}

// pieceOf returns what a variable stands for; a text if it is none.
func pieceOf(name, expiresParam string) piece {
	for _, p := range variables {
		if p.text == name {
			return p
		}
	}
	const arg, http = "arg_", "http_"
	switch {
	case len(name) > len(arg) && name[:len(arg)] == arg:
		if name[len(arg):] == expiresParam {
			return piece{kind: pieceExpires}
		}
		return piece{pieceArgument, name[len(arg):]}
	case name == "http_host":
		return piece{pieceHeader, ""}
	case len(name) > len(http) && name[:len(http)] == http:
		header := form.Lower(nil, name[len(http):])
		for i := range header {
			if header[i] == '_' {
				header[i] = '-'
			}
		}
		return piece{pieceHeader, string(header)}
	}
	return piece{}
}

func (s *Scheme) has(kind pieceKind) bool {
	for _, p := range s.pieces {
		if p.kind == kind {
			return true
		}
	}
	return false
}

// nginx reads a secure link. An end that the expression does not hold bounds the link all
// the same, as with nginx.
func (s *Scheme) nginx(r *signed.Request, c *signed.Claim) reason.Code {
	query := r.View.Query
	text, n := parameter(query, s.cfg.SignatureParam)
	switch {
	case n == 0:
		return reason.Missing
	case n > 1:
		return reason.SignatureMalformed
	}
	sum, ok := form.Base64(nil, text, form.URL)
	if !ok || len(sum) != 16 {
		return reason.SignatureMalformed
	}
	expires, n := parameter(query, s.cfg.ExpiresParam)
	switch {
	case n == 0 && s.timed:
		return reason.TimestampMissing
	case n > 1:
		return reason.SignatureMalformed
	case n == 1:
		if c.Expires, ok = seconds(expires); !ok {
			return reason.TimestampMalformed
		}
	}
	c.Signatures = [][]byte{sum}
	b := make([]byte, 0, 256)
	for _, p := range s.pieces {
		if p.kind == pieceSecret {
			c.Before = form.Bytes(b)
			b = make([]byte, 0, 256)
			continue
		}
		var code reason.Code
		if b, code = p.append(b, r, expires); code != reason.OK {
			return code
		}
	}
	c.After = form.Bytes(b)
	return reason.OK
}

// append writes what a piece stands for.
func (p *piece) append(b []byte, r *signed.Request, expires string) ([]byte, reason.Code) {
	v := r.View
	switch p.kind {
	case pieceText:
		return append(b, p.text...), reason.OK
	case pieceExpires:
		return append(b, expires...), reason.OK
	case pieceURI: // decoded; nginx has resolved what is refused here
		out, ok := form.Unescape(b, v.RawPath)
		if !ok || !normal(v.RawPath) {
			return b, reason.ResourceMismatch
		}
		return out, reason.OK
	case pieceAddress:
		address := ""
		if r.Address != nil {
			address = r.Address()
		}
		if address == "" {
			return b, reason.AddressMismatch
		}
		return append(b, address...), reason.OK
	case pieceHost:
		return form.Lower(b, withoutPort(v.Host())), reason.OK
	case pieceMethod:
		return append(b, v.Method...), reason.OK
	case pieceScheme:
		return form.Lower(b, v.Scheme), reason.OK
	case pieceArgument:
		value, n := parameter(v.Query, p.text)
		if n != 1 {
			return b, reason.ComponentMissing
		}
		return append(b, value...), reason.OK
	case pieceHeader:
		value, n := v.Authority, 1
		if p.text != "" {
			value, n = form.One(v, p.text)
		}
		if n != 1 {
			return b, reason.ComponentMissing
		}
		return append(b, value...), reason.OK
	case pieceSecret:
	}
	return b, reason.Internal
}

// withoutPort is a host as nginx has it, but for its case, which nginx makes lower.
func withoutPort(host string) string {
	for i := len(host) - 1; i >= 0 && host[i] != ']'; i-- {
		if host[i] == ':' {
			return host[:i]
		}
	}
	return host
}
