package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/lestrrat-go/jwx/v2/jwk"
)

// maxKeyFile bounds a file of keys: 1 MiB.
const maxKeyFile = 1 << 20

// algorithm is one row of the table of what this command can sign with.
type algorithm struct {
	name jwa.SignatureAlgorithm
	kty  jwa.KeyType
	crv  jwa.EllipticCurveAlgorithm // "" for RSA and oct
	size int                        // oct: bytes of a new key, the hash's length (RFC 7518 §3.2)
}

// algorithms in the order of the help; the first that fits a key is its default.
var algorithms = []algorithm{
	{name: jwa.ES256, kty: jwa.EC, crv: jwa.P256},
	{name: jwa.ES384, kty: jwa.EC, crv: jwa.P384},
	{name: jwa.ES512, kty: jwa.EC, crv: jwa.P521},
	{name: jwa.EdDSA, kty: jwa.OKP, crv: jwa.Ed25519},
	{name: jwa.RS256, kty: jwa.RSA},
	{name: jwa.RS384, kty: jwa.RSA},
	{name: jwa.RS512, kty: jwa.RSA},
	{name: jwa.PS256, kty: jwa.RSA},
	{name: jwa.PS384, kty: jwa.RSA},
	{name: jwa.PS512, kty: jwa.RSA},
	{name: jwa.HS256, kty: jwa.OctetSeq, size: 32},
	{name: jwa.HS384, kty: jwa.OctetSeq, size: 48},
	{name: jwa.HS512, kty: jwa.OctetSeq, size: 64},
}

func algorithmNames() string {
	names := make([]string, len(algorithms))
	for i, a := range algorithms {
		names[i] = string(a.name)
	}
	return strings.Join(names, ", ")
}

func findAlgorithm(name string) (algorithm, error) {
	for _, a := range algorithms {
		if string(a.name) == name {
			return a, nil
		}
	}
	return algorithm{}, fmt.Errorf("no algorithm %q; there are %s", name, algorithmNames())
}

// fits reports whether key is of the type and curve that a needs, and has no
// other algorithm written into it.
func (a algorithm) fits(key jwk.Key) bool {
	if key.KeyType() != a.kty {
		return false
	}
	if alg := key.Algorithm().String(); alg != "" && alg != string(a.name) {
		return false
	}
	if a.crv == "" {
		return true
	}
	crv, _ := key.Get("crv")
	return crv == a.crv
}

// algorithmFor returns the algorithm named, or for "" the key's own, or the
// default of its type.
func algorithmFor(key jwk.Key, name string) (algorithm, error) {
	if name == "" {
		for _, a := range algorithms {
			if a.fits(key) {
				return a, nil
			}
		}
		return algorithm{}, fmt.Errorf("no algorithm for a key of type %s with alg %q", key.KeyType(), key.Algorithm())
	}
	a, err := findAlgorithm(name)
	if err != nil {
		return a, err
	}
	if !a.fits(key) {
		crv, _ := key.Get("crv")
		return a, fmt.Errorf("the key does not fit %s: kty %s, crv %v, alg %q", name, key.KeyType(), crv, key.Algorithm())
	}
	return a, nil
}

// readKeys reads the keys of a file: one JWK, a JWKS, or PEM.
func readKeys(path string) ([]jwk.Key, error) {
	data, err := readBounded(path, maxKeyFile)
	if err != nil {
		return nil, err
	}
	isPEM := bytes.Contains(data, []byte("-----BEGIN "))
	set, err := jwk.Parse(data, jwk.WithPEM(isPEM))
	if err != nil {
		// The parser's own words can quote the file: not for a private key.
		return nil, fmt.Errorf("%s holds no key in the form of a JWK, a JWKS or PEM", path)
	}
	var keys []jwk.Key
	for i := range set.Len() {
		if key, ok := set.Key(i); ok && key.KeyType() != "" {
			keys = append(keys, key)
		}
	}
	if len(keys) == 0 {
		return nil, fmt.Errorf("%s holds no key", path)
	}
	return keys, nil
}

// chooseKey returns the key of that kid, or the only key when kid is "".
func chooseKey(path string, keys []jwk.Key, kid string) (jwk.Key, error) {
	if kid == "" && len(keys) == 1 {
		return keys[0], nil
	}
	var ids []string
	for _, k := range keys {
		if k.KeyID() == kid && kid != "" {
			return k, nil
		}
		ids = append(ids, fmt.Sprintf("%q", k.KeyID()))
	}
	if len(keys) == 1 && keys[0].KeyID() == "" {
		return keys[0], nil // a key without a name takes the one given
	}
	if kid == "" {
		return nil, fmt.Errorf("%s holds %d keys; choose one with --kid: %s", path, len(keys), strings.Join(ids, ", "))
	}
	return nil, fmt.Errorf("%s has no key %q; it has %s", path, kid, strings.Join(ids, ", "))
}

// readBounded reads a file of at most limit bytes.
func readBounded(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path) //nolint:gosec // the file that the user named
	if err != nil {
		return nil, fileError("read", path, err)
	}
	defer f.Close() //nolint:errcheck // read only: nothing can be lost
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, fileError("read", path, err)
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("cannot read %s: larger than %d bytes", path, limit)
	}
	return data, nil
}

// Modes of the files written.
const (
	modePrivate fs.FileMode = 0o600
	modePublic  fs.FileMode = 0o644
)

// writeKeys writes v as JSON to path, or to stdout for "-". A file that is there
// is never written over unless replace is set, and then whole or not at all.
func (a *app) writeKeys(path string, v any, mode fs.FileMode, replace bool) error {
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	data = append(data, '\n')
	if path == "-" {
		_, err = a.out.Write(data)
		return err
	}
	// A temporary file and a link or a rename: no reader ever sees half a key,
	// and the mode is right before there is anything to read.
	tmp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return fileError("write", path, err)
	}
	defer os.Remove(tmp.Name()) //nolint:errcheck // gone after a rename
	_, err = tmp.Write(data)
	err = errors.Join(err, tmp.Chmod(mode), tmp.Sync(), tmp.Close())
	switch {
	case err != nil:
	case replace:
		err = os.Rename(tmp.Name(), path)
	default:
		err = os.Link(tmp.Name(), path) // fails where path exists
	}
	var le *os.LinkError
	if errors.As(err, &le) {
		err = le.Err
	}
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is there already; --force writes over it", path)
	}
	if err != nil {
		return fileError("write", path, err)
	}
	return nil
}

// publicSet returns the JWKS of the public halves of keys. A symmetric key has
// none, and a published one would let every reader sign: refused.
func publicSet(keys []jwk.Key) (jwk.Set, error) {
	set := jwk.NewSet()
	var ids []string
	for _, k := range keys {
		if k.KeyType() == jwa.OctetSeq {
			return nil, fmt.Errorf("key %q is symmetric: it has no public half to publish", k.KeyID())
		}
		pub, err := k.PublicKey()
		if err != nil {
			return nil, fmt.Errorf("key %q has no public half: %w", k.KeyID(), err)
		}
		if err := nameKey(pub); err != nil {
			return nil, err
		}
		if slices.Contains(ids, pub.KeyID()) {
			return nil, fmt.Errorf("two keys are named %q", pub.KeyID())
		}
		ids = append(ids, pub.KeyID())
		if err := set.AddKey(pub); err != nil {
			return nil, err
		}
	}
	return set, nil
}

// nameKey gives a key without a kid its RFC 7638 thumbprint as kid, and marks
// it for signatures.
func nameKey(key jwk.Key) error {
	if key.KeyID() == "" {
		if err := jwk.AssignKeyID(key); err != nil {
			return err
		}
	}
	if err := key.Remove(jwk.KeyOpsKey); err != nil { // "sign" is not for the public half
		return err
	}
	return key.Set(jwk.KeyUsageKey, jwk.ForSignature)
}
