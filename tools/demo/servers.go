package main

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"time"
)

// recorder is the upstream: it answers 200 and remembers what it saw.
type recorder struct {
	http *http.Server
	addr string

	mu   sync.Mutex
	seen []*http.Request
}

func newRecorder(ctx context.Context) (*recorder, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	r := &recorder{addr: l.Addr().String()}
	r.http = &http.Server{Handler: r, ReadHeaderTimeout: 5 * time.Second}
	go r.http.Serve(l) //nolint:errcheck // ends with Close
	return r, nil
}

// ServeHTTP remembers the request.
func (r *recorder) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seen = append(r.seen, req.Clone(context.Background()))
	w.WriteHeader(http.StatusOK)
}

// take returns what has been seen since the last time.
func (r *recorder) take() []*http.Request {
	r.mu.Lock()
	defer r.mu.Unlock()
	seen := r.seen
	r.seen = nil
	return seen
}

// keyServer serves key sets by path. It can be switched off, so that connections
// are refused, and on again at the same address.
type keyServer struct {
	addr string
	http *http.Server

	mu      sync.Mutex
	sets    map[string]string
	fetches int
}

// newKeyServer takes a free port and, unless on is set, leaves it closed.
func newKeyServer(ctx context.Context, on bool) (*keyServer, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &keyServer{addr: l.Addr().String(), sets: make(map[string]string)}
	if on {
		s.serve(l)
		return s, nil
	}
	return s, l.Close()
}

func (s *keyServer) serve(l net.Listener) {
	s.http = &http.Server{Handler: s, ReadHeaderTimeout: 5 * time.Second}
	go s.http.Serve(l) //nolint:errcheck // ends with Close
}

// on opens the port again.
func (s *keyServer) on(ctx context.Context) error {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", s.addr)
	if err != nil {
		return err
	}
	s.serve(l)
	return nil
}

// off closes the port and every connection.
func (s *keyServer) off() error {
	if s.http == nil {
		return nil
	}
	err := s.http.Close()
	s.http = nil
	return err
}

// awaitFetch waits until somebody has fetched a set: a client that met a closed
// port tries again after a delay of its own.
func (s *keyServer) awaitFetch(ctx context.Context) error {
	for range 300 {
		s.mu.Lock()
		fetched := s.fetches > 0
		s.mu.Unlock()
		if err := pause(ctx, 100*time.Millisecond); err != nil || fetched {
			return err
		}
	}
	return errors.New("nobody fetched the key set in 30 s")
}

// publish replaces the key set at a path.
func (s *keyServer) publish(path, jwks string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sets[path] = jwks
}

// ServeHTTP serves a key set.
func (s *keyServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.fetches++
	set, ok := s.sets[r.URL.Path]
	s.mu.Unlock()
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/jwk-set+json")
	_, _ = w.Write([]byte(set))
}
