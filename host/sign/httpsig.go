package sign

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// httpSignature signs as RFC 9421 does: with a base of named components, the last line
// of which is the parameters, as they are written into Signature-Input.
func httpSignature(r *Request, key Key, o *Options) (*draft, error) {
	components := o.Components
	if components == nil {
		components = []string{"@method", "@authority", "@path", "@query"}
		if len(r.Body) > 0 {
			components = append(components, "content-digest")
		}
	}
	return messageSignature(r, key, o, components)
}

// webBotAuth is the profile of crawlers and agents: the host and Signature-Agent, which
// names where the keys are found, for a short time.
func webBotAuth(r *Request, key Key, o *Options) (*draft, error) {
	if key.Private == nil {
		return nil, errors.New("a shared secret proves nothing to others: a private key is needed")
	}
	p := *o
	if p.Tag == "" {
		p.Tag = "web-bot-auth"
	}
	if p.Expires == 0 {
		p.Expires = time.Hour
	}
	if p.Nonce == "" {
		p.Nonce = random()
	}
	p.WithAlgorithm = true
	if key.ID == "" {
		id, err := Thumbprint(key)
		if err != nil {
			return nil, err
		}
		key.ID = id
	}
	components := p.Components
	if components == nil {
		components = []string{"@authority"}
		if p.Agent != "" {
			label := labelOf(&p)
			r.ensure("signature-agent", label+"="+quoted(p.Agent))
			components = append(components, `signature-agent;key="`+label+`"`)
		} else if r.Values("signature-agent") != nil {
			components = append(components, "signature-agent")
		}
	}
	return messageSignature(r, key, &p, components)
}

func labelOf(o *Options) string {
	if o.Label != "" {
		return o.Label
	}
	return "sig1"
}

func messageSignature(r *Request, key Key, o *Options, components []string) (*draft, error) {
	if slices.Contains(components, "content-digest") && r.Values("content-digest") == nil {
		digest, err := contentDigest(o.Digest, r.Body)
		if err != nil {
			return nil, err
		}
		r.Add("content-digest", digest)
	}
	var base strings.Builder
	items := make([]string, len(components))
	for i, c := range components {
		name, params, _ := strings.Cut(c, ";")
		if params != "" {
			params = ";" + params
		}
		value, err := component(r, o, name, params)
		if err != nil {
			return nil, fmt.Errorf("component %s: %w", c, err)
		}
		items[i] = `"` + name + `"` + params
		if slices.Contains(items[:i], items[i]) {
			return nil, fmt.Errorf("component %s is listed twice", c)
		}
		base.WriteString(items[i] + ": " + value + "\n")
	}
	params := "(" + strings.Join(items, " ") + ")" + signatureParams(key, o)
	base.WriteString(`"@signature-params": ` + params)
	return &draft{
		base:      []byte(base.String()),
		algorithm: choose(o),
		place: func(signatures []signature) {
			r.Add("signature-input", labelOf(o)+"="+params)
			r.Add("signature", labelOf(o)+"=:"+base64Of(signatures[0].value)+":")
		},
	}, nil
}

// signatureParams are the parameters of RFC 9421 §2.3.
func signatureParams(key Key, o *Options) string {
	p := ";created=" + strconv.FormatInt(o.Time.Unix(), 10) + ";keyid=" + quoted(key.ID)
	if o.WithAlgorithm {
		p += ";alg=" + quoted(choose(o)(key))
	}
	if o.Expires != 0 {
		p += ";expires=" + strconv.FormatInt(o.Time.Add(o.Expires).Unix(), 10)
	}
	if o.Nonce != "" {
		p += ";nonce=" + quoted(o.Nonce)
	}
	if o.Tag != "" {
		p += ";tag=" + quoted(o.Tag)
	}
	return p
}

// quoted is a structured field's string (RFC 9651 §4.1.6).
func quoted(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// component is a component's value (RFC 9421 §2.1, §2.2).
func component(r *Request, o *Options, name, params string) (string, error) {
	if !strings.HasPrefix(name, "@") {
		return field(r, name, params)
	}
	if name == "@query-param" {
		wanted, ok := strings.CutPrefix(params, `;name="`)
		if !ok || !strings.HasSuffix(wanted, `"`) {
			return "", errors.New(`wants ;name="..."`)
		}
		return queryParameter(r, strings.TrimSuffix(wanted, `"`))
	}
	if params != "" {
		return "", errors.New("has no parameters")
	}
	scheme, authority := origin(r, o)
	query := "?"
	if r.Query != nil {
		query += *r.Query
	}
	switch name {
	case "@method":
		return r.Method, nil
	case "@scheme":
		return strings.ToLower(scheme), nil
	case "@authority":
		return hostOf(scheme, authority), nil
	case "@target-uri":
		return scheme + "://" + authority + r.Target(), nil
	case "@request-target":
		return r.Target(), nil
	case "@path":
		return r.Path, nil
	case "@query":
		return query, nil
	}
	return "", errors.New("is not known, or not a request's")
}

// hostOf is the authority in lower case, without the scheme's own port.
func hostOf(scheme, authority string) string {
	authority = strings.ToLower(authority)
	if scheme == "https" {
		return strings.TrimSuffix(authority, ":443")
	}
	return strings.TrimSuffix(authority, ":80")
}

// formSafe are the characters that a form never encodes (WHATWG URL §5.2).
const formSafe = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789*-._"

// queryParameter is the one value of a parameter, decoded and encoded anew
// (RFC 9421 §2.2.8).
func queryParameter(r *Request, wanted string) (string, error) {
	query := ""
	if r.Query != nil {
		query = *r.Query
	}
	pairs, err := formPairs(query)
	if err != nil {
		return "", err
	}
	var values []string
	for _, p := range pairs {
		if percent(p[0], formSafe) == wanted {
			values = append(values, percent(p[1], formSafe))
		}
	}
	if len(values) != 1 {
		return "", fmt.Errorf("is there %d times", len(values))
	}
	return values[0], nil
}

// field is a header's value: all of its lines, a member of a dictionary, or each line
// as bytes.
func field(r *Request, name, params string) (string, error) {
	values := r.Values(name)
	if values == nil {
		return "", errors.New("no such header")
	}
	for i, v := range values {
		values[i] = strings.Trim(v, " \t")
		if params == ";bs" {
			values[i] = ":" + base64Of([]byte(values[i])) + ":"
		}
	}
	joined := strings.Join(values, ", ")
	if params == "" || params == ";bs" {
		return joined, nil
	}
	member, ok := strings.CutPrefix(params, `;key="`)
	if !ok || !strings.HasSuffix(member, `"`) {
		return "", errors.New(`wants ;key="..." or ;bs`)
	}
	return dictionaryMember(joined, strings.TrimSuffix(member, `"`))
}

// dictionaryMember is the value of a dictionary's member with its parameters, as it is
// written: who signs writes it in the one form that serialises to itself.
func dictionaryMember(text, wanted string) (string, error) {
	value, found := "", false
	for _, m := range splitTop(text, ',') {
		m = strings.Trim(m, " \t")
		end := strings.IndexAny(m, "=; ")
		if end < 0 {
			end = len(m)
		}
		if m[:end] != wanted {
			continue
		}
		found = true // the last one counts (RFC 9651 §4.2.2)
		if value = m[end:]; strings.HasPrefix(value, "=") {
			value = value[1:]
		} else {
			value = "?1" + value
		}
	}
	if !found {
		return "", fmt.Errorf("no member %q", wanted)
	}
	return value, nil
}

// splitTop splits at separators that stand outside of strings, parentheses and byte
// sequences.
func splitTop(s string, separator byte) []string {
	var parts []string
	start, depth := 0, 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '"':
			for i++; i < len(s) && s[i] != '"'; i++ {
				if s[i] == '\\' {
					i++
				}
			}
		case '(':
			depth++
		case ')':
			depth--
		case separator:
			if depth == 0 {
				parts = append(parts, s[start:i])
				start = i + 1
			}
		}
	}
	return append(parts, s[start:])
}
