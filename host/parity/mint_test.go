package parity

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// mint makes what a request needs: tokens relative to now.
type mint struct {
	keys ring
	now  time.Time
}

// draft is a token in the making: header and claims as ordered members, so that
// a duplicate or an odd value can be written, and edits of the finished text.
type draft struct {
	mint    *mint
	key     string
	alg     string // what signs
	header  []member
	claims  []member
	rawHead []byte // instead of header
	rawBody []byte // instead of claims
	secret  []byte // instead of key, for HS
	edits   []func(string) string
}

// mod changes a draft.
type mod func(*draft)

// rawJSON is a value that is already JSON text, or is meant to be wrong.
type rawJSON string

// algorithmOf is what a key signs with when a case does not say.
var algorithmOf = map[string]string{
	"p256": "ES256", "p256-stranger": "ES256", "p384": "ES384", "p521": "ES512",
	"ed": "EdDSA", "ed-stranger": "EdDSA",
	"hs256": "HS256", "hs384": "HS384", "hs512": "HS512", "hs-short": "HS256",
}

// token mints the compact form. Without mods it is a good RS256 token of key
// "rsa": issuer https://issuer.test, audience "api", subject "alice", valid from
// a minute ago for an hour.
func (m *mint) token(mods ...mod) string {
	d := &draft{mint: m, key: "rsa", claims: []member{
		{"iss", "https://issuer.test"},
		{"sub", "alice"},
		{"aud", "api"},
		{"iat", m.now.Unix() - 60},
		{"exp", m.now.Unix() + 3600},
	}}
	// The key decides the header, so it comes first wherever it stands.
	for _, apply := range mods {
		apply(d)
	}
	if d.alg == "" {
		d.alg = "RS256"
		if alg := algorithmOf[d.key]; alg != "" {
			d.alg = alg
		}
	}
	base := []member{{"alg", d.alg}, {"kid", d.key}}
	for _, h := range d.header {
		base = put(base, h)
	}
	head, body := encode(base), encode(d.claims)
	if d.rawHead != nil {
		head = d.rawHead
	}
	if d.rawBody != nil {
		body = d.rawBody
	}
	input := b64(head) + "." + b64(body)
	var signature []byte
	if d.secret != nil {
		signature = signRaw(d.alg, d.secret, []byte(input))
	} else {
		signature = m.keys.sign(d.alg, d.key, []byte(input))
	}
	text := input + "." + b64(signature)
	for _, edit := range d.edits {
		text = edit(text)
	}
	return text
}

func b64(data []byte) string { return base64.RawURLEncoding.EncodeToString(data) }

// put replaces the member of that name, removes it, or appends it.
func put(members []member, m member) []member {
	at := slices.IndexFunc(members, func(o member) bool { return o.name == m.name })
	switch {
	case at < 0 && m.value == nil:
		return members
	case at < 0:
		return append(members, m)
	case m.value == nil:
		return slices.Delete(members, at, at+1)
	}
	members[at] = m
	return members
}

// encode writes the members in order.
func encode(members []member) []byte {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, m := range members {
		if i > 0 {
			b.WriteByte(',')
		}
		name, _ := json.Marshal(m.name) // a string always encodes
		b.Write(name)
		b.WriteByte(':')
		if raw, ok := m.value.(rawJSON); ok {
			b.WriteString(string(raw))
			continue
		}
		value, err := json.Marshal(m.value)
		if err != nil {
			panic(err)
		}
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes()
}

// by signs with the named key of the ring, whose name is also the kid.
func by(key string) mod { return func(d *draft) { d.key = key } }

// with signs by the named algorithm and says so.
func with(alg string) mod { return func(d *draft) { d.alg = alg } }

// secret signs with these bytes.
func secret(key func(*mint) []byte) mod { return func(d *draft) { d.secret = key(d.mint) } }

// head sets a header member; nil removes it.
func head(name string, value any) mod {
	return func(d *draft) { d.header = append(d.header, member{name, value}) }
}

// headText is the whole header.
func headText(text string) mod { return func(d *draft) { d.rawHead = []byte(text) } }

// claim sets a claim; nil removes it.
func claim(name string, value any) mod {
	return func(d *draft) { d.claims = put(d.claims, member{name, value}) }
}

// twice appends a claim even if there is one of that name.
func twice(name string, value any) mod {
	return func(d *draft) { d.claims = append(d.claims, member{name, value}) }
}

// at sets a claim to a time in seconds from now.
func at(name string, seconds int64) mod {
	return func(d *draft) { d.claims = put(d.claims, member{name, d.mint.now.Unix() + seconds}) }
}

// payload is the whole payload.
func payload(text string) mod { return func(d *draft) { d.rawBody = []byte(text) } }

// edit changes the finished text.
func edit(f func(string) string) mod { return func(d *draft) { d.edits = append(d.edits, f) } }

// segment edits one of the three segments: 0 header, 1 payload, 2 signature.
func segment(i int, f func(string) string) mod {
	return edit(func(text string) string {
		parts := strings.Split(text, ".")
		parts[i] = f(parts[i])
		return strings.Join(parts, ".")
	})
}

// flipped changes one character in the middle of a segment, which stays base64url.
func flipped(s string) string {
	i := len(s) / 2
	c := byte('A')
	if s[i] == 'A' {
		c = 'B'
	}
	return s[:i] + string(c) + s[i+1:]
}

// bytesOf edits the decoded bytes of a segment.
func bytesOf(f func([]byte) []byte) func(string) string {
	return func(s string) string {
		data, err := base64.RawURLEncoding.DecodeString(s)
		if err != nil {
			panic(err)
		}
		return b64(f(data))
	}
}

// trailingBits sets a bit that the last character has but the decoded bytes have
// not (RFC 4648 §3.5); the segment must have a length that is no multiple of 4.
func trailingBits(s string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	if len(s)%4 == 0 {
		panic("a whole group has no trailing bits")
	}
	last := strings.IndexByte(alphabet, s[len(s)-1])
	return s[:len(s)-1] + string(alphabet[last|1])
}

// sized pads the payload with a claim until the token has n characters.
func sized(n int) mod {
	return func(d *draft) {
		d.edits = append(d.edits, func(text string) string {
			for pad := max(0, (n-len(text)-16)*3/4); ; pad++ {
				longer := d.mint.token(append(d.again(), claim("pad", strings.Repeat("x", pad)))...)
				if len(longer) == n {
					return longer
				}
				if len(longer) > n {
					panic("no padding gives that length")
				}
			}
		})
	}
}

// again repeats what a draft says, without its edits.
func (d *draft) again() []mod {
	return []mod{by(d.key), with(d.alg), func(o *draft) {
		o.claims = slices.Clone(d.claims)
		o.header = d.header
	}}
}
