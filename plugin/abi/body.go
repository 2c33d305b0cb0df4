//go:build wasip1

package abi

import (
	"unsafe"

	"github.com/proxy-wasm/proxy-wasm-go-sdk/proxywasm/types"

	"github.com/postern-wasm/postern/plugin/filter"
	"github.com/postern-wasm/postern/plugin/memory"
	"github.com/postern-wasm/postern/plugin/replay"
)

// maxPiece is the largest piece of a body that is asked for at once.
const maxPiece = 64 << 10

// delivered says that this host has been seen to deliver the body of a request whose
// headers are held.
var delivered bool

// piece is where the host writes a piece of a body: one for the VM's life, so that a long
// body takes no more memory than a short one. It is cleared when the callback is over.
var piece struct {
	room   []byte
	filled int
	open   bool // the next allocation is the piece
}

// placeOfPiece returns the piece's memory for an allocation of the host, or nil.
func placeOfPiece(size uint32) *byte {
	if !piece.open || size == 0 || size > maxPiece {
		return nil
	}
	piece.open = false
	if piece.room == nil {
		before := memory.Enter(memory.Eternal())
		piece.room = make([]byte, maxPiece)
		memory.Leave(before)
	}
	piece.filled = max(piece.filled, int(size))
	return unsafe.SliceData(piece.room)
}

func forgetPiece() {
	if piece.filled > 0 {
		clear(piece.room[:piece.filled])
		piece.filled = 0
	}
}

// readBody reads n bytes of the request's body from start on; nil if they cannot be had.
func readBody(start, n int64) []byte {
	if n <= 0 || n > maxPiece || start > 1<<31-1-n {
		return nil
	}
	out.data, out.size = nil, 0
	piece.open = true
	st := proxyGetBufferBytes(bufRequest, int32(start), int32(n), unsafe.Pointer(&out.data), unsafe.Pointer(&out.size))
	piece.open = false
	if st != statusOK || int64(out.size) != n {
		return nil
	}
	return result()
}

// withBodies gives a new policy what the host has for signed requests.
func withBodies(p *filter.Plugin) {
	p.ReadBody(readBody)
	p.Asks(clientIP, protocol)
	if delivered {
		p.Delivers()
	}
	p.Remember(sharedData{}, &remembered)
}

//go:wasmexport proxy_on_request_body
func onRequestBody(id uint32, size, ended int32) types.Action {
	s := streams.find(id)
	if s != nil && s.policy != nil && s.policy.plugin.Passes(&s.Stream) {
		return passOn(s, int64(max(size, 0)), ended != 0)
	}
	if s == nil || s.policy == nil || !s.policy.plugin.Arrived(&s.Stream, int64(max(size, 0)), ended != 0) {
		return later(id)
	}
	return took(s)
}

// took lets the hashes run over what is new of the body, and judges the request if that
// is all of it.
func took(s *stream) types.Action {
	delivered = true
	p := s.policy.plugin
	p.Delivers()
	before := begin()
	for start, n := p.Wanted(&s.Stream); n > 0; start, n = p.Wanted(&s.Stream) {
		p.Took(&s.Stream, readBody(start, n))
	}
	action := types.ActionPause
	if p.Due(&s.Stream) {
		action = judgeAgain(s)
	}
	end(before)
	return action
}

// judgeAgain judges a request whose body is there.
func judgeAgain(s *stream) types.Action {
	judging, id := s.policy, s.ID
	t := now()
	pump(judging, id, t)
	pairs := headers(mapRequest)
	return conclude(s, judging, id, t, pairs, judging.plugin.Resume(t, &s.Stream, pairs))
}

// clientIP is the client's address without its port, or "".
func clientIP() string {
	address := clientAddress()
	for i := len(address) - 1; i >= 0; i-- {
		switch address[i] {
		case ':':
			if address[0] == '[' && address[i-1] == ']' {
				return address[1 : i-1]
			}
			return address[:i]
		case ']', '.':
			return address
		}
	}
	return address
}

// protocol is the request's, "HTTP/1.1" or "HTTP/2", or "".
func protocol() string {
	out.data, out.size = nil, 0
	path, pathSize := ptr("request\x00protocol")
	if proxyGetProperty(path, pathSize, unsafe.Pointer(&out.data), unsafe.Pointer(&out.size)) != statusOK {
		return ""
	}
	return string(result())
}

// remembered is what this VM remembers of accepted requests where the host has no shared
// data. It outlives configurations.
var remembered replay.Memory

// sharedData is the host's.
type sharedData struct{}

// Get is part of filter.Shared.
func (sharedData) Get(key string) (value []byte, cas uint32, status replay.ShareStatus) {
	data, size := ptr(key)
	out.data, out.size, out.number = nil, 0, 0
	switch proxyGetSharedData(data, size, unsafe.Pointer(&out.data), unsafe.Pointer(&out.size), unsafe.Pointer(&out.number)) {
	case statusOK:
		cas = out.number
		return result(), cas, replay.ShareOK
	case statusNotFound:
		return nil, 0, replay.ShareAbsent
	}
	return nil, 0, replay.ShareUnavailable
}

// Set is part of filter.Shared.
func (sharedData) Set(key string, value []byte, cas uint32) replay.ShareStatus {
	data, size := ptr(key)
	switch proxySetSharedData(data, size, unsafe.SliceData(value), int32(len(value)), cas) {
	case statusOK:
		return replay.ShareOK
	case statusCASMismatch:
		return replay.ShareConflict
	}
	return replay.ShareUnavailable
}
