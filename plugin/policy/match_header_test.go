package policy

import (
	"strings"
	"testing"

	"github.com/postern-wasm/postern/plugin/request"
)

func TestHeaderMatch(t *testing.T) {
	text := func(kind TextKind, s string) HeaderMatch {
		return HeaderMatch{Name: "x-role", Kind: HeaderText, Text: TextMatch{Kind: kind, Text: s}}
	}
	invert := func(h HeaderMatch) HeaderMatch { h.Invert = true; return h }
	empty := func(h HeaderMatch) HeaderMatch { h.MissingIsEmpty = true; return h }
	fold := func(h HeaderMatch) HeaderMatch { h.Text.Fold = true; return h }
	admin := text(TextExact, "admin")
	regex := HeaderMatch{Name: "x-role", Kind: HeaderText, Text: TextMatch{Kind: TextRegex, Pattern: mustPattern(t, "a[a-z]+")}}
	present := HeaderMatch{Name: "x-role", Kind: HeaderPresent}
	absent := HeaderMatch{Name: "x-role", Kind: HeaderAbsent}
	numbers := HeaderMatch{Name: "x-role", Kind: HeaderRange, Start: -1, End: 10}
	const none = "-"
	for _, c := range []struct {
		law    string
		match  HeaderMatch
		values string // of the lines, joined by '|', or none
		want   bool
	}{
		{"exact", admin, "admin", true},
		{"exact is whole", admin, "admins", false},
		{"exact has case", admin, "Admin", false},
		{"exact without case", fold(admin), "ADMIN", true},
		{"missing", admin, none, false},
		{"H-17 the second line", admin, "user|admin", true},
		{"H-17 the first line", admin, "admin|user", true},
		{"H-17 lines are not joined", text(TextExact, "user,admin"), "user|admin", false},
		{"H-17 a joined line is one value", admin, "user,admin", false},
		{"H-17 inverted: another value", invert(admin), "user", true},
		{"H-17 inverted: the value", invert(admin), "admin", false},
		{"H-17 inverted: no line may match", invert(admin), "user|admin", false},
		{"H-17 inverted: two others", invert(admin), "user|guest", true},
		{"inverted and missing, as in Envoy", invert(admin), none, false},
		{"inverted, missing is empty", empty(invert(admin)), none, true},
		{"missing is empty", empty(text(TextExact, "")), none, true},
		{"missing is empty and empty is not admin", empty(admin), none, false},
		{"an empty value is there", text(TextExact, ""), "", true},
		{"prefix", text(TextPrefix, "ad"), "admin", true},
		{"not the prefix", text(TextPrefix, "dm"), "admin", false},
		{"suffix", text(TextSuffix, "in"), "admin", true},
		{"not the suffix", text(TextSuffix, "mi"), "admin", false},
		{"contains", text(TextContains, "dmi"), "admin", true},
		{"does not contain", text(TextContains, "dni"), "admin", false},
		{"contains without case", fold(text(TextContains, "dMi")), "xADMIN", true},
		{"prefix without case", fold(text(TextPrefix, "aD")), "Admin", true},
		{"suffix without case", fold(text(TextSuffix, "iN")), "adMIN", true},
		{"contains without case, longer than the value", fold(text(TextContains, "admins")), "admin", false},
		{"regex", regex, "admin", true},
		{"regex is whole", regex, "admin1", false},
		{"regex over each line", regex, "1|ab", true},
		{"present", present, "", true},
		{"present and missing", present, none, false},
		{"present, inverted and missing", invert(present), none, true},
		{"present, inverted", invert(present), "x", false},
		{"absent", absent, none, true},
		{"absent and there", absent, "x", false},
		{"absent, inverted", invert(absent), "x", true},
		{"range", numbers, "9", true},
		{"range's start", numbers, "-1", true},
		{"range's end is outside", numbers, "10", false},
		{"range: not a number", numbers, "9x", false},
		{"range: an empty value", numbers, "", false},
		{"range: a sign alone", numbers, "-", false},
		{"range: a plus", numbers, "+9", false},
		{"range: overflow", numbers, "18446744073709551617", false},
		{"range, inverted", invert(numbers), "10", true},
		{"range, inverted, missing is empty", empty(invert(numbers)), none, true},
	} {
		lines := []string{"x-other", "admin"}
		if c.values != none {
			for _, v := range strings.Split(c.values, "|") {
				lines = append(lines, "X-Role", v)
			}
		}
		m := Match{Path: PathMatch{Kind: AnyPath}, Headers: []HeaderMatch{c.match}}
		if got := m.Matches(ask(t, request.PathRefuse, "GET https://a/", lines...)); got != c.want {
			t.Errorf("%s: %v", c.law, got)
		}
	}
}

func TestPseudoHeaderMatch(t *testing.T) {
	for _, c := range []struct {
		law, name, value string
		mode             request.PathMode
		want             bool
	}{
		{":method", ":method", "GET", request.PathRefuse, true},
		{":scheme", ":scheme", "https", request.PathRefuse, true},
		{":authority", ":authority", "api.test", request.PathRefuse, true},
		{"H-11 host is :authority", "host", "api.test", request.PathRefuse, true},
		{"H-11 the host line is not", "host", "evil.test", request.PathRefuse, false},
		{":path is the target", ":path", "/x//y?q", request.PathRaw, true},
		{":path is what the router will see", ":path", "/x/y?q", request.PathNormalize, true},
		{":path is not what came in", ":path", "/x//y?q", request.PathNormalize, false},
	} {
		m := Match{Path: PathMatch{Kind: AnyPath}, Headers: []HeaderMatch{
			{Name: c.name, Kind: HeaderText, Text: TextMatch{Kind: TextExact, Text: c.value}},
		}}
		line := "GET https://api.test/x//y?q"
		if c.mode == request.PathRefuse {
			line = "GET https://api.test/x/y?q"
		}
		if got := m.Matches(ask(t, c.mode, line, "host", "evil.test")); got != c.want {
			t.Errorf("%s: %v", c.law, got)
		}
	}
}

func TestQueryMatch(t *testing.T) {
	exact := func(s string) QueryMatch {
		return QueryMatch{Name: "a", Text: TextMatch{Kind: TextExact, Text: s}}
	}
	for _, c := range []struct {
		law   string
		match QueryMatch
		query string
		mode  request.PathMode
		want  bool
	}{
		{"a value", exact("1"), "?b=2&a=1", request.PathRefuse, true},
		{"another value", exact("1"), "?a=2", request.PathRefuse, false},
		{"the first value", exact("1"), "?a=1&a=2", request.PathRefuse, true},
		{"no other", exact("1"), "?a=2&a=1", request.PathRefuse, false},
		{"the first value, empty", exact("1"), "?a&a=1", request.PathRefuse, false},
		{"an encoded name", exact("1"), "?%61=1", request.PathRefuse, true},
		{"an encoded value, once", exact("x y%41"), "?a=x%20y%2541", request.PathRefuse, true},
		{"a malformed value stays as it is", exact("%2"), "?a=%2", request.PathRefuse, true},
		{"raw: nothing is decoded", exact("1"), "?%61=1", request.PathRaw, false},
		{"raw: the value neither", exact("%41"), "?a=%41", request.PathRaw, true},
		{"present", QueryMatch{Name: "a"}, "?a", request.PathRefuse, true},
		{"present and missing", QueryMatch{Name: "a"}, "?b=a", request.PathRefuse, false},
		{"absent", QueryMatch{Name: "a", Absent: true}, "?b", request.PathRefuse, true},
		{"absent without a query", QueryMatch{Name: "a", Absent: true}, "", request.PathRefuse, true},
		{"absent and there", QueryMatch{Name: "a", Absent: true}, "?%61", request.PathRefuse, false},
	} {
		m := Match{Path: PathMatch{Kind: AnyPath}, Query: []QueryMatch{c.match}}
		if got := m.Matches(ask(t, c.mode, "GET https://a/"+c.query)); got != c.want {
			t.Errorf("%s: %v", c.law, got)
		}
	}
}
