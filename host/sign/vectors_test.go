package sign

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

const shipped = "../../testdata/vectors"

// vector is what the tests need of a case of testdata/vectors.
type vector struct {
	Scheme  string `json:"scheme"`
	Name    string `json:"name"`
	Expect  string `json:"expect"`
	Now     int64  `json:"now"`
	Secrets []struct {
		ID  string `json:"id"`
		Alg string `json:"alg"`
		Key []byte `json:"key_b64"`
	} `json:"secrets"`
	Request Request                    `json:"request"`
	Config  map[string]json.RawMessage `json:"config"`
}

func readVectors(t *testing.T) []vector {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(shipped, "*.json"))
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	var all []vector
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var vectors []vector
		if err := json.Unmarshal(text, &vectors); err != nil {
			t.Fatal(err)
		}
		all = append(all, vectors...)
	}
	return all
}

// config is a word of the case's configuration, or "".
func (v *vector) config(word string) string {
	var s string
	if raw, ok := v.Config[word]; ok {
		_ = json.Unmarshal(raw, &s)
	}
	return s
}

// The signer makes, of every request that has to be accepted, the very signature that
// the vector carries; a signature with a private key, which the vectors do not hold, is
// verified over the base by the standard library.
func TestAcceptedVectorsAreWhatTheSignerMakes(t *testing.T) {
	seen := map[string]int{}
	for _, v := range readVectors(t) {
		undo := undoing[v.Scheme]
		if v.Expect != "accept" || strings.Contains(v.Name, "chunked") {
			continue
		}
		if undo == nil {
			if v.Scheme != "hawk" && v.Scheme != "canonical-v1" {
				t.Errorf("nothing undoes %s", v.Scheme)
			}
			continue
		}
		seen[v.Scheme]++
		t.Run(v.Scheme+"/"+v.Name, func(t *testing.T) { proves(t, &v, undo) })
	}
	if len(seen) != len(undoing) || seen["sigv4"] < 50 || seen["rfc9421"] < 20 {
		t.Errorf("cases by scheme: %v", seen)
	}
}

func proves(t *testing.T, v *vector, undo func(*vector, *Request, *Options) string) {
	r, o := v.Request.Clone(), &Options{Time: time.Unix(v.Now, 0)}
	carried := whole(r)
	s, ok := Lookup(undo(v, r, o))
	if !ok {
		t.Fatal("no such scheme")
	}
	for _, secret := range v.Secrets {
		key := Key{ID: secret.ID, Secret: secret.Key}
		if !strings.HasPrefix(secret.Alg, "hmac") {
			if public, ok := publicKey(t, secret.Alg, secret.Key); ok && verifies(t, s, r, key, o, secret.Alg, public, carried) {
				return
			}
			continue
		}
		signed, d, err := s.prepare(r, []Key{key}, o)
		if err != nil {
			t.Fatal(err)
		}
		if d.secret != nil {
			key.Secret = d.secret(key.Secret)
		}
		value, err := key.sign(d.algorithm(key), d.base)
		if err != nil {
			continue // the key of another algorithm
		}
		d.place([]signature{{key, value}})
		if slices.ContainsFunc(spellings(value), func(s string) bool { return strings.Contains(carried, s) }) {
			if want := sorted(&v.Request); !rotated(v) && !slices.Equal(sorted(signed), want) {
				t.Errorf("signed as\n%q, the vector is\n%q", sorted(signed), want)
			}
			return
		}
	}
	t.Error("no key of the case makes a signature that the vector carries")
}

// whole is everything of a request that may carry a signature.
func whole(r *Request) string {
	text := r.Target() + "\n" + string(r.Body)
	for _, h := range r.Headers {
		text += "\n" + h[1]
	}
	return text
}

// sorted is the request as a list without order: headers, parameters, body.
func sorted(r *Request) []string {
	list := []string{"body " + string(r.Body), "path " + r.Path}
	for _, h := range r.Headers {
		list = append(list, h[0]+": "+strings.ReplaceAll(strings.Trim(h[1], " "), ", ", ","))
	}
	if r.Query != nil {
		list = append(list, strings.Split(*r.Query, "&")...)
	}
	slices.Sort(list)
	return list
}

// rotated reports whether a case carries more than one signature or another spelling of
// what the signer writes: then only the signature itself is compared.
func rotated(v *vector) bool {
	for _, part := range []string{
		"two", "list", "unknown-versions", "mixed", "both-headers", "test-scheme", "with-v1", "garbage", "absent", "missing-header",
		"svix-webhook", "port-signed", "acl-list", "suite-query", "flag", "reordered",
	} {
		if strings.Contains(v.Name, part) {
			return true
		}
	}
	return false
}

// spellings are the ways in which schemes write a signature.
func spellings(b []byte) []string {
	return []string{
		hex.EncodeToString(b), base64.StdEncoding.EncodeToString(b),
		base64.URLEncoding.EncodeToString(b), base64.RawURLEncoding.EncodeToString(b),
	}
}

func publicKey(t *testing.T, alg string, key []byte) (crypto.PublicKey, bool) {
	t.Helper()
	if alg == "ed25519" {
		return ed25519.PublicKey(key), true
	}
	public, err := x509.ParsePKIXPublicKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return public, true
}

var candidate = regexp.MustCompile(`[A-Za-z0-9+/_~-]{64,}={0,2}`)

// verifies tries every text that could be a signature.
func verifies(t *testing.T, s Scheme, r *Request, key Key, o *Options, alg string, public crypto.PublicKey, carried string) bool {
	t.Helper()
	key.Private = publicHalf{public}
	base, err := s.Base(r, []Key{key}, *o)
	if err != nil {
		// Discord's and the agents' signers want a private key before they say what is signed.
		t.Fatal(err)
	}
	for _, text := range candidate.FindAllString(carried, -1) {
		for _, decode := range []func(string) ([]byte, error){
			hex.DecodeString, base64.StdEncoding.DecodeString,
			func(s string) ([]byte, error) {
				return base64.StdEncoding.DecodeString(strings.NewReplacer("-", "+", "_", "=", "~", "/").Replace(s))
			},
		} {
			if sig, err := decode(text); err == nil && verify(alg, public, base, sig) {
				return true
			}
		}
	}
	return false
}

// publicHalf stands for a private key that the vectors do not hold.
type publicHalf struct{ crypto.PublicKey }

func (p publicHalf) Public() crypto.PublicKey { return p.PublicKey }
func (publicHalf) Sign(_ randReader, _ []byte, _ crypto.SignerOpts) ([]byte, error) {
	return nil, errKey
}

func verify(alg string, public crypto.PublicKey, base, sig []byte) bool {
	h1, h256, h512 := sha1.Sum(base), sha256.Sum256(base), sha512.Sum512(base)
	switch p := public.(type) {
	case ed25519.PublicKey:
		return ed25519.Verify(p, base, sig)
	case *ecdsa.PublicKey:
		if len(sig) == 64 {
			return ecdsa.Verify(p, h256[:], new(big.Int).SetBytes(sig[:32]), new(big.Int).SetBytes(sig[32:]))
		}
		return ecdsa.VerifyASN1(p, h256[:], sig)
	case *rsa.PublicKey:
		switch alg {
		case "rsa-pss-sha512":
			return rsa.VerifyPSS(p, crypto.SHA512, h512[:], sig, &rsa.PSSOptions{SaltLength: 64}) == nil
		case "rsa-v1_5-sha256":
			return rsa.VerifyPKCS1v15(p, crypto.SHA256, h256[:], sig) == nil
		case "rsa-v1_5-sha1":
			return rsa.VerifyPKCS1v15(p, crypto.SHA1, h1[:], sig) == nil
		}
	}
	return false
}
