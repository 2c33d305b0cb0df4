package credential

import (
	"net/url"
	"slices"
	"strings"
	"testing"
)

func TestStripQuery(t *testing.T) {
	for _, c := range []struct{ law, target, want string }{
		{"no query", "/a", "/a"},
		{"nothing to strip", "/a?b=1&c", "/a?b=1&c"},
		{"an empty query stays", "/a?", "/a?"},
		{"the only parameter takes the mark along", "/a?t=1", "/a"},
		{"the first", "/a?t=1&b=2", "/a?b=2"},
		{"the last", "/a?b=2&t=1", "/a?b=2"},
		{"in the middle", "/a?b=2&t=1&c=3", "/a?b=2&c=3"},
		{"H-20 every copy", "/a?t=1&b=2&t=3&t", "/a?b=2"},
		{"H-20 an encoded name", "/a?%74=1&b=2", "/a?b=2"},
		{"H-20 case counts", "/a?T=1", "/a?T=1"},
		{"H-20 a semicolon does not separate", "/a?b;t=1", "/a?b;t=1"},
		{"H-20 an array is another name", "/a?t[]=1", "/a?t[]=1"},
		{"H-20 no other byte", "/a%2f//..?x=%41+%zz&&t=1&=y&\xff;#", "/a%2f//..?x=%41+%zz&&=y&\xff;#"},
		{"empty pieces stay", "/a?&&t=1", "/a?&"},
		{"one empty piece is no query", "/a?&t=1", "/a"},
		{"a second question mark is data", "/a?b=?t=1&t=2?c", "/a?b=?t=1"},
		{"two names", "/a?u=1&b&t=2", "/a?b"},
	} {
		if got := string(StripQuery([]byte("kept:"), c.target, "t", "u")); got != "kept:"+c.want {
			t.Errorf("%s: %q becomes %q, want %q", c.law, c.target, got, c.want)
		}
	}
}

func TestStripCookie(t *testing.T) {
	for _, c := range []struct{ law, value, want string }{
		{"nothing to strip", "a=1; b=2", "a=1; b=2"},
		{"the only one leaves nothing", "s=1", ""},
		{"the first", "s=1; b=2", "b=2"},
		{"the last", "b=2; s=1", "b=2"},
		{"in the middle", "a=1; s=1;  b=2", "a=1;  b=2"},
		{"every copy", "s=1; a=1;s=2; s=", "a=1"},
		{"case counts", "S=1", "S=1"},
		{"a longer name", "ss=1; s2=1", "ss=1; s2=1"},
		{"a space before the equals sign is another name", "s =1", "s =1"},
		{"a value without a name", "s; a=1", "s; a=1"},
		{"no other byte", ` a="x y";;=z; s=1;b=%00` + "\t", ` a="x y";;=z;b=%00` + "\t"},
		{"two names", "r=1; a=2; s=3", "a=2"},
	} {
		if got := string(StripCookie([]byte("kept:"), c.value, "s", "r")); got != "kept:"+c.want {
			t.Errorf("%s: %q becomes %q, want %q", c.law, c.value, got, c.want)
		}
	}
}

func FuzzStripQuery(f *testing.F) {
	for _, s := range []string{"/a?t=1", "/a?t=1&b=2&%74", "/a?&&t=1", "/?b;t=1", "/a", "?", "/a?t%=1&t%3d=2", "/a?=t&t=&t"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, target string) {
		got := string(StripQuery(nil, target, "t"))
		path, query, has := strings.Cut(target, "?")
		if !has {
			if got != target {
				t.Fatalf("%q becomes %q", target, got)
			}
			return
		}
		// The reference: standard splitting, standard unescaping ('+' cannot matter for "t").
		var kept []string
		for _, piece := range strings.Split(query, "&") {
			name, _, _ := strings.Cut(piece, "=")
			if plain, err := url.PathUnescape(name); err != nil || plain != "t" {
				kept = append(kept, piece)
			}
		}
		want := path + "?" + strings.Join(kept, "&")
		if len(kept) < strings.Count(query, "&")+1 && strings.Join(kept, "&") == "" {
			want = path
		}
		if got != want {
			t.Fatalf("%q becomes %q, want %q", target, got, want)
		}
		if again := string(StripQuery(nil, got, "t")); again != got {
			t.Fatalf("%q, stripped again, becomes %q", got, again)
		}
	})
}

func FuzzStripCookie(f *testing.F) {
	for _, s := range []string{"s=1", "a=1; s=2; b=3", "s=1;;s", " s=1; a", "s =1", "=s; s=", "s=1; s=2"} {
		f.Add(s)
	}
	pairs := func(value string) (kept []string) {
		for _, piece := range strings.Split(value, ";") {
			piece = strings.Trim(piece, " \t")
			if name, _, ok := strings.Cut(piece, "="); !ok || name != "s" {
				kept = append(kept, piece)
			}
		}
		return kept
	}
	f.Fuzz(func(t *testing.T, value string) {
		got := string(StripCookie(nil, value, "s"))
		want, left := pairs(value), strings.Split(got, ";")
		for i := range left {
			left[i] = strings.Trim(left[i], " \t")
		}
		if len(want) == 0 {
			want = []string{""}
		}
		if !slices.Equal(left, want) {
			t.Fatalf("%q becomes %q", value, got)
		}
		if len(pairs(value)) == strings.Count(value, ";")+1 && got != value {
			t.Fatalf("%q becomes %q though there is nothing to strip", value, got)
		}
	})
}

// FuzzFind: a credential that is found once is gone after stripping, nothing is found in
// two ways, and what is found stands in the request.
func FuzzFind(f *testing.F) {
	f.Add("Bearer t", "/?access_token=t", "s=t")
	f.Add("Basic x, bearer y", "/?access%5ftoken=%74", "a=1; s=2")
	f.Add("Bearer", "/?access_token", "s")
	f.Add("bearer  t,", "/", "")
	at := []Place{bearer, param, cookie}
	f.Fuzz(func(t *testing.T, authorization, target, cookies string) {
		var finder Finder
		v := view(target, "authorization", authorization, "cookie", cookies)
		got := finder.Find(v, at)
		if (got.State == Present) != (got.Place != nil) || (got.State == Present) != (got.Raw != "") || got.State == Unread {
			t.Fatalf("%+v", got)
		}
		if got.State != Present {
			return
		}
		switch got.Place.In {
		case InHeader:
			if !strings.HasSuffix(authorization, got.Raw) {
				t.Fatalf("%q in %q", got.Raw, authorization)
			}
		case InQuery:
			if left := finder.Find(view(string(StripQuery(nil, target, param.Name))), at); left.State != Absent {
				t.Fatalf("%q is in %q still: %+v", got.Raw, target, left)
			}
		case InCookie:
			if !strings.Contains(cookies, "s="+got.Raw) {
				t.Fatalf("%q in %q", got.Raw, cookies)
			}
			if left := finder.Find(view("/", "cookie", string(StripCookie(nil, cookies, cookie.Name))), at); left.State != Absent {
				t.Fatalf("%q is in %q still: %+v", got.Raw, cookies, left)
			}
		case InNone:
			t.Fatal("no place")
		}
	})
}
