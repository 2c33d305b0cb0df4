package effect

import (
	"strings"
	"testing"

	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/request"
)

// TestH25NothingOfTheRequestEndsTheRealm: in jwt_authn's manner the realm is the URL that
// the client wrote. Its query is dropped, what would end the quoted text is escaped, and
// what would end the line is left out.
func TestH25NothingOfTheRequestEndsTheRealm(t *testing.T) {
	const begin = `Bearer realm="https://api.test`
	for _, tc := range []struct{ law, path, original, want string }{
		{"a path", "/a", "", begin + `/a", error="invalid_token"`},
		{"a quote", `/a", error="x`, "", begin + `/a\", error=\"x", error="invalid_token"`},
		{"a backslash", `/a\`, "", begin + `/a\\", error="invalid_token"`},
		{"a backslash before a quote", `/a\"`, "", begin + `/a\\\"", error="invalid_token"`},
		{"CR LF", "/a\r\nset-cookie: x=y", "", begin + `/aset-cookie: x=y", error="invalid_token"`},
		{"NUL, DEL and escape", "/a\x00\x7f\x1b[31m", "", begin + `/a[31m", error="invalid_token"`},
		{"a token in the query", "/a?access_token=s3cr3t", "", begin + `/a", error="invalid_token"`},
		{"a token behind an empty query", "/a??access_token=s3cr3t", "", begin + `/a", error="invalid_token"`},
		{"a path that is long", "/" + strings.Repeat("a", 300), "", begin + "/" + strings.Repeat("a", 255) + `", error="invalid_token"`},
		{"a long path of quotes", strings.Repeat(`"`, 300), "", begin + strings.Repeat(`\"`, 256) + `", error="invalid_token"`},
		{"the path before a rewrite", "/b", "/a", begin + `/a", error="invalid_token"`},
		{"the same laws hold for it", "/b", "/a\"\\\r\nx?access_token=s3cr3t", begin + `/a\"\\x", error="invalid_token"`},
	} {
		headers := []request.Header{
			{Name: ":method", Value: "GET"}, {Name: ":scheme", Value: "https"}, {Name: ":authority", Value: "api.test"}, {Name: ":path", Value: tc.path},
		}
		if tc.original != "" {
			headers = append(headers, request.Header{Name: "x-envoy-original-path", Value: tc.original})
		}
		var v request.View
		if v.Read(headers, request.PathRaw) != reason.OK {
			// What no view lets through is kept out here too.
			v = request.View{Scheme: "https", Authority: "api.test", RawPath: tc.path, Headers: headers}
		}
		a := new(Writer).RefuseAuthn(&Config{}, &v, reason.AuthnFailed)
		if len(a.Headers) == 0 || a.Headers[0] != (request.Header{Name: "www-authenticate", Value: tc.want}) {
			t.Errorf("%s: %q\nwant %q", tc.law, a.Headers, tc.want)
		}
	}
	// The authority is the client's too.
	v := request.View{Scheme: `ht"tp`, Authority: "a\"\\\n.test", RawPath: "/"}
	a := new(Writer).RefuseAuthn(&Config{}, &v, reason.AuthnMissed)
	if want := `Bearer realm="ht\"tp://a\"\\.test/"`; a.Headers[0].Value != want {
		t.Errorf("%q, want %q", a.Headers[0].Value, want)
	}
}
