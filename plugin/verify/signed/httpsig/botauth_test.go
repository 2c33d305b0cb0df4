package httpsig_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"strings"
	"testing"

	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/verify/signed"
	"github.com/postern-wasm/postern/plugin/verify/signed/httpsig"
)

// bot is a key whose name is its thumbprint.
func bot(t testing.TB) keyPair {
	t.Helper()
	edPublic, private, err := ed25519.GenerateKey(rand.Reader)
	must(t, err)
	k := public(t, "", edPublic, signed.Ed25519)
	k.ID = k.Public().Thumbprint()
	return keyPair{k.ID, signed.Ed25519, k, func(text string) []byte { return ed25519.Sign(private, []byte(text)) }}
}

func TestWebBotAuth(t *testing.T) {
	k := bot(t)
	const agent, agents = `"https://bot.example"`, `sig1="https://bot.example", old="https://old.example"`
	authority := "\"@authority\": example.com\n"
	uri := "\"@target-uri\": https://example.com/foo?param=Value&Pet=dog\n"
	id := `;keyid="` + k.id + `"`
	const bounded, tagged = `;created=1767225595;expires=1767229195`, `;tag="web-bot-auth"`
	for _, c := range []struct {
		law, list, params, base, agent string
		want                           reason.Code
		at                             int64
		edit                           func(*httpsig.Config)
	}{
		{law: "the authority", list: `("@authority")`, params: bounded + id + tagged, base: authority},
		{law: "the target URI", list: `("@target-uri")`, params: bounded + id + tagged, base: uri},
		{law: "neither", list: `("@method" "@path")`, params: bounded + id + tagged, base: "\"@method\": GET\n\"@path\": /foo\n", want: reason.ComponentNotCovered},
		{law: "more, as the configuration asks", list: `("@authority")`, params: bounded + id + tagged, base: authority, want: reason.ComponentNotCovered, edit: func(c *httpsig.Config) { c.Components = []string{"@method"} }},
		{law: "the agent as a string", list: `("@authority" "signature-agent")`, params: bounded + id + tagged, base: authority + `"signature-agent": ` + agent + "\n", agent: agent},
		{law: "the agent as a string that is not covered", list: `("@authority")`, params: bounded + id + tagged, base: authority, agent: agent, want: reason.ComponentNotCovered},
		{law: "the agent as a string, and another field that is covered", list: `("@authority" "accept")`, params: bounded + id + tagged, base: authority, agent: agent, want: reason.ComponentNotCovered},
		{law: "the agent as a dictionary's member", list: `("@authority" "signature-agent";key="sig1")`, params: bounded + id + tagged, base: authority + `"signature-agent";key="sig1": "https://bot.example"` + "\n", agent: agents},
		{law: "the agent as a dictionary", list: `("@authority" "signature-agent")`, params: bounded + id + tagged, base: authority + `"signature-agent": ` + agents + "\n", agent: agents},
		{law: "the agent as a dictionary that is not covered", list: `("@authority")`, params: bounded + id + tagged, base: authority, agent: agents, want: reason.ComponentNotCovered},
		{law: "a member that is not there", list: `("@authority" "signature-agent";key="sig2")`, params: bounded + id + tagged, base: authority, agent: agents, want: reason.ComponentNotCovered},
		{law: "a key of the string form", list: `("@authority" "signature-agent";key="sig1")`, params: bounded + id + tagged, base: authority, agent: agent, want: reason.ComponentNotCovered},
		{law: "an agent that is a token", list: `("@authority" "signature-agent")`, params: bounded + id + tagged, base: authority + "\"signature-agent\": bot\n", agent: "bot", want: reason.SignatureMalformed},
		{law: "a dictionary with another type", list: `("@authority" "signature-agent")`, params: bounded + id + tagged, base: authority, agent: `sig1=1`, want: reason.SignatureMalformed},
		{law: "an agent that is no structured field", list: `("@authority" "signature-agent")`, params: bounded + id + tagged, base: authority, agent: `https://bot.example`, want: reason.SignatureMalformed},
		{law: "covered, and not there", list: `("@authority" "signature-agent")`, params: bounded + id + tagged, base: authority, want: reason.ComponentMissing},
		{law: "another tag", list: `("@authority")`, params: bounded + id + `;tag="web-bot"`, base: authority, want: reason.SignerMismatch},
		{law: "no tag", list: `("@authority")`, params: bounded + id, base: authority, want: reason.SignerMismatch},
		{law: "no expires", list: `("@authority")`, params: `;created=1767225595` + id + tagged, base: authority, want: reason.TimestampMissing},
		{law: "no created", list: `("@authority")`, params: `;expires=1767225700` + id + tagged, base: authority, want: reason.TimestampMissing},
		{law: "no created, were it optional elsewhere", list: `("@authority")`, params: `;expires=1767225700` + id + tagged, base: authority, want: reason.TimestampMissing, edit: func(c *httpsig.Config) { c.CreatedOptional = true }},
		{law: "no keyid", list: `("@authority")`, params: bounded + tagged, base: authority, want: reason.SignatureMalformed},
		{law: "a day", list: `("@authority")`, params: `;created=1767225595;expires=1767311995` + id + tagged, base: authority},
		{law: "a second more than a day", list: `("@authority")`, params: `;created=1767225595;expires=1767311996` + id + tagged, base: authority, want: reason.SignatureMalformed},
		{law: "past its end", list: `("@authority")`, params: bounded + id + tagged, base: authority, at: 1767229196, want: reason.SignatureExpired},
		{law: "older than the tolerance", list: `("@authority")`, params: bounded + id + tagged, base: authority, at: 1767229195, want: reason.SignatureExpired},
		{law: "at its end, where it lasts until then", list: `("@authority")`, params: bounded + id + tagged, base: authority, at: 1767229195, edit: func(c *httpsig.Config) { c.Lasting = true }},
		{law: "past its end, where it lasts until then", list: `("@authority")`, params: bounded + id + tagged, base: authority, at: 1767229196, want: reason.SignatureExpired, edit: func(c *httpsig.Config) { c.Lasting = true }},
		{law: "not made yet, where it lasts", list: `("@authority")`, params: bounded + id + tagged, base: authority, at: 1767225294, want: reason.SignatureInFuture, edit: func(c *httpsig.Config) { c.Lasting = true }},
		{law: "a shared secret's algorithm", list: `("@authority")`, params: bounded + id + tagged + `;alg="hmac-sha256"`, base: authority, want: reason.AlgorithmNotAllowed},
	} {
		cfg := httpsig.Config{WebBotAuth: true}
		if c.edit != nil {
			c.edit(&cfg)
		}
		m := post().bodiless()
		m.method = "GET"
		if c.agent != "" {
			m = m.with("signature-agent", c.agent)
		}
		if c.at == 0 {
			c.at = now
		}
		expect(t, c.law, judge(t, provider(t, cfg, k.key), m.signed(k, c.list+c.params, c.base), c.at), c.want)
	}
}

// TestWebBotAuthTakesNoSecret: neither by its algorithms nor by name, and no public key
// under another name than its thumbprint.
func TestWebBotAuthTakesNoSecret(t *testing.T) {
	s, err := httpsig.New(httpsig.Config{WebBotAuth: true})
	must(t, err)
	if _, err := signed.NewSecret([]byte(strings.Repeat("s", 40)), s.Traits().Algorithms); !errors.Is(err, signed.ErrNoUse) {
		t.Errorf("a secret: %v", err)
	}
	k := bot(t)
	if err := s.CheckKey(k.key); err != nil {
		t.Error(err)
	}
	k.key.ID = "bot"
	if err := s.CheckKey(k.key); !errors.Is(err, httpsig.ErrThumbprint) {
		t.Errorf("another name: %v", err)
	}
	if err := s.CheckKey(keyring(t)[0].key); !errors.Is(err, httpsig.ErrThumbprint) {
		t.Errorf("a secret: %v", err)
	}
	plain, err := httpsig.New(httpsig.Config{})
	must(t, err)
	if err := plain.CheckKey(k.key); err != nil {
		t.Error(err)
	}
}
