package parity

import (
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"strings"
	"time"

	"github.com/postern-wasm/postern/host/envoy"
)

// publicPEMs are public keys as PEM text, one after the other.
func (r ring) publicPEMs(names ...string) string {
	text := ""
	for _, name := range names {
		text += string(r.publicPEM(name))
	}
	return text
}

// certificates is a map of kids to self-signed certificates, as issuers publish it.
// Their dates are long past: they are not looked at.
func (r ring) certificates(names ...string) string {
	published := map[string]string{}
	for _, name := range names {
		key, ok := r.raw(name).(crypto.Signer)
		if !ok {
			panic(name + " has no public part")
		}
		c := &x509.Certificate{
			SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: "issuer.test"},
			NotBefore: time.Unix(1_000_000_000, 0), NotAfter: time.Unix(1_000_086_400, 0), IsCA: true, BasicConstraintsValid: true,
		}
		der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
		if err != nil {
			panic(err)
		}
		published[name] = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	}
	text, err := json.Marshal(published)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// publishes answers with a document of another form than a JWK set.
func publishes(document func(ring) string) answer {
	return func(keys ring) envoy.Answer { return envoy.Answer{Body: []byte(document(keys))} }
}

// formsGroup: keys in PEM and in certificates, given inline.
var formsGroup = group{
	name: "key-forms", config: `{
  "providers": {
    "pem": {"local_jwks": {"inline_string": {{pem "rsa" "p256" "p384" "p521" "ed"}}}},
    "certificates": {"localJwks": {"inlineString": {{certificates "rsa" "p256" "p384" "p521" "ed"}}}}
  },
  "rules": [
    {"match": {"prefix": "/pem"}, "requires": {"provider_name": "pem"}},
    {"match": {"prefix": "/map"}, "requires": {"provider_name": "certificates"}}
  ]
}`,
	cases: []scenario{
		{law: "PEM: RSA, whatever the kid", send: get("/pem", bearer()), want: allowed().by("pem")},
		{law: "PEM: without a kid", send: get("/pem", bearer(head("kid", nil))), want: allowed().by("pem")},
		{law: "PEM: P-256", send: get("/pem", bearer(by("p256"))), want: allowed().by("pem")},
		{law: "PEM: P-384", send: get("/pem", bearer(by("p384"))), want: allowed().by("pem")},
		{law: "PEM: P-521", send: get("/pem", bearer(by("p521"))), want: allowed().by("pem")},
		{law: "PEM: Ed25519", send: get("/pem", bearer(by("ed"))), want: allowed().by("pem")},
		{law: "PEM: nobody else's key", send: get("/pem", bearer(by("rsa-stranger"))), want: invalid("bad_signature").by("pem")},
		{law: "map: RSA by its kid", send: get("/map", bearer()), want: allowed().by("certificates")},
		{law: "map: P-256 by its kid", send: get("/map", bearer(by("p256"))), want: allowed().by("certificates")},
		{law: "map: P-384 by its kid", send: get("/map", bearer(by("p384"))), want: allowed().by("certificates")},
		{law: "map: P-521 by its kid", send: get("/map", bearer(by("p521"))), want: allowed().by("certificates")},
		{law: "map: Ed25519 by its kid", send: get("/map", bearer(by("ed"))), want: allowed().by("certificates")},
		{law: "map: without a kid each key that fits is tried", send: get("/map", bearer(head("kid", nil))), want: allowed().by("certificates")},
		{law: "map: a kid that is not there", send: get("/map", bearer(head("kid", "rsa2"))), want: invalid("key_unknown").by("certificates")},
		{law: "map: another key's kid", send: get("/map", bearer(head("kid", "p256"))), want: invalid("key_mismatch").by("certificates")},
		{law: "map: nobody else's key", send: get("/map", bearer(by("rsa-stranger"), head("kid", "rsa"))), want: invalid("bad_signature").by("certificates")},
	},
}

// formsCompatGroup: the same in compat, where jwt_authn takes certificates of RSA keys only.
var formsCompatGroup = group{
	name: "key-forms-compat", config: strings.Replace(formsGroup.config, "{", `{"compat": "jwt_authn",`, 1),
	cases: []scenario{
		{law: "compat, PEM: RSA, whatever the kid", send: get("/pem", bearer()), want: allowed().by("pem")},
		{law: "compat, PEM: P-256", send: get("/pem", bearer(by("p256"))), want: allowed().by("pem")},
		// As jwt_authn says it: the last key that it tries is the Ed25519 one.
		{law: "compat, PEM: nobody else's key", send: get("/pem", bearer(by("rsa-stranger"))), want: authn("Jwt ED25519 signature is wrong length", "/pem")},
		{law: "compat, map: P-384 by its kid", send: get("/map", bearer(by("p384"))), want: allowed().by("certificates")},
		{law: "compat, map: a kid that is not there", send: get("/map", bearer(head("kid", "rsa2"))), want: authn("Jwks doesn't have key to match kid or alg from Jwt", "/map")},
		{law: "compat, map: another key's kid", send: get("/map", bearer(head("kid", "p256"))), want: authn("Jwt verification fails", "/map")},
		{law: "compat, map: nobody else's key", send: get("/map", bearer(by("rsa-stranger"), head("kid", "rsa"))), want: authn("Jwt verification fails", "/map")},
	},
}

// formsRemoteGroup: the same, fetched; a rotation shows by its kid there too.
var formsRemoteGroup = group{
	name: "key-forms-remote", config: `{
  "providers": {
    "pem": {"remote_jwks": {"http_uri": {"uri": "http://keys.test/key.pem", "cluster": "text", "timeout": "5s"}}},
    "certificates": {"remoteJwks": {"httpUri": {"uri": "http://keys.test/certs", "cluster": "map", "timeout": {"seconds": 5}},
      "asyncFetch": {"fastListener": true, "failedRefetchDuration": {"nanos": 200000000}}, "retryPolicy": {"numRetries": 1}}}
  },
  "rules": [
    {"match": {"prefix": "/pem"}, "requires": {"provider_name": "pem"}},
    {"match": {"prefix": "/map"}, "requires": {"provider_name": "certificates"}}
  ]
}`,
	clusters: map[string]answer{
		"text": publishes(func(k ring) string { return k.publicPEMs("rsa-stranger", "rsa") }),
		"map":  publishes(func(k ring) string { return k.certificates("rsa") }),
	},
	cases: []scenario{
		{law: "fetched PEM: a key of it verifies", send: get("/pem", bearer()), want: allowed().by("pem")},
		{law: "fetched PEM: nobody else's key", send: get("/pem", bearer(by("rsa-next"))), want: invalid("bad_signature").by("pem")},
		{law: "fetched map: a key of it verifies", send: get("/map", bearer()), want: allowed().by("certificates")},
		{law: "fetched map: a new key is fetched when its kid is first seen", send: get("/map", bearer(by("rsa-next"))), want: allowed().by("certificates"), before: func(w *world) {
			w.now("map", publishes(func(k ring) string { return k.certificates("rsa-next") }))
		}},
		{law: "fetched map: a withdrawn key verifies nothing any more", send: get("/map", bearer()), want: invalid("key_unknown").by("certificates")},
	},
}
