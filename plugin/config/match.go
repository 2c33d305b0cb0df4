package config

import (
	"math"
	"slices"
	"strings"

	"github.com/postern-wasm/postern/plugin/jsonx"
	"github.com/postern-wasm/postern/plugin/policy"
	"github.com/postern-wasm/postern/plugin/request"
)

// laterMatch are the keys of Envoy's RouteMatch that mean nothing to this module.
var laterMatch = []string{
	"path_template", "path_match_policy", "runtime_fraction", "grpc", "tls_context", "dynamic_metadata",
	"filter_state", "cookies",
}

// match reads a RouteMatch, with methods and hosts.
func (b *builder) match(v value) policy.Match {
	o := v.object()
	before := o.out.count()
	var m policy.Match
	if connect := o.get("connect_matcher"); !connect.absent() {
		connect.fail(`is refused: name the method instead, "methods": ["CONNECT"]`)
	}
	m.Path = b.pathMatch(o)
	for _, e := range o.get("headers").list() {
		m.Headers = append(m.Headers, headerMatch(e))
	}
	for _, e := range o.get("query_parameters").list() {
		m.Query = append(m.Query, queryMatch(e))
	}
	for _, e := range o.get("methods").list() {
		m.Methods = append(m.Methods, method(e))
	}
	for _, e := range o.get("hosts").list() {
		m.Hosts = append(m.Hosts, hostMatch(e))
	}
	if b.cfg.Compat {
		for _, name := range laterMatch[2:] { // jwt_authn does not look at them
			if w := o.get(name); !w.absent() {
				w.warn("is not looked at, as in jwt_authn: the rule matches without it")
			}
		}
	}
	o.close(laterMatch...)
	narrow := len(m.Headers)+len(m.Query)+len(m.Methods)+len(m.Hosts) > 0
	if m.Path.Kind == policy.NoPath {
		m.Path.Kind = policy.AnyPath
		if o.there && !narrow && o.out.count() == before {
			v.fail(`is empty: write "prefix": "/" to match every path`)
		}
	}
	return m
}

// pathMatch reads the path specifier, if there is one.
func (b *builder) pathMatch(o *object) policy.PathMatch {
	name, v := o.only("prefix", "path", "path_separated_prefix", "safe_regex")
	sensitive := o.get("case_sensitive")
	p := policy.PathMatch{Fold: !sensitive.boolean(true)}
	switch name {
	case "prefix":
		p.Kind, p.Text = policy.PathPrefix, b.rulePath(v, true)
	case "path":
		p.Kind, p.Text = policy.PathExact, b.rulePath(v, false)
	case "path_separated_prefix":
		p.Kind, p.Text = policy.PathSeparated, b.rulePath(v, true)
		if text := v.text(""); text == "" || strings.HasSuffix(text, "/") || strings.ContainsAny(text, "?#") {
			v.fail(`must not be empty, end with '/' or have '?' or '#'`)
		}
	case "safe_regex":
		p.Kind, p.Pattern = policy.PathRegex, pattern(v)
		if p.Fold {
			sensitive.warn("has no effect on safe_regex; write (?i) into it")
		}
	}
	return p
}

// rulePath returns a rule's path as requests' paths are compared with it, and warns if
// there can be no such path.
func (b *builder) rulePath(v value, prefix bool) string {
	text := v.text("")
	if text == "" {
		if !prefix {
			v.warn("is empty, so it never matches")
		}
		return text
	}
	if !strings.HasPrefix(text, "/") {
		v.warn("never matches: a path begins with '/'")
		return text
	}
	if strings.ContainsAny(text, "?#") {
		v.warn("never matches: rules see the path without its query")
		return text
	}
	if b.cfg.Paths == request.PathRaw {
		return text
	}
	text = string(request.AppendUnreserved(nil, text))
	whole := text
	if prefix { // the request may go on where the prefix ends: "/." begins "/.well-known"
		whole = text[:strings.LastIndexByte(text, '/')+1] + "x"
	}
	if !request.IsNormal(whole) {
		v.warn("never matches: such a path is refused or rewritten before rules see it")
	}
	return text
}

// pattern reads a RegexMatcher.
func pattern(v value) *policy.Pattern {
	o := v.object()
	o.get("google_re2").object().close("max_program_size")
	regex := o.need("regex")
	o.close()
	if regex.absent() || !regex.is(jsonx.String) {
		return nil
	}
	p, err := policy.CompilePattern(regex.text(""))
	if err != nil {
		regex.fail(err.Error())
	}
	return p
}

// stringMatch reads a StringMatcher.
func stringMatch(v value) policy.TextMatch {
	o := v.object()
	name, w := o.onlyNeed("exact", "prefix", "suffix", "contains", "safe_regex")
	fold := o.get("ignore_case")
	t := textMatch(name, w)
	t.Fold = fold.boolean(false)
	if t.Fold && name == "safe_regex" {
		fold.warn("has no effect on safe_regex; write (?i) into it")
	}
	o.close("custom")
	return t
}

// textMatch reads the condition of the name; only exact may be empty, as in Envoy.
func textMatch(name string, v value) policy.TextMatch {
	switch name {
	case "exact":
		return policy.TextMatch{Kind: policy.TextExact, Text: v.text("")}
	case "prefix":
		return policy.TextMatch{Kind: policy.TextPrefix, Text: v.word()}
	case "suffix":
		return policy.TextMatch{Kind: policy.TextSuffix, Text: v.word()}
	case "contains":
		return policy.TextMatch{Kind: policy.TextContains, Text: v.word()}
	case "safe_regex":
		return policy.TextMatch{Kind: policy.TextRegex, Pattern: pattern(v)}
	}
	return policy.TextMatch{}
}

// headerMatch reads a HeaderMatcher.
func headerMatch(v value) policy.HeaderMatch {
	o := v.object()
	h := policy.HeaderMatch{
		Name:           matchedHeader(o.need("name")),
		Kind:           policy.HeaderText,
		Invert:         o.get("invert_match").boolean(false),
		MissingIsEmpty: o.get("treat_missing_header_as_empty").boolean(false),
	}
	name, w := o.only("exact_match", "prefix_match", "suffix_match", "contains_match", "safe_regex_match",
		"string_match", "present_match", "range_match")
	switch name {
	case "", "present_match": // none of them asks for presence, as in Envoy
		h.Kind = policy.HeaderPresent
		if !w.absent() && !w.boolean(true) {
			h.Kind = policy.HeaderAbsent
		}
	case "string_match":
		h.Text = stringMatch(w)
	case "range_match":
		r, before := w.object(), o.out.count()
		h.Kind = policy.HeaderRange
		h.Start = r.get("start").integer(0, math.MinInt64, math.MaxInt64)
		h.End = r.get("end").integer(0, math.MinInt64, math.MaxInt64)
		r.close()
		if r.there && h.Start >= h.End && o.out.count() == before {
			w.fail("is empty: end is not in the range and must be above start")
		}
	default:
		h.Text = textMatch(strings.TrimSuffix(name, "_match"), w)
	}
	o.close()
	return h
}

// matchedHeader is headerName for a header that is only looked at: pseudo headers too.
func matchedHeader(v value) string {
	switch name := strings.ToLower(v.text("")); name {
	case ":method", ":authority", ":scheme", ":path":
		return name
	}
	return headerName(v)
}

// queryMatch reads a QueryParameterMatcher.
func queryMatch(v value) policy.QueryMatch {
	o := v.object()
	q := policy.QueryMatch{Name: o.need("name").word()}
	switch name, w := o.only("string_match", "present_match"); name {
	case "string_match":
		q.Text = stringMatch(w)
	case "present_match":
		q.Absent = !w.boolean(true)
	}
	o.close()
	return q
}

// method: RFC 9110 §9.1: a token, compared with case.
func method(v value) string {
	name := v.word()
	if name != "" && !isToken(name) {
		v.fail("want a method's name, not ", quote(name))
	}
	if upper := strings.ToUpper(name); upper != name && slices.Contains([]string{
		"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE",
	}, upper) {
		v.warn("methods are compared with case; did you mean ", quote(upper), "?")
	}
	return name
}

// hostMatch reads "api.example.com", with a port or not, or "*.example.com".
func hostMatch(v value) policy.HostMatch {
	text := v.word()
	if text == "" {
		return policy.HostMatch{}
	}
	name, suffix := strings.CutPrefix(text, "*")
	folded := request.FoldHost(name)
	if suffix && (!strings.HasPrefix(folded, ".") || len(folded) < 2) || strings.ContainsAny(name, "*/@,#? \\") || folded == "" {
		v.fail(`want a host such as "api.example.com", "api.example.com:8443" or "*.example.com"`)
	}
	return policy.HostMatch{Name: folded, Suffix: suffix}
}
