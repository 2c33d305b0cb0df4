package envoy

import "context"

// TB is the part of testing.TB that [Run] needs.
type TB interface {
	Helper()
	Fatalf(format string, args ...any)
	Errorf(format string, args ...any)
	Logf(format string, args ...any)
	Failed() bool
	Cleanup(func())
	Context() context.Context
}

// Run starts an Envoy for the time of one test. A missing Envoy fails the test:
// it is required, never skipped. If the test fails, the logs are kept and their
// path is printed.
func Run(t TB, o Options) *Envoy {
	t.Helper()
	e, err := Start(t.Context(), o)
	if err != nil {
		t.Fatalf("%v", err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			e.Keep()
			t.Logf("envoy's configuration and logs: %s", e.Dir())
		}
		if err := e.Stop(); err != nil {
			t.Errorf("stopping envoy: %v", err)
		}
	})
	return e
}
