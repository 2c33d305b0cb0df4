package jwks

import (
	"encoding/binary"

	"github.com/postern-wasm/postern/plugin/kernel/sha2"
)

// The shared entries. Their first bytes name format and version: an entry of another
// version is as good as none. All integers are little-endian, times nanoseconds.
//
//	document: "PSTD1" binding[32] fetchedAt[8] lifetime[8] sum[32] body
//	lease:    "PSTL1" end[8] notBefore[8] holder[8]
//
// binding is the SHA-256 of cluster and URI, so that an entry of another set is never
// taken for this one's; sum is the SHA-256 of everything else and tells a torn or cut
// entry. Neither keeps out a neighbour in the same vm_id who means harm: the entry is
// parsed as strictly as an answer from the network, and a vm_id of one's own is what
// keeps others out.
const (
	documentMagic = "PSTD1"
	leaseMagic    = "PSTL1"
	keyPrefix     = "postern/1/jwks/"
	leaseSize     = len(leaseMagic) + 8 + 8 + 8
	headSize      = len(documentMagic) + 32 + 8 + 8
)

type document struct {
	fetchedAt, lifetime int64
	body                []byte
}

// binding names the set within shared data.
func (s *Source) binding() [32]byte {
	var sum [32]byte
	sha2.SHA256.Append(sum[:0], s.cfg.Cluster, "\x00", s.cfg.URI)
	return sum
}

func (s *Source) docKey() string   { return s.sharedKey("/doc") }
func (s *Source) leaseKey() string { return s.sharedKey("/lease") }

func (s *Source) sharedKey(suffix string) string {
	const digits = "0123456789abcdef"
	sum := s.binding()
	key := make([]byte, 0, len(keyPrefix)+32+len(suffix))
	key = append(key, keyPrefix...)
	for _, b := range sum[:16] {
		key = append(key, digits[b>>4], digits[b&15])
	}
	return string(append(key, suffix...))
}

func encodeDocument(binding [32]byte, fetchedAt, lifetime int64, body []byte) []byte {
	out := make([]byte, 0, headSize+32+len(body))
	out = append(out, documentMagic...)
	out = append(out, binding[:]...)
	out = binary.LittleEndian.AppendUint64(out, uint64(fetchedAt))
	out = binary.LittleEndian.AppendUint64(out, uint64(lifetime))
	sum := checksum(out, body)
	out = append(out, sum[:]...)
	return append(out, body...)
}

func decodeDocument(value []byte, binding [32]byte) (document, bool) {
	if len(value) < headSize+32 || string(value[:len(documentMagic)]) != documentMagic {
		return document{}, false
	}
	head, sum, body := value[:headSize], value[headSize:headSize+32], value[headSize+32:]
	if [32]byte(head[len(documentMagic):len(documentMagic)+32]) != binding || [32]byte(sum) != checksum(head, body) {
		return document{}, false
	}
	times := head[len(documentMagic)+32:]
	return document{
		fetchedAt: int64(binary.LittleEndian.Uint64(times)),
		lifetime:  int64(binary.LittleEndian.Uint64(times[8:])),
		body:      body,
	}, true
}

func checksum(head, body []byte) [32]byte {
	var h sha2.State
	h.Reset(sha2.SHA256)
	h.Write(head)
	h.Write(body)
	var sum [32]byte
	h.Append(sum[:0])
	return sum
}

func encodeLease(end, notBefore int64, holder uint64) []byte {
	out := make([]byte, 0, leaseSize)
	out = append(out, leaseMagic...)
	out = binary.LittleEndian.AppendUint64(out, uint64(end))
	out = binary.LittleEndian.AppendUint64(out, uint64(notBefore))
	return binary.LittleEndian.AppendUint64(out, holder)
}

func decodeLease(value []byte) (end, notBefore int64, holder uint64, ok bool) {
	if len(value) != leaseSize || string(value[:len(leaseMagic)]) != leaseMagic {
		return 0, 0, 0, false
	}
	v := value[len(leaseMagic):]
	return int64(binary.LittleEndian.Uint64(v)), int64(binary.LittleEndian.Uint64(v[8:])), binary.LittleEndian.Uint64(v[16:]), true
}
