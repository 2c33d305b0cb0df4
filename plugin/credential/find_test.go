package credential

import (
	"strings"
	"testing"

	"github.com/postern-wasm/postern/plugin/request"
)

var (
	bearer = Place{In: InHeader, Name: "authorization", Prefix: "Bearer", Scheme: true}
	jwt    = Place{In: InHeader, Name: "authorization", Prefix: "JWT", Scheme: true}
	whole  = Place{In: InHeader, Name: "x-token"}
	prefix = Place{In: InHeader, Name: "x-auth", Prefix: "tok:"}
	param  = Place{In: InQuery, Name: "access_token"}
	cookie = Place{In: InCookie, Name: "s"}
)

// view is a GET of target with header lines name, value, name, value ...
func view(target string, lines ...string) *request.View {
	list := []request.Header{
		{Name: ":method", Value: "GET"}, {Name: ":authority", Value: "a"}, {Name: ":path", Value: target},
	}
	for i := 0; i+1 < len(lines); i += 2 {
		list = append(list, request.Header{Name: lines[i], Value: lines[i+1]})
	}
	v := new(request.View)
	v.Read(list, request.PathRaw)
	return v
}

type findCase struct {
	law    string
	view   *request.View
	places []Place
	state  State
	raw    string
}

func check(t *testing.T, cases []findCase) {
	t.Helper()
	var f Finder
	for _, c := range cases {
		got := f.Find(c.view, c.places)
		if got.State != c.state || got.Raw != c.raw || (got.Place != nil) != (c.state == Present) {
			t.Errorf("%s: state %d raw %q place %v, want state %d raw %q", c.law, got.State, got.Raw, got.Place, c.state, c.raw)
		}
	}
}

func auth(lines ...string) *request.View {
	var list []string
	for _, l := range lines {
		list = append(list, "authorization", l)
	}
	return view("/", list...)
}

func TestFindScheme(t *testing.T) {
	at := []Place{bearer}
	check(t, []findCase{
		{"nothing there", view("/"), at, Absent, ""},
		{"one", auth("Bearer t"), at, Present, "t"},
		{"H-18 small letters", auth("bearer t"), at, Present, "t"},
		{"H-18 capitals", auth("BEARER t"), at, Present, "t"},
		{"the header's name without case", view("/", "Authorization", "Bearer t"), at, Present, "t"},
		{"several spaces", auth("Bearer   t"), at, Present, "t"},
		{"nothing else is trimmed", auth("Bearer t \t"), at, Present, "t \t"},
		{"E-08 quotes stay", auth(`Bearer "t"`), at, Present, `"t"`},
		{"E-08 two words stay one credential", auth("Bearer token x"), at, Present, "token x"},
		{"E-08 a trailing comma stays", auth("Bearer t,"), at, Present, "t,"},
		{"E-08 a trailing comma and a space stay", auth("Bearer t, "), at, Present, "t, "},
		{"H-18 a tab", auth("Bearer\tt"), at, Malformed, ""},
		{"H-18 a no-break space", auth("Bearer\u00a0t"), at, Malformed, ""},
		{"H-18 a colon", auth("Bearer:t"), at, Malformed, ""},
		{"H-18 no space", auth("Bearert"), at, Foreign, ""},
		{"H-18 another word first", auth("X Bearer t"), at, Foreign, ""},
		{"a space first", auth(" Bearer t"), at, Foreign, ""},
		{"H-18 the scheme alone", auth("Bearer"), at, Malformed, ""},
		{"X-17 the scheme and a space", auth("Bearer "), at, Malformed, ""},
		{"X-17 an empty header", auth(""), at, Malformed, ""},
		{"X-17 another scheme", auth("Basic x"), at, Foreign, ""},
		{"a token without a scheme", auth("aaa.bbb.ccc"), at, Foreign, ""},
		{"H-15 two good lines", auth("Bearer a", "Bearer b"), at, Several, ""},
		{"H-15 the same twice", auth("Bearer a", "Bearer a"), at, Several, ""},
		{"H-15 good and bad", auth("Bearer a", "Bearer"), at, Several, ""},
		{"H-15 bad and good", auth("Bearer", "Bearer a"), at, Several, ""},
		{"H-15 Bearer and Basic", auth("Bearer a", "Basic x"), at, Several, ""},
		{"H-15 Basic and Bearer", auth("Basic x", "Bearer a"), at, Several, ""},
		{"H-15 good and empty", auth("Bearer a", ""), at, Several, ""},
		{"H-15 joined by the host", auth("Bearer a, Bearer b"), at, Several, ""},
		{"H-15 joined without a space", auth("Bearer a,b"), at, Several, ""},
		{"H-15 joined by a comma and tabs", auth("Bearer a\t,\tBasic b"), at, Several, ""},
		{"H-15 Basic joined to Bearer", auth("Basic x, bearer b"), at, Several, ""},
		{"H-15 an empty one joined to Bearer", auth(",Bearer b"), at, Several, ""},
		{"H-15 Basic joined to a Bearer alone", auth("Basic x,Bearer"), at, Several, ""},
		{"a foreign scheme's own commas", auth(`Digest a="b", c="d", bearerish=x`), at, Foreign, ""},
	})
}

// A scheme ends where no more of a token follows (RFC 9110 §5.6.2).
func TestEveryByteAfterTheScheme(t *testing.T) {
	const token = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	var f Finder
	for b := range 256 {
		c := string([]byte{byte(b)})
		want := Malformed
		switch {
		case c == " ":
			want = Present
		case strings.Contains(token, c):
			want = Foreign
		}
		if got := f.Find(&request.View{Headers: []request.Header{{Name: "authorization", Value: "Bearer" + c + "t"}}}, []Place{bearer}); got.State != want {
			t.Errorf("byte %#02x: state %d, want %d", b, got.State, want)
		}
	}
}

func TestFindHeader(t *testing.T) {
	check(t, []findCase{
		{"the whole value", view("/", "x-token", "t u,v"), []Place{whole}, Present, "t u,v"},
		{"an empty value", view("/", "x-token", ""), []Place{whole}, Malformed, ""},
		{"two lines", view("/", "x-token", "a", "x-token", "b"), []Place{whole}, Several, ""},
		{"a prefix", view("/", "x-auth", "tok:t"), []Place{prefix}, Present, "t"},
		{"a prefix is exact", view("/", "x-auth", "TOK:t"), []Place{prefix}, Absent, ""},
		{"a prefix stands at offset 0", view("/", "x-auth", " tok:t"), []Place{prefix}, Absent, ""},
		{"a prefix alone", view("/", "x-auth", "tok:"), []Place{prefix}, Malformed, ""},
		{"no prefix", view("/", "x-auth", "t"), []Place{prefix}, Absent, ""},
		{"shorter than the prefix", view("/", "x-auth", "to"), []Place{prefix}, Absent, ""},
		{"two schemes, the first", auth("bearer t"), []Place{bearer, jwt}, Present, "t"},
		{"two schemes, the second", auth("jwt t"), []Place{bearer, jwt}, Present, "t"},
		{"two schemes, neither", auth("Basic t"), []Place{bearer, jwt}, Foreign, ""},
		{"two schemes, both in one line", auth("JWT a, Bearer b"), []Place{bearer, jwt}, Several, ""},
		{"two schemes, an empty line is one fault", auth(""), []Place{bearer, jwt}, Malformed, ""},
		{
			"one line is one credential", view("/", "x-auth", "tok:t"),
			[]Place{prefix, {In: InHeader, Name: "X-Auth"}},
			Present, "t",
		},
		{"the whole Authorization value", auth("t.u.v"), []Place{{In: InHeader, Name: "authorization"}}, Present, "t.u.v"},
		{"H-15 the whole of two joined", auth("t, u"), []Place{{In: InHeader, Name: "authorization"}}, Several, ""},
		{"an unfilled place denies", view("/"), []Place{{}}, Unread, ""},
		{"no places", view("/"), nil, Absent, ""},
	})
}

func TestFindQuery(t *testing.T) {
	at := []Place{param}
	check(t, []findCase{
		{"one", view("/?access_token=t"), at, Present, "t"},
		{"among others", view("/?a=1&access_token=t&b"), at, Present, "t"},
		{"no query", view("/"), at, Absent, ""},
		{"another", view("/?token=t"), at, Absent, ""},
		{"H-20 twice", view("/?access_token=t&access_token=u"), at, Several, ""},
		{"H-20 the same twice", view("/?access_token=t&access_token=t"), at, Several, ""},
		{"H-20 twice, one encoded", view("/?access_token=t&access%5ftoken=u"), at, Several, ""},
		{"H-20 bad and good", view("/?access_token=&access_token=t"), at, Several, ""},
		{"H-20 an encoded name", view("/?access%5Ftoken=t"), at, Present, "t"},
		{"H-20 case counts", view("/?Access_Token=t"), at, Absent, ""},
		{"H-20 a semicolon does not separate", view("/?a;access_token=t"), at, Absent, ""},
		{"H-20 an array", view("/?access_token[]=t"), at, Absent, ""},
		{"E-09 decoded once", view("/?access_token=a%2Eb%252Ec"), at, Present, "a.b%2Ec"},
		{"E-09 plus stays plus", view("/?access_token=a+b"), at, Present, "a+b"},
		{"E-09 NUL is kept for the token's rules", view("/?access_token=a%00"), at, Present, "a\x00"},
		{"E-09 malformed", view("/?access_token=a%2"), at, Malformed, ""},
		{"empty", view("/?access_token="), at, Malformed, ""},
		{"no value", view("/?access_token"), at, Malformed, ""},
		{"an equals sign in the value", view("/?access_token=a=b"), at, Present, "a=b"},
		{"a name with a malformed encoding", view("/?access_token%=t"), at, Absent, ""},
	})
}

func TestFindCookie(t *testing.T) {
	at := []Place{cookie}
	check(t, []findCase{
		{"one", view("/", "cookie", "s=t"), at, Present, "t"},
		{"among others", view("/", "cookie", "a=1; s=t; b=2"), at, Present, "t"},
		{"several lines", view("/", "cookie", "a=1", "Cookie", "s=t"), at, Present, "t"},
		{"no space after the semicolon", view("/", "cookie", "a=1;s=t"), at, Present, "t"},
		{"an equals sign in the value", view("/", "cookie", "s=t=="), at, Present, "t=="},
		{"H-19 a longer name", view("/", "cookie", "xs=t"), at, Absent, ""},
		{"H-19 a space before the equals sign", view("/", "cookie", "s =t"), at, Absent, ""},
		{"H-19 quotes stay", view("/", "cookie", `s="t"`), at, Present, `"t"`},
		{"H-19 case counts", view("/", "cookie", "S=t"), at, Absent, ""},
		{"H-19 twice", view("/", "cookie", "s=bad; s=good"), at, Several, ""},
		{"H-19 twice over two lines", view("/", "cookie", "s=t", "cookie", "s=t"), at, Several, ""},
		{"H-19 empty and good", view("/", "cookie", "s=; s=good"), at, Several, ""},
		{"empty", view("/", "cookie", "s="), at, Malformed, ""},
		{"a name alone is a value without a name", view("/", "cookie", "s"), at, Absent, ""},
		{"after a value without a name", view("/", "cookie", "x; s=t"), at, Present, "t"},
		{"percent-encoding is not decoded", view("/", "cookie", "s=%41"), at, Present, "%41"},
	})
}

func TestFindSeveralPlaces(t *testing.T) {
	at := []Place{bearer, param, cookie}
	check(t, []findCase{
		{"H-16 header and query", view("/?access_token=t", "authorization", "Bearer t"), at, Several, ""},
		{"H-16 header and cookie", view("/", "authorization", "Bearer t", "cookie", "s=t"), at, Several, ""},
		{"H-16 query and cookie", view("/?access_token=t", "cookie", "s=u"), at, Several, ""},
		{"H-16 all", view("/?access_token=t", "authorization", "Bearer x", "cookie", "s=u"), at, Several, ""},
		{"H-16 a bad header and a good query", view("/?access_token=t", "authorization", "Bearer"), at, Several, ""},
		{"two bad ones", view("/?access_token=", "authorization", "Bearer"), at, Several, ""},
		{"a foreign header and a query", view("/?access_token=t", "authorization", "Basic x"), at, Present, "t"},
		{"a foreign header and a bad query", view("/?access_token=", "authorization", "Basic x"), at, Malformed, ""},
		{"a foreign header alone", view("/", "authorization", "Basic x", "cookie", "a=b"), at, Foreign, ""},
		{"only the cookie", view("/?x", "cookie", "s=t"), at, Present, "t"},
		{"none", view("/?x", "cookie", "a=t"), at, Absent, ""},
	})
}

func TestFoundPlaceIsTheOneItStoodAt(t *testing.T) {
	at := []Place{bearer, param, cookie}
	var f Finder
	for i, v := range []*request.View{auth("Bearer t"), view("/?access_token=t"), view("/", "cookie", "s=t")} {
		if got := f.Find(v, at); got.Place != &at[i] {
			t.Errorf("place %d: %v", i, got.Place)
		}
	}
}

func TestL03FindIsLinear(t *testing.T) {
	many := view("/?"+strings.Repeat("a=b&", 100_000), "cookie", strings.Repeat("a=b; ", 100_000))
	var f Finder
	if got := f.Find(many, []Place{bearer, param, cookie}); got.State != Absent {
		t.Error(got)
	}
}

func TestFindAllocatesNothingWarm(t *testing.T) {
	v := view("/?x=1&access_token=a%2Eb", "authorization", "Basic x", "cookie", "a=1; b=2")
	at := []Place{bearer, param, cookie}
	var f Finder
	if n := testing.AllocsPerRun(100, func() { f.Find(v, at) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkFind(b *testing.B) {
	v := view("/orders?x=1", "accept", "*/*", "authorization", "Bearer "+strings.Repeat("a", 700), "cookie", "a=1; b=2")
	at := []Place{bearer, param, cookie}
	var f Finder
	b.ReportAllocs()
	for b.Loop() {
		if f.Find(v, at).State != Present {
			b.Fatal("not found")
		}
	}
}

// TestAWipedFinderKeepsNothing: neither a byte of a credential nor a way to one.
func TestAWipedFinderKeepsNothing(t *testing.T) {
	var f Finder
	f.Reserve(16)
	places := []Place{{In: InQuery, Name: "t"}}
	for _, token := range []string{"secret", "a%20secret", strings.Repeat("long", 100)} {
		if found := f.Find(&request.View{Query: "t=" + token}, places); found.State != Present {
			t.Fatal(found)
		}
		if found := f.Find(&request.View{}, places); found.State != Absent {
			t.Fatal(found)
		}
		f.Wipe()
		if string(f.home[:16]) != strings.Repeat("\x00", 16) || len(f.buf) != 0 || cap(f.buf) != 16 {
			t.Errorf("%q is left", f.home[:16])
		}
	}
}
