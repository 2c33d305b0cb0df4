package host_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"
	"time"

	"github.com/postern-wasm/postern/host"
	"github.com/postern-wasm/postern/host/abi"
	"github.com/postern-wasm/postern/host/upstream"
)

// A module as a filter in front of any handler.
func ExampleHost_Middleware() {
	ctx := context.Background()
	wasm, err := os.ReadFile("postern.wasm")
	if err != nil {
		log.Fatal(err)
	}
	h, err := host.New(ctx, wasm, host.Options{
		Workers:    4,
		TrapPolicy: host.TrapReload,
		Log:        func(e host.LogEntry) { log.Printf("%s: %s", e.Level, e.Text) },
	})
	if err != nil {
		log.Fatal(err)
	}
	defer h.Close(ctx)

	var refused *host.ConfigError
	config := []byte(`{"providers": {}, "rules": []}`)
	if err := h.Configure(ctx, config); errors.As(err, &refused) {
		log.Fatalf("the module refused its configuration: %v", refused)
	}
	hello := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "hello, %s\n", r.Header.Get("X-User"))
	})
	log.Fatal(http.ListenAndServe("127.0.0.1:8080", h.Middleware(hello)))
}

// One exchange by hand, on a clock that is set: for tests.
func ExampleHost_NewStream() {
	ctx := context.Background()
	wasm, err := os.ReadFile("postern.wasm")
	if err != nil {
		log.Fatal(err)
	}
	clock := host.NewVirtualClock(time.Unix(1_700_000_000, 0))
	var idp upstream.Scripted
	idp.Set(upstream.Route{Cluster: "idp", Path: "/keys"}, upstream.Answer{
		Headers: []abi.Pair{{Name: ":status", Value: "200"}},
		Body:    []byte(`{"keys": []}`),
		Delay:   50 * time.Millisecond,
	})
	h, err := host.New(ctx, wasm, host.Options{Clock: clock, Callouts: &idp})
	if err != nil {
		log.Fatal(err)
	}
	defer h.Close(ctx)
	if err := h.Configure(ctx, []byte(`{}`)); err != nil {
		log.Fatal(err)
	}

	s := h.NewStream(host.StreamOptions{Properties: map[string][]byte{
		"source.address": []byte("203.0.113.7:4711"),
	}})
	defer s.Close()
	state := s.RequestHeaders(host.Arrive([]abi.Pair{
		{Name: ":authority", Value: "api.example"},
		{Name: ":path", Value: "/"},
		{Name: ":method", Value: "GET"},
		{Name: ":scheme", Value: "https"},
		{Name: "authorization", Value: "Bearer ..."},
	}, false), true)
	// While the module waits for its keys, move the clock to what comes next.
	for state == host.StatePaused {
		e, ok := h.Next()
		if !ok {
			log.Fatal("nothing will ever release this request")
		}
		clock.Set(e.Due)
		h.RunDue(1)
		state = s.RequestState()
	}
	if a, ok := s.Answer(); ok {
		fmt.Println(a.Status, a.Details)
		return
	}
	fmt.Println(s.TakeRequest().Headers)
}
