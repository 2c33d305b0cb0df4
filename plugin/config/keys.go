package config

import (
	"strconv"
	"strings"

	"github.com/postern-wasm/postern/plugin/jose/base64url"
	"github.com/postern-wasm/postern/plugin/jose/jwa"
	"github.com/postern-wasm/postern/plugin/jose/jwk"
)

// Bounds of an inline key set, which the operator has written.
const maxInlineBytes, maxInlineKeys = 1 << 20, 1000

// keys reads where the provider's keys come from: exactly one of the three.
func (b *builder) keys(p *Provider, o *object, listed value, sets *remoteSets) {
	if v := o.get("discovery"); !v.absent() {
		if local := o.get("local_jwks"); !local.absent() {
			local.fail("only one of local_jwks, discovery may be given")
		}
		sets.discover(p, v, o.get("remote_jwks"))
		return
	}
	switch name, v := o.onlyNeed("local_jwks", "remote_jwks", "discovery"); name {
	case "local_jwks":
		b.localKeys(p, v, listed)
	case "remote_jwks":
		sets.read(p, v)
	}
}

func (b *builder) localKeys(p *Provider, v value, listed value) {
	o := v.object()
	name, source := o.onlyNeed("inline_string", "inline_bytes", "environment_variable", "filename")
	o.close("watched_directory")
	var document string
	switch name {
	case "inline_string":
		document = source.word()
	case "inline_bytes":
		document = source.base64()
	case "environment_variable":
		variable := source.word() // never quoted, as in environmentSecret
		if variable == "" {
			return
		}
		var ok bool
		if document, ok = b.env(variable); !ok || document == "" {
			source.fail(variableNotSet)
			return
		}
	case "filename":
		source.fail("a module cannot read files: use inline_string, inline_bytes or environment_variable")
		return
	}
	if document == "" {
		return // reported already
	}
	set, notes, err := jwk.Parse([]byte(document), jwk.Limits{MaxBytes: maxInlineBytes, MaxKeys: maxInlineKeys, Use: useOf(&p.JWT)})
	for _, note := range notes {
		source.warn(note)
	}
	if err != nil {
		source.fail(err.Error())
		return
	}
	p.Inline = set
	fit(p, listed, source)
}

// fit checks that the keys and the algorithms have to do with each other.
func fit(p *Provider, listed, source value) {
	algs := p.JWT.Algorithms
	if algs == 0 {
		return // reported already
	}
	if !listed.absent() && algs.Symmetric() && !p.Inline.Has(jwa.Oct) {
		listed.fail("names an HMAC algorithm, but the key set has no \"oct\" key")
		return
	}
	for i := 0; i < p.Inline.Len(); i++ {
		for a := jwa.RS256; a.String() != ""; a++ {
			if algs.Has(a) && p.Inline.Key(i).Fits(a) {
				return
			}
		}
	}
	if listed.absent() {
		source.fail("no key fits a public-key algorithm; name the HMAC algorithm in \"algorithms\" if it is meant")
		return
	}
	listed.fail("no key of the set fits any of them (", strconv.Itoa(p.Inline.Len()), " usable)")
}

// base64 returns the bytes of a base64 string, in either alphabet, padded or not, as
// protojson takes them.
func (v value) base64() string {
	s := v.word()
	if s == "" {
		return ""
	}
	b, ok := unbase64(s)
	if !ok {
		v.fail("is not base64")
		return ""
	}
	if len(b) == 0 {
		v.fail("must not be empty")
	}
	return string(b)
}

// unbase64 decodes either alphabet, padded or not.
func unbase64(s string) ([]byte, bool) {
	// One alphabet is enough to decode with: the other's last two characters are renamed.
	text := []byte(strings.TrimRight(s, "="))
	for i, c := range text {
		switch c {
		case '+':
			text[i] = '-'
		case '/':
			text[i] = '_'
		}
	}
	b, ok := base64url.Append(nil, string(text))
	return b, ok && len(s)-len(text) <= 2
}
