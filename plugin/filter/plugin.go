package filter

import (
	"strconv"

	"github.com/postern-wasm/postern/plugin/config"
	"github.com/postern-wasm/postern/plugin/effect"
	"github.com/postern-wasm/postern/plugin/jose/jwk"
	"github.com/postern-wasm/postern/plugin/jwks"
	"github.com/postern-wasm/postern/plugin/memory"
	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/replay"
	"github.com/postern-wasm/postern/plugin/request"
)

const (
	// earliestClock is 2001-09-09, before the first JWT: a clock below it is not set.
	earliestClock = int64(1_000_000_000) * 1_000_000_000
	// maxWaiting bounds the requests that wait for key sets, per worker.
	maxWaiting = 1000
	// waitSlack is added to what a fetch may take: how long a request waits for a first set.
	waitSlack = int64(1_000_000_000)
	// maxHeaders and maxHeaderBytes bound the header list that is judged at all.
	maxHeaders     = 1024
	maxHeaderBytes = 1 << 20
)

// Action is what becomes of a request at an event; the zero value refuses.
type Action uint8

// The actions.
const (
	// Refuse: send the verdict's answer.
	Refuse Action = iota
	// Continue: carry out the verdict's operations and let the request go on.
	Continue
	// Pause: hold everything; another event decides.
	Pause
	// Inert: the stream was answered already; hold and do nothing.
	Inert
	// Ahead: carry out the verdict's operations and let the headers go on. Nothing is
	// decided: the body is held.
	Ahead
)

// Verdict is the outcome of one event for one request. It is valid until the next
// event of the same plugin, or [Plugin.Release].
type Verdict struct {
	// Action says which of the other fields count.
	Action Action
	// Reason is why it was refused, or OK.
	Reason reason.Code
	// Reported says on Continue that it was refused and is let through (mode: report).
	Reported bool
	// Provider is the name of the provider that proved or refused, "" if none did.
	Provider string
	// By is that provider's index + 1, or 0.
	By int
	// Verified is how long it took to judge a token that was new, or a signed request once
	// all of it was there, nanoseconds; 0 if there was neither. Algorithm is that of the
	// signature.
	Verified  int64
	Algorithm string
	// Ops are carried out in order on Continue.
	Ops []effect.Op
	// ClearRoute says on Continue that the host has to choose the route anew.
	ClearRoute bool
	// KeyID is by which key a refused request says that it is signed; a stranger's word.
	KeyID string
	// Answer is sent on Refuse.
	Answer *effect.Answer
	// States are what is left behind as filter state.
	States []effect.State
	// Log is one line for the operator, or "". Forwarded is what goes with it where hops in
	// front of the proxy are trusted.
	Log       string
	Forwarded request.Forwarded
}

// Plugin is one accepted configuration in one worker.
type Plugin struct {
	cfg         *config.Config
	seed        uint64
	sources     []*jwks.Source
	rsa         jwk.HostRSA // nil if the host has none
	tokens      tokens
	log         refusalLog
	clock       func() int64 // nil where nothing is to be timed
	waiting     queue
	work        *work         // of the event under way; nil between events
	own         *work         // lives as long as the plugin
	lent        bool          // own is this event's, or that of one which it interrupts
	interrupted *interruption // the events that this one came within

	home        *memory.Region // where the plugin lives
	spare       *taps          // those that no stream has
	delivers    bool           // the host has been seen to deliver bodies
	undelivered bool           // to be noted, once
	unread      bool           // to be noted, once
	readBody    func(start, n int64) []byte
	client      func() string // its address
	protocol    func() string
	shared      Shared
	stores      []*replay.Store // by provider
}

// New returns the plugin for a configuration. seed is unpredictable: it keys hash
// tables and tells workers apart. 0 is no seed: there is no cache of verified tokens.
func New(cfg *config.Config, seed uint64) *Plugin {
	p := &Plugin{cfg: cfg, seed: seed, tokens: newTokens(cfg, seed)}
	for i := range cfg.Remote {
		source := jwks.New(cfg.Remote[i], seed+uint64(i))
		if cfg.SharedDataSecret != nil {
			source.Seal(cfg.SharedDataSecret)
		}
		p.sources = append(p.sources, source)
	}
	cfg.Effect.Prepare()
	p.home = memory.Current()
	p.readBody = func(int64, int64) []byte { return nil }
	p.Asks(unknown, unknown)
	p.own = newOwn(p)
	return p
}

func unknown() string { return "" }

// LeaveRSATo lets the host verify RSASSA-PKCS1-v1_5 from now on.
func (p *Plugin) LeaveRSATo(host jwk.HostRSA) { p.rsa = host }

// Clock has the time taken that it takes to judge a token that is new, or a signed request.
func (p *Plugin) Clock(clock func() int64) { p.clock = clock }

// Providers is the number of providers, which [Verdict.By] counts.
func (p *Plugin) Providers() int { return len(p.cfg.Providers) }

// Sources is the number of remote key sets.
func (p *Plugin) Sources() int { return len(p.sources) }

// SourceName tells remote key sets apart for operators: the cluster's name, with a number
// where several sets come from one cluster.
func (p *Plugin) SourceName(i int) string {
	name, before := p.sources[i].Config().Cluster, 0
	for _, s := range p.sources[:i] {
		if s.Config().Cluster == name {
			before++
		}
	}
	if before > 0 {
		name += "-" + strconv.Itoa(before+1)
	}
	return name
}

// Answers are those that are made beforehand, by reason; one without status is none.
func (p *Plugin) Answers() []effect.Answer { return p.cfg.Effect.Prepared() }

// NeedsTicks says whether the plugin wants the host's timer: inline keys need none, held
// bodies do.
func (p *Plugin) NeedsTicks() bool { return len(p.sources) > 0 || p.HoldsBodies() }

// Source returns a remote key set by the index that [Plugin.NextStep] gave.
func (p *Plugin) Source(i int) *jwks.Source { return p.sources[i] }

// NextStep returns the next host call that a key set wants, and whose.
func (p *Plugin) NextStep(now int64) (source int, step jwks.Step) {
	if now < earliestClock {
		return 0, jwks.Step{}
	}
	for i, s := range p.sources {
		if s.Quiet(now) {
			continue
		}
		if step := s.Next(now); step.Kind != jwks.Nothing {
			return i, step
		}
	}
	return 0, jwks.Step{}
}

// Notes returns, once each, lines for the operator about key sets, bodies and what is
// remembered; "" when there is none.
func (p *Plugin) Notes() string {
	if note := p.bodyNote(); note != "" {
		return note
	}
	for _, store := range p.stores {
		if store == nil {
			continue
		}
		if note := store.Note(); note != "" {
			return note
		}
	}
	for _, s := range p.sources {
		if note := s.Note(); note != "" {
			return note
		}
	}
	return ""
}

// Close frees what the key sets and the cache hold. No stream may wait any more.
func (p *Plugin) Close() {
	p.tokens.close()
	for _, s := range p.sources {
		s.Close()
	}
}
