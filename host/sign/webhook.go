package sign

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// webhook returns the drafter of a sender that signs the body, or a time and the body,
// in one HMAC. place gets the signatures' texts.
func webhook(base func(r *Request, o *Options) string, text func([]byte) string, place func(r *Request, o *Options, texts []string)) drafter {
	return func(r *Request, _ Key, o *Options) (*draft, error) {
		return &draft{
			base:      []byte(base(r, o)),
			algorithm: fixed("hmac-sha256"),
			place: func(signatures []signature) {
				texts := make([]string, len(signatures))
				for i, s := range signatures {
					texts[i] = text(s.value)
				}
				place(r, o, texts)
			},
		}, nil
	}
}

// seconds and millis are the time of signing.
func seconds(o *Options) string { return strconv.FormatInt(o.Time.Unix(), 10) }
func millis(o *Options) string  { return strconv.FormatInt(o.Time.UnixMilli(), 10) }

func body(r *Request, _ *Options) string { return string(r.Body) }

// header returns a place for one signature in a header, after a prefix.
func header(name, prefix string) func(*Request, *Options, []string) {
	return func(r *Request, _ *Options, texts []string) { r.Add(name, prefix+texts[0]) }
}

// versionZero is the form of Slack, and of Zoom, who took it over: v0:{time}:{body}.
func versionZero(timestamp, name string) drafter {
	return webhook(
		func(r *Request, o *Options) string { return "v0:" + seconds(o) + ":" + string(r.Body) },
		hexOf,
		func(r *Request, o *Options, texts []string) {
			r.Add(timestamp, seconds(o))
			r.Add(name, "v0="+texts[0])
		},
	)
}

// stripe: t and one v1 for each secret, over {time}.{body}.
var stripe = webhook(
	func(r *Request, o *Options) string { return seconds(o) + "." + string(r.Body) },
	hexOf,
	func(r *Request, o *Options, texts []string) {
		r.Add("stripe-signature", "t="+seconds(o)+",v1="+strings.Join(texts, ",v1="))
	},
)

// pagerduty: one v1 for each secret, over the body.
var pagerduty = webhook(body, hexOf, func(r *Request, _ *Options, texts []string) {
	r.Add("x-pagerduty-signature", "v1="+strings.Join(texts, ",v1="))
})

// paddle: ts and one h1 for each secret, over {time}:{body}.
var paddle = webhook(
	func(r *Request, o *Options) string { return seconds(o) + ":" + string(r.Body) },
	hexOf,
	func(r *Request, o *Options, texts []string) {
		r.Add("paddle-signature", "ts="+seconds(o)+";h1="+strings.Join(texts, ";h1="))
	},
)

// linear: the body alone, which holds its time in the member webhookTimestamp.
var linear = webhook(body, hexOf, func(r *Request, o *Options, texts []string) {
	r.Add("linear-signature", texts[0])
	r.Add("linear-timestamp", millis(o))
})

// zendesk: {time}{body}, the time as RFC 3339.
var zendesk = webhook(
	func(r *Request, o *Options) string { return o.Time.UTC().Format(time.RFC3339) + string(r.Body) },
	base64Of,
	func(r *Request, o *Options, texts []string) {
		r.Add("x-zendesk-webhook-signature-timestamp", o.Time.UTC().Format(time.RFC3339))
		r.Add("x-zendesk-webhook-signature", texts[0])
	},
)

// standardWebhooks signs {id}.{time}.{body}: with a shared secret as v1, with an Ed25519
// key as v1a. The names of its headers have a prefix of their own with Svix.
func standardWebhooks(prefix string) drafter {
	return func(r *Request, _ Key, o *Options) (*draft, error) {
		id := o.ID
		if id == "" {
			id = "msg_" + random()
		}
		if strings.ContainsAny(id, ". ") {
			return nil, errors.New("an id has no dot and no space: it could not be told from the time")
		}
		return &draft{
			base: []byte(id + "." + seconds(o) + "." + string(r.Body)),
			algorithm: func(k Key) string {
				if k.Private != nil {
					return "ed25519"
				}
				return "hmac-sha256"
			},
			place: func(signatures []signature) {
				texts := make([]string, len(signatures))
				for i, s := range signatures {
					version := "v1,"
					if s.key.Private != nil {
						version = "v1a,"
					}
					texts[i] = version + base64Of(s.value)
				}
				r.Add(prefix+"-id", id)
				r.Add(prefix+"-timestamp", seconds(o))
				r.Add(prefix+"-signature", strings.Join(texts, " "))
			},
		}, nil
	}
}

// discord: {time}{body} with the application's Ed25519 key.
func discord(r *Request, _ Key, o *Options) (*draft, error) {
	return &draft{
		base:      []byte(seconds(o) + string(r.Body)),
		algorithm: fixed("ed25519"),
		place: func(signatures []signature) {
			r.Add("x-signature-timestamp", seconds(o))
			r.Add("x-signature-ed25519", hexOf(signatures[0].value))
		},
	}, nil
}

// sendgrid: {time}{body} with an ECDSA P-256 key, the signature in DER.
func sendgrid(r *Request, _ Key, o *Options) (*draft, error) {
	return &draft{
		base:      []byte(seconds(o) + string(r.Body)),
		algorithm: fixed("ecdsa-p256-sha256-der"),
		place: func(signatures []signature) {
			r.Add("x-twilio-email-event-webhook-timestamp", seconds(o))
			r.Add("x-twilio-email-event-webhook-signature", base64Of(signatures[0].value))
		},
	}, nil
}
