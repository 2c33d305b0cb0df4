package offload

import "github.com/postern-wasm/postern/plugin/jose/jwa"

// The protobuf messages of verify_signature: VerifySignatureArguments and
// VerifySignatureResult of Envoy's source/extensions/common/wasm/ext/verify_signature.proto.
// A field of bytes is a tag, its number times 8 plus 2, a length and the bytes.
const (
	fieldHash      = 1<<3 | 2
	fieldKey       = 2<<3 | 2
	fieldSignature = 3<<3 | 2
	fieldText      = 4<<3 | 2
	fieldError     = 2<<3 | 2
	// yes is the whole answer that says yes: field 1, a varint, is 1, and there is no other.
	yes = "\x08\x01"
	// maxAnswer is the longest answer that is read, bytes: an error text is a line.
	maxAnswer = 1024
)

// hashName is how the host calls a hash; "" for none that may be asked for.
func hashName(h jwa.Hash) string {
	switch h {
	case jwa.SHA256:
		return "sha256"
	case jwa.SHA384:
		return "sha384"
	case jwa.SHA512:
		return "sha512"
	case jwa.NoHash:
	}
	return ""
}

// question encodes the arguments, in one allocation.
func question(hash string, spki, signature []byte, text string) []byte {
	q := make([]byte, 0, fieldSize(len(hash))+fieldSize(len(spki))+fieldSize(len(signature))+fieldSize(len(text)))
	q = append(appendHeader(q, fieldHash, len(hash)), hash...)
	q = append(appendHeader(q, fieldKey, len(spki)), spki...)
	q = append(appendHeader(q, fieldSignature, len(signature)), signature...)
	return append(appendHeader(q, fieldText, len(text)), text...)
}

// fieldSize is the size of a field with n bytes in it.
func fieldSize(n int) int {
	size := 2 + n
	for ; n >= 0x80; n >>= 7 {
		size++
	}
	return size
}

func appendHeader(q []byte, tag byte, n int) []byte {
	q = append(q, tag)
	for ; n >= 0x80; n >>= 7 {
		q = append(q, byte(n)|0x80)
	}
	return append(q, byte(n))
}

// read reads an answer. Two forms are known, and nothing else is understood: yes, and an
// error text with no result, which is no.
func read(answer []byte) (valid, understood bool) {
	if len(answer) > maxAnswer {
		return false, false
	}
	if len(answer) == len(yes) && answer[0] == yes[0] && answer[1] == yes[1] {
		return true, true
	}
	if len(answer) < 3 || answer[0] != fieldError {
		return false, false
	}
	n, rest := int(answer[1]), answer[2:]
	if n >= 0x80 { // a second byte of the length; maxAnswer needs no third
		high := int(rest[0])
		if high == 0 || high >= 0x80 {
			return false, false
		}
		n, rest = n&0x7f|high<<7, rest[1:]
	}
	return false, n > 0 && n == len(rest)
}
