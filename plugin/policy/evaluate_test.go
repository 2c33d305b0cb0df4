package policy

import (
	"slices"
	"testing"

	"github.com/postern-wasm/postern/plugin/authorize"
	"github.com/postern-wasm/postern/plugin/reason"
)

// prover answers by a script: one letter per provider.
//
//	p proved  f bad signature  m missing  i another issuer's  s foreign scheme  w waiting  x fatal
type prover struct {
	script   string
	everyone byte
	proved   []int
	met      map[*authorize.Rules]int
}

func (p *prover) outcome(letter byte, provider int) Proof {
	switch letter {
	case 'p':
		p.proved = append(p.proved, provider)
		return Proof{State: Proved, Reason: reason.OK, Provider: provider}
	case 'm':
		return Proof{State: Missing, Reason: reason.Missing, Provider: provider}
	case 'i':
		return Proof{State: Failed, Reason: reason.IssuerMismatch, Provider: provider}
	case 's':
		return Proof{State: Failed, Reason: reason.UnsupportedScheme, Provider: provider}
	case 'w':
		return Proof{State: Waiting, Reason: reason.KeysUnavailable, Provider: provider}
	case 'x':
		return Proof{State: Fatal, Reason: reason.SeveralCredentials, Provider: provider}
	}
	return Proof{State: Failed, Reason: reason.BadSignature, Provider: provider}
}

func (p *prover) Provider(i int, _ []string) Proof { return p.outcome(p.script[i], i) }

// Authorize knows the rules by their identity: those in met are met by the provider.
func (p *prover) Authorize(rules *authorize.Rules, mark int) Proof {
	if mark == len(p.proved) {
		return Proof{State: Missing, Reason: reason.Missing, Provider: -1}
	}
	for _, provider := range p.proved[mark:] {
		if p.met[rules] == provider {
			return Proof{State: Proved, Reason: reason.OK, Provider: provider}
		}
	}
	return Proof{State: Failed, Reason: reason.ClaimDenied, Provider: p.proved[mark]}
}

func (p *prover) Extract(string) Proof { return pass() }
func (p *prover) Everyone() Proof      { return p.outcome(p.everyone, -1) }
func (p *prover) Mark() int            { return len(p.proved) }
func (p *prover) Rollback(mark int)    { p.proved = p.proved[:mark] }

func one(i int) Requirement              { return Requirement{Kind: Provider, Provider: i} }
func anyOf(r ...Requirement) Requirement { return Requirement{Kind: Any, Children: r} }
func allOf(r ...Requirement) Requirement { return Requirement{Kind: All, Children: r} }

// bound is a requirement whose identities must meet rules.
func bound(r Requirement, rules ...*authorize.Rules) Requirement {
	r.Authorize = rules
	return r
}

var (
	missingOK = Requirement{Kind: AllowMissing}
	failedOK  = Requirement{Kind: AllowMissingOrFailed}
)

func TestRequirementTrees(t *testing.T) {
	for _, c := range []struct {
		law      string
		tree     Requirement
		script   string
		everyone byte
		state    State
		reason   reason.Code
		proved   int
	}{
		{"the zero requirement is never met", Requirement{}, "p", 'p', Failed, reason.Internal, 0},
		{"an open rule asks nothing", Requirement{Kind: Open}, "f", 'f', Proved, reason.OK, 0},
		{"a proved provider is enough", one(0), "p", 'm', Proved, reason.OK, 1},
		{"a failed provider is not", one(0), "f", 'm', Failed, reason.BadSignature, 0},
		{"any: the first that is proved wins", anyOf(one(0), one(1)), "fp", 'm', Proved, reason.OK, 1},
		{"any: none proved fails", anyOf(one(0), one(1)), "mm", 'm', Missing, reason.Missing, 0},
		{"any: a judged failure outranks a foreign issuer", anyOf(one(0), one(1)), "fi", 'm', Failed, reason.BadSignature, 0},
		{"any: a foreign issuer outranks a missing token", anyOf(one(0), one(1)), "im", 'm', Failed, reason.IssuerMismatch, 0},
		{"any: a foreign scheme outranks a missing token", anyOf(one(0), one(1)), "sm", 'm', Failed, reason.UnsupportedScheme, 0},
		{"any: a child that waits holds the verdict", anyOf(one(0), one(1)), "wp", 'm', Waiting, reason.KeysUnavailable, 0},
		{"any: two credentials for one provider end it", anyOf(one(0), one(1)), "xp", 'm', Fatal, reason.SeveralCredentials, 0},
		{"any: allow_missing passes when nothing is there", anyOf(one(0), missingOK), "m", 'm', Proved, reason.OK, 0},
		{"any: allow_missing does not excuse a bad token", anyOf(one(0), missingOK), "f", 'f', Failed, reason.BadSignature, 0},
		{"any: allow_missing does not excuse a foreign scheme", anyOf(one(0), missingOK), "s", 's', Failed, reason.UnsupportedScheme, 0},
		{"any: allow_missing listed first changes nothing", anyOf(missingOK, one(0)), "p", 'p', Proved, reason.OK, 1},
		{"any: allow_missing_or_failed excuses all", anyOf(one(0), failedOK), "f", 'f', Proved, reason.OK, 0},
		{"any: allow_missing_or_failed still yields a proved identity", anyOf(failedOK, one(0)), "p", 'p', Proved, reason.OK, 1},
		{"any: allow_missing_or_failed after two credentials passes without identity", anyOf(one(0), failedOK), "x", 'x', Proved, reason.OK, 0},
		{"all: every child proved", allOf(one(0), one(1)), "pp", 'm', Proved, reason.OK, 2},
		{"all: one failed fails, and nothing of the others is kept", allOf(one(0), one(1)), "pf", 'm', Failed, reason.BadSignature, 0},
		{"all: nothing at all is missing", allOf(one(0), one(1)), "mm", 'm', Missing, reason.Missing, 0},
		{"all: half is a failure, not a miss", allOf(one(0), one(1)), "pm", 'm', Failed, reason.Missing, 0},
		{"all: half the other way round too", allOf(one(0), one(1)), "mp", 'm', Failed, reason.Missing, 0},
		{"allow_missing does not excuse half of requires_all", anyOf(allOf(one(0), one(1)), missingOK), "pm", 'p', Failed, reason.Missing, 0},
		{"a failed branch of any leaves no identity to the next", anyOf(allOf(one(0), one(1)), one(2)), "pfp", 'm', Proved, reason.OK, 1},
		{"standalone allow_missing: nothing there passes", missingOK, "", 'm', Proved, reason.OK, 0},
		{"standalone allow_missing: a bad token fails", missingOK, "", 'f', Failed, reason.BadSignature, 0},
		{"standalone allow_missing: two credentials are fatal", missingOK, "", 'x', Fatal, reason.SeveralCredentials, 0},
		{"standalone allow_missing_or_failed: a bad token passes", failedOK, "", 'f', Proved, reason.OK, 0},
		{"standalone allow_missing_or_failed: a good one is used", failedOK, "", 'p', Proved, reason.OK, 1},
		{"standalone allow_missing_or_failed waits for keys", failedOK, "", 'w', Waiting, reason.KeysUnavailable, 0},
		{"all with an allowance", allOf(one(0), missingOK), "p", 'm', Proved, reason.OK, 1},
	} {
		t.Run(c.law, func(t *testing.T) {
			p := &prover{script: c.script, everyone: c.everyone}
			got := c.tree.Evaluate(p)
			if got.State != c.state || got.Reason != c.reason || len(p.proved) != c.proved {
				t.Errorf("state %d reason %s identities %v; want %d %s %d", got.State, got.Reason, p.proved, c.state, c.reason, c.proved)
			}
		})
	}
}

func TestAuthorization(t *testing.T) {
	a, b := new(authorize.Rules), new(authorize.Rules)
	meets := map[*authorize.Rules]int{a: 0, b: 1}
	for _, c := range []struct {
		law    string
		tree   Requirement
		script string
		state  State
		reason reason.Code
		proved []int
	}{
		{"the one who is proved is allowed", bound(one(0), a), "p", Proved, reason.OK, []int{0}},
		{"one who is proved and not allowed is refused, and nothing of him is left", bound(one(1), a), "mp", Failed, reason.ClaimDenied, nil},
		{"who is not proved is not judged further", bound(one(0), a), "f", Failed, reason.BadSignature, nil},
		{"C-12 any: one who is not allowed leaves the place to the next", anyOf(bound(one(0), b), one(1)), "pp", Proved, reason.OK, []int{1}},
		{"C-12 any: the rule sees only him who passed", bound(anyOf(bound(one(0), b), one(1)), a), "pp", Failed, reason.ClaimDenied, nil},
		{"any: not allowed outranks a bad credential after it", anyOf(bound(one(0), b), one(1)), "pf", Failed, reason.ClaimDenied, nil},
		{"any: not allowed outranks a bad credential before it", anyOf(one(0), bound(one(1), a)), "fp", Failed, reason.ClaimDenied, nil},
		{"any: allow_missing does not excuse one who is not allowed", anyOf(bound(one(0), b), missingOK), "p", Failed, reason.ClaimDenied, nil},
		{"any: allow_missing_or_failed does, and nothing of him is left", anyOf(bound(one(0), b), failedOK), "p", Proved, reason.OK, nil},
		{"all: one of those proved is enough", bound(allOf(one(0), one(1)), a), "pp", Proved, reason.OK, []int{0, 1}},
		{"all: several rules may be met by several", bound(allOf(one(0), one(1)), a, b), "pp", Proved, reason.OK, []int{0, 1}},
		{"all: a child's own rules are asked of it alone", allOf(one(0), bound(one(1), a)), "pp", Failed, reason.ClaimDenied, nil},
		{"all the rules must be met", bound(one(0), a, b), "p", Failed, reason.ClaimDenied, nil},
		{"nobody is proved by an open rule", bound(Requirement{Kind: Open}, a), "p", Missing, reason.Missing, nil},
		{"nobody is proved by an allowance", bound(anyOf(one(0), missingOK), a), "m", Missing, reason.Missing, nil},
	} {
		t.Run(c.law, func(t *testing.T) {
			p := &prover{script: c.script, everyone: 'm', met: meets}
			got := c.tree.Evaluate(p)
			if got.State != c.state || got.Reason != c.reason || !slices.Equal(p.proved, c.proved) {
				t.Errorf("state %d reason %s identities %v; want %d %s %v", got.State, got.Reason, p.proved, c.state, c.reason, c.proved)
			}
		})
	}
}

func TestADeeperTreeThanTheBoundDenies(t *testing.T) {
	tree := Requirement{Kind: Open}
	for range MaxDepth + 1 {
		tree = anyOf(tree, one(0))
	}
	if got := tree.Evaluate(&prover{script: "m"}); got.State == Proved {
		t.Error("a tree beyond MaxDepth passed")
	}
}

func TestEvaluateDoesNotAllocate(t *testing.T) {
	tree := anyOf(allOf(one(0), one(1)), one(2), missingOK)
	p := &prover{script: "pfp", proved: make([]int, 0, 4)}
	if n := testing.AllocsPerRun(100, func() { p.proved = p.proved[:0]; tree.Evaluate(p) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
