package explain_test

import (
	"context"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/postern-wasm/postern/host/explain"
	"github.com/postern-wasm/postern/host/replay"
)

// keyServer answers over a real socket.
func keyServer(t *testing.T, start func(*httptest.Server), handler http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(handler)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	start(s)
	t.Cleanup(s.Close)
	return s
}

// fetched explains a good token whose keys are fetched from a URI.
func fetched(t *testing.T, e *replay.Engine, source, callouts string, patience time.Duration) (*explain.Report, error) {
	t.Helper()
	config := `{"providers":{"a":{"issuer":"https://a.example",` + source + `}},"rules":[{"match":{"prefix":"/"},"requires":{"provider_name":"a"}}]}`
	c, err := replay.ParseCase([]byte(`{"now":1800000000,"config":` + config + callouts + `,` + request("/", bearer(good())) + `}`))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := explain.Fetch(ctx, c, http.DefaultClient); err != nil {
		return nil, err
	}
	return explain.Run(t.Context(), e, c)
}

func remoteAt(uri string) string {
	return `"remote_jwks":{"http_uri":{"uri":` + quoted(uri) + `,"cluster":"login","timeout":"5s"}}`
}

// What a key-set server answers is what the module gets; what is no answer is an error
// that names the URI.
func TestFetch(t *testing.T) {
	e := module(t)
	says := func(status int, text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = w.Write([]byte(text))
		}
	}
	release := make(chan struct{})
	t.Cleanup(func() { close(release) })
	slow := func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	}
	torn := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("content-length", "4000")
		_, _ = w.Write([]byte(jwks("k1"))) // the server closes the connection: too little was written
	}
	for _, tc := range []struct {
		law                   string
		start                 func(*httptest.Server)
		handler               http.HandlerFunc
		reason, note, refusal string
	}{
		{"a set", (*httptest.Server).Start, says(200, jwks("k1")), "", "200, 101 bytes, taken", ""},
		{"404", (*httptest.Server).Start, says(404, jwks("k1")), "keys_unavailable", "404", ""},
		{"a redirect is not followed", (*httptest.Server).Start, http.RedirectHandler("/", http.StatusFound).ServeHTTP, "keys_unavailable", "302", ""},
		{"half a document", (*httptest.Server).Start, says(200, jwks("k1")[:40]), "keys_unavailable", "not taken", ""},
		{"more than max_bytes", (*httptest.Server).Start, says(200, jwks("k1")+strings.Repeat(" ", 65536)), "keys_unavailable", "not taken", ""},
		{"an answer that is torn", (*httptest.Server).Start, torn, "", "", "unexpected EOF"},
		{"an answer that does not come", (*httptest.Server).Start, slow, "", "", "deadline exceeded"},
		{"a certificate that nobody vouches for", (*httptest.Server).StartTLS, says(200, jwks("k1")), "", "", "certificate"},
	} {
		t.Run(tc.law, func(t *testing.T) {
			uri := keyServer(t, tc.start, tc.handler).URL + "/keys"
			r, err := fetched(t, e, remoteAt(uri), "", time.Second)
			if tc.refusal != "" {
				if err == nil || !strings.Contains(err.Error(), "cannot fetch "+uri) || !strings.Contains(err.Error(), tc.refusal) {
					t.Errorf("got %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if !r.Agreed || r.Verdict.Reason != tc.reason || !strings.Contains(strings.Join(r.KeySets, "\n"), tc.note) {
				t.Errorf("agreed %v (%s), verdict %+v, key sets %q", r.Agreed, r.Disagreement, r.Verdict, r.KeySets)
			}
		})
	}
}

// An answer that the case has already is not asked for again.
func TestFetchKeepsTheCasesOwnAnswers(t *testing.T) {
	s := keyServer(t, (*httptest.Server).Start, func(http.ResponseWriter, *http.Request) { t.Error("asked") })
	uri := s.URL + "/keys"
	r, err := fetched(t, module(t), remoteAt(uri), `,"callouts":{"login `+uri+`":{"status":200,"body":`+quoted(jwks("k1"))+`}}`, time.Second)
	if err != nil || !r.Agreed || !r.Verdict.Allowed {
		t.Errorf("%+v, %v", r, err)
	}
}

// Discovery: the metadata says where the keys are.
func TestFetchOfDiscovery(t *testing.T) {
	var s *httptest.Server
	s = keyServer(t, (*httptest.Server).Start, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/.well-known/openid-configuration":
			_, _ = w.Write([]byte(`{"issuer":"https://a.example","jwks_uri":` + quoted(s.URL+"/keys") + `}`))
		case "/keys":
			_, _ = w.Write([]byte(jwks("k1")))
		default:
			w.WriteHeader(404)
		}
	})
	r, err := fetched(t, module(t), `"discovery":{"uri":`+quoted(s.URL+"/.well-known/openid-configuration")+`,"cluster":"login"}`, "", time.Second)
	if err != nil || !r.Agreed || !r.Verdict.Allowed {
		t.Errorf("%+v, %v", r, err)
	}
}

// What nothing answers for was not fetched, and no status is made up for it.
func TestAKeySetThatIsNotFetched(t *testing.T) {
	const cfg = `{"providers":{
		"a":{"issuer":"https://a.example","remote_jwks":{"http_uri":{"uri":"https://a.example/keys","cluster":"login","timeout":"5s"}}}},
		"rules":[{"match":{"path":"/open"}},{"match":{"prefix":"/"},"requires":{"provider_name":"a"}}]}`
	for path, reason := range map[string]string{"/open": "", "/": "keys_unavailable"} {
		r := explained(t, module(t), cfg, request(path, bearer(good())))
		if got := strings.Join(r.KeySets, "|"); !r.Agreed || r.Verdict.Reason != reason || got != "https://a.example/keys: not fetched: no callout answers for it, and --fetch is not given" {
			t.Errorf("%s: %+v, key sets %q", path, r.Verdict, got)
		}
	}
}
