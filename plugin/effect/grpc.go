package effect

import (
	"strconv"

	"github.com/postern-wasm/postern/plugin/request"
)

// framed puts an answer into gRPC's form where the host will not: a request that is gRPC
// (RFC 9110 §8.3.1: a media type has no case, and may have parameters) and whose content
// type the host, which compares bytes, takes for another one.
func (w *Writer) framed(v *request.View, a *Answer) *Answer {
	if !v.GRPC || hostFrames(v) {
		return a
	}
	w.lines = append(w.lines, request.Header{Name: "content-type", Value: "application/grpc"},
		request.Header{Name: "grpc-status", Value: w.text(strconv.AppendInt(w.buf, int64(a.GRPC), 10))})
	if len(a.Body) > 0 { // the table's own text: nothing in it has to be percent-encoded
		w.lines = append(w.lines, request.Header{Name: "grpc-message", Value: w.text(append(w.buf, a.Body...))})
	}
	a.Status, a.GRPC, a.Headers, a.Body = 200, -1, w.lines, a.Body[:0]
	return a
}

// hostFrames says that hosts know the request for gRPC (Envoy: "application/grpc", alone
// or before a '+').
func hostFrames(v *request.View) bool {
	const grpc = "application/grpc"
	i, ok := v.Next("content-type", 0)
	if !ok {
		return false
	}
	kind := v.Headers[i].Value
	return kind == grpc || len(kind) > len(grpc) && kind[:len(grpc)+1] == grpc+"+"
}
