package main

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"strconv"
	"time"

	"github.com/lestrrat-go/jwx/v2/jwa"
)

// row is one line of the table: what is sent, and what must come of it. The
// expectations are written here by hand; nothing fills them in.
type row struct {
	group string // begins a group of rows
	what  string // what is sent
	cold  bool   // to the second server, not the first

	before  func(context.Context, *world) error
	path    string
	headers func(keyring) []string
	body    string // makes it a POST

	status int
	reason string // "" for an allowed request
	// user is the value of x-user that the upstream must see, "" for none. It
	// must see no credential. Of a refused request it must see nothing at all.
	user string
	// header is the name of a header that the answer must have, or "".
	header string
}

// bearer sends a token as it should be sent.
func bearer(make func(keyring) string) func(keyring) []string {
	return func(k keyring) []string { return []string{"Authorization: Bearer " + make(k)} }
}

// and sends more lines.
func and(lines func(keyring) []string, more ...string) func(keyring) []string {
	return func(k keyring) []string { return append(lines(k), more...) }
}

func lines(l ...string) func(keyring) []string {
	return func(keyring) []string { return l }
}

func byRSA(k keyring) token  { return token{alg: jwa.RS256, kid: "rsa", key: k.rsa} }
func byEC(k keyring) token   { return token{alg: jwa.ES256, kid: "ec", key: k.ec} }
func byNext(k keyring) token { return token{alg: jwa.ES256, kid: "next", key: k.next} }

func good(k keyring) string { return byEC(k).signed() }

// claiming is a good token but for these claims.
func claiming(name string, value any) func(keyring) []string {
	return bearer(func(k keyring) string {
		t := byEC(k)
		t.claims = map[string]any{name: value}
		return t.signed()
	})
}

const challenge = "Www-Authenticate"

// rows returns the table, in the order in which it is played.
func rows() []row {
	var all []row
	for _, part := range [][]row{goodRows(), badRows(), forgedRows(), trickRows(), signedRows(), rotationRows(), outageRows(), reloadRows()} {
		all = append(all, part...)
	}
	return all
}

func goodRows() []row {
	return []row{
		{group: "Good tokens", what: "RS256", path: "/api/orders", headers: bearer(func(k keyring) string { return byRSA(k).signed() }), status: 200, user: "alice"},
		{what: "PS256", path: "/api/orders", headers: bearer(func(k keyring) string {
			return token{alg: jwa.PS256, kid: "rsa", key: k.rsa}.signed()
		}), status: 200, user: "alice"},
		{what: "ES256", path: "/api/orders", headers: bearer(good), status: 200, user: "alice"},
		{what: "EdDSA", path: "/api/orders", headers: bearer(func(k keyring) string {
			return token{alg: jwa.EdDSA, kid: "ed", key: k.ed}.signed()
		}), status: 200, user: "alice"},
		{what: "HS256, where the provider lists it", path: "/partner/orders", headers: bearer(func(k keyring) string {
			return token{alg: jwa.HS256, kid: "partner", key: k.secret}.signed()
		}), status: 200, user: "alice"},
		{what: "no token, on an open path", path: "/public/logo.svg", headers: lines(), status: 200},
	}
}

func badRows() []row {
	now := time.Now()
	return []row{
		{group: "Missing and bad tokens", what: "no token", path: "/api/orders", headers: lines(), status: 401, reason: "missing", header: challenge},
		{what: "expired an hour ago", path: "/api/orders", headers: claiming("exp", now.Add(-time.Hour).Unix()), status: 401, reason: "expired", header: challenge},
		{what: "valid in an hour", path: "/api/orders", headers: claiming("nbf", now.Add(time.Hour).Unix()), status: 401, reason: "not_yet_valid", header: challenge},
		{what: "for another audience", path: "/api/orders", headers: claiming("aud", "invoices"), status: 401, reason: "audience_mismatch", header: challenge},
		{what: "of another issuer", path: "/api/orders", headers: claiming("iss", "https://login.evil.example"), status: 401, reason: "issuer_mismatch", header: challenge},
		{what: "payload changed, signature kept", path: "/api/orders", headers: bearer(func(k keyring) string {
			return byEC(k).withOtherClaims(map[string]any{"sub": "admin"})
		}), status: 401, reason: "bad_signature", header: challenge},
		{what: "one bit of the signature changed", path: "/api/orders", headers: bearer(func(k keyring) string {
			return byEC(k).withOtherSignature()
		}), status: 401, reason: "bad_signature", header: challenge},
	}
}

func forgedRows() []row {
	return []row{
		{group: "Forged tokens", what: "alg none, no signature", path: "/api/orders", headers: bearer(func(k keyring) string {
			return byEC(k).unsigned()
		}), status: 401, reason: "token_malformed", header: challenge},
		{what: "alg none, a good token's signature", path: "/api/orders", headers: bearer(func(k keyring) string {
			t := byEC(k)
			t.header = map[string]any{"alg": "none"}
			return t.signed()
		}), status: 401, reason: "algorithm_unsupported", header: challenge},
		{what: "HS256 keyed with the public RSA key", path: "/api/orders", headers: bearer(func(k keyring) string {
			return byRSA(k).confused(&k.rsa.PublicKey)
		}), status: 401, reason: "algorithm_not_allowed", header: challenge},
		{what: "brings its own key (jwk) along", path: "/api/orders", headers: bearer(func(k keyring) string {
			return byEC(k).withOwnKey(k.forged)
		}), status: 401, reason: "bad_signature", header: challenge},
		{what: "signed by a stranger under a known kid", path: "/api/orders", headers: bearer(func(k keyring) string {
			return token{alg: jwa.ES256, kid: "ec", key: k.forged}.signed()
		}), status: 401, reason: "bad_signature", header: challenge},
		{
			what: "five segments, encrypted", path: "/api/orders", headers: bearer(func(keyring) string { return encrypted() }),
			status: 401, reason: "token_encrypted", header: challenge,
		},
	}
}

func trickRows() []row {
	return []row{
		{group: "Tricks with the request", what: "good token and a spoofed x-user", path: "/api/orders", headers: and(bearer(good), "X-User: admin"), status: 200, user: "alice"},
		{what: "spoofed x-user on an open path", path: "/public/logo.svg", headers: lines("X-User: admin"), status: 200},
		{what: "Connection: x-user, to have it dropped", path: "/api/orders", headers: and(bearer(good), "Connection: x-user"), status: 200, user: "alice"},
		{what: "two Authorization lines", path: "/api/orders", headers: func(k keyring) []string {
			return []string{"Authorization: Bearer " + good(k), "Authorization: Bearer " + good(k)}
		}, status: 400, reason: "several_credentials"},
		{what: "/public/../api/orders, no token", path: "/public/../api/orders", headers: lines(), status: 400, reason: "path_not_normal"},
		{what: "/public/%2e%2e/api/orders, no token", path: "/public/%2e%2e/api/orders", headers: lines(), status: 400, reason: "path_not_normal"},
		{what: "a path that no rule names, good token", path: "/metrics", headers: bearer(good), status: 403, reason: "no_rule"},
	}
}

// signedRows are webhooks: their senders sign the body and have no token.
func signedRows() []row {
	const hook, changed = `{"action":"opened","number":17}`, `{"action":"opened","number":18}`
	now := time.Now()
	github := func(k keyring) []string {
		return []string{"X-Hub-Signature-256: sha256=" + hex.EncodeToString(k.mac(hook))}
	}
	standard := func(at time.Time) func(keyring) []string {
		stamp := strconv.FormatInt(at.Unix(), 10)
		return func(k keyring) []string {
			mac := base64.StdEncoding.EncodeToString(k.mac("msg_1." + stamp + "." + hook))
			return []string{"Webhook-Id: msg_1", "Webhook-Timestamp: " + stamp, "Webhook-Signature: v1," + mac}
		}
	}
	return []row{
		{group: "Signed requests", what: "a webhook of GitHub's", path: "/hooks/github", headers: github, body: hook, status: 200},
		{what: "the same, a digit of its body changed", path: "/hooks/github", headers: github, body: changed, status: 401, reason: "signature_invalid", header: challenge},
		{what: "the same, not signed", path: "/hooks/github", headers: lines(), body: hook, status: 401, reason: "missing", header: challenge},
		{what: "a Standard Webhook", path: "/hooks/orders", headers: standard(now), body: hook, status: 200},
		{what: "the very same again", path: "/hooks/orders", headers: standard(now), body: hook, status: 401, reason: "replayed", header: challenge},
		{what: "signed ten minutes ago", path: "/hooks/orders", headers: standard(now.Add(-10 * time.Minute)), body: hook, status: 401, reason: "signature_expired", header: challenge},
	}
}

func rotationRows() []row {
	return []row{
		{
			group: "The issuer changes its key", what: "new key, not published yet", path: "/api/orders", headers: bearer(func(k keyring) string { return byNext(k).signed() }),
			status: 401, reason: "key_unknown", header: challenge,
		},
		{
			what: "new key, published: the set is fetched again", path: "/api/orders", headers: bearer(func(k keyring) string { return byNext(k).signed() }),
			before: func(ctx context.Context, w *world) error {
				if err := w.publish(true); err != nil {
					return err
				}
				return pause(ctx, 1100*time.Millisecond) // refetch_on_unknown_kid.min_interval
			},
			status: 200, user: "alice",
		},
		{what: "former key, still published", path: "/api/orders", headers: bearer(good), status: 200, user: "alice"},
	}
}

func outageRows() []row {
	return []row{
		{group: "The key-set server is down", what: "good token, before", path: "/edge/orders", headers: bearer(good), status: 200, user: "alice"},
		{
			what: "good token, set too old: good keys stay", path: "/edge/orders", headers: bearer(good),
			before: func(ctx context.Context, w *world) error {
				if err := w.login.off(); err != nil {
					return err
				}
				return pause(ctx, 1500*time.Millisecond) // longer than cache_duration
			},
			status: 200, user: "alice",
		},
		{what: "bad token, set too old", path: "/edge/orders", headers: claiming("aud", "invoices"), status: 401, reason: "audience_mismatch", header: challenge},
		{
			what: "second server, never got a set", cold: true, path: "/api/orders", headers: bearer(good),
			before: func(ctx context.Context, w *world) error { return w.startCold(ctx) },
			status: 503, reason: "keys_unavailable", header: "Retry-After",
		},
		{
			what: "second server, set is there at last", cold: true, path: "/api/orders", headers: bearer(good),
			before: func(ctx context.Context, w *world) error {
				if err := w.late.on(ctx); err != nil {
					return err
				}
				return w.late.awaitFetch(ctx)
			},
			status: 200, user: "alice",
		},
	}
}

func reloadRows() []row {
	return []row{
		{
			group: "The configuration changes", what: "a broken one is refused: the former decides", path: "/api/orders", headers: bearer(good),
			before: func(ctx context.Context, w *world) error {
				from := w.main.mark()
				if err := store(w.config, object{"providers": object{}, "rulez": []object{}}); err != nil {
					return err
				}
				_, err := w.main.await(ctx, from, "configuration refused, the former one stays in use")
				return err
			},
			status: 200, user: "alice",
		},
		{
			what: "another audience is configured: refused now", path: "/api/orders", headers: bearer(good),
			before: func(ctx context.Context, w *world) error {
				config, err := mainConfig("http://"+w.login.addr, w.keys, "invoices")
				if err != nil {
					return err
				}
				from := w.main.mark()
				if err := w.login.on(ctx); err != nil {
					return err
				}
				if err := store(w.config, config); err != nil {
					return err
				}
				_, err = w.main.await(ctx, from, "configuration reloaded")
				return err
			},
			status: 401, reason: "audience_mismatch", header: challenge,
		},
		{what: "a token for that audience", path: "/api/orders", headers: claiming("aud", "invoices"), status: 200, user: "alice"},
	}
}
