package jwk_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"math/big"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postern-wasm/postern/plugin/jose/jwa"
	"github.com/postern-wasm/postern/plugin/jose/jwk"
)

// signer is a key of Go's with what the tests ask of it.
type signer struct {
	name   string
	key    crypto.Signer
	family jwa.Family
	alg    jwa.Algorithm
}

var signers = sync.OnceValue(func() []signer {
	must := func(k crypto.Signer, err error) crypto.Signer {
		if err != nil {
			panic(err)
		}
		return k
	}
	r, err := rsa.GenerateKey(rand.Reader, 2048)
	list := []signer{{"RSA", must(r, err), jwa.RSA, jwa.RS256}}
	for _, c := range []struct {
		curve  elliptic.Curve
		family jwa.Family
		alg    jwa.Algorithm
	}{{elliptic.P256(), jwa.P256, jwa.ES256}, {elliptic.P384(), jwa.P384, jwa.ES384}, {elliptic.P521(), jwa.P521, jwa.ES512}} {
		k, err := ecdsa.GenerateKey(c.curve, rand.Reader)
		list = append(list, signer{c.curve.Params().Name, must(k, err), c.family, c.alg})
	}
	_, k, err := ed25519.GenerateKey(rand.Reader)
	return append(list, signer{"Ed25519", must(k, err), jwa.Ed25519, jwa.EdDSA})
})

// sign makes a JWS signature with Go's own.
func (s *signer) sign(t *testing.T, input string) []byte {
	t.Helper()
	var out []byte
	var err error
	switch k := s.key.(type) {
	case *rsa.PrivateKey:
		digest := sha256.Sum256([]byte(input))
		out, err = rsa.SignPKCS1v15(rand.Reader, k, crypto.SHA256, digest[:])
	case *ecdsa.PrivateKey:
		var digest []byte
		switch k.Curve {
		case elliptic.P256():
			d := sha256.Sum256([]byte(input))
			digest = d[:]
		case elliptic.P384():
			d := sha512.Sum384([]byte(input))
			digest = d[:]
		default:
			d := sha512.Sum512([]byte(input))
			digest = d[:]
		}
		var r, v *big.Int
		r, v, err = ecdsa.Sign(rand.Reader, k, digest)
		if err == nil {
			size := (k.Params().BitSize + 7) / 8
			out = append(r.FillBytes(make([]byte, size)), v.FillBytes(make([]byte, size))...)
		}
	case ed25519.PrivateKey:
		out = ed25519.Sign(k, []byte(input))
	}
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func spki(t testing.TB, public any) []byte {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func inPEM(label string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: label, Bytes: der}))
}

// certificate is a self-signed one with names, dates and extensions.
func certificate(t testing.TB, k crypto.Signer, change func(*x509.Certificate)) []byte {
	t.Helper()
	c := &x509.Certificate{
		SerialNumber: new(big.Int).Lsh(big.NewInt(201), 150), Subject: pkix.Name{CommonName: "idp.test", Organization: []string{"Größe"}},
		NotBefore: time.Unix(1_700_000_000, 0), NotAfter: time.Unix(2_600_000_000, 0),
		KeyUsage: x509.KeyUsageDigitalSignature, DNSNames: []string{"idp.test"}, BasicConstraintsValid: true,
	}
	if change != nil {
		change(c)
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, k.Public(), k)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func asMap(t testing.TB, pairs ...string) []byte {
	t.Helper()
	m := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i]] = pairs[i+1]
	}
	b, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestFormsVerify: the same key in each form verifies what Go's own has signed, and
// nothing else.
func TestFormsVerify(t *testing.T) {
	var all string
	for _, s := range signers() {
		input := "input of " + s.name
		signature := s.sign(t, input)
		block := inPEM("PUBLIC KEY", spki(t, s.key.Public()))
		all += "\n" + block
		cert := inPEM("CERTIFICATE", certificate(t, s.key, nil))
		expired := inPEM("CERTIFICATE", certificate(t, s.key, func(c *x509.Certificate) {
			c.NotAfter = time.Unix(1_700_000_001, 0)
			c.KeyUsage = x509.KeyUsageCertSign
		}))
		for form, document := range map[string][]byte{
			"PEM": []byte(block), "PEM with CR LF": []byte(strings.ReplaceAll(block, "\n", "\r\n")), "PEM without a last newline": []byte(strings.TrimSpace(block)),
			"map of a certificate": asMap(t, "k1", cert), "map of a key": asMap(t, "k1", block), "map of a certificate whose dates are past": asMap(t, "k1", expired),
		} {
			set, notes, err := jwk.Parse(document, wide)
			if err != nil || len(notes) > 0 || set.Len() != 1 {
				t.Fatalf("%s, %s: %v %v", s.name, form, notes, err)
			}
			k := set.Key(0)
			if id, has := k.ID(); has != strings.HasPrefix(form, "map") || has && id != "k1" {
				t.Errorf("%s, %s: kid %q, %v", s.name, form, id, has)
			}
			if k.Family() != s.family || k.Algorithm() != jwa.Invalid || !k.Verify(nil, s.alg, input, signature) || k.Verify(nil, s.alg, input+"x", signature) {
				t.Errorf("%s, %s: family %v does not verify as it should", s.name, form, k.Family())
			}
		}
	}
	set, _, err := jwk.Parse([]byte(all+"\n\n"), wide)
	if err != nil || set.Len() != len(signers()) {
		t.Errorf("several blocks: %v", err)
	}
}

// TestPEMHasOneMeaning (K-10).
func TestPEMHasOneMeaning(t *testing.T) {
	s := signers()[1]
	der := spki(t, s.key.Public())
	good := inPEM("PUBLIC KEY", der)
	body := strings.Split(good, "\n")
	private, err := x509.MarshalPKCS8PrivateKey(s.key)
	if err != nil {
		t.Fatal(err)
	}
	rsaKey := signers()[0].key.(*rsa.PrivateKey)
	for law, document := range map[string]string{
		"text before":               "key of idp\n" + good,
		"text between":              good + "and\n" + good,
		"bytes after END":           good + "x",
		"bytes after END, one line": strings.TrimSpace(good) + " x",
		"a private key":             inPEM("PRIVATE KEY", private),
		"a private key beside":      good + inPEM("PRIVATE KEY", private),
		"an EC private key":         inPEM("EC PRIVATE KEY", private),
		"a certificate":             inPEM("CERTIFICATE", certificate(t, s.key, nil)),
		"PKCS #1":                   inPEM("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(&rsaKey.PublicKey)),
		"a key labelled otherwise":  inPEM("EC PUBLIC KEY", der),
		"a header":                  "-----BEGIN PUBLIC KEY-----\nProc-Type: 4,ENCRYPTED\n\n" + strings.Join(body[1:], "\n"),
		"a blank line":              body[0] + "\n\n" + strings.Join(body[1:], "\n"),
		"spaces in a line":          strings.Replace(good, body[1], " "+body[1], 1),
		"base64url":                 "-----BEGIN PUBLIC KEY-----\n" + b64(der) + "\n-----END PUBLIC KEY-----\n",
		"no padding":                strings.ReplaceAll(good, "=", ""),
		"padding within":            strings.Replace(good, body[1], body[1][:8]+"====", 1),
		"a bit behind the end":      "-----BEGIN PUBLIC KEY-----\nMB==\n-----END PUBLIC KEY-----\n",
		"no END":                    strings.Join(body[:len(body)-2], "\n"),
		"another END":               strings.Replace(good, "END PUBLIC", "END CERTIFICATE", 1),
		"BEGIN alone":               "-----BEGIN PUBLIC KEY-----",
		"an empty block":            "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n",
		"no label":                  "-----BEGIN -----\nAAAA\n-----END -----\n",
		"dashes alone":              strings.Repeat("-", 1000),
		"65 blocks (K-12)":          strings.Repeat(good, 65),
		"a megabyte":                good + strings.Repeat("\n", 1<<20),
	} {
		t.Run(law, func(t *testing.T) {
			if set, _, err := jwk.Parse([]byte(document), wide); !errors.Is(err, jwk.ErrDocument) || set != nil {
				t.Errorf("%v, %v", set.Len(), err)
			}
			if set, _, err := jwk.Parse(asMap(t, "k", document), wide); law != "a certificate" && (err == nil || set != nil) {
				t.Errorf("in a map: %v, %v", set.Len(), err)
			}
		})
	}
	if set, _, err := jwk.Parse([]byte(strings.Repeat(good, 64)), wide); err != nil || set.Len() != 64 {
		t.Errorf("64 blocks: %v", err)
	}
}

func TestMaps(t *testing.T) {
	cert := inPEM("CERTIFICATE", certificate(t, signers()[0].key, nil))
	der := certificate(t, signers()[0].key, nil)
	good := []string{"good", cert}
	for law, c := range map[string]struct {
		document []byte
		want     error
	}{
		"two kids":                      {asMap(t, "a", cert, "b", cert), nil},
		"a kid that is empty":           {asMap(t, "", cert), nil},
		"beside a value that is no PEM": {asMap(t, append(good, "x", "y")...), nil},
		"no PEM at all":                 {asMap(t, "a", "b"), jwk.ErrDocument},
		"an error page in JSON":         {[]byte(`{"error":"not found","status":404}`), jwk.ErrDocument},
		"keys beside it":                {append([]byte(`{"keys":[],`), asMap(t, good...)[1:]...), jwk.ErrNoUsableKey},
		"a kid twice (N-13)":            {append(append(asMap(t, good...)[:len(asMap(t, good...))-1], ','), asMap(t, good...)[1:]...), jwk.ErrDocument},
		"a number among them":           {append([]byte(`{"n":1,`), asMap(t, good...)[1:]...), nil},
		"a kid of 10 KB":                {asMap(t, strings.Repeat("k", 10000), cert), jwk.ErrNoUsableKey},
		"two blocks in one value":       {asMap(t, "a", cert+cert), jwk.ErrNoUsableKey},
		"another label":                 {asMap(t, "a", inPEM("X509 CERTIFICATE", der)), jwk.ErrNoUsableKey},
		"a certificate cut":             {asMap(t, "a", inPEM("CERTIFICATE", der[:len(der)-1])), jwk.ErrNoUsableKey},
		"a certificate and a byte":      {asMap(t, "a", inPEM("CERTIFICATE", append(bytes.Clone(der), 0))), jwk.ErrNoUsableKey},
		"a request for one":             {asMap(t, "a", inPEM("CERTIFICATE", spki(t, signers()[0].key.Public()))), jwk.ErrNoUsableKey},
	} {
		t.Run(law, func(t *testing.T) {
			if set, notes, err := jwk.Parse(c.document, wide); !errors.Is(err, c.want) || (err == nil) != (set.Len() > 0) {
				t.Errorf("%d keys, %q, %v; want %v", set.Len(), notes, err, c.want)
			}
		})
	}
	small := wide
	small.MaxKeys = 1
	if _, _, err := jwk.Parse(asMap(t, "a", cert, "b", cert), small); !errors.Is(err, jwk.ErrTooManyKeys) {
		t.Errorf("more than max_keys: %v", err)
	}
}

// TestUseOfSVIDs (K-07): a SPIFFE bundle's keys say what they are for.
func TestUseOfSVIDs(t *testing.T) {
	g := good()["P-256"]
	bundle := set(g.with("kid", "x", "use", "x509-svid"), g.with("kid", "j", "use", "jwt-svid"), g.with("kid", "s", "use", "sig"), g.with("kid", "n"))
	for use, want := range map[jwk.Use]string{jwk.UseSVID: "j", jwk.UseSignature: "s n"} {
		lim := wide
		lim.Use = use
		s, _, err := jwk.Parse(bundle, lim)
		if err != nil {
			t.Fatal(err)
		}
		var kids []string
		for i := range s.Len() {
			id, _ := s.Key(i).ID()
			kids = append(kids, id)
		}
		if strings.Join(kids, " ") != want {
			t.Errorf("use %d: keys %q, want %q", use, kids, want)
		}
	}
	lim := wide
	lim.Use = jwk.UseSVID
	for _, document := range [][]byte{[]byte(inPEM("PUBLIC KEY", spki(t, signers()[1].key.Public()))), asMap(t, "a", inPEM("CERTIFICATE", certificate(t, signers()[1].key, nil)))} {
		if _, _, err := jwk.Parse(document, lim); !errors.Is(err, jwk.ErrDocument) {
			t.Errorf("a key that does not say what it is for: %v", err)
		}
	}
}
