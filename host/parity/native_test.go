package parity

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/postern-wasm/postern/host/abi"
	"github.com/postern-wasm/postern/host/envoy"
	"github.com/postern-wasm/postern/plugin/config"
	"github.com/postern-wasm/postern/plugin/effect"
	"github.com/postern-wasm/postern/plugin/filter"
	"github.com/postern-wasm/postern/plugin/jwks"
	"github.com/postern-wasm/postern/plugin/replay"
	"github.com/postern-wasm/postern/plugin/request"
)

// native runs the rooms of the plugin themselves, as Go.
type native struct {
	keys    ring
	journal *journal
}

func (d native) logged() string { return d.journal.String() }

func (native) name() string { return "native" }

func (native) refuse(_ *testing.T, c *badConfig) []string {
	_, problems := config.Parse([]byte(c.config), c.env)
	var lines []string
	for _, p := range problems {
		lines = append(lines, p.String())
	}
	return lines
}

func (d native) load(t *testing.T, g *group, text string) session {
	t.Helper()
	cfg, problems := config.Parse([]byte(text), nil)
	if problems != nil {
		t.Fatalf("configuration refused: %v", problems)
	}
	s := &nativeSession{outside: newWorld(t, d.keys, g), cfg: cfg, plugin: filter.New(cfg, 1), journal: d.journal, shared: map[string]stored{}}
	s.plugin.ReadBody(func(start, n int64) []byte { return s.body[start : start+n] })
	s.plugin.Remember(s, new(replay.Memory))
	s.outside.pass = s.pass
	s.pump()
	return s
}

// nativeSession is the driver that the filter room's documentation describes. Its
// clock is the machine's plus what the cases have let pass.
type nativeSession struct {
	outside *world
	cfg     *config.Config
	plugin  *filter.Plugin
	journal *journal
	shared  map[string]stored
	cas     uint32
	ahead   time.Duration
	body    []byte // of the request under way
}

// Get is part of filter.Shared.
func (s *nativeSession) Get(key string) ([]byte, uint32, replay.ShareStatus) {
	have, ok := s.shared[key]
	if !ok {
		return nil, 0, replay.ShareAbsent
	}
	return have.value, have.cas, replay.ShareOK
}

// Set is part of filter.Shared.
func (s *nativeSession) Set(key string, value []byte, cas uint32) replay.ShareStatus {
	if s.write(jwks.Step{Key: key, Value: value, CAS: cas}) != jwks.ShareOK {
		return replay.ShareConflict
	}
	return replay.ShareOK
}

type stored struct {
	value []byte
	cas   uint32
}

func (s *nativeSession) world() *world { return s.outside }

func (s *nativeSession) now() int64 { return time.Now().Add(s.ahead).UnixNano() }

// pass lets time pass in steps of a tick.
func (s *nativeSession) pass(d time.Duration) {
	const tick = 100 * time.Millisecond
	for ; d > 0; d -= tick {
		s.ahead += min(d, tick)
		s.pump()
	}
}

// pump carries out what key sets want.
func (s *nativeSession) pump() {
	for {
		s.journal.add(s.plugin.Notes())
		i, step := s.plugin.NextStep(s.now())
		if step.Kind == jwks.Nothing {
			return
		}
		source := s.plugin.Source(i)
		switch step.Kind {
		case jwks.Nothing:
		case jwks.ReadShared:
			have, ok := s.shared[step.Key]
			status := jwks.ShareAbsent
			if ok {
				status = jwks.ShareOK
			}
			source.Read(s.now(), status, have.value, have.cas)
		case jwks.WriteShared:
			source.Written(s.now(), s.write(step))
		case jwks.Fetch:
			s.fetch(source, step)
		}
	}
}

func (s *nativeSession) write(step jwks.Step) jwks.ShareStatus {
	if have, ok := s.shared[step.Key]; ok && step.CAS != 0 && step.CAS != have.cas {
		return jwks.ShareConflict
	}
	s.cas++
	s.shared[step.Key] = stored{slices.Clone(step.Value), s.cas}
	return jwks.ShareOK
}

func (s *nativeSession) fetch(source *jwks.Source, step jwks.Step) {
	c := source.Config()
	server := s.outside.server(c.Cluster)
	source.Dispatched(s.now(), server != nil)
	if server == nil {
		return
	}
	_, authority, path := jwks.Target(step.URI)
	response, err := fetch(server.upstream.Addr(), authority, path, time.Duration(c.Timeout))
	if err != nil {
		source.Answered(s.now(), step.Flight, jwks.Answer{})
		return
	}
	first := func(name string) string {
		if values := envoy.Values(response.Headers, name); len(values) > 0 {
			return values[0]
		}
		return ""
	}
	source.Answered(s.now(), step.Flight, jwks.Answer{
		Status: response.Status, Body: response.Body,
		CacheControl: first("cache-control"), Age: first("age"),
	})
}

func (s *nativeSession) send(_ *testing.T, r envoy.Request) result {
	pairs := arrive(r)
	headers := make([]request.Header, len(pairs))
	for i, p := range pairs {
		headers[i] = request.Header{Name: p.Name, Value: p.Value}
	}
	stream := &filter.Stream{ID: 1, Ended: len(r.Body) == 0}
	s.body = r.Body
	s.pump()
	v := s.plugin.Headers(s.now(), stream, headers)
	if v.Action == filter.Pause && !stream.Ended && s.plugin.Arrived(stream, int64(len(s.body)), true) {
		for start, n := s.plugin.Wanted(stream); n > 0; start, n = s.plugin.Wanted(stream) {
			s.plugin.Took(stream, s.body[start:start+n])
		}
		if s.plugin.Due(stream) {
			v = s.plugin.Resume(s.now(), stream, headers)
		}
	}
	for waited := time.Duration(0); v.Action == filter.Pause; waited += 100 * time.Millisecond {
		if waited > patience {
			s.plugin.Gone(stream)
			return result{Reason: hang}
		}
		s.pass(100 * time.Millisecond)
		if s.plugin.NextReady(s.now()) == stream {
			v = s.plugin.Resume(s.now(), stream, headers)
		}
	}
	defer s.plugin.Gone(stream)
	s.journal.add(v.Log)
	switch v.Action {
	case filter.Continue:
		got := went(carryOut(pairs, v.Ops), r.Body)
		if v.Reported {
			got.Reported = v.Reason.String()
		}
		return got.kept(v.Provider)
	case filter.Refuse:
		return answered(r, v.Answer).kept(v.Provider)
	case filter.Pause, filter.Inert, filter.Ahead:
	}
	return result{Reason: "inert"}
}

// kept copies every text: those of a verdict are valid until the next event only.
func (r result) kept(provider string) result {
	r.Provider = strings.Clone(provider)
	r.Reason, r.Target = strings.Clone(r.Reason), strings.Clone(r.Target)
	for _, headers := range [][]envoy.Header{r.Headers, r.Upstream} {
		for i, h := range headers {
			headers[i] = envoy.Header{Name: strings.Clone(h.Name), Value: strings.Clone(h.Value)}
		}
	}
	return r
}

// carryOut applies operations to a header list.
func carryOut(pairs []abi.Pair, ops []effect.Op) []abi.Pair {
	for _, op := range ops {
		named := func(p abi.Pair) bool { return p.Name == op.Name }
		switch op.Kind {
		case effect.Remove:
			pairs = slices.DeleteFunc(pairs, named)
		case effect.Set:
			at := slices.IndexFunc(pairs, named)
			if at < 0 {
				pairs = append(pairs, abi.Pair{Name: op.Name, Value: op.Value})
				continue
			}
			pairs[at].Value = op.Value
			rest := slices.DeleteFunc(pairs[at+1:], named)
			pairs = pairs[:at+1+len(rest)]
		case effect.Add:
			pairs = append(pairs, abi.Pair{Name: op.Name, Value: op.Value})
		}
	}
	return pairs
}

// answered is what a client gets of a local answer in Envoy.
func answered(r envoy.Request, a *effect.Answer) result {
	got := result{Status: int(a.Status), Reason: reasonOf(a.Details), Body: string(a.Body)}
	headers := make([]envoy.Header, 0, len(a.Headers)+2)
	for _, h := range a.Headers {
		headers = append(headers, envoy.Header(h))
	}
	if a.GRPC >= 0 {
		headers = inGRPC(headers, int(a.GRPC), string(a.Body))
		got.Status, got.Body = 200, ""
	}
	if r.Method == "HEAD" {
		got.Body = ""
	}
	got.Headers = normal(headers, proxyAnswers)
	return got
}

// inGRPC turns the headers of a local answer into gRPC's form: the status and the
// message, percent-encoded, become headers (Envoy's local reply for gRPC requests).
func inGRPC(headers []envoy.Header, status int, message string) []envoy.Header {
	headers = slices.DeleteFunc(headers, func(h envoy.Header) bool { return h.Name == "content-type" })
	return append(headers,
		envoy.Header{Name: "content-type", Value: "application/grpc"},
		envoy.Header{Name: "grpc-status", Value: itoa(status)},
		envoy.Header{Name: "grpc-message", Value: strings.ReplaceAll(message, "%", "%25")},
	)
}

func itoa(n int) string { return strconv.Itoa(n) }
