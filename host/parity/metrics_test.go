package parity

import (
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/postern-wasm/postern/host/envoy"
)

// checkMetrics waits until Envoy's Prometheus endpoint has a line that begins with each
// of want, the labels that Envoy itself adds aside. Counters of the cache and gauges are
// told at ticks.
func checkMetrics(t *testing.T, e *envoy.Envoy, want []string) {
	t.Helper()
	var text string
	for until := time.Now().Add(15 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		text = prometheus(t, e)
		var lacking []string
		for _, w := range want {
			if !strings.Contains(text, "\n"+w) {
				lacking = append(lacking, w)
			}
		}
		if len(lacking) == 0 {
			return
		}
		if time.Now().After(until) {
			t.Fatalf("no %s in\n%s", strings.Join(lacking, "\nno "), text)
		}
	}
}

var ours = regexp.MustCompile(`(?m)^postern_.*$`)

// prometheus are the module's metrics.
func prometheus(t *testing.T, e *envoy.Envoy) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+e.Admin()+"/stats/prometheus", nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return "\n" + strings.Join(ours.FindAllString(string(text), -1), "\n") + "\n"
}
