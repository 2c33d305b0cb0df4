package sign

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	sigv4Algorithm  = "AWS4-HMAC-SHA256"
	unsignedPayload = "UNSIGNED-PAYLOAD"
	sigv4Expires    = 15 * time.Minute
)

// sigv4 signs as AWS clients do, in the Authorization header or, presigned, in the query.
func sigv4(r *Request, key Key, o *Options) (*draft, error) {
	if o.Region == "" || o.Service == "" {
		return nil, errors.New("region and service are needed")
	}
	if r.Query != nil && strings.Contains(*r.Query, "+") {
		return nil, errors.New("clients differ on a plus sign in a query: write %20 or %2B")
	}
	date := o.Time.UTC().Format("20060102T150405Z")
	scope := date[:8] + "/" + o.Region + "/" + o.Service + "/aws4_request"
	if o.Carrier == "query" {
		return presign(r, key, o, date, scope)
	}
	hash := sha256Hex(r.Body)
	if o.Unsigned {
		hash = unsignedPayload
	}
	r.ensure("x-amz-date", date)
	if o.S3 || o.Payload || o.Unsigned {
		r.ensure("x-amz-content-sha256", hash)
	}
	if stated, ok := r.value("x-amz-content-sha256", ","); ok {
		hash = stated
	}
	if o.SessionToken != "" {
		r.ensure("x-amz-security-token", o.SessionToken)
	}
	names := signedHeaders(r, o)
	base, err := stringToSign(r, o, date, scope, names, hash)
	if err != nil {
		return nil, err
	}
	return &draft{
		base:      base,
		algorithm: fixed("hmac-sha256"),
		secret:    signingKey(scope),
		place: func(signatures []signature) {
			r.Add("authorization", sigv4Algorithm+" Credential="+key.ID+"/"+scope+
				", SignedHeaders="+strings.Join(names, ";")+", Signature="+hexOf(signatures[0].value))
		},
	}, nil
}

// presign puts what would be headers into the query.
func presign(r *Request, key Key, o *Options, date, scope string) (*draft, error) {
	expires := o.Expires
	if expires == 0 {
		expires = sigv4Expires
	}
	names := o.Components
	if names == nil {
		names = []string{"host"}
	}
	r.appendQuery("X-Amz-Algorithm=" + sigv4Algorithm +
		"&X-Amz-Credential=" + percent(key.ID+"/"+scope, unreserved) +
		"&X-Amz-Date=" + date +
		"&X-Amz-Expires=" + strconv.FormatInt(int64(expires/time.Second), 10) +
		"&X-Amz-SignedHeaders=" + percent(strings.Join(names, ";"), unreserved))
	if o.SessionToken != "" {
		r.appendQuery("X-Amz-Security-Token=" + percent(o.SessionToken, unreserved))
	}
	hash := sha256Hex(r.Body)
	if o.S3 || o.Unsigned {
		hash = unsignedPayload
	}
	base, err := stringToSign(r, o, date, scope, names, hash)
	if err != nil {
		return nil, err
	}
	return &draft{
		base:      base,
		algorithm: fixed("hmac-sha256"),
		secret:    signingKey(scope),
		place: func(signatures []signature) {
			r.appendQuery("X-Amz-Signature=" + hexOf(signatures[0].value))
		},
	}, nil
}

// signingKey makes a secret the key for a day, a region and a service.
func signingKey(scope string) func([]byte) []byte {
	return func(secret []byte) []byte {
		if len(secret) == 0 {
			return nil // so that it is refused
		}
		key := append([]byte("AWS4"), secret...)
		for part := range strings.SplitSeq(scope, "/") {
			key = mac(sha256.New, key, []byte(part))
		}
		return key
	}
}

// signedHeaders are the names that are covered: as asked for, or the host, the type of
// the body and everything that is Amazon's.
func signedHeaders(r *Request, o *Options) []string {
	names := slices.Clone(o.Components)
	if names == nil {
		names = []string{"host"}
		for _, h := range r.Headers {
			if h[0] == "content-type" || strings.HasPrefix(h[0], "x-amz-") {
				names = append(names, h[0])
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// stringToSign is the text of a request in its one form, hashed, below date and scope.
func stringToSign(r *Request, o *Options, date, scope string, names []string, hash string) ([]byte, error) {
	query, err := canonicalQuery(r.Query)
	if err != nil {
		return nil, err
	}
	path, err := canonicalPath(r.Path, o)
	if err != nil {
		return nil, err
	}
	var headers strings.Builder
	for _, name := range names {
		value, ok := amzValue(r, name)
		if !ok {
			return nil, fmt.Errorf("no header %q to sign", name)
		}
		headers.WriteString(name + ":" + value + "\n")
	}
	request := strings.Join([]string{r.Method, path, query, headers.String(), strings.Join(names, ";"), hash}, "\n")
	return []byte(sigv4Algorithm + "\n" + date + "\n" + scope + "\n" + sha256Hex([]byte(request))), nil
}

// amzValue joins a header's lines by commas, each trimmed, runs of spaces made one.
func amzValue(r *Request, name string) (string, bool) {
	if name == "host" {
		return r.Authority, true
	}
	values := r.Values(name)
	for i, v := range values {
		values[i] = strings.Join(strings.FieldsFunc(v, func(c rune) bool { return c == ' ' }), " ")
	}
	return strings.Join(values, ","), values != nil
}

// canonicalQuery decodes and encodes anew each name and value, in their order.
func canonicalQuery(query *string) (string, error) {
	pairs := queryPairs(query)
	for i, p := range pairs {
		name, err1 := unescape(p[0])
		value, err2 := unescape(p[1])
		if err := errors.Join(err1, err2); err != nil {
			return "", err
		}
		pairs[i] = [2]string{percent(name, unreserved), percent(value, unreserved)}
	}
	slices.SortStableFunc(pairs, func(a, b [2]string) int {
		if c := strings.Compare(a[0], b[0]); c != 0 {
			return c
		}
		return strings.Compare(a[1], b[1])
	})
	parts := make([]string, len(pairs))
	for i, p := range pairs {
		parts[i] = p[0] + "=" + p[1]
	}
	return strings.Join(parts, "&"), nil
}

// canonicalPath is the path encoded once more, dot segments and doubled slashes
// removed; S3 takes it as it is.
func canonicalPath(path string, o *Options) (string, error) {
	if o.S3 {
		decoded, err := unescape(path)
		return percent(decoded, unreserved+"/"), err
	}
	if !o.RawPath {
		path = cleanPath(path)
	}
	return percent(path, unreserved+"/"), nil
}

func cleanPath(path string) string {
	var kept []string
	segments := strings.Split(path, "/")
	for _, s := range segments {
		switch s {
		case "", ".":
		case "..":
			if len(kept) > 0 {
				kept = kept[:len(kept)-1]
			}
		default:
			kept = append(kept, s)
		}
	}
	clean := "/" + strings.Join(kept, "/")
	if last := segments[len(segments)-1]; len(kept) > 0 && (last == "" || last == "." || last == "..") {
		clean += "/"
	}
	return clean
}
