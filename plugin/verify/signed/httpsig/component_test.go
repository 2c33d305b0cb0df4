package httpsig_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/verify/signed/httpsig"
)

// lenient asks for nothing, so that a test can sign one component alone.
func lenient() httpsig.Config { return httpsig.Config{Components: []string{}, BodyOptional: true} }

const params = `;created=1767225595;keyid="shared"`

// covering signs one component with the value that a test says it has.
func (m message) covering(k keyPair, id, value string) message {
	return m.signed(k, "("+id+")"+params, id+": "+value+"\n")
}

// TestDerivedComponents: RFC 9421 §2.2, byte for byte (B-07, D-06).
func TestDerivedComponents(t *testing.T) {
	k := keyring(t)[0]
	p := provider(t, lenient(), k.key)
	for _, c := range []struct {
		law           string
		edit          func(m *message)
		id, value     string
		alsoOtherwise string // a value with which it must not be proved
	}{
		{"@method as it is", nil, `"@method"`, "POST", "post"},
		{"@method in lower case is another", func(m *message) { m.method = "post" }, `"@method"`, "post", "POST"},
		{"@authority", nil, `"@authority"`, "example.com", "example.com:443"},
		{"@authority in lower case", func(m *message) { m.authority = "EXAMPLE.Com" }, `"@authority"`, "example.com", "EXAMPLE.Com"},
		{"@authority without the default port", func(m *message) { m.authority = "example.com:443" }, `"@authority"`, "example.com", "example.com:443"},
		{"@authority with another port", func(m *message) { m.authority = "example.com:8443" }, `"@authority"`, "example.com:8443", "example.com"},
		{"@authority with the other scheme's port", func(m *message) { m.authority = "example.com:80" }, `"@authority"`, "example.com:80", "example.com"},
		{"@authority over http", func(m *message) { m.authority, m.scheme = "example.com:80", "http" }, `"@authority"`, "example.com", "example.com:80"},
		{"@authority with an empty port", func(m *message) { m.authority = "example.com:" }, `"@authority"`, "example.com", "example.com:"},
		{"@authority of an address", func(m *message) { m.authority = "[2001:DB8::1]:443" }, `"@authority"`, "[2001:db8::1]", "[2001:DB8::1]"},
		{"@authority of an address without a port", func(m *message) { m.authority = "[2001:db8::1]" }, `"@authority"`, "[2001:db8::1]", "[2001:db8:"},
		{"@scheme in lower case (B-08)", func(m *message) { m.scheme = "HTTPS" }, `"@scheme"`, "https", "HTTPS"},
		{"@path as it is", func(m *message) { m.target = "/a%2Fb/../c%20d+e//;x?q" }, `"@path"`, "/a%2Fb/../c%20d+e//;x", "/a/b"},
		{"@path of the asterisk", func(m *message) { m.method, m.target = "OPTIONS", "*" }, `"@path"`, "/", "*"},
		{"@query", nil, `"@query"`, "?param=Value&Pet=dog", "param=Value&Pet=dog"},
		{"@query that is empty", func(m *message) { m.target = "/foo?" }, `"@query"`, "?", ""},
		{"@query that is not there", func(m *message) { m.target = "/foo" }, `"@query"`, "?", ""},
		{"@query as it is", func(m *message) { m.target = "/foo?b&&a=&a=%7e+?" }, `"@query"`, "?b&&a=&a=%7e+?", "?a=&a=%7e+?&b"},
		{"@request-target", nil, `"@request-target"`, "/foo?param=Value&Pet=dog", "/foo"},
		{"@request-target of the asterisk", func(m *message) { m.method, m.target = "OPTIONS", "*" }, `"@request-target"`, "*", "/"},
		{"@target-uri", nil, `"@target-uri"`, "https://example.com/foo?param=Value&Pet=dog", "https://example.com/foo"},
		{"@target-uri without a query", func(m *message) { m.target = "/" }, `"@target-uri"`, "https://example.com/", "https://example.com"},
		{"@target-uri of the asterisk", func(m *message) { m.method, m.target = "OPTIONS", "*" }, `"@target-uri"`, "https://example.com", "https://example.com/*"},
		{"@target-uri with the default port", func(m *message) { m.authority = "Example.com:443" }, `"@target-uri"`, "https://example.com/foo?param=Value&Pet=dog", "https://Example.com:443/foo?param=Value&Pet=dog"},
		{"@target-uri with a fragment on the wire", func(m *message) { m.target = "/a?b#c" }, `"@target-uri"`, "https://example.com/a?b#c", "https://example.com/a?b"},
		{"@query-param", nil, `"@query-param";name="Pet"`, "dog", "Value"},
		{"@query-param, the examples of RFC 9421 §2.2.8: encoded anew", func(m *message) { m.target = "/p?var=this%20is%20a%20big%0Amultiline%20value&bar=with+plus+whitespace" }, `"@query-param";name="var"`, "this%20is%20a%20big%0Amultiline%20value", "this is a big"},
		{"@query-param with pluses", func(m *message) { m.target = "/p?bar=with+plus+whitespace" }, `"@query-param";name="bar"`, "with%20plus%20whitespace", "with+plus+whitespace"},
		{"@query-param with an encoded name", func(m *message) { m.target = "/p?fa%C3%A7ade%22%3A%20=something" }, `"@query-param";name="fa%C3%A7ade%22%3A%20"`, "something", "x"},
		{"@query-param with a name in another spelling", func(m *message) { m.target = "/p?%50e%74=dog" }, `"@query-param";name="Pet"`, "dog", "x"},
		{"@query-param: what is encoded and what is not", func(m *message) { m.target = "/p?q=*-._~!'()%2a%2D%7e/:@a" }, `"@query-param";name="q"`, "*-._%7E%21%27%28%29*-%7E%2F%3A%40a", "*-._~"},
		{"@query-param without a value", func(m *message) { m.target = "/p?a&q" }, `"@query-param";name="q"`, "", "q"},
		{"@query-param with a = in its value", func(m *message) { m.target = "/p?q=a=b" }, `"@query-param";name="q"`, "a%3Db", "a"},
	} {
		m := post()
		if c.edit != nil {
			c.edit(&m)
		}
		expect(t, c.law, judge(t, p, m.covering(k, c.id, c.value), now), reason.OK)
		expect(t, c.law+", otherwise", judge(t, p, m.covering(k, c.id, c.alsoOtherwise), now), reason.SignatureInvalid)
	}
}

// TestFields: RFC 9421 §2.1 (B-01, B-05, B-07, D-09).
func TestFields(t *testing.T) {
	k := keyring(t)[0]
	p := provider(t, lenient(), k.key)
	for _, c := range []struct {
		law       string
		lines     []string
		id, value string
	}{
		{"one line", []string{"a"}, `"x-f"`, "a"},
		{"the first and the last visible characters", []string{"! ~"}, `"x-f"`, "! ~"},
		{"an empty one", []string{""}, `"x-f"`, ""},
		{"trimmed", []string{" \t a  b\t "}, `"x-f"`, "a  b"},
		{"several lines", []string{" a, b ", "c", ""}, `"x-f"`, "a, b, c, "},
		{"commas and spaces inside stay", []string{"a, , b", ",c"}, `"x-f"`, "a, , b, ,c"},
		{"a member", []string{"a=1, b=2;x=1;y=2, c=(a   b    c), d"}, `"x-f";key="a"`, "1"},
		{"a member with parameters", []string{"a=1, b=2;x=1;y=2, c=(a   b    c), d"}, `"x-f";key="b"`, "2;x=1;y=2"},
		{"a member that is a list, in canonical form", []string{"a=1, b=2;x=1;y=2, c=(a   b    c), d"}, `"x-f";key="c"`, "(a b c)"},
		{"a member that is true", []string{"a=1, b=2;x=1;y=2, c=(a   b    c), d"}, `"x-f";key="d"`, "?1"},
		{"a member of a later line", []string{"a=1", "b=02.50"}, `"x-f";key="b"`, "2.5"},
		{"a member, also said to be strict", []string{"a=1"}, `"x-f";key="a";sf`, "1"},
		{"as bytes", []string{" value, with, lots ", "of, commas"}, `"x-f";bs`, ":dmFsdWUsIHdpdGgsIGxvdHM=:, :b2YsIGNvbW1hcw==:"},
		{"as bytes, empty", []string{""}, `"x-f";bs`, "::"},
		{"as bytes, one", []string{"a"}, `"x-f";bs`, ":YQ==:"},
		{"as bytes that are not ASCII", []string{"\xff\xfe"}, `"x-f";bs`, "://4=:"},
		{"a flag that is written out", []string{"a"}, `"x-f";bs=?1`, ":YQ==:"},
	} {
		m := post()
		for _, line := range c.lines {
			m = m.with("x-f", line)
		}
		expect(t, c.law, judge(t, p, m.covering(k, c.id, c.value), now), reason.OK)
		expect(t, c.law+", otherwise", judge(t, p, m.covering(k, c.id, c.value+"x"), now), reason.SignatureInvalid)
	}
	twice := post().with("date", "Tue, 20 Apr 2021 02:07:55 GMT")
	expect(t, "a date that is sent twice (D-09)", judge(t, p, twice.covering(k, `"date"`, "Tue, 20 Apr 2021 02:07:55 GMT"), now), reason.SignatureInvalid)
	for _, c := range []struct{ law, name, line, id, value string }{
		{"a dictionary, strictly", "priority", "u=1,  i;x=\"a\" ,v=?1", `"priority";sf`, `u=1, i;x="a", v`},
		{"a list, strictly", "cache-status", "a;hit ,  b", `"cache-status";sf`, "a;hit, b"},
		{"an item, strictly", "sec-gpc", " ?1 ", `"sec-gpc";sf`, "?1"},
		{"the host is the authority as it is", "x-any", "", `"host"`, "example.com"},
		{"a date", "x-any", "", `"date"`, "Tue, 20 Apr 2021 02:07:55 GMT"},
		{"names with all that may be in one", "x!#$%&'*+-.^_`|~09az", "v", "\"x!#$%&'*+-.^_`|~09az\"", "v"},
	} {
		m := post().with(c.name, c.line)
		expect(t, c.law, judge(t, p, m.covering(k, c.id, c.value), now), reason.OK)
		expect(t, c.law+", otherwise", judge(t, p, m.covering(k, c.id, c.value+" "), now), reason.SignatureInvalid)
	}
}

// TestComponentsThatAreRefused: whatever the signature, and however good (D-05, D-06, D-07,
// B-01, B-06).
func TestComponentsThatAreRefused(t *testing.T) {
	k := keyring(t)[0]
	p := provider(t, lenient(), k.key)
	long := make([]string, 500)
	for i := range long {
		long[i] = fmt.Sprintf(`"x-%d"`, i)
	}
	for _, c := range []struct {
		law, list string
		want      reason.Code
	}{
		{"a part of a response", `("@status")`, reason.SignatureMalformed},
		{"what the parameters are called", `("@signature-params")`, reason.SignatureMalformed},
		{"an unknown derived component", `("@body")`, reason.SignatureMalformed},
		{"no name", `("")`, reason.SignatureMalformed},
		{"only the mark of a derived one", `("@")`, reason.SignatureMalformed},
		{"a name in upper case", `("Content-Type")`, reason.SignatureMalformed},
		{"a derived name in upper case", `("@Method")`, reason.SignatureMalformed},
		{"a token", `(date)`, reason.SignatureMalformed},
		{"a number", `(1)`, reason.SignatureMalformed},
		{"a pseudo header", `(":path")`, reason.SignatureMalformed},
		{"a name with an escape", `("d\"ate")`, reason.SignatureMalformed},
		{"a name with a space", `("date ")`, reason.SignatureMalformed},
		{"a component twice", `("date" "@method" "date")`, reason.SignatureMalformed},
		{"a derived component twice", `("@method" "@method")`, reason.SignatureMalformed},
		{"a component twice, its parameters turned round", `("priority";sf;key="a" "priority";key="a";sf)`, reason.SignatureMalformed},
		{"a query parameter twice", `("@query-param";name="Pet" "@query-param";name="Pet")`, reason.SignatureMalformed},
		{"of the request that is answered", `("date";req)`, reason.SignatureMalformed},
		{"a derived component of the request that is answered", `("@method";req)`, reason.SignatureMalformed},
		{"a trailer", `("date";tr)`, reason.ComponentUnsupported},
		{"an unknown parameter", `("date";x)`, reason.ComponentUnsupported},
		{"an unknown parameter of a derived one", `("@method";x)`, reason.SignatureMalformed},
		{"strict, of unknown structure", `("date";sf)`, reason.ComponentUnsupported},
		{"strict, and not so", `("sec-gpc";sf)`, reason.ComponentUnsupported},
		{"bytes and strict", `("date";bs;sf)`, reason.SignatureMalformed},
		{"bytes and a key", `("date";key="a";bs)`, reason.SignatureMalformed},
		{"a flag that is false", `("date";bs=?0)`, reason.SignatureMalformed},
		{"a flag that is a number", `("date";sf=1)`, reason.SignatureMalformed},
		{"a flag twice", `("date";bs;bs)`, reason.SignatureMalformed},
		{"a key twice", `("x-d";key="a";key="b")`, reason.SignatureMalformed},
		{"a key that is a token", `("x-d";key=a)`, reason.SignatureMalformed},
		{"a key that is not there", `("x-d";key="z")`, reason.ComponentMissing},
		{"a key that is there twice", `("x-d";key="a")`, reason.ComponentMissing},
		{"a key of no dictionary", `("date";key="a")`, reason.ComponentUnsupported},
		{"a strict dictionary with a key twice", `("content-digest";sf)`, reason.ComponentMissing},
		{"a field that is not there", `("x-absent")`, reason.ComponentMissing},
		{"a field that is not there, as bytes", `("x-absent";bs)`, reason.ComponentMissing},
		{"a field that is not there, strictly", `("priority";sf)`, reason.ComponentMissing},
		{"a value that is not ASCII", `("x-latin")`, reason.ComponentUnsupported},
		{"a query parameter without a name", `("@query-param")`, reason.SignatureMalformed},
		{"a query parameter with a name and more", `("@query-param";name="Pet";sf)`, reason.SignatureMalformed},
		{"a query parameter with another parameter", `("@query-param";key="Pet")`, reason.SignatureMalformed},
		{"a query parameter whose name is a token", `("@query-param";name=Pet)`, reason.SignatureMalformed},
		{"a query parameter that is not there", `("@query-param";name="pet")`, reason.ComponentMissing},
		{"a query parameter with an empty name", `("@query-param";name="")`, reason.ComponentMissing},
		{"a query parameter that is there twice", `("@query-param";name="two")`, reason.ComponentMissing},
		{"a query parameter twice in two spellings", `("@query-param";name="twice")`, reason.ComponentMissing},
		{"a query parameter by a name that is encoded otherwise", `("@query-param";name="%50et")`, reason.ComponentMissing},
		{"a query parameter with a malformed value", `("@query-param";name="bad")`, reason.ComponentUnsupported},
		{"a query parameter cut short", `("@query-param";name="cut")`, reason.ComponentUnsupported},
		{"a query parameter that is not UTF-8", `("@query-param";name="latin")`, reason.ComponentUnsupported},
		{"a derived component with a name", `("@query";name="Pet")`, reason.SignatureMalformed},
		{"500 names", "(" + strings.Join(long[:200], " ") + ")", reason.SignaturesTooMany},
		{"more than an inner list holds", "(" + strings.Join(long, " ") + ")", reason.SignatureMalformed},
	} {
		m := post().without("content-digest").
			with("x-d", "a=1, a=2").with("x-latin", "caf\xe9").with("content-digest", "a=:YQ==:, a=:YQ==:").with("sec-gpc", "?1, ?1")
		m.target = "/foo?param=Value&Pet=dog&two=1&two=2&twice&t%77ice&bad=%zz&latin=%e9&cut=%2"
		expect(t, c.law, judge(t, p, m.signed(k, c.list+params, ""), now), c.want)
	}
}

// TestTargetsWithoutAPath: CONNECT and the absolute form say elsewhere where they go.
func TestTargetsWithoutAPath(t *testing.T) {
	k := keyring(t)[0]
	p := provider(t, lenient(), k.key)
	for _, m := range []message{
		{method: "CONNECT", scheme: "https", authority: "example.com:443"},
		{method: "CONNECT", scheme: "https", authority: "example.com:443", target: "/"},
		{method: "GET", scheme: "https", authority: "example.com", target: "https://evil.example/"},
		{method: "GET", scheme: "https", authority: "example.com", target: "*"},
		{method: "GET", scheme: "https", authority: "example.com", target: "foo"},
	} {
		for _, id := range []string{"@target-uri", "@request-target", "@path", "@query", `@query-param";name="a`} {
			got := judge(t, p, m.signed(k, `("`+id+`")`+params, ""), now)
			expect(t, m.method+" "+m.target+" "+id, got, reason.ComponentMissing)
		}
	}
	none := message{method: "GET", target: "/"}
	for _, id := range []string{`"@authority"`, `"@scheme"`, `"@target-uri"`, `"host"`} {
		expect(t, "without any: "+id, judge(t, p, none.signed(k, "("+id+")"+params, ""), now), reason.ComponentMissing)
	}
}

// TestPublicOrigin: what the configuration says wins, what is forwarded never counts (B-08).
func TestPublicOrigin(t *testing.T) {
	k := keyring(t)[0]
	cfg := lenient()
	cfg.Public = httpsig.Origin{Scheme: "https", Authority: "Api.Example.com:443", Path: "/v1"}
	p := provider(t, cfg, k.key)
	m := message{method: "GET", scheme: "http", authority: "internal:8080", target: "/a?b", headers: [][2]string{
		{"x-forwarded-host", "evil.example"}, {"x-forwarded-proto", "ftp"}, {"forwarded", "host=evil.example"},
	}}
	plain := provider(t, lenient(), k.key)
	for _, c := range []struct{ id, public, plain string }{
		{`"@scheme"`, "https", "http"},
		{`"@authority"`, "api.example.com", "internal:8080"},
		{`"@path"`, "/v1/a", "/a"},
		{`"@request-target"`, "/v1/a?b", "/a?b"},
		{`"@target-uri"`, "https://api.example.com/v1/a?b", "http://internal:8080/a?b"},
		{`"@query"`, "?b", "?b"},
	} {
		expect(t, c.id, judge(t, p, m.covering(k, c.id, c.public), now), reason.OK)
		expect(t, c.id+" by the request", judge(t, plain, m.covering(k, c.id, c.plain), now), reason.OK)
		if c.public != c.plain {
			expect(t, c.id+" as the request has it", judge(t, p, m.covering(k, c.id, c.plain), now), reason.SignatureInvalid)
		}
	}
}

// TestLinesCannotBeForged: a line break in a value never reaches the text (B-04).
func TestLinesCannotBeForged(t *testing.T) {
	k := keyring(t)[0]
	p := provider(t, lenient(), k.key)
	for _, forged := range []string{"a\n\"@method\": DELETE", "a\r\n b", "a\x00b"} {
		m := post().with("x-f", forged)
		expect(t, forged, judge(t, p, m.covering(k, `"x-f"`, forged), now), reason.HeadersUnreadable)
		m = post()
		m.target = "/" + forged
		expect(t, forged, judge(t, p, m.covering(k, `"@path"`, "/"+forged), now), reason.HeadersUnreadable)
	}
	for _, odd := range []string{"a\x01b", "a\x7fb", "a\xc2\x85b"} {
		m := post().with("x-f", odd)
		expect(t, odd, judge(t, p, m.covering(k, `"x-f"`, odd), now), reason.ComponentUnsupported)
	}
}

// TestWorkIsBounded: components whose values take a search through a long field or query
// come to an end before they cost much.
func TestWorkIsBounded(t *testing.T) {
	k := keyring(t)[0]
	p := provider(t, lenient(), k.key)
	var keys, queries, dictionary, query []string
	for i := range 64 {
		keys = append(keys, fmt.Sprintf(`"x-d";key="k%d"`, i))
		queries = append(queries, fmt.Sprintf(`"@query-param";name="k%d"`, i))
		dictionary = append(dictionary, fmt.Sprintf("k%d=%s", i, strings.Repeat("x", 700)))
		query = append(query, fmt.Sprintf("k%d=%s", i, strings.Repeat("x", 700)))
	}
	m := post().with("x-d", strings.Join(dictionary, ", "))
	m.target = "/?" + strings.Join(query, "&")
	for _, list := range [][]string{keys, queries} {
		expect(t, list[0], judge(t, p, m.signed(k, "("+strings.Join(list, " ")+")"+params, ""), now), reason.SignaturesTooMany)
	}
	heavy := post().with("x-d", "a"+strings.Repeat(";p=aaaaaaaaaaaaaaa;q=bbbbbbbbbbbbbbb", 120))
	expect(t, "one member with many parameters", judge(t, p, heavy.signed(k, `("x-d";key="a")`+params, ""), now), reason.SignaturesTooMany)
	// Each bound holds at its number, and not one above.
	for length, want := range map[int]reason.Code{65528: reason.OK, 65529: reason.SignaturesTooMany} {
		value := strings.Repeat("x", length) // with `"x-f": ` and a line break 64 KiB
		expect(t, fmt.Sprint("a line of ", length), judge(t, p, post().with("x-f", value).covering(k, `"x-f"`, value), now), want)
	}
	for length, want := range map[int]reason.Code{1 << 17: reason.OK, 1<<17 + 1: reason.SignaturesTooMany} {
		m := post()
		m.target = "/?a=1&b=2&" + strings.Repeat("p", length-len("a=1&b=2&"))
		list, base := `("@query-param";name="a" "@query-param";name="b")`, "\"@query-param\";name=\"a\": 1\n\"@query-param\";name=\"b\": 2\n"
		expect(t, fmt.Sprint("two searches of ", length), judge(t, p, m.signed(k, list+params, base), now), want)
	}
	large := post().with("x-f", strings.Repeat("x", 40<<10))
	expect(t, "one long field", judge(t, p, large.covering(k, `"x-f"`, strings.Repeat("x", 40<<10)), now), reason.OK)
	expect(t, "a text that is too long", judge(t, p, large.signed(k, `("x-f" "x-f";bs)`+params, ""), now), reason.SignaturesTooMany)
}
