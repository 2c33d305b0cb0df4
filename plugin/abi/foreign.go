//go:build wasip1

package abi

import (
	"unsafe"

	"github.com/postern-wasm/postern/plugin/config"
	"github.com/postern-wasm/postern/plugin/filter"
	"github.com/postern-wasm/postern/plugin/jose/jwa"
	"github.com/postern-wasm/postern/plugin/memory"
	"github.com/postern-wasm/postern/plugin/offload"
)

//go:wasmimport env proxy_call_foreign_function
func proxyCallForeignFunction(name *byte, nameSize int32, args *byte, argsSize int32, data, dataSize unsafe.Pointer) status

// verifySignature calls the foreign function. What the host returns stands where
// allocations go at that moment.
func verifySignature(question []byte) (answer []byte, ok bool) {
	name, nameSize := ptr(offload.Function)
	out.data, out.size = nil, 0
	st := proxyCallForeignFunction(name, nameSize, unsafe.SliceData(question), int32(len(question)),
		unsafe.Pointer(&out.data), unsafe.Pointer(&out.size))
	answer = result()
	return answer, st == statusOK
}

// clearRouteCache has the host choose the route anew. Envoy does so by itself where a
// header was changed; one that lacks the function keeps its choice.
func clearRouteCache() {
	name, nameSize := ptr("clear_route_cache")
	out.data, out.size = nil, 0
	proxyCallForeignFunction(name, nameSize, nil, 0, unsafe.Pointer(&out.data), unsafe.Pointer(&out.size))
}

// leaveRSA lets the host verify RSASSA-PKCS1-v1_5 if it is asked for and the host can.
// What probing allocates is gone afterwards.
func leaveRSA(p *filter.Plugin, cfg *config.Config) {
	var algorithms jwa.Set
	for i := range cfg.Providers {
		algorithms |= cfg.Providers[i].JWT.Algorithms
	}
	rsa := offload.New(verifySignature, func(line string) { logLine(levelWarn, line) })
	scratch := memory.New()
	before := memory.Enter(scratch)
	all := rsa.Probe(algorithms)
	memory.Leave(before)
	scratch.Free()
	p.LeaveRSATo(rsa)
	if !all {
		logLine(levelInfo, "the host's "+offload.Function+" is not used, or not for all hashes: the module verifies RSA signatures itself")
	}
}
