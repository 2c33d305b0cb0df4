package sign

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// urlLifetime is how long a signed URL lives where nothing else is asked for.
const urlLifetime = time.Hour

// end is when a signed URL ends.
func end(o *Options) int64 {
	if o.Expires == 0 {
		return o.Time.Add(urlLifetime).Unix()
	}
	return o.Time.Add(o.Expires).Unix()
}

// googleCDN appends Expires, KeyName and Signature to the URL, or signs a prefix of it.
func googleCDN(r *Request, key Key, o *Options) (*draft, error) {
	tail := "Expires=" + strconv.FormatInt(end(o), 10) + "&KeyName=" + key.ID
	scheme, authority := origin(r, o)
	var base string
	if o.Resource != "" {
		tail = "URLPrefix=" + base64.URLEncoding.EncodeToString([]byte(o.Resource)) + "&" + tail
		base = tail
		r.appendQuery(tail)
	} else {
		r.appendQuery(tail)
		base = scheme + "://" + authority + r.Target()
	}
	return &draft{
		base:      []byte(base),
		algorithm: fixed("hmac-sha1"),
		place: func(signatures []signature) {
			r.appendQuery("Signature=" + base64.URLEncoding.EncodeToString(signatures[0].value))
		},
	}, nil
}

// akamai makes a token of fields, and signs them with what is not sent: URL and salt.
func akamai(r *Request, _ Key, o *Options) (*draft, error) {
	escape := func(s string) string { return s }
	if o.EscapeEarly {
		escape = func(s string) string { return lowerEscapes(url.QueryEscape(s)) }
	}
	var fields []string
	add := func(name, value string) {
		if value != "" {
			fields = append(fields, name+"="+value)
		}
	}
	add("ip", escape(o.SourceIP))
	if !o.Start.IsZero() {
		add("st", strconv.FormatInt(o.Start.Unix(), 10))
	}
	add("exp", strconv.FormatInt(end(o), 10))
	add("acl", escape(o.Resource))
	add("id", escape(o.Session))
	add("data", escape(o.Data))
	hashed := fields[:len(fields):len(fields)]
	if o.Resource == "" {
		hashed = append(hashed, "url="+escape(r.Path))
	}
	if o.Salt != "" {
		hashed = append(hashed, "salt="+o.Salt)
	}
	name := o.TokenName
	if name == "" {
		name = "hdnts"
	}
	return &draft{
		base:      []byte(strings.Join(hashed, "~")),
		algorithm: fixed("hmac-sha256"),
		place: func(signatures []signature) {
			token := name + "=" + strings.Join(fields, "~") + "~hmac=" + hexOf(signatures[0].value)
			if o.Carrier == "cookie" {
				r.appendCookie(token)
			} else {
				r.appendQuery(token)
			}
		},
	}, nil
}

// lowerEscapes writes percent-encoding in lower case, as Akamai's libraries do.
func lowerEscapes(s string) string {
	b := []byte(s)
	for i := 0; i+2 < len(b); i++ {
		if b[i] == '%' {
			copy(b[i+1:i+3], strings.ToLower(string(b[i+1:i+3])))
			i += 2
		}
	}
	return string(b)
}

// cloudFront signs a policy. The canned one is made of the URL and its end and is not
// sent; any other goes with the signature.
func cloudFront(r *Request, key Key, o *Options) (*draft, error) {
	resource := o.Resource
	scheme, authority := origin(r, o)
	if resource == "" {
		resource = scheme + "://" + authority + r.Target()
	}
	custom := o.Resource != "" || o.SourceIP != "" || !o.Start.IsZero()
	policy, err := cloudFrontPolicy(resource, o)
	if err != nil {
		return nil, err
	}
	first := [2]string{"Expires", strconv.FormatInt(end(o), 10)}
	if custom {
		first = [2]string{"Policy", cloudFrontBase64(policy)}
	}
	return &draft{
		base:      policy,
		algorithm: fixed("rsa-v1_5-sha1"),
		place: func(signatures []signature) {
			pairs := [][2]string{first, {"Signature", cloudFrontBase64(signatures[0].value)}, {"Key-Pair-Id", key.ID}}
			for _, p := range pairs {
				if o.Carrier == "cookie" {
					r.appendCookie("CloudFront-" + p[0] + "=" + p[1])
				} else {
					r.appendQuery(p[0] + "=" + p[1])
				}
			}
		},
	}, nil
}

// cloudFrontPolicy is the statement, without white space and in the documented order.
func cloudFrontPolicy(resource string, o *Options) ([]byte, error) {
	if strings.ContainsAny(resource, `"\`) {
		return nil, errors.New("a resource has no quotes and backslashes")
	}
	conditions := fmt.Sprintf(`"DateLessThan":{"AWS:EpochTime":%d}`, end(o))
	if !o.Start.IsZero() {
		conditions += fmt.Sprintf(`,"DateGreaterThan":{"AWS:EpochTime":%d}`, o.Start.Unix())
	}
	if o.SourceIP != "" {
		ip, err := json.Marshal(o.SourceIP)
		if err != nil {
			return nil, err
		}
		conditions += `,"IpAddress":{"AWS:SourceIp":` + string(ip) + `}`
	}
	return []byte(`{"Statement":[{"Resource":"` + resource + `","Condition":{` + conditions + `}}]}`), nil
}

// cloudFrontBase64 is base64 with the three characters that a URL has other uses for
// written otherwise.
func cloudFrontBase64(b []byte) string {
	return strings.NewReplacer("+", "-", "=", "_", "/", "~").Replace(base64Of(b))
}

// nginxSecureLink hashes an expression that holds the secret. It is no MAC: use it only
// where links are made so already.
func nginxSecureLink(r *Request, key Key, o *Options) (*draft, error) {
	if len(key.Secret) == 0 {
		return nil, errKey
	}
	expression := o.Expression
	if expression == "" {
		expression = "$secure_link_expires$uri$remote_addr $secret"
	}
	uri, err := unescape(r.Path)
	if err != nil {
		return nil, err
	}
	expires := strconv.FormatInt(end(o), 10)
	base := strings.NewReplacer(
		"$secure_link_expires", expires, "$arg_expires", expires, "$uri", uri, "$remote_addr", o.SourceIP,
		"$host", r.Authority, "$request_method", r.Method, "$secret", string(key.Secret),
	).Replace(expression)
	return &draft{
		base:      []byte(base),
		algorithm: fixed("md5"),
		place: func(signatures []signature) {
			r.appendQuery("md5=" + urlSafe(signatures[0].value) + "&expires=" + expires)
		},
	}, nil
}
