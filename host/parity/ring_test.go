package parity

import (
	"crypto"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"os"
	"testing"

	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/lestrrat-go/jwx/v2/jwk"
	"github.com/lestrrat-go/jwx/v2/jws"
)

// ring holds the private test keys by kid.
type ring map[string]jwk.Key

// loadRing reads the committed key ring.
func loadRing(t *testing.T) ring {
	t.Helper()
	text, err := os.ReadFile("../../testdata/scenarios/keys.json")
	if err != nil {
		t.Fatal(err)
	}
	set, err := jwk.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	keys := ring{}
	for i := range set.Len() {
		key, _ := set.Key(i)
		keys[key.KeyID()] = key
	}
	return keys
}

// raw returns the named private key as crypto's type, or the bytes of a secret.
func (r ring) raw(name string) any {
	key, ok := r[name]
	if !ok {
		panic(fmt.Sprintf("no key %q in the ring", name))
	}
	var raw any
	if err := key.Raw(&raw); err != nil {
		panic(err)
	}
	return raw
}

// sign signs input with the named key by jwx, an implementation that is not ours.
func (r ring) sign(alg, name string, input []byte) []byte {
	return signRaw(alg, r.raw(name), input)
}

func signRaw(alg string, key any, input []byte) []byte {
	if alg == "Ed25519" {
		alg = "EdDSA" // RFC 9864 names what RFC 8037 calls EdDSA
	}
	signer, err := jws.NewSigner(jwa.SignatureAlgorithm(alg))
	if err != nil {
		panic(err)
	}
	signature, err := signer.Sign(input, key)
	if err != nil {
		panic(err)
	}
	return signature
}

// publicPEM is the SPKI form of the named key: what an attacker can have.
func (r ring) publicPEM(name string) []byte {
	private, ok := r.raw(name).(crypto.Signer)
	if !ok {
		panic(name + " has no public part")
	}
	der, err := x509.MarshalPKIXPublicKey(private.Public())
	if err != nil {
		panic(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}

// member is one JSON member; a value of nil removes it.
type member struct {
	name  string
	value any
}

// entry is one key of a set as it is published.
type entry struct {
	key     string
	members []member
	private bool
}

// published is a key as the ring has it, with members changed or removed.
func published(key string, members ...member) entry { return entry{key: key, members: members} }

// careless is a key as the ring has it, private members and all.
func careless(key string) entry { return entry{key: key, private: true} }

// nameless are n strangers without kid and then one more key without kid.
func nameless(n int, last string) []entry {
	var entries []entry
	for range n {
		entries = append(entries, published("rsa-stranger", member{"kid", nil}))
	}
	return append(entries, published(last, member{"kid", nil}))
}

// jwk returns the public form of e (a secret has no other form than itself).
func (r ring) jwk(e entry) map[string]any {
	key, ok := r[e.key]
	if !ok {
		panic(fmt.Sprintf("no key %q in the ring", e.key))
	}
	shown := key
	if !e.private {
		var err error
		if shown, err = key.PublicKey(); err != nil {
			panic(err)
		}
	}
	text, err := json.Marshal(shown)
	if err != nil {
		panic(err)
	}
	var members map[string]any
	if err := json.Unmarshal(text, &members); err != nil {
		panic(err)
	}
	for _, m := range e.members {
		if m.value == nil {
			delete(members, m.name)
		} else {
			members[m.name] = m.value
		}
	}
	return members
}

// set returns the JWK set of the entries, in order.
func (r ring) set(entries ...entry) []byte {
	keys := make([]any, 0, len(entries))
	for _, e := range entries {
		keys = append(keys, r.jwk(e))
	}
	text, err := json.Marshal(map[string]any{"keys": keys})
	if err != nil {
		panic(err)
	}
	return text
}

// keySets are the sets that configurations name.
var keySets = map[string][]entry{
	"main": {
		published("rsa"), published("rsa-alg"), published("rsa-3072"),
		published("p256"), published("p384"), published("p521"), published("ed"),
	},
	"rsa":      {published("rsa")},
	"p256":     {published("p256")},
	"rotated":  {published("rsa"), published("rsa-next")},
	"replaced": {published("rsa-next")},
	"secrets":  {published("hs256"), published("hs384"), published("hs512")},
	"mixed":    {published("rsa"), published("hs256")},
	"one hs":   {published("hs256")},
	"short hs": {published("hs-short", member{"kid", "hs-short"})},
	"without kids": {
		published("p256-stranger", member{"kid", nil}), published("rsa-stranger", member{"kid", nil}),
		published("rsa", member{"kid", nil}), published("p256", member{"kid", nil}),
	},
	"one kid": {
		published("rsa", member{"kid", "same"}), published("p256", member{"kid", "same"}),
		published("rsa-next", member{"kid", "same"}),
	},
	"use and ops": {
		published("rsa", member{"use", "enc"}),
		published("rsa-next", member{"use", "sig"}),
		published("p256", member{"key_ops", []string{"verify"}}),
		published("p384", member{"key_ops", []string{"sign"}}),
	},
	"with strangers": {
		published("rsa-3072", member{"kty", "unheard-of"}),
		published("rsa-alg", member{"n", "AQAB"}),
		published("p384", member{"x", "AA"}),
		published("rsa"),
	},
	"careless": {careless("rsa"), careless("p256"), careless("ed")},
	"eighth":   nameless(7, "rsa"),
	"ninth":    nameless(8, "rsa"),
	"namesake": {published("rsa-next", member{"kid", "rsa"})},
	"svid": {
		published("p256", member{"use", "jwt-svid"}), published("ed", member{"use", "jwt-svid"}),
		published("rsa", member{"use", "x509-svid"}), published("p384"),
	},
	"nothing usable": {published("rsa", member{"use", "enc"})},
}
