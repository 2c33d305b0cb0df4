package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/postern-wasm/postern/host/replay"
)

// outcome is what became of a case. The zero value is a failure.
type outcome int

const (
	failed outcome = iota
	passed
	unsupported
)

// result is a case's outcome and the words for it.
type result struct {
	outcome outcome
	vector  *Vector
	// got is what the module said, or what was in the way.
	got string
	// other says that it was refused, as it should be, but for another reason.
	other bool
	// Lines are what the module was given.
	Lines [][]byte
}

// text is the line that is printed, or "".
func (r result) text(reasons bool) string {
	switch {
	case r.outcome == failed:
		return fmt.Sprintf("%s: want %s (%s), got %s", r.vector.Name, r.vector.Expect, r.vector.Reason, r.got)
	case r.outcome == unsupported:
		return fmt.Sprintf("%s: unsupported: %s", r.vector.Name, r.got)
	case reasons && r.other:
		return fmt.Sprintf("%s: refused for another reason: want %s, got %s", r.vector.Name, r.vector.Reason, r.got)
	}
	return ""
}

// tally counts outcomes.
type tally struct{ passed, failed, unsupported int }

func (t *tally) add(r result) {
	switch r.outcome {
	case passed:
		t.passed++
	case failed:
		t.failed++
	case unsupported:
		t.unsupported++
	}
}

func (t tally) String() string {
	s := fmt.Sprintf("%d passed, %d failed", t.passed, t.failed)
	if t.unsupported > 0 {
		s += fmt.Sprintf(", %d unsupported", t.unsupported)
	}
	return s
}

// runner sends cases to the module.
type runner struct{ engine *replay.Engine }

func newRunner(module string) *runner {
	return &runner{engine: replay.New(replay.Options{Module: module, Verdicts: true})}
}

func (r *runner) close(ctx context.Context) { _ = r.engine.Close(ctx) }

// line is what postern replay reads.
type line struct {
	Name       string            `json:"name"`
	Config     json.RawMessage   `json:"config,omitempty"`
	Now        int64             `json:"now"`
	Request    Request           `json:"request"`
	Properties map[string]string `json:"properties,omitempty"`
}

// judge runs one case: a fresh instance with its configuration, the requests of the
// cases that come before it, then its own.
func (r *runner) judge(ctx context.Context, vectors []Vector, i int) result {
	v := &vectors[i]
	res := result{vector: v}
	adapted, err := Adapt(v)
	if err != nil {
		res.got = err.Error()
		if errors.Is(err, errUnsupported) {
			res.outcome = unsupported
		}
		return res
	}
	config := adapted.Config
	for _, name := range v.Prior {
		prior := find(vectors, name)
		if prior == nil {
			res.got = fmt.Sprintf("no case %q to send before it", name)
			return res
		}
		a := r.send(ctx, &res, line{Name: prior.Name, Config: config, Now: prior.Now, Request: prior.Request, Properties: adapted.Properties})
		if fault := disagrees(prior, a); fault != "" {
			res.got = fmt.Sprintf("of %s, which comes before it: %s", name, fault)
			return res
		}
		config = nil
	}
	a := r.send(ctx, &res, line{Name: v.Name, Config: config, Now: v.Now, Request: v.Request, Properties: adapted.Properties})
	res.got = said(a)
	if disagrees(v, a) == "" {
		res.outcome = passed
		res.other = v.Expect == "reject" && !slices.Contains(reasons[v.Reason], a.Reason)
	}
	return res
}

// send runs one line as it would stand in a file.
func (r *runner) send(ctx context.Context, res *result, l line) *replay.Answer {
	text, err := json.Marshal(l)
	if err != nil {
		return &replay.Answer{Reason: replay.ReasonInput, Error: err.Error()}
	}
	res.Lines = append(res.Lines, text)
	c, err := replay.ParseCase(text)
	if err != nil {
		return &replay.Answer{Reason: replay.ReasonInput, Error: err.Error()}
	}
	return r.engine.Do(ctx, c)
}

// disagrees says what of an answer is not as the case expects, or "". Only an answer
// of 4xx that the module gave to a request is a refusal.
func disagrees(v *Vector, a *replay.Answer) string {
	refused := !a.Allowed && a.Error == "" && a.Status != nil && *a.Status >= 400 && *a.Status < 500 &&
		a.Upstream == nil
	switch {
	case v.Expect == "accept" && a.Allowed, v.Expect == "reject" && refused:
		return ""
	}
	return said(a)
}

// said is an answer in a few words.
func said(a *replay.Answer) string {
	switch {
	case a.Allowed:
		return "accepted"
	case a.Error != "":
		return a.Reason + ": " + a.Error
	case a.Status != nil:
		return fmt.Sprintf("%d %s", *a.Status, a.Reason)
	}
	return a.Reason
}

// reasons are the codes of the module that a vector's reason may come out as.
var reasons = map[string][]string{
	"bad_signature":                  {"signature_invalid", "signature_malformed", "digest_mismatch"},
	"unknown_key":                    {"signature_invalid"},
	"malformed_signature":            {"signature_malformed", "signatures_too_many"},
	"missing_signature":              {"missing", "signature_malformed"},
	"too_many_signatures":            {"signatures_too_many"},
	"multiple_signatures":            {"several_credentials", "signatures_too_many", "signature_malformed"},
	"duplicate_header":               {"several_credentials", "timestamp_malformed", "signature_malformed", "component_missing"},
	"missing_header":                 {"component_missing", "missing"},
	"malformed_id":                   {"component_missing", "nonce_missing", "signature_malformed"},
	"timestamp_missing":              {"timestamp_missing"},
	"timestamp_malformed":            {"timestamp_malformed"},
	"timestamp_too_old":              {"signature_expired"},
	"timestamp_in_future":            {"signature_in_future"},
	"expired":                        {"signature_expired"},
	"expires_too_long":               {"signature_malformed", "signature_expired"},
	"required_component_not_covered": {"component_not_covered", "body_not_covered", "digest_missing"},
	"component_missing":              {"component_missing"},
	"component_unsupported":          {"component_unsupported"},
	"algorithm_not_allowed":          {"algorithm_not_allowed", "signature_invalid"},
	"digest_mismatch":                {"digest_mismatch"},
	"digest_missing":                 {"digest_missing", "body_not_covered"},
	"digest_unsupported":             {"digest_unsupported"},
	"nonce_missing":                  {"nonce_missing"},
	"replay":                         {"replayed"},
	"wrong_tag":                      {"signer_mismatch"},
	"wrong_scope":                    {"signer_mismatch"},
	"prefix_mismatch":                {"resource_mismatch"},
	"ip_mismatch":                    {"address_mismatch"},
	"unsigned_payload_not_allowed":   {"body_not_covered", "digest_unsupported", "component_unsupported"},
}
