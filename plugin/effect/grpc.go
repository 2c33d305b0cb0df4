package effect

import "github.com/postern-wasm/postern/plugin/request"

// hostFrames says that the host knows a gRPC request for one and puts the answer into
// gRPC's form: by bytes, "application/grpc" alone or before a '+' (Envoy). One that stands
// in another case or with parameters is answered as HTTP: the host takes the content type
// from an answer without a body, so that no frame of our own would do, and gRPC's clients
// know what 401, 403 and 503 mean (gRPC over HTTP2, HTTP to gRPC status codes).
func hostFrames(v *request.View) bool {
	const grpc = "application/grpc"
	i, ok := v.Next("content-type", 0)
	if !ok {
		return false
	}
	kind := v.Headers[i].Value
	return kind == grpc || len(kind) > len(grpc) && kind[:len(grpc)+1] == grpc+"+"
}
