//go:build wasip1

package abi

import (
	"unsafe"

	"github.com/proxy-wasm/proxy-wasm-go-sdk/proxywasm/types"

	"github.com/postern-wasm/postern/plugin/filter"
	"github.com/postern-wasm/postern/plugin/reason"
)

// passOn lets a chunk of a body pass but for a byte, and the end of it only if the body is
// the one that was signed. What passes before the end is what was hashed: the host's chunk
// is overwritten by it.
func passOn(s *stream, size int64, ended bool) types.Action {
	p := s.policy.plugin
	before := begin()
	code := reason.OK
	switch {
	case !p.Fits(&s.Stream, size):
		code = reason.BodyTooLarge
	case ended:
		code = passLast(s, size)
	case size > 0:
		code = passChunk(s, size)
	}
	action := types.ActionContinue
	if code != reason.OK {
		action = breakOff(s, code)
	}
	end(before)
	return action
}

// passChunk lets a chunk that does not end the body pass. One that is larger than the piece
// stands in the callback's memory.
func passChunk(s *stream, size int64) reason.Code {
	var chunk []byte
	if size <= maxPiece {
		chunk = readBody(0, size)
	} else {
		chunk, _ = buffer(bufRequest, int(size), maxAllocation)
	}
	if int64(len(chunk)) != size || s.gone() {
		return reason.BodyUndelivered
	}
	chunk = s.policy.plugin.Pass(&s.Stream, chunk)
	if proxySetBufferBytes(bufRequest, 0, int32(size), unsafe.SliceData(chunk), int32(len(chunk))) != statusOK {
		return reason.BodyUndelivered
	}
	return reason.OK
}

// passLast compares, and gives back what was kept.
func passLast(s *stream, size int64) reason.Code {
	p := s.policy.plugin
	for at := int64(0); at < size; {
		n := min(size-at, maxPiece)
		chunk := readBody(at, n)
		if int64(len(chunk)) != n || s.gone() {
			return reason.BodyUndelivered
		}
		p.Last(&s.Stream, chunk)
		at += n
	}
	kept, keeps, ok := p.Passed(&s.Stream)
	if !ok {
		return reason.DigestMismatch
	}
	if !keeps {
		return reason.OK
	}
	back := []byte{kept}
	if proxySetBufferBytes(bufRequest, 0, 0, unsafe.SliceData(back), 1) != statusOK {
		return reason.BodyUndelivered
	}
	return reason.OK
}

// passOver ends a body by trailers. What is kept back cannot be given back there.
func passOver(s *stream) types.Action {
	p := s.policy.plugin
	code := reason.OK
	if p.Kept(&s.Stream) {
		code = reason.BodyUndelivered
	} else if _, _, ok := p.Passed(&s.Stream); !ok {
		code = reason.DigestMismatch
	}
	if code == reason.OK {
		return types.ActionContinue
	}
	before := begin()
	action := breakOff(s, code)
	end(before)
	return action
}

// breakOff answers, so that the host resets the request that it has begun to send, and lets
// nothing more pass.
func breakOff(s *stream, code reason.Code) types.Action {
	if s.gone() {
		return types.ActionPause
	}
	v := s.policy.plugin.Break(now(), &s.Stream, code)
	if v.Action == filter.Refuse {
		carryOut(s, v)
	}
	return types.ActionPause
}
