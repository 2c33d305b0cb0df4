package main

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/lestrrat-go/jwx/v2/jwk"
	"github.com/spf13/cobra"
)

func newKeysCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "keys",
		Short: "Make signing keys and key sets, and rotate them",
		Long: `keys makes what a token needs on both sides: a private key to sign with, and the
public key set (JWKS) that Postern verifies against, inline (local_jwks) or
served from a URL (remote_jwks).

Private keys are written with mode 0600 and never over a file that is there.
` + exitHelp,
		Example: `  postern keys new --alg ES256 --out signing.jwk --public jwks.json
  postern keys rotate --dir keys`,
		Args: cobra.ArbitraryArgs,
		RunE: needsSubcommand,
	}
	cmd.AddCommand(newKeysNewCommand(a), newKeysSetCommand(a), newKeysRotateCommand(a))
	return cmd
}

// keyInfo is what the key commands say about a key: nothing private.
type keyInfo struct {
	File       string   `json:"file,omitempty"`
	Public     string   `json:"public,omitempty"`
	Kid        string   `json:"kid"`
	Alg        string   `json:"alg"`
	Thumbprint string   `json:"thumbprint,omitempty"`
	Kept       []string `json:"kept,omitempty"`
	Dropped    []string `json:"dropped,omitempty"`
}

// newKeyFlags are the flags that say what key to make.
type newKeyFlags struct {
	alg, kid string
	bits     int
}

func (f *newKeyFlags) add(cmd *cobra.Command, alg string) {
	cmd.Flags().StringVar(&f.alg, "alg", alg, "algorithm: "+algorithmNames())
	cmd.Flags().StringVar(&f.kid, "kid", "", "the key's name (default its RFC 7638 thumbprint)")
	cmd.Flags().IntVar(&f.bits, "bits", 2048, "size of an RSA key, 2048 to 8192")
}

func newKeysNewCommand(a *app) *cobra.Command {
	var (
		f           newKeyFlags
		out, public string
		force       bool
	)
	cmd := &cobra.Command{
		Use:   "new",
		Short: "Make a signing key",
		Long: `new makes a private key from the system's randomness and writes it as a JWK with
kid, alg and use. With --public the key set with its public half is written too.
An HS256, HS384 or HS512 key is a shared secret and has no public half.
` + exitHelp,
		Example: `  postern keys new --alg ES256 --kid 2026-11 --out signing.jwk --public jwks.json
  postern keys new --alg RS256 --bits 3072 --out rsa.jwk`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			key, err := generate(f)
			if err != nil {
				return err
			}
			var set jwk.Set
			if public != "" {
				if set, err = publicSet([]jwk.Key{key}); err != nil {
					return err
				}
			}
			if err := a.writeKeys(out, key, modePrivate, force); err != nil {
				return err
			}
			if public != "" {
				if err := a.writeKeys(public, set, modePublic, force); err != nil {
					return err
				}
			}
			if out == "-" {
				return nil
			}
			return a.sayKey("new key", keyInfo{File: out, Public: public}, key)
		},
	}
	f.add(cmd, "ES256")
	cmd.Flags().StringVar(&out, "out", "-", `file for the private key; "-" is stdout`)
	cmd.Flags().StringVar(&public, "public", "", "file for the public key set")
	cmd.Flags().BoolVar(&force, "force", false, "write over files that are there")
	return cmd
}

// generate makes a private key.
func generate(f newKeyFlags) (jwk.Key, error) {
	a, err := findAlgorithm(f.alg)
	if err != nil {
		return nil, err
	}
	var raw any
	switch a.kty {
	case jwa.RSA:
		if f.bits < 2048 || f.bits > 8192 {
			return nil, fmt.Errorf("--bits must be 2048 to 8192, not %d", f.bits)
		}
		raw, err = rsa.GenerateKey(rand.Reader, f.bits)
	case jwa.EC:
		curve := map[jwa.EllipticCurveAlgorithm]elliptic.Curve{
			jwa.P256: elliptic.P256(), jwa.P384: elliptic.P384(), jwa.P521: elliptic.P521(),
		}[a.crv]
		raw, err = ecdsa.GenerateKey(curve, rand.Reader)
	case jwa.OKP:
		_, raw, err = ed25519.GenerateKey(rand.Reader)
	case jwa.OctetSeq:
		secret := make([]byte, a.size)
		_, err = rand.Read(secret)
		raw = secret
	case jwa.InvalidKeyType:
		err = errors.New("internal: algorithm without a key type")
	}
	if err != nil {
		return nil, err
	}
	key, err := jwk.FromRaw(raw)
	if err != nil {
		return nil, err
	}
	if f.kid != "" {
		if err := key.Set(jwk.KeyIDKey, f.kid); err != nil {
			return nil, err
		}
	}
	if err := nameKey(key); err != nil {
		return nil, err
	}
	return key, key.Set(jwk.AlgorithmKey, a.name)
}

// sayKey tells on stdout which key has been made.
func (a *app) sayKey(what string, info keyInfo, key jwk.Key) error {
	info.Kid, info.Alg = key.KeyID(), key.Algorithm().String()
	if a.output == outputJSON {
		return writeJSON(a.out, info)
	}
	fmt.Fprintf(a.out, "%s %q (%s) in %s\n", what, info.Kid, info.Alg, info.File)
	if info.Public != "" {
		fmt.Fprintf(a.out, "public key set in %s\n", info.Public)
	}
	for _, kid := range info.Kept {
		fmt.Fprintf(a.out, "still in the set: %q\n", kid)
	}
	for _, kid := range info.Dropped {
		fmt.Fprintf(a.out, "no longer in the set: %q\n", kid)
	}
	return nil
}

func newKeysSetCommand(a *app) *cobra.Command {
	var (
		out   string
		force bool
	)
	cmd := &cobra.Command{
		Use:   "set FILE...",
		Short: "Make the public key set of private or public keys",
		Long: `set reads keys (JWK, JWKS or PEM, private or public) and writes one JWKS with
their public halves, in the order given. A key without a kid gets its RFC 7638
thumbprint. Symmetric keys and names that occur twice are refused.
` + exitHelp,
		Example: `  postern keys set signing.jwk former.pem --out jwks.json`,
		Args:    cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, files []string) error {
			var keys []jwk.Key
			for _, file := range files {
				some, err := readKeys(file)
				if err != nil {
					return err
				}
				keys = append(keys, some...)
			}
			set, err := publicSet(keys)
			if err != nil {
				return err
			}
			return a.writeKeys(out, set, modePublic, force)
		},
	}
	cmd.Flags().StringVar(&out, "out", "-", `file for the key set; "-" is stdout`)
	cmd.Flags().BoolVar(&force, "force", false, "write over a file that is there")
	return cmd
}

// Names in the directory of `keys rotate`.
const (
	signingFile  = "signing.jwk"
	previousFile = "previous.jwk"
	publicFile   = "jwks.json"
)

func newKeysRotateCommand(a *app) *cobra.Command {
	var (
		f   newKeyFlags
		dir string
	)
	cmd := &cobra.Command{
		Use:   "rotate --dir DIR",
		Short: "Change the signing key, with an overlap",
		Long: `rotate makes a new signing key in a directory and keeps the former one valid, so
that tokens signed before the change go on being accepted:

  signing.jwk    the private key to sign with from now on
  previous.jwk   the private key that it replaces, for one way back
  jwks.json      the public key set: the new key first, then the former one

Keys older than the former one leave the set. The set is written before the
private keys: nobody can sign with a key that is not published. In an empty
directory the first key is made. The new key has the algorithm of the former one
unless --alg says otherwise.
` + exitHelp,
		Example: `  postern keys rotate --dir keys
  postern keys rotate --dir keys --kid 2026-12`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if dir == "" {
				return errors.New("--dir is needed: the directory that holds the keys")
			}
			return a.rotate(dir, f, cmd.Flags().Changed("alg"))
		},
	}
	f.add(cmd, "ES256")
	cmd.Flags().StringVar(&dir, "dir", "", "directory of the keys; it is made if it is not there")
	return cmd
}

func (a *app) rotate(dir string, f newKeyFlags, algGiven bool) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fileError("make", dir, err)
	}
	signing, public := filepath.Join(dir, signingFile), filepath.Join(dir, publicFile)
	var former jwk.Key
	if _, err := os.Lstat(signing); err == nil {
		keys, err := readKeys(signing)
		if err != nil {
			return err
		}
		if former, err = chooseKey(signing, keys, ""); err != nil {
			return err
		}
		if former.KeyID() == "" {
			if err := jwk.AssignKeyID(former); err != nil {
				return err
			}
		}
		if !algGiven {
			old, err := algorithmFor(former, "")
			if err != nil {
				return err
			}
			f.alg = string(old.name)
		}
	}
	key, err := generate(f)
	if err != nil {
		return err
	}
	keys := []jwk.Key{key}
	info := keyInfo{File: signing, Public: public}
	if former != nil {
		keys = append(keys, former)
		info.Kept = []string{former.KeyID()}
	}
	set, err := publicSet(keys)
	if err != nil {
		return err
	}
	info.Dropped = missing(public, set)
	if err := a.writeKeys(public, set, modePublic, true); err != nil {
		return err
	}
	if former != nil {
		if err := a.writeKeys(filepath.Join(dir, previousFile), former, modePrivate, true); err != nil {
			return err
		}
	}
	if err := a.writeKeys(signing, key, modePrivate, true); err != nil {
		return err
	}
	return a.sayKey("signing key", info, key)
}

// missing returns the kids of the set in file that are not in next.
func missing(file string, next jwk.Set) []string {
	old, err := readKeys(file)
	if err != nil {
		return nil // no set yet, or none that could be read: nothing is lost
	}
	var gone []string
	for _, k := range old {
		if _, ok := next.LookupKeyID(k.KeyID()); !ok {
			gone = append(gone, k.KeyID())
		}
	}
	return gone
}
