package replay

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/postern-wasm/postern/host"
)

const (
	// maxTicks is how many ticks run when now jumps (DESIGN.md section 12).
	maxTicks = 64
	// maxHold is how far the clock moves while one request is held.
	maxHold = 60 * time.Second
	// maxEvents bounds the events of one case: a module that answers every
	// callout with another would otherwise never let the clock move on.
	maxEvents = 100_000
	// maxLogLines bounds the log lines that one answer carries.
	maxLogLines = 10_000
	// callDeadline is the real time that one call into the module may take. It
	// is longer than a proxy would give: an answer must not depend on how busy
	// this machine is, and nobody else waits.
	callDeadline = 10 * time.Second
)

// Options configures an Engine.
type Options struct {
	// Module is the path of the module that runs where a line names none.
	Module string
	// Verdicts asks that module, Postern's own, to tell the provider and the reason of every
	// verdict, by a variable of its environment.
	Verdicts bool
	// Config is the configuration until a line carries config or module, as
	// JSON; nil: a line must carry one first.
	Config []byte
	// Env is the environment beside Config, until a line carries env.
	Env map[string]string
	// Start is where the clock stands before a line sets it; the zero value is
	// the machine's time when the first case comes.
	Start time.Time
	// BufferLimit bounds the body that a request holds, in bytes
	// (host.DefaultBufferLimit, Envoy's).
	BufferLimit int
	// Log takes the lines that a module logs, as they come; what a canary says
	// only where it refuses the configuration, since a worker says it again.
	// Nil: none.
	Log func(host.LogEntry)
}

// Engine runs cases, one after the other. It is not for several goroutines.
type Engine struct {
	opts     Options
	clock    *host.VirtualClock
	modules  map[string]*module
	services services
	settings settings
	// host is the instance, or nil: then refusal says why, or nothing has
	// been configured yet.
	host    *host.Host
	refusal *refusal
	// logs are kept for the next answer.
	logs []LogLine
}

// settings are what an instance is made from.
type settings struct {
	module                 string
	rootID, vmConfig, text string
	env                    map[string]string
	profile                host.Profile
	// long says that answers carry Details.
	long bool
	// given says that a line has asked for an instance.
	given bool
}

// refusal is why there is no instance.
type refusal struct{ reason, text string }

// New returns an engine without an instance.
func New(opts Options) *Engine {
	return &Engine{opts: opts, modules: make(map[string]*module)}
}

// Close frees the instance and the compiled modules.
func (e *Engine) Close(ctx context.Context) error {
	err := e.drop(ctx)
	for _, m := range e.modules {
		if m.compiled != nil {
			err = errors.Join(err, m.compiled.Close(ctx))
		}
	}
	e.modules = make(map[string]*module)
	return err
}

// Do runs one case. It always returns an answer.
func (e *Engine) Do(ctx context.Context, c *Case) *Answer {
	e.setClock(c.Now)
	if c.Callouts != nil {
		e.services.replace(c.Callouts)
	}
	if c.starts() || e.opts.Config != nil && !e.settings.given {
		e.settings = e.settings.with(c, &e.opts)
		e.start(ctx)
	} else if e.host != nil && !e.host.Workers()[0].Serving {
		e.start(ctx) // it trapped: the same configuration anew
	}
	if e.host == nil {
		return e.finish(c, e.refused(c.Name))
	}
	e.settle()
	if c.Request == nil {
		a := newAnswer(c.Name, ReasonNoRequest)
		if w := e.host.Workers()[0]; !w.Serving { // a tick trapped, and no client saw it
			a = failed(c.Name, ReasonTrap, w.LastTrap)
		}
		return e.finish(c, a)
	}
	return e.finish(c, e.exchange(c))
}

// setClock moves the clock, and starts it before the first case.
func (e *Engine) setClock(now *time.Time) {
	if e.clock == nil {
		start := e.opts.Start
		if start.IsZero() {
			start = time.Now()
		}
		e.clock = host.NewVirtualClock(start)
	}
	if now != nil {
		e.clock.Set(*now)
	}
}

// with returns the settings after a line that starts an instance.
func (s settings) with(c *Case, opts *Options) settings {
	switch {
	case c.Config != nil, c.Module != nil:
		s = settings{module: opts.Module}
	case !s.given:
		s = settings{module: opts.Module, text: string(opts.Config), env: opts.Env}
	}
	s.given = true
	s.long = s.long || c.Module != nil || c.RootID != nil || c.VMConfig != nil ||
		c.PluginConfig != nil || c.Profile != nil
	set := func(to *string, from *string) {
		if from != nil {
			*to = *from
		}
	}
	set(&s.module, c.Module)
	set(&s.rootID, c.RootID)
	set(&s.vmConfig, c.VMConfig)
	set(&s.text, c.PluginConfig)
	if c.Config != nil {
		s.text = string(c.Config)
	}
	if c.Env != nil {
		s.env = c.Env
	}
	if c.Profile != nil {
		s.profile = *c.Profile
	}
	return s
}

// start makes a fresh instance from the settings, or says why there is none.
func (e *Engine) start(ctx context.Context) {
	e.refusal = nil
	if err := e.drop(ctx); err != nil {
		e.refusal = &refusal{ReasonLoad, err.Error()}
		return
	}
	s := e.settings
	e.services.configure(s.text, s.vmConfig)
	e.services.record = s.long
	m, err := e.module(ctx, s.module)
	if err != nil {
		e.refusal = &refusal{ReasonLoad, err.Error()}
		return
	}
	env := s.env
	if e.opts.Verdicts && s.module == e.opts.Module {
		env = host.WithVerdicts(env)
	}
	h, err := m.NewHost(ctx, host.Options{
		Profile:       s.profile,
		Clock:         e.clock,
		RootID:        s.rootID,
		VMConfig:      []byte(s.vmConfig),
		Env:           env,
		Callouts:      &e.services,
		Log:           e.log,
		BufferLimit:   e.opts.BufferLimit,
		StopIteration: true,
	})
	if err != nil {
		e.refusal = &refusal{ReasonLoad, err.Error()}
		return
	}
	if err := h.Configure(ctx, []byte(s.text)); err != nil {
		e.refusal = &refusal{ReasonConfig, Messages(err)}
		e.keepLogs(err)
		_ = h.Close(ctx) // nothing has run in it that could be lost
		return
	}
	e.host = h
}

// keepLogs keeps what the canary logged, which is all there is of an instance
// that was refused.
func (e *Engine) keepLogs(err error) {
	var ce *host.ConfigError
	if errors.As(err, &ce) {
		for _, l := range ce.Logs {
			e.keep(l)
		}
	}
}

// drop ends the instance.
func (e *Engine) drop(ctx context.Context) error {
	if e.host == nil {
		return nil
	}
	h := e.host
	e.host = nil
	return h.Close(ctx)
}

// refused is the answer where there is no instance.
func (e *Engine) refused(name *string) *Answer {
	if e.refusal == nil {
		return failed(name, ReasonConfig, "no configuration: a line before this one, or this one, must carry config")
	}
	return failed(name, e.refusal.reason, e.refusal.text)
}

// log takes a module's line.
func (e *Engine) log(l host.LogEntry) {
	if l.Worker != 0 {
		e.keep(l)
	}
}

// keep passes a line on, and keeps it for the next answer.
func (e *Engine) keep(l host.LogEntry) {
	if e.opts.Log != nil {
		e.opts.Log(l)
	}
	if e.settings.long && len(e.logs) < maxLogLines {
		e.logs = append(e.logs, LogLine{Level: l.Level.String(), Text: Text(l.Text)})
	}
}

// finish adds to an answer what other modules' answers carry.
func (e *Engine) finish(c *Case, a *Answer) *Answer {
	if !e.settings.long && c.UpstreamResponse == nil {
		return a
	}
	if a.Details == nil {
		a.Details = &Details{}
	}
	a.Callouts, e.services.calls = e.services.calls, nil
	if a.Callouts == nil {
		a.Callouts = []Callout{}
	}
	a.Logs, e.logs = e.logs, nil
	if a.Logs == nil {
		a.Logs = []LogLine{}
	}
	a.Metrics = map[string]any{}
	if e.host != nil {
		a.Metrics = metricsOf(e.host.Metrics())
	}
	return a
}

// module is one module of the run, compiled once, or why it does not load.
type module struct {
	compiled *host.Module
	err      error
}

// module returns a module, compiled at its first use. One that does not load
// does not load for the whole run.
func (e *Engine) module(ctx context.Context, path string) (*host.Module, error) {
	m, ok := e.modules[path]
	if !ok {
		m = &module{}
		e.modules[path] = m
		var wasm []byte
		if wasm, m.err = os.ReadFile(path); m.err == nil { //nolint:gosec // the file that the user named
			m.compiled, m.err = host.Compile(ctx, wasm, host.Options{CallDeadline: callDeadline})
		}
	}
	return m.compiled, m.err
}
