package request

import (
	"fmt"
	"strings"
	"testing"

	"github.com/postern-wasm/postern/plugin/reason"
)

// get is the header list of a plain GET, with more lines after it.
func get(path string, more ...string) []Header {
	list := []Header{
		{":method", "GET"}, {":scheme", "https"}, {":authority", "api.test"}, {":path", path},
	}
	for i := 0; i+1 < len(more); i += 2 {
		list = append(list, Header{more[i], more[i+1]})
	}
	return list
}

func TestRead(t *testing.T) {
	var v View
	if code := v.Read(get("/a/b?x=1&y=2", "accept", "*/*"), PathRefuse); code != reason.OK || !v.HasQuery {
		t.Fatal(code)
	}
	for _, c := range []struct{ law, got, want string }{
		{"method", v.Method, "GET"},
		{"scheme", v.Scheme, "https"},
		{"authority", v.Authority, "api.test"},
		{"target is whole", v.Target, "/a/b?x=1&y=2"},
		{"raw path ends at the first question mark", v.RawPath, "/a/b"},
		{"query follows it", v.Query, "x=1&y=2"},
		{"path", v.Path, "/a/b"},
		{"no new target", v.NewTarget, ""},
	} {
		if c.got != c.want {
			t.Errorf("%s: %q, want %q", c.law, c.got, c.want)
		}
	}
}

func TestReadResetsEveryField(t *testing.T) {
	var v, fresh View
	v.Read(get("/A/../%41?q", "content-type", "application/grpc", "x-request-id", "r"), PathNormalize)
	v.Read(nil, PathRefuse)
	v.scratch, v.text, fresh.scratch, fresh.text = nil, nil, nil, nil
	if v.Method+v.Scheme+v.Authority+v.Target+v.RawPath+v.Query+v.Path+v.NewTarget+v.RequestID != "" ||
		v.HasQuery || v.GRPC || v.Headers != nil {
		t.Errorf("%+v", v)
	}
}

func TestUnreadableHeaders(t *testing.T) {
	drop := func(name string) []Header {
		var list []Header
		for _, h := range get("/") {
			if h.Name != name {
				list = append(list, h)
			}
		}
		return list
	}
	set := func(name, value string) []Header {
		list := get("/")
		for i := range list {
			if list[i].Name == name {
				list[i].Value = value
			}
		}
		return list
	}
	for law, list := range map[string][]Header{
		"H-21 no list at all":              nil,
		"H-21 an empty list":               {},
		"no method":                        drop(":method"),
		"an empty method":                  set(":method", ""),
		"no path":                          drop(":path"),
		"two methods":                      get("/", ":method", "POST"),
		"two paths":                        get("/", ":path", "/open"),
		"two paths, one in capitals":       get("/", ":PATH", "/open"),
		"two schemes":                      get("/", ":scheme", "http"),
		"two authorities":                  get("/", ":authority", "evil.test"),
		"two host lines and no authority":  append(drop(":authority"), Header{"host", "a"}, Header{"Host", "b"}),
		"user information":                 set(":authority", "u@api.test"),
		"joined hosts":                     set(":authority", "api.test,evil.test"),
		"authority with a slash":           set(":authority", "api.test/x"),
		"authority with a space":           set(":authority", "api.test x"),
		"authority beyond ASCII":           set(":authority", "\u00e4pi.test"),
		"W-05 an empty name":               get("/", "", "x"),
		"CR in a value":                    get("/", "x", "a\rb"),
		"LF in a value":                    get("/", "x", "0123456\nabcdefgh"),
		"NUL at a value's end":             get("/", "x", "0123456789abcde\x00"),
		"NUL after a tab in the same word": get("/", "x", "0\t2\x004567"),
		"LF in a name":                     get("/", "x\ny", "a"),
		"H-04 CR in the path":              get("/a\r"),
		"H-04 NUL in the path":             get("/a\x00"),
	} {
		var v View
		if code := v.Read(list, PathRefuse); code != reason.HeadersUnreadable {
			t.Errorf("%s: %s", law, code)
		}
	}
}

func TestReadableHeaders(t *testing.T) {
	for law, list := range map[string][]Header{
		"a tab in a value":                get("/", "x", "a\tb\x01\x1f\x7f\xff"),
		"no scheme":                       {{":method", "GET"}, {":authority", "a"}, {":path", "/"}},
		"names in capitals":               {{":Method", "GET"}, {":Path", "/"}, {"Host", "a"}},
		"H-11 a host line that differs":   get("/", "host", "evil.test"),
		"an unknown pseudo header":        get("/", ":protocol", "x"),
		"authority with a port":           {{":method", "GET"}, {":authority", "[::1]:8443"}, {":path", "/"}},
		"no authority and no host (1.0)":  {{":method", "GET"}, {":path", "/"}},
		"H-11 x-original-url is a header": get("/", "x-original-url", "/../admin", "x-envoy-original-path", "//"),
	} {
		var v View
		if code := v.Read(list, PathRefuse); code != reason.OK {
			t.Errorf("%s: %s", law, code)
		}
	}
}

func TestAuthorityIsTheRouters(t *testing.T) {
	var v View
	v.Read(get("/", "host", "evil.test"), PathRefuse)
	if v.Authority != "api.test" {
		t.Errorf("H-11 with a host line beside it: %q", v.Authority)
	}
	v.Read([]Header{{":method", "GET"}, {":path", "/"}, {"Host", "api.test"}}, PathRefuse)
	if v.Authority != "api.test" {
		t.Errorf("a host line alone stands for it: %q", v.Authority)
	}
}

func TestNoPath(t *testing.T) {
	for _, mode := range []PathMode{PathRefuse, PathNormalize, PathRaw} {
		for law, list := range map[string][]Header{
			"H-12 CONNECT without a path": {{":method", "CONNECT"}, {":authority", "db.test:5432"}},
			"H-12 CONNECT with a path":    {{":method", "CONNECT"}, {":authority", "a"}, {":path", "/chat"}},
			"H-12 OPTIONS *":              {{":method", "OPTIONS"}, {":authority", "a"}, {":path", "*"}},
		} {
			var v View
			if code := v.Read(list, mode); code != reason.OK || v.Path != "" {
				t.Errorf("%s in mode %d: %s, path %q", law, mode, code, v.Path)
			}
		}
	}
	var v View
	if code := v.Read([]Header{{":method", "GET"}, {":authority", "a"}, {":path", "*"}}, PathRefuse); code != reason.PathNotNormal {
		t.Errorf("GET *: %s", code)
	}
}

func TestRequestID(t *testing.T) {
	long := strings.Repeat("a", 128)
	for _, c := range []struct {
		law   string
		lines []string
		want  string
	}{
		{"none", nil, ""},
		{"one", []string{"x-request-id", "0f-A_1"}, "0f-A_1"},
		{"its name without case", []string{"X-Request-Id", "r"}, "r"},
		{"128 bytes", []string{"x-request-id", long}, long},
		{"F-10 129 bytes", []string{"x-request-id", long + "a"}, ""},
		{"two lines", []string{"x-request-id", "a", "x-request-id", "b"}, ""},
		{"F-10 a quote", []string{"x-request-id", `a"b`}, ""},
		{"F-10 a backslash", []string{"x-request-id", `a\b`}, ""},
		{"F-10 a space", []string{"x-request-id", "a b"}, ""},
		{"F-10 an escape", []string{"x-request-id", "a\x1b[31m"}, ""},
		{"F-10 DEL", []string{"x-request-id", "a\x7f"}, ""},
		{"F-10 beyond ASCII", []string{"x-request-id", "a\u2028"}, ""},
	} {
		var v View
		v.Read(get("/", c.lines...), PathRefuse)
		if v.RequestID != c.want {
			t.Errorf("%s: %q", c.law, v.RequestID)
		}
	}
}

func TestGRPC(t *testing.T) {
	for _, c := range []struct {
		law, contentType string
		want             bool
	}{
		{"H-24 plain", "application/grpc", true},
		{"H-24 with a suffix", "application/grpc+proto", true},
		{"H-24 without case", "Application/gRPC", true},
		{"H-24 with parameters", "application/grpc;charset=utf-8", true},
		{"H-24 with a space before parameters", "application/grpc ; x=y", true},
		{"H-24 grpc-web is another protocol", "application/grpc-web", false},
		{"H-24 grpc-web with a suffix", "application/grpc-web+proto", false},
		{"a longer word", "application/grpcs", false},
		{"JSON", "application/json", false},
		{"a shorter word", "application/grp", false},
		{"empty", "", false},
	} {
		var v View
		v.Read(get("/", "content-type", c.contentType), PathRefuse)
		if v.GRPC != c.want {
			t.Errorf("%s: %v", c.law, v.GRPC)
		}
	}
	var v View
	v.Read(get("/", "content-type", "application/grpc", "content-type", "text/html"), PathRefuse)
	if v.GRPC {
		t.Error("two lines say nothing")
	}
}

func TestNext(t *testing.T) {
	var v View
	v.Read(get("/", "x-a", "1", "x-b", "2", "X-A", "3"), PathRefuse)
	var got []string
	for i, ok := v.Next("x-a", 0); ok; i, ok = v.Next("x-a", i+1) {
		got = append(got, v.Headers[i].Value)
	}
	if strings.Join(got, " ") != "1 3" {
		t.Error(got)
	}
}

func TestHost(t *testing.T) {
	for _, c := range []struct{ law, authority, want string }{
		{"as it is", "api.test", "api.test"},
		{"H-10 case", "API.Test", "api.test"},
		{"H-10 one trailing dot", "api.test.", "api.test"},
		{"H-10 only one", "api.test..", "api.test."},
		{"H-10 the default port of https", "api.test:443", "api.test"},
		{"H-10 the default port of http", "api.test:80", "api.test"},
		{"an empty port", "api.test:", "api.test"},
		{"H-10 another port stays", "api.test:8443", "api.test:8443"},
		{"H-10 another port and a trailing dot", "Api.test.:8443", "api.test:8443"},
		{"H-10 dot and default port", "api.test.:443", "api.test"},
		{"IPv6", "[::1]", "[::1]"},
		{"IPv6 with the default port", "[::A]:443", "[::a]"},
		{"IPv6 with another port", "[::1]:8443", "[::1]:8443"},
		{"a dot alone", ".", "."},
		{"a port alone", ":443", ""},
		{"none", "", ""},
	} {
		v := View{Authority: c.authority}
		if got := v.Host(); got != c.want {
			t.Errorf("%s: %q", c.law, got)
		}
		if got := FoldHost(c.authority); got != c.want {
			t.Errorf("%s in a rule: %q", c.law, got)
		}
	}
}

func TestParameters(t *testing.T) {
	for query, want := range map[string]string{
		"":            "",
		"a":           "a=|",
		"a=":          "a=|",
		"a=1&b=2":     "a=1|b=2|",
		"a=1=2&&b;c":  "a=1=2|=|b;c=|",
		"&a":          "=|a=|",
		"a&":          "a=|",
		"=a&b":        "=a|b=|",
		"%61=%62&+=+": "%61=%62|+=+|",
	} {
		got := ""
		for name, value, rest, more := NextParameter(query); more; name, value, rest, more = NextParameter(rest) {
			got += name + "=" + value + "|"
		}
		if got != want {
			t.Errorf("%q: %q, want %q", query, got, want)
		}
	}
}

func TestEqualDecoded(t *testing.T) {
	for _, c := range []struct {
		encoded, plain string
		want           bool
	}{
		{"a", "a", true},
		{"%61", "a", true},
		{"%5F", "_", true},
		{"%5f", "_", true},
		{"%2561", "%61", true},
		{"%2561", "a", false},
		{"+", " ", false},
		{"+", "+", true},
		{"A", "a", false},
		{"ab", "a", false},
		{"a", "ab", false},
		{"", "", true},
		{"a%", "a%", false},
		{"a%6", "a%6", false},
		{"%zz", "%zz", false},
		{"a%00", "a", false},
	} {
		if got := EqualDecoded(c.encoded, c.plain); got != c.want {
			t.Errorf("%q is %q: %v", c.encoded, c.plain, got)
		}
	}
}

// TestAWipedViewKeepsNothing: neither a byte of the request nor a way to one.
func TestAWipedViewKeepsNothing(t *testing.T) {
	var v View
	v.Reserve()
	for _, path := range []string{"/%7esecret/../x", "/" + strings.Repeat("%7e", 500) + "/../x"} {
		v.Read([]Header{{":method", "GET"}, {":authority", "SECRET.test:8080"}, {":path", path}, {"x-request-id", "secret"}}, PathNormalize)
		if v.NewTarget == "" || v.Host() != "secret.test:8080" {
			t.Fatalf("%+v", v)
		}
		v.Decode("short%41")
		v.Wipe()
		var empty View
		empty.home, empty.scratch, empty.text = v.home, v.home.scratch[:0], v.home.text[:0]
		if fmt.Sprintf("%+v", v) != fmt.Sprintf("%+v", empty) || *v.home != (home{}) || cap(v.scratch) != len(v.home.scratch) || cap(v.text) != len(v.home.text) {
			t.Errorf("%d bytes of path: %+v", len(path), v)
		}
	}
	warm := []Header{{":method", "GET"}, {":authority", "api.test:8080"}, {":path", "/%7ea/../b?c"}}
	if n := testing.AllocsPerRun(100, func() { v.Read(warm, PathNormalize); v.Host(); v.Wipe() }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
