package replay

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/postern-wasm/postern/host"
	"github.com/postern-wasm/postern/host/abi"
)

// Reasons that are the bench's own. A module's own refusals carry the code of
// their details, "postern_denied{expired}" is "expired"; another module's
// carry the details as they are.
const (
	// ReasonInput: the line is no case.
	ReasonInput = "input"
	// ReasonConfig: the module refused the configuration, or there is none.
	ReasonConfig = "config"
	// ReasonLoad: the module does not load.
	ReasonLoad = "load"
	// ReasonTrap: the module trapped; the client got 503.
	ReasonTrap = "trap"
	// ReasonHang: nothing would ever have released the request.
	ReasonHang = "hang"
	// ReasonReset: the module reset the stream; the client got no answer.
	ReasonReset = "reset"
	// ReasonAnswered: the module answered and gave no details.
	ReasonAnswered = "answered"
	// ReasonNoRequest: the line had no request; all else in it was done.
	ReasonNoRequest = "no_request"
)

// Answer is the line that is written for a case.
type Answer struct {
	// Name is the case's, or nil.
	Name *string `json:"name"`
	// Allowed says that the request went to the upstream, whole.
	Allowed bool `json:"allowed"`
	// Status is the status code of the module's own answer, or nil.
	Status *int `json:"status"`
	// Reason is "" for an allowed request.
	Reason string `json:"reason"`
	// Provider is the provider that proved or refused, or nil.
	Provider *Text `json:"provider"`
	// ResponseHeaders are those of the module's own answer, without :status.
	ResponseHeaders []Header `json:"response_headers"`
	// ResponseBody is that of the module's own answer.
	ResponseBody Text `json:"response_body"`
	// Upstream is what the upstream saw, or nil. A refused request has one
	// only where the module had let its headers through before it refused.
	Upstream *Upstream `json:"upstream"`
	// Error says what is wrong with the line, the configuration or the module.
	Error string `json:"error,omitempty"`
	*Details
}

// Upstream is what the upstream saw of a request.
type Upstream struct {
	// Path is :path, its query included.
	Path Text `json:"path"`
	// Headers are the header lines in order, without pseudo headers.
	Headers []Header `json:"headers"`
}

// Details are what an answer carries for another module.
type Details struct {
	// Response is what the client got, or nil when it got nothing.
	Response *Message `json:"response"`
	// UpstreamRequest is what the upstream got, or nil.
	UpstreamRequest *UpstreamRequest `json:"upstream_request"`
	// Callouts are the calls since the answer before, in order.
	Callouts []Callout `json:"callouts"`
	// Logs are the module's lines since the answer before: level and text.
	Logs []LogLine `json:"logs"`
	// Metrics are the module's metrics by name: a counter's or a gauge's
	// value, a histogram's Samples.
	Metrics map[string]any `json:"metrics"`
}

// Message is a response.
type Message struct {
	// Status is the status code.
	Status int `json:"status"`
	// Headers are the header lines in order, without :status.
	Headers []Header `json:"headers"`
	// Body is the body.
	Body []byte `json:"body_base64"`
	// Trailers are the trailers, or nil.
	Trailers []Header `json:"trailers,omitempty"`
}

// UpstreamRequest is a request as the upstream got it.
type UpstreamRequest struct {
	// Method is :method.
	Method Text `json:"method"`
	// Path is :path, its query included.
	Path Text `json:"path"`
	// Authority is :authority.
	Authority Text `json:"authority"`
	// Headers are the header lines in order, without pseudo headers.
	Headers []Header `json:"headers"`
	// Body is the body.
	Body []byte `json:"body_base64"`
	// Trailers are the trailers, or nil.
	Trailers []Header `json:"trailers,omitempty"`
}

// Callout is one call that the module made to a service.
type Callout struct {
	// Cluster is the cluster's name.
	Cluster Text `json:"cluster"`
	// Method, Authority and Path are the pseudo headers.
	Method    Text `json:"method"`
	Authority Text `json:"authority"`
	Path      Text `json:"path"`
	// Headers are the header lines in order, without pseudo headers.
	Headers []Header `json:"headers"`
	// Body is the body.
	Body Text `json:"body"`
	// TimeoutMS is the call's timeout in milliseconds.
	TimeoutMS int64 `json:"timeout_ms"`
}

// Samples are a histogram's number of samples and their sum.
type Samples struct {
	// Count is the number of samples.
	Count uint64 `json:"count"`
	// Sum is their sum.
	Sum uint64 `json:"sum"`
}

// LogLine is a level's name and a line, as JSON [level, text].
type LogLine struct {
	// Level is "trace", "debug", "info", "warn", "error" or "critical".
	Level string
	// Text is the line.
	Text Text
}

// MarshalJSON writes [level, text].
func (l LogLine) MarshalJSON() ([]byte, error) {
	return Header{Name: Text(l.Level), Value: l.Text}.MarshalJSON()
}

// Line returns the answer as JSON with a line end.
func (a *Answer) Line() ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(a)
	return b.Bytes(), err
}

// newAnswer returns an answer that allows nothing and gives nothing.
func newAnswer(name *string, reason string) *Answer {
	return &Answer{Name: name, Reason: reason, ResponseHeaders: []Header{}}
}

// failed returns the answer for a case that got no answer from the module.
func failed(name *string, reason, text string) *Answer {
	a := newAnswer(name, reason)
	a.Error = strings.ToValidUTF8(text, "\uFFFD")
	return a
}

// local puts the module's own answer into a.
func (a *Answer) local(l host.Answer) {
	status := l.Status
	a.Status = &status
	a.ResponseHeaders = plain(l.Headers)
	a.ResponseBody = Text(l.Body)
	a.Reason = reasonOf(l.Details)
}

// reasonOf takes the code out of "postern_denied{code}"; other details are
// their own reason.
func reasonOf(details string) string {
	if code, ok := strings.CutPrefix(details, "postern_denied{"); ok {
		if code, ok = strings.CutSuffix(code, "}"); ok && code != "" {
			return code
		}
	}
	if details == "" {
		return ReasonAnswered
	}
	return strings.ToValidUTF8(details, "\uFFFD")
}

// upstreamOf returns what the upstream saw, or nil for no headers.
func upstreamOf(p *host.Part) *Upstream {
	if p.Headers == nil {
		return nil
	}
	return &Upstream{Path: Text(value(p.Headers, ":path")), Headers: plain(p.Headers)}
}

// requestOf is upstreamOf in the long form.
func requestOf(p *host.Part) *UpstreamRequest {
	if p.Headers == nil {
		return nil
	}
	return &UpstreamRequest{
		Method:    Text(value(p.Headers, ":method")),
		Path:      Text(value(p.Headers, ":path")),
		Authority: Text(value(p.Headers, ":authority")),
		Headers:   plain(p.Headers),
		Body:      orEmpty(p.Body),
		Trailers:  trailersOf(p.Trailers),
	}
}

// trailersOf returns nil for no trailers.
func trailersOf(p []abi.Pair) []Header {
	if len(p) == 0 {
		return nil
	}
	return plain(p)
}

// orEmpty makes JSON say "" and not null.
func orEmpty(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// metricsOf returns the metrics by name.
func metricsOf(list []host.Metric) map[string]any {
	m := make(map[string]any, len(list))
	for _, x := range list {
		switch x.Type {
		case abi.MetricCounter:
			m[x.Name] = x.Value
		case abi.MetricGauge:
			m[x.Name] = int64(x.Value) //nolint:gosec // Envoy's gauges come back below zero as two's complement
		case abi.MetricHistogram:
			m[x.Name] = Samples{Count: x.Count, Sum: x.Sum}
		}
	}
	return m
}
