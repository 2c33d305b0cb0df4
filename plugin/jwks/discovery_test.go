package jwks

import (
	"strings"
	"testing"
)

const (
	wellKnown = "https://idp.test/t/.well-known/openid-configuration"
	wellOther = "https://idp.test/.well-known/oauth-authorization-server/t"
	goodPlace = "https://idp.test/t/keys"
)

func discoveryConfig() Config {
	cfg := testConfig()
	cfg.URI, cfg.OtherURI, cfg.Issuer = wellKnown, wellOther, "https://idp.test/t"
	return cfg
}

func metadata(uri string) string {
	return `{"issuer":"https://idp.test/t","jwks_uri":"` + uri + `","response_types_supported":["code"]}`
}

func asked(t *testing.T, p *proxy, want ...string) {
	t.Helper()
	if got := strings.Join(p.asked, " "); got != strings.Join(want, " ") {
		t.Errorf("asked for %s, want %s", got, strings.Join(want, " "))
	}
}

func TestDiscoveryFindsTheKeysOnceForAllWorkers(t *testing.T) {
	p := newProxy(t, discoveryConfig(), 3)
	p.pumpAll()
	p.answer(ok(metadata(goodPlace)))
	p.answer(ok(docA))
	p.pass(pollInterval)
	for i, s := range p.workers {
		if p.kid(s) != "a" {
			t.Errorf("worker %d has no keys", i)
		}
	}
	asked(t, p, wellKnown, goodPlace)
	// The set is refreshed where it was, by whichever worker is first; the metadata only
	// when it is an hour old.
	for range 8 * 60 {
		p.pass(10 * second)
		for len(p.flying) > 0 {
			if strings.HasSuffix(p.asked[len(p.asked)-1], "configuration") {
				p.answer(ok(metadata(goodPlace)))
				continue
			}
			p.answer(ok(docA))
		}
	}
	lookups := 0
	for _, uri := range p.asked {
		if uri == wellKnown {
			lookups++
		}
	}
	if lookups != 2 {
		t.Errorf("%d look-ups in 80 minutes, want 2", lookups)
	}
}

func TestDiscoveryLooksAtBothPlaces(t *testing.T) {
	p := newProxy(t, discoveryConfig(), 1)
	p.pumpAll()
	p.answer(Answer{Status: 404})
	p.answer(ok(metadata(goodPlace)))
	p.answer(ok(docA))
	if p.kid(p.workers[0]) != "a" {
		t.Error("no keys")
	}
	asked(t, p, wellKnown, wellOther, goodPlace)
	// At neither: a failure, with its delay, and then from the start.
	p = newProxy(t, discoveryConfig(), 1)
	p.pumpAll()
	p.answer(Answer{Status: 404})
	p.answer(Answer{Status: 404})
	if !p.workers[0].Hopeless(p.now) {
		t.Error("nothing at either place, and hope")
	}
	p.pass(second)
	asked(t, p, wellKnown, wellOther, wellKnown)
	// An outage is not an absence.
	p = newProxy(t, discoveryConfig(), 1)
	p.pumpAll()
	p.answer(Answer{Status: 503})
	asked(t, p, wellKnown)
}

// TestMetadataIsNotBelieved (C-06, N-13): whatever it says, keys are fetched from the
// configured cluster's authority or not at all.
func TestMetadataIsNotBelieved(t *testing.T) {
	for law, document := range map[string]string{
		"another issuer":             strings.Replace(metadata(goodPlace), `"https://idp.test/t"`, `"https://idp.test"`, 1),
		"the issuer and a slash":     strings.Replace(metadata(goodPlace), `"https://idp.test/t"`, `"https://idp.test/t/"`, 1),
		"the issuer in other case":   strings.Replace(metadata(goodPlace), `"https://idp.test/t"`, `"https://IDP.test/t"`, 1),
		"an issuer that is a list":   strings.Replace(metadata(goodPlace), `"https://idp.test/t"`, `["https://idp.test/t"]`, 1),
		"no issuer":                  `{"jwks_uri":"` + goodPlace + `"}`,
		"two issuers":                `{"issuer":"https://evil.test",` + metadata(goodPlace)[1:],
		"no jwks_uri":                `{"issuer":"https://idp.test/t"}`,
		"a jwks_uri that is null":    `{"issuer":"https://idp.test/t","jwks_uri":null}`,
		"two jwks_uri":               strings.Replace(metadata(goodPlace), `{`, `{"jwks_uri":"`+goodPlace+`",`, 1),
		"another host":               metadata("https://evil.test/t/keys"),
		"a host that begins like it": metadata("https://idp.test.evil.test/keys"),
		"another port":               metadata("https://idp.test:8443/keys"),
		"another scheme":             metadata("http://idp.test/keys"),
		"a scheme nobody speaks":     metadata("file:///etc/keys"),
		"user information":           metadata("https://idp.test@evil.test/keys"),
		"user information, ours":     metadata("https://u:p@idp.test/keys"),
		"a backslash":                metadata(`https://evil.test\\@idp.test/keys`),
		"a host behind a question":   metadata("https://evil.test?idp.test/keys"),
		"a host behind a fragment":   metadata("https://idp.test#@evil.test/keys"),
		"no scheme":                  metadata("//idp.test/keys"),
		"a path alone":               metadata("/keys"),
		"a line break":               metadata(`https://idp.test/keys\r\nhost: evil.test`),
		"other than ASCII":           metadata("https://idp.test/kéys"),
		"2 KB and a byte":            metadata("https://idp.test/" + strings.Repeat("k", maxURI)),
		"nothing":                    metadata(""),
		"a page for humans":          "<html>",
		"half a document":            metadata(goodPlace)[:60],
		"two documents":              metadata(goodPlace) + "{}",
		"a key set in its place":     docA,
		"too deep (N-13)":            strings.Replace(metadata(goodPlace), `["code"]`, strings.Repeat("[", 40)+strings.Repeat("]", 40), 1),
		"more than max_bytes":        metadata(goodPlace) + strings.Repeat(" ", 65536),
	} {
		t.Run(law, func(t *testing.T) {
			p := newProxy(t, discoveryConfig(), 1)
			s := p.workers[0]
			p.pumpAll()
			p.answer(ok(document))
			asked(t, p, wellKnown)
			if !s.Hopeless(p.now) || len(p.flying) > 0 {
				t.Fatal("there is hope")
			}
			p.pass(2 * second)
			p.answer(ok(metadata(goodPlace)))
			p.answer(ok(docA))
			if p.kid(s) != "a" {
				t.Error("good metadata does not help any more")
			}
			// And once there are keys, no metadata takes them away.
			for range 41 {
				p.pass(100 * second)
				for len(p.flying) > 0 {
					if p.asked[len(p.asked)-1] == goodPlace {
						p.answer(ok(docA))
						continue
					}
					p.answer(ok(document))
				}
			}
			if p.kid(s) != "a" {
				t.Error("bad metadata displaces good keys")
			}
		})
	}
}

func TestPlacesAreComparedAsAuthorities(t *testing.T) {
	cfg := discoveryConfig()
	for uri, want := range map[string]bool{
		"https://idp.test/keys": true, "https://IDP.test/keys": true, "https://idp.test:443/keys": true, "HTTPS://idp.test/keys": true,
		"https://idp.test?keys": true, "https://idp.test": true, "https://idp.test:80/keys": false, "https://idp.test./keys": false, "https://idp.test:/keys": false,
	} {
		if got := cfg.admits(uri) == ""; got != want {
			t.Errorf("%s: %v", uri, got)
		}
	}
}

func TestAMovedSetIsFoundAgain(t *testing.T) {
	p := newProxy(t, discoveryConfig(), 1)
	p.pumpAll()
	p.answer(ok(metadata(goodPlace)))
	p.answer(ok(docA))
	p.pass(600 * second)
	p.answer(Answer{Status: 404})
	p.pass(2 * second)
	p.answer(ok(metadata("https://idp.test/new")))
	p.answer(ok(docB))
	if p.kid(p.workers[0]) != "b" {
		t.Error("the set's new place is not found")
	}
	asked(t, p, wellKnown, goodPlace, goodPlace, wellKnown, "https://idp.test/new")
}

func TestAPlaceFromSharedDataIsHeldToTheSameRule(t *testing.T) {
	w := New(discoveryConfig(), 1)
	for place, want := range map[string]string{goodPlace: goodPlace, "https://evil.test/keys": wellKnown, "": wellKnown} {
		p := newProxy(t, discoveryConfig(), 1)
		d := document{version: 1, fetchedAt: start - 590*second, lifetime: 600 * second, place: []byte(place), placeUntil: start + 60*second, body: []byte(docB)}
		p.data[w.names.docKey] = entry{d.encode(w.names.binding), 3}
		p.pumpAll()
		asked(t, p, want)
	}
}

func TestWellKnownPlaces(t *testing.T) {
	for issuer, want := range map[string][2]string{
		"https://idp.test":     {"https://idp.test/.well-known/openid-configuration", "https://idp.test/.well-known/oauth-authorization-server"},
		"https://idp.test/":    {"https://idp.test/.well-known/openid-configuration", "https://idp.test/.well-known/oauth-authorization-server"},
		"https://idp.test/a/b": {"https://idp.test/a/b/.well-known/openid-configuration", "https://idp.test/.well-known/oauth-authorization-server/a/b"},
		"http://h:1/a":         {"http://h:1/a/.well-known/openid-configuration", "http://h:1/.well-known/oauth-authorization-server/a"},
	} {
		if oidc, oauth := WellKnown(issuer); oidc != want[0] || oauth != want[1] {
			t.Errorf("%s: %s, %s", issuer, oidc, oauth)
		}
	}
}
