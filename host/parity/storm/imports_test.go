//go:build !race

package storm

import (
	"context"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/postern-wasm/postern/host/abi"
)

// hostCall is an import: it finds its arguments on the stack.
type hostCall func(g *wasm, stack []uint64) uint64

// words are n parameters of 32 bits.
func words(n int) []api.ValueType {
	types := make([]api.ValueType, n)
	for i := range types {
		types[i] = api.ValueTypeI32
	}
	return types
}

// defineImports gives the module what it may import. Each call finds its guest in the
// context.
func defineImports(ctx context.Context, runtime wazero.Runtime) error {
	env := runtime.NewHostModuleBuilder("env")
	wasi := runtime.NewHostModuleBuilder("wasi_snapshot_preview1")
	define := func(b wazero.HostModuleBuilder, name string, params []api.ValueType, f hostCall) {
		b.NewFunctionBuilder().WithGoModuleFunction(api.GoModuleFunc(func(ctx context.Context, mod api.Module, stack []uint64) {
			g := ctx.Value(guestKey{}).(*wasm)
			g.mod = mod
			if g.w.storm.failed() && len(stack) > 0 {
				stack[0] = abi32(abi.StatusInternalFailure)
				return
			}
			stack[0] = f(g, stack)
		}), params, words(1)).Export(name)
	}
	for name, c := range envCalls() {
		define(env, name, words(c.params), c.call)
	}
	define(env, "proxy_increment_metric", []api.ValueType{api.ValueTypeI32, api.ValueTypeI64}, func(g *wasm, s []uint64) uint64 {
		return abi32(g.w.incrementMetric(uint32(s[0]), int64(s[1])))
	})
	define(env, "proxy_record_metric", []api.ValueType{api.ValueTypeI32, api.ValueTypeI64}, func(*wasm, []uint64) uint64 { return statusOK })
	define(wasi, "clock_time_get", []api.ValueType{api.ValueTypeI32, api.ValueTypeI64, api.ValueTypeI32}, func(g *wasm, s []uint64) uint64 {
		g.mod.Memory().WriteUint64Le(uint32(s[2]), uint64(g.w.storm.clock))
		return statusOK
	})
	for name, c := range wasiCalls() {
		define(wasi, name, words(c.params), c.call)
	}
	wasi.NewFunctionBuilder().WithFunc(func(context.Context, api.Module, uint32) {}).Export("proc_exit")
	if _, err := env.Instantiate(ctx); err != nil {
		return err
	}
	_, err := wasi.Instantiate(ctx)
	return err
}

type imported struct {
	params int
	call   hostCall
}

func abi32(s abi.Status) uint64 { return uint64(uint32(s)) }

// envCalls are the calls of the ABI that take words only.
func envCalls() map[string]imported {
	header := func(op headerOp) imported {
		return imported{5, func(g *wasm, s []uint64) uint64 {
			return abi32(g.w.header(op, uint32(s[0]), g.text(s[1], s[2]), g.text(s[3], s[4])))
		}}
	}
	return map[string]imported{
		"proxy_log": {3, func(g *wasm, s []uint64) uint64 {
			return abi32(g.w.log(uint32(s[0]), g.text(s[1], s[2])))
		}},
		"proxy_set_tick_period_milliseconds": {1, func(g *wasm, s []uint64) uint64 { return abi32(g.w.tickPeriod(uint32(s[0]))) }},
		"proxy_set_effective_context":        {1, func(g *wasm, s []uint64) uint64 { return abi32(g.w.setEffective(uint32(s[0]))) }},
		"proxy_continue_stream":              {1, func(g *wasm, s []uint64) uint64 { return abi32(g.w.continueStream(uint32(s[0]))) }},
		"proxy_set_buffer_bytes": {5, func(g *wasm, s []uint64) uint64 {
			return abi32(g.w.setBuffer(uint32(s[0]), int32(s[1]), int32(s[2]), []byte(g.text(s[3], s[4]))))
		}},
		"proxy_get_buffer_bytes": {5, func(g *wasm, s []uint64) uint64 {
			b, status := g.w.buffer(uint32(s[0]), int32(s[1]), int32(s[2]))
			if status != abi.StatusOK {
				return abi32(status)
			}
			return g.give(b, s[3], s[4])
		}},
		"proxy_get_header_map_pairs": {3, func(g *wasm, s []uint64) uint64 {
			pairs, status := g.w.pairs(uint32(s[0]))
			if status != abi.StatusOK {
				return abi32(status)
			}
			return g.give(abi.AppendPairs(nil, pairs), s[1], s[2])
		}},
		"proxy_add_header_map_value":     header(opAdd),
		"proxy_replace_header_map_value": header(opSet),
		"proxy_remove_header_map_value": {3, func(g *wasm, s []uint64) uint64 {
			return abi32(g.w.header(opRemove, uint32(s[0]), g.text(s[1], s[2]), ""))
		}},
		"proxy_send_local_response": {8, func(g *wasm, s []uint64) uint64 {
			headers, err := abi.ParsePairs(g.read(s[5], s[6]))
			if err != nil {
				g.w.storm.faultf("a local answer's headers are malformed: %v", err)
			}
			return abi32(g.w.localAnswer(uint32(s[0]), g.text(s[1], s[2]), g.text(s[3], s[4]), headers))
		}},
		"proxy_http_call": {10, func(g *wasm, s []uint64) uint64 {
			headers, err := abi.ParsePairs(g.read(s[2], s[3]))
			if err != nil {
				g.w.storm.faultf("a callout's headers are malformed: %v", err)
			}
			id, status := g.w.httpCall(g.text(s[0], s[1]), headers, uint32(s[8]))
			g.mod.Memory().WriteUint32Le(uint32(s[9]), id)
			return abi32(status)
		}},
		"proxy_get_shared_data": {5, func(g *wasm, s []uint64) uint64 {
			value, cas, status := g.w.sharedGet(g.text(s[0], s[1]))
			if status != abi.StatusOK {
				return abi32(status)
			}
			g.mod.Memory().WriteUint32Le(uint32(s[4]), cas)
			return g.give(value, s[2], s[3])
		}},
		"proxy_set_shared_data": {5, func(g *wasm, s []uint64) uint64 {
			return abi32(g.w.sharedSet(g.text(s[0], s[1]), []byte(g.text(s[2], s[3])), uint32(s[4])))
		}},
		"proxy_call_foreign_function": {6, func(*wasm, []uint64) uint64 { return abi32(abi.StatusNotFound) }},
		"proxy_set_property": {4, func(g *wasm, s []uint64) uint64 {
			return abi32(g.w.setProperty(g.text(s[0], s[1]), g.text(s[2], s[3])))
		}},
		"proxy_get_property": {4, func(*wasm, []uint64) uint64 { return abi32(abi.StatusNotFound) }},
		"proxy_define_metric": {4, func(g *wasm, s []uint64) uint64 {
			g.mod.Memory().WriteUint32Le(uint32(s[3]), g.w.defineMetric(g.text(s[1], s[2])))
			return statusOK
		}},
	}
}

// wasiCalls are the system calls that take words only.
func wasiCalls() map[string]imported {
	none := func(g *wasm, s []uint64) uint64 {
		g.mod.Memory().WriteUint32Le(uint32(s[0]), 0)
		g.mod.Memory().WriteUint32Le(uint32(s[1]), 0)
		return statusOK
	}
	nothing := func(*wasm, []uint64) uint64 { return statusOK }
	return map[string]imported{
		"random_get": {2, func(g *wasm, s []uint64) uint64 {
			g.mod.Memory().Write(uint32(s[0]), g.w.random(int(uint32(s[1]))))
			return statusOK
		}},
		"environ_sizes_get": {2, none}, "environ_get": {2, nothing},
		"args_sizes_get": {2, none}, "args_get": {2, nothing},
		"fd_write": {4, func(g *wasm, s []uint64) uint64 {
			total := uint32(0)
			for i := range uint32(s[2]) {
				p, _ := g.mod.Memory().ReadUint32Le(uint32(s[1]) + i*8)
				n, _ := g.mod.Memory().ReadUint32Le(uint32(s[1]) + i*8 + 4)
				g.w.said = append(g.w.said, g.text(uint64(p), uint64(n)))
				total += n
			}
			g.mod.Memory().WriteUint32Le(uint32(s[3]), total)
			return statusOK
		}},
	}
}
