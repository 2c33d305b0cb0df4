package sha2

// group256 holds the constants of sixteen rounds, the last round's first. wazero checks
// every address that it cannot see to be below one it has checked, and where each is an
// offset from one pointer that is those of one group, from the second on; in one array
// they would be addresses of their own. That is a twelfth of the time.
type group256 struct {
	next *group256
	k    [16]uint32
}

// group512 is the same of 64 bits.
type group512 struct {
	next *group512
	k    [16]uint64
}

// FIPS 180-4 §4.2.2: the first 32 bits of the fractional parts of the cube roots of the
// first 64 primes.
var (
	k256From0 = group256{&k256From16, [16]uint32{
		0xc19bf174, 0x9bdc06a7, 0x80deb1fe, 0x72be5d74, 0x550c7dc3, 0x243185be, 0x12835b01, 0xd807aa98,
		0xab1c5ed5, 0x923f82a4, 0x59f111f1, 0x3956c25b, 0xe9b5dba5, 0xb5c0fbcf, 0x71374491, 0x428a2f98,
	}}
	k256From16 = group256{&k256From32, [16]uint32{
		0x14292967, 0x06ca6351, 0xd5a79147, 0xc6e00bf3, 0xbf597fc7, 0xb00327c8, 0xa831c66d, 0x983e5152,
		0x76f988da, 0x5cb0a9dc, 0x4a7484aa, 0x2de92c6f, 0x240ca1cc, 0x0fc19dc6, 0xefbe4786, 0xe49b69c1,
	}}
	k256From32 = group256{&k256From48, [16]uint32{
		0x106aa070, 0xf40e3585, 0xd6990624, 0xd192e819, 0xc76c51a3, 0xc24b8b70, 0xa81a664b, 0xa2bfe8a1,
		0x92722c85, 0x81c2c92e, 0x766a0abb, 0x650a7354, 0x53380d13, 0x4d2c6dfc, 0x2e1b2138, 0x27b70a85,
	}}
	k256From48 = group256{nil, [16]uint32{
		0xc67178f2, 0xbef9a3f7, 0xa4506ceb, 0x90befffa, 0x8cc70208, 0x84c87814, 0x78a5636f, 0x748f82ee,
		0x682e6ff3, 0x5b9cca4f, 0x4ed8aa4a, 0x391c0cb3, 0x34b0bcb5, 0x2748774c, 0x1e376c08, 0x19a4c116,
	}}
)

// FIPS 180-4 §4.2.3: the same to 64 bits, for the first 80 primes.
var (
	k512From0 = group512{&k512From16, [16]uint64{
		0xc19bf174cf692694, 0x9bdc06a725c71235, 0x80deb1fe3b1696b1, 0x72be5d74f27b896f,
		0x550c7dc3d5ffb4e2, 0x243185be4ee4b28c, 0x12835b0145706fbe, 0xd807aa98a3030242,
		0xab1c5ed5da6d8118, 0x923f82a4af194f9b, 0x59f111f1b605d019, 0x3956c25bf348b538,
		0xe9b5dba58189dbbc, 0xb5c0fbcfec4d3b2f, 0x7137449123ef65cd, 0x428a2f98d728ae22,
	}}
	k512From16 = group512{&k512From32, [16]uint64{
		0x142929670a0e6e70, 0x06ca6351e003826f, 0xd5a79147930aa725, 0xc6e00bf33da88fc2,
		0xbf597fc7beef0ee4, 0xb00327c898fb213f, 0xa831c66d2db43210, 0x983e5152ee66dfab,
		0x76f988da831153b5, 0x5cb0a9dcbd41fbd4, 0x4a7484aa6ea6e483, 0x2de92c6f592b0275,
		0x240ca1cc77ac9c65, 0x0fc19dc68b8cd5b5, 0xefbe4786384f25e3, 0xe49b69c19ef14ad2,
	}}
	k512From32 = group512{&k512From48, [16]uint64{
		0x106aa07032bbd1b8, 0xf40e35855771202a, 0xd69906245565a910, 0xd192e819d6ef5218,
		0xc76c51a30654be30, 0xc24b8b70d0f89791, 0xa81a664bbc423001, 0xa2bfe8a14cf10364,
		0x92722c851482353b, 0x81c2c92e47edaee6, 0x766a0abb3c77b2a8, 0x650a73548baf63de,
		0x53380d139d95b3df, 0x4d2c6dfc5ac42aed, 0x2e1b21385c26c926, 0x27b70a8546d22ffc,
	}}
	k512From48 = group512{&k512From64, [16]uint64{
		0xc67178f2e372532b, 0xbef9a3f7b2c67915, 0xa4506cebde82bde9, 0x90befffa23631e28,
		0x8cc702081a6439ec, 0x84c87814a1f0ab72, 0x78a5636f43172f60, 0x748f82ee5defb2fc,
		0x682e6ff3d6b2b8a3, 0x5b9cca4f7763e373, 0x4ed8aa4ae3418acb, 0x391c0cb3c5c95a63,
		0x34b0bcb5e19b48a8, 0x2748774cdf8eeb99, 0x1e376c085141ab53, 0x19a4c116b8d2d0c8,
	}}
	k512From64 = group512{nil, [16]uint64{
		0x6c44198c4a475817, 0x5fcb6fab3ad6faec, 0x597f299cfc657e2a, 0x4cc5d4becb3e42b6,
		0x431d67c49c100d4c, 0x3c9ebe0a15c9bebc, 0x32caab7b40c72493, 0x28db77f523047d84,
		0x1b710b35131c471b, 0x113f9804bef90dae, 0x0a637dc5a2c898a6, 0x06f067aa72176fba,
		0xf57d4f7fee6ed178, 0xeada7dd6cde0eb1e, 0xd186b8c721c0c207, 0xca273eceea26619c,
	}}
)

// The initial values, FIPS 180-4 §5.3: from the square roots of the first eight primes,
// for SHA-384 of the ninth to the sixteenth.
var (
	initial256 = [8]uint32{
		0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
		0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
	}
	initial384 = [8]uint64{
		0xcbbb9d5dc1059ed8, 0x629a292a367cd507, 0x9159015a3070dd17, 0x152fecd8f70e5939,
		0x67332667ffc00b31, 0x8eb44a8768581511, 0xdb0c2e0d64f98fa7, 0x47b5481dbefa4fa4,
	}
	initial512 = [8]uint64{
		0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
		0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179,
	}
)

// Initial256 returns SHA-256's initial value.
func Initial256() [8]uint32 { return initial256 }

// Initial384 returns SHA-384's initial value.
func Initial384() [8]uint64 { return initial384 }

// Initial512 returns SHA-512's initial value.
func Initial512() [8]uint64 { return initial512 }
