package sigv4

import (
	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/request"
	"github.com/postern-wasm/postern/plugin/verify/signed/form"
	"github.com/postern-wasm/postern/plugin/word"
)

// parts is what a credential consists of, wherever it stands.
type parts struct {
	credential, names, signature string
	stamp                        string // the date as it is signed
	stampIn                      string // the header field that it came from, if not presigned
	expires                      string
	hash                         string // presigned: X-Amz-Content-Sha256
	presigned                    bool
}

// find reads the credential. One in the header and one in the query are two.
func (p *parts) find(v *request.View) reason.Code {
	value, lines := form.One(v, "authorization")
	header := len(value) >= len("AWS4-") && request.EqualFold(value[:len("AWS4-")], "AWS4-")
	query, code := p.query(v.Query)
	switch {
	case code != reason.OK:
		return code
	case query && header || header && lines > 1:
		return reason.SeveralCredentials
	case query:
		p.presigned = true
		return reason.OK
	case header:
		if code = p.header(value); code == reason.SignatureMalformed && form.Joined(value, algorithm) {
			return reason.SeveralCredentials
		}
		return code
	}
	return reason.Missing
}

// header reads "AWS4-HMAC-SHA256 Credential=..., SignedHeaders=..., Signature=...".
func (p *parts) header(value string) reason.Code {
	at := word.Index(value, ' ')
	if at < 0 {
		return reason.SignatureMalformed
	}
	if value[:at] != algorithm {
		return reason.AlgorithmNotAllowed
	}
	for rest := value[at+1:]; rest != ""; {
		item := rest
		rest = ""
		if i := word.Index(item, ','); i >= 0 {
			item, rest = item[:i], item[i+1:]
			if form.Trim(rest) == "" {
				return reason.SignatureMalformed
			}
		}
		item = form.Trim(item)
		i := word.Index(item, '=')
		if i < 0 {
			return reason.SignatureMalformed
		}
		var to *string
		switch item[:i] {
		case "Credential":
			to = &p.credential
		case "SignedHeaders":
			to = &p.names
		case "Signature":
			to = &p.signature
		}
		if to == nil || *to != "" || i+1 == len(item) {
			return reason.SignatureMalformed
		}
		*to = item[i+1:]
	}
	if p.credential == "" || p.names == "" || p.signature == "" {
		return reason.SignatureMalformed
	}
	return reason.OK
}

// query reads the parameters of a presigned URL; found says that there is any. Each stands
// once, in its own spelling, whatever it is encoded as.
func (p *parts) query(text string) (found bool, code reason.Code) {
	var method, date string
	fields := [...]struct {
		name string
		to   *string
	}{
		{"X-Amz-Algorithm", &method},
		{"X-Amz-Credential", &p.credential},
		{"X-Amz-Date", &date},
		{"X-Amz-Expires", &p.expires},
		{"X-Amz-SignedHeaders", &p.names},
		{"X-Amz-Signature", &p.signature},
		{"X-Amz-Content-Sha256", &p.hash},
	}
	var seen [32]string
	n := 0
	var name []byte
	for w := form.Walk(text); w.Next(); {
		var ok bool
		if name, ok = form.Unescape(name[:0], w.Name); !ok || len(name) < len("x-amz-") || !request.EqualFold(form.Bytes(name[:len("x-amz-")]), "x-amz-") {
			continue
		}
		for _, before := range seen[:n] {
			if request.EqualFold(before, form.Bytes(name)) {
				return found, reason.SignatureMalformed
			}
		}
		if n == len(seen) {
			return found, reason.SignaturesTooMany
		}
		seen[n] = string(name)
		n++
		for i := range fields {
			if !request.EqualFold(fields[i].name, seen[n-1]) {
				continue
			}
			value, ok := form.Unescape(nil, w.Value)
			if fields[i].name != seen[n-1] || !ok || len(value) == 0 {
				return true, reason.SignatureMalformed
			}
			*fields[i].to = form.Bytes(value)
			found = found || i < len(fields)-1
		}
	}
	switch {
	case !found:
		return false, reason.OK
	case method != algorithm && method != "":
		return true, reason.AlgorithmNotAllowed
	case method == "" || p.credential == "" || p.expires == "" || p.names == "" || p.signature == "":
		return true, reason.SignatureMalformed
	case date == "":
		return true, reason.TimestampMissing
	}
	p.stamp = date
	return true, reason.OK
}

// date finds the date of a request that is signed in its header: x-amz-date, else Date.
func (p *parts) date(v *request.View) reason.Code {
	for _, name := range [...]string{"x-amz-date", "date"} {
		value, lines := form.One(v, name)
		switch {
		case lines == 0:
			continue
		case lines > 1:
			return reason.SeveralCredentials
		}
		p.stamp, p.stampIn = form.Trim(value), name
		if len(p.stamp) == len("Mon, 02 Jan 2006 15:04:05 GMT") {
			p.stamp = basic(p.stamp)
		}
		return reason.OK
	}
	return reason.TimestampMissing
}

// basic rewrites an HTTP date in ISO 8601's basic form, in which it is signed; what is no
// HTTP date stays as it is.
func basic(date string) string {
	const months = "JanFebMarAprMayJunJulAugSepOctNovDec"
	if _, ok := form.HTTPDate(date); !ok {
		return date
	}
	month := 0
	for i := 0; i < len(months); i += 3 {
		if months[i:i+3] == date[8:11] {
			month = i/3 + 1
		}
	}
	b := make([]byte, 0, 16)
	b = append(b, date[12:16]...)
	b = append(b, byte('0'+month/10), byte('0'+month%10))
	b = append(b, date[5:7]...)
	b = append(b, 'T')
	b = append(append(append(b, date[17:19]...), date[20:22]...), date[23:25]...)
	return form.Bytes(append(b, 'Z'))
}
