package policy

import "github.com/postern-wasm/postern/plugin/authorize"

// Kind is the kind of a requirement node; the zero value refuses.
type Kind uint8

// The kinds, by the names of jwt_authn's JwtRequirement.
const (
	// Never is the zero value: nothing satisfies it.
	Never Kind = iota
	// Open asks nothing (an empty requirement).
	Open
	// Provider asks for a credential of one provider (provider_name, provider_and_audiences).
	Provider
	// Any asks for one of its children (requires_any).
	Any
	// All asks for every child (requires_all).
	All
	// AllowMissing passes requests without any credential; a bad one fails.
	AllowMissing
	// AllowMissingOrFailed passes every request, with an identity if one is proved.
	AllowMissingOrFailed
	// ExtractOnly passes every request and passes on what its tokens say, unverified
	// (extract_only_without_validation).
	ExtractOnly
)

// Requirement is one node of a requirement tree, at most [MaxDepth] deep.
type Requirement struct {
	// Kind says which of the other fields count.
	Kind Kind
	// Provider is the provider's index in the configuration.
	Provider int
	// Audiences replace the provider's own if not empty (provider_and_audiences).
	Audiences []string
	// StatusHeader is written for the upstream with "false" where ExtractOnly has passed on
	// what nobody verified; "" for none.
	StatusHeader string
	// Children of Any and All, in the order in which they are tried.
	Children []Requirement
	// Authorize is asked of the identities that satisfy the node: each of the rules must
	// be met by one of them, by itself.
	Authorize []*authorize.Rules
}

// MaxDepth bounds the tree, so that judging it cannot exhaust the stack.
const MaxDepth = 16

// Rule is one route rule: the first that matches decides.
type Rule struct {
	// Match says which requests the rule covers.
	Match Match
	// Requirement is asked of them.
	Requirement Requirement
	// Report lets through what the rule refuses (mode: "report").
	Report bool
	// Challenges is which of the answers' lists of challenges a refusal carries.
	Challenges int
}

// Table is the whole policy.
type Table struct {
	// Rules in order.
	Rules []Rule
	// AllowUnmatched passes a request that no rule matches (default: "allow").
	AllowUnmatched bool
	// Report lets through what is refused because no rule matches, or before any is looked
	// for; the latter only where no rule enforces, since it might have been meant for it.
	Report bool
	// Enforces says that some rule refuses: its Report is not set.
	Enforces bool

	index *index // of Rules, or nil: see Index
}
