package upstream

import (
	"context"
	"sync"
)

// Scripted is a Caller that answers from a table and records the calls. The
// zero value knows no cluster.
type Scripted struct {
	mu       sync.Mutex
	clusters map[string]bool
	routes   map[Route]*script
	record   bool
	calls    []Call
}

// Route names a call: its cluster and its path. The path of a callout is its
// :path; a Route may also name the URI whole, "http://authority/path", which is
// tried first. The empty path is every path of the cluster.
type Route struct {
	// Cluster is the name given to proxy_http_call.
	Cluster string
	// Path is ":path", or "scheme://authority" with it, or "".
	Path string
}

// Call is one recorded call.
type Call struct {
	// Request is the call.
	Request Request
	// Answer is what it was given.
	Answer Answer
}

type script struct {
	answers []Answer
	next    int
}

// Known reports whether AddCluster or Set has named the cluster.
func (s *Scripted) Known(cluster string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.clusters[cluster]
}

// AddCluster makes cluster known. Calls that no Route fits are answered 503
// "no healthy upstream", as Envoy answers for a cluster without hosts.
func (s *Scripted) AddCluster(cluster string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.addCluster(cluster)
}

func (s *Scripted) addCluster(cluster string) {
	if s.clusters == nil {
		s.clusters = make(map[string]bool)
	}
	s.clusters[cluster] = true
}

// Set replaces the answers of a route and makes its cluster known. They are
// given one after the other; the last one stays. With none the route is gone.
func (s *Scripted) Set(r Route, answers ...Answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.addCluster(r.Cluster)
	if s.routes == nil {
		s.routes = make(map[Route]*script)
	}
	if len(answers) == 0 {
		delete(s.routes, r)
		return
	}
	s.routes[r] = &script{answers: append([]Answer(nil), answers...)}
}

// Reset forgets all routes. Clusters stay known.
func (s *Scripted) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.routes = nil
}

// Calls returns the calls since the last time and forgets them. Only what
// comes after the first use of Calls or Record is kept.
func (s *Scripted) Calls() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.record = true
	calls := s.calls
	s.calls = nil
	return calls
}

// Record turns recording on or off.
func (s *Scripted) Record(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.record = on
	if !on {
		s.calls = nil
	}
}

// Call answers before it returns.
func (s *Scripted) Call(_ context.Context, req *Request, answer func(*Answer)) {
	s.mu.Lock()
	a := s.pick(req)
	if s.record {
		s.calls = append(s.calls, Call{Request: *req, Answer: a})
	}
	s.mu.Unlock()
	answer(&a)
}

// pick finds the answer, the most exact route first.
func (s *Scripted) pick(req *Request) Answer {
	path := req.Header(":path")
	authority := req.Header(":authority")
	for _, p := range []string{
		"https://" + authority + path, "http://" + authority + path, authority + path, path, "",
	} {
		sc := s.routes[Route{Cluster: req.Cluster, Path: p}]
		if sc == nil {
			continue
		}
		a := sc.answers[sc.next]
		if sc.next < len(sc.answers)-1 {
			sc.next++
		}
		return a
	}
	return NoHealthyUpstream()
}
