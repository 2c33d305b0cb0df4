// Package explain says why one request is let through or refused, check by check.
//
// In: a case as package replay takes it, with its configuration, and the module. Out: a
// [Report]: the module's own verdict, and every check of every provider that the matched
// rule asks for, in order, with its clause and what was expected and found. Spec: the
// sections of the documentation on rules, tokens and key sets; each check cites its own.
// The verdict is the module's; the checks are made by the module's rooms, natively. Where
// the two disagree the report says so. Of a signed request it shows the text that was
// signed, as it is put together here. It never shows a token, a signature, a secret or a
// claim other than those that name issuer, audience, times, key and algorithm.
package explain

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/postern-wasm/postern/host/replay"
	"github.com/postern-wasm/postern/plugin/config"
	"github.com/postern-wasm/postern/plugin/reason"
)

// Outcome is how a check or a branch came out.
type Outcome string

// The outcomes.
const (
	// Pass: it holds.
	Pass Outcome = "pass"
	// Fail: it does not hold.
	Fail Outcome = "fail"
	// Missing: there was no credential to judge.
	Missing Outcome = "missing"
	// NotReached: something before it had decided.
	NotReached Outcome = "not reached"
	// NotJudged: nobody asks whether it holds.
	NotJudged Outcome = "not judged"
)

// Check is one condition.
type Check struct {
	// ID names the check; it is stable.
	ID string `json:"id"`
	// Outcome is how it came out.
	Outcome Outcome `json:"outcome"`
	// Clause is the section that asks for it, and the configuration's key.
	Clause string `json:"clause"`
	// Expected is what was asked for, "" where the clause says it all.
	Expected string `json:"expected,omitempty"`
	// Found is what the request has, "" where it is not shown or was not reached.
	Found string `json:"found,omitempty"`
	// Reason is the code of the refusal of a check that failed.
	Reason string `json:"reason,omitempty"`
}

// Branch is one node of the rule's requirement that judges a credential.
type Branch struct {
	// Node is where it stands, such as "rules[1].requires.requires_any[0]".
	Node string `json:"node"`
	// Provider is the provider's name, "" if none is known.
	Provider string `json:"provider,omitempty"`
	// Outcome is how it came out.
	Outcome Outcome `json:"outcome"`
	// Reason is the code of its refusal, "" for none.
	Reason string `json:"reason,omitempty"`
	// Checks are all that it consists of, in order.
	Checks []Check `json:"checks"`
}

// Verdict is what became of the request.
type Verdict struct {
	// Allowed says that it went on to the upstream.
	Allowed bool `json:"allowed"`
	// Status is the answer's, or nil.
	Status *int `json:"status"`
	// Reason is the code of the refusal, "" if allowed.
	Reason string `json:"reason"`
	// Provider is the one that decided, "" if none did.
	Provider string `json:"provider"`
	// Details are the answer's where they are not the project's own, in compat.
	Details string `json:"details,omitempty"`
}

// Report is the whole explanation.
type Report struct {
	// Verdict is the module's.
	Verdict Verdict `json:"verdict"`
	// Agreed says that the checks lead to that verdict.
	Agreed bool `json:"agreed"`
	// Disagreement says how they do not, else "".
	Disagreement string `json:"disagreement,omitempty"`
	// Reported says that the request was let through although it is refused: mode "report".
	Reported bool `json:"reported,omitempty"`
	// Now is the time of judgement in Unix seconds.
	Now int64 `json:"now"`
	// Rule is the index of the rule that matches, or nil.
	Rule *int `json:"rule"`
	// Requirement is what that rule asks, in a line.
	Requirement string `json:"requirement,omitempty"`
	// Request are the checks of the request itself.
	Request []Check `json:"request"`
	// Branches are the requirement's, in order.
	Branches []Branch `json:"branches"`
	// KeySets are notes on remote key sets ("login: 200, 3 keys").
	KeySets []string `json:"key_sets,omitempty"`
}

// Refused is the error of [Run] for a configuration that is refused.
type Refused struct {
	// Problems are the module's findings, one a line.
	Problems string
}

// Error returns them.
func (r *Refused) Error() string { return r.Problems }

// ErrNoRequest says that the case has no request.
var ErrNoRequest = errors.New("the case has no request")

// Run explains one case. The case must carry its configuration and its request; without a
// time the machine's counts, without callouts no key set can be fetched. The engine runs
// the module.
func Run(ctx context.Context, e *replay.Engine, c *replay.Case) (*Report, error) {
	if c.Request == nil {
		return nil, ErrNoRequest
	}
	if c.Now == nil {
		now := time.Unix(time.Now().Unix(), 0)
		c.Now = &now
	}
	answer, err := verdict(ctx, e, c)
	if err != nil {
		return nil, err
	}
	cfg, problems := config.Parse(c.Config, lookup(c.Env))
	if cfg == nil {
		return nil, fmt.Errorf("the module takes the configuration and its rooms do not: %v", problems)
	}
	r := newRun(cfg, c)
	if r.answered = answer.Reason; answer.Provider != nil {
		r.answeredBy = string(*answer.Provider)
	}
	r.judge()
	r.report.Verdict = Verdict{Allowed: answer.Allowed, Status: answer.Status, Reason: answer.Reason}
	if answer.Provider != nil {
		r.report.Verdict.Provider = string(*answer.Provider)
	}
	r.compare()
	return r.report, nil
}

// verdict runs the module.
func verdict(ctx context.Context, e *replay.Engine, c *replay.Case) (*replay.Answer, error) {
	a := e.Do(ctx, c)
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case a.Reason == replay.ReasonConfig:
		return nil, &Refused{Problems: a.Error}
	case a.Reason == replay.ReasonLoad:
		return nil, errors.New(a.Error)
	}
	return a, nil
}

func lookup(env map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		v, ok := env[name]
		return v, ok
	}
}

// authnDetails begin the details of an answer in jwt_authn's manner.
const authnDetails = "jwt_authn_access_denied{"

// compare holds what the checks lead to against the module's verdict.
func (r *run) compare() {
	v := &r.report.Verdict
	here := r.outcome
	if strings.HasPrefix(v.Reason, authnDetails) && r.cfg.Compat {
		// The answer speaks jwt_authn's language, which has fewer words than there are codes.
		v.Details, v.Reason = v.Reason, here.code.String()
	}
	switch {
	case r.report.Reported && v.Allowed:
		v.Reason = here.code.String()
		r.report.Agreed = true
	case v.Allowed != (here.code == reason.OK):
		r.disagree("the checks say %s, the module %s", said(here.code == reason.OK, here.code.String()), said(v.Allowed, v.Reason))
	case !v.Allowed && v.Reason != here.code.String():
		r.disagree("the checks refuse with %s, the module with %s", here.code, v.Reason)
	case v.Provider != "" && v.Provider != here.provider:
		r.disagree("the checks name provider %q, the module %q", here.provider, v.Provider)
	default:
		r.report.Agreed = true
	}
}

func (r *run) disagree(format string, args ...any) {
	r.report.Disagreement = fmt.Sprintf(format, args...)
}

func said(allowed bool, code string) string {
	if allowed {
		return "allowed"
	}
	return "refused (" + code + ")"
}
