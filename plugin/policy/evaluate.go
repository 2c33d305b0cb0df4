package policy

import (
	"github.com/postern-wasm/postern/plugin/authorize"
	"github.com/postern-wasm/postern/plugin/reason"
)

// State is how one node of a requirement tree came out; the zero value denies.
type State uint8

// The states.
const (
	// Failed: a credential is there and is not good enough.
	Failed State = iota
	// Proved: the node is satisfied.
	Proved
	// Missing: nothing that the node reads is in the request.
	Missing
	// Waiting: the verdict needs something that the host still has to fetch.
	Waiting
	// Held: the verdict needs the rest of the request, which comes by itself. Unlike
	// Waiting it keeps no other branch from being tried.
	Held
	// Fatal: the request itself is malformed; no other branch is tried.
	Fatal
)

// Proof is a node's outcome and, unless Proved, why.
type Proof struct {
	State  State
	Reason reason.Code
	// Provider is the index of the provider that decided, or -1.
	Provider int
	// Scope is what was asked for where that is lacking, else "".
	Scope string
	// Authn is the outcome in jwt_authn's words where the configuration asks for them.
	Authn reason.Authn
}

// Join is what two credentials come to where any that is bad refuses, as in
// [Prover.Everyone]; p is what those before next came to. last says that no other can
// change it.
func (p Proof) Join(next Proof) (joined Proof, last bool) {
	switch next.State {
	case Missing:
	case Proved:
		if p.State == Missing {
			return next, false
		}
	case Waiting, Fatal:
		return next, true
	case Held, Failed:
		if p.State != Failed {
			return next, false
		}
	}
	return p, false
}

// pass is the outcome of a node that is satisfied without any provider.
func pass() Proof { return Proof{State: Proved, Reason: reason.OK, Provider: -1} }

// Prover judges credentials for a tree. It keeps the identities it has proved in
// order; a branch that fails takes back those of its children.
type Prover interface {
	// Provider judges the credential of one provider. audiences replace the
	// provider's own unless empty.
	Provider(provider int, audiences []string) Proof
	// Everyone judges the credentials of all providers, each by the provider that
	// its issuer names: Missing if there is none at all, Failed if any fails.
	Everyone() Proof
	// Extract passes on what tokens say that nobody verifies: Proved, whatever there is, by
	// no provider. header tells the upstream so; "" for none.
	Extract(header string) Proof
	// Authorize says whether one of the identities proved since Mark returned mark meets
	// the rules: Proved by its provider, Missing if there is none, else Failed.
	Authorize(rules *authorize.Rules, mark int) Proof
	// Mark returns the number of identities proved so far.
	Mark() int
	// Rollback forgets the identities proved since Mark returned mark.
	Rollback(mark int)
}

// Evaluate judges a requirement. Its cost is bounded by the tree's size; it does not
// allocate. On anything but Proved no identity of the tree is left with the prover.
func (r *Requirement) Evaluate(p Prover) Proof {
	mark := p.Mark()
	proof := r.evaluate(p, MaxDepth)
	if proof.State != Proved {
		p.Rollback(mark)
	}
	return proof
}

func (r *Requirement) evaluate(p Prover, depth int) Proof {
	if depth == 0 {
		return Proof{Reason: reason.Internal, Provider: -1}
	}
	mark := p.Mark()
	return r.authorized(p, r.node(p, depth), mark)
}

// authorized holds the identities that a node has proved since mark to what they must be
// allowed.
func (r *Requirement) authorized(p Prover, proof Proof, mark int) Proof {
	for _, rules := range r.Authorize {
		if proof.State == Proved {
			proof = p.Authorize(rules, mark)
		}
	}
	return proof
}

// node judges the node but for what its identities must be allowed.
func (r *Requirement) node(p Prover, depth int) Proof {
	switch r.Kind {
	case Open:
		return pass()
	case Provider:
		return p.Provider(r.Provider, r.Audiences)
	case Any:
		return r.any(p, depth-1)
	case All:
		return r.all(p, depth-1)
	case AllowMissing:
		proof := p.Everyone()
		if proof.State == Missing {
			return pass()
		}
		return proof
	case AllowMissingOrFailed:
		proof := p.Everyone()
		if proof.State == Waiting || proof.State == Held || proof.State == Proved {
			return proof
		}
		return pass()
	case ExtractOnly:
		return p.Extract(r.StatusHeader)
	case Never:
	}
	return Proof{Reason: reason.Internal, Provider: -1}
}

// any is requires_any: children in order, the first that is satisfied wins, past those
// that need the rest of the request. The two
// allowances are judged last, whatever their place, by what the others said.
func (r *Requirement) any(p Prover, depth int) Proof {
	mark := p.Mark()
	worst := Proof{State: Missing, Reason: reason.Missing, Provider: -1}
	held := Proof{}
	allowMissing, allowFailed := false, false
	for i := range r.Children {
		child := &r.Children[i]
		if child.Kind == AllowMissing || child.Kind == AllowMissingOrFailed {
			allowMissing = true
			allowFailed = allowFailed || child.Kind == AllowMissingOrFailed
			continue
		}
		proof := child.evaluate(p, depth)
		switch proof.State {
		case Proved, Waiting:
			return proof
		case Held:
			held = proof
			p.Rollback(mark)
			continue
		case Fatal:
			if !allowFailed && !laterAllowsFailed(r.Children[i+1:]) {
				return proof
			}
		case Failed, Missing:
		}
		p.Rollback(mark) // a failed branch leaves no identity behind
		if rank(proof) >= rank(worst) {
			worst = proof
		}
	}
	if held.State == Held {
		return held
	}
	if allowFailed || (allowMissing && worst.State == Missing) {
		return pass()
	}
	return worst
}

func laterAllowsFailed(rest []Requirement) bool {
	for i := range rest {
		if rest[i].Kind == AllowMissingOrFailed {
			return true
		}
	}
	return false
}

// rank orders refusals by how much they tell the caller: a credential that was judged
// and is not allowed, one that failed, then one meant for somebody else, then none at all.
func rank(p Proof) int {
	switch {
	case p.State == Missing:
		return 0
	case p.Reason == reason.UnsupportedScheme:
		return 1
	case p.Reason == reason.IssuerMismatch || p.Reason == reason.IssuerUnknown:
		return 2
	case p.Reason == reason.InsufficientScope || p.Reason == reason.ClientDenied || p.Reason == reason.ClaimDenied || p.Reason == reason.StepUp:
		return 4
	}
	return 3
}

// all is requires_all. A child that fails refuses, whatever the rest of the request would
// prove. It is Missing only if no child found anything: a request that
// carries half of what is asked is a failure, which allow_missing must not excuse.
func (r *Requirement) all(p Prover, depth int) Proof {
	missing, present := -1, false
	var first, held Proof
	last := pass()
	for i := range r.Children {
		proof := r.Children[i].evaluate(p, depth)
		switch proof.State {
		case Proved:
			present = present || proof.Provider >= 0
			last = proof
		case Missing:
			if missing < 0 {
				missing, first = i, proof
			}
		case Held:
			present, held = true, proof
		case Failed, Waiting, Fatal:
			return proof
		}
	}
	if missing < 0 {
		if held.State == Held {
			return held
		}
		return last
	}
	if present {
		first.State = Failed
	}
	return first
}
