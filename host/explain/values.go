package explain

import (
	"encoding/base64"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/postern-wasm/postern/plugin/config"
	"github.com/postern-wasm/postern/plugin/jsonx"
)

// maxShown caps what a caller can put into one value of a report, bytes.
const maxShown = 128

// shown quotes a text that a caller has written: printable ASCII, capped.
func shown(s string) string {
	if len(s) > maxShown {
		return strconv.QuoteToASCII(s[:maxShown]) + "..."
	}
	return strconv.QuoteToASCII(s)
}

// instant writes a NumericDate twice.
func instant(seconds int64) string {
	text := strconv.FormatInt(seconds, 10)
	if seconds < 0 || seconds > 1<<36 {
		return text
	}
	return text + " (" + time.Unix(seconds, 0).UTC().Format(time.RFC3339) + ")"
}

func issuer(p *config.Provider, _ []string) string {
	if p.JWT.AnyIssuer() {
		return "any"
	}
	if p.JWT.Issuer == "" {
		return "one of the configured"
	}
	return shown(p.JWT.Issuer)
}

func audience(p *config.Provider, audiences []string) string {
	if len(audiences) == 0 {
		audiences = p.JWT.Audiences
	}
	if len(audiences) == 0 {
		return "any"
	}
	parts := make([]string, len(audiences))
	for i, a := range audiences {
		parts[i] = shown(a)
	}
	return "one of " + strings.Join(parts, " ")
}

func skewed(text string) func(*config.Provider, []string) string {
	return func(p *config.Provider, _ []string) string {
		return text + strconv.FormatInt(p.JWT.ClockSkewSeconds, 10) + " s"
	}
}

// found is what the token has for a check: only of the header's alg, kid and typ, of iss,
// aud and the dates, and of sizes.
func (t *trial) found(id string) string {
	switch id {
	case "size":
		return strconv.Itoa(len(t.raw)) + " bytes"
	case "structure":
		return strconv.Itoa(strings.Count(t.raw, ".")+1) + " segments"
	case "alg":
		return t.headerMember("alg")
	case "algorithms":
		return t.attempt.Algorithm().String()
	case "typ":
		return t.headerMember("typ")
	case "kid":
		if kid, ok := t.attempt.KeyID(); ok {
			return shown(kid)
		}
		return "none"
	case "iss", "aud":
		return t.claim(id)
	case "exp", "nbf", "iat":
		return t.date(id)
	case "exp_present":
		return t.date("exp")
	case "max_lifetime":
		return t.date("exp")
	}
	return ""
}

// headerMember reads a member of a header that may be refused for it, loosely: it is
// shown, not judged.
func (t *trial) headerMember(name string) string {
	first, _, _ := strings.Cut(t.raw, ".")
	text, err := base64.RawURLEncoding.DecodeString(first)
	var header map[string]json.RawMessage
	if err != nil || json.Unmarshal(text, &header) != nil {
		return ""
	}
	raw, ok := header[name]
	if !ok {
		return "none"
	}
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return "not a string"
	}
	return shown(s)
}

// claim shows a claim that is a string or a list of strings.
func (t *trial) claim(name string) string {
	doc := t.attempt.Claims()
	if doc == nil {
		return ""
	}
	v, ok := doc.Root().Member(name)
	switch {
	case !ok:
		return "none"
	case v.Kind() == jsonx.String:
		return shown(v.Text())
	case v.Kind() != jsonx.Array:
		return "not a string"
	}
	var parts []string
	for e, ok := v.First(); ok && len(parts) < 8; e, ok = e.Next() {
		if e.Kind() != jsonx.String {
			return "a list of other things than strings"
		}
		parts = append(parts, shown(e.Text()))
	}
	return strings.Join(parts, " ")
}

// date shows a date and how far it is from now.
func (t *trial) date(name string) string {
	doc := t.attempt.Claims()
	if doc == nil {
		return ""
	}
	v, ok := doc.Root().Member(name)
	if !ok {
		return "none"
	}
	seconds, _, ok := v.Seconds()
	if !ok {
		return "not a date"
	}
	now := t.now / second
	text := instant(seconds)
	if d := now - seconds; d >= 0 && d < 1<<33 {
		return text + ", " + (time.Duration(d) * time.Second).String() + " before now"
	} else if d < 0 && d > -1<<33 {
		return text + ", " + (time.Duration(-d) * time.Second).String() + " after now"
	}
	return text
}
