package policy

import (
	"strings"
	"testing"

	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/request"
)

// ask is a view of one request line ("GET https://api.test/path?query") and header lines.
func ask(t testing.TB, mode request.PathMode, line string, lines ...string) *request.View {
	t.Helper()
	method, rest, _ := strings.Cut(line, " ")
	authority, target := strings.TrimPrefix(rest, "https://"), ""
	if i := strings.IndexAny(authority, "/*"); i >= 0 {
		authority, target = authority[:i], authority[i:]
	}
	list := []request.Header{{Name: ":method", Value: method}, {Name: ":scheme", Value: "https"}, {Name: ":authority", Value: authority}}
	if target != "" {
		list = append(list, request.Header{Name: ":path", Value: target})
	}
	for i := 0; i+1 < len(lines); i += 2 {
		list = append(list, request.Header{Name: lines[i], Value: lines[i+1]})
	}
	v := new(request.View)
	if code := v.Read(list, mode); code != reason.OK {
		t.Fatalf("%s: %s", line, code)
	}
	return v
}

func mustPattern(t testing.TB, source string) *Pattern {
	t.Helper()
	p, err := CompilePattern(source)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestZeroMatchMatchesNothing(t *testing.T) {
	var m Match
	for _, line := range []string{"GET https://a/", "CONNECT https://a:1", "OPTIONS https://a*"} {
		if m.Matches(ask(t, request.PathRefuse, line)) {
			t.Error(line)
		}
	}
	m = Match{Path: PathMatch{Kind: AnyPath}, Headers: []HeaderMatch{{Name: "x"}}}
	if m.Matches(ask(t, request.PathRefuse, "GET https://a/", "x", "")) {
		t.Error("a zero header match")
	}
	for _, text := range []TextMatch{{}, {Kind: TextRegex}, {Kind: 99}} {
		m = Match{Path: PathMatch{Kind: AnyPath}, Headers: []HeaderMatch{{Name: "x", Kind: HeaderText, Text: text}}}
		if m.Matches(ask(t, request.PathRefuse, "GET https://a/", "x", "")) {
			t.Errorf("%+v", text)
		}
	}
	m = Match{Path: PathMatch{Kind: AnyPath}, Headers: []HeaderMatch{{Name: "x", Kind: HeaderRange}}}
	if m.Matches(ask(t, request.PathRefuse, "GET https://a/", "x", "0")) {
		t.Error("an empty range")
	}
	m = Match{Path: PathMatch{Kind: AnyPath}, Hosts: []HostMatch{{}}}
	if m.Matches(ask(t, request.PathRefuse, "GET https:///")) {
		t.Error("a zero host match")
	}
	for _, p := range []PathMatch{{Kind: PathRegex}, {Kind: 99, Text: "/"}} {
		m = Match{Path: p}
		if m.Matches(ask(t, request.PathRefuse, "GET https://a/")) {
			t.Errorf("%+v", p)
		}
	}
}

func TestPathMatch(t *testing.T) {
	regex := func(s string) PathMatch { return PathMatch{Kind: PathRegex, Pattern: mustPattern(t, s)} }
	for _, c := range []struct {
		law   string
		match PathMatch
		yes   string
		no    string
	}{
		{"prefix", PathMatch{Kind: PathPrefix, Text: "/api"}, "/api /api/x /apix /api?x", "/ /ap /API /x/api"},
		{"prefix / is every path", PathMatch{Kind: PathPrefix, Text: "/"}, "/ /x /x?y", ""},
		{"path", PathMatch{Kind: PathExact, Text: "/api"}, "/api", "/api/ /api/x /apix / /API"},
		{"H-08 path without its query", PathMatch{Kind: PathExact, Text: "/api"}, "/api? /api?x /api?/../open", "/open?/api"},
		{"H-06 a parameter is part of the path", PathMatch{Kind: PathExact, Text: "/api"}, "/api", "/api;x=1"},
		{"path_separated_prefix", PathMatch{Kind: PathSeparated, Text: "/api"}, "/api /api/ /api/x /api?x", "/apix /ap / /api;x /API/x"},
		{"H-09 without case", PathMatch{Kind: PathExact, Text: "/api", Fold: true}, "/api /API /%41PI /%61pi", "/apj /ap"},
		{"H-09 prefix without case", PathMatch{Kind: PathPrefix, Text: "/Api/", Fold: true}, "/api/x /%41PI/", "/api"},
		{"separated without case", PathMatch{Kind: PathSeparated, Text: "/api", Fold: true}, "/API/x /Api", "/APIx"},
		{"safe_regex matches the whole path", regex("/a+"), "/a /aaa /a?b", "/ab /xa/a"},
		{"safe_regex alternatives are whole too", regex("/a|/b"), "/a /b", "/ab /a/b /x/b"},
		{"safe_regex anchors are harmless", regex("^/a$"), "/a", "/ab"},
		{"safe_regex per segment", regex("/v[0-9]+/[^/]+"), "/v1/x /v22/y?z=/", "/v1/x/y /v/x"},
		{"safe_regex with a case flag", regex("(?i)/api"), "/API", "/apix"},
	} {
		m := Match{Path: c.match}
		for _, target := range strings.Fields(c.yes) {
			if !m.Matches(ask(t, request.PathRefuse, "GET https://a"+target)) {
				t.Errorf("%s: %s does not match", c.law, target)
			}
		}
		for _, target := range strings.Fields(c.no) {
			if m.Matches(ask(t, request.PathRefuse, "GET https://a"+target)) {
				t.Errorf("%s: %s matches", c.law, target)
			}
		}
	}
}

func TestPathMatchSeesTheNormalizedPath(t *testing.T) {
	m := Match{Path: PathMatch{Kind: PathExact, Text: "/api"}}
	if !m.Matches(ask(t, request.PathNormalize, "GET https://a/open/..//api?x")) {
		t.Error("H-01 the rule that the upstream's path deserves")
	}
	open := Match{Path: PathMatch{Kind: PathPrefix, Text: "/open"}}
	if open.Matches(ask(t, request.PathNormalize, "GET https://a/open/%2e%2e/api")) {
		t.Error("H-01 not the rule of the path as written")
	}
}

func TestMethods(t *testing.T) {
	get := Match{Path: PathMatch{Kind: PathPrefix, Text: "/"}, Methods: []string{"GET", "POST"}}
	for method, want := range map[string]bool{
		"GET": true, "POST": true, "HEAD": false, "get": false, "GET\t": false, "PUT": false,
	} {
		if got := get.Matches(ask(t, request.PathRefuse, method+" https://a/")); got != want {
			t.Errorf("H-13 %q: %v", method, got)
		}
	}
	if get.Matches(ask(t, request.PathRefuse, "PUT https://a/", "x-http-method-override", "GET")) {
		t.Error("H-13 an override header has no effect")
	}
}

func TestRequestsWithoutPath(t *testing.T) {
	every := PathMatch{Kind: PathPrefix, Text: "/"}
	for _, c := range []struct {
		law   string
		match Match
		line  string
		want  bool
	}{
		{"H-12 prefix / is not CONNECT", Match{Path: every}, "CONNECT https://a:1", false},
		{"H-12 any path is not CONNECT", Match{Path: PathMatch{Kind: AnyPath}}, "CONNECT https://a:1", false},
		{"H-12 CONNECT by name", Match{Path: every, Methods: []string{"CONNECT"}}, "CONNECT https://a:1", true},
		{"H-12 CONNECT by name and any path", Match{Path: PathMatch{Kind: AnyPath}, Methods: []string{"CONNECT"}}, "CONNECT https://a:1", true},
		{"H-12 another method's name", Match{Path: every, Methods: []string{"GET"}}, "CONNECT https://a:1", false},
		{"H-12 CONNECT has no path for a narrower rule", Match{Path: PathMatch{Kind: PathPrefix, Text: "/a"}, Methods: []string{"CONNECT"}}, "CONNECT https://a:1/a", false},
		{"H-12 OPTIONS * by name", Match{Path: every, Methods: []string{"OPTIONS"}}, "OPTIONS https://a*", true},
		{"H-12 prefix / is not OPTIONS *", Match{Path: every}, "OPTIONS https://a*", false},
		{"H-12 a regex does not match no path", Match{Path: PathMatch{Kind: PathRegex, Pattern: mustPattern(t, ".*")}, Methods: []string{"OPTIONS"}}, "OPTIONS https://a*", false},
		{"OPTIONS with a path is like any other", Match{Path: every}, "OPTIONS https://a/", true},
	} {
		for _, mode := range []request.PathMode{request.PathRefuse, request.PathNormalize, request.PathRaw} {
			if got := c.match.Matches(ask(t, mode, c.line)); got != c.want {
				t.Errorf("%s, mode %d: %v", c.law, mode, got)
			}
		}
	}
}

func TestHosts(t *testing.T) {
	many := make([]HostMatch, 0, 151)
	for range 150 {
		many = append(many, HostMatch{Name: "other.test"})
	}
	many = append(many, HostMatch{Name: "api.test"})
	for _, c := range []struct {
		law     string
		hosts   []HostMatch
		yes, no string
	}{
		{"H-10 exact", []HostMatch{{Name: "api.test"}}, "api.test API.test api.test. api.test:443 api.test:80", "api.test:8443 x.api.test test apiatest"},
		{"H-10 a port", []HostMatch{{Name: "api.test:8443"}}, "api.test:8443 api.test.:8443", "api.test api.test:443"},
		{"a suffix", []HostMatch{{Name: ".test", Suffix: true}}, "api.test a.b.TEST api.test:443", "test .test atest api.test.evil api.test:8443"},
		{"H-10 the 151st", many, "api.test", "evil.test"},
	} {
		m := Match{Path: PathMatch{Kind: AnyPath}, Hosts: c.hosts}
		for _, host := range strings.Fields(c.yes) {
			if !m.Matches(ask(t, request.PathRefuse, "GET https://"+host+"/")) {
				t.Errorf("%s: %s does not match", c.law, host)
			}
		}
		for _, host := range strings.Fields(c.no) {
			if m.Matches(ask(t, request.PathRefuse, "GET https://"+host+"/")) {
				t.Errorf("%s: %s matches", c.law, host)
			}
		}
	}
}

func TestEveryPartMustHold(t *testing.T) {
	m := Match{
		Path: PathMatch{Kind: PathPrefix, Text: "/a"}, Methods: []string{"GET"}, Hosts: []HostMatch{{Name: "h"}},
		Headers: []HeaderMatch{{Name: "x", Kind: HeaderPresent}, {Name: "y", Kind: HeaderPresent}},
		Query:   []QueryMatch{{Name: "q"}, {Name: "r"}},
	}
	for line, want := range map[string]bool{
		"GET https://h/a?q&r": true, "PUT https://h/a?q&r": false, "GET https://i/a?q&r": false,
		"GET https://h/b?q&r": false, "GET https://h/a?q": false, "GET https://h/a?r": false,
	} {
		if got := m.Matches(ask(t, request.PathRefuse, line, "x", "", "y", "")); got != want {
			t.Errorf("%s: %v", line, got)
		}
	}
	if m.Matches(ask(t, request.PathRefuse, "GET https://h/a?q&r", "x", "")) {
		t.Error("one of two headers")
	}
}

func TestFindTakesTheFirstRule(t *testing.T) {
	table := Table{Rules: []Rule{
		{},
		{Match: Match{Path: PathMatch{Kind: PathExact, Text: "/a"}}},
		{Match: Match{Path: PathMatch{Kind: PathPrefix, Text: "/a"}}},
		{Match: Match{Path: PathMatch{Kind: PathExact, Text: "/a"}}},
	}}
	for line, want := range map[string]int{"GET https://h/a": 1, "GET https://h/ab": 2, "GET https://h/b": -1} {
		rule, ok := table.Find(ask(t, request.PathRefuse, line))
		if !ok {
			rule = -1
		}
		if rule != want {
			t.Errorf("%s: rule %d, want %d", line, rule, want)
		}
	}
}

func TestPatternBounds(t *testing.T) {
	for law, source := range map[string]string{
		"H-26 empty":               "",
		"H-26 100 KB":              strings.Repeat("a", 100<<10),
		"H-26 1025 bytes":          strings.Repeat("a", MaxPatternBytes+1),
		"H-26 nested repetition":   "(a{1000}){1000}",
		"H-26 too large a program": "(a{100}){4}b{100}",
		"not an expression":        "(",
		"not one but with anchors": "a)|(b",
		"back references":          `(a)\1`,
		"look ahead":               "(?=a)",
	} {
		if p, err := CompilePattern(source); err == nil || p != nil {
			t.Errorf("%s: accepted", law)
		}
	}
	for law, source := range map[string]string{
		"H-26 1024 bytes":                   "[" + strings.Repeat("a", MaxPatternBytes-2) + "]",
		"490 letters":                       strings.Repeat("a", 490),
		"H-26 exponential for backtrackers": "(a+)+$",
	} {
		if _, err := CompilePattern(source); err != nil {
			t.Errorf("%s: %v", law, err)
		}
	}
}

func TestCovers(t *testing.T) {
	prefix := func(s string) Match { return Match{Path: PathMatch{Kind: PathPrefix, Text: s}} }
	path := func(s string) Match { return Match{Path: PathMatch{Kind: PathExact, Text: s}} }
	below := func(s string) Match { return Match{Path: PathMatch{Kind: PathSeparated, Text: s}} }
	regex := func(s string) Match { return Match{Path: PathMatch{Kind: PathRegex, Pattern: mustPattern(t, s)}} }
	fold := func(m Match) Match { m.Path.Fold = true; return m }
	method := func(m Match, names ...string) Match { m.Methods = names; return m }
	host := func(m Match, name string) Match { m.Hosts = []HostMatch{{Name: name}}; return m }
	header := func(m Match, name string) Match {
		m.Headers = []HeaderMatch{{Name: name, Kind: HeaderPresent}}
		return m
	}
	query := func(m Match, name string) Match { m.Query = []QueryMatch{{Name: name}}; return m }
	for _, c := range []struct {
		law           string
		wide, narrow  Match
		covers, other bool // other: the other way round
	}{
		{"the same", path("/a"), path("/a"), true, true},
		{"everything", prefix("/"), regex("/x"), true, false},
		{"a longer prefix", prefix("/a"), prefix("/ab"), true, false},
		{"a path below a prefix", prefix("/a"), path("/ab"), true, false},
		{"separated below a prefix", prefix("/a"), below("/a"), true, false},
		{"a path below a separated prefix", below("/a"), path("/a/b"), true, false},
		{"a path beside it", below("/a"), path("/ab"), false, false},
		{"a prefix below a separated prefix", below("/a"), prefix("/a/"), true, false},
		{"a prefix beside it", below("/a"), prefix("/ab"), false, false},
		{"without case over with", fold(path("/A")), path("/a"), true, false},
		{"the same expression", regex("/a+"), regex("/a+"), true, true},
		{"other expressions", regex("/a+"), regex("/aa*"), false, false},
		{"a method narrows", prefix("/"), method(prefix("/"), "GET"), true, false},
		{"the same method", method(prefix("/"), "GET"), method(path("/a"), "GET"), true, false},
		{"CONNECT is not within prefix /", prefix("/"), method(prefix("/"), "CONNECT"), false, false},
		{"OPTIONS * is not within prefix /", prefix("/"), method(prefix("/"), "OPTIONS"), false, false},
		{"a host narrows", prefix("/"), host(prefix("/"), "a"), true, false},
		{"other hosts", host(prefix("/"), "a"), host(prefix("/"), "b"), false, false},
		{"a header narrows", prefix("/"), header(prefix("/"), "x"), true, false},
		{"the same header", header(prefix("/"), "x"), header(path("/a"), "x"), true, false},
		{"other headers", header(prefix("/"), "x"), header(prefix("/"), "y"), false, false},
		{"a parameter narrows", prefix("/"), query(prefix("/"), "x"), true, false},
		{"other parameters", query(prefix("/"), "x"), query(prefix("/"), "y"), false, false},
		{"the same parameter, other methods", method(query(prefix("/"), "x"), "GET"), method(query(prefix("/"), "x"), "PUT"), false, false},
		{"other paths", path("/a"), path("/b"), false, false},
		{"a path is no prefix", path("/a"), prefix("/a"), false, true},
		{"CONNECT with a narrower path has none", prefix("/"), method(path("/a"), "CONNECT"), true, false},
		{"with case over without", path("/a"), fold(path("/a")), false, true},
		{"nothing covers what matches nothing", prefix("/"), Match{}, false, false},
	} {
		if got := c.wide.Covers(&c.narrow); got != c.covers {
			t.Errorf("%s: %v", c.law, got)
		}
		if got := c.narrow.Covers(&c.wide); got != c.other {
			t.Errorf("%s, the other way round: %v", c.law, got)
		}
	}
}

func TestMatchAllocatesNothingWarm(t *testing.T) {
	table := benchTable(t)
	v := ask(t, request.PathRefuse, "GET https://API.test/v1/orders/17?expand=%61", "x-role", "user", "x-role", "admin", "x-n", "z")
	if rule, ok := table.Find(v); !ok || rule != 5 {
		t.Fatal(rule, ok)
	}
	if n := testing.AllocsPerRun(100, func() { table.Find(v) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func benchTable(t testing.TB) *Table {
	return &Table{Rules: []Rule{
		{Match: Match{Path: PathMatch{Kind: PathExact, Text: "/health"}}},
		{Match: Match{Path: PathMatch{Kind: PathSeparated, Text: "/V2", Fold: true}}},
		{Match: Match{Path: PathMatch{Kind: PathRegex, Pattern: mustPattern(t, "/v1/orders/[a-z]+")}}},
		{Match: Match{Path: PathMatch{Kind: AnyPath}, Methods: []string{"PUT"}}},
		{Match: Match{Path: PathMatch{Kind: AnyPath}, Headers: []HeaderMatch{{Name: "x-n", Kind: HeaderRange, End: 9}}}},
		{Match: Match{
			Path: PathMatch{Kind: PathPrefix, Text: "/v1/"}, Hosts: []HostMatch{{Name: ".test", Suffix: true}},
			Headers: []HeaderMatch{{Name: "x-role", Kind: HeaderText, Text: TextMatch{Kind: TextExact, Text: "admin"}}},
			Query:   []QueryMatch{{Name: "expand", Text: TextMatch{Kind: TextPrefix, Text: "a"}}},
		}},
	}}
}

func BenchmarkTableFind(b *testing.B) {
	table := benchTable(b)
	v := ask(b, request.PathRefuse, "GET https://API.test/v1/orders/17?expand=%61", "x-role", "user", "x-role", "admin", "x-n", "z")
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := table.Find(v); !ok {
			b.Fatal("no rule")
		}
	}
}

// BenchmarkPatternWorst is H-26: what the largest program costs on a long path.
func BenchmarkPatternWorst(b *testing.B) {
	p := mustPattern(b, ".*(?:x|y|z){200}a")
	path := strings.Repeat("xyz", 2700)
	b.ReportAllocs()
	for b.Loop() {
		if p.matches(path) {
			b.Fatal("matches")
		}
	}
}
