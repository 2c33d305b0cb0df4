package replay

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/postern-wasm/postern/host/abi"
	"github.com/postern-wasm/postern/host/upstream"
)

// Script is what a service answers, one call after the other; the last answer
// stays.
type Script []upstream.Answer

// maxDelay bounds delay_ms: a day, which no call's timeout outlives.
const maxDelay = 24 * time.Hour

// decodeCallouts reads the table of answers.
func decodeCallouts(raw json.RawMessage) (map[string]Script, error) {
	table := make(map[string]Script)
	err := members(raw, func(key string, value json.RawMessage) error {
		if _, err := parseTarget(key); err != nil {
			return at(strconv.Quote(key), err)
		}
		s, err := decodeScript(value)
		table[key] = s
		return at(strconv.Quote(key), err)
	})
	return table, err
}

// decodeScript reads one answer or a list of them.
func decodeScript(raw json.RawMessage) (Script, error) {
	if raw[0] != '[' {
		a, err := decodeAnswer(raw)
		return Script{a}, err
	}
	var s Script
	err := elements(raw, func(i int, value json.RawMessage) error {
		a, err := decodeAnswer(value)
		s = append(s, a)
		return atIndex(i, err)
	})
	if err == nil && len(s) == 0 {
		err = errors.New("want an answer in the list")
	}
	return s, err
}

var answerNames = []string{"status", "headers", "body", "body_base64", "trailers", "delay_ms", "reset"}

// decodeAnswer reads one answer.
func decodeAnswer(raw json.RawMessage) (upstream.Answer, error) {
	var a upstream.Answer
	status, bodies := 200, 0
	var headers, trailers []Header
	err := members(raw, func(name string, value json.RawMessage) (err error) {
		switch name {
		case "status":
			status, err = decodeStatus(value)
		case "headers":
			headers, err = decodeHeaders(value)
		case "body":
			var t Text
			t, err = decodeText(value)
			a.Body, bodies = []byte(t), bodies+1
		case "body_base64":
			a.Body, err = decodeBase64(value)
			bodies++
		case "trailers":
			trailers, err = decodeHeaders(value)
		case "delay_ms":
			var n int64
			n, err = decodeInt(value, 0, maxDelay.Milliseconds())
			a.Delay = time.Duration(n) * time.Millisecond
		case "reset":
			a.Reset, err = decodeBool(value)
		default:
			return unknown(name, answerNames)
		}
		return at(name, err)
	})
	if err == nil && bodies > 1 {
		err = errors.New("body and body_base64: want one of them")
	}
	if !a.Reset {
		a.Headers = append([]abi.Pair{{Name: ":status", Value: strconv.Itoa(status)}}, pairs(headers)...)
		a.Trailers = pairs(trailers)
	}
	return a, err
}

// target is a key of the table, taken apart.
type target struct {
	cluster string
	// scheme is in lower case; "" is any.
	scheme string
	// authority is in lower case, without the scheme's port; "" is any.
	authority string
	// path begins with a slash; "" is any.
	path string
}

// parseTarget reads "<cluster> <uri>". The URI is as it stands in the
// configuration: with a scheme or without, with a path or without (then it is
// "/", as Envoy makes it). Besides, "<cluster> /path" is that path at any
// authority, and "<cluster>" alone any call.
func parseTarget(key string) (target, error) {
	cluster, uri, more := strings.Cut(key, " ")
	if cluster == "" || (more && uri == "") {
		return target{}, errors.New("want \"<cluster> <uri>\"")
	}
	t := target{cluster: cluster}
	if !more {
		return t, nil
	}
	if uri[0] == '/' {
		t.path = uri
		return t, nil
	}
	port := ""
	if i := strings.Index(uri, "://"); i >= 0 {
		t.scheme, uri = lower(uri[:i]), uri[i+3:]
		switch t.scheme {
		case "https":
			port = ":443"
		case "http":
			port = ":80"
		}
	}
	uri, _, _ = strings.Cut(uri, "#") // RFC 9110 §7.1: no fragment on the wire
	end := strings.IndexAny(uri, "/?")
	if end < 0 {
		end = len(uri)
	}
	t.authority, t.path = strings.TrimSuffix(lower(uri[:end]), port), uri[end:]
	if t.authority == "" {
		return target{}, errors.New("the URI has no host")
	}
	if t.path == "" || t.path[0] == '?' {
		t.path = "/" + t.path
	}
	return t, nil
}

// fits reports how exactly the key names the call; 0 is not at all. Modules
// need not say :scheme, so it decides only between keys that fit otherwise.
func (t target) fits(req *upstream.Request) (exact int) {
	if t.cluster != req.Cluster {
		return 0
	}
	authority := lower(req.Header(":authority"))
	switch {
	case t.path == "":
		return 1
	case t.path != req.Header(":path"):
		return 0
	case t.authority == "":
		return 2
	case t.authority != authority && t.authority+":443" != authority && t.authority+":80" != authority:
		return 0
	case t.scheme != lower(req.Header(":scheme")):
		return 3
	}
	return 4
}

// row is one key with its answers.
type row struct {
	target target
	script Script
	next   int
}

// services is the upstream.Caller of an instance: the table, and the clusters
// that the configuration names. The engine runs one case at a time, on a
// virtual clock, so nothing here is called from two goroutines.
type services struct {
	rows  []*row
	known map[string]bool
	calls []Callout
	// record says that calls are kept for the answer.
	record bool
}

// replace puts another table in place of the one that is there.
func (s *services) replace(table map[string]Script) {
	s.rows = s.rows[:0:0]
	for _, key := range slices.Sorted(maps.Keys(table)) {
		script := table[key]
		t, err := parseTarget(key)
		if err != nil || len(script) == 0 {
			continue // ParseCase has refused it; a Case made by hand may have it
		}
		s.rows = append(s.rows, &row{target: t, script: script})
	}
}

// configure makes known the clusters that the configuration texts name.
func (s *services) configure(texts ...string) {
	s.known = make(map[string]bool)
	for _, text := range texts {
		var v any
		if json.Unmarshal([]byte(text), &v) == nil {
			s.find(v)
		}
	}
}

// find walks a JSON value for strings under the name "cluster".
func (s *services) find(v any) {
	switch v := v.(type) {
	case map[string]any:
		for name, m := range v {
			if c, ok := m.(string); ok && name == "cluster" {
				s.known[c] = true
			}
			s.find(m)
		}
	case []any:
		for _, m := range v {
			s.find(m)
		}
	}
}

// Known reports whether the configuration or the table names the cluster.
func (s *services) Known(cluster string) bool {
	if s.known[cluster] {
		return true
	}
	for _, r := range s.rows {
		if r.target.cluster == cluster {
			return true
		}
	}
	return false
}

// pick returns the next answer of the key that names the call most exactly, and whether
// there is such a key.
func (s *services) pick(req *upstream.Request) (a upstream.Answer, ok bool) {
	var best *row
	most := 0
	for _, r := range s.rows {
		if n := r.target.fits(req); n > most {
			best, most = r, n
		}
	}
	if best == nil {
		return upstream.NoHealthyUpstream(), false
	}
	a = best.script[best.next]
	if best.next < len(best.script)-1 {
		best.next++
	}
	return a, true
}

// Answers returns what a table of answers says to one call after the other, as [Engine.Do]
// would: a call that is not in it, of which ok is false, finds no healthy upstream.
func Answers(table map[string]Script) func(*upstream.Request) (a upstream.Answer, ok bool) {
	s := &services{}
	s.replace(table)
	return s.pick
}

// Call answers before it returns; the host holds a delayed answer back.
func (s *services) Call(_ context.Context, req *upstream.Request, answer func(*upstream.Answer)) {
	a, _ := s.pick(req)
	if s.record && len(s.calls) < maxEvents {
		s.calls = append(s.calls, Callout{
			Cluster:   Text(req.Cluster),
			Method:    Text(req.Header(":method")),
			Authority: Text(req.Header(":authority")),
			Path:      Text(req.Header(":path")),
			Headers:   plain(req.Headers),
			Body:      Text(req.Body),
			TimeoutMS: req.Timeout.Milliseconds(),
		})
	}
	answer(&a)
}
