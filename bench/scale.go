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
	// Flat is how many requests of all sorts are sent to see whether memory grows,
	// FlatLimit how long that may last.
	Flat      int           `json:"flat_requests"`
	FlatLimit time.Duration `json:"flat_limit_ns"`
	// GrowRounds and GrowRequests are Rounds and Requests where it is measured how
	// cost grows, by each of the numbers below.
	GrowRounds   int `json:"grow_rounds"`
	GrowRequests int `json:"grow_requests_per_turn"`
	// Seen are numbers of cached tokens, Sets of key sets, Rules of rules, Sizes of
	// bytes in a token, Workers of Envoy's threads.
	Seen    []int `json:"seen_tokens"`
	Sets    []int `json:"key_sets"`
	Rules   []int `json:"rules"`
	Sizes   []int `json:"token_sizes"`
	Workers []int `json:"workers"`
	// Held is how many tokens of how many key sets (the largest of Sets) are in the
	// cache when the longest callback is looked for, Timed how many are timed then.
	Held  int `json:"held_tokens"`
	Timed int `json:"timed_callbacks"`
	// Sampled is how many requests the profile samples.
	Sampled int `json:"sampled_requests"`
}

func full() scale {
	return scale{
		Mode: "full", Tokens: 50000, Refused: 5000, Rounds: 24, Requests: 1900, Limit: time.Second,
		Connections: 16, Starts: 5, KernelRounds: 9, KernelTime: 200 * time.Millisecond,
		Flat: 2_000_000, FlatLimit: 5 * time.Minute,
		PacedRounds: 7, PacedRequests: 2000, Rate: 2000,
		GrowRounds: 12, GrowRequests: 1500,
		Seen: []int{100, 1000, 10_000, 100_000}, Sets: []int{1, 2, 5, 10, 20, 50}, Rules: []int{1, 10, 100, 1000},
		Sizes: []int{300, 1000, 4000, 16_000}, Workers: []int{1, 2},
		Held: 100_000, Timed: 10_000, Sampled: 40_000,
	}
}

func quick() scale {
	return scale{
		Mode: "quick", Tokens: 6000, Refused: 200, Rounds: 8, Requests: 650, Limit: 300 * time.Millisecond,
		Connections: 16, Starts: 1, KernelRounds: 5, KernelTime: 30 * time.Millisecond,
		Flat: 48_000, FlatLimit: 20 * time.Second,
		PacedRounds: 3, PacedRequests: 400, Rate: 2000,
		GrowRounds: 3, GrowRequests: 600,
		Seen: []int{100, 1000, 10_000}, Sets: []int{1, 10, 50}, Rules: []int{1, 100, 1000},
		Sizes: []int{300, 2000, 16_000}, Workers: []int{1, 2},
		Held: 6000, Timed: 2000, Sampled: 6000,
	}
}

// smoke is for a test: everything runs, and no figure means much.
func smoke() scale {
	return scale{
		Mode: "smoke", Tokens: 300, Refused: 40, Rounds: 2, Requests: 60, Limit: time.Second,
		Connections: 4, Starts: 1, KernelRounds: 2, KernelTime: time.Millisecond,
		Flat: 800, FlatLimit: 10 * time.Second,
		PacedRounds: 2, PacedRequests: 40, Rate: 1000,
		GrowRounds: 2, GrowRequests: 40,
		Seen: []int{10, 100}, Sets: []int{1, 3}, Rules: []int{1, 10}, Sizes: []int{300, 16_000}, Workers: []int{1, 2},
		Held: 300, Timed: 100, Sampled: 200,
	}
}
