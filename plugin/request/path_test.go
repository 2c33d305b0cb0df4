package request

import (
	"net/url"
	"strings"
	"testing"

	"github.com/postern-wasm/postern/plugin/reason"
)

func TestPathRefuse(t *testing.T) {
	const no = "\x00" // 400
	for _, c := range []struct{ law, target, want string }{
		{"the root", "/", "/"},
		{"a plain path", "/api/v1", "/api/v1"},
		{"a trailing slash", "/api/", "/api/"},
		{"all of pchar", "/a-._~!$&'()*+,;=:@", "/a-._~!$&'()*+,;=:@"},
		{"a file that begins with a dot", "/.well-known/x", "/.well-known/x"},
		{"three dots", "/.../x", "/.../x"},
		{"two dots within a name", "/a..b/..c/d..", "/a..b/..c/d.."},
		{"H-01 dot dot", "/open/../api", no},
		{"H-01 encoded dots", "/open/%2e%2e/api", no},
		{"H-01 half encoded", "/open/.%2E/api", no},
		{"H-01 one dot", "/./api", no},
		{"H-01 one encoded dot", "/%2e/api", no},
		{"H-01 at the end", "/api/..", no},
		{"H-01 one dot at the end", "/api/.", no},
		{"H-02 doubled slash at the start", "//api", no},
		{"H-02 doubled slashes and dots", "/open//..//api", no},
		{"H-02 three slashes", "///", no},
		{"H-02 doubled slash at the end", "/api//", no},
		{"H-03 encoded slash", "/a%2fb", no},
		{"H-03 encoded slash in capitals", "/a%2Fb", no},
		{"H-03 encoded backslash", "/a%5cb", no},
		{"H-03 backslash", `/a\b`, no},
		{"H-04 encoded NUL", "/a%00", no},
		{"H-04 encoded LF", "/a%0a", no},
		{"H-04 encoded DEL", "/a%7F", no},
		{"H-04 a byte beyond ASCII", "/\xc3\xa9", no},
		{"H-04 a tab", "/a\tb", no},
		{"a space", "/a b", no},
		{"beyond ASCII encoded is fine", "/caf%C3%A9/%E6%97%A5", "/caf%C3%A9/%E6%97%A5"},
		{"Latin-1 encoded is fine", "/caf%E9", "/caf%E9"},
		{"H-05 a percent sign at the end", "/a%", no},
		{"H-05 one digit", "/a%2", no},
		{"H-05 no digits", "/%zz", no},
		{"H-05 %u", "/%u0061", no},
		{"H-05 an overlong slash", "/a%c0%afb", no},
		{"H-05 an overlong slash of three bytes", "/a%e0%80%afb", no},
		{"H-05 an overlong slash of four bytes", "/a%f0%80%80%afb", no},
		{"H-05 a doubly encoded dot stays literal", "/%252e%252e/x", "/%252e%252e/x"},
		{"H-06 dots with a parameter", "/open/..;/api", no},
		{"H-06 one dot with a parameter", "/open/.;x=1/api", no},
		{"H-06 encoded dots with a parameter", "/open/%2e%2e;x/api", no},
		{"H-06 dots with an encoded semicolon", "/open/..%3b/api", no},
		{"H-06 dots after a parameter", "/open;/../api", no},
		{"H-06 a parameter elsewhere", "/api;x=1", "/api;x=1"},
		{"H-06 a parameter without a name before it", "/;x/a", "/;x/a"},
		{"H-07 a fragment", "/api#x", no},
		{"H-07 a fragment before dots", "/open/#/../api", no},
		{"H-07 an encoded one is data", "/api%23", "/api%23"},
		{"H-07 in the query", "/api?a#b", no},
		{"H-08 an empty query", "/api?", "/api"},
		{"H-08 a query", "/api?x", "/api"},
		{"H-08 dots in the query", "/api?/../open//%2f\\", "/api"},
		{"a control byte in the query", "/api?\x01", no},
		{"bytes beyond ASCII in the query", "/api?\xe9", "/api"},
		{"H-09 capitals stay", "/API", "/API"},
		{"H-09 an encoded letter", "/%41PI", "/API"},
		{"H-09 an encoded small letter", "/%61pi", "/api"},
		{"unreserved marks", "/%7Ea%2Db%5Fc%30", "/~a-b_c0"},
		{"reserved stays encoded, as written", "/%20%3a%3F%25", "/%20%3a%3F%25"},
		{"an encoded dot within a name", "/a%2Ejson", "/a.json"},
		{"H-12 absolute-form", "http://api.test/x", no},
		{"H-12 empty", "", no},
		{"only a query", "?x", no},
		{"no slash at the start", "api", no},
	} {
		var v View
		code := v.Read(get(c.target), PathRefuse)
		switch {
		case c.want == no && code != reason.PathNotNormal,
			c.want != no && (code != reason.OK || v.Path != c.want || v.NewTarget != ""):
			t.Errorf("%s: %q is %s, path %q, target %q", c.law, c.target, code, v.Path, v.NewTarget)
		}
	}
}

func TestPathNormalize(t *testing.T) {
	const no, same = "\x00", "\x01"
	for _, c := range []struct{ law, target, path, newTarget string }{
		{"a normal path is left alone", "/a/b?x=//../", "/a/b", same},
		{"H-01 dot dot", "/open/../api", "/api", "/api"},
		{"H-01 encoded dots", "/open/%2e%2e/api", "/api", "/api"},
		{"H-01 half encoded", "/open/.%2E/api?q=%2e", "/api", "/api?q=%2e"},
		{"H-01 one dot", "/./api", "/api", "/api"},
		{"one dot at the end", "/api/.", "/api/", "/api/"},
		{"dot dot at the end", "/api/x/..", "/api/", "/api/"},
		{"above the root", "/../../api", "/api", "/api"},
		{"only dots", "/..", "/", "/"},
		{"H-02 slashes", "//api", "/api", "/api"},
		{"H-02 dots go first, then slashes (Envoy's order)", "/open//..//api", "/open/api", "/open/api"},
		{"H-02 only slashes", "///", "/", "/"},
		{"slashes at the end", "/api//", "/api/", "/api/"},
		{"RFC 3986 §5.2.4", "/a/b/c/./../../g", "/a/g", "/a/g"},
		{"RFC 3986 §5.2.4, second", "/mid/content=5/../6", "/mid/6", "/mid/6"},
		{"the router sees what is matched", "/%41PI", "/API", "/API"},
		{"the query stays, byte for byte", "/a/../b?%41=/../&", "/b", "/b?%41=/../&"},
		{"an empty query keeps its mark", "//a?", "/a", "/a?"},
		{"H-03 encoded slash", "/a/..%2fb", no, ""},
		{"H-03 backslash", `/a\..\b`, no, ""},
		{"H-04 NUL", "/a%00", no, ""},
		{"H-05 malformed", "/../%2", no, ""},
		{"H-06 dots with a parameter", "/open/..;/api", no, ""},
		{"H-07 fragment", "/a/../b#", no, ""},
		{"H-12 absolute-form", "http://a/../b", no, ""},
		{"H-12 empty", "", no, ""},
	} {
		var v View
		code := v.Read(get(c.target), PathNormalize)
		if c.path == no {
			if code != reason.PathNotNormal {
				t.Errorf("%s: %q is %s", c.law, c.target, code)
			}
			continue
		}
		want := c.newTarget
		if want == same {
			want = ""
		}
		if code != reason.OK || v.Path != c.path || v.NewTarget != want {
			t.Errorf("%s: %q is %s, path %q, target %q", c.law, c.target, code, v.Path, v.NewTarget)
		}
	}
}

func TestPathRaw(t *testing.T) {
	for target, want := range map[string]string{
		"/open/../api?x": "/open/../api",
		"//%2f%00\\":     "//%2f%00\\",
		"/%41":           "/%41",
		"/api#x?y":       "/api",
		"http://a/b":     "http://a/b",
		"":               "",
	} {
		var v View
		if code := v.Read(get(target), PathRaw); code != reason.OK || v.Path != want || v.NewTarget != "" {
			t.Errorf("%q: %s, %q", target, code, v.Path)
		}
	}
}

// The reference: RFC 3986 §5.2.4 word for word, on strings.
func referenceNormal(path string) string {
	in, out := decodeUnreserved(path), ""
	for in != "" {
		switch {
		case strings.HasPrefix(in, "/./"):
			in = in[2:]
		case in == "/.":
			in = "/"
		case strings.HasPrefix(in, "/../"):
			in, out = in[3:], out[:max(0, strings.LastIndexByte(out, '/'))]
		case in == "/..":
			in, out = "/", out[:max(0, strings.LastIndexByte(out, '/'))]
		default:
			end := len(in)
			if i := strings.IndexByte(in[1:], '/'); i >= 0 {
				end = i + 1
			}
			in, out = in[end:], out+in[:end]
		}
	}
	for strings.Contains(out, "//") {
		out = strings.ReplaceAll(out, "//", "/")
	}
	return out
}

func decodeUnreserved(path string) string { return unreservedReplacer.Replace(path) }

var unreservedReplacer = func() *strings.Replacer {
	var pairs []string
	const digits = "0123456789ABCDEFabcdef"
	for _, high := range digits {
		for _, low := range digits {
			e := "%" + string(high) + string(low)
			d, _ := url.PathUnescape(e)
			if strings.Contains("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~", d) {
				pairs = append(pairs, e, d)
			}
		}
	}
	return strings.NewReplacer(pairs...)
}()

var pathSeeds = []string{
	"/", "/a/b", "/open/../api", "/open/%2e%2e/api", "/open/.%2E/api?x=1", "//api", "/open//..//api", "///",
	"/a%2fb", "/a%5C", `/a\b`, "/a%00", "/%", "/%2", "/%zz", "/%u0061", "/%c0%af", "/%252e%252e", "/open/..;/api",
	"/open;/../api", "/api;x=1", "/api#x", "/api?/../open", "/%41PI", "/%61pi", "http://a/b", "", "*", "/...", "/.;%2e",
	"/a/b/c/./../../g", "/%e0%80%af", "/caf%C3%A9", "/a/%2E%2e%3b/b", "/a/.../.%2e",
}

// FuzzReadRefuse: an accepted path has no dot segment, no empty segment and no separator
// in disguise, however often it is decoded once.
func FuzzReadRefuse(f *testing.F) {
	for _, s := range pathSeeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, target string) {
		var v View
		if v.Read(get(target), PathRefuse) != reason.OK {
			return
		}
		raw, _, _ := strings.Cut(target, "?")
		decoded, err := url.PathUnescape(raw)
		if err != nil {
			t.Fatalf("%q: %v", target, err)
		}
		for _, path := range []string{raw, v.Path, decoded} {
			if path[0] != '/' || strings.ContainsAny(path, "\\\x00") || strings.Contains(path, "//") {
				t.Fatalf("%q reads as %q", target, path)
			}
			for _, seg := range strings.Split(path, "/") {
				if seg, _, _ := strings.Cut(seg, ";"); seg == "." || seg == ".." {
					t.Fatalf("%q reads as %q", target, path)
				}
			}
		}
		if strings.Count(decoded, "/") != strings.Count(raw, "/") {
			t.Fatalf("%q hides a slash", target)
		}
		if v.Path != decodeUnreserved(raw) {
			t.Fatalf("%q: path %q", target, v.Path)
		}
		if !IsNormal(v.Path) {
			t.Fatalf("%q: path %q is not normal", target, v.Path)
		}
	})
}

// FuzzReadNormalize: the result is the reference's, is normal, keeps the query, and
// normalising it again changes nothing.
func FuzzReadNormalize(f *testing.F) {
	for _, s := range pathSeeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, target string) {
		var v, again View
		if v.Read(get(target), PathNormalize) != reason.OK {
			return
		}
		raw, query, has := strings.Cut(target, "?")
		if want := referenceNormal(raw); v.Path != want {
			t.Fatalf("%q: %q, want %q", target, v.Path, want)
		}
		want := v.Path
		if has {
			want += "?" + query
		}
		if want == target && v.NewTarget != "" || want != target && v.NewTarget != want {
			t.Fatalf("%q: new target %q, want %q", target, v.NewTarget, want)
		}
		if code := again.Read(get(want), PathRefuse); code != reason.OK || again.Path != v.Path {
			t.Fatalf("%q became %q, which is %s", target, want, code)
		}
	})
}

// FuzzReadHeaders: no list makes Read do anything but answer, and what it accepts has
// one method and no byte that ends a line.
func FuzzReadHeaders(f *testing.F) {
	f.Add(":method", "GET", ":path", "/", "x", "y")
	f.Add(":method", "CONNECT", "host", "a", "", "")
	f.Add(":method", "GET", ":path", "/", ":path", "/")
	f.Add(":method", "GET", ":path", "/", "x", "0123\n567")
	f.Fuzz(func(t *testing.T, n1, v1, n2, v2, n3, v3 string) {
		list := []Header{{n1, v1}, {n2, v2}, {n3, v3}}
		for _, mode := range []PathMode{PathRefuse, PathNormalize, PathRaw} {
			var v View
			if v.Read(list, mode) != reason.OK {
				continue
			}
			v.Host()
			if strings.ContainsAny(n1+v1+n2+v2+n3+v3, "\r\n\x00") || v.Method == "" {
				t.Fatalf("accepted %q", list)
			}
		}
	})
}

func BenchmarkRead(b *testing.B) {
	list := get("/api/v1/orders/17?expand=items", "user-agent", "Mozilla/5.0 (X11; Linux x86_64)", "accept", "*/*",
		"authorization", "Bearer "+strings.Repeat("a", 700), "x-request-id", "9f0c2e1a-0000-4000-8000-000000000000",
		"x-forwarded-proto", "https", "accept-encoding", "gzip, br", "accept-language", "en")
	for _, c := range []struct {
		name string
		list []Header
		mode PathMode
	}{
		{"plain", list, PathRefuse},
		{"escaped", get("/%41pi/v1"), PathRefuse},
		{"normalize", get("/open/../api//v1?x=1"), PathNormalize},
	} {
		b.Run(c.name, func(b *testing.B) {
			var v View
			b.ReportAllocs()
			for b.Loop() {
				if v.Read(c.list, c.mode) != reason.OK {
					b.Fatal("refused")
				}
			}
		})
	}
}

func TestReadAllocatesNothingWarm(t *testing.T) {
	var v View
	lists := [][]Header{
		get("/api?x=1", "accept", "*/*"), get("/%41pi"), get("/a/../b//c?x"),
		{{":method", "GET"}, {":path", "/"}, {":authority", "API.Test.:8443"}},
	}
	if n := testing.AllocsPerRun(100, func() {
		for _, list := range lists {
			v.Read(list, PathNormalize)
			v.Host()
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
