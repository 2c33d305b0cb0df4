package policy

import (
	"github.com/postern-wasm/postern/plugin/reason"
)

// AuthnProver judges credentials as Envoy's jwt_authn does. What a proved token does to
// the request is done at once and never taken back: a later requirement sees the request
// without it.
type AuthnProver interface {
	Prover
	// AuthnProvider judges every token at one provider's places: all must be good.
	AuthnProvider(provider int, audiences []string) Proof
	// AuthnEveryone judges every token at all providers' places, each as one of the
	// provider that its issuer names: Proved if all are good or, with failed, in any case.
	AuthnEveryone(failed bool) Proof
}

// EvaluateAuthn judges a requirement in jwt_authn's order and with its outcomes.
func (r *Requirement) EvaluateAuthn(p AuthnProver) Proof { return r.authn(p, MaxDepth) }

func (r *Requirement) authn(p AuthnProver, depth int) Proof {
	if depth == 0 {
		return Proof{Reason: reason.Internal, Provider: -1}
	}
	mark := p.Mark()
	proof := r.authorized(p, r.authnNode(p, depth), mark)
	if proof.State != Proved {
		p.Rollback(mark)
	}
	return proof
}

func (r *Requirement) authnNode(p AuthnProver, depth int) Proof {
	switch r.Kind {
	case Open:
		return pass()
	case Provider:
		return p.AuthnProvider(r.Provider, r.Audiences)
	case Any:
		return r.authnAny(p, depth-1)
	case All:
		last := pass()
		for i := range r.Children {
			if last = r.Children[i].authn(p, depth-1); last.State != Proved {
				return last
			}
		}
		return last
	case AllowMissing:
		proof := p.AuthnEveryone(false)
		if proof.State == Missing {
			return pass()
		}
		return proof
	case AllowMissingOrFailed:
		return p.AuthnEveryone(true)
	case ExtractOnly:
		return p.Extract(r.StatusHeader)
	case Never:
	}
	return Proof{Reason: reason.Internal, Provider: -1}
}

// authnAny is requires_any: the first good child wins. Of the others' outcomes the last
// counts that is neither "missing" nor "unknown issuer", and else the first that is not
// "missing". Allowances among the children look at that outcome only; where there is
// nothing else they stand for themselves.
func (r *Requirement) authnAny(p AuthnProver, depth int) Proof {
	worst := Proof{State: Missing, Reason: reason.Missing, Provider: -1, Authn: reason.AuthnMissed}
	var allowed Kind
	others := 0
	for i := range r.Children {
		child := &r.Children[i]
		switch child.Kind {
		case AllowMissingOrFailed:
			allowed = AllowMissingOrFailed
			continue
		case AllowMissing:
			if allowed == Never {
				allowed = AllowMissing
			}
			continue
		case Never, Open, Provider, Any, All, ExtractOnly:
		}
		others++
		proof := child.authn(p, depth)
		if proof.State == Proved || proof.State == Waiting || proof.State == Held {
			return proof
		}
		if worst.State == Missing || proof.State != Missing && proof.Authn != reason.AuthnUnknownIssuer {
			worst = proof
		}
	}
	switch {
	case others == 0 && allowed != Never:
		return (&Requirement{Kind: allowed}).authnNode(p, depth)
	case allowed == AllowMissingOrFailed, allowed == AllowMissing && worst.State == Missing:
		return pass()
	}
	return worst
}
