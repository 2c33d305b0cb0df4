package jwk

import (
	"strconv"
	"strings"

	"github.com/postern-wasm/postern/plugin/jose/jwa"
	"github.com/postern-wasm/postern/plugin/jsonx"
	"github.com/postern-wasm/postern/plugin/kernel/tables"
)

// The forms of a document that are no JWK set: PEM text, and a map of kids to PEM, as
// some issuers publish their certificates. Both hold keys for signatures alone.

// The labels of RFC 7468 that are taken.
const (
	labelKey         = "PUBLIC KEY"
	labelCertificate = "CERTIFICATE"
)

// isPEM tells PEM text from JSON by its first character.
func isPEM(document []byte) bool {
	for _, c := range document {
		switch c {
		case ' ', '\t', '\r', '\n':
			continue
		}
		return c == '-'
	}
	return false
}

// parsePEM reads one or more public keys in PEM. A text that is not wholly that is
// refused; of its keys those that cannot be used are left out.
func parsePEM(document []byte, lim Limits) (set *Set, notes []string, err error) {
	if lim.Use != UseSignature {
		return nil, nil, &refusal{ErrDocument, "keys in pem do not say what they are for"}
	}
	if len(document) > lim.MaxBytes {
		return nil, nil, &refusal{ErrDocument, jsonx.ErrSize.Error()}
	}
	list, why := blocks(string(document), lim.MaxKeys)
	if why != "" {
		return nil, nil, &refusal{ErrDocument, why}
	}
	room := tables.New(tables.Limit)
	set = &Set{keys: make([]Key, 0, len(list))}
	for i := range list {
		name := "pem block " + strconv.Itoa(i+1)
		if list[i].label != labelKey {
			return nil, nil, &refusal{ErrDocument, name + " is no PUBLIC KEY" + instead(list[i].label)}
		}
		var k Key
		if why := k.spki(list[i].der, room); why != "" {
			notes = append(notes, name+": "+why+"; the key is not used")
			continue
		}
		set.keys = append(set.keys, k)
	}
	return set.done(notes)
}

// instead says what is in a block that is not a public key.
func instead(label string) string {
	switch {
	case strings.HasSuffix(label, "PRIVATE KEY"):
		return ": it is a private key, which must not leave its owner"
	case label == labelCertificate:
		return ": give a certificate as {\"kid\": \"-----BEGIN CERTIFICATE-----...\"}"
	case label == "RSA PUBLIC KEY":
		return ": it is in the form of PKCS #1, not SubjectPublicKeyInfo"
	}
	return ""
}

// isMap says whether an object without "keys" is a map of kids to PEM.
func isMap(root jsonx.Value) bool {
	if root.Kind() != jsonx.Object {
		return false
	}
	for v, ok := root.First(); ok; v, ok = v.Next() {
		if v.Kind() == jsonx.String && strings.HasPrefix(v.Text(), pemBegin) {
			return true
		}
	}
	return false
}

// parseMap reads {kid: PEM}, each a certificate or a public key.
func parseMap(root jsonx.Value, lim Limits) (set *Set, notes []string, err error) {
	if lim.Use != UseSignature {
		return nil, nil, &refusal{ErrDocument, "keys in pem do not say what they are for"}
	}
	if n := root.Len(); n > lim.MaxKeys {
		return nil, nil, tooMany(n, lim)
	}
	room := tables.New(tables.Limit)
	set = &Set{keys: make([]Key, 0, root.Len())}
	for v, ok := root.First(); ok; v, ok = v.Next() {
		var k Key
		if why := k.mapped(v, room); why != "" {
			notes = append(notes, "kid "+shown(v.Name())+": "+why+"; the key is not used")
			continue
		}
		set.keys = append(set.keys, k)
	}
	return set.done(notes)
}

// mapped reads one member of such a map.
func (k *Key) mapped(v jsonx.Value, room *tables.Room) string {
	kid := v.Name()
	if len(kid) > jwa.MaxKeyIDBytes {
		return "its kid is too long"
	}
	if v.Kind() != jsonx.String {
		return "it is not a string"
	}
	list, why := blocks(v.Text(), 1)
	if why != "" {
		return why
	}
	if len(list) != 1 {
		return "it holds no pem block"
	}
	k.id, k.hasID = strings.Clone(kid), true
	switch list[0].label {
	case labelCertificate:
		return k.certificate(list[0].der, room)
	case labelKey:
		return k.spki(list[0].der, room)
	}
	return "it is neither a CERTIFICATE nor a PUBLIC KEY"
}
