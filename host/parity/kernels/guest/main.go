//go:build wasip1

// Command guest verifies batches of signatures inside of a proxy, with the module's own
// rooms and allocator.
//
// In: a plugin configuration in base64url, a [batch] after a letter: "o" verifies with
// the own kernels, "h" leaves what it may to the host, "t" measures both. Out: log lines,
// each a piece of the verdicts. It handles no request.
package main

import (
	"strconv"
	"unsafe"

	"github.com/postern-wasm/postern/host/parity/kernels/batch"
	"github.com/postern-wasm/postern/plugin/jose/base64url"
	"github.com/postern-wasm/postern/plugin/jose/jwa"
	"github.com/postern-wasm/postern/plugin/jose/jwk"
	"github.com/postern-wasm/postern/plugin/memory"
	"github.com/postern-wasm/postern/plugin/offload"
)

//go:wasmimport env proxy_log
func proxyLog(level uint32, text *byte, size int32) uint32

//go:wasmimport env proxy_get_buffer_bytes
func proxyGetBufferBytes(kind uint32, start, size int32, data, dataSize unsafe.Pointer) uint32

//go:wasmimport env proxy_call_foreign_function
func proxyCallForeignFunction(name *byte, nameSize int32, args *byte, argsSize int32, data, dataSize unsafe.Pointer) uint32

//go:wasmimport wasi_snapshot_preview1 clock_time_get
func clockTimeGet(clock uint32, precision uint64, nanoseconds unsafe.Pointer) uint32

const (
	pluginConfiguration = 7
	levelInfo           = 2
	lineLength          = 1000
)

// out is where host calls put what they return.
var out struct {
	data  *byte
	size  int32
	nanos int64
}

//go:wasmexport proxy_abi_version_0_2_0
func abiVersion() {}

//go:wasmexport proxy_on_memory_allocate
func onMemoryAllocate(size uint32) *byte { return unsafe.SliceData(make([]byte, max(size, 1))) }

//go:wasmexport proxy_on_vm_start
func onVMStart(_ uint32, _ int32) uint32 { return 1 }

//go:wasmexport proxy_on_context_create
func onContextCreate(_, _ uint32) {}

//go:wasmexport proxy_on_configure
func onConfigure(_ uint32, size int32) uint32 {
	home := memory.New()
	before := memory.Enter(home)
	ok := configure(size)
	memory.Leave(before)
	out.data = nil
	home.Free()
	if !ok {
		return 0
	}
	return 1
}

func configure(size int32) bool {
	if size < 2 || proxyGetBufferBytes(pluginConfiguration, 0, size, unsafe.Pointer(&out.data), unsafe.Pointer(&out.size)) != 0 {
		return false
	}
	config := unsafe.String(out.data, out.size)
	cases, ok := base64url.Append(make([]byte, 0, len(config)), config[1:])
	if !ok {
		return false
	}
	host := offload.New(call, func(line string) { say("! " + line) })
	var all jwa.Set
	trusted := host.Probe(all.With(jwa.RS256).With(jwa.RS384).With(jwa.RS512))
	switch config[0] {
	case 'o':
		return verify(cases, nil)
	case 'h':
		return trusted && verify(cases, host)
	case 't':
		return trusted && measure(cases, host)
	}
	return false
}

func call(question []byte) (answer []byte, ok bool) {
	out.data, out.size = nil, 0
	status := proxyCallForeignFunction(unsafe.StringData(offload.Function), int32(len(offload.Function)),
		unsafe.SliceData(question), int32(len(question)), unsafe.Pointer(&out.data), unsafe.Pointer(&out.size))
	if out.data == nil {
		return nil, status == 0
	}
	answer = unsafe.Slice(out.data, out.size)
	out.data = nil
	return answer, status == 0
}

// verify says the verdicts, a line each thousand.
func verify(cases []byte, host jwk.HostRSA) bool {
	verdicts, err := batch.Run(cases, host)
	if err != nil {
		return false
	}
	for i := 0; i < len(verdicts); i += lineLength {
		say("= " + string(verdicts[i:min(len(verdicts), i+lineLength)]))
	}
	return true
}

// measure runs a batch in turns with the own kernels and with the host, and says the
// nanoseconds that each turn took.
func measure(cases []byte, host jwk.HostRSA) bool {
	const turns = 21
	for range turns {
		for _, left := range [...]jwk.HostRSA{nil, host} {
			region := memory.New()
			before := memory.Enter(region)
			start := now()
			_, err := batch.Run(cases, left)
			took := now() - start
			memory.Leave(before)
			region.Free()
			if err != nil {
				return false
			}
			name := "own"
			if left != nil {
				name = "host"
			}
			say("@ " + name + " " + strconv.FormatInt(took, 10))
		}
	}
	return true
}

func now() int64 {
	clockTimeGet(1, 0, unsafe.Pointer(&out.nanos)) // the monotonic clock
	return out.nanos
}

func say(line string) { proxyLog(levelInfo, unsafe.StringData(line), int32(len(line))) }

func main() {}
