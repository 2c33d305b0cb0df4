package filter

import (
	"testing"

	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/request"
)

// sharedSet has two providers of one key set: only tokens of "eager" may cause a fetch
// for a kid.
func sharedSet(compat string) string {
	provider := func(issuer, refetch string) string {
		return `{"issuer":"` + issuer + `","remote_jwks":{"http_uri":{"uri":"https://idp.test/keys","cluster":"idp","timeout":"5s"},
			"refetch_on_unknown_kid":` + refetch + `}}`
	}
	return `{` + compat + `"providers":{"eager":` + provider("https://eager.test", `{"min_interval":"30s","wait":"2s"}`) +
		`,"quiet":` + provider("https://quiet.test", "false") + `},
		"rules":[{"match":{"prefix":"/a"},"requires":{"requires_any":{"requirements":[{"provider_name":"quiet"},{"provider_name":"eager"}]}}}]}`
}

func TestR09AProviderThatDoesNotRefetchNeitherAsksNorWaits(t *testing.T) {
	for name, compat := range map[string]string{"strict": "", "compat": `"compat":"jwt_authn",`} {
		t.Run(name, func(t *testing.T) {
			h := &host{t: t, p: plugin(t, sharedSet(compat)), now: start}
			of := func(issuer, kid string) []request.Header {
				return get(token(kid, map[string]any{"iss": issuer, "exp": start/sec + 7200}))
			}
			h.pump()
			h.answer(ok(keySet("a")))

			var quiet Stream
			if v := h.request(&quiet, of("https://quiet.test", "b")); v.Action != Refuse || v.Reason != reason.KeyUnknown || h.fetches != 1 {
				t.Fatalf("a token of the quiet provider: %+v, %d fetches", v, h.fetches)
			}
			var eager Stream
			if v := h.request(&eager, of("https://eager.test", "b")); v.Action != Pause || h.fetches != 2 {
				t.Fatalf("a token of the eager provider: %+v, %d fetches", v, h.fetches)
			}
			var beside Stream
			if v := h.request(&beside, of("https://quiet.test", "b")); v.Action != Refuse || v.Reason != reason.KeyUnknown {
				t.Errorf("a token of the quiet provider waits for the other's fetch: %+v", v)
			}
			h.answer(ok(keySet("a", "b")))
			var after Stream
			if v := h.request(&after, of("https://quiet.test", "b")); v.Action != Continue {
				t.Errorf("what the other's fetch has brought is for both: %+v", v)
			}
		})
	}
}
