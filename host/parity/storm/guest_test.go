//go:build !race

package storm

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

// guest is the plugin in one of its forms: what a proxy can call.
type guest interface {
	create(id, parent uint32)
	configure(id uint32, size int) bool
	headers(id uint32, n int, end bool) uint32
	body(id uint32, size int, end bool) uint32
	trailers(id uint32, n int) uint32
	tick(id uint32)
	answer(root, call uint32, headers, body int)
	remove(id uint32)
	// memory is the size of its memory, bytes; 0 where that has no meaning.
	memory() uint32
	close()
}

// build starts a guest for a worker.
type build func(w *worker) guest

// modulePath is where the module lies that the tests use.
func modulePath() string {
	if path := os.Getenv("POSTERN_MODULE"); path != "" {
		return path
	}
	return "../../../build/postern.wasm"
}

// runner runs a compiled module for any number of workers.
type runner struct {
	runtime wazero.Runtime
	module  wazero.CompiledModule
}

// compile prepares a module.
func compile(t testing.TB, path string) *runner {
	t.Helper()
	wasm, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("the module is needed (make plugin): %v", err)
	}
	ctx := context.Background()
	r := &runner{runtime: wazero.NewRuntime(ctx)}
	t.Cleanup(func() { _ = r.runtime.Close(ctx) })
	if err := defineImports(ctx, r.runtime); err != nil {
		t.Fatal(err)
	}
	if r.module, err = r.runtime.CompileModule(ctx, wasm); err != nil {
		t.Fatal(err)
	}
	return r
}

// start instantiates the module for a worker. A module that does not start is a fault.
func (r *runner) start(w *worker) guest { return r.startIn(context.Background(), w) }

// startIn is start with what the context says of memory.
func (r *runner) startIn(ctx context.Context, w *worker) guest {
	g := &wasm{w: w}
	g.ctx = context.WithValue(ctx, guestKey{}, g)
	mod, err := r.runtime.InstantiateModule(g.ctx, r.module, wazero.NewModuleConfig().WithName("").WithStartFunctions("_initialize"))
	if err != nil {
		w.storm.faultf("the module does not start: %v", err)
		return g
	}
	g.mod = mod
	return g
}

// wasm is the module in one VM.
type wasm struct {
	w   *worker
	ctx context.Context
	mod api.Module
}

type guestKey struct{}

// call calls an export; a trap is a fault of the run.
func (g *wasm) call(name string, args ...uint64) uint64 {
	if g.w.storm.failed() {
		return actionPause
	}
	// A function of wazero is not to be entered twice: each nested call gets its own.
	results, err := g.mod.ExportedFunction(name).Call(g.ctx, args...)
	if err != nil {
		g.w.storm.faultf("%s%v traps: %s%v", name, args, strings.Join(g.w.said, ""), err)
		g.w.said = nil
		return actionPause
	}
	if len(results) == 0 {
		return 0
	}
	return results[0]
}

func flag(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

func (g *wasm) create(id, parent uint32) {
	g.call("proxy_on_context_create", uint64(id), uint64(parent))
}

func (g *wasm) configure(id uint32, size int) bool {
	return g.call("proxy_on_configure", uint64(id), uint64(size)) == 1
}

func (g *wasm) headers(id uint32, n int, end bool) uint32 {
	return uint32(g.call("proxy_on_request_headers", uint64(id), uint64(n), flag(end)))
}

func (g *wasm) body(id uint32, size int, end bool) uint32 {
	return uint32(g.call("proxy_on_request_body", uint64(id), uint64(size), flag(end)))
}

func (g *wasm) trailers(id uint32, n int) uint32 {
	return uint32(g.call("proxy_on_request_trailers", uint64(id), uint64(n)))
}

func (g *wasm) tick(id uint32) { g.call("proxy_on_tick", uint64(id)) }

func (g *wasm) answer(root, call uint32, headers, body int) {
	g.call("proxy_on_http_call_response", uint64(root), uint64(call), uint64(headers), uint64(body), 0)
}

func (g *wasm) remove(id uint32) { g.call("proxy_on_delete", uint64(id)) }

func (g *wasm) memory() uint32 { return g.mod.Memory().Size() }

func (g *wasm) close() {
	if g.mod != nil {
		_ = g.mod.Close(g.ctx)
	}
}

// allocate puts b into memory that the guest allocates, as every host does.
func (g *wasm) allocate(b []byte) uint32 {
	if len(b) == 0 {
		return 0
	}
	p := uint32(g.call("proxy_on_memory_allocate", uint64(len(b))))
	if p != 0 && !g.mod.Memory().Write(p, b) {
		g.w.storm.faultf("the guest's allocation of %d bytes at %d is outside its memory", len(b), p)
	}
	return p
}

// read returns guest memory; it is valid until the next call.
func (g *wasm) read(p, n uint64) []byte {
	b, ok := g.mod.Memory().Read(uint32(p), uint32(n))
	if !ok {
		g.w.storm.faultf("the guest names memory outside its own: %d+%d", p, n)
	}
	return b
}

func (g *wasm) text(p, n uint64) string { return string(g.read(p, n)) }

// give writes b, its pointer and its size where the guest wants them.
func (g *wasm) give(b []byte, data, size uint64) uint64 {
	p := g.allocate(b)
	g.mod.Memory().WriteUint32Le(uint32(data), p)
	g.mod.Memory().WriteUint32Le(uint32(size), uint32(len(b)))
	return statusOK
}
