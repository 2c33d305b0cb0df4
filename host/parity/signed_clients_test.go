package parity

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/postern-wasm/postern/host"
	"github.com/postern-wasm/postern/host/envoy"
)

const clients = "../../testdata/clients"

// clientRequest is a request that a client library has signed, with the time of now.
type clientRequest struct {
	Client   string      `json:"client"`
	Provider string      `json:"provider"`
	Now      int64       `json:"now"`
	Method   string      `json:"method"`
	Target   string      `json:"target"`
	Headers  [][2]string `json:"headers"`
	Body     string      `json:"body"`
	// Covers are the names of the headers that the signature covers or consists of; the
	// body is covered always, the target where "target" is among them.
	Covers []string `json:"covers"`
	// Refused says why a request is refused all the same; "" for those that are let through.
	Refused string `json:"refused"`
}

// request is what is sent.
func (c *clientRequest) request() envoy.Request {
	r := envoy.Request{Method: c.Method, Target: c.Target, Host: "edge.test"}
	for _, h := range c.Headers {
		r.Headers = append(r.Headers, envoy.Header{Name: h[0], Value: h[1]})
	}
	if c.Body != "" {
		r.Body = []byte(c.Body)
	}
	return r
}

// signedByClients installs the client libraries, if that has not been done, and lets
// them sign.
func signedByClients(t *testing.T) []clientRequest {
	t.Helper()
	tools := os.Getenv("POSTERN_TOOLS")
	if tools == "" {
		tools = "../../build/tools"
	}
	if out, err := exec.Command("../../tools/bootstrap/clients.sh").CombinedOutput(); err != nil {
		t.Fatalf("clients.sh: %v\n%s", err, out)
	}
	keys, err := filepath.Abs(filepath.Join(clients, "keys.json"))
	if err != nil {
		t.Fatal(err)
	}
	var all []clientRequest
	for _, command := range [][]string{
		{filepath.Join(tools, "clients/go/clients"), keys},
		{"node", filepath.Join(tools, "clients/node/sign.mjs"), keys},
		{"python3", filepath.Join(tools, "clients/python/sign.py"), keys},
	} {
		cmd := exec.Command(command[0], command[1:]...)
		cmd.Env = append(os.Environ(), "PYTHONPATH="+filepath.Join(tools, "clients/python"))
		var errs bytes.Buffer
		cmd.Stderr = &errs
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%v: %v\n%s", command, err, errs.String())
		}
		lines := bufio.NewScanner(bytes.NewReader(out))
		for lines.Scan() {
			var c clientRequest
			if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
				t.Fatalf("%v: %v: %s", command, err, lines.Text())
			}
			all = append(all, c)
		}
	}
	if len(all) < 23 {
		t.Fatalf("%d requests", len(all))
	}
	return all
}

// TestClientLibraries: what the official client libraries sign, of Go, npm and PyPI, is
// let through, in wazero and in a real Envoy; with one bit of what is signed, or of the
// signature, the other way round it is refused. In wazero every character has one bit
// turned, in Envoy every seventh.
func TestClientLibraries(t *testing.T) {
	requests := signedByClients(t)
	config, err := os.ReadFile(filepath.Join(clients, "config.json"))
	if err != nil {
		t.Fatal(err)
	}
	for name, send := range map[string]func(*testing.T, envoy.Request) result{
		"wazero": holdingWazero(t, config), "envoy": holdingEnvoy(t, config),
	} {
		step, flips, seen := 1, 0, map[string]bool{}
		if name == "envoy" {
			step = 7
		}
		for _, c := range requests {
			t.Run(name+"/"+c.Client, func(t *testing.T) {
				if c.Refused != "" {
					if got := send(t, c.request()); got.Allowed || got.Reason != "signature_invalid" {
						t.Errorf("%s: %+v", c.Refused, got)
					}
					return
				}
				if got := send(t, c.request()); !got.Allowed || got.UpstreamBody != c.Body {
					t.Fatalf("not let through: %+v", got)
				}
				seen[c.Provider] = true
				for _, f := range c.flips(step) {
					flips++
					if got := send(t, f.request()); got.Allowed || got.Status < 400 || got.Status > 499 {
						t.Errorf("%s: not refused: %+v", f.Client, got)
					}
				}
			})
		}
		providers := slices.Sorted(maps.Keys(seen))
		fmt.Printf("client libraries: %s: %d requests for %v, %d flips, all refused: %v\n", name, len(requests), providers, flips, !t.Failed())
	}
}

// flips are the request with one bit the other way round, each time another character's.
// It is the lowest bit: the one that tells a letter's case means nothing in hexadecimal.
func (c *clientRequest) flips(step int) []clientRequest {
	var all []clientRequest
	n := 0
	turn := func(what, text string, set func(*clientRequest, string)) {
		for i := range len(text) {
			if n++; n%step != 0 {
				continue
			}
			b := []byte(text)
			b[i] ^= 1
			if b[i] == ' ' {
				continue // white space may mean nothing
			}
			f := *c
			f.Headers = slices.Clone(c.Headers)
			f.Client = fmt.Sprintf("%s: character %d, %q for %q", what, i, b[i], text[i])
			set(&f, string(b))
			all = append(all, f)
		}
	}
	turn("body", c.Body, func(f *clientRequest, s string) { f.Body = s })
	if slices.Contains(c.Covers, "target") {
		turn("target", c.Target, func(f *clientRequest, s string) { f.Target = s })
	}
	for i, h := range c.Headers {
		if slices.Contains(c.Covers, h[0]) {
			turn(h[0], h[1], func(f *clientRequest, s string) { f.Headers[i][1] = s })
		}
	}
	return all
}

// holdingWazero is a host that delivers bodies while headers are held.
func holdingWazero(t *testing.T, config []byte) func(*testing.T, envoy.Request) result {
	t.Helper()
	wasm, err := os.ReadFile(modulePath())
	if err != nil {
		t.Fatal(err)
	}
	h, err := host.New(t.Context(), wasm, host.Options{Env: host.WithVerdicts(nil), StopIteration: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.Close(context.Background()) })
	if err := h.Configure(t.Context(), config); err != nil {
		t.Fatal(err)
	}
	return (&wazeroSession{host: h}).send
}

// holdingEnvoy is an Envoy that does so.
func holdingEnvoy(t *testing.T, config []byte) func(*testing.T, envoy.Request) result {
	t.Helper()
	upstream, err := envoy.NewUpstream(nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = upstream.Close() })
	l := listener("clients", string(config), host.WithVerdicts(nil))
	l.Plugin.HoldBody = true
	d := &inEnvoy{upstream: upstream}
	d.process = envoy.Run(t, envoy.Options{
		Listeners: []envoy.Listener{l},
		Clusters:  []envoy.Cluster{{Name: "upstream", Address: upstream.Addr()}},
	})
	return (&envoySession{driver: d, listener: "clients"}).send
}
