// Package op is the kernels' operations as a benchmark calls them: over and over.
//
// In: which operation, and its keys, messages and signatures as bytes. Out: how
// many of n calls said yes. The same code runs natively and, compiled by TinyGo,
// in a wasm guest. It never makes a signature and reads no clock.
package op

import (
	"encoding/binary"
	"errors"
	"unsafe"

	"github.com/postern-wasm/postern/plugin/kernel/digest"
	"github.com/postern-wasm/postern/plugin/kernel/ed25519"
	"github.com/postern-wasm/postern/plugin/kernel/hmac"
	"github.com/postern-wasm/postern/plugin/kernel/p256"
	"github.com/postern-wasm/postern/plugin/kernel/p384"
	"github.com/postern-wasm/postern/plugin/kernel/rsa"
	"github.com/postern-wasm/postern/plugin/kernel/sha2"
	"github.com/postern-wasm/postern/plugin/kernel/tables"
)

// Kind names an operation.
type Kind uint32

// The operations. Verifications of RSA and ECDSA are given the digest, the others
// the message.
const (
	RSA2048 Kind = iota
	P256Cached
	P256OneOff
	P384
	Ed25519
	HMAC
	SHA256
	SHA512
	SHA1
	MD5
	// Kinds is their number.
	Kinds
)

// ErrInput refuses what is no operation's input.
var ErrInput = errors.New("no input of that operation")

// Item is a message, or its digest, and its signature.
type Item struct{ Message, Signature []byte }

// Op is an operation made ready.
type Op struct {
	items []Item
	call  func(Item) bool
	next  int
}

// Run calls the operation n times, on one item after the other, and returns how
// often it said yes.
func (o *Op) Run(n int) int {
	yes := 0
	for range n {
		if o.call(o.items[o.next]) {
			yes++
		}
		if o.next++; o.next == len(o.items) {
			o.next = 0
		}
	}
	return yes
}

// Encode writes an operation's input: a public key's two parts (the second may be
// empty) and the items.
func Encode(keyA, keyB []byte, items []Item) []byte {
	var b []byte
	field := func(data []byte) {
		b = binary.LittleEndian.AppendUint32(b, uint32(len(data)))
		b = append(b, data...)
	}
	field(keyA)
	field(keyB)
	for _, i := range items {
		field(i.Message)
		field(i.Signature)
	}
	return b
}

// Make reads an input and makes the operation ready. It aliases input.
func Make(kind Kind, input []byte) (*Op, error) {
	var fields [][]byte
	for len(input) > 0 {
		if len(input) < 4 {
			return nil, ErrInput
		}
		n := int(binary.LittleEndian.Uint32(input))
		if n > len(input)-4 {
			return nil, ErrInput
		}
		fields, input = append(fields, input[4:4+n]), input[4+n:]
	}
	if len(fields) < 4 || len(fields)%2 != 0 {
		return nil, ErrInput
	}
	o := &Op{}
	for i := 2; i < len(fields); i += 2 {
		o.items = append(o.items, Item{fields[i], fields[i+1]})
	}
	var err error
	o.call, err = caller(kind, fields[0], fields[1])
	return o, err
}

// caller returns one call of the operation. The cases are a table of adapters: each
// primitive has its own shape.
func caller(kind Kind, a, b []byte) (func(Item) bool, error) {
	switch kind {
	case RSA2048:
		key, err := rsa.NewKey(a, b)
		return func(i Item) bool { return key.VerifyPKCS1(sha2.SHA256, i.Message, i.Signature) }, err
	case P256Cached:
		key, err := p256.NewKey(a, b, tables.New(tables.Limit))
		return func(i Item) bool { return key.Verify(i.Message, i.Signature) }, err
	case P256OneOff:
		return func(i Item) bool {
			key, err := p256.NewKey(a, b, nil)
			return err == nil && key.Verify(i.Message, i.Signature)
		}, nil
	case P384:
		key, err := p384.NewKey(a, b, tables.New(tables.Limit))
		return func(i Item) bool { return key.Verify(i.Message, i.Signature) }, err
	case Ed25519:
		key, err := ed25519.NewKey(a, tables.New(tables.Limit))
		return func(i Item) bool { return key.Verify(text(i.Message), i.Signature) }, err
	case HMAC:
		key, err := hmac.NewKey(digest.SHA256, a)
		return func(i Item) bool { return key.Verify(i.Signature, text(i.Message)) }, err
	case SHA256:
		var digest [32]byte
		return func(i Item) bool {
			sum := sha2.SHA256.Append(digest[:0], text(i.Message))
			return len(i.Signature) == len(sum) && string(sum) == string(i.Signature)
		}, nil
	case SHA512:
		return hashing(digest.SHA512), nil
	case SHA1:
		return hashing(digest.SHA1), nil
	case MD5:
		return hashing(digest.MD5), nil
	case Kinds:
	}
	return nil, ErrInput
}

// hashing compares an item's digest, computed as bodies are: by a state that is kept.
func hashing(h digest.Hash) func(Item) bool {
	var state digest.State
	var sum [digest.MaxSize]byte
	return func(i Item) bool {
		state.Reset(h)
		state.Write(i.Message)
		return digest.Equal(state.Append(sum[:0]), i.Signature)
	}
}

// text is b as a string that shares its bytes, which nobody changes meanwhile.
func text(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
