package sign

import (
	"slices"
	"strings"
)

// aliyunMethods are the names of the algorithms in X-Ca-Signature-Method.
var aliyunMethods = map[string]string{"hmac-sha256": "HmacSHA256", "hmac-sha1": "HmacSHA1"}

// aliyun signs as clients of Alibaba Cloud's API gateway do: method, four headers,
// chosen headers, and the path with the parameters of query and form.
func aliyun(r *Request, key Key, o *Options) (*draft, error) {
	algorithm := o.Algorithm
	if algorithm == "" {
		algorithm = "hmac-sha256"
	}
	nonce := o.Nonce
	if nonce == "" {
		nonce = random()
	}
	r.ensure("x-ca-key", key.ID)
	r.ensure("x-ca-nonce", nonce)
	r.ensure("x-ca-timestamp", millis(o))
	r.ensure("x-ca-signature-method", aliyunMethods[algorithm])
	if len(r.Body) > 0 && !r.isForm() {
		r.ensure("content-md5", base64Of(md5Sum(r.Body)))
	}
	names := slices.Clone(o.Components)
	if names == nil {
		for _, h := range r.Headers {
			if strings.HasPrefix(h[0], "x-ca-") {
				names = append(names, h[0])
			}
		}
	}
	slices.Sort(names)
	lines := []string{r.Method}
	for _, name := range []string{"accept", "content-md5", "content-type", "date"} {
		value, _ := r.value(name, ", ")
		lines = append(lines, value)
	}
	for _, name := range names {
		value, _ := r.value(name, ", ")
		lines = append(lines, name+":"+value)
	}
	target, err := aliyunTarget(r)
	if err != nil {
		return nil, err
	}
	return &draft{
		base:      []byte(strings.Join(append(lines, target), "\n")),
		algorithm: fixed(algorithm),
		place: func(signatures []signature) {
			r.Add("x-ca-signature-headers", strings.Join(names, ","))
			r.Add("x-ca-signature", base64Of(signatures[0].value))
		},
	}, nil
}

// aliyunTarget is the path and the decoded parameters of query and form in the order of
// their names; of a name that comes again the first value counts, an empty one is left out.
func aliyunTarget(r *Request) (string, error) {
	query := ""
	if r.Query != nil {
		query = *r.Query
	}
	pairs, err := formPairs(query)
	if err != nil {
		return "", err
	}
	if r.isForm() {
		form, err := formPairs(string(r.Body))
		if err != nil {
			return "", err
		}
		pairs = append(pairs, form...)
	}
	slices.SortStableFunc(pairs, func(a, b [2]string) int { return strings.Compare(a[0], b[0]) })
	pairs = slices.CompactFunc(pairs, func(a, b [2]string) bool { return a[0] == b[0] })
	if len(pairs) == 0 {
		return r.Path, nil
	}
	parts := make([]string, len(pairs))
	for i, p := range pairs {
		if parts[i] = p[0]; p[1] != "" {
			parts[i] += "=" + p[1]
		}
	}
	return r.Path + "?" + strings.Join(parts, "&"), nil
}
