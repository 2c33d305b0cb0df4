package config

import (
	"strconv"
	"strings"

	"github.com/postern-wasm/postern/plugin/jose/jwk"
	"github.com/postern-wasm/postern/plugin/jsonx"
	"github.com/postern-wasm/postern/plugin/verify/signed"
	"github.com/postern-wasm/postern/plugin/verify/signed/form"
)

// secretForm is how a vendor writes the secret that it hands out.
type secretForm uint8

const (
	secretText      secretForm = iota // its bytes are the text's
	secretBase64                      // base64, padded or not
	secretWhsec                       // base64, after "whsec_" or without it
	secretHex                         // hexadecimal digits
	secretBase64URL                   // base64url, padded or not
)

// String says it in words.
func (f secretForm) String() string {
	switch f {
	case secretText:
		return "text"
	case secretBase64, secretWhsec:
		return "base64"
	case secretHex:
		return "hexadecimal digits"
	case secretBase64URL:
	}
	return "base64url"
}

// publicForm is how a vendor writes a public key as a text.
type publicForm uint8

const (
	publicNone        publicForm = iota
	publicEd25519Hex             // 32 bytes in hexadecimal digits
	publicEd25519Whpk            // 32 bytes in base64, after "whpk_" or without it
	publicSPKIBase64             // SubjectPublicKeyInfo in base64
)

// maxKeyText bounds a public key's text.
const maxKeyText = 16 << 10

// signedKeys reads the keys of a provider.
func (b *builder) signedKeys(s *SignedRequest, c *signedCommon, v value) {
	list := v.list()
	most := signed.MaxKeys
	if s.Traits.KeyIDs {
		most = maxSignedKeys
	}
	if len(list) > most {
		v.fail("more than ", strconv.Itoa(most), " keys")
		return
	}
	if v.json.Kind() == jsonx.Array && v.json.Len() == 0 {
		v.fail("must name at least one key")
	}
	for _, e := range list {
		k := b.signedKey(s, c, e)
		if k == nil {
			continue
		}
		for _, other := range s.Verify.Keys {
			if other.ID == k.ID {
				e.fail("another key has the id ", quote(k.ID), " already")
			}
		}
		s.Verify.Keys = append(s.Verify.Keys, k)
	}
}

// signedKey reads one key; nil if it has been reported.
func (b *builder) signedKey(s *SignedRequest, c *signedCommon, v value) *signed.Key {
	o := v.object()
	id := o.get("id")
	if c.CheckKey == nil {
		id = o.need("id")
	}
	name := id.word()
	if hasControl(name) || len(name) > signed.MaxNonce {
		id.fail("has at most ", strconv.Itoa(signed.MaxNonce), " bytes and no control characters")
	}
	client := o.get("client").word()
	before, after := moment(o.get("not_before")), moment(o.get("not_after"))
	if before != 0 && after != 0 && after < before {
		o.get("not_after").fail("is before not_before")
	}
	algorithms := s.Verify.Algorithms
	if w := o.get("algorithm"); !w.absent() {
		a := signed.ParseAlgorithm(w.word())
		if !algorithms.Has(a) {
			w.fail("the provider takes no algorithm ", quote(w.text("")), w.out.suggest(w.text(""), names(algorithms)))
			return nil
		}
		algorithms = signed.SetOf(a)
	}
	var k *signed.Key
	var err error
	kind, material := o.onlyNeed("secret", "public_key")
	count := b.out.count()
	switch kind {
	case "secret":
		if secret := b.vendorSecret(material, c.SecretForm); secret != nil {
			k, err = signed.NewSecret(secret, algorithms)
		}
	case "public_key":
		if public := b.publicKey(material, c.PublicForm); public != nil {
			k, err = signed.NewPublic(public, algorithms)
		}
	}
	o.close()
	switch {
	case err != nil:
		material.fail(err.Error(), " (", strings.Join(names(algorithms), ", "), ")")
		return nil
	case k == nil:
		if kind != "" && b.out.count() == count {
			material.fail("is no usable key")
		}
		return nil
	case c.OneAlgorithm && k.Algorithms().Only() == signed.NoAlgorithm:
		v.fail("fits several algorithms (", strings.Join(names(k.Algorithms()), ", "), `): say which in "algorithm"`)
	}
	k.ID, k.Client, k.NotBefore, k.NotAfter = name, client, before, after
	if c.CheckKey != nil {
		checkKey(k, c, v, id)
	}
	return k
}

// checkKey asks the scheme about a key, and names one that has no id by its thumbprint.
func checkKey(k *signed.Key, c *signedCommon, v, id value) {
	if id.absent() && k.Public() != nil {
		k.ID = k.Public().Thumbprint()
	}
	err := c.CheckKey(k)
	switch {
	case err == nil:
	case k.Public() != nil:
		id.fail(err.Error(), ": this one's is ", quote(k.Public().Thumbprint()))
	default:
		v.fail(err.Error())
	}
}

func names(set signed.Set) []string {
	var list []string
	for a := signed.HMACSHA1; a.String() != ""; a++ {
		if set.Has(a) {
			list = append(list, a.String())
		}
	}
	return list
}

// vendorSecret reads a secret in the form in which its vendor writes it; inline_base64 is
// always the bytes themselves. nil if it has been reported; nothing of it is quoted.
func (b *builder) vendorSecret(v value, as secretForm) []byte {
	o := v.object()
	text := b.secretOf(o)
	plain := !o.get("inline_base64").absent()
	o.close()
	if text == nil || plain || as == secretText {
		return text
	}
	var bytes []byte
	ok := false
	switch as {
	case secretHex:
		bytes, ok = form.Hex(nil, string(text))
	case secretWhsec:
		bytes, ok = unbase64(strings.TrimPrefix(string(text), "whsec_"))
	case secretBase64, secretBase64URL:
		bytes, ok = unbase64(string(text))
	case secretText:
	}
	if !ok || len(bytes) == 0 {
		v.fail("is not in the form in which the vendor writes it (", as.String(), "); inline_base64 takes the bytes themselves")
		return nil
	}
	return bytes
}

// publicKey reads a public key; nil if it has been reported.
func (b *builder) publicKey(v value, as publicForm) *jwk.Key {
	o := v.object()
	name, w := o.onlyNeed("pem", "jwk", "text")
	o.close()
	document := ""
	switch name {
	case "":
		return nil
	case "pem":
		document = w.word()
	case "jwk":
		if w.is(jsonx.Object) {
			document = `{"keys":[` + w.json.Raw() + `]}`
		}
	case "text":
		document = vendorKey(w, as)
	}
	if document == "" {
		return nil
	}
	set, notes, err := jwk.Parse([]byte(document), jwk.Limits{MaxBytes: maxKeyText, MaxKeys: 1})
	if err != nil {
		text := err.Error()
		for _, note := range notes {
			text += "; " + note
		}
		w.fail(text)
		return nil
	}
	return set.Key(0)
}

// vendorKey turns a public key in a vendor's own form into a document that is one of ours.
func vendorKey(v value, as publicForm) string {
	text := v.word()
	var raw []byte
	ok := false
	switch as {
	case publicEd25519Hex:
		raw, ok = form.Hex(nil, text)
	case publicEd25519Whpk:
		raw, ok = unbase64(strings.TrimPrefix(text, "whpk_"))
	case publicSPKIBase64:
		if raw, ok = unbase64(text); ok && len(text)%4 == 0 {
			document := "-----BEGIN PUBLIC KEY-----\n"
			for ; len(text) > 64; text = text[64:] {
				document += text[:64] + "\n"
			}
			return document + text + "\n-----END PUBLIC KEY-----\n"
		}
		ok = false
	case publicNone:
		v.fail("the scheme has no form of its own for a public key: use pem or jwk")
		return ""
	}
	if !ok || len(raw) != 32 {
		if text != "" {
			v.fail("is not a public key in the vendor's form")
		}
		return ""
	}
	return `{"keys":[{"kty":"OKP","crv":"Ed25519","x":"` + textOf32(raw) + `"}]}`
}

// textOf32 is 32 bytes in base64url without padding.
func textOf32(raw []byte) string {
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	var text [43]byte
	for i := range text {
		// Six bits from bit 6i on; beyond the end are zeros.
		at := 6 * i
		v := uint(raw[at/8]) << 8
		if at/8+1 < len(raw) {
			v |= uint(raw[at/8+1])
		}
		text[i] = digits[v>>(10-at%8)&63]
	}
	return string(text[:])
}

// moment returns a point in time, Unix seconds, from a number or RFC 3339's text in UTC; 0
// if there is none.
func moment(v value) int64 {
	if v.absent() {
		return 0
	}
	if v.json.Kind() != jsonx.String || strings.TrimLeft(v.text(""), "0123456789") == "" {
		return v.integer(0, 1, maxSeconds)
	}
	nanos, ok := form.RFC3339(v.text(""))
	if !ok || nanos <= 0 {
		v.fail("want a point in time such as \"2026-01-31T00:00:00Z\" or in Unix seconds, not ", quote(v.text("")))
		return 0
	}
	return nanos / second
}
