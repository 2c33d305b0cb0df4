package jwk

import (
	"strings"

	"github.com/postern-wasm/postern/plugin/jose/base64url"
	"github.com/postern-wasm/postern/plugin/jose/jwa"
	"github.com/postern-wasm/postern/plugin/jsonx"
	"github.com/postern-wasm/postern/plugin/kernel/digest"
	"github.com/postern-wasm/postern/plugin/kernel/ed25519"
	"github.com/postern-wasm/postern/plugin/kernel/hmac"
	"github.com/postern-wasm/postern/plugin/kernel/p256"
	"github.com/postern-wasm/postern/plugin/kernel/p384"
	"github.com/postern-wasm/postern/plugin/kernel/p521"
	"github.com/postern-wasm/postern/plugin/kernel/rsa"
	"github.com/postern-wasm/postern/plugin/kernel/tables"
)

// read makes one entry of "keys" ready, or says why it cannot be used. The tables that it
// builds from use are in room.
func read(v jsonx.Value, use Use, room *tables.Room) (k Key, reason string) {
	if v.Kind() != jsonx.Object {
		return k, "it is not an object"
	}
	kty, problem := text(v, "kty")
	if problem != "" {
		return k, problem // RFC 7517 §4.1
	}
	if problem := use.refuse(v); problem != "" {
		return k, problem
	}
	if problem := operations(v); problem != "" {
		return k, problem
	}
	if kid, ok := v.Member("kid"); ok {
		// RFC 7517 §4.5: a case-sensitive string.
		if kid.Kind() != jsonx.String {
			return k, `its "kid" is not a string`
		}
		if len(kid.Text()) > jwa.MaxKeyIDBytes {
			return k, `its "kid" is too long`
		}
		k.id, k.hasID = strings.Clone(kid.Text()), true
	}
	switch kty {
	case "RSA":
		reason = k.readRSA(v)
	case "EC":
		reason = k.readEC(v, room)
	case "OKP":
		reason = k.readOKP(v, room)
	case "oct":
		reason = k.readOct(v)
	default:
		return k, "its kty is not one of RSA, EC, OKP, oct" // RFC 7517 §5: ignored
	}
	if reason != "" {
		return k, reason
	}
	if alg, ok := v.Member("alg"); ok {
		// RFC 7517 §4.4. Names that are not signatures (RSA-OAEP, A256KW) are unknown here.
		if k.alg = jwa.Parse(alg.Text()); k.alg == jwa.Invalid {
			return k, `its "alg" is not a signature algorithm that is known here`
		}
		if k.alg.Family() != k.family {
			return k, `its "alg" ` + k.alg.String() + " is for another kind of key"
		}
		if !k.Fits(k.alg) { // RFC 7518 §3.2
			return k, "its secret is shorter than the hash of " + k.alg.String()
		}
	}
	return k, ""
}

// operations refuses keys that are not for verifying (RFC 7517 §4.3).
func operations(v jsonx.Value) string {
	ops, ok := v.Member("key_ops")
	if !ok {
		return ""
	}
	if ops.Kind() != jsonx.Array {
		return `its "key_ops" is not an array`
	}
	verify, sign := 0, 0
	for op, ok := ops.First(); ok; op, ok = op.Next() {
		switch op.Text() {
		case "verify":
			verify++
		case "sign":
			sign++
		default:
			// §4.3: other operations beside signing "SHOULD NOT" be combined with it.
			return `its "key_ops" holds something other than "verify" and "sign"`
		}
	}
	if verify != 1 || sign > 1 {
		return `its "key_ops" does not hold "verify" once`
	}
	return ""
}

// text returns a member that must be a string and not empty.
func text(v jsonx.Value, name string) (string, string) {
	m, _ := v.Member(name)
	if m.Kind() != jsonx.String || m.Text() == "" {
		return "", `it has no string "` + name + `"`
	}
	return m.Text(), ""
}

// octets returns the bytes of a member in base64url.
func octets(v jsonx.Value, name string) ([]byte, string) {
	s, problem := text(v, name)
	if problem != "" {
		return nil, problem
	}
	b, ok := base64url.Append(nil, s)
	if !ok {
		return nil, `its "` + name + `" is not base64url without padding`
	}
	return b, ""
}

// readRSA reads RFC 7518 §6.3.1. A leading zero of n, which some producers write, is
// let pass; the bits are counted by value.
func (k *Key) readRSA(v jsonx.Value) string {
	n, problem := octets(v, "n")
	if problem != "" {
		return problem
	}
	e, problem := octets(v, "e")
	if problem != "" {
		return problem
	}
	return k.takeRSA(n, e)
}

func (k *Key) takeRSA(n, e []byte) string {
	key, err := rsa.NewKey(n, e)
	if err != nil {
		return err.Error()
	}
	k.family, k.rsa = jwa.RSA, key
	k.thumbprint = thumbprintRSA(n, e)
	return ""
}

// readEC reads RFC 7518 §6.2.1: each coordinate has the full length of the field.
func (k *Key) readEC(v jsonx.Value, room *tables.Room) string {
	crv, problem := text(v, "crv")
	if problem != "" {
		return problem
	}
	x, problem := octets(v, "x")
	if problem != "" {
		return problem
	}
	y, problem := octets(v, "y")
	if problem != "" {
		return problem
	}
	switch crv {
	case "P-256":
		return k.takeEC(jwa.P256, x, y, room)
	case "P-384":
		return k.takeEC(jwa.P384, x, y, room)
	case "P-521":
		return k.takeEC(jwa.P521, x, y, room)
	}
	return "its crv is not one of P-256, P-384, P-521"
}

// takeEC makes a point of a curve's family ready.
func (k *Key) takeEC(family jwa.Family, x, y []byte, room *tables.Room) string {
	var err error
	switch family {
	case jwa.P256:
		k.p256, err = p256.NewKey(x, y, room)
	case jwa.P384:
		k.p384, err = p384.NewKey(x, y, room)
	case jwa.P521:
		k.p521, err = p521.NewKey(x, y, room)
	case jwa.NoFamily, jwa.RSA, jwa.Ed25519, jwa.Oct:
		return "it is not a point of a curve"
	}
	if err != nil {
		return err.Error()
	}
	k.family = family
	k.thumbprint = thumbprintEC(family, x, y)
	return ""
}

// readOKP reads RFC 8037 §2.
func (k *Key) readOKP(v jsonx.Value, room *tables.Room) string {
	crv, problem := text(v, "crv")
	if problem != "" {
		return problem
	}
	if crv != "Ed25519" {
		return "its crv is not Ed25519"
	}
	x, problem := octets(v, "x")
	if problem != "" {
		return problem
	}
	return k.takeEd25519(x, room)
}

func (k *Key) takeEd25519(x []byte, room *tables.Room) string {
	key, err := ed25519.NewKey(x, room)
	if err != nil {
		return err.Error()
	}
	k.family, k.ed25519 = jwa.Ed25519, key
	k.thumbprint = thumbprintOKP(x)
	return ""
}

// readOct reads RFC 7518 §6.4.1. A secret that holds a PEM block is a public key that
// someone has put in the wrong place: anyone could sign with it.
func (k *Key) readOct(v jsonx.Value) string {
	secret, problem := octets(v, "k")
	if problem != "" {
		return problem
	}
	if strings.Contains(string(secret), "-----BEGIN") {
		return "its secret is the text of a pem block"
	}
	hashes := [...]digest.Hash{digest.SHA256, digest.SHA384, digest.SHA512}
	if len(secret) < hashes[0].Size() {
		return "its secret is shorter than 32 bytes" // RFC 7518 §3.2
	}
	for i, h := range hashes {
		if len(secret) < h.Size() {
			continue
		}
		key, err := hmac.NewKey(h, secret)
		if err != nil {
			return err.Error()
		}
		k.hmac[i] = key
	}
	k.family = jwa.Oct
	return ""
}
