package main

import "time"

// scale is how much of everything a run does.
type scale struct {
	// Mode is its name.
	Mode string `json:"mode"`
	// Tokens is how many distinct tokens of each algorithm there are. No more are
	// sent cold than that: each is new to the filter.
	Tokens int `json:"distinct_tokens"`
	// Refused is how many distinct tokens of each refused kind there are.
	Refused int `json:"distinct_refused"`
	// Rounds is how many rounds count; one goes before them to warm up.
	Rounds int `json:"rounds"`
	// Requests and Limit bound one variant's turn in one round.
	Requests int           `json:"requests_per_turn"`
	Limit    time.Duration `json:"limit_per_turn_ns"`
	// Connections is how many requests are outstanding.
	Connections int `json:"connections"`
	// PacedRounds times PacedRequests are sent at Rate per second to see latencies.
	PacedRounds   int `json:"paced_rounds"`
	PacedRequests int `json:"paced_requests"`
	Rate          int `json:"paced_rate"`
	// Starts is how often Envoy is started to time its start.
	Starts int `json:"starts"`
	// KernelRounds and KernelTime are how often each operation on wazero and
	// natively has its turn, and how long that lasts.
	KernelRounds int           `json:"kernel_rounds"`
	KernelTime   time.Duration `json:"kernel_turn_ns"`
	// Flat is how many requests of all sorts are sent to see whether memory grows;
	// 0 leaves that out.
	Flat int `json:"flat_requests"`
}

func full() scale {
	return scale{
		Mode: "full", Tokens: 50000, Refused: 5000, Rounds: 10, Requests: 4500, Limit: 2 * time.Second,
		Connections: 16, Starts: 5, KernelRounds: 9, KernelTime: 200 * time.Millisecond, Flat: 2_000_000,
		PacedRounds: 9, PacedRequests: 2000, Rate: 2000,
	}
}

func quick() scale {
	return scale{
		Mode: "quick", Tokens: 14400, Refused: 400, Rounds: 5, Requests: 2400, Limit: 500 * time.Millisecond,
		Connections: 16, Starts: 1, KernelRounds: 5, KernelTime: 40 * time.Millisecond,
		PacedRounds: 3, PacedRequests: 600, Rate: 2000,
	}
}

// smoke is for a test: everything runs, and no figure means much.
func smoke() scale {
	return scale{
		Mode: "smoke", Tokens: 300, Refused: 40, Rounds: 2, Requests: 60, Limit: time.Second,
		Connections: 4, Starts: 1, KernelRounds: 2, KernelTime: time.Millisecond, Flat: 400,
		PacedRounds: 2, PacedRequests: 40, Rate: 1000,
	}
}
