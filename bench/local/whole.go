package local

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/lestrrat-go/jwx/v2/jwt"

	"github.com/postern-wasm/postern/bench/clock"
	"github.com/postern-wasm/postern/bench/edge"
	"github.com/postern-wasm/postern/bench/measure"
	"github.com/postern-wasm/postern/bench/mint"
)

// skew is what both allow: the module's default.
const skew = 60 * time.Second

// jwxMiddleware is what a Go service has in front of it: the token is parsed,
// verified with the key set and validated, and then not passed on.
func jwxMiddleware(key *mint.Key, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, found := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if !found {
			http.Error(w, "no token", http.StatusUnauthorized)
			return
		}
		_, err := jwt.ParseString(token, jwt.WithKeySet(key.Set()), jwt.WithContext(r.Context()),
			jwt.WithIssuer(mint.Issuer), jwt.WithAudience(mint.Audience), jwt.WithAcceptableSkew(skew))
		if err != nil {
			http.Error(w, "bad token", http.StatusUnauthorized)
			return
		}
		r.Header.Del("Authorization")
		next.ServeHTTP(w, r)
	})
}

// request is one as a server would hand it over.
func request(token string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/orders/17?view=full", nil)
	r.Host = "orders.bench.example"
	for _, h := range Headers("") {
		if !strings.HasPrefix(h.Name, ":") {
			r.Header.Set(h.Name, h.Value)
		}
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	return r
}

// answer is the handler behind both.
var answer = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write([]byte(`{"ok":true}`))
})

// calls returns a subject that sends the tokens in turn through a handler.
func calls(name string, handler http.Handler, tokens []string) measure.Subject {
	next := 0
	return measure.Subject{Name: name, Run: func(n int) error {
		for range n {
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, request(tokens[next%len(tokens)]))
			next++
			if w.Code != http.StatusOK {
				return fmt.Errorf("status %d for a valid request", w.Code)
			}
		}
		return nil
	}}
}

// Whole measures whole requests with tokens that the module has not seen before.
func (m *Module) Whole(ctx context.Context, key *mint.Key, tokens []string, rounds int, turn time.Duration) (s Summary, err error) {
	config, err := edge.Config(setup(key))
	if err != nil {
		return Summary{}, err
	}
	h, err := m.host(ctx, config)
	if err != nil {
		return Summary{}, err
	}
	defer func() { err = errors.Join(err, h.Close(ctx)) }()
	values, faults := measure.Turns([]measure.Subject{
		calls("postern", h.Middleware(answer), tokens),
		calls("jwx", jwxMiddleware(key, answer), tokens),
		calls("nothing", answer, tokens),
	}, rounds, turn, clock.CPU)
	return Summary{
		Name:    key.Algorithm,
		Postern: measure.Summary(values[0], faults[0]),
		Native:  measure.Summary(values[1], faults[1]),
		Floor:   measure.Summary(values[2], faults[2]),
		Ratio:   measure.Over(values[0], values[1], faults[0], faults[1]),
	}, nil
}
