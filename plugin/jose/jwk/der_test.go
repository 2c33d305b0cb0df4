package jwk_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"math/big"
	"strings"
	"testing"

	"github.com/postern-wasm/postern/plugin/jose/jwa"
	"github.com/postern-wasm/postern/plugin/jose/jwk"
)

// TestKeysInDERThatAreNotTaken: what is wrong with one key leaves the others in use.
func TestKeysInDERThatAreNotTaken(t *testing.T) {
	r := signers()[0].key.Public().(*rsa.PublicKey)
	short, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	ec := signers()[1].key.Public().(*ecdsa.PublicKey)
	point, err := ec.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	type algorithm struct {
		OID    asn1.ObjectIdentifier
		Params asn1.RawValue `asn1:"optional"`
	}
	type info struct {
		Algorithm algorithm
		Key       asn1.BitString
	}
	encode := func(v any) []byte {
		b, err := asn1.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	with := func(oid asn1.ObjectIdentifier, params, key []byte) []byte {
		return encode(info{algorithm{oid, asn1.RawValue{FullBytes: params}}, asn1.BitString{Bytes: key, BitLength: 8 * len(key)}})
	}
	oidRSA, oidEC := asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}, asn1.ObjectIdentifier{1, 2, 840, 10045, 2, 1}
	oidEd, p256 := asn1.ObjectIdentifier{1, 3, 101, 112}, encode(asn1.ObjectIdentifier{1, 2, 840, 10045, 3, 1, 7})
	null := []byte{5, 0}
	numbers := func(n, e *big.Int) []byte { return encode(struct{ N, E *big.Int }{n, e}) }
	e := big.NewInt(65537)
	off := bytes.Clone(point)
	off[40] ^= 1
	dsaKey := encode(struct{ P *big.Int }{big.NewInt(23)})
	good := inPEM("PUBLIC KEY", spki(t, signers()[4].key.Public()))
	for law, der := range map[string][]byte{
		"RSA of 1024 bits (K-01)":           spki(t, &short.PublicKey),
		"RSA with e 1 (K-02)":               with(oidRSA, null, numbers(r.N, big.NewInt(1))),
		"RSA with an even e (K-02)":         with(oidRSA, null, numbers(r.N, big.NewInt(65536))),
		"RSA with an even n (K-03)":         with(oidRSA, null, numbers(new(big.Int).Add(r.N, big.NewInt(1)), e)),
		"RSA with a negative n":             with(oidRSA, null, numbers(new(big.Int).Neg(r.N), e)),
		"RSA with n not in shortest form":   with(oidRSA, null, append([]byte{0x30, 0x82, 1, 0x0b, 2, 0x82, 1, 2, 0, 0}, append(r.N.Bytes(), 2, 3, 1, 0, 1)...)),
		"RSA without parameters":            with(oidRSA, nil, numbers(r.N, e)),
		"RSA with other parameters":         with(oidRSA, p256, numbers(r.N, e)),
		"RSA with a third number":           with(oidRSA, null, encode(struct{ N, E, X *big.Int }{r.N, e, e})),
		"RSA with bytes after the numbers":  with(oidRSA, null, append(numbers(r.N, e), 0)),
		"RSASSA-PSS":                        with(asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 10}, nil, numbers(r.N, e)),
		"DSA":                               with(asn1.ObjectIdentifier{1, 2, 840, 10040, 4, 1}, dsaKey, dsaKey),
		"X25519":                            with(asn1.ObjectIdentifier{1, 3, 101, 110}, nil, make([]byte, 32)),
		"EC off the curve (K-04)":           with(oidEC, p256, off),
		"EC at infinity (K-04)":             with(oidEC, p256, []byte{0}),
		"EC of zeros (K-04)":                with(oidEC, p256, append([]byte{4}, make([]byte, 64)...)),
		"EC compressed (K-04)":              with(oidEC, p256, append([]byte{2 + point[64]&1}, point[1:33]...)),
		"EC hybrid (K-04)":                  with(oidEC, p256, append([]byte{6 + point[64]&1}, point[1:]...)),
		"EC cut (K-04)":                     with(oidEC, p256, point[:64]),
		"EC explicit parameters (K-04)":     with(oidEC, encode(struct{ V int }{1}), point),
		"EC without parameters (K-04)":      with(oidEC, nil, point),
		"EC of another curve's name (K-04)": with(oidEC, encode(asn1.ObjectIdentifier{1, 3, 132, 0, 34}), point),
		"EC of secp256k1":                   with(oidEC, encode(asn1.ObjectIdentifier{1, 3, 132, 0, 10}), point),
		"Ed25519 with parameters":           with(oidEd, null, make([]byte, 32)),
		"Ed25519 of 31 bytes (K-05)":        with(oidEd, nil, make([]byte, 31)),
		"Ed25519 of small order (K-05)":     with(oidEd, nil, append([]byte{1}, make([]byte, 31)...)),
		"bits that are no bytes":            encode(info{algorithm{OID: oidEd}, asn1.BitString{Bytes: make([]byte, 32), BitLength: 255}}),
		"bytes after the key":               append(spki(t, ec), 0),
		"a long length for a short one":     append([]byte{0x30, 0x81}, spki(t, ec)[1:]...),
		"an indefinite length":              append(append([]byte{0x30, 0x80}, spki(t, ec)[2:]...), 0, 0),
		"a length beyond the end":           {0x30, 0x82, 0xff, 0xff, 0},
		"a length of four bytes":            append([]byte{0x30, 0x84, 0, 0, 0, spki(t, ec)[1]}, spki(t, ec)[2:]...),
		"nothing in the sequence":           {0x30, 0},
		"a certificate's DER":               certificate(t, signers()[1].key, nil),
	} {
		t.Run(law, func(t *testing.T) {
			bad := inPEM("PUBLIC KEY", der)
			if _, _, err := jwk.Parse([]byte(bad), wide); !errors.Is(err, jwk.ErrNoUsableKey) {
				t.Errorf("alone: %v", err)
			}
			set, notes, err := jwk.Parse([]byte(bad+good), wide)
			if err != nil || set.Len() != 1 || set.Key(0).Family() != jwa.Ed25519 || len(notes) != 1 || !strings.HasPrefix(notes[0], "pem block 1: ") {
				t.Errorf("beside a good one: %v %v", notes, err)
			}
			set, notes, err = jwk.Parse(asMap(t, "bad", bad, "good", good), wide)
			if err != nil || set.Len() != 1 || len(notes) != 1 || !strings.HasPrefix(notes[0], `kid "bad": `) {
				t.Errorf("in a map: %v %v", notes, err)
			}
			if id, _ := set.Key(0).ID(); id != "good" {
				t.Errorf("in a map: %q is in use", id)
			}
		})
	}
}

// FuzzSPKI: what is taken, Go's crypto/x509 takes too, as a key of the same kind; so
// for certificates, but for what is not looked at there.
func FuzzSPKI(f *testing.F) {
	for _, s := range signers() {
		f.Add(spki(f, s.key.Public()))
		f.Add(certificate(f, s.key, nil))
	}
	f.Fuzz(func(t *testing.T, der []byte) {
		if set, _, err := jwk.Parse([]byte(inPEM("PUBLIC KEY", der)), wide); err == nil {
			key, err := x509.ParsePKIXPublicKey(der)
			if err != nil {
				t.Fatalf("taken, and Go says %v", err)
			}
			same(t, key, set.Key(0).Family())
		}
		if set, _, err := jwk.Parse(asMap(t, "k", inPEM("CERTIFICATE", der)), wide); err == nil {
			if c, err := x509.ParseCertificate(der); err == nil {
				same(t, c.PublicKey, set.Key(0).Family())
			}
		}
	})
}

func same(t *testing.T, key any, family jwa.Family) {
	t.Helper()
	got := jwa.NoFamily
	switch k := key.(type) {
	case *rsa.PublicKey:
		got = jwa.RSA
	case *ecdsa.PublicKey:
		switch k.Curve {
		case elliptic.P256():
			got = jwa.P256
		case elliptic.P384():
			got = jwa.P384
		case elliptic.P521():
			got = jwa.P521
		}
	case ed25519.PublicKey:
		got = jwa.Ed25519
	}
	if got != family {
		t.Fatalf("family %v, Go's %v", family, got)
	}
}

// FuzzPEM: what is taken, Go's encoding/pem reads too, to the same bytes.
func FuzzPEM(f *testing.F) {
	block := inPEM("PUBLIC KEY", spki(f, signers()[4].key.Public()))
	f.Add(block)
	f.Add(block + "\r\n" + strings.ReplaceAll(block, "\n", "\r\n"))
	f.Add("-----BEGIN PUBLIC KEY-----\nAA==\n-----END PUBLIC KEY-----")
	f.Fuzz(func(t *testing.T, text string) {
		set, _, err := jwk.Parse([]byte(text), wide)
		if err != nil || !strings.HasPrefix(strings.TrimLeft(text, " \t\r\n"), "-----BEGIN PUBLIC KEY") {
			return
		}
		n, rest := 0, []byte(text)
		for {
			b, more := pem.Decode(rest)
			if b == nil {
				break
			}
			if _, err := x509.ParsePKIXPublicKey(b.Bytes); err == nil && b.Type == "PUBLIC KEY" {
				n++
			}
			rest = more
		}
		if n < set.Len() {
			t.Fatalf("%d keys, Go reads %d", set.Len(), n)
		}
	})
}
