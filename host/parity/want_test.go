package parity

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/postern-wasm/postern/host/envoy"
)

// result is what came of one request, in a form that all drivers share.
type result struct {
	// Allowed says that the request went on to the upstream.
	Allowed bool
	// Status of the refusal; 0 if allowed.
	Status int
	// Reason is the code of the refusal, from the response code details; "" if allowed.
	Reason string
	// Provider is the name of the provider that proved or refused; "" if none did.
	Provider string
	// Reported is the code of the refusal that was let through (mode: report); "" if the
	// request was allowed by itself, or refused.
	Reported string
	// Headers of the refusal, in order, without those in proxyAnswers.
	Headers []envoy.Header
	// Body of the refusal.
	Body string
	// Method and Target as the upstream saw them.
	Method, Target string
	// Upstream are the headers that the upstream saw, sorted by name (several of
	// one name in their order), without those in proxyAdds.
	Upstream []envoy.Header
	// UpstreamBody is the body that the upstream saw.
	UpstreamBody string
}

// proxyAdds are the request headers that Envoy writes whatever the filter does.
var proxyAdds = map[string]string{
	"x-forwarded-proto":              "use_remote_address: the scheme of the downstream connection",
	"x-forwarded-for":                "use_remote_address: the client's address is appended",
	"x-envoy-external-address":       "use_remote_address: the client's address, where it is not internal",
	"x-envoy-expected-rq-timeout-ms": "the router tells the upstream the route's timeout",
}

// proxyAnswers are the answer headers that Envoy writes to every local answer.
var proxyAnswers = map[string]string{
	"date":           "written by the connection manager",
	"server":         "written by the connection manager",
	"content-length": "the length of the body, which is compared itself",
	"connection":     "about the connection, not the answer",
}

// normal returns headers as results carry them.
func normal(headers []envoy.Header, dropped map[string]string) []envoy.Header {
	kept := make([]envoy.Header, 0, len(headers))
	for _, h := range headers {
		name := strings.ToLower(h.Name)
		if _, drop := dropped[name]; drop || strings.HasPrefix(name, ":") {
			continue
		}
		kept = append(kept, envoy.Header{Name: name, Value: h.Value})
	}
	slices.SortStableFunc(kept, func(a, b envoy.Header) int { return strings.Compare(a.Name, b.Name) })
	return kept
}

// want is what must come of a request: written by hand.
type want struct {
	// reason of the refusal; "" means that the request is allowed. Where the
	// documentation leaves open which of two faults is told, both stand, with '|'
	// between them: the runtimes must still agree on one.
	reason string
	status int
	code   string // the "error" member
	// scope is what the challenge names as lacking; "" means that it names nothing.
	scope string
	// message is the "message" member; "" means that it is only checked for form.
	message string
	// id is the "request_id" member; "" means that there is none.
	id string
	// target is what the upstream must see; "" means as sent.
	target string
	// gone are the names of headers that the upstream must not see, set replaces or
	// adds header lines. Everything else must arrive as sent.
	gone []string
	set  []envoy.Header
	// provider is the name of the provider that proves or refuses. Where it is "" but
	// judged is true, it is the group's.
	provider string
	judged   bool
	// body and contentType are a body that is not the usual JSON.
	body, contentType string
	// challenged: there is a challenge whatever the status is; its realm is inRealm, "" for
	// the default.
	challenged bool
	inRealm    string
	// reported is why the request would have been refused, were it not for mode: report.
	reported string
	// text and challenge are body and challenge of an answer in jwt_authn's manner; bare is
	// one without either (strip_failure_response).
	text, challenge string
	bare            bool
	// schemes are those of the challenges, in order, where there are others than Bearer;
	// told is the one that tells why.
	schemes []string
	told    string
	// grpc is the grpc-status that a gRPC client must get; the status is then 200.
	grpc string
}

// allowed: the request goes on, and nothing of it changes but that the
// Authorization header, where the token stood, is gone (forward is false).
func allowed(options ...func(*want)) want {
	w := want{gone: []string{"authorization"}, judged: true}
	for _, option := range options {
		option(&w)
	}
	return w
}

// untouched: the request goes on as it came.
func untouched(options ...func(*want)) want {
	w := want{}
	for _, option := range options {
		option(&w)
	}
	return w
}

// reported: the request goes on as it came though it was refused, but for what the
// options take out of it.
func reported(reason string, options ...func(*want)) want {
	w := untouched(options...)
	w.reported = reason
	return w
}

// adding is a line that the upstream sees besides what the client sent.
func adding(name, value string) func(*want) {
	return func(w *want) { w.set = append(w.set, envoy.Header{Name: name, Value: value}) }
}

// without is a name of which the upstream sees no line that the client sent.
func without(names ...string) func(*want) { return func(w *want) { w.gone = append(w.gone, names...) } }

// to is the request target that the upstream sees.
func to(target string) func(*want) { return func(w *want) { w.target = target } }

// The rows of the table of answers.

// missing: no credential: 401 with a challenge that has no error code.
func missing(reason string) want { return want{reason: reason, status: 401, code: "unauthorized"} }

// invalid: a credential that is not good: 401 with error="invalid_token".
func invalid(reason string) want {
	return want{reason: reason, status: 401, code: "invalid_token", judged: true}
}

// malformed: the request itself is at fault: 400.
func malformed(reason string) want { return want{reason: reason, status: 400, code: "invalid_request"} }

// denied: no rule lets it through: 403.
func denied(reason string) want { return want{reason: reason, status: 403, code: "access_denied"} }

// unavailable: nobody can judge now: 503 with Retry-After.
func unavailable(reason string) want {
	return want{reason: reason, status: 503, code: "temporarily_unavailable"}
}

func (w want) realm(name string) want { w.inRealm = name; return w }

func (w want) in(contentType, body string) want {
	w.contentType, w.body = contentType, body
	return w
}

// challenging is a refusal with a challenge for each scheme, of which one tells why.
func (w want) challenging(told string, schemes ...string) want {
	w.told, w.schemes = told, schemes
	return w
}

// badlySigned: a signature that is not good: 401 with error="invalid_signature".
func badlySigned(reason string) want {
	return want{reason: reason, status: 401, code: "invalid_signature", judged: true}
}

func (w want) by(provider string) want   { w.provider = provider; return w }
func (w want) says(message string) want  { w.message = message; return w }
func (w want) withID(id string) want     { w.id = id; return w }
func (w want) asGRPC(status string) want { w.grpc = status; return w }

// check returns every difference between what came and what must come.
func (w want) check(sent envoy.Request, got result) []string {
	var wrong []string
	differ := func(what string, got, want any) {
		if fmt.Sprint(got) != fmt.Sprint(want) {
			wrong = append(wrong, fmt.Sprintf("%s: %v, want %v", what, got, want))
		}
	}
	differ("allowed", got.Allowed, w.reason == "")
	if !slices.Contains(strings.Split(w.reason, "|"), got.Reason) {
		differ("reason", quote(got.Reason), quote(w.reason))
	}
	if w.provider != "" {
		differ("provider", quote(got.Provider), quote(w.provider))
	}
	if len(wrong) > 0 {
		return wrong
	}
	differ("reported", quote(got.Reported), quote(w.reported))
	if w.reason == "" {
		target := w.target
		if target == "" {
			target = sent.Target
		}
		differ("method", got.Method, sent.Method)
		differ("target", quote(got.Target), quote(target))
		differ("upstream headers", shown(got.Upstream), shown(w.upstream(sent)))
		differ("upstream body", quote(got.UpstreamBody), quote(string(sent.Body)))
		return wrong
	}
	if w.grpc != "" {
		return append(wrong, w.checkGRPC(got)...)
	}
	differ("status", got.Status, w.status)
	if w.text != "" || w.bare {
		differ("body", quote(got.Body), quote(w.text))
		differ("challenge", strings.Join(envoy.Values(got.Headers, "www-authenticate"), "; "), w.challenge)
		return wrong
	}
	if w.contentType != "" {
		differ("content type", envoy.Values(got.Headers, "content-type"), []string{w.contentType})
		differ("body", quote(got.Body), quote(w.body))
		return append(wrong, w.checkChallenge(got, w.message)...)
	}
	differ("content type", envoy.Values(got.Headers, "content-type"), []string{"application/json"})
	wrong = append(wrong, w.checkRetry(got)...)
	message := w.message
	if sent.Method != "HEAD" {
		var text []string
		message, text = w.checkBody(got.Body)
		wrong = append(wrong, text...)
	}
	return append(wrong, w.checkChallenge(got, message)...)
}

// upstream is what the upstream must see of a request.
func (w want) upstream(sent envoy.Request) []envoy.Header {
	headers := []envoy.Header{{Name: "host", Value: sent.Host}}
	for _, h := range sent.Headers {
		if !slices.ContainsFunc(w.gone, func(n string) bool { return strings.EqualFold(n, h.Name) }) {
			// White space around a value is no part of it (RFC 9110 §5.5).
			headers = append(headers, envoy.Header{Name: h.Name, Value: strings.Trim(h.Value, " \t")})
		}
	}
	headers = append(headers, w.set...)
	if sent.Body != nil {
		headers = append(headers, envoy.Header{Name: "content-length", Value: strconv.Itoa(len(sent.Body))})
	}
	return normal(headers, proxyAdds)
}

// checkBody: exactly error, message and, where the request had one, request_id.
func (w want) checkBody(body string) (message string, wrong []string) {
	var members map[string]string
	if err := json.Unmarshal([]byte(body), &members); err != nil {
		return "", []string{fmt.Sprintf("body %q: %v", body, err)}
	}
	message = members["message"]
	if message == "" || w.message != "" && message != w.message {
		wrong = append(wrong, fmt.Sprintf("message %q, want %q", message, w.message))
	}
	expected := map[string]string{"error": w.code, "message": message}
	if w.id != "" {
		expected["request_id"] = w.id
	}
	if fmt.Sprint(members) != fmt.Sprint(expected) {
		wrong = append(wrong, fmt.Sprintf("body %v, want %v", members, expected))
	}
	return message, wrong
}

// checkChallenge: a 401 has one challenge with the configured realm; the error is
// named in it unless no credential was sent (RFC 6750 §3.1). So has a 403 for want of a
// scope. Others have none.
func (w want) checkChallenge(got result, message string) []string {
	challenges := envoy.Values(got.Headers, "www-authenticate")
	realm := w.inRealm
	if realm == "" {
		realm = "postern"
	}
	var expected []string
	switch {
	case !w.hasChallenge():
	case w.schemes != nil:
		for _, scheme := range w.schemes {
			line := fmt.Sprintf(`%s realm="%s"`, scheme, realm)
			if scheme == w.told && w.code != "unauthorized" {
				line += fmt.Sprintf(`, error="%s", error_description="%s"`, w.code, message)
			}
			expected = append(expected, line)
		}
	case w.code == "unauthorized":
		expected = []string{fmt.Sprintf(`Bearer realm="%s"`, realm)}
	case message == "" && len(challenges) == 1: // HEAD: the text has no body to be compared with
		start := fmt.Sprintf(`Bearer realm="%s", error="%s", error_description="`, realm, w.code)
		if strings.HasPrefix(challenges[0], start) {
			return nil
		}
		expected = []string{start}
	default:
		expected = []string{fmt.Sprintf(`Bearer realm="%s", error="%s", error_description="%s"`, realm, w.code, message)}
		if w.scope != "" {
			expected[0] += fmt.Sprintf(`, scope="%s"`, w.scope)
		}
	}
	if !slices.Equal(challenges, expected) {
		return []string{fmt.Sprintf("challenges %q, want %q", challenges, expected)}
	}
	return nil
}

// hasChallenge says whether the refusal has a challenge.
func (w want) hasChallenge() bool {
	if w.text != "" || w.bare {
		return w.challenge != ""
	}
	return w.status == 401 || w.challenged || w.code == "insufficient_scope"
}

// checkRetry: exactly the 503 has Retry-After, a whole number of seconds from 1 on.
func (w want) checkRetry(got result) []string {
	values := envoy.Values(got.Headers, "retry-after")
	if w.status != 503 {
		if len(values) > 0 {
			return []string{fmt.Sprintf("retry-after %q on a %d", values, w.status)}
		}
		return nil
	}
	if len(values) == 1 {
		if n, err := strconv.Atoi(values[0]); err == nil && n >= 1 {
			return nil
		}
	}
	return []string{fmt.Sprintf("retry-after %q", values)}
}

// withoutClock returns the result with a sound Retry-After made the same for all:
// how long to wait depends on when this runtime's last fetch failed.
func (r result) withoutClock() result {
	r.Headers = slices.Clone(r.Headers)
	for i, h := range r.Headers {
		if n, err := strconv.Atoi(h.Value); h.Name == "retry-after" && err == nil && n >= 1 {
			r.Headers[i].Value = "1"
		}
	}
	return r
}

// checkGRPC: a gRPC client gets 200 without a body, and the verdict in headers.
func (w want) checkGRPC(got result) []string {
	var wrong []string
	if got.Status != 200 || got.Body != "" {
		wrong = append(wrong, fmt.Sprintf("status %d, body %q: want 200 and none", got.Status, got.Body))
	}
	if s := envoy.Values(got.Headers, "grpc-status"); !slices.Equal(s, []string{w.grpc}) {
		wrong = append(wrong, fmt.Sprintf("grpc-status %q, want %s", s, w.grpc))
	}
	if s := envoy.Values(got.Headers, "content-type"); !slices.Equal(s, []string{"application/grpc"}) {
		wrong = append(wrong, fmt.Sprintf("content-type %q", s))
	}
	if s := envoy.Values(got.Headers, "grpc-message"); len(s) != 1 || s[0] == "" {
		wrong = append(wrong, fmt.Sprintf("grpc-message %q", s))
	}
	return wrong
}

func shown(headers []envoy.Header) string {
	lines := make([]string, len(headers))
	for i, h := range headers {
		lines[i] = fmt.Sprintf("%s: %q", h.Name, h.Value)
	}
	return "[" + strings.Join(lines, "; ") + "]"
}
