package serve

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/postern-wasm/postern/host/abi"
	"github.com/postern-wasm/postern/host/upstream"
)

// seen is what a key-set server was asked.
type seen struct{ method, host, target, body, header string }

func keyServer(t *testing.T) (address string, asked chan seen) {
	t.Helper()
	asked = make(chan seen, 8)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		asked <- seen{r.Method, r.Host, r.RequestURI, string(body), strings.Join(r.Header["X-Two"], "|")}
		switch r.URL.Path {
		case "/moved":
			http.Redirect(w, r, "/keys", http.StatusFound)
		case "/large":
			_, _ = w.Write(bytes.Repeat([]byte("x"), MaxCalloutBytes+1))
		case "/slow":
			<-r.Context().Done()
		default:
			w.Header().Add("X-A", "1")
			w.Header().Add("X-A", "2")
			w.WriteHeader(http.StatusTeapot)
			_, _ = w.Write([]byte("keys"))
		}
	}))
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://"), asked
}

func call(t *testing.T, c *Clusters, cluster, authority, path string, more ...abi.Pair) upstream.Answer {
	t.Helper()
	answers := make(chan upstream.Answer, 1)
	c.Call(t.Context(), &upstream.Request{
		Cluster: cluster,
		Headers: append([]abi.Pair{
			{Name: ":method", Value: "GET"},
			{Name: ":path", Value: path},
			{Name: ":authority", Value: authority},
		}, more...),
		Timeout: time.Nanosecond, // given up a second after the host's own timeout
	}, func(a *upstream.Answer) { answers <- *a })
	select {
	case a := <-answers:
		return a
	case <-time.After(10 * time.Second):
		t.Fatal("no answer")
		panic("unreachable")
	}
}

func status(a upstream.Answer) string {
	if len(a.Headers) == 0 || a.Headers[0].Name != ":status" {
		return "none"
	}
	return a.Headers[0].Value
}

func TestClustersGoWhereTheConfigurationSays(t *testing.T) {
	address, asked := keyServer(t)
	mapped, err := url.Parse("http://" + address)
	if err != nil {
		t.Fatal(err)
	}
	c := NewClusters(map[string]*url.URL{"mapped": mapped}, nil)
	c.Use([]byte(`{"providers":{"a":{"remote_jwks":{"http_uri":{"uri":"http://`+address+`/keys?v=%2f","cluster":"idp"}}},
		"b":{"remoteJwks":{"httpUri":{"uri":"HTTP://`+address+`/other","cluster":"idp2"}}},
		"c":{"x":[{"uri":"ftp://`+address+`/","cluster":"ftp"},{"uri":7,"cluster":"seven"}]}}}`), []byte("no JSON"))

	for cluster, want := range map[string]bool{"mapped": true, "idp": true, "idp2": true, "ftp": false, "seven": false, "": false} {
		if got := c.Known(cluster); got != want {
			t.Errorf("Known(%q) = %v, want %v", cluster, got, want)
		}
	}
	for _, tc := range []struct {
		name, cluster, authority, path string
		status                         string
		want                           seen
	}{
		{"a cluster beside a uri goes to its authority, bytes of the path as they are", "idp", address, "/keys?v=%2f", "418", seen{method: "GET", host: address, target: "/keys?v=%2f"}},
		{"the scheme of the authority is that of its uri, for other paths too", "idp", address, "/discovered", "418", seen{method: "GET", host: address, target: "/discovered"}},
		{"a scheme is read without case", "idp2", address, "/other", "418", seen{method: "GET", host: address, target: "/other"}},
		{"a mapped cluster goes to its address with the Host that the module gave", "mapped", "login.example", "//a/../b%zz", "503", seen{}},
		{"a path that begins with two slashes is no authority", "mapped", "login.example", "//a/../b", "418", seen{method: "GET", host: "login.example", target: "//a/../b"}},
		{"an authority that no uri of the cluster names is not called", "idp", "login.example", "/keys?v=%2f", "503", seen{}},
		{"a path without a slash is not called", "mapped", address, "keys", "503", seen{}},
		{"a redirect is an answer, not followed", "mapped", address, "/moved", "302", seen{method: "GET", host: address, target: "/moved"}},
		{"an answer over the bound is no answer", "mapped", address, "/large", "503", seen{method: "GET", host: address, target: "/large"}},
		{"an answer that does not come is given up", "mapped", address, "/slow", "503", seen{method: "GET", host: address, target: "/slow"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a := call(t, c, tc.cluster, tc.authority, tc.path)
			if got := status(a); got != tc.status {
				t.Errorf("status %s, want %s", got, tc.status)
			}
			select {
			case got := <-asked:
				if got != tc.want {
					t.Errorf("the server saw %+v, want %+v", got, tc.want)
				}
			default:
				if tc.want != (seen{}) {
					t.Error("the server was not asked")
				}
			}
		})
	}
	c.Use()
	if c.Known("idp") || !c.Known("mapped") {
		t.Error("after another configuration the former one's clusters are unknown, the mapped ones stay")
	}
}

func TestClustersAnswer(t *testing.T) {
	address, asked := keyServer(t)
	c := NewClusters(map[string]*url.URL{"k": {Scheme: "http", Host: address}}, nil)
	a := call(t, c, "k", "login.example", "/keys", abi.Pair{Name: "x-two", Value: "1"}, abi.Pair{Name: "x-two", Value: "2"},
		abi.Pair{Name: "connection", Value: "close"}, abi.Pair{Name: ":scheme", Value: "https"})
	if got := <-asked; got.header != "1|2" {
		t.Errorf("lines of one header arrive as %q", got.header)
	}
	if string(a.Body) != "keys" || a.Reset {
		t.Errorf("answer %+v", a)
	}
	var xs []string
	for _, p := range a.Headers {
		if p.Name != strings.ToLower(p.Name) {
			t.Errorf("header %q is not in lower case", p.Name)
		}
		if p.Name == "x-a" {
			xs = append(xs, p.Value)
		}
	}
	if strings.Join(xs, "|") != "1|2" {
		t.Errorf("lines of one header in the answer: %q", xs)
	}
}

func TestNamedSchemes(t *testing.T) {
	c := NewClusters(nil, nil)
	c.Use([]byte(`[{"uri":"http://h/1","cluster":"x"},{"uri":"https://h/2","cluster":"x"},{"uri":"g/3","cluster":"y"}]`))
	for _, tc := range []struct{ name, cluster, authority, path, want string }{
		{"a path of its own keeps its scheme", "x", "h", "/1", "http"},
		{"another path keeps its scheme", "x", "h", "/2", "https"},
		{"a path that nobody names goes encrypted where one does", "x", "h", "/9", "https"},
		{"a uri without a scheme is https", "y", "g", "/3", "https"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			scheme, _, _ := c.base(&upstream.Request{Cluster: tc.cluster, Headers: []abi.Pair{
				{Name: ":authority", Value: tc.authority}, {Name: ":path", Value: tc.path},
			}})
			if scheme != tc.want {
				t.Errorf("got %q, want %q", scheme, tc.want)
			}
		})
	}
}
