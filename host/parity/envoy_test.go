package parity

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-wasm/postern/host"
	"github.com/postern-wasm/postern/host/envoy"
)

// inEnvoy runs the module in one Envoy, a listener for each configuration.
type inEnvoy struct {
	process  *envoy.Envoy
	upstream *envoy.Upstream
	worlds   map[string]*world
	// said is what the plugin said of each bad configuration; nil if it took it.
	said map[int][]string
	// listeners are those now served, later those of groups that fetch keys.
	listeners []envoy.Listener
	later     map[string]envoy.Listener
}

// startEnvoy starts one Envoy for the whole table and all bad configurations.
func startEnvoy(t *testing.T, keys ring, groups []*group, bad []*badConfig) *inEnvoy {
	t.Helper()
	upstream, err := envoy.NewUpstream(nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = upstream.Close() })
	d := &inEnvoy{upstream: upstream, worlds: map[string]*world{}, said: map[int][]string{}, later: map[string]envoy.Listener{}}
	options := envoy.Options{AllowRefused: true, AccessFields: map[string]string{"provider": "%FILTER_STATE(wasm.postern.provider:PLAIN)%", "reason": "%FILTER_STATE(wasm.postern.reason:PLAIN)%"}, Clusters: []envoy.Cluster{{Name: "upstream", Address: upstream.Addr()}}}
	for _, g := range groups {
		w := newWorld(t, keys, g)
		d.worlds[g.name] = w
		for cluster, s := range w.servers {
			options.Clusters = append(options.Clusters, envoy.Cluster{Name: g.name + "-" + cluster, Address: s.upstream.Addr()})
		}
		l := listener(g.name, g.text(t, keys), host.WithVerdicts(nil))
		l.Plugin.HoldBody = g.hold
		if len(g.clusters) > 0 {
			d.later[g.name] = l
			continue
		}
		d.listeners = append(d.listeners, l)
	}
	options.Listeners = slices.Clone(d.listeners)
	for _, c := range bad {
		options.Listeners = append(options.Listeners, listener(badName(c), c.config, c.environment))
	}
	d.process = envoy.Run(t, options)
	t.Logf("envoy: %d listeners, start %v", len(options.Listeners), d.process.Startup().Round(time.Millisecond))
	for _, c := range bad {
		d.said[c.index] = d.lines(badName(c))
	}
	return d
}

// lines is what the plugin said of a bad configuration, nil if it took it.
func (d *inEnvoy) lines(name string) []string {
	if d.process.Addr(name) != "" {
		return nil
	}
	var lines []string
	seen := map[string]bool{}
	for _, l := range d.process.PluginLog(name) {
		if (l.Level == "error" || l.Level == "critical") && !seen[l.Text] {
			seen[l.Text] = true
			lines = append(lines, problem(l.Text))
		}
	}
	return lines
}

func listener(name, config string, env map[string]string) envoy.Listener {
	return envoy.Listener{
		Name: name, Upstream: "upstream",
		Plugin: &envoy.Plugin{Wasm: modulePath(), Config: []byte(config), Env: env},
	}
}

func badName(c *badConfig) string { return fmt.Sprintf("bad-%d", c.index) }

func (d *inEnvoy) name() string { return "envoy" }

func (d *inEnvoy) logged() string {
	var log strings.Builder
	for _, l := range d.process.PluginLog("") {
		log.WriteString(l.Text + "\n")
	}
	return log.String()
}

func (d *inEnvoy) refuse(_ *testing.T, c *badConfig) []string { return d.said[c.index] }

// load adds the listener of a group that fetches keys only now, so that its first
// fetch is as new to its cases as on the other runtimes.
func (d *inEnvoy) load(t *testing.T, g *group, _ string) session {
	t.Helper()
	if l, ok := d.later[g.name]; ok {
		d.listeners = append(slices.Clip(d.listeners), l)
		if err := d.process.Update(t.Context(), d.listeners); err != nil {
			t.Fatal(err)
		}
	}
	if d.process.Addr(g.name) == "" {
		t.Fatalf("configuration refused: %v", d.process.PluginLog(g.name))
	}
	return &envoySession{d, g.name, d.worlds[g.name]}
}

type envoySession struct {
	driver   *inEnvoy
	listener string
	outside  *world
}

func (s *envoySession) world() *world { return s.outside }

func (s *envoySession) send(t *testing.T, r envoy.Request) result {
	s.driver.upstream.Take()
	response, local, err := envoy.Once(s.driver.process.Addr(s.listener), patience, r)
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		return result{Reason: hang}
	}
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	record, err := s.driver.process.Access(ctx, s.listener, local)
	if err != nil {
		t.Fatal(err)
	}
	seen := s.driver.upstream.Take()
	if record.Details == "via_upstream" {
		if len(seen) != 1 {
			t.Fatalf("the upstream saw %d requests", len(seen))
		}
		return result{
			Allowed: true, Method: seen[0].Method, Target: seen[0].Target,
			Provider: record.Fields["provider"], Reported: record.Fields["reason"], Upstream: normal(seen[0].Headers, proxyAdds), UpstreamBody: string(seen[0].Body),
		}
	}
	if len(seen) != 0 {
		t.Errorf("a refused request reached the upstream: %+v", seen)
	}
	return result{
		Status: response.Status, Reason: reasonOf(record.Details),
		Provider: record.Fields["provider"],
		Headers:  normal(response.Headers, proxyAnswers), Body: string(response.Body),
	}
}

// modulePath is the module under test: $POSTERN_MODULE, else build/postern.wasm.
func modulePath() string {
	if path := os.Getenv("POSTERN_MODULE"); path != "" {
		return path
	}
	return "../../build/postern.wasm"
}
