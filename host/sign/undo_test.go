package sign

import (
	"encoding/base64"
	"io"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

type randReader = io.Reader

// undoing takes a vector's signature away and says, from what else the request holds,
// how it was signed. It returns the scheme's name.
var undoing = map[string]func(*vector, *Request, *Options) string{
	"github":            webhookUndo("github", "x-hub-signature-256"),
	"shopify":           webhookUndo("shopify", "x-shopify-hmac-sha256"),
	"pagerduty":         webhookUndo("pagerduty", "x-pagerduty-signature"),
	"linear":            webhookUndo("linear", "linear-signature", "linear-timestamp"),
	"slack-v0":          webhookUndo("slack", "x-slack-signature", "x-slack-request-timestamp"),
	"zoom":              webhookUndo("zoom", "x-zm-signature", "x-zm-request-timestamp"),
	"stripe":            webhookUndo("stripe", "stripe-signature"),
	"paddle":            webhookUndo("paddle", "paddle-signature"),
	"zendesk":           webhookUndo("zendesk", "x-zendesk-webhook-signature", "x-zendesk-webhook-signature-timestamp"),
	"hubspot-v3":        webhookUndo("hubspot-v3", "x-hubspot-signature-v3", "x-hubspot-request-timestamp"),
	"discord":           webhookUndo("discord", "x-signature-ed25519", "x-signature-timestamp"),
	"sendgrid":          webhookUndo("sendgrid", "x-twilio-email-event-webhook-signature", "x-twilio-email-event-webhook-timestamp"),
	"standard-webhooks": undoStandardWebhooks,
	"svix":              undoStandardWebhooks,
	"square": func(v *vector, r *Request, o *Options) string {
		o.PublicURL = v.config("notification_url")
		remove(r, "x-square-hmacsha256-signature")
		return "square"
	},
	"twilio": func(v *vector, r *Request, o *Options) string {
		o.PublicURL = v.config("public_base_url")
		if v.Name == "ok-port-signed" {
			o.PublicURL += ":443"
		}
		remove(r, "x-twilio-signature")
		return "twilio"
	},
	"azure-appconfig": func(_ *vector, r *Request, _ *Options) string {
		remove(r, "authorization")
		return "azure-appconfig"
	},
	"query-hmac": func(_ *vector, r *Request, o *Options) string {
		if hasParameter(string(r.Body), "signature") {
			o.Carrier = "body"
			r.Body = r.Body[:strings.Index(string(r.Body), "&signature=")]
		}
		cut(r, "signature")
		return "query-hmac"
	},
	"rfc9421":      undoMessage,
	"web-bot-auth": undoMessage,
	"sigv4":        undoSigV4,
	"cavage-12":    undoCavage("cavage"),
	"kong-hmac":    undoCavage("kong"),
	"apisix-hmac":  undoCavage("apisix"),
	"google-cdn": func(_ *vector, r *Request, o *Options) string {
		cut(r, "Signature")
		o.Expires = until(o, cut(r, "Expires"))
		cut(r, "KeyName")
		prefix, _ := base64.URLEncoding.DecodeString(cut(r, "URLPrefix"))
		o.Resource = string(prefix)
		return "google"
	},
	"akamai":     undoAkamai,
	"cloudfront": undoCloudFront,
	"nginx-secure-link": func(v *vector, r *Request, o *Options) string {
		cut(r, "md5")
		o.Expires = until(o, cut(r, "expires"))
		o.Expression, o.SourceIP = v.config("expression"), v.config("remote_addr")
		return "nginx"
	},
	"aliyun": func(_ *vector, r *Request, o *Options) string {
		o.Components = strings.Split(remove(r, "x-ca-signature-headers"), ",")
		o.Algorithm = map[string]string{"HmacSHA1": "hmac-sha1", "HmacSHA256": "hmac-sha256"}[first(r, "x-ca-signature-method")]
		remove(r, "x-ca-signature")
		return "aliyun"
	},
}

// webhookUndo is for senders of a signature and, maybe, a time: in a header of its own
// or within the signature's.
func webhookUndo(name, signature string, timestamp ...string) func(*vector, *Request, *Options) string {
	return func(_ *vector, r *Request, o *Options) string {
		text := remove(r, signature)
		if m := regexp.MustCompile(`(?:^|[,;])ts?=(\d+)`).FindStringSubmatch(text); m != nil {
			o.Time = instant(m[1])
		}
		if timestamp != nil {
			o.Time = instant(remove(r, timestamp[0]))
		}
		return name
	}
}

// instant reads seconds, milliseconds or RFC 3339.
func instant(text string) time.Time {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		if len(text) >= 13 {
			return time.UnixMilli(n)
		}
		return time.Unix(n, 0)
	}
	t, _ := time.Parse(time.RFC3339, text)
	return t
}

// until is how long after the time of signing a time in Unix seconds is.
func until(o *Options, text string) time.Duration { return instant(text).Sub(o.Time) }

// remove takes a header away and returns what its first line said.
func remove(r *Request, name string) string {
	text := first(r, name)
	r.Headers = slices.DeleteFunc(r.Headers, func(h Header) bool { return h[0] == name })
	return text
}

func first(r *Request, name string) string {
	if values := r.Values(name); values != nil {
		return values[0]
	}
	return ""
}

// cut takes a parameter out of the query and returns its value.
func cut(r *Request, name string) string {
	if r.Query == nil {
		return ""
	}
	value, kept := "", []string{}
	for part := range strings.SplitSeq(*r.Query, "&") {
		if n, v, _ := strings.Cut(part, "="); n == name {
			value = v
		} else {
			kept = append(kept, part)
		}
	}
	query := strings.Join(kept, "&")
	if r.Query = &query; query == "" {
		r.Query = nil
	}
	return value
}

func undoStandardWebhooks(v *vector, r *Request, o *Options) string {
	prefix, name := "webhook", "standard-webhooks"
	if r.Values("svix-id") != nil {
		prefix, name = "svix", "svix"
	}
	o.ID = remove(r, prefix+"-id")
	o.Time = instant(remove(r, prefix+"-timestamp"))
	remove(r, prefix+"-signature")
	return name
}

// parameter is the value of name= in a text, without its quotes.
func parameter(text, name string) string {
	m := regexp.MustCompile(`(?:^|[;, ])` + name + `="?([^";,]*)`).FindStringSubmatch(text)
	if m == nil {
		return ""
	}
	return m[1]
}

func undoMessage(v *vector, r *Request, o *Options) string {
	input := remove(r, "signature-input")
	remove(r, "signature")
	if label := v.config("label"); label != "" {
		input = input[strings.Index(input, label+"="):]
	}
	label, rest, _ := strings.Cut(input, "=")
	list, params, _ := strings.Cut(strings.TrimPrefix(rest, "("), ")")
	o.Label, o.Components = label, []string{}
	for _, item := range splitTop(list, ' ') {
		if name, more, ok := strings.Cut(strings.TrimPrefix(item, `"`), `"`); ok {
			o.Components = append(o.Components, name+more)
		}
	}
	o.Time = instant(parameter(params, "created"))
	if expires := parameter(params, "expires"); expires != "" {
		o.Expires = until(o, expires)
	}
	o.Nonce, o.Tag = parameter(params, "nonce"), parameter(params, "tag")
	if alg := parameter(params, "alg"); alg != "" {
		o.Algorithm, o.WithAlgorithm = alg, true
	}
	return "rfc9421"
}

func undoSigV4(v *vector, r *Request, o *Options) string {
	if text := remove(r, "authorization"); text != "" {
		o.Components = strings.Split(parameter(text, "SignedHeaders"), ";")
		m := regexp.MustCompile(`SignedHeaders=([^, ]+)`).FindStringSubmatch(text)
		o.Components = strings.Split(m[1], ";")
		scope(o, regexp.MustCompile(`Credential=([^, ]+)`).FindStringSubmatch(text)[1])
		o.Time = amzDate(first(r, "x-amz-date"))
	} else {
		o.Carrier = "query"
		cut(r, "X-Amz-Signature")
		cut(r, "X-Amz-Algorithm")
		o.Time = amzDate(cut(r, "X-Amz-Date"))
		n, _ := strconv.Atoi(cut(r, "X-Amz-Expires"))
		o.Expires = time.Duration(n) * time.Second
		names, _ := url.QueryUnescape(cut(r, "X-Amz-SignedHeaders"))
		o.Components = strings.Split(names, ";")
		o.SessionToken, _ = url.QueryUnescape(cut(r, "X-Amz-Security-Token"))
		credential, _ := url.QueryUnescape(cut(r, "X-Amz-Credential"))
		scope(o, credential)
	}
	o.S3 = o.Service == "s3"
	o.RawPath = string(v.Config["normalize_path"]) == "false"
	return "sigv4"
}

func scope(o *Options, credential string) {
	parts := strings.Split(credential, "/")
	o.Region, o.Service = parts[2], parts[3]
}

func amzDate(text string) time.Time {
	t, _ := time.Parse("20060102T150405Z", text)
	return t
}

func undoCavage(name string) func(*vector, *Request, *Options) string {
	return func(_ *vector, r *Request, o *Options) string {
		var text string
		for _, carrier := range []string{"proxy-authorization", "authorization", "signature"} {
			if text = remove(r, carrier); text != "" {
				o.Carrier = carrier
				break
			}
		}
		o.Components = strings.Fields(parameter(text, "headers"))
		o.Algorithm = parameter(text, "algorithm")
		if created := parameter(text, "created"); created != "" {
			o.Time = instant(created)
		}
		if expires := parameter(text, "expires"); expires != "" {
			o.Expires = until(o, expires)
		}
		return name
	}
}

func undoAkamai(v *vector, r *Request, o *Options) string {
	token := cut(r, "hdnts")
	if token == "" {
		o.Carrier = "cookie"
		var kept []string
		for part := range strings.SplitSeq(remove(r, "cookie"), "; ") {
			if t, ok := strings.CutPrefix(part, "hdnts="); ok {
				token = t
			} else {
				kept = append(kept, part)
			}
		}
		r.Add("cookie", strings.Join(kept, "; "))
	}
	for part := range strings.SplitSeq(token, "~") {
		name, value, _ := strings.Cut(part, "=")
		switch name {
		case "st":
			o.Start = instant(value)
		case "exp":
			o.Expires = until(o, value)
		case "acl":
			o.Resource = value
		case "id":
			o.Session = value
		case "data":
			o.Data = value
		}
	}
	o.Salt = v.config("salt")
	o.EscapeEarly = string(v.Config["escape_early"]) == "true"
	return "akamai"
}

var cloudFrontTimes = regexp.MustCompile(`"DateLessThan":\{"AWS:EpochTime":(\d+)\}`)

func undoCloudFront(_ *vector, r *Request, o *Options) string {
	fields := map[string]string{}
	for _, name := range []string{"Policy", "Expires", "Signature", "Key-Pair-Id"} {
		fields[name] = cut(r, name)
	}
	if cookie := remove(r, "cookie"); cookie != "" {
		o.Carrier = "cookie"
		for part := range strings.SplitSeq(cookie, "; ") {
			name, value, _ := strings.Cut(strings.TrimPrefix(part, "CloudFront-"), "=")
			fields[name] = value
		}
	}
	if fields["Policy"] == "" {
		o.Expires = until(o, fields["Expires"])
		return "cloudfront"
	}
	text, _ := base64.StdEncoding.DecodeString(strings.NewReplacer("-", "+", "_", "=", "~", "/").Replace(fields["Policy"]))
	policy := string(text)
	o.Expires = until(o, cloudFrontTimes.FindStringSubmatch(policy)[1])
	o.Resource = regexp.MustCompile(`"Resource":"([^"]*)"`).FindStringSubmatch(policy)[1]
	if m := regexp.MustCompile(`"AWS:SourceIp":"([^"]*)"`).FindStringSubmatch(policy); m != nil {
		o.SourceIP = m[1]
	}
	return "cloudfront"
}
