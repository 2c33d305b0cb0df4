package host

import (
	"time"

	"github.com/postern-wasm/postern/host/abi"
	"github.com/postern-wasm/postern/host/internal/guest"
	"github.com/postern-wasm/postern/host/internal/hostcall"
	"github.com/postern-wasm/postern/host/internal/state"
	"github.com/postern-wasm/postern/host/upstream"
)

// maxConfigLogs bounds ConfigError.Logs.
const maxConfigLogs = 256

// trial is a VM that serves nobody: the base VM and the canary.
type trial struct {
	h    *Host
	env  *hostcall.Env
	logs configLogs
}

func newTrial(h *Host) *trial {
	t := &trial{h: h}
	t.env = hostcall.NewEnv(&h.cfg, t, h.opts.Trace != nil)
	return t
}

// configure runs the canary.
func (t *trial) configure(config []byte) error {
	defer t.env.VM.Close()
	if err := t.env.Start(t.h.module); err != nil {
		return &ConfigError{Stage: "start", Logs: t.logs, Err: err}
	}
	_, stage, err := startRoot(t.env, config, nil)
	if stage != "" {
		return &ConfigError{Stage: stage, Logs: t.logs, Err: err}
	}
	return nil
}

// startRoot makes a root context and configures it. stage is "" when the guest
// took it.
func startRoot(env *hostcall.Env, config []byte, owner any) (c *state.Context, stage string, err error) {
	c = &state.Context{PluginConfig: config, Owner: owner}
	c.Root = c
	env.NewContext(c)
	c.ConfigOpen = true
	defer func() { c.ConfigOpen = false }()
	if env.VM.Has(guest.FuncContextCreate) {
		if _, err := env.Call(c, guest.FuncContextCreate, c.ID, 0); err != nil {
			return c, "start", err
		}
	}
	c.ConfigOpen = false // proxy_on_vm_start sees the VM's configuration only
	if env.VM.Has(guest.FuncVMStart) {
		ok, err := env.Call(c, guest.FuncVMStart, c.ID, uint32(len(env.VMConfig)))
		if err != nil || ok == 0 {
			return c, "vm_start", err
		}
	}
	c.ConfigOpen = true
	if env.VM.Has(guest.FuncConfigure) {
		ok, err := env.Call(c, guest.FuncConfigure, c.ID, uint32(len(config)))
		if err != nil || ok == 0 {
			return c, "configure", err
		}
	}
	return c, "", nil
}

// configLogs is what ConfigError keeps of a guest's log.
type configLogs []LogEntry

func (l *configLogs) add(e LogEntry) {
	if e.Level >= abi.LogInfo && len(*l) < maxConfigLogs {
		*l = append(*l, e)
	}
}

// Log implements hostcall.Host.
func (t *trial) Log(level abi.LogLevel, contextID uint32, text string) {
	e := LogEntry{Level: level, Text: text, Context: contextID}
	t.logs.add(e)
	t.h.log(e)
}

// SetTick implements hostcall.Host: a trial does not live that long.
func (t *trial) SetTick(root *state.Context, period time.Duration) { root.Period = period }

// HTTPCall implements hostcall.Host: the call is checked and not made.
func (t *trial) HTTPCall(_ *state.Context, req *upstream.Request) (uint32, abi.Status) {
	if t.h.opts.Callouts == nil || !t.h.opts.Callouts.Known(req.Cluster) {
		return 0, abi.StatusBadArgument
	}
	return t.env.NextCall(), abi.StatusOK
}

// QueueReady implements hostcall.Host.
func (t *trial) QueueReady(*state.Context) func(uint32) { return func(uint32) {} }

// Done implements hostcall.Host.
func (t *trial) Done(*state.Context) abi.Status { return abi.StatusNotFound }

// Trace implements hostcall.Host.
func (t *trial) Trace(depth int, text string) { t.h.opts.Trace(TraceEvent{Depth: depth, Text: text}) }

// log passes a guest's line on.
func (h *Host) log(e LogEntry) {
	if h.opts.Log != nil && e.Level >= h.opts.LogLevel {
		h.opts.Log(e)
	}
}
