package filter

import (
	"strconv"

	"github.com/postern-wasm/postern/plugin/kernel/sha2"
	"github.com/postern-wasm/postern/plugin/verify/jwt"
)

const (
	// logPerSecond and logBurst bound the refusals that are logged one by one; the
	// rest is counted and told with the next line.
	logPerSecond = 10
	logBurst     = 50
	// maxLogged caps what a caller can put into one member, bytes.
	maxLogged = 64
)

// refusalLog writes one JSON line per refusal, at a bounded rate.
type refusalLog struct {
	tokens     int64 // in 1/second units
	refilledAt int64
	suppressed int64
	started    bool
}

// line returns the line for a refusal, or "" if it is suppressed. It holds no credential:
// of a token only kid and algorithm, escaped and capped.
func (l *refusalLog) line(now int64, v *Verdict, rule int, a *jwt.Attempt) string {
	if !l.take(now) {
		l.suppressed++
		return ""
	}
	b := make([]byte, 0, 256)
	if v.Reported {
		b = append(b, `{"event":"reported","reason":"`...)
	} else {
		b = append(b, `{"event":"refused","reason":"`...)
	}
	b = append(append(b, v.Reason.String()...), '"')
	if v.Answer != nil {
		b = strconv.AppendInt(append(b, `,"status":`...), int64(v.Answer.Status), 10)
	}
	if v.Provider != "" {
		b = appendMember(b, "provider", v.Provider)
	}
	if rule >= 0 {
		b = append(b, `,"rule":`...)
		b = strconv.AppendInt(b, int64(rule), 10)
	}
	if a != nil {
		if alg := a.Algorithm().String(); alg != "" {
			b = appendMember(b, "alg", alg)
		}
		if kid, ok := a.KeyID(); ok {
			b = appendMember(b, "kid", kid)
		}
		if jti, ok := a.TokenID(); ok {
			b = appendMember(b, "jti_sha256", hashed(jti))
		}
	}
	if v.KeyID != "" {
		b = appendMember(b, "key_id", v.KeyID)
	}
	if l.suppressed > 0 {
		b = append(b, `,"suppressed":`...)
		b = strconv.AppendInt(b, l.suppressed, 10)
		l.suppressed = 0
	}
	return string(append(b, '}'))
}

// hashed is the beginning of the SHA-256 of a token's id, in hexadecimal digits: enough to
// find the token's other lines, and the token by whoever has it.
func hashed(jti string) string {
	const digits = "0123456789abcdef"
	sum := sha2.SHA256.Append(nil, jti)
	var b [16]byte
	for i := range b {
		b[i] = digits[sum[i/2]>>(4*(1-i%2))&15]
	}
	return string(b[:])
}

// WithClient adds the client's address to a line of [Verdict.Log]. It is not asked for
// before a line is really written: the host is a call away.
func WithClient(line, address string) string {
	if address == "" || line == "" || line[len(line)-1] != '}' {
		return line
	}
	return string(append(appendMember([]byte(line[:len(line)-1]), "client", address), '}'))
}

// take is a token bucket. A clock that steps back refills nothing.
func (l *refusalLog) take(now int64) bool {
	const second = int64(1_000_000_000)
	if !l.started {
		l.started, l.tokens, l.refilledAt = true, logBurst, now
	}
	if passed := (now - l.refilledAt) / (second / logPerSecond); passed > 0 {
		l.tokens = min(logBurst, l.tokens+passed)
		l.refilledAt = now
	} else if now < l.refilledAt {
		l.refilledAt = now
	}
	if l.tokens == 0 {
		return false
	}
	l.tokens--
	return true
}

// appendMember writes ,"name":"value" with value escaped to printable ASCII and capped.
func appendMember(b []byte, name, value string) []byte {
	const hex = "0123456789abcdef"
	b = append(append(append(b, `,"`...), name...), `":"`...)
	for i := 0; i < len(value) && i < maxLogged; i++ {
		switch c := value[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c < 0x20 || c > 0x7e:
			// Bytes, not runes: the value need not be UTF-8.
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		default:
			b = append(b, c)
		}
	}
	if len(value) > maxLogged {
		b = append(b, "..."...)
	}
	return append(b, '"')
}
