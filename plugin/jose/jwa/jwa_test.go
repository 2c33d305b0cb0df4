package jwa_test

import (
	"testing"

	"github.com/postern-wasm/postern/plugin/jose/jwa"
)

// RFC 7518 §3.1, RFC 8037 §3.1, RFC 9864 §2.2.
var registry = []struct {
	name   string
	alg    jwa.Algorithm
	family jwa.Family
	hash   jwa.Hash
	size   int
}{
	{"RS256", jwa.RS256, jwa.RSA, jwa.SHA256, 0},
	{"RS384", jwa.RS384, jwa.RSA, jwa.SHA384, 0},
	{"RS512", jwa.RS512, jwa.RSA, jwa.SHA512, 0},
	{"PS256", jwa.PS256, jwa.RSA, jwa.SHA256, 0},
	{"PS384", jwa.PS384, jwa.RSA, jwa.SHA384, 0},
	{"PS512", jwa.PS512, jwa.RSA, jwa.SHA512, 0},
	{"ES256", jwa.ES256, jwa.P256, jwa.SHA256, 64},
	{"ES384", jwa.ES384, jwa.P384, jwa.SHA384, 96},
	{"ES512", jwa.ES512, jwa.P521, jwa.SHA512, 132},
	{"EdDSA", jwa.EdDSA, jwa.Ed25519, jwa.NoHash, 64},
	{"HS256", jwa.HS256, jwa.Oct, jwa.SHA256, 32},
	{"HS384", jwa.HS384, jwa.Oct, jwa.SHA384, 48},
	{"HS512", jwa.HS512, jwa.Oct, jwa.SHA512, 64},
}

func TestRegistry(t *testing.T) {
	var all jwa.Set
	for _, r := range registry {
		a := jwa.Parse(r.name)
		if a != r.alg || a.String() != r.name || a.Family() != r.family || a.Hash() != r.hash || a.SignatureSize() != r.size {
			t.Errorf("%s: %v %v %v %d", r.name, a, a.Family(), a.Hash(), a.SignatureSize())
		}
		if all.Has(a) {
			t.Errorf("%s is in the set before it was put there", r.name)
		}
		all = all.With(a)
		if symmetric := r.family == jwa.Oct; jwa.Asymmetric().Has(a) == symmetric || jwa.Set(0).With(a).Symmetric() != symmetric {
			t.Errorf("%s: on the wrong side", r.name)
		}
	}
	if jwa.Parse("Ed25519") != jwa.EdDSA {
		t.Error(`"Ed25519" is EdDSA with that curve (RFC 9864)`)
	}
	if n := int(registry[len(registry)-1].alg); n != len(registry) {
		t.Errorf("the table has %d algorithms, this test %d", n, len(registry))
	}
}

// J-01 and its kin: names are compared exactly.
func TestOtherNames(t *testing.T) {
	for _, name := range []string{
		"", "none", "None", "NONE", "nOnE", "none ", "rs256", "RS256 ", " RS256", "RS256\x00", "RS25", "RS2566", "RS-256",
		"ES256K", "Ed448", "ED25519", "eddsa", "EDDSA", "HS1", "RS1", "RSA-OAEP", "A256KW", "dir", "ES521", "PS256\n",
	} {
		if a := jwa.Parse(name); a != jwa.Invalid {
			t.Errorf("Parse(%q) = %v", name, a)
		}
	}
}

func TestNothingIsNothing(t *testing.T) {
	for _, a := range []jwa.Algorithm{jwa.Invalid, 14, 32, 33, 64, 255} {
		if a.String() != "" || a.Family() != jwa.NoFamily || a.Hash() != jwa.NoHash || a.SignatureSize() != 0 {
			t.Errorf("%d has properties", a)
		}
		if jwa.Set(0).With(a) != 0 || jwa.Set(1<<32-1).Has(a) {
			t.Errorf("%d fits in a set", a)
		}
	}
	if jwa.Set(0).Symmetric() {
		t.Error("the empty set is symmetric")
	}
}
