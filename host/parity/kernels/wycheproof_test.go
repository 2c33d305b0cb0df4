package kernels

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/postern-wasm/postern/host/parity/kernels/batch"
	"github.com/postern-wasm/postern/plugin/jose/jwa"
	"github.com/postern-wasm/postern/testdata/wycheproof"
)

// kind is what a family of files has in common.
type kind struct {
	files []string
	// algorithm of a group; its cases are verified under it whether it fits or not.
	algorithm func(*wycheproof.Group) jwa.Algorithm
	// set is the JWK set with the key of a case.
	set func(testing.TB, *wycheproof.Group, *wycheproof.Case) string
	// refused says why a whole group is refused, or "".
	refused func(*wycheproof.Group, jwa.Algorithm) string
	// differs are cases where the answer is another one, by file.
	differs map[string]map[int]string
	// signature of a case.
	signature func(*wycheproof.Case) string
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// set is a JWK set of one key.
func set(format string, args ...any) string { return `{"keys":[` + fmt.Sprintf(format, args...) + `]}` }

// fixed is the algorithm of the hash that a group names, in the order 256, 384, 512.
func fixed(list [3]jwa.Algorithm) func(*wycheproof.Group) jwa.Algorithm {
	return func(g *wycheproof.Group) jwa.Algorithm {
		switch g.Sha {
		case "SHA-384":
			return list[1]
		case "SHA-512":
			return list[2]
		}
		return list[0]
	}
}

func only(a jwa.Algorithm) func(*wycheproof.Group) jwa.Algorithm {
	return func(*wycheproof.Group) jwa.Algorithm { return a }
}

func sig(c *wycheproof.Case) string { return c.Sig }

func rsaSet(t testing.TB, g *wycheproof.Group, _ *wycheproof.Case) string {
	return set(`{"kty":"RSA","n":"%s","e":"%s"}`, b64(wycheproof.Hex(t, g.PublicKey.Modulus)), b64(wycheproof.Hex(t, g.PublicKey.PublicExponent)))
}

func ecSet(crv string) func(testing.TB, *wycheproof.Group, *wycheproof.Case) string {
	return func(t testing.TB, g *wycheproof.Group, _ *wycheproof.Case) string {
		point := wycheproof.Hex(t, g.PublicKey.Uncompressed)
		half := len(point) / 2
		return set(`{"kty":"EC","crv":"%s","x":"%s","y":"%s"}`, crv, b64(point[1:1+half]), b64(point[1+half:]))
	}
}

func octSet(t testing.TB, _ *wycheproof.Group, c *wycheproof.Case) string {
	return set(`{"kty":"oct","k":"%s"}`, b64(wycheproof.Hex(t, c.Key)))
}

var names = map[jwa.Hash]string{jwa.SHA256: "SHA-256", jwa.SHA384: "SHA-384", jwa.SHA512: "SHA-512"}

// anotherHash refuses groups whose hash is not the algorithm's (RFC 7518 §3.4).
func anotherHash(g *wycheproof.Group, a jwa.Algorithm) string {
	if g.Sha != names[a.Hash()] {
		return "(no JWS algorithm has that hash)"
	}
	return ""
}

func pssOtherwise(g *wycheproof.Group, a jwa.Algorithm) string {
	if g.Mgf != "MGF1" || g.MgfSha != g.Sha || g.SaltLen != bytesOf(a) {
		return "(RFC 7518 §3.5: MGF1 over the same hash, a salt as long as it)"
	}
	return anotherHash(g, a)
}

func shortened(g *wycheproof.Group, a jwa.Algorithm) string {
	if g.TagSize != 8*bytesOf(a) || g.KeySize < 8*bytesOf(a) {
		return "(RFC 7518 §3.2: the whole MAC, and a key as long as the hash)"
	}
	return ""
}

func bytesOf(a jwa.Algorithm) int {
	return map[jwa.Hash]int{jwa.SHA256: 32, jwa.SHA384: 48, jwa.SHA512: 64}[a.Hash()]
}

func whole(*wycheproof.Group, jwa.Algorithm) string { return "" }

func kinds() []kind {
	var pkcs1 []string
	missing := map[string]map[int]string{}
	for _, size := range []string{"2048", "3072", "4096", "8192"} {
		for _, hash := range []string{"256", "384", "512"} {
			name := "rsa_signature_" + size + "_sha" + hash
			pkcs1, missing[name] = append(pkcs1, name), map[int]string{8: "NULL parameters are missing"}
		}
	}
	ps := [3]jwa.Algorithm{jwa.PS256, jwa.PS384, jwa.PS512}
	mac := func(name string, a jwa.Algorithm) kind {
		return kind{[]string{name}, only(a), octSet, shortened, nil, func(c *wycheproof.Case) string { return c.Tag }}
	}
	return []kind{
		{pkcs1, fixed([3]jwa.Algorithm{jwa.RS256, jwa.RS384, jwa.RS512}), rsaSet, whole, missing, sig},
		{[]string{
			"rsa_pss_2048_sha256_mgf1_0", "rsa_pss_2048_sha256_mgf1_32", "rsa_pss_2048_sha256_mgf1sha1_20",
			"rsa_pss_2048_sha384_mgf1_48", "rsa_pss_2048_sha512_mgf1sha256_32_params", "rsa_pss_3072_sha256_mgf1_32",
			"rsa_pss_4096_sha256_mgf1_32", "rsa_pss_4096_sha384_mgf1_48", "rsa_pss_4096_sha512_mgf1_32",
			"rsa_pss_4096_sha512_mgf1_64", "rsa_pss_misc",
		}, fixed(ps), rsaSet, pssOtherwise, map[string]map[int]string{"rsa_pss_2048_sha256_mgf1_0": {69: "a salt of 32 bytes, right by RFC 7518"}}, sig},
		{[]string{"ecdsa_secp256r1_sha256_p1363", "ecdsa_secp256r1_sha512_p1363"}, only(jwa.ES256), ecSet("P-256"), anotherHash, nil, sig},
		{[]string{"ecdsa_secp384r1_sha384_p1363", "ecdsa_secp384r1_sha512_p1363"}, only(jwa.ES384), ecSet("P-384"), anotherHash, nil, sig},
		{[]string{"ecdsa_secp521r1_sha512_p1363"}, only(jwa.ES512), ecSet("P-521"), anotherHash, nil, sig},
		{[]string{"ed25519"}, only(jwa.EdDSA), func(t testing.TB, g *wycheproof.Group, _ *wycheproof.Case) string {
			return set(`{"kty":"OKP","crv":"Ed25519","x":"%s"}`, b64(wycheproof.Hex(t, g.PublicKey.PK)))
		}, whole, nil, sig},
		mac("hmac_sha256", jwa.HS256), mac("hmac_sha384", jwa.HS384), mac("hmac_sha512", jwa.HS512),
		stream("hmac_sha1", batch.HMACSHA1, secret, 20), stream("hmac_sha256", batch.HMACSHA256, secret, 32),
		stream("hmac_sha384", batch.HMACSHA384, secret, 48), stream("hmac_sha512", batch.HMACSHA512, secret, 64),
		stream("ed25519", batch.Ed25519, func(t testing.TB, g *wycheproof.Group, _ *wycheproof.Case) string {
			return string(wycheproof.Hex(t, g.PublicKey.PK))
		}, 0),
		stream("ecdsa_secp256r1_sha256", batch.P256, point, 0), stream("ecdsa_secp384r1_sha384", batch.P384, point, 0),
		stream("ecdsa_secp521r1_sha512", batch.P521, point, 0),
	}
}

// stream is a file verified by the primitive itself, texts in pieces. Where a whole MAC
// has size bytes, the groups of others are refused.
func stream(name string, a jwa.Algorithm, key func(testing.TB, *wycheproof.Group, *wycheproof.Case) string, size int) kind {
	cut := func(g *wycheproof.Group, _ jwa.Algorithm) string {
		if g.TagSize != 8*size {
			return "(a MAC has the hash's full length)"
		}
		return ""
	}
	return kind{[]string{name}, only(a), key, cut, nil, func(c *wycheproof.Case) string { return c.Sig + c.Tag }}
}

func secret(t testing.TB, _ *wycheproof.Group, c *wycheproof.Case) string {
	return string(wycheproof.Hex(t, c.Key))
}

// point is X and Y.
func point(t testing.TB, g *wycheproof.Group, _ *wycheproof.Case) string {
	return string(wycheproof.Hex(t, g.PublicKey.Uncompressed)[1:])
}

// corpus is a file as a batch.
type corpus struct {
	kind  *kind
	file  *wycheproof.File
	cases []byte
	n     int
}

func load(t *testing.T, k *kind, name string) *corpus {
	t.Helper()
	c := &corpus{kind: k, file: wycheproof.Load(t, name)}
	last := ""
	for g := range c.file.Groups {
		group := &c.file.Groups[g]
		for i := range group.Tests {
			test := &group.Tests[i]
			keys := k.set(t, group, test)
			one := batch.Case{Algorithm: k.algorithm(group), Keys: keys, Text: wycheproof.Hex(t, test.Msg), Signature: wycheproof.Hex(t, k.signature(test))}
			if keys == last {
				one.Keys = ""
			}
			last = keys
			c.cases = batch.Append(c.cases, one)
			c.n++
		}
	}
	return c
}

// judge compares verdicts with the file.
func (c *corpus) judge(t *testing.T, where, verdicts string) {
	t.Helper()
	i := 0
	t.Run(where+" "+c.file.Name, func(t *testing.T) {
		refused := func(g *wycheproof.Group) string { return c.kind.refused(g, c.kind.algorithm(g)) }
		c.file.Run(t, c.kind.differs[c.file.Name], refused, func(*wycheproof.Group, *wycheproof.Case) bool {
			i++
			return batch.Says(verdicts[i-1])
		})
	})
}

// left checks that the host has decided on every valid signature but the first of each
// key, which the module decides by comparison.
func (c *corpus) left(t *testing.T, where, verdicts string) {
	t.Helper()
	valid := strings.Count(verdicts, string(batch.HostValid)) + strings.Count(verdicts, string(batch.Valid))
	if n := strings.Count(verdicts, string(batch.Valid)); n > len(c.file.Groups) || valid < 5 {
		t.Errorf("%s: %s: %d of %d valid signatures were not left to the host", where, c.file.Name, n, valid)
	}
	if strings.Count(verdicts, string(batch.HostInvalid)) < c.n/2 {
		t.Errorf("%s: %s: few bad signatures were left to the host", where, c.file.Name)
	}
}

// TestM15WycheproofIsJudgedAlikeEverywhere: natively, in wazero, in Envoy, and by both
// proxies' own RSA.
func TestM15WycheproofIsJudgedAlikeEverywhere(t *testing.T) {
	var list, lefts []*corpus
	for _, k := range kinds() {
		for _, name := range k.files {
			c := load(t, &k, name)
			list = append(list, c)
			if strings.HasPrefix(name, "rsa_signature") {
				lefts = append(lefts, c)
			}
		}
	}
	wazero, envoy := newWazero(t), inEnvoy(t, map[byte]*corpus{own: join(list), hosted: join(lefts)})
	total, theirs := 0, 0
	for _, c := range list {
		c.judge(t, "native", native(t, c.cases))
		c.judge(t, "wazero", wazero.run(t, own, c.cases, c.n))
		c.judge(t, "envoy", envoy[own][total:total+c.n])
		total += c.n
	}
	for _, c := range lefts {
		in := map[string]string{"envoy": envoy[hosted][theirs : theirs+c.n], "wazero": wazero.run(t, hosted, c.cases, c.n)}
		theirs += c.n
		for where, verdicts := range in {
			c.judge(t, where+"'s verify_signature", verdicts)
			c.left(t, where, verdicts)
		}
	}
	t.Logf("note: %d Wycheproof cases judged alike natively, in wazero and in Envoy; %d by both proxies' verify_signature too", total, theirs)
}

// join is all cases of a list.
func join(list []*corpus) *corpus {
	all := &corpus{}
	for _, c := range list {
		all.cases, all.n = append(all.cases, c.cases...), all.n+c.n
	}
	return all
}
