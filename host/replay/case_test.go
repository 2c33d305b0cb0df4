package replay

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"math"
	"strings"
	"testing"
	"time"
)

// TestParseCaseRefuses: a line that is not exactly a case is a bad one, and the
// error says where.
func TestParseCaseRefuses(t *testing.T) {
	tests := []struct{ law, line, want string }{
		{"text is not JSON", `hello`, "not JSON"},
		{"half an object is not JSON", `{"name": "a"`, "not JSON: it ends too early"},
		{"two objects are not one", `{} {}`, "not JSON: more after the object"},
		{"a list is no case", `[]`, "want an object"},
		{"a string is no case", `"x"`, "want an object"},
		{"bytes that are not UTF-8 are not JSON", "{\"name\": \"\xff\"}", "not UTF-8"},
		{"a byte order mark is not JSON", "\ufeff{}", "not JSON"},
		{"a name that comes twice", `{"now": 1, "now": 2}`, `"now" comes twice`},
		{"a name within that comes twice", `{"request": {"path": "/", "path": "/a"}}`, `request: "path" comes twice`},
		{"an unknown name that is near another", `{"callout": {}}`, `callout: unknown; did you mean "callouts"?`},
		{"names have one case", `{"Config": {}}`, `Config: unknown; did you mean "config"?`},
		{"names are not camel case", `{"pluginConfig": ""}`, `did you mean "plugin_config"?`},
		{"name is a string", `{"name": 7}`, "name: want a string"},
		{"now is a number", `{"now": "1"}`, "now: want Unix seconds"},
		{"now is not negative", `{"now": -1}`, "now: want Unix seconds"},
		{"now fits the clock", `{"now": 9223372037}`, "now: want Unix seconds from 0 to 9223372035"},
		{"now is not infinite", `{"now": 1e999}`, "now: want Unix seconds"},
		{"two configurations", `{"config": {}, "plugin_config": ""}`, "want one of them"},
		{"an unknown profile", `{"profile": "apache"}`, `unknown profile "apache"; want envoy, google or nginx`},
		{"env holds strings", `{"env": {"A": 1}}`, "env.A: want a string"},
		{"body is base64", `{"request": {"body_base64": "a"}}`, "request.body_base64: want base64"},
		{"body is base64 with padding", `{"request": {"body_base64": "YQ"}}`, "request.body_base64: want base64"},
		{"body is canonical base64", `{"request": {"body_base64": "YR=="}}`, "request.body_base64: want base64"},
		{"body is base64 without line ends", `{"request": {"body_base64": "YW\nJj"}}`, "request.body_base64: want base64"},
		{"a header has two parts", `{"request": {"headers": [["a", "b"], ["a"]]}}`, "request.headers[1]: want [name, value]"},
		{"a header has no third part", `{"request": {"headers": [["a", "b", "c"]]}}`, "request.headers[0]: want [name, value]"},
		{"a header's value is a string", `{"request": {"headers": [["a", 1]]}}`, "request.headers[0].a: want a string or"},
		{"a header's name is not empty", `{"request": {"headers": [["", "b"]]}}`, `request.headers[0]: "" is no header name`},
		{"pseudo headers are no headers", `{"request": {"headers": [[":path", "/"]]}}`, `":path" is no header name`},
		{"a base64 value has no other member", `{"request": {"headers": [["a", {"base64": "", "x": ""}]]}}`, "want a string or"},
		{"a base64 value is not empty of members", `{"request": {"headers": [["a", {}]]}}`, "want a string or"},
		{"a lone surrogate", `{"request": {"path": "/\ud800"}}`, "request.path: lone surrogate"},
		{"a size is not negative", `{"request": {"chunks": [1, -1]}}`, "request.chunks[1]: want an integer"},
		{"a size is whole", `{"request": {"chunks": [1.5]}}`, "request.chunks[0]: want an integer"},
		{"a key of callouts has a URI", `{"callouts": {"jwks ": {}}}`, `callouts."jwks ": want "<cluster> <uri>"`},
		{"a URI has a host", `{"callouts": {"c https:///x": {}}}`, "the URI has no host"},
		{"a list of answers is not empty", `{"callouts": {"c http://h/": []}}`, "want an answer in the list"},
		{"an answer's status is one", `{"callouts": {"c http://h/": {"status": 99}}}`, "status: want an integer from 100 to 599"},
		{"an answer has one body", `{"callouts": {"c http://h/": {"body": "", "body_base64": ""}}}`, "want one of them"},
		{"reset is a boolean", `{"callouts": {"c http://h/": {"reset": 1}}}`, "reset: want true or false"},
		{"an answer in a list is checked", `{"callouts": {"c http://h/": [{}, {"delay_ms": -1}]}}`, "[1].delay_ms: want an integer"},
		{"a property is not a list", `{"properties": {"a": []}}`, "properties.a: want a string"},
		{"a response's status is one", `{"upstream_response": {"status": 600}}`, "upstream_response.status: want an integer"},
		{"a response has no path", `{"upstream_response": {"path": "/"}}`, "upstream_response.path: unknown"},
	}
	for _, tt := range tests {
		t.Run(tt.law, func(t *testing.T) {
			_, err := ParseCase([]byte(tt.line))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("ParseCase(%s) = %v, want %q in it", tt.line, err, tt.want)
			}
		})
	}
}

func TestParseCaseName(t *testing.T) {
	tests := []struct{ law, line, want string }{
		{"the name before what is wrong is given back", `{"name": "n", "now": "x"}`, "n"},
		{"the name behind what is wrong is given back", `{"now": "x", "name": "n"}`, "n"},
		{"a name that is no string is not", `{"name": 1, "now": "x"}`, ""},
	}
	for _, tt := range tests {
		t.Run(tt.law, func(t *testing.T) {
			c, err := ParseCase([]byte(tt.line))
			if err == nil {
				t.Fatal("no error")
			}
			got := ""
			if c.Name != nil {
				got = *c.Name
			}
			if got != tt.want {
				t.Errorf("name %q, want %q", got, tt.want)
			}
		})
	}
}

func TestParseCaseKeepsTheConfigurationByteForByte(t *testing.T) {
	const config = `{ "a" : [1.0, "\u0041", "\ud800"], "a": 2 }`
	c, err := ParseCase([]byte(`{"config": ` + config + `}`))
	if err != nil {
		t.Fatal(err)
	}
	if string(c.Config) != config {
		t.Errorf("config is %s, want %s", c.Config, config)
	}
}

func TestParseCaseTakesNullForAbsent(t *testing.T) {
	c, err := ParseCase([]byte(`{"name": null, "config": null, "now": null, "request": {"query": null, "trailers": null}, "callouts": null}`))
	if err != nil {
		t.Fatal(err)
	}
	if c.starts() || c.Now != nil || c.Callouts != nil || c.Request.Query != nil || c.Request.Trailers != nil {
		t.Errorf("got %+v", c)
	}
}

func TestDecodeTime(t *testing.T) {
	tests := []struct {
		text string
		want time.Time
	}{
		{"0", time.Unix(0, 0)},
		{"1700000000", time.Unix(1700000000, 0)},
		{"1700000000.5", time.Unix(1700000000, 500_000_000)},
		{"1.7e9", time.Unix(1700000000, 0)},
		{"9223372035", time.Unix(9223372035, 0)},
	}
	for _, tt := range tests {
		got, err := decodeTime([]byte(tt.text))
		if err != nil || !got.Equal(tt.want) {
			t.Errorf("decodeTime(%s) = %v, %v; want %v", tt.text, got, err, tt.want)
		}
	}
}

func TestProperties(t *testing.T) {
	le := func(n uint64) string { return string(binary.LittleEndian.AppendUint64(nil, n)) }
	tests := []struct {
		law, line string
		want      map[string]string // "" with a minus in front of the name: absent
	}{
		{
			"a line without properties has a client", `{}`,
			map[string]string{"source.address": "127.0.0.1:50000", "source.port": le(50000)},
		},
		{
			"the port follows the address", `{"source.address": "203.0.113.7:4711"}`,
			map[string]string{"source.address": "203.0.113.7:4711", "source.port": le(4711)},
		},
		{
			"an IPv6 address has a port too", `{"source.address": "[2001:db8::1]:443"}`,
			map[string]string{"source.address": "[2001:db8::1]:443", "source.port": le(443)},
		},
		{
			"a port that is named wins", `{"source.port": 1}`,
			map[string]string{"source.port": le(1)},
		},
		{
			"null takes the default away", `{"source.address": null}`,
			map[string]string{"-source.address": "", "-source.port": ""},
		},
		{
			"values are typed as Envoy types them",
			`{"t": true, "f": false, "i": -2, "u": 18446744073709551615, "d": 0.5, "s": "", "b": {"base64": "AP8="}}`,
			map[string]string{
				"t": "\x01", "f": "\x00", "i": "\xfe\xff\xff\xff\xff\xff\xff\xff", "u": le(math.MaxUint64),
				"d": "\x00\x00\x00\x00\x00\x00\xe0\x3f", "s": "", "b": "\x00\xff",
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.law, func(t *testing.T) {
			line, err := decodeProperties([]byte(tt.line))
			if err != nil {
				t.Fatal(err)
			}
			got := properties(line)
			for name, want := range tt.want {
				if absent, ok := strings.CutPrefix(name, "-"); ok {
					if v, ok := got[absent]; ok {
						t.Errorf("%s is %q, want none", absent, v)
					}
					continue
				}
				if v, ok := got[name]; !ok || string(v) != want {
					t.Errorf("%s is %q, %v; want %q", name, v, ok, want)
				}
			}
		})
	}
}

func TestRequestPairs(t *testing.T) {
	tests := []struct{ law, line, want string }{
		{
			"pseudo headers come first, names in lower case", `{"method": "PUT", "scheme": "http", "authority": "a:1", "path": "/p", "headers": [["X-A", "B"], ["x-a", "C"]]}`,
			":authority a:1|:path /p|:method PUT|:scheme http|x-a B|x-a C",
		},
		{"a query follows a question mark", `{"path": "/p", "query": "a=1", "authority": "h"}`, ":authority h|:path /p?a=1|:method GET|:scheme https"},
		{"an empty query keeps its question mark", `{"path": "/p", "query": "", "authority": "h"}`, ":authority h|:path /p?|:method GET|:scheme https"},
		{"a path is not read", `{"path": "/%2e//?x", "authority": "h"}`, ":authority h|:path /%2e//?x|:method GET|:scheme https"},
		{"host is :authority", `{"headers": [["Host", "h"], ["a", "b"]]}`, ":authority h|:path /|:method GET|:scheme https|a b"},
		{"authority wins over host", `{"authority": "h", "headers": [["host", "other"]]}`, ":authority h|:path /|:method GET|:scheme https"},
		{"CONNECT has no path", `{"method": "CONNECT", "authority": "h:443"}`, ":authority h:443|:method CONNECT|:scheme https"},
		{"an asterisk is a path", `{"method": "OPTIONS", "path": "*", "authority": "h"}`, ":authority h|:path *|:method OPTIONS|:scheme https"},
		{"headers may be an object", `{"authority": "h", "headers": {"a": "b", "C": {"base64": "/w=="}}}`, ":authority h|:path /|:method GET|:scheme https|a b|c \xff"},
	}
	for _, tt := range tests {
		t.Run(tt.law, func(t *testing.T) {
			r, err := decodeRequest([]byte(tt.line))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, p := range r.pairs() {
				got = append(got, p.Name+" "+p.Value)
			}
			if g := strings.Join(got, "|"); g != tt.want {
				t.Errorf("got  %q\nwant %q", g, tt.want)
			}
		})
	}
}

func TestRequestPieces(t *testing.T) {
	tests := []struct {
		law      string
		body     int
		chunks   []int
		trailers bool
		want     []int
	}{
		{"no body has no piece", 0, nil, false, nil},
		{"a short body is one piece and an empty one", 5, nil, false, []int{5, 0}},
		{"a piece has 16 KiB", 16 << 10, nil, false, []int{16384, 0}},
		{"one byte more is another piece", 16<<10 + 1, nil, false, []int{16384, 1, 0}},
		{"trailers end a body without an empty piece", 5, nil, true, []int{5}},
		{"chunks are the pieces", 5, []int{2, 3}, false, []int{2, 3}},
		{"chunks may be empty", 5, []int{0, 5, 0}, false, []int{0, 5, 0}},
		{"what chunks leave over is one piece more", 5, []int{2}, false, []int{2, 3}},
		{"chunks end where the body ends", 5, []int{9, 9}, false, []int{5, 0}},
		{"no chunks make one piece", 5, []int{}, false, []int{5}},
		{"chunks without a body are empty pieces", 0, []int{0}, false, []int{0}},
	}
	for _, tt := range tests {
		t.Run(tt.law, func(t *testing.T) {
			body := bytes.Repeat([]byte("abcdefg"), tt.body/7+1)[:tt.body]
			r := &Request{Body: body, Chunks: tt.chunks}
			if tt.trailers {
				r.Trailers = []Header{{Name: "t", Value: "v"}}
			}
			pieces := r.pieces()
			if got := bytes.Join(pieces, nil); !bytes.Equal(got, body) {
				t.Errorf("the pieces are not the body: %q", got)
			}
			if len(pieces) != len(tt.want) {
				t.Fatalf("%d pieces, want %d", len(pieces), len(tt.want))
			}
			for i, p := range pieces {
				if len(p) != tt.want[i] {
					t.Errorf("piece %d has %d bytes, want %d", i, len(p), tt.want[i])
				}
			}
		})
	}
}

func TestTextAsJSON(t *testing.T) {
	tests := []struct{ law, bytes, json string }{
		{"UTF-8 is a string", "grüß <&>", `"grüß <&>"`},
		{"control bytes are escaped", "a\x00\n", `"a\u0000\n"`},
		{"other bytes are base64", "\xff\x00", `{"base64":"/wA="}`},
		{"half a rune is base64", "\xc3", `{"base64":"` + base64.StdEncoding.EncodeToString([]byte("\xc3")) + `"}`},
		{"the replacement character is text", "\uFFFD", "\"\uFFFD\""},
		{"nothing is the empty string", "", `""`},
	}
	for _, tt := range tests {
		t.Run(tt.law, func(t *testing.T) {
			got, err := Text(tt.bytes).MarshalJSON()
			if err != nil || string(got) != tt.json {
				t.Errorf("MarshalJSON(%q) = %s, %v; want %s", tt.bytes, got, err, tt.json)
			}
			back, err := decodeText(got)
			if err != nil || string(back) != tt.bytes {
				t.Errorf("decodeText(%s) = %q, %v", got, back, err)
			}
		})
	}
}

func TestReasonOf(t *testing.T) {
	tests := []struct{ details, want string }{
		{"postern_denied{expired}", "expired"},
		{"postern_denied{}", "postern_denied{}"}, // a refusal never has the reason of an allowed request
		{"postern_denied{expired", "postern_denied{expired"},
		{"jwt_authn_access_denied{Jwt_is_expired}", "jwt_authn_access_denied{Jwt_is_expired}"},
		{"request_payload_too_large", "request_payload_too_large"},
		{"", "answered"},
	}
	for _, tt := range tests {
		if got := reasonOf(tt.details); got != tt.want {
			t.Errorf("reasonOf(%q) = %q, want %q", tt.details, got, tt.want)
		}
	}
}

// FuzzParseCase: no line makes it panic, and what it takes has a request that
// can be sent.
func FuzzParseCase(f *testing.F) {
	for _, s := range []string{
		`{"name":"n","config":{"providers":{}},"now":1.5,"request":{"method":"POST","path":"/","query":null,"headers":[["a","b"]],"body_base64":"YQ==","chunks":[1,0]}}`,
		`{"callouts":{"jwks https://h:443/k?x#f":[{"status":200,"body":"{}"},{"reset":true,"delay_ms":5}]},"properties":{"connection.mtls":true}}`,
		`{"module":"m","root_id":"r","vm_config":"","plugin_config":"","env":{"A":"b"},"profile":"google","upstream_response":{"status":204,"headers":{"a":"b"}}}`,
		`{"request":{"path":{"base64":"/w=="},"headers":[["a",{"base64":"AA=="}]],"trailers":[["t","\ud83d\ude00"]]}}`,
		`[`, `{"a`, `null`, ``,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		c, err := ParseCase(line)
		if err != nil || c.Request == nil {
			return
		}
		c.Request.pairs()
		if got := bytes.Join(c.Request.pieces(), nil); !bytes.Equal(got, c.Request.Body) {
			t.Errorf("the pieces are not the body")
		}
	})
}
