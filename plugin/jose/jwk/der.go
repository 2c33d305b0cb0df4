package jwk

import (
	"bytes"

	"github.com/postern-wasm/postern/plugin/jose/jwa"
	"github.com/postern-wasm/postern/plugin/kernel/tables"
)

// The DER that keys in PEM come in: SubjectPublicKeyInfo (RFC 5280 §4.1.2.7, RFC 3279,
// RFC 5480, RFC 8410), alone or in a certificate. Nothing else is understood.

// der is what is left to read of a constructed value (X.690 §10: DER has one encoding
// for each value).
type der []byte

// The tags.
const (
	tagInteger   = 0x02
	tagBitString = 0x03
	tagNull      = 0x05
	tagOID       = 0x06
	tagSequence  = 0x30
	tagVersion   = 0xa0 // [0], of a certificate
)

// element takes the next element: its tag, its contents, and the whole of it. Lengths
// are definite and in the shortest form (X.690 §10.1); tags have one byte.
func (d *der) element() (tag byte, contents, whole []byte, ok bool) {
	b := *d
	if len(b) < 2 || b[0]&0x1f == 0x1f {
		return 0, nil, nil, false
	}
	size, start := int(b[1]), 2
	if size >= 0x80 {
		count := size - 0x80
		if count == 0 || count > 3 || len(b) < 2+count || b[2] == 0 {
			return 0, nil, nil, false
		}
		size, start = 0, 2+count
		for _, c := range b[2:start] {
			size = size<<8 | int(c)
		}
		if size < 0x80 {
			return 0, nil, nil, false
		}
	}
	if size > len(b)-start {
		return 0, nil, nil, false
	}
	*d = b[start+size:]
	return b[0], b[start : start+size], b[:start+size], true
}

// take takes the next element's contents if it has the tag.
func (d *der) take(tag byte) (der, bool) {
	got, contents, _, ok := d.element()
	return contents, ok && got == tag
}

// natural takes an INTEGER that is not negative, without the zero byte of its sign.
func (d *der) natural() ([]byte, bool) {
	n, ok := d.take(tagInteger)
	if !ok || len(n) == 0 || n[0] >= 0x80 {
		return nil, false
	}
	if n[0] == 0 && len(n) > 1 {
		if n[1] < 0x80 {
			return nil, false // X.690 §8.3.2: not the shortest
		}
		n = n[1:]
	}
	return n, true
}

// bits takes a BIT STRING of whole bytes.
func (d *der) bits() (der, bool) {
	b, ok := d.take(tagBitString)
	if !ok || len(b) == 0 || b[0] != 0 {
		return nil, false
	}
	return b[1:], true
}

// The algorithms and curves (contents of their OBJECT IDENTIFIERs).
var (
	oidRSA     = []byte{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01} // 1.2.840.113549.1.1.1
	oidEC      = []byte{0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01}             // 1.2.840.10045.2.1
	oidEd25519 = []byte{0x2b, 0x65, 0x70}                                     // 1.3.101.112
	oidP256    = []byte{0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07}       // 1.2.840.10045.3.1.7
	oidP384    = []byte{0x2b, 0x81, 0x04, 0x00, 0x22}                         // 1.3.132.0.34
	oidP521    = []byte{0x2b, 0x81, 0x04, 0x00, 0x23}                         // 1.3.132.0.35
)

const notSPKI = "it is not a SubjectPublicKeyInfo in DER"

// spki reads a public key, which must be all of b.
func (k *Key) spki(b []byte, room *tables.Room) string {
	rest := der(b)
	info, ok := rest.take(tagSequence)
	if !ok || len(rest) > 0 {
		return notSPKI
	}
	algorithm, ok := info.take(tagSequence)
	if !ok {
		return notSPKI
	}
	oid, ok := algorithm.take(tagOID)
	if !ok {
		return notSPKI
	}
	key, ok := info.bits()
	if !ok || len(info) > 0 {
		return notSPKI
	}
	switch {
	case bytes.Equal(oid, oidRSA):
		// RFC 3279 §2.3.1: the parameters are NULL.
		if null, ok := algorithm.take(tagNull); !ok || len(null) > 0 || len(algorithm) > 0 {
			return notSPKI
		}
		return k.spkiRSA(key)
	case bytes.Equal(oid, oidEC):
		return k.spkiEC(algorithm, key, room)
	case bytes.Equal(oid, oidEd25519):
		if len(algorithm) > 0 { // RFC 8410 §3: they are absent
			return notSPKI
		}
		return k.takeEd25519(key, room)
	}
	return "its algorithm is not one of RSA, EC, Ed25519"
}

func (k *Key) spkiRSA(key der) string {
	numbers, ok := key.take(tagSequence)
	if !ok || len(key) > 0 {
		return notSPKI
	}
	n, ok := numbers.natural()
	if !ok {
		return notSPKI
	}
	e, ok := numbers.natural()
	if !ok || len(numbers) > 0 {
		return notSPKI
	}
	return k.takeRSA(n, e)
}

// spkiEC reads RFC 5480 §2: a named curve (explicit parameters are not taken: CVE-2020-0601)
// and an uncompressed point (compressed ones are not taken: nobody publishes them).
func (k *Key) spkiEC(algorithm, point der, room *tables.Room) string {
	curve, ok := algorithm.take(tagOID)
	if !ok || len(algorithm) > 0 {
		return "its curve is not named"
	}
	var family jwa.Family
	var size int
	switch {
	case bytes.Equal(curve, oidP256):
		family, size = jwa.P256, 32
	case bytes.Equal(curve, oidP384):
		family, size = jwa.P384, 48
	case bytes.Equal(curve, oidP521):
		family, size = jwa.P521, 66
	default:
		return "its curve is not one of P-256, P-384, P-521"
	}
	if len(point) != 1+2*size || point[0] != 4 {
		return "its point is not uncompressed"
	}
	return k.takeEC(family, point[1:1+size], point[1+size:], room)
}

// certificate reads the public key of an X.509 certificate (RFC 5280 §4.1). The
// certificate is a wrapping and no more: its signature, its dates, its names and its
// extensions are not looked at, since it is the document's source that vouches for the key.
func (k *Key) certificate(b []byte, room *tables.Room) string {
	const not = "it is not an X.509 certificate in DER"
	rest := der(b)
	outer, ok := rest.take(tagSequence)
	if !ok || len(rest) > 0 {
		return not
	}
	body, ok := outer.take(tagSequence)
	if !ok {
		return not
	}
	if _, ok := outer.take(tagSequence); !ok {
		return not
	}
	if _, ok := outer.bits(); !ok || len(outer) > 0 {
		return not
	}
	if len(body) > 0 && body[0] == tagVersion {
		version, _ := body.take(tagVersion)
		if v, ok := version.natural(); !ok || len(version) > 0 || len(v) != 1 || v[0] > 2 {
			return not
		}
	}
	if serial, ok := body.take(tagInteger); !ok || len(serial) == 0 {
		return not
	}
	for range 4 { // signature, issuer, validity, subject
		if _, ok := body.take(tagSequence); !ok {
			return not
		}
	}
	tag, _, info, ok := body.element()
	if !ok || tag != tagSequence {
		return not
	}
	for len(body) > 0 { // unique identifiers, extensions
		if tag, _, _, ok := body.element(); !ok || tag&0xc0 != 0x80 {
			return not
		}
	}
	return k.spki(info, room)
}
