package measure

import "fmt"

// Slot is one variant under load in one round.
type Slot struct {
	// Round counts from 0; the first is for warming up and is never judged.
	Round int `json:"round"`
	// Variant is the variant's name.
	Variant string `json:"variant"`
	// Requests is how many requests were answered as the variant must answer them.
	Requests int `json:"requests"`
	// Wrong is how many were answered otherwise, or not at all.
	Wrong int `json:"wrong,omitempty"`
	// FirstWrong describes the first of those.
	FirstWrong string `json:"first_wrong,omitempty"`
	// WallNS is the time from the first request to the last answer.
	WallNS int64 `json:"wall_ns"`
	// ServerCPUNS is the CPU time of all of the server's threads meanwhile.
	ServerCPUNS int64 `json:"server_cpu_ns"`
	// BusyNS is how long the server's worker ran or waited for a CPU; 0 where
	// the system does not tell.
	BusyNS int64 `json:"busy_ns,omitempty"`
	// LoaderCPUNS is the CPU time of this process meanwhile.
	LoaderCPUNS int64 `json:"loader_cpu_ns"`
}

const (
	// minBusy is the share of the time in which the worker must have had work.
	// Below it its threads slept between requests because the loader did not
	// keep up, and sleeping and waking costs CPU that is not the filter's.
	minBusy = 0.75
	// maxLoader and minServer judge where a system does not tell how long a
	// thread waits for a CPU: a loader on a CPU nearly all the time in front of
	// a server that is not.
	maxLoader = 0.9
	minServer = 0.75
)

// PerRequest returns the server's CPU time for one request, in microseconds.
func (s *Slot) PerRequest() float64 {
	return float64(s.ServerCPUNS) / 1e3 / float64(s.Requests+s.Wrong)
}

// Throughput returns answered requests per second of wall time.
func (s *Slot) Throughput() float64 {
	return float64(s.Requests) / (float64(s.WallNS) / 1e9)
}

// Refusal says why the variant has no figure at all, "" if nothing stands
// against it: an answer that was not the right one, or none.
func (s *Slot) Refusal() string {
	switch {
	case s.Wrong > 0:
		return fmt.Sprintf("%d of %d answers were wrong: %s", s.Wrong, s.Requests+s.Wrong, s.FirstWrong)
	case s.Requests == 0:
		return "no request was answered"
	case s.ServerCPUNS <= 0 || s.WallNS <= 0:
		return "the server's CPU time is not known"
	}
	return ""
}

// Limited says why this round does not count: the load generator was the
// bottleneck. "" if it was not.
func (s *Slot) Limited() string {
	wall := float64(s.WallNS)
	if s.BusyNS > 0 {
		if share := float64(s.BusyNS) / wall; share < minBusy {
			return fmt.Sprintf("limited by the load generator: the worker had work in only %.0f %% of the time", 100*share)
		}
		return ""
	}
	if float64(s.LoaderCPUNS)/wall > maxLoader && float64(s.ServerCPUNS)/wall < minServer {
		return "limited by the load generator: it was on a CPU all the time, and the server was not"
	}
	return ""
}
