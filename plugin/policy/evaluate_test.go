package policy

import (
	"testing"

	"github.com/postern-wasm/postern/plugin/reason"
)

// prover answers by a script: one letter per provider.
//
//	p proved  f bad signature  m missing  i another issuer's  s foreign scheme  w waiting  x fatal
type prover struct {
	script   string
	everyone byte
	proved   []int
}

func (p *prover) outcome(letter byte, provider int) Proof {
	switch letter {
	case 'p':
		p.proved = append(p.proved, provider)
		return Proof{Proved, reason.OK, provider}
	case 'm':
		return Proof{Missing, reason.Missing, provider}
	case 'i':
		return Proof{Failed, reason.IssuerMismatch, provider}
	case 's':
		return Proof{Failed, reason.UnsupportedScheme, provider}
	case 'w':
		return Proof{Waiting, reason.KeysUnavailable, provider}
	case 'x':
		return Proof{Fatal, reason.SeveralCredentials, provider}
	}
	return Proof{Failed, reason.BadSignature, provider}
}

func (p *prover) Provider(i int, _ []string) Proof { return p.outcome(p.script[i], i) }
func (p *prover) Everyone() Proof                  { return p.outcome(p.everyone, -1) }
func (p *prover) Mark() int                        { return len(p.proved) }
func (p *prover) Rollback(mark int)                { p.proved = p.proved[:mark] }

func one(i int) Requirement              { return Requirement{Kind: Provider, Provider: i} }
func anyOf(r ...Requirement) Requirement { return Requirement{Kind: Any, Children: r} }
func allOf(r ...Requirement) Requirement { return Requirement{Kind: All, Children: r} }

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
