package effect

import (
	"strconv"

	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/request"
)

// Answer is a local answer, as data. It aliases the writer's buffers and is valid
// until the writer's next use.
type Answer struct {
	// Status is the HTTP status.
	Status uint32
	// GRPC is the gRPC status for gRPC requests, -1 otherwise. The host turns the
	// answer into gRPC's form and takes Body for the message.
	GRPC int32
	// Details are the response code details: "postern_denied{reason}".
	Details string
	// Headers of the answer, without :status.
	Headers []request.Header
	// Body is the JSON document, or the message alone for gRPC.
	Body []byte
	// Prepared says that Headers are those of [Config.Prepared] for this reason; zero
	// (Undecided) says that they are not.
	Prepared reason.Code
}

// Refuse writes the answer for a reason. retryAfter is in seconds and used only by
// reasons that may pass by themselves; scope is what was asked for where that is lacking,
// "" else, and told only if the configuration says so.
func (w *Writer) Refuse(cfg *Config, v *request.View, c reason.Code, retryAfter int64, scope string) *Answer {
	grpc := v.GRPC && hostFrames(v)
	if scope != "" && cfg.DiscloseScopes {
		row := rowOf(c)
		row.scope = scope
		return w.form(cfg, row, c, retryAfter, grpc, v.RequestID)
	}
	if int(c) < len(cfg.prepared) && cfg.prepared[c].Status != 0 && !grpc && (w.list == 0 || cfg.prepared[c].Status != 401) {
		if v.RequestID == "" || !cfg.takesID(c) {
			return &cfg.prepared[c]
		}
		w.answer = cfg.prepared[c]
		w.answer.Body = appendID(append(w.body[:0], w.answer.Body...), v.RequestID)
		w.body, w.texts = w.answer.Body, max(w.texts, 1)
		return &w.answer
	}
	return w.form(cfg, rowOf(c), c, retryAfter, grpc, v.RequestID)
}

// form writes an answer anew.
func (w *Writer) form(cfg *Config, row answerRow, c reason.Code, retryAfter int64, grpc bool, requestID string) *Answer {
	w.buf = w.buf[:0]
	w.lines = w.lines[:0]
	a := &w.answer
	*a = Answer{Status: row.status, GRPC: -1}
	own := cfg.own(c)
	if own.Status != 0 {
		a.Status = own.Status
	}
	if a.Status == 401 && row.challenge == noChallenge {
		row.challenge = plainChallenge // RFC 9110 §15.5.2: a 401 carries one
	}
	a.Details = w.text(append(append(append(w.buf, "postern_denied{"...), c.String()...), '}'))
	if row.challenge != noChallenge && !cfg.StripFailure {
		list := w.challenges(cfg)
		for i := range list {
			w.lines = append(w.lines, request.Header{Name: "www-authenticate", Value: w.challenge(cfg, row, list[i].Scheme, w.tells(list, i))})
		}
	}
	if row.retry {
		w.lines = append(w.lines, request.Header{Name: "retry-after", Value: w.text(strconv.AppendInt(w.buf, max(1, retryAfter), 10))})
	}
	if grpc {
		a.GRPC = grpcStatus(row.status)
	}
	switch {
	case cfg.StripFailure:
		a.Body = w.body[:0]
	case grpc:
		a.Body = append(w.body[:0], row.text...)
	case own.HasBody:
		w.lines = append(w.lines, request.Header{Name: "content-type", Value: own.ContentType})
		a.Body = append(w.body[:0], own.Body...)
	default:
		w.lines = append(w.lines, request.Header{Name: "content-type", Value: cfg.Form.contentType()})
		a.Body = appendForm(w.body[:0], cfg.Form, a.Status, row, requestID)
	}
	w.body = a.Body
	a.Headers = w.lines
	return a
}

// challenge is RFC 6750 §3: the realm is the configured one, quoted text needs no
// escapes (the configuration refuses quotes in a realm and in scopes, the table has none).
func (w *Writer) challenge(cfg *Config, row answerRow, scheme string, tells bool) string {
	b := append(append(w.buf, scheme...), ` realm="`...)
	b = append(append(b, cfg.Realm...), '"')
	if row.challenge == errorChallenge && tells {
		b = append(append(b, `, error="`...), row.code...)
		b = append(append(b, `", error_description="`...), row.text...)
		b = append(b, '"')
	}
	if row.scope != "" && tells {
		b = append(append(append(b, `, scope="`...), row.scope...), '"')
	}
	return w.text(b)
}

// appendID adds the request's id to a JSON answer without one.
func appendID(b []byte, requestID string) []byte {
	b = append(b[:len(b)-1], `,"request_id":"`...)
	return append(append(b, requestID...), `"}`...)
}

// Unconfigured is the answer where no configuration is there to form one: 503.
func Unconfigured() *Answer {
	var w Writer
	return w.Refuse(&Config{}, &request.View{}, reason.NoConfiguration, 1, "")
}
