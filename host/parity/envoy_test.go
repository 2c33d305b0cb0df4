package parity

import (
	"errors"
	"fmt"
	"net"
	"os"
	"testing"
	"time"

	"github.com/postern-wasm/postern/host/envoy"
)

// inEnvoy runs the module in one Envoy, a listener for each configuration.
type inEnvoy struct {
	process  *envoy.Envoy
	upstream *envoy.Upstream
	worlds   map[string]*world
}

// startEnvoy starts one Envoy for the whole table and all bad configurations.
func startEnvoy(t *testing.T, keys ring, groups []*group, bad []*badConfig) *inEnvoy {
	t.Helper()
	upstream, err := envoy.NewUpstream(nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = upstream.Close() })
	d := &inEnvoy{upstream: upstream, worlds: map[string]*world{}}
	options := envoy.Options{AllowRefused: true, Clusters: []envoy.Cluster{{Name: "upstream", Address: upstream.Addr()}}}
	for _, g := range groups {
		w := newWorld(t, keys, g)
		d.worlds[g.name] = w
		config := g.text(t, keys)
		for cluster, s := range w.servers {
			options.Clusters = append(options.Clusters, envoy.Cluster{Name: g.name + "-" + cluster, Address: s.upstream.Addr()})
		}
		options.Listeners = append(options.Listeners, listener(g.name, config, nil))
	}
	for i, c := range bad {
		options.Listeners = append(options.Listeners, listener(badName(i), c.config, c.environment))
	}
	d.process = envoy.Run(t, options)
	t.Logf("envoy: %d listeners, start %v", len(options.Listeners), d.process.Startup().Round(time.Millisecond))
	return d
}

func listener(name, config string, env map[string]string) envoy.Listener {
	return envoy.Listener{
		Name: name, Upstream: "upstream",
		Plugin: &envoy.Plugin{Wasm: modulePath(), Config: []byte(config), Env: env},
	}
}

func badName(i int) string { return fmt.Sprintf("bad-%d", i) }

func (d *inEnvoy) name() string { return "envoy" }

func (d *inEnvoy) refuse(_ *testing.T, c *badConfig) []string {
	name := badName(c.index)
	if d.process.Addr(name) != "" {
		return nil
	}
	var lines []string
	seen := map[string]bool{}
	for _, l := range d.process.PluginLog(name) {
		// The canary is the first to say it, and the only one.
		if (l.Level == "error" || l.Level == "critical") && !seen[l.Text] {
			seen[l.Text] = true
			lines = append(lines, problem(l.Text))
		}
	}
	return lines
}

func (d *inEnvoy) load(t *testing.T, g *group, _ string) session {
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
	record, err := s.driver.process.Access(t.Context(), s.listener, local)
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
			Upstream: normal(seen[0].Headers, proxyAdds), UpstreamBody: string(seen[0].Body),
		}
	}
	if len(seen) != 0 {
		t.Errorf("a refused request reached the upstream: %+v", seen)
	}
	return result{
		Status: response.Status, Reason: reasonOf(record.Details),
		Headers: normal(response.Headers, proxyAnswers), Body: string(response.Body),
	}
}

// modulePath is the module under test: $POSTERN_WASM, else build/postern.wasm.
func modulePath() string {
	if path := os.Getenv("POSTERN_WASM"); path != "" {
		return path
	}
	return "../../build/postern.wasm"
}
