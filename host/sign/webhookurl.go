package sign

import (
	"crypto/sha256"
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// hubspot signs {method}{url}{body}{time}, some characters of the URL decoded.
func hubspot(r *Request, _ Key, o *Options) (*draft, error) {
	u, err := publicURL(r, o)
	if err != nil {
		return nil, err
	}
	return &draft{
		base:      []byte(r.Method + hubspotEscapes.Replace(u) + string(r.Body) + millis(o)),
		algorithm: fixed("hmac-sha256"),
		place: func(signatures []signature) {
			r.Add("x-hubspot-request-timestamp", millis(o))
			r.Add("x-hubspot-signature-v3", base64Of(signatures[0].value))
		},
	}, nil
}

// hubspotEscapes are the characters that HubSpot's document has decoded in the URL.
var hubspotEscapes = strings.NewReplacer(
	"%3A", ":", "%2F", "/", "%3F", "?", "%40", "@", "%21", "!", "%24", "$",
	"%27", "'", "%28", "(", "%29", ")", "%2A", "*", "%2C", ",", "%3B", ";",
)

// square signs {url}{body}; the URL is the one that was registered.
func square(r *Request, _ Key, o *Options) (*draft, error) {
	u, err := publicURL(r, o)
	if err != nil {
		return nil, err
	}
	return &draft{
		base:      []byte(u + string(r.Body)),
		algorithm: fixed("hmac-sha256"),
		place: func(signatures []signature) {
			r.Add("x-square-hmacsha256-signature", base64Of(signatures[0].value))
		},
	}, nil
}

// twilio signs the URL and, of a form, its parameters in the order of their names. For
// any other body the URL carries its hash.
func twilio(r *Request, _ Key, o *Options) (*draft, error) {
	form := r.isForm()
	if !form && len(r.Body) > 0 && (r.Query == nil || !strings.Contains(*r.Query, "bodySHA256=")) {
		r.appendQuery("bodySHA256=" + sha256Hex(r.Body))
	}
	base, err := publicURL(r, o)
	if err != nil {
		return nil, err
	}
	if form {
		pairs, err := formPairs(string(r.Body))
		if err != nil {
			return nil, err
		}
		slices.SortStableFunc(pairs, func(a, b [2]string) int {
			if c := strings.Compare(a[0], b[0]); c != 0 {
				return c
			}
			return strings.Compare(a[1], b[1])
		})
		for _, p := range slices.Compact(pairs) { // a pair that comes twice is signed once
			base += p[0] + p[1]
		}
	}
	return &draft{
		base:      []byte(base),
		algorithm: fixed("hmac-sha1"),
		place: func(signatures []signature) {
			r.Add("x-twilio-signature", base64Of(signatures[0].value))
		},
	}, nil
}

// formPairs reads a URL-encoded form or query, in its order.
func formPairs(text string) ([][2]string, error) {
	var pairs [][2]string
	for part := range strings.SplitSeq(text, "&") {
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		name, err1 := url.QueryUnescape(name)
		value, err2 := url.QueryUnescape(value)
		if err := errors.Join(err1, err2); err != nil {
			return nil, err
		}
		pairs = append(pairs, [2]string{name, value})
	}
	return pairs, nil
}

// azureAppConfig signs method, target and the three headers date, host, body hash.
func azureAppConfig(r *Request, key Key, o *Options) (*draft, error) {
	const names = "x-ms-date;host;x-ms-content-sha256"
	sum := sha256.Sum256(r.Body)
	r.ensure("x-ms-date", httpDate(o.Time))
	r.ensure("x-ms-content-sha256", base64Of(sum[:]))
	date, _ := r.value("x-ms-date", ",")
	hash, _ := r.value("x-ms-content-sha256", ",")
	return &draft{
		base:      []byte(strings.ToUpper(r.Method) + "\n" + r.Target() + "\n" + date + ";" + r.Authority + ";" + hash),
		algorithm: fixed("hmac-sha256"),
		place: func(signatures []signature) {
			r.Add("authorization", "HMAC-SHA256 Credential="+key.ID+"&SignedHeaders="+names+
				"&Signature="+base64Of(signatures[0].value))
		},
	}, nil
}

// queryHMAC signs query and body as they are sent, without the signature, which comes
// last: in the query, or in a form in the body.
func queryHMAC(r *Request, key Key, o *Options) (*draft, error) {
	query := ""
	if r.Query != nil {
		query = *r.Query
	}
	inBody := o.Carrier == "body"
	if len(r.Body) > 0 && !r.isForm() {
		return nil, errors.New("a body has to be a form, with its content-type")
	}
	if !hasParameter(query, "timestamp") && !hasParameter(string(r.Body), "timestamp") {
		pair := "timestamp=" + strconv.FormatInt(o.Time.UnixMilli(), 10)
		if inBody {
			r.Body = appendPair(r.Body, pair)
		} else {
			r.appendQuery(pair)
			query = *r.Query
		}
	}
	if inBody && !r.isForm() {
		return nil, errors.New("a signature in the body needs a form")
	}
	return &draft{
		base:      []byte(query + string(r.Body)),
		algorithm: fixed("hmac-sha256"),
		place: func(signatures []signature) {
			r.ensure("x-mbx-apikey", key.ID)
			pair := "signature=" + hexOf(signatures[0].value)
			if inBody {
				r.Body = appendPair(r.Body, pair)
			} else {
				r.appendQuery(pair)
			}
		},
	}, nil
}

// appendPair adds a parameter to a copy of a form.
func appendPair(form []byte, pair string) []byte {
	if len(form) > 0 {
		pair = string(form) + "&" + pair
	}
	return []byte(pair)
}

// hasParameter reports whether a query or form has a parameter of that name.
func hasParameter(text, name string) bool {
	for part := range strings.SplitSeq(text, "&") {
		if n, _, _ := strings.Cut(part, "="); n == name {
			return true
		}
	}
	return false
}
