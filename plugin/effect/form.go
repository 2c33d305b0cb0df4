package effect

import (
	"strconv"

	"github.com/postern-wasm/postern/plugin/reason"
)

// Form is how the body of a refusal is written (failure_response.format).
type Form uint8

// The forms.
const (
	// FormJSON is {"error", "message", "request_id"}.
	FormJSON Form = iota
	// FormProblem is RFC 9457, application/problem+json, with error and request_id besides.
	FormProblem
	// FormText is the message and a line feed.
	FormText
)

// Own is an answer of the configuration's own (failure_response.overrides).
type Own struct {
	// Status replaces the table's unless it is 0. gRPC keeps the status of the table's.
	Status uint32
	// Body replaces the form's if HasBody; it is sent as it is.
	Body    string
	HasBody bool
	// ContentType is the body's.
	ContentType string
}

// own is what the configuration says of a reason.
func (cfg *Config) own(c reason.Code) Own {
	if int(c) < len(cfg.Own) {
		return cfg.Own[c]
	}
	return Own{}
}

// takesID says that a request's id belongs into the body for a reason.
func (cfg *Config) takesID(c reason.Code) bool {
	return !cfg.StripFailure && cfg.Form != FormText && !cfg.own(c).HasBody
}

// contentType is the form's.
func (f Form) contentType() string {
	switch f {
	case FormProblem:
		return "application/problem+json"
	case FormText:
		return "text/plain; charset=utf-8"
	case FormJSON:
	}
	return "application/json"
}

// appendForm writes the body in the configuration's form. requestID was checked by the
// request room: it holds no byte that JSON would have to escape, and the table has none.
func appendForm(b []byte, f Form, status uint32, row answerRow, requestID string) []byte {
	switch f {
	case FormText:
		return append(append(b, row.text...), '\n')
	case FormProblem:
		b = append(b, `{"type":"about:blank",`...)
		if title := titleOf(status); title != "" {
			b = append(append(append(b, `"title":"`...), title...), `",`...)
		}
		b = strconv.AppendUint(append(b, `"status":`...), uint64(status), 10)
		b = append(append(append(b, `,"detail":"`...), row.text...), `","error":"`...)
		b = append(append(b, row.code...), `"}`...)
	case FormJSON:
		b = append(append(b, `{"error":"`...), row.code...)
		b = append(append(append(b, `","message":"`...), row.text...), `"}`...)
	}
	if requestID == "" {
		return b
	}
	return appendID(b, requestID)
}

// titleOf is RFC 9110 §15: with "about:blank" the title is the status' own phrase (RFC
// 9457 §4.2.1). "" for a status that the table does not have.
func titleOf(status uint32) string {
	switch status {
	case 400:
		return "Bad Request"
	case 401:
		return "Unauthorized"
	case 403:
		return "Forbidden"
	case 404:
		return "Not Found"
	case 413:
		return "Content Too Large"
	case 429:
		return "Too Many Requests"
	case 503:
		return "Service Unavailable"
	}
	return ""
}
