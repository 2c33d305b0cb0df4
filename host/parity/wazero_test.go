package parity

import (
	"context"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/postern-wasm/postern/host"
	"github.com/postern-wasm/postern/host/abi"
	"github.com/postern-wasm/postern/host/envoy"
	"github.com/postern-wasm/postern/host/upstream"
)

// inWazero runs the module on the host of this project: one Host, which is given
// one configuration after the other, as a proxy is by its control plane.
type inWazero struct {
	keys ring
	wasm []byte
	host *host.Host
	// holding is one that delivers the bodies of held requests.
	holding *host.Host
	log     journal

	mu     sync.Mutex
	worlds []*world
}

func newWazero(t *testing.T, keys ring) *inWazero {
	t.Helper()
	wasm, err := os.ReadFile(modulePath())
	if err != nil {
		t.Fatalf("the module is not built (`make plugin` builds it): %v", err)
	}
	d := &inWazero{keys: keys, wasm: wasm}
	for _, h := range []**host.Host{&d.host, &d.holding} {
		options := host.Options{Env: host.WithVerdicts(nil), Callouts: d, Log: func(l host.LogEntry) { d.log.add(l.Text) }, StopIteration: h == &d.holding}
		if *h, err = host.New(t.Context(), wasm, options); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = (*h).Close(context.Background()) })
	}
	return d
}

func (d *inWazero) name() string { return "wazero" }

func (d *inWazero) logged() string { return d.log.String() }

func (d *inWazero) load(t *testing.T, g *group, config string) session {
	t.Helper()
	s := &wazeroSession{outside: newWorld(t, d.keys, g), host: d.host}
	if g.hold {
		s.host = d.holding
	}
	d.mu.Lock()
	d.worlds = append(d.worlds, s.outside)
	d.mu.Unlock()
	if err := s.host.Configure(t.Context(), []byte(config)); err != nil {
		t.Fatal(err)
	}
	return s
}

func (d *inWazero) refuse(t *testing.T, c *badConfig) []string {
	t.Helper()
	h := d.host
	if c.environment != nil {
		var err error
		if h, err = host.New(t.Context(), d.wasm, host.Options{Env: c.environment}); err != nil {
			t.Fatal(err)
		}
		defer func() { _ = h.Close(context.Background()) }()
	}
	err := h.Configure(t.Context(), []byte(c.config))
	if err == nil {
		return nil
	}
	var refused *host.ConfigError
	if !errors.As(err, &refused) {
		t.Fatal(err)
	}
	var lines []string
	for _, l := range refused.Logs {
		if l.Level >= abi.LogError {
			lines = append(lines, problem(l.Text))
		}
	}
	return lines
}

// wazeroSession is one group on one host, by the machine's clock.
type wazeroSession struct {
	outside *world
	host    *host.Host
}

func (s *wazeroSession) world() *world { return s.outside }

func (s *wazeroSession) send(t *testing.T, r envoy.Request) result {
	t.Helper()
	stream := s.host.NewStream(host.StreamOptions{})
	defer stream.Close()
	state := stream.RequestHeaders(arrive(r), len(r.Body) == 0)
	if len(r.Body) > 0 && !state.Final() {
		state = stream.RequestBody(r.Body, true)
	}
	if state == host.StatePaused {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		if state = stream.WaitRequest(ctx); state == host.StatePaused {
			return result{Reason: hang}
		}
	}
	if state == host.StateContinue {
		part := stream.TakeRequest()
		got := went(part.Headers, part.Body)
		got.Provider = string(stream.FilterState()["postern.provider"])
		got.Reported = string(stream.FilterState()["postern.reason"])
		return got
	}
	a, ok := stream.Answer()
	if !ok {
		return result{Reason: state.String()}
	}
	got := result{Status: a.Status, Reason: reasonOf(a.Details), Body: string(a.Body)}
	headers := make([]envoy.Header, 0, len(a.Headers))
	for _, h := range a.Headers {
		headers = append(headers, envoy.Header{Name: h.Name, Value: h.Value})
	}
	got.Headers = normal(headers, proxyAnswers)
	got.Provider = string(stream.FilterState()["postern.provider"])
	return got
}

// server finds the server of a cluster in whatever group it is.
func (d *inWazero) server(cluster string) *keyServer {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, w := range d.worlds {
		if s := w.server(cluster); s != nil {
			return s
		}
	}
	return nil
}

// Known is part of upstream.Caller.
func (d *inWazero) Known(cluster string) bool { return d.server(cluster) != nil }

// Call is part of upstream.Caller.
func (d *inWazero) Call(_ context.Context, r *upstream.Request, answer func(*upstream.Answer)) {
	address := d.server(r.Cluster).upstream.Addr()
	authority, path := r.Header(":authority"), r.Header(":path")
	go func() {
		response, err := fetch(address, authority, path, patience)
		if err != nil {
			answer(&upstream.Answer{Reset: true})
			return
		}
		made := &upstream.Answer{Body: response.Body, Headers: []abi.Pair{{Name: ":status", Value: itoa(response.Status)}}}
		for _, h := range response.Headers {
			made.Headers = append(made.Headers, abi.Pair{Name: strings.ToLower(h.Name), Value: h.Value})
		}
		answer(made)
	}()
}
