package attacks

import (
	"bytes"
	"context"
	"os"
	"sync"

	"github.com/tetratelabs/wazero/api"
)

// defineHost defines, once, the imports that the module may have. Each finds its
// fakeHost in the context.
var defineHost = sync.OnceFunc(func() {
	env := runtime().NewHostModuleBuilder("env")
	def := func(name string, f any) { env = env.NewFunctionBuilder().WithFunc(f).Export(name) }
	def("proxy_log", func(ctx context.Context, m api.Module, _, p, n uint32) uint32 {
		return on(ctx, m, "proxy_log", func(h *fakeHost) uint32 { h.logs = append(h.logs, h.text(p, n)); return statusOK })
	})
	def("proxy_set_tick_period_milliseconds", func(ctx context.Context, m api.Module, _ uint32) uint32 {
		return on(ctx, m, "proxy_set_tick_period_milliseconds", nothing)
	})
	def("proxy_set_effective_context", func(ctx context.Context, m api.Module, id uint32) uint32 {
		return on(ctx, m, "proxy_set_effective_context", func(h *fakeHost) uint32 { h.context = id; return statusOK })
	})
	def("proxy_continue_stream", func(ctx context.Context, m api.Module, _ uint32) uint32 {
		return on(ctx, m, "proxy_continue_stream", func(h *fakeHost) uint32 { h.continued = append(h.continued, h.context); return statusOK })
	})
	def("proxy_get_buffer_bytes", func(ctx context.Context, m api.Module, kind uint32, from, size int32, data, n uint32) uint32 {
		return on(ctx, m, "proxy_get_buffer_bytes", func(h *fakeHost) uint32 {
			b := h.config
			switch kind {
			case 4:
				b = h.body
			case 0:
				b = h.sent
			}
			if int(from) > len(b) || from < 0 || size < 0 {
				b, from, size = nil, 0, 0
			}
			return h.give(b[from:min(len(b), int(from)+int(size))], data, n)
		})
	})
	def("proxy_set_buffer_bytes", func(ctx context.Context, m api.Module, kind uint32, from, size int32, data, n uint32) uint32 {
		return on(ctx, m, "proxy_set_buffer_bytes", func(h *fakeHost) uint32 {
			if kind != 0 || from != 0 || int(size) != 0 && int(size) < len(h.sent) {
				return 2
			}
			h.sent = append([]byte(h.text(data, n)), h.sent[min(int(size), len(h.sent)):]...)
			return statusOK
		})
	})
	def("proxy_get_header_map_pairs", func(ctx context.Context, m api.Module, kind, data, n uint32) uint32 {
		return on(ctx, m, "proxy_get_header_map_pairs", func(h *fakeHost) uint32 { return h.give(h.pairs[kind], data, n) })
	})
	header := func(name string) {
		def(name, func(ctx context.Context, m api.Module, kind, k, kn, v, vn uint32) uint32 {
			return on(ctx, m, name, func(h *fakeHost) uint32 {
				value := h.text(v, vn)
				h.ops = append(h.ops, name+" "+h.text(k, kn)+"="+value)
				h.edit(kind, h.text(k, kn), &value, name == "proxy_add_header_map_value")
				return statusOK
			})
		})
	}
	header("proxy_add_header_map_value")
	header("proxy_replace_header_map_value")
	def("proxy_remove_header_map_value", func(ctx context.Context, m api.Module, kind, k, kn uint32) uint32 {
		return on(ctx, m, "proxy_remove_header_map_value", func(h *fakeHost) uint32 {
			h.ops = append(h.ops, "remove "+h.text(k, kn))
			h.edit(kind, h.text(k, kn), nil, false)
			return statusOK
		})
	})
	def("proxy_send_local_response", func(ctx context.Context, m api.Module, status, d, dn, b, bn, hs, hn uint32, _ int32) uint32 {
		return on(ctx, m, "proxy_send_local_response", func(h *fakeHost) uint32 {
			h.answers = append(h.answers, local{h.context, status, h.text(d, dn), h.text(b, bn), h.text(hs, hn)})
			if f := h.during; f != nil {
				h.during = nil
				f()
			}
			return statusOK
		})
	})
	def("proxy_http_call", func(ctx context.Context, m api.Module, c, cn, hs, hn, b, bn, tr, tn, _, id uint32) uint32 {
		return on(ctx, m, "proxy_http_call", func(h *fakeHost) uint32 {
			h.text(c, cn)
			h.text(hs, hn)
			if cn == 0 {
				return badArgument
			}
			h.calls++
			h.mod.Memory().WriteUint32Le(id, h.calls)
			return statusOK
		})
	})
	def("proxy_get_shared_data", func(ctx context.Context, m api.Module, k, kn, data, n, cas uint32) uint32 {
		return on(ctx, m, "proxy_get_shared_data", func(h *fakeHost) uint32 {
			v, ok := h.shared[h.text(k, kn)]
			if !ok {
				return 1
			}
			h.mod.Memory().WriteUint32Le(cas, 7)
			return h.give(v, data, n)
		})
	})
	def("proxy_set_shared_data", func(ctx context.Context, m api.Module, k, kn, v, vn, _ uint32) uint32 {
		return on(ctx, m, "proxy_set_shared_data", func(h *fakeHost) uint32 {
			h.shared[h.text(k, kn)] = bytes.Clone([]byte(h.text(v, vn)))
			return statusOK
		})
	})
	def("proxy_set_property", func(ctx context.Context, m api.Module, k, kn, v, vn uint32) uint32 {
		return on(ctx, m, "proxy_set_property", nothing)
	})
	def("proxy_define_metric", func(ctx context.Context, m api.Module, _, k, kn, id uint32) uint32 {
		return on(ctx, m, "proxy_define_metric", nothing)
	})
	def("proxy_increment_metric", func(ctx context.Context, m api.Module, _ uint32, _ int64) uint32 {
		return on(ctx, m, "proxy_increment_metric", nothing)
	})
	def("proxy_record_metric", func(ctx context.Context, m api.Module, _ uint32, _ int64) uint32 {
		return on(ctx, m, "proxy_record_metric", nothing)
	})
	def("proxy_get_property", func(ctx context.Context, m api.Module, k, kn, data, n uint32) uint32 {
		return on(ctx, m, "proxy_get_property", func(h *fakeHost) uint32 {
			if h.text(k, kn) != "source\x00address" {
				return 1
			}
			h.give([]byte(h.address), data, n)
			return statusOK
		})
	})
	def("proxy_call_foreign_function", func(ctx context.Context, m api.Module, name, nameSize, args, argsSize, data, n uint32) uint32 {
		return on(ctx, m, "proxy_call_foreign_function", func(h *fakeHost) uint32 {
			if h.foreign == nil {
				return 1
			}
			result, status := h.foreign(h.text(name, nameSize), []byte(h.text(args, argsSize)))
			h.give(result, data, n)
			return status
		})
	})
	if _, err := env.Instantiate(context.Background()); err != nil {
		panic(err)
	}
	defineWASI()
})

func defineWASI() {
	wasi := runtime().NewHostModuleBuilder("wasi_snapshot_preview1")
	def := func(name string, f any) { wasi = wasi.NewFunctionBuilder().WithFunc(f).Export(name) }
	def("clock_time_get", func(ctx context.Context, m api.Module, _ uint32, _ uint64, out uint32) uint32 {
		return on(ctx, m, "clock_time_get", func(h *fakeHost) uint32 { m.Memory().WriteUint64Le(out, h.clock); return 0 })
	})
	def("random_get", func(ctx context.Context, m api.Module, p, n uint32) uint32 {
		return on(ctx, m, "random_get", func(h *fakeHost) uint32 {
			if !h.constant {
				h.draws++
			}
			for i := range n {
				m.Memory().WriteByte(p+i, byte(i*37+h.draws*59+11))
			}
			return 0
		})
	})
	def("environ_sizes_get", func(ctx context.Context, m api.Module, count, size uint32) uint32 {
		return on(ctx, m, "environ_sizes_get", func(h *fakeHost) uint32 {
			n, bytes := uint32(0), uint32(0)
			if h.environ != "" {
				n, bytes = 1, uint32(len(h.environ)+1)
			}
			m.Memory().WriteUint32Le(count, n)
			m.Memory().WriteUint32Le(size, bytes)
			return 0
		})
	})
	def("environ_get", func(ctx context.Context, m api.Module, list, block uint32) uint32 {
		return on(ctx, m, "environ_get", func(h *fakeHost) uint32 {
			m.Memory().WriteUint32Le(list, block)
			m.Memory().Write(block, append([]byte(h.environ), 0))
			return 0
		})
	})
	def("args_sizes_get", func(ctx context.Context, m api.Module, count, size uint32) uint32 {
		m.Memory().WriteUint32Le(count, 0)
		m.Memory().WriteUint32Le(size, 0)
		return 0
	})
	def("args_get", func(context.Context, api.Module, uint32, uint32) uint32 { return 0 })
	def("fd_write", func(ctx context.Context, m api.Module, _, iovs, n, out uint32) uint32 {
		total := uint32(0)
		for i := range n {
			p, _ := m.Memory().ReadUint32Le(iovs + i*8)
			size, _ := m.Memory().ReadUint32Le(iovs + i*8 + 4)
			b, _ := m.Memory().Read(p, size)
			os.Stderr.Write(b)
			total += size
		}
		m.Memory().WriteUint32Le(out, total)
		return 0
	})
	def("proc_exit", func(context.Context, api.Module, uint32) {})
	if _, err := wasi.Instantiate(context.Background()); err != nil {
		panic(err)
	}
}

// on runs a host call for the fakeHost in ctx, unless the test makes it fail.
func on(ctx context.Context, m api.Module, name string, f func(h *fakeHost) uint32) uint32 {
	h := ctx.Value(hostKey{}).(*fakeHost)
	h.mod = m
	if h.within != nil {
		h.within()
	}
	h.made++
	h.trace = append(h.trace, name)
	if h.made == h.faultAt {
		return h.fault
	}
	if status, ok := h.fail[name]; ok {
		return status
	}
	return f(h)
}

func nothing(*fakeHost) uint32 { return statusOK }
