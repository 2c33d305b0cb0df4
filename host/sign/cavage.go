package sign

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// dialect is one of those that descend from draft-cavage-http-signatures.
type dialect struct {
	// components are the default; digest is added where there is a body.
	components []string
	// shared says that it knows shared secrets only.
	shared bool
	// carrier is the header that the signature goes to where nothing else is asked for.
	carrier string
	// line is the line of a name that is no plain header, or of a header that is absent.
	line func(r *Request, o *Options, name string) (string, bool, error)
	// join makes the base of the lines.
	join func(key Key, lines []string) string
	// credential writes the parameters. created is for those who have it.
	credential func(key Key, algorithm, names, signature string, o *Options) string
}

// cavage signs chosen header lines.
func cavage(d dialect) drafter {
	return func(r *Request, key Key, o *Options) (*draft, error) {
		if d.shared && key.Private != nil {
			return nil, errKey
		}
		names := slices.Clone(o.Components)
		if names == nil {
			names = slices.Clone(d.components)
			if len(r.Body) > 0 {
				names = append(names, "digest")
			}
		}
		if slices.Contains(names, "digest") && r.Values("digest") == nil {
			digest, err := digestHeader(o.Digest, r.Body)
			if err != nil {
				return nil, err
			}
			r.Add("digest", digest)
		}
		if r.Values("x-date") == nil {
			r.ensure("date", httpDate(o.Time))
		}
		lines := make([]string, 0, len(names))
		for _, name := range names {
			line, ok, err := d.line(r, o, name)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			if ok {
				lines = append(lines, line)
			}
		}
		algorithm := cavageAlgorithm(key, o)
		carrier := o.Carrier
		if carrier == "" || carrier == "header" {
			carrier = d.carrier
		}
		return &draft{
			base:      []byte(d.join(key, lines)),
			algorithm: fixed(hs2019(key, algorithm)),
			place: func(signatures []signature) {
				text := d.credential(key, algorithm, strings.Join(names, " "), base64Of(signatures[0].value), o)
				if carrier == "signature" {
					_, text, _ = strings.Cut(text, " ") // the parameters without the scheme's name
				}
				r.Add(carrier, text)
			},
		}, nil
	}
}

// cavageAlgorithm is the name that is stated.
func cavageAlgorithm(key Key, o *Options) string {
	if o.Algorithm != "" {
		return o.Algorithm
	}
	if a := key.Algorithm(); a == "hmac-sha256" {
		return a
	}
	return "hs2019"
}

// hs2019 is what stands behind a stated name: that one says nothing by itself, the key
// does (draft-cavage-http-signatures-12 appendix E.2).
func hs2019(key Key, stated string) string {
	switch {
	case stated == "rsa-sha256":
		return "rsa-v1_5-sha256"
	case stated != "hs2019":
		return stated
	case key.Private == nil:
		return "hmac-sha512"
	}
	return key.Algorithm()
}

// line is a header's, its lines joined.
func line(r *Request, name string) (string, bool) {
	value, ok := r.value(name, ", ")
	return name + ": " + value, ok
}

var draft12 = dialect{
	components: []string{"(request-target)", "host", "date"},
	carrier:    "authorization",
	line: func(r *Request, o *Options, name string) (string, bool, error) {
		switch name {
		case "(request-target)":
			return name + ": " + strings.ToLower(r.Method) + " " + r.Target(), true, nil
		case "(created)":
			return name + ": " + seconds(o), true, nil
		case "(expires)":
			if o.Expires == 0 {
				return "", false, errors.New("no time to expire after")
			}
			return name + ": " + expiry(o), true, nil
		}
		text, ok := line(r, name)
		if !ok {
			return "", false, errors.New("no such header")
		}
		return text, true, nil
	},
	join: func(_ Key, lines []string) string { return strings.Join(lines, "\n") },
	credential: func(key Key, algorithm, names, signature string, o *Options) string {
		times := ""
		if strings.Contains(names, "(created)") {
			times = ",created=" + seconds(o)
		}
		if o.Expires != 0 {
			times += ",expires=" + expiry(o)
		}
		return fmt.Sprintf(`Signature keyId="%s",algorithm="%s"%s,headers="%s",signature="%s"`,
			key.ID, algorithm, times, names, signature)
	},
}

func expiry(o *Options) string { return strconv.FormatInt(o.Time.Add(o.Expires).Unix(), 10) }

var kong = dialect{
	components: []string{"date", "@request-target"},
	shared:     true,
	carrier:    "authorization",
	line: func(r *Request, _ *Options, name string) (string, bool, error) {
		switch name {
		case "@request-target":
			return name + ": " + strings.ToLower(r.Method) + " " + r.Target(), true, nil
		case "request-line":
			return r.Method + " " + r.Target() + " HTTP/1.1", true, nil
		}
		text, ok := line(r, name)
		if !ok {
			text = name + ":" // an absent header is signed as if it were empty
		}
		return text, true, nil
	},
	join: draft12.join,
	credential: func(key Key, algorithm, names, signature string, _ *Options) string {
		return fmt.Sprintf(`hmac username="%s", algorithm="%s", headers="%s", signature="%s"`,
			key.ID, algorithm, names, signature)
	},
}

var apisix = dialect{
	components: []string{"@request-target", "date"},
	shared:     true,
	carrier:    "authorization",
	line: func(r *Request, _ *Options, name string) (string, bool, error) {
		if name == "@request-target" {
			return r.Method + " " + r.Target(), true, nil
		}
		text, ok := line(r, name) // an absent header has no line
		return text, ok, nil
	},
	join: func(key Key, lines []string) string {
		return key.ID + "\n" + strings.Join(lines, "\n") + "\n"
	},
	credential: func(key Key, algorithm, names, signature string, _ *Options) string {
		return fmt.Sprintf(`Signature keyId="%s",algorithm="%s",headers="%s",signature="%s"`,
			key.ID, algorithm, names, signature)
	},
}
