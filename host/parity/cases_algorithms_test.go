package parity

import (
	"crypto/elliptic"
	"encoding/asn1"
	"math/big"
	"slices"
	"strings"
)

// oneProvider asks for a token of one issuer and audience on every path.
const oneProvider = `{
  "providers": {"corp": {
    "issuer": "https://issuer.test", "audiences": ["api"],
    "local_jwks": {"inline_string": {{set "main"}}}
  }},
  "rules": [{"match": {"prefix": "/"}, "requires": {"provider_name": "corp"}}]
}`

var algorithmsGroup = group{
	name: "algorithms", config: oneProvider, provider: "corp",
	cases: []scenario{
		{law: "RS256 is accepted", send: get("/", bearer()), want: allowed()},
		{law: "RS384 is accepted", send: get("/", bearer(with("RS384"))), want: allowed()},
		{law: "RS512 is accepted", send: get("/", bearer(with("RS512"))), want: allowed()},
		{law: "PS256 is accepted", send: get("/", bearer(with("PS256"))), want: allowed()},
		{law: "PS384 is accepted", send: get("/", bearer(with("PS384"))), want: allowed()},
		{law: "PS512 is accepted", send: get("/", bearer(with("PS512"))), want: allowed()},
		{law: "RS256 with a key of 3072 bits is accepted", send: get("/", bearer(by("rsa-3072"))), want: allowed()},
		{law: "ES256 is accepted", send: get("/", bearer(by("p256"))), want: allowed()},
		{law: "ES384 is accepted", send: get("/", bearer(by("p384"))), want: allowed()},
		{law: "ES512 is accepted", send: get("/", bearer(by("p521"))), want: allowed()},
		{law: "EdDSA is accepted", send: get("/", bearer(by("ed"))), want: allowed()},
		{law: "EdDSA by its newer name Ed25519 is accepted", send: get("/", bearer(by("ed"), with("Ed25519"))), want: allowed()},
		{law: "a key with alg RS256 verifies RS256", send: get("/", bearer(by("rsa-alg"))), want: allowed()},
		{law: "without kid every RSA key is tried", send: get("/", bearer(by("rsa-3072"), head("kid", nil))), want: allowed()},
		{law: "without kid the one P-384 key is found", send: get("/", bearer(by("p384"), head("kid", nil))), want: allowed()},
		{law: "the other of the two ECDSA signatures of one message is accepted", send: get("/", bearer(by("p256"), segment(2, bytesOf(otherECDSA)))), want: allowed()},

		{law: "a key with alg RS256 does not verify PS256", send: get("/", bearer(by("rsa-alg"), with("PS256"))), want: invalid("key_mismatch")},
		{law: "a key with alg RS256 does not verify RS384", send: get("/", bearer(by("rsa-alg"), with("RS384"))), want: invalid("key_mismatch")},
		{law: "ES256 never uses a P-384 key", send: get("/", bearer(by("p256"), head("kid", "p384"))), want: invalid("key_mismatch")},
		{law: "RS256 never uses an EC key", send: get("/", bearer(head("kid", "p256"))), want: invalid("key_mismatch")},
		{law: "ES256 never uses an RSA key", send: get("/", bearer(by("p256"), head("kid", "rsa"))), want: invalid("key_mismatch")},
		{law: "EdDSA never uses a P-256 key", send: get("/", bearer(by("ed"), head("kid", "p256"))), want: invalid("key_mismatch")},
		{law: "HS256 is not accepted where only public keys are configured", send: get("/", bearer(by("hs256"))), want: invalid("algorithm_not_allowed")},
		{law: "HS256 keyed with the provider's public key is refused", send: get("/", bearer(with("HS256"), secret(publicPEM))), want: invalid("algorithm_not_allowed")},

		{law: "alg none with a good signature left in place is refused", send: get("/", bearer(head("alg", "none"))), want: invalid("algorithm_unsupported")},
		{law: "alg None is refused", send: get("/", bearer(head("alg", "None"))), want: invalid("algorithm_unsupported")},
		{law: "alg NONE is refused", send: get("/", bearer(head("alg", "NONE"))), want: invalid("algorithm_unsupported")},
		{law: "alg nOnE is refused", send: get("/", bearer(head("alg", "nOnE"))), want: invalid("algorithm_unsupported")},
		{law: "alg none with an empty signature is no JWS", send: get("/", bearer(head("alg", "none"), segment(2, func(string) string { return "" }))), want: invalid("token_malformed")},
		{law: "alg is compared exactly: rs256", send: get("/", bearer(head("alg", "rs256"))), want: invalid("algorithm_unsupported")},
		{law: "alg is compared exactly: trailing space", send: get("/", bearer(head("alg", "RS256 "))), want: invalid("algorithm_unsupported")},
		{law: "alg is compared exactly: trailing NUL", send: get("/", bearer(head("alg", rawJSON(`"RS256\u0000"`)))), want: invalid("algorithm_unsupported")},
		{law: "alg absent is refused", send: get("/", bearer(head("alg", nil))), want: invalid("algorithm_missing")},
		{law: "alg null is refused", send: get("/", bearer(head("alg", rawJSON("null")))), want: invalid("algorithm_missing|header_malformed")},
		{law: "alg that is a number is refused", send: get("/", bearer(head("alg", 256))), want: invalid("algorithm_missing|header_malformed")},
		{law: "alg that is a list is refused", send: get("/", bearer(head("alg", []string{"RS256"}))), want: invalid("algorithm_missing|header_malformed")},

		{law: "a stranger's RSA signature under a known kid is refused", send: get("/", bearer(by("rsa-stranger"), head("kid", "rsa"))), want: invalid("bad_signature")},
		{law: "a stranger's ECDSA signature under a known kid is refused", send: get("/", bearer(by("p256-stranger"), head("kid", "p256"))), want: invalid("bad_signature")},
		{law: "a stranger's EdDSA signature under a known kid is refused", send: get("/", bearer(by("ed-stranger"), head("kid", "ed"))), want: invalid("bad_signature")},
		{law: "a stranger's signature without kid is refused", send: get("/", bearer(by("rsa-stranger"), head("kid", nil))), want: invalid("bad_signature")},
		{law: "a changed header breaks the signature", send: get("/", bearer(segment(0, bytesOf(replaced(`"rsa"`, `"rsa-3072"`))))), want: invalid("bad_signature")},
		{law: "a changed claim breaks the signature", send: get("/", bearer(segment(1, bytesOf(replaced("alice", "mallory"))))), want: invalid("bad_signature")},
		{law: "a changed RSA signature is refused", send: get("/", bearer(segment(2, flipped))), want: invalid("bad_signature")},
		{law: "a changed PSS signature is refused", send: get("/", bearer(with("PS256"), segment(2, flipped))), want: invalid("bad_signature")},
		{law: "a changed ECDSA signature is refused", send: get("/", bearer(by("p256"), segment(2, flipped))), want: invalid("bad_signature")},
		{law: "a changed P-521 signature is refused", send: get("/", bearer(by("p521"), segment(2, flipped))), want: invalid("bad_signature")},
		{law: "a changed EdDSA signature is refused", send: get("/", bearer(by("ed"), segment(2, flipped))), want: invalid("bad_signature")},
		{law: "an RSA signature without its last byte is refused", send: get("/", bearer(segment(2, bytesOf(shorter)))), want: invalid("bad_signature")},
		{law: "an RSA signature with a byte more is refused", send: get("/", bearer(segment(2, bytesOf(longer)))), want: invalid("bad_signature")},
		{law: "an ECDSA signature with a byte more is refused", send: get("/", bearer(by("p256"), segment(2, bytesOf(longer)))), want: invalid("bad_signature")},
		{law: "an ECDSA signature of zeros is refused", send: get("/", bearer(by("p256"), segment(2, bytesOf(zeros)))), want: invalid("bad_signature")},
		{law: "an ECDSA signature in DER is refused", send: get("/", bearer(by("p256"), segment(2, bytesOf(inDER)))), want: invalid("bad_signature")},
		{law: "an EdDSA signature with S + L is refused", send: get("/", bearer(by("ed"), segment(2, bytesOf(plusL)))), want: invalid("bad_signature")},
		{law: "an RSA signature of zero is refused", send: get("/", bearer(segment(2, bytesOf(zeros)))), want: invalid("bad_signature")},
		{law: "a PS256 signature labelled RS256 is refused", send: get("/", bearer(with("PS256"), head("alg", "RS256"))), want: invalid("bad_signature")},
	},
}

// publicPEM is what HS/RS confusion uses for a secret.
func publicPEM(m *mint) []byte { return m.keys.publicPEM("rsa") }

func replaced(from, to string) func([]byte) []byte {
	return func(data []byte) []byte {
		if !strings.Contains(string(data), from) {
			panic("nothing to replace")
		}
		return []byte(strings.Replace(string(data), from, to, 1))
	}
}

func shorter(data []byte) []byte { return data[:len(data)-1] }
func longer(data []byte) []byte  { return append(slices.Clone(data), 1) }
func zeros(data []byte) []byte   { return make([]byte, len(data)) }

// otherECDSA turns (r, s) into (r, n-s), which verifies too.
func otherECDSA(signature []byte) []byte {
	s := new(big.Int).SetBytes(signature[32:])
	s.Sub(elliptic.P256().Params().N, s)
	return append(slices.Clone(signature[:32]), s.FillBytes(make([]byte, 32))...)
}

// inDER is the X.509 form of a raw ECDSA signature.
func inDER(signature []byte) []byte {
	der, err := asn1.Marshal(struct{ R, S *big.Int }{
		new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:]),
	})
	if err != nil {
		panic(err)
	}
	return der
}

// plusL adds the group order to the scalar of an Ed25519 signature.
func plusL(signature []byte) []byte {
	// RFC 8032 §5.1: L = 2^252 + 27742317777372353535851937790883648493.
	order, _ := new(big.Int).SetString("27742317777372353535851937790883648493", 10)
	order.Add(order, new(big.Int).Lsh(big.NewInt(1), 252))
	scalar := slices.Clone(signature[32:])
	slices.Reverse(scalar)
	sum := new(big.Int).Add(new(big.Int).SetBytes(scalar), order).FillBytes(make([]byte, 32))
	slices.Reverse(sum)
	return append(slices.Clone(signature[:32]), sum...)
}
