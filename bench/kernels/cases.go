package kernels

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/md5" //nolint:gosec // what older senders use is measured too
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // the same
	"crypto/sha256"
	"crypto/sha512"
	"math/big"

	"github.com/postern-wasm/postern/bench/kernels/op"
)

// Case is one operation with its input, and the standard library's version of it.
type Case struct {
	// Kind is the operation.
	Kind op.Kind
	// Name is what the tables call it.
	Name string
	// Bytes is how many bytes one call hashes, where that is the point; else 0.
	Bytes int
	// Input is op.Encode's.
	Input []byte
	// Native is one call of the standard library's.
	Native func(op.Item) bool
	// Items are what it is called with.
	Items []op.Item
}

const (
	items      = 16
	messageLen = 600
	hashLen    = 16 << 10
)

// Cases makes all operations' inputs, with fresh keys.
func Cases() ([]Case, error) {
	var list []Case
	for _, make := range []func() ([]Case, error){rsaCases, ecdsaCases, edwardsCases, hashCases} {
		cases, err := make()
		if err != nil {
			return nil, err
		}
		list = append(list, cases...)
	}
	return list, nil
}

// sign makes the items of an operation from random messages.
func sign(length int, one func(message []byte) (op.Item, error)) ([]op.Item, error) {
	list := make([]op.Item, items)
	for i := range list {
		message := make([]byte, length)
		_, _ = rand.Read(message) // never fails (crypto/rand)
		var err error
		if list[i], err = one(message); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func rsaCases() ([]Case, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	list, err := sign(messageLen, func(m []byte) (op.Item, error) {
		digest := sha256.Sum256(m)
		signature, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, digest[:])
		return op.Item{Message: digest[:], Signature: signature}, err
	})
	return []Case{{
		Kind: op.RSA2048, Name: "RS256, 2048 bits", Items: list,
		Input: op.Encode(key.N.Bytes(), big.NewInt(int64(key.E)).Bytes(), list),
		Native: func(i op.Item) bool {
			return rsa.VerifyPKCS1v15(&key.PublicKey, crypto.SHA256, i.Message, i.Signature) == nil
		},
	}}, err
}

func ecdsaCases() ([]Case, error) {
	var list []Case
	for _, c := range []struct {
		curve  elliptic.Curve
		size   int
		digest func([]byte) []byte
		kinds  map[op.Kind]string
	}{
		{elliptic.P256(), 32, func(m []byte) []byte { d := sha256.Sum256(m); return d[:] }, map[op.Kind]string{op.P256Cached: "ES256, cached key", op.P256OneOff: "ES256, one-off key"}},
		{elliptic.P384(), 48, func(m []byte) []byte { d := sha512.Sum384(m); return d[:] }, map[op.Kind]string{op.P384: "ES384, cached key"}},
	} {
		key, err := ecdsa.GenerateKey(c.curve, rand.Reader)
		if err != nil {
			return nil, err
		}
		point, err := key.PublicKey.Bytes() // 4, X, Y (SEC 1 §2.3.3)
		if err != nil {
			return nil, err
		}
		signed, err := sign(messageLen, func(m []byte) (op.Item, error) {
			digest := c.digest(m)
			r, s, err := ecdsa.Sign(rand.Reader, key, digest)
			if err != nil {
				return op.Item{}, err
			}
			signature := make([]byte, 2*c.size)
			r.FillBytes(signature[:c.size])
			s.FillBytes(signature[c.size:])
			return op.Item{Message: digest, Signature: signature}, nil
		})
		if err != nil {
			return nil, err
		}
		for kind := range op.Kinds {
			if c.kinds[kind] == "" {
				continue
			}
			list = append(list, Case{
				Kind: kind, Name: c.kinds[kind], Items: signed,
				Input: op.Encode(point[1:1+c.size], point[1+c.size:], signed),
				Native: func(i op.Item) bool {
					r, s := new(big.Int).SetBytes(i.Signature[:c.size]), new(big.Int).SetBytes(i.Signature[c.size:])
					return ecdsa.Verify(&key.PublicKey, i.Message, r, s)
				},
			})
		}
	}
	return list, nil
}

func edwardsCases() ([]Case, error) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	list, err := sign(messageLen, func(m []byte) (op.Item, error) {
		return op.Item{Message: m, Signature: ed25519.Sign(private, m)}, nil
	})
	return []Case{{
		Kind: op.Ed25519, Name: "EdDSA, 600 bytes", Items: list, Input: op.Encode(public, nil, list),
		Native: func(i op.Item) bool { return ed25519.Verify(public, i.Message, i.Signature) },
	}}, err
}

func hashCases() ([]Case, error) {
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // never fails (crypto/rand)
	mac := func(m []byte) []byte {
		h := hmac.New(sha256.New, secret)
		h.Write(m)
		return h.Sum(nil)
	}
	maced, err := sign(messageLen, func(m []byte) (op.Item, error) { return op.Item{Message: m, Signature: mac(m)}, nil })
	if err != nil {
		return nil, err
	}
	list := []Case{{
		Kind: op.HMAC, Name: "HS256, 600 bytes", Items: maced, Input: op.Encode(secret, nil, maced),
		Native: func(i op.Item) bool { return hmac.Equal(mac(i.Message), i.Signature) },
	}}
	for _, h := range []struct {
		kind op.Kind
		name string
		sum  func([]byte) []byte
	}{
		{op.SHA256, "SHA-256, 16 KiB", func(m []byte) []byte { d := sha256.Sum256(m); return d[:] }},
		{op.SHA512, "SHA-512, 16 KiB", func(m []byte) []byte { d := sha512.Sum512(m); return d[:] }},
		{op.SHA1, "SHA-1, 16 KiB", func(m []byte) []byte { d := sha1.Sum(m); return d[:] }}, //nolint:gosec // the same
		{op.MD5, "MD5, 16 KiB", func(m []byte) []byte { d := md5.Sum(m); return d[:] }},     //nolint:gosec // the same
	} {
		hashed, err := sign(hashLen, func(m []byte) (op.Item, error) { return op.Item{Message: m, Signature: h.sum(m)}, nil })
		if err != nil {
			return nil, err
		}
		hashed = hashed[:8] // the guest's buffer has no room for more
		list = append(list, Case{
			Kind: h.kind, Name: h.name, Bytes: hashLen, Items: hashed, Input: op.Encode(nil, nil, hashed),
			Native: func(i op.Item) bool { return bytes.Equal(h.sum(i.Message), i.Signature) },
		})
	}
	return list, nil
}
