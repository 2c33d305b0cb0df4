package abi

import (
	"encoding/binary"
	"errors"
	"unicode/utf8"
)

// ErrProto is returned for bytes that are not the protobuf message asked for.
var ErrProto = errors.New("malformed protobuf message")

// Wire types of the protobuf encoding.
const (
	wireVarint  = 0
	wireFixed64 = 1
	wireBytes   = 2
	wireFixed32 = 5
)

// VerifySignatureArguments are the arguments of the foreign function
// verify_signature. Its slices alias the bytes they were parsed from.
type VerifySignatureArguments struct {
	// HashFunction is the hash's name, "sha256" and the like (field 1).
	HashFunction string
	// PublicKey is a DER SubjectPublicKeyInfo (field 2).
	PublicKey []byte
	// Signature is PKCS #1 v1.5, or ECDSA in DER (field 3).
	Signature []byte
	// Text is what was signed (field 4).
	Text []byte
	// PublicKeyPEM is a PEM block instead of PublicKey (field 5).
	PublicKeyPEM string
}

// ParseVerifySignature reads the arguments of verify_signature as a proto3
// parser does: unknown fields skipped, the last of a repeated field wins,
// strings must be UTF-8, groups and truncated fields are errors.
func ParseVerifySignature(b []byte) (VerifySignatureArguments, error) {
	var a VerifySignatureArguments
	err := eachField(b, func(num uint64, typ int, _ uint64, data []byte) error {
		if typ != wireBytes {
			return nil
		}
		switch num {
		case 1:
			a.HashFunction = string(data)
			return checkUTF8(data)
		case 2:
			a.PublicKey = data
		case 3:
			a.Signature = data
		case 4:
			a.Text = data
		case 5:
			a.PublicKeyPEM = string(data)
			return checkUTF8(data)
		}
		return nil
	})
	if err != nil {
		return VerifySignatureArguments{}, err
	}
	return a, nil
}

// AppendVerifySignatureResult appends the result of verify_signature to b:
// field 1 true when ok, and otherwise the error text in field 2.
func AppendVerifySignatureResult(b []byte, ok bool, text string) []byte {
	if ok {
		b = append(b, 1<<3|wireVarint, 1)
	}
	if text != "" {
		b = append(b, 2<<3|wireBytes)
		b = binary.AppendUvarint(b, uint64(len(text)))
		b = append(b, text...)
	}
	return b
}

// FilterStateArguments are the arguments of set_envoy_filter_state.
type FilterStateArguments struct {
	// Path is the key of the object (field 1).
	Path string
	// Value is what its factory reads (field 2).
	Value string
	// Span is how long it lives: 0 filter chain, 1 request, 2 connection (field 3).
	Span uint64
}

// ParseFilterState reads the arguments of set_envoy_filter_state.
func ParseFilterState(b []byte) (FilterStateArguments, error) {
	var a FilterStateArguments
	err := eachField(b, func(num uint64, typ int, v uint64, data []byte) error {
		switch {
		case num == 1 && typ == wireBytes:
			a.Path = string(data)
			return checkUTF8(data)
		case num == 2 && typ == wireBytes:
			a.Value = string(data)
			return checkUTF8(data)
		case num == 3 && typ == wireVarint:
			a.Span = v
		}
		return nil
	})
	if err != nil {
		return FilterStateArguments{}, err
	}
	return a, nil
}

func checkUTF8(b []byte) error {
	if !utf8.Valid(b) {
		return ErrProto
	}
	return nil
}

// eachField calls f for every field of a message, with its varint or its
// bytes. Fixed-size fields are passed over.
func eachField(b []byte, f func(num uint64, typ int, v uint64, data []byte) error) error {
	for len(b) > 0 {
		tag, n := binary.Uvarint(b)
		if n <= 0 || tag>>3 == 0 || tag>>3 > 1<<29-1 {
			return ErrProto
		}
		b = b[n:]
		typ := int(tag & 7)
		var v uint64
		var data []byte
		switch typ {
		case wireVarint:
			if v, n = binary.Uvarint(b); n <= 0 {
				return ErrProto
			}
			b = b[n:]
		case wireFixed64, wireFixed32:
			size := 8
			if typ == wireFixed32 {
				size = 4
			}
			if len(b) < size {
				return ErrProto
			}
			b = b[size:]
		case wireBytes:
			size, n := binary.Uvarint(b)
			if n <= 0 || size > uint64(len(b)-n) {
				return ErrProto
			}
			data = b[n : n+int(size)]
			b = b[n+int(size):]
		default: // groups, and numbers that are no wire type
			return ErrProto
		}
		if err := f(tag>>3, typ, v, data); err != nil {
			return err
		}
	}
	return nil
}
