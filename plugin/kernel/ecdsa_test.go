package kernel_test

import (
	"bytes"
	stdecdsa "crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"errors"
	"math/big"
	"testing"

	"github.com/postern-wasm/postern/plugin/kernel/p256"
	"github.com/postern-wasm/postern/plugin/kernel/p384"
	"github.com/postern-wasm/postern/plugin/kernel/p521"
	"github.com/postern-wasm/postern/plugin/kernel/tables"
	"github.com/postern-wasm/postern/testdata/wycheproof"
)

// verifier is what the curves' packages have in common.
type verifier interface {
	Verify(digest, signature []byte) bool
}

type curve struct {
	name   string
	std    elliptic.Curve
	size   int
	keyIn  func(x, y []byte, room *tables.Room) (verifier, error)
	table  int // bytes of a key's table
	digest func(message []byte) []byte
	files  []string
}

// newKey makes a key with room for its table.
func (c *curve) newKey(x, y []byte) (verifier, error) { return c.keyIn(x, y, tables.New(tables.Limit)) }

var curves = []curve{
	{"P-256", elliptic.P256(), p256.Size, func(x, y []byte, room *tables.Room) (verifier, error) { return p256.NewKey(x, y, room) }, 36864, sum256, []string{"ecdsa_secp256r1_sha256_p1363", "ecdsa_secp256r1_sha512_p1363"}},
	{"P-384", elliptic.P384(), p384.Size, func(x, y []byte, room *tables.Room) (verifier, error) { return p384.NewKey(x, y, room) }, 28672, sum384, []string{"ecdsa_secp384r1_sha384_p1363", "ecdsa_secp384r1_sha512_p1363"}},
	{"P-521", elliptic.P521(), p521.Size, func(x, y []byte, room *tables.Room) (verifier, error) { return p521.NewKey(x, y, room) }, 36864, sum512, []string{"ecdsa_secp521r1_sha512_p1363"}},
}

func sum256(m []byte) []byte { s := sha256.Sum256(m); return s[:] }
func sum384(m []byte) []byte { s := sha512.Sum384(m); return s[:] }
func sum512(m []byte) []byte { s := sha512.Sum512(m); return s[:] }

func TestWycheproofECDSA(t *testing.T) {
	digests := map[string]func([]byte) []byte{"SHA-256": sum256, "SHA-384": sum384, "SHA-512": sum512}
	for _, c := range curves {
		for _, file := range c.files {
			wycheproof.Load(t, file).Run(t, nil, nil, func(g *wycheproof.Group, test *wycheproof.Case) bool {
				point := wycheproof.Hex(t, g.PublicKey.Uncompressed)
				k, err := c.newKey(point[1:1+c.size], point[1+c.size:])
				if err != nil {
					t.Fatalf("key of %s refused: %v", file, err)
				}
				return k.Verify(digests[g.Sha](wycheproof.Hex(t, test.Msg)), wycheproof.Hex(t, test.Sig))
			})
		}
	}
}

func TestECPoints(t *testing.T) {
	for _, c := range curves {
		t.Run(c.name, func(t *testing.T) {
			p := c.std.Params()
			x, y := p.Gx.FillBytes(make([]byte, c.size)), p.Gy.FillBytes(make([]byte, c.size))
			raised := func(v *big.Int) []byte { // the same residue, not below the prime
				return new(big.Int).Add(v, p.P).FillBytes(make([]byte, c.size+1))[1:]
			}
			flipped := bytes.Clone(y)
			flipped[len(flipped)-1] ^= 1
			zero := make([]byte, c.size)
			for _, d := range []struct {
				law  string
				x, y []byte
				ok   bool
			}{
				{"the generator is a point", x, y, true},
				{"off the curve (K-04)", x, flipped, false},
				{"swapped", y, x, false},
				{"(0,0) (K-04)", zero, zero, false},
				{"x = 0, y of the generator", zero, y, false},
				{"one byte short (K-04)", x[1:], y, false},
				{"y one byte short", x, y[1:], false},
				{"one byte long (K-04)", append([]byte{0}, x...), y, false},
				{"y one byte long", x, append([]byte{0}, y...), false},
				{"no coordinates", nil, nil, false},
				{"x = p (K-04)", p.P.FillBytes(make([]byte, c.size)), y, false},
				{"x over p", raised(p.Gx), y, false},
				{"all ones", bytes.Repeat([]byte{0xff}, c.size), bytes.Repeat([]byte{0xff}, c.size), false},
			} {
				if k, err := c.newKey(d.x, d.y); (err == nil) != d.ok {
					t.Errorf("%s: %v, %v", d.law, k, err)
				} else if err != nil && !errors.Is(err, p256.ErrPoint) {
					t.Errorf("%s: error %v", d.law, err)
				}
			}
		})
	}
}

// RFC 6979 appendix A.2.5 to A.2.7, message "sample": published r and s.
func TestRFC6979(t *testing.T) {
	for i, v := range []struct{ x, y, r, s string }{
		{
			"60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6", "7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299",
			"EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716", "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8",
		},
		{
			"EC3A4E415B4E19A4568618029F427FA5DA9A8BC4AE92E02E06AAE5286B300C64DEF8F0EA9055866064A254515480BC13", "8015D9B72D7D57244EA8EF9AC0C621896708A59367F9DFB9F54CA84B3F1C9DB1288B231C3AE0D4FE7344FD2533264720",
			"94EDBB92A5ECB8AAD4736E56C691916B3F88140666CE9FA73D64C4EA95AD133C81A648152E44ACF96E36DD1E80FABE46", "99EF4AEB15F178CEA1FE40DB2603138F130E740A19624526203B6351D0A3A94FA329C145786E679E7B82C71A38628AC8",
		},
		{
			"1894550D0785932E00EAA23B694F213F8C3121F86DC97A04E5A7167DB4E5BCD371123D46E45DB6B5D5370A7F20FB633155D38FFA16D2BD761DCAC474B9A2F5023A4", "0493101C962CD4D2FDDF782285E64584139C2F91B47F87FF82354D6630F746A28A0DB25741B5B34A828008B22ACC23F924FAAFBD4D33F81EA66956DFEAA2BFDFCF5",
			"0C328FAFCBD79DD77850370C46325D987CB525569FB63C5D3BC53950E6D4C5F174E25A1EE9017B5D450606ADD152B534931D7D4E8455CC91F9B15BF05EC36E377FA", "0617CCE7CF5064806C467F678D3B4080D6F1CC50AF26CA209417308281B68AF282623EAA63E5B5C0723D8B8C37FF0777B1A20F8CCB1DCCC43997F1EE0E44DA4A67A",
		},
	} {
		c := curves[i]
		number := func(s string) []byte {
			n, ok := new(big.Int).SetString(s, 16)
			if !ok {
				t.Fatal(s)
			}
			return n.FillBytes(make([]byte, c.size))
		}
		k, err := c.newKey(number(v.x), number(v.y))
		if err != nil {
			t.Fatal(c.name, err)
		}
		if !k.Verify(c.digest([]byte("sample")), append(number(v.r), number(v.s)...)) {
			t.Errorf("%s: the published signature is refused", c.name)
		}
		if k.Verify(c.digest([]byte("sampl")), append(number(v.r), number(v.s)...)) {
			t.Errorf("%s: a signature fits another message", c.name)
		}
	}
}

func TestECDSASignatures(t *testing.T) {
	for _, c := range curves {
		t.Run(c.name, func(t *testing.T) {
			private, err := stdecdsa.GenerateKey(c.std, rand.Reader)
			if err != nil {
				t.Fatal(err)
			}
			digest := c.digest([]byte("m"))
			r, s, err := stdecdsa.Sign(rand.Reader, private, digest)
			if err != nil {
				t.Fatal(err)
			}
			k, err := c.newKey(coordinates(t, private, c.size))
			if err != nil {
				t.Fatal(err)
			}
			n, p := c.std.Params().N, c.std.Params().P
			raw := func(r, s *big.Int) []byte {
				both := r.FillBytes(make([]byte, c.size+8))[8:]
				return append(both, s.FillBytes(make([]byte, c.size+8))[8:]...)
			}
			good := raw(r, s)
			zero, one := new(big.Int), big.NewInt(1)
			top := new(big.Int).Sub(new(big.Int).Lsh(one, uint(8*c.size)), one)
			for _, d := range []struct {
				law       string
				signature []byte
				ok        bool
			}{
				{"as signed", good, true},
				{"n - s: the other signature of the same point (M-03)", raw(r, new(big.Int).Sub(n, s)), true},
				{"r = s = 0: 64 zero bytes (M-01)", raw(zero, zero), false},
				{"r = 0 (M-01)", raw(zero, s), false},
				{"s = 0 (M-01)", raw(r, zero), false},
				{"r = n (M-01)", raw(n, s), false},
				{"s = n (M-01)", raw(r, n), false},
				{"r = n + 1 (M-01)", raw(new(big.Int).Add(n, one), s), false},
				{"s = n + 1 (M-01)", raw(r, new(big.Int).Add(n, one)), false},
				{"r = p (M-01)", raw(p, s), false},
				{"r all ones (M-01)", raw(top, s), false},
				{"s all ones (M-01)", raw(r, top), false},
				{"r = s = 1", raw(one, one), false},
				{"swapped", raw(s, r), false},
				{"no bytes (M-02)", nil, false},
				{"one byte less (M-02)", good[:len(good)-1], false},
				{"one byte more (M-02)", append(bytes.Clone(good), 0), false},
				{"twice (M-02)", append(bytes.Clone(good), good...), false},
				{"halves with a zero each (M-02)", append(append([]byte{0}, good[:c.size]...), append([]byte{0}, good[c.size:]...)...), false},
				{"the other half missing", good[:c.size], false},
			} {
				if got := k.Verify(digest, d.signature); got != d.ok {
					t.Errorf("%s: %v", d.law, got)
				}
			}
			der, err := stdecdsa.SignASN1(rand.Reader, private, digest)
			if err != nil || k.Verify(digest, der) {
				t.Error("DER accepted (M-02)", err)
			}
			if k.Verify(nil, good) {
				t.Error("accepted without a digest")
			}
			// The room jwt flips every bit; here some of each byte are enough.
			for bit := 0; bit < 8*len(good); bit += 5 {
				bad := bytes.Clone(good)
				bad[bit/8] ^= 1 << (bit % 8)
				if k.Verify(digest, bad) {
					t.Errorf("bit %d flipped and accepted (M-13)", bit)
				}
			}
		})
	}
}

func coordinates(t testing.TB, private *stdecdsa.PrivateKey, size int) (x, y []byte) {
	t.Helper()
	point, err := private.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return point[1 : 1+size], point[1+size:]
}

// sample is a key of the library's, and a digest with its signature by it.
func (c *curve) sample(t testing.TB) (private *stdecdsa.PrivateKey, digest, signature []byte) {
	t.Helper()
	private, err := stdecdsa.GenerateKey(c.std, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	digest = c.digest([]byte("m"))
	r, s, err := stdecdsa.Sign(rand.Reader, private, digest)
	if err != nil {
		t.Fatal(err)
	}
	return private, digest, append(r.FillBytes(make([]byte, c.size)), s.FillBytes(make([]byte, c.size))...)
}

// FuzzECDSA holds each curve against the library: any key, any digest, any signature.
func FuzzECDSA(f *testing.F) {
	for i, c := range curves {
		private, digest, signature := c.sample(f)
		x, y := coordinates(f, private, c.size)
		f.Add(i, x, y, digest, signature)
		f.Add(i, x, y, digest[:7], signature)
	}
	for i, c := range curves {
		for _, g := range wycheproof.Load(f, c.files[0]).Groups {
			point := wycheproof.Hex(f, g.PublicKey.Uncompressed)
			test := &g.Tests[len(g.Tests)/2] // one of each group: the groups are the ideas
			f.Add(i, point[1:1+c.size], point[1+c.size:], c.digest(wycheproof.Hex(f, test.Msg)), wycheproof.Hex(f, test.Sig))
		}
	}
	f.Fuzz(func(t *testing.T, which int, x, y, digest, signature []byte) {
		c := curves[uint(which)%uint(len(curves))]
		k, err := c.newKey(x, y)
		onCurve := len(x) == c.size && len(y) == c.size
		var public *stdecdsa.PublicKey
		if onCurve {
			point := append(append([]byte{4}, x...), y...)
			var refused error
			public, refused = stdecdsa.ParseUncompressedPublicKey(c.std, point)
			onCurve = refused == nil
		}
		if (err == nil) != onCurve {
			t.Fatalf("%s %x %x: %v", c.name, x, y, err)
		}
		if err != nil {
			return
		}
		want := false
		if len(signature) == 2*c.size && len(digest) > 0 {
			r, s := new(big.Int).SetBytes(signature[:c.size]), new(big.Int).SetBytes(signature[c.size:])
			want = stdecdsa.Verify(public, digest, r, s)
		}
		if got := k.Verify(digest, signature); got != want {
			t.Fatalf("%s: %v, library %v", c.name, got, want)
		}
	})
}
