package httpsig_test

import (
	"testing"

	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/verify/signed"
	"github.com/postern-wasm/postern/plugin/verify/signed/httpsig"
)

// BenchmarkRead is a request with the default components and its digest, up to the claim.
func BenchmarkRead(b *testing.B) {
	k := keyring(b)[0]
	s, err := httpsig.New(httpsig.Config{})
	must(b, err)
	v, _ := goodPost(k).view()
	var out signed.Reading
	r := &signed.Request{View: v, Now: now * second}
	b.ReportAllocs()
	for b.Loop() {
		for len(out.Claims()) > 0 {
			out.Drop()
		}
		if s.Read(r, &out) != reason.OK {
			b.Fatal("refused")
		}
	}
}

// BenchmarkDearest is what a hostile request costs at most: four signatures of as many
// components as are read, over long fields.
func BenchmarkDearest(b *testing.B) {
	k := keyring(b)[0]
	s, err := httpsig.New(lenient())
	must(b, err)
	v, _ := dearest(k).view()
	var out signed.Reading
	r := &signed.Request{View: v, Now: now * second}
	b.ReportAllocs()
	for b.Loop() {
		for len(out.Claims()) > 0 {
			out.Drop()
		}
		s.Read(r, &out)
	}
}
