package parity

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-wasm/postern/host/envoy"
)

const (
	authnSeed = 20261122
	// authnSize configurations meet authnEach requests each.
	authnSize, authnEach = 70, 24
	typeJWTAuthn         = "type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication"
)

// TestAgainstJWTAuthn gives the same configurations to Envoy's own filter and to the
// module in compat mode, in one Envoy, and the same requests to both: decision,
// status, body, challenge, details and all that the upstream sees must be the same but
// for the differences that are meant, each of which has a reason and a check.
func TestAgainstJWTAuthn(t *testing.T) {
	keys := loadRing(t)
	configs := append(authnConfigs(t, keys, authnSeed, authnSize), append(authnDocumented(t, keys), authnRows(keys))...)
	upstream, err := envoy.NewUpstream(nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = upstream.Close() })
	options := envoy.Options{AllowRefused: true, Clusters: append(authnKeyServers(t, keys), envoy.Cluster{Name: "upstream", Address: upstream.Addr()})}
	for _, a := range configs {
		theirs := envoy.Listener{Name: a.name + "-native", Upstream: "upstream", Filters: []json.RawMessage{nativeFilter(a)}}
		ours := envoy.Listener{Name: a.name + "-module", Upstream: "upstream", Plugin: &envoy.Plugin{Wasm: modulePath(), VMID: "authn", Config: a.text(object{"compat": "jwt_authn"})}}
		options.Listeners = append(options.Listeners, theirs, ours)
	}
	d := &inEnvoy{upstream: upstream, process: envoy.Run(t, options)}
	count := map[string]int{}
	total, equal := 0, 0
	for i, a := range configs {
		t.Run(a.name, func(t *testing.T) {
			if !d.bothTake(t, a) {
				return
			}
			for _, r := range authnRequests(a, i, keys) {
				theirs, ours := d.exchange(t, a.name+"-native", r.request), d.exchange(t, a.name+"-module", r.request)
				total++
				native := func(q envoy.Request) exchanged { return d.exchange(t, a.name+"-native", q) }
				switch row := (&comparison{a, r, theirs, ours, native}).row(); row {
				case "":
					equal++
				case unexplained:
					t.Error(failing(a, r, theirs, ours))
				default:
					count[row]++
				}
			}
		})
	}
	rows := make([]string, 0, len(count))
	for row, n := range count {
		rows = append(rows, fmt.Sprintf("%d %s", n, row))
	}
	slices.Sort(rows)
	fmt.Printf("jwt_authn: %d requests under %d configurations; the same %d; different as meant: %s\n", total, len(configs), equal, strings.Join(rows, ", "))
	for _, row := range intended {
		if count[row.name] == 0 {
			t.Errorf("no request shows the difference %q", row.name)
		}
	}
	if total < 1000 {
		t.Errorf("%d requests are fewer than a thousand", total)
	}
}

// authnRequests are those that are sent under the configuration of a number.
func authnRequests(a *authnConfig, n int, keys ring) []*authnRequest {
	m := &mint{keys: keys, now: time.Now()}
	if a.name == "authn-rows" {
		return rowRequests(a, m)
	}
	c := chooser{rand.New(rand.NewPCG(authnSeed+1, uint64(n)))}
	requests := make([]*authnRequest, authnEach)
	for i := range requests {
		requests[i] = c.authnRequest(a, m)
	}
	return requests
}

// authnKeyServers are the clusters that key sets are fetched from: one that has them all
// by the target's path, one that answers 503, and one that is not there.
func authnKeyServers(t *testing.T, keys ring) []envoy.Cluster {
	t.Helper()
	sets := map[string]envoy.Answer{}
	for name, set := range keySets {
		sets["/"+strings.ReplaceAll(name, " ", "-")] = envoy.Answer{Body: keys.set(set...)}
	}
	cluster := func(name string, answer func(*envoy.Seen) envoy.Answer) envoy.Cluster {
		server, err := envoy.NewUpstream(answer)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = server.Close() })
		return envoy.Cluster{Name: name, Address: server.Addr()}
	}
	return []envoy.Cluster{
		cluster("keys", func(s *envoy.Seen) envoy.Answer { return sets[s.Target] }),
		cluster("broken", func(*envoy.Seen) envoy.Answer { return envoy.Answer{Status: 503, Body: []byte("down for maintenance")} }),
		// A port that the kernel gives to nobody who asks for any: that of a server which
		// was closed may be a listener's a moment later.
		{Name: "down", Address: "127.0.0.1:1"},
	}
}

// tokenText is what a JWS or a key set looks like in a failing case.
var tokenText = regexp.MustCompile(`[A-Za-z0-9_-]{24}[A-Za-z0-9_.-]{8,}`)

// failing tells of a difference that nobody means, in lines that can be read.
func failing(a *authnConfig, r *authnRequest, theirs, ours exchanged) string {
	cut := func(v any) string {
		text, err := json.Marshal(v)
		if err != nil {
			return err.Error()
		}
		return tokenText.ReplaceAllStringFunc(string(text), func(s string) string { return s[:6] + "~" })
	}
	providers := object{}
	for name, p := range memberOf[object](a.filter, "providers") {
		short := maps.Clone(p.(object))
		delete(short, "local_jwks")
		delete(short, "localJwks")
		providers[name] = short
	}
	filter := maps.Clone(a.filter)
	filter["providers"] = providers
	return fmt.Sprintf("%s\n\tfilter %s\n\trequest %s %s %s\n\tnative %s\n\tmodule %s", strings.Join(r.story, "; "), cut(filter),
		r.request.Method, cut(r.request.Target), cut(r.request.Headers), cut(theirs), cut(ours))
}

// nativeFilter is the http_filters entry of Envoy's own filter.
func nativeFilter(a *authnConfig) json.RawMessage {
	entry, err := json.Marshal(object{"name": "envoy.filters.http.jwt_authn", "typed_config": json.RawMessage(a.text(object{"@type": typeJWTAuthn}))})
	if err != nil {
		panic(err)
	}
	return entry
}

// bothTake says whether both filters took the configuration; one alone is an error.
func (d *inEnvoy) bothTake(t *testing.T, a *authnConfig) bool {
	t.Helper()
	native, module := d.process.Addr(a.name+"-native") != "", d.process.Addr(a.name+"-module") != ""
	if native && !module {
		t.Errorf("the module refuses what the filter takes: %v\n\t%s", d.process.PluginLog(a.name+"-module"), a.text(nil))
	}
	if !native {
		t.Errorf("the filter itself refuses the configuration: %s", a.text(nil))
	}
	return native && module
}

// exchanged is what came of a request, as both filters can be compared by it.
type exchanged struct {
	Allowed        bool
	Status         int
	Body           string
	Challenge      []string
	Type           []string
	Details        string
	GRPC, Message  string
	Method, Target string
	Upstream       []envoy.Header
}

func (d *inEnvoy) exchange(t *testing.T, listener string, r envoy.Request) exchanged {
	t.Helper()
	d.upstream.Take()
	response, local, err := envoy.Once(d.process.Addr(listener), patience, r)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	record, err := d.process.Access(ctx, listener, local)
	if err != nil {
		t.Fatal(err)
	}
	seen := d.upstream.Take()
	if record.Details == "via_upstream" && len(seen) == 1 {
		return exchanged{Allowed: true, Method: seen[0].Method, Target: seen[0].Target, Upstream: normal(seen[0].Headers, proxyAdds)}
	}
	if len(seen) != 0 {
		t.Errorf("%s: a refused request reached the upstream", listener)
	}
	return exchanged{
		Status: response.Status, Body: string(response.Body), Details: record.Details,
		GRPC: strings.Join(envoy.Values(response.Headers, "grpc-status"), " "), Message: strings.Join(envoy.Values(response.Headers, "grpc-message"), " "),
		Challenge: envoy.Values(response.Headers, "www-authenticate"), Type: envoy.Values(response.Headers, "content-type"),
	}
}

// unexplained is the row of a difference that nobody means.
const unexplained = "unexplained"

// row is "" where both came out alike, else the row of the table of differences.
func (c *comparison) row() string {
	if reflect.DeepEqual(c.theirs, c.ours) {
		return ""
	}
	for _, row := range intended {
		if (row.tag == "" || slices.Contains(c.request.tags, row.tag)) && row.check(c) {
			return row.name
		}
	}
	return unexplained
}
