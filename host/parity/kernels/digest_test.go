package kernels

import (
	"bytes"
	"crypto/md5"  //nolint:gosec // verified for older senders
	"crypto/sha1" //nolint:gosec // the same
	"crypto/sha256"
	"crypto/sha512"
	"hash"
	"strings"
	"testing"

	"github.com/postern-wasm/postern/host/parity/kernels/batch"
	"github.com/postern-wasm/postern/plugin/jose/jwa"
)

// TestDigestsAreTheLibrarysInTheGuest: of every length over two blocks, each with a
// digest that has one bit changed beside it.
func TestDigestsAreTheLibrarysInTheGuest(t *testing.T) {
	var cases []byte
	n := 0
	for alg, std := range map[jwa.Algorithm]func() hash.Hash{
		batch.MD5: md5.New, batch.SHA1: sha1.New, batch.SHA256: sha256.New, batch.SHA384: sha512.New384, batch.SHA512: sha512.New,
	} {
		for length := range 300 {
			text := make([]byte, length)
			for i := range text {
				text[i] = byte(i*31 + length)
			}
			h := std()
			h.Write(text)
			good := h.Sum(nil)
			bad := bytes.Clone(good)
			bad[length%len(bad)] ^= 1 << (length % 8)
			for _, signature := range [][]byte{good, bad} {
				cases = batch.Append(cases, batch.Case{Algorithm: alg, Keys: "none", Text: text, Signature: signature})
				n++
			}
		}
	}
	want := strings.Repeat("yn", n/2)
	if got := native(t, cases); got != want {
		t.Error("native: verdicts differ from the library's")
	}
	if got := newWazero(t).run(t, own, cases, n); got != want {
		t.Error("wazero: verdicts differ from the library's")
	}
}
