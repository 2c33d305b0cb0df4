package jwks

import (
	"encoding/binary"
	"unsafe"

	"github.com/postern-wasm/postern/plugin/kernel/digest"
	"github.com/postern-wasm/postern/plugin/kernel/hmac"
	"github.com/postern-wasm/postern/plugin/kernel/sha2"
)

// The shared entries. Their first bytes name format and version: an entry of another
// version is as good as none. All integers are little-endian, times nanoseconds.
//
//	state:    "PSTS1" end[8] notBefore[8] kidsNotBefore[8] holder[8] version[8] failures[8] turn[8]
//	document: "PSTD2" binding[32] version[8] turn[8] fetchedAt[8] lifetime[8] placeUntil[8] placeSize[8] sum[32] place body
//
// The state is small, so that looking at it often costs little, and every change of it
// is a compare-and-swap: the worker whose change is taken is the one that fetches.
// turn counts the leases and version the documents that were published: they alone say
// what came later, since clocks step. binding is the SHA-256 of what the set is, so that an entry of
// another set is never taken for this one's; sum is the SHA-256 of everything else and
// tells a torn or cut entry. Neither keeps out a neighbour in the same vm_id who means
// harm: times are held to what an honest worker can have written, the document is
// parsed as strictly as an answer from the network, and a vm_id of one's own is what
// keeps others out; or a secret, with which every entry ends in a MAC: see [Source.Seal].
const (
	stateMagic    = "PSTS1"
	documentMagic = "PSTD2"
	keyPrefix     = "postern/1/jwks/"
	stateSize     = len(stateMagic) + 7*8
	headSize      = len(documentMagic) + 32 + 6*8
	// maxVersion keeps a forged version from being the last one.
	maxVersion = 1 << 62
	// neverCAS matches no entry: writing with it succeeds only where there is none. With 0
	// a write would replace whatever another worker has just put there.
	neverCAS = 1<<32 - 1
)

// state is what the workers say to each other. The zero value is what is known where
// nothing is stored.
type state struct {
	end           int64  // of the lease; the holder alone fetches
	notBefore     int64  // no fetch before this: one has failed
	kidsNotBefore int64  // no fetch for an unknown kid before this
	holder        uint64 // of the lease: its salt
	version       uint64 // of the document
	failures      uint64 // in a row
	turn          uint64 // of the lease
}

func (st *state) encode() []byte {
	out := make([]byte, 0, stateSize)
	out = append(out, stateMagic...)
	for _, n := range [...]uint64{uint64(st.end), uint64(st.notBefore), uint64(st.kidsNotBefore), st.holder, st.version, st.failures, st.turn} {
		out = binary.LittleEndian.AppendUint64(out, n)
	}
	return out
}

func decodeState(value []byte) state {
	if len(value) != stateSize || string(value[:len(stateMagic)]) != stateMagic {
		return state{}
	}
	at := func(i int) uint64 { return binary.LittleEndian.Uint64(value[len(stateMagic)+8*i:]) }
	st := state{int64(at(0)), int64(at(1)), int64(at(2)), at(3), at(4), at(5), at(6)}
	if st.version >= maxVersion || st.turn >= maxVersion || st.failures > maxFailures {
		return state{}
	}
	return st
}

// document is a key set with what is known about it.
type document struct {
	version, turn       uint64
	fetchedAt, lifetime int64
	place               []byte // where it came from, if that was discovered
	placeUntil          int64
	body                []byte
}

func (d *document) encode(binding [32]byte) []byte {
	out := make([]byte, 0, headSize+32+len(d.place)+len(d.body))
	out = append(out, documentMagic...)
	out = append(out, binding[:]...)
	for _, n := range [...]uint64{d.version, d.turn, uint64(d.fetchedAt), uint64(d.lifetime), uint64(d.placeUntil), uint64(len(d.place))} {
		out = binary.LittleEndian.AppendUint64(out, n)
	}
	sum := checksum(out, d.place, d.body)
	out = append(out, sum[:]...)
	out = append(out, d.place...)
	return append(out, d.body...)
}

// decodeDocument reads an entry; its slices alias value.
func decodeDocument(value []byte, binding [32]byte) (document, bool) {
	if len(value) < headSize+32 || string(value[:len(documentMagic)]) != documentMagic {
		return document{}, false
	}
	head, sum, rest := value[:headSize], value[headSize:headSize+32], value[headSize+32:]
	if [32]byte(head[len(documentMagic):len(documentMagic)+32]) != binding || [32]byte(sum) != checksum(head, rest) {
		return document{}, false
	}
	at := func(i int) uint64 { return binary.LittleEndian.Uint64(head[len(documentMagic)+32+8*i:]) }
	d := document{version: at(0), turn: at(1), fetchedAt: int64(at(2)), lifetime: int64(at(3)), placeUntil: int64(at(4))}
	size := at(5)
	if size > uint64(min(len(rest), maxURI)) || d.version == 0 || d.version >= maxVersion {
		return document{}, false
	}
	d.place, d.body = rest[:size], rest[size:]
	return d, true
}

func checksum(parts ...[]byte) [32]byte {
	var h sha2.State
	h.Reset(sha2.SHA256)
	for _, p := range parts {
		h.Write(p)
	}
	var sum [32]byte
	h.Append(sum[:0])
	return sum
}

// names are what a set is called in shared data.
type names struct {
	binding          [32]byte
	stateKey, docKey string
}

// Seal has every entry end in its HMAC-SHA256 under the secret, over its name and all
// before: what has none, or a wrong one, is as good as torn. The secret is not empty. It is
// called before the first event. Sets under other secrets have other names, so that nobody undoes another's work.
// Who can write there can still put an older entry in the place of a newer: only a worker
// that has seen neither takes it, for as long as its times allow.
func (s *Source) Seal(secret []byte) {
	key, err := hmac.NewKey(digest.SHA256, secret)
	if err != nil {
		s.unshared = true // there is nothing that it could trust
		return
	}
	s.seal, s.names = key, s.cfg.sharedNames(key)
}

// sealed appends the MAC to an entry of a name.
func (s *Source) sealed(name string, entry []byte) []byte {
	if s.seal == nil {
		return entry
	}
	return s.seal.Append(entry, name, "\x00", text(entry))
}

// opened is an entry without its MAC, or nil if that is not the one of the name.
func (s *Source) opened(name string, value []byte) []byte {
	if s.seal == nil {
		return value
	}
	end := len(value) - sha2.SHA256.Size()
	if end < 0 || !s.seal.Verify(value[end:], name, "\x00", text(value[:end])) {
		return nil
	}
	return value[:end]
}

// text is b as it is, for the time of a call.
func text(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// sharedNames: the same place, held to the same bounds, is the same set. seal may be nil.
func (c *Config) sharedNames(seal *hmac.Key) names {
	var bounds [17]byte
	binary.LittleEndian.PutUint64(bounds[:], uint64(c.MaxBytes))
	binary.LittleEndian.PutUint64(bounds[8:], uint64(c.MaxKeys))
	bounds[16] = byte(c.Use)
	what := c.Cluster + "\x00" + c.URI + "\x00" + c.OtherURI + "\x00" + c.Issuer
	sum := checksum(bounds[:], []byte(what))
	if seal != nil {
		seal.Append(sum[:0], string(bounds[:]), what)
	}
	const digits = "0123456789abcdef"
	key := make([]byte, 0, len(keyPrefix)+32)
	key = append(key, keyPrefix...)
	for _, b := range sum[:16] {
		key = append(key, digits[b>>4], digits[b&15])
	}
	return names{sum, string(key) + "/state", string(key) + "/doc"}
}
