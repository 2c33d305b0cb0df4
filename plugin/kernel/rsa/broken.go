package rsa

// marks are the primes modulo which the powers of 65537 are few: primes of the broken
// generator are powers of 65537 modulo all of them, and so are their products.
var marks = [...]uint32{11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157}

// broken says whether a modulus (big-endian) has the fingerprint of "The return of
// Coppersmith's attack" (Nemec, Sys, Svenda, Klinec, Matyas, 2017; CVE-2017-15361). A
// good key has it by chance once in more than a hundred million.
func broken(modulus []byte) bool {
	for _, p := range marks {
		var rest uint32
		for _, b := range modulus {
			rest = (rest<<8 | uint32(b)) % p
		}
		power, member := uint32(1), false
		for {
			if power == rest {
				member = true
			}
			if power = power * (65537 % p) % p; power == 1 {
				break
			}
		}
		if !member {
			return false
		}
	}
	return true
}
