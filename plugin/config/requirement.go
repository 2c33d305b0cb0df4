package config

import (
	"strconv"

	"github.com/postern-wasm/postern/plugin/policy"
	"github.com/postern-wasm/postern/plugin/verify/jwt"
)

// namedRequirement is an entry of requirement_map.
type namedRequirement struct {
	name string
	tree policy.Requirement
	used bool
}

func (b *builder) requirementMap(v value) {
	for _, m := range v.members() {
		var tree policy.Requirement
		if !m.absent() {
			tree = b.requirement(m.value, 1)
		}
		b.named = append(b.named, namedRequirement{name: m.name, tree: tree})
	}
}

// requirement reads a JwtRequirement; level counts from 1 at the root. After a mistake
// it is one that nothing satisfies.
func (b *builder) requirement(v value, level int) policy.Requirement {
	o := v.object()
	var r policy.Requirement
	allowed := o.get("authorize")
	name, w := o.only("provider_name", "provider_and_audiences", "requires_any", "requires_all",
		"allow_missing", "allow_missing_or_failed", "extract_only_without_validation")
	switch name {
	case "provider_name":
		r.Kind = policy.Provider
		r.Provider = b.lookUp(w)
	case "provider_and_audiences":
		r.Kind = policy.Provider
		p := w.object()
		r.Provider = b.lookUp(p.need("provider_name"))
		audiences := p.get("audiences")
		if r.Audiences = audiences.words(); len(r.Audiences) == 0 && p.there {
			audiences.warn("none are named: the provider's own count")
		}
		p.close()
		if b.cfg.Compat {
			for i := range r.Audiences {
				r.Audiences[i] = jwt.FoldAudience(r.Audiences[i])
			}
		}
	case "requires_any":
		r.Kind = policy.Any
		r.Children = b.children(w, level)
	case "requires_all":
		r.Kind = policy.All
		r.Children = b.children(w, level)
	case "allow_missing":
		r.Kind = policy.AllowMissing
		w.object().close()
	case "allow_missing_or_failed":
		r.Kind = policy.AllowMissingOrFailed
		w.object().close()
	case "extract_only_without_validation":
		r.Kind = policy.ExtractOnly
		r.StatusHeader = b.statusHeader(w)
	default:
		if o.there && (len(o.fields) == 0 || !allowed.absent()) {
			r.Kind = policy.Open
			if level > 1 {
				v.warn("asks nothing, so it is always satisfied")
			}
		}
	}
	if b.mayDo(&r, allowed); !allowed.absent() && (r.Kind == policy.AllowMissing || r.Kind == policy.AllowMissingOrFailed || r.Kind == policy.ExtractOnly) {
		allowed.fail("asks for a credential that ", name, " does not ask for: name it on the requirement that proves one")
	}
	before := o.out.count()
	o.close()
	if o.out.count() == before && r.Kind == policy.Never && o.there {
		// Only null members are left.
		v.fail("names no requirement; {} asks nothing")
	}
	return r
}

// mayDo adds what a requirement's identities must be allowed.
func (b *builder) mayDo(r *policy.Requirement, v value) {
	rules := b.authorization(v)
	if rules == nil {
		return
	}
	r.Authorize = append(r.Authorize[:len(r.Authorize):len(r.Authorize)], rules)
	if r.Kind == policy.Open {
		v.fail("needs a requirement that proves somebody: nobody is known here")
	}
	if anonymous(r) {
		v.warn("refuses requests without a credential, which the requirement allows; name it on the requirement that proves one")
	}
}

// anonymous says that a requirement may be met without a credential.
func anonymous(r *policy.Requirement) bool {
	switch r.Kind {
	case policy.AllowMissing, policy.AllowMissingOrFailed, policy.ExtractOnly:
		return true
	case policy.Any:
		for i := range r.Children {
			if anonymous(&r.Children[i]) {
				return true
			}
		}
	case policy.Never, policy.Open, policy.Provider, policy.All:
	}
	return false
}

// children reads the list of requires_any and requires_all.
func (b *builder) children(v value, level int) []policy.Requirement {
	o := v.object()
	list := o.need("requirements")
	elements := list.list()
	if level == policy.MaxDepth {
		list.fail("requirements are nested more than ", strconv.Itoa(policy.MaxDepth), " deep")
		elements = nil
	}
	children := make([]policy.Requirement, 0, len(elements))
	for _, e := range elements {
		children = append(children, b.requirement(e, level+1))
	}
	if level < policy.MaxDepth && !list.absent() && len(elements) < 2 {
		list.fail("want at least 2 requirements, not ", strconv.Itoa(len(elements)))
	}
	o.close()
	return children
}

// lookUp returns the index of the provider that v names.
func (b *builder) lookUp(v value) int {
	name := v.word()
	if name == "" {
		return -1
	}
	for i := range b.names {
		if b.names[i] == name {
			return i
		}
	}
	v.fail("no provider ", quote(name), b.out.suggest(name, b.names))
	return -1
}
