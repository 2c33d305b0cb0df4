package parity

import (
	"fmt"
	"maps"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/postern-wasm/postern/host"
	"github.com/postern-wasm/postern/host/envoy"
)

// gone is a configuration without a remote key set, and so without a timer.
const gone = `{
  "providers": {"corp": {"local_jwks": {"inline_string": {{set "rsa"}}}}},
  "rules": [{"match": {"prefix": "/"}, "requires": {"provider_name": "corp"}}]
}`

// TestGaugesEndWithTheirConfiguration: what is not there any more is told as 0, not as
// what it was last.
func TestGaugesEndWithTheirConfiguration(t *testing.T) {
	keys := loadRing(t)
	g := &group{name: "gauges", config: remote(""), clusters: keysFrom(serve("rsa"))}
	alive := map[string]float64{"keys": 1, "generation": 1}
	dead := map[string]float64{"keys": 0, "generation": 0, "age_seconds": 0}

	t.Run("wazero", func(t *testing.T) {
		d := newWazero(t, keys)
		d.load(t, g, g.text(t, keys))
		read := func() map[string]float64 { return wazeroGauges(d.host) }
		untilGauges(t, "in force", read, alive)
		if err := d.host.Configure(t.Context(), []byte(expand(t, keys, gone))); err != nil {
			t.Fatal(err)
		}
		untilGauges(t, "replaced", read, dead)
		d.load(t, g, g.text(t, keys))
		untilGauges(t, "in force again", read, alive)

		d.load(t, &group{name: "slow", clusters: keysFrom(after(4*time.Second, serve("rsa")))}, strings.ReplaceAll(remote(""), `"keys", "timeout"`, `"slow-keys", "timeout"`))
		stream := d.host.NewStream(host.StreamOptions{})
		s := &scenario{send: get("/", bearer())}
		if state := stream.RequestHeaders(arrive(s.request(&mint{keys: keys, now: time.Now()})), true); state != host.StatePaused {
			t.Fatal(state)
		}
		untilGauges(t, "a request waits", read, map[string]float64{"waiting": 1})
		stream.Close()
		if err := d.host.Configure(t.Context(), []byte(expand(t, keys, gone))); err != nil {
			t.Fatal(err)
		}
		untilGauges(t, "it left, and its configuration with it", read, map[string]float64{"waiting": 0})
	})

	t.Run("envoy", func(t *testing.T) {
		w := newWorld(t, keys, g)
		upstream, err := envoy.NewUpstream(nil)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = upstream.Close() }()
		with := func(config string) []envoy.Listener {
			l := listener("gauges", config, nil)
			l.Upstream = "up"
			return []envoy.Listener{l}
		}
		e := envoy.Run(t, envoy.Options{
			Concurrency: 2, Listeners: with(g.text(t, keys)),
			Clusters: []envoy.Cluster{{Name: "up", Address: upstream.Addr()}, {Name: "gauges-keys", Address: w.servers["keys"].upstream.Addr()}},
		})
		read := func() map[string]float64 { return envoyGauges(t, e) }
		untilGauges(t, "in force", read, alive)
		if err := e.Update(t.Context(), with(expand(t, keys, gone))); err != nil {
			t.Fatal(err)
		}
		untilGauges(t, "replaced", read, dead)
		if err := e.Update(t.Context(), with(g.text(t, keys))); err != nil {
			t.Fatal(err)
		}
		untilGauges(t, "in force again", read, alive)
		if err := e.Update(t.Context(), []envoy.Listener{{Name: "gauges", Upstream: "up"}}); err != nil {
			t.Fatal(err)
		}
		untilGauges(t, "gone with its VM", func() map[string]float64 {
			left := maps.Clone(dead) // Envoy may forget them altogether
			maps.Copy(left, read())
			return left
		}, dead)
	})
}

// untilGauges waits for the gauges of the one key set to be as wanted.
func untilGauges(t *testing.T, when string, read func() map[string]float64, want map[string]float64) {
	t.Helper()
	var got map[string]float64
	for until := time.Now().Add(patience); time.Now().Before(until); time.Sleep(50 * time.Millisecond) {
		got = read()
		held := maps.Clone(got)
		maps.DeleteFunc(held, func(name string, _ float64) bool { _, asked := want[name]; return !asked })
		if maps.Equal(held, want) {
			return
		}
	}
	t.Errorf("%s: %v, want %v", when, got, want)
}

// keySetGauge is a gauge of the set, in the module's own spelling or in that of Envoy's
// Prometheus endpoint.
var keySetGauge = regexp.MustCompile(`^postern_key_set_(keys|generation|age_seconds).key_set.gauges[-_]keys(?:\{\} (\d+))?$`)

func wazeroGauges(h *host.Host) map[string]float64 {
	gauges := map[string]float64{}
	for _, m := range h.Metrics() {
		if m.Name == "postern_waiting_requests" {
			gauges["waiting"] = float64(m.Value)
		} else if found := keySetGauge.FindStringSubmatch(m.Name); found != nil {
			gauges[found[1]] = float64(m.Value)
		}
	}
	return gauges
}

func envoyGauges(t *testing.T, e *envoy.Envoy) map[string]float64 {
	t.Helper()
	gauges := map[string]float64{}
	for _, line := range strings.Split(prometheus(t, e), "\n") {
		if found := keySetGauge.FindStringSubmatch(line); found != nil {
			n, err := strconv.ParseFloat(found[2], 64)
			if err != nil {
				t.Fatal(fmt.Errorf("%s: %w", line, err))
			}
			gauges[found[1]] = n
		}
	}
	return gauges
}
