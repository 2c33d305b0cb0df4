package report

import (
	"encoding/json"
	"io"
	"time"

	"github.com/postern-wasm/postern/bench/kernels"
	"github.com/postern-wasm/postern/bench/local"
	"github.com/postern-wasm/postern/bench/measure"
	"github.com/postern-wasm/postern/bench/profile"
)

// Schema names the form of the JSON file; it changes when a reader would break.
const Schema = "postern-bench/2"

// Report is everything of one run.
type Report struct {
	// Schema is the constant of that name.
	Schema string `json:"schema"`
	// Command is how the run was started.
	Command []string `json:"command"`
	// Started and Finished are by the machine's clock.
	Started  time.Time `json:"started"`
	Finished time.Time `json:"finished"`
	// Scale is how much was done: tokens, rounds, requests.
	Scale any `json:"scale"`
	// Machine and Versions say where and with what.
	Machine  Machine  `json:"machine"`
	Versions Versions `json:"versions"`
	// TokenBytes is the length of the tokens of each algorithm.
	TokenBytes map[string]int `json:"token_bytes"`
	// TokenCache says whether the module has a verified-token cache.
	TokenCache bool `json:"token_cache"`
	// CacheCounted says that the module counts what its cache finds, so that new tokens
	// were seen to be new and others to be found.
	CacheCounted bool `json:"cache_hits_counted"`
	// Targets are the rows of the performance targets, in their order.
	Targets []Target `json:"targets"`
	// Variants are what was measured in Envoy.
	Variants []Variant `json:"variants"`
	// Curves are how cost grows.
	Curves []Curve `json:"curves"`
	// Latencies are at a fixed rate.
	Latencies []Latency `json:"latencies"`
	// Kernels, Whole and Calls were measured in this process, on wazero and natively.
	Kernels []kernels.Row   `json:"kernels"`
	Whole   []local.Summary `json:"whole_requests"`
	Calls   []local.Calls   `json:"host_calls"`
	// Allocations are what the module allocates for a request.
	Allocations Allocations `json:"allocations"`
	// Profile is where the time goes in the module, Longest what its longest callback
	// takes.
	Profile Profile `json:"profile"`
	Longest Longest `json:"longest_callback"`
	// Memory and Start are what a filter costs before and beside its requests.
	Memory []Memory `json:"memory"`
	Start  Start    `json:"start"`
	// Slots are the raw rounds.
	Slots []measure.Slot `json:"slots"`
}

// Allocations are what the module allocates, host's buffers aside.
type Allocations struct {
	// Rows are kinds of requests.
	Rows []local.Allocations `json:"rows"`
	// Why says why there are none, "" if there are.
	Why string `json:"why,omitempty"`
}

// Longest is how long the callbacks of one request take at most, with many tokens in the
// cache and many key sets: in V8 and on wazero, and why not.
type Longest struct {
	// Tokens and Sets are how many are held.
	Tokens int `json:"tokens"`
	Sets   int `json:"key_sets"`
	// V8 and Wazero are times of each sort of request.
	V8        []measure.Times `json:"v8"`
	V8Why     string          `json:"v8_why,omitempty"`
	Wazero    []measure.Times `json:"wazero"`
	WazeroWhy string          `json:"wazero_why,omitempty"`
}

// Profile is where the time goes in the module.
type Profile struct {
	// Rows are kinds of requests.
	Rows []profile.Row `json:"rows"`
	// Why says why there are none, "" if there are.
	Why string `json:"why,omitempty"`
}

// Machine is where a run was made.
type Machine struct {
	OS     string `json:"os"`
	Arch   string `json:"arch"`
	Kernel string `json:"kernel"`
	CPU    string `json:"cpu"`
	CPUs   int    `json:"cpus"`
	// LoadBefore and LoadAfter are the load averages: what else was running.
	LoadBefore string `json:"load_before"`
	LoadAfter  string `json:"load_after"`
}

// Versions are of what was measured.
type Versions struct {
	Go     string `json:"go"`
	Envoy  string `json:"envoy"`
	TinyGo string `json:"tinygo"`
	// Commit is the source's; Changed says that the tree differed from it.
	Commit  string `json:"commit"`
	Changed bool   `json:"changed"`
	// Module is the SHA-256 of the module, ModuleBytes its size.
	Module      string `json:"module_sha256"`
	ModuleBytes int    `json:"module_bytes"`
}

// Variant is one filter under one kind of load, in microseconds of CPU per request.
type Variant struct {
	// Name names it; Baseline is what was subtracted, Peer what it is compared with.
	Name     string `json:"name"`
	Baseline string `json:"baseline,omitempty"`
	Peer     string `json:"peer,omitempty"`
	// Total is Envoy's whole time, Cost the filter's part of it.
	Total measure.Figure  `json:"total_us"`
	Cost  *measure.Figure `json:"cost_us,omitempty"`
	// Ratio is Cost over the peer's.
	Ratio *measure.Figure `json:"ratio,omitempty"`
	// Throughput is requests per second with one worker, the load generator on
	// the same machine.
	Throughput measure.Figure `json:"requests_per_second"`
}

// Latency is how long answers take at a fixed rate, in microseconds from the moment
// at which each request was due.
type Latency struct {
	// Name is the variant's.
	Name string `json:"name"`
	// Rate is requests per second.
	Rate int `json:"rate"`
	// P50, P90 and P99 are percentiles of a round, their median over the rounds.
	P50 measure.Figure `json:"p50_us"`
	P90 measure.Figure `json:"p90_us"`
	P99 measure.Figure `json:"p99_us"`
	// Why says why there are none.
	Why string `json:"why,omitempty"`
}

// Memory is what a cache of verified tokens holds.
type Memory struct {
	// Name is the filter's.
	Name string `json:"name"`
	// Tokens is how many distinct ones were sent.
	Tokens int `json:"tokens"`
	// Before and After are the resident bytes of a process that was sent all of them
	// and keeps none, and of one that keeps them.
	Before int64 `json:"resident_before"`
	After  int64 `json:"resident_after"`
	// PerToken is the difference for each token, bytes; Why says why there is none.
	PerToken float64 `json:"bytes_per_token"`
	Why      string  `json:"why,omitempty"`
}

// Start is the cost before the first request.
type Start struct {
	// Plain and Module are from exec to serving, in seconds: an Envoy without a
	// filter, and with the module once.
	Plain  measure.Figure `json:"envoy_plain_s"`
	Module measure.Figure `json:"envoy_module_s"`
	// GuestBytes is the memory of one VM in Envoy once it is configured.
	GuestBytes measure.Figure `json:"envoy_guest_bytes"`
	// Compile, Configure and LocalBytes are the same on wazero.
	Compile    float64 `json:"wazero_compile_s"`
	Configure  float64 `json:"wazero_configure_s"`
	LocalBytes uint64  `json:"wazero_guest_bytes"`
}

// WriteJSON writes the whole report.
func (r *Report) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", " ")
	return e.Encode(r)
}
