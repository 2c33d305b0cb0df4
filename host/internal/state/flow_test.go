package state

import (
	"testing"

	"github.com/postern-wasm/postern/host/abi"
)

// FuzzFlow drives one direction in every order and holds it to what a message
// is: headers first and once, every byte at most once and in order, nothing
// behind the end, and all of it once nobody holds it.
func FuzzFlow(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 4, 5, 6, 7})
	f.Add([]byte{2, 9, 9, 17, 30, 4})
	f.Add([]byte{1, 0x13, 0x23, 0x33, 0x14, 0x05})
	f.Fuzz(func(t *testing.T, script []byte) {
		if len(script) == 0 {
			return
		}
		flow := Flow{Limit: 64}
		var sent, got []byte
		headers, ended := false, false
		collect := func() {
			o := flow.Out
			flow.Out = Output{}
			if ended && (o.Headers || len(o.Body) > 0 || o.Trailers || o.End) {
				t.Fatal("something behind the end")
			}
			if o.Headers && headers {
				t.Fatal("headers twice")
			}
			headers = headers || o.Headers
			if !headers && (len(o.Body) > 0 || o.Trailers || o.End) {
				t.Fatal("a body before its headers")
			}
			if o.Trailers && !o.End {
				t.Fatal("trailers that do not end")
			}
			got = append(got, o.Body...)
			ended = ended || o.End
		}
		dropped := false
		data := func(op byte) {
			s := DataStatus(op >> 4 & 3)
			dropped = dropped || s == DataStopNoBuffer
			flow.EndData(s)
		}
		resume := func(op byte) {
			_, d, tr := flow.Resume()
			if d {
				data(op)
			}
			if tr && flow.ShowTrailers() {
				flow.EndTrailers(op>>6&1 == 1)
			}
		}
		flow.BeginHeaders([]abi.Pair{{Name: ":path", Value: "/"}}, RequestMap, script[0]&0x80 != 0)
		flow.EndHeaders(HeadersStatus(script[0] & 3))
		fed := script[0]&0x80 != 0
		for i, op := range script[1:] {
			collect()
			switch {
			case op&3 == 0:
				resume(op)
			case fed:
			case op&3 == 3 && op&4 != 0:
				fed = true
				if flow.BeginTrailers([]abi.Pair{{Name: "x", Value: "y"}}) {
					flow.EndTrailers(op>>6&1 == 1)
				}
			default:
				fed = op&3 == 2
				piece := []byte{byte(i)}
				sent = append(sent, piece...)
				if _, deliver := flow.BeginData(piece, fed); deliver {
					data(op)
				}
			}
			if flow.TooLarge {
				return // answered, and over
			}
		}
		collect()
		// Let go of what is left.
		for range 3 {
			resume(0)
			collect()
		}
		if !headers {
			t.Fatal("headers that were let go did not go")
		}
		if ended != fed {
			t.Fatalf("ended %v, fed to the end %v", ended, fed)
		}
		if !dropped && string(got) != string(sent) {
			t.Fatalf("got % x of % x", got, sent)
		}
	})
}
