package config

import (
	"strconv"

	"github.com/postern-wasm/postern/plugin/policy"
)

func (b *builder) rules(v value) {
	list := v.list()
	if len(list) > maxRules {
		v.fail("more than ", strconv.Itoa(maxRules), " rules")
		list = list[:maxRules]
	}
	for _, e := range list {
		rule := b.rule(e)
		b.cfg.Policy.Rules = append(b.cfg.Policy.Rules, rule)
		b.cfg.Policy.Enforces = b.cfg.Policy.Enforces || !rule.Report
	}
	for i := range b.named {
		if !b.named[i].used {
			b.out.warn(join("requirement_map", b.named[i].name), "is not used by any rule")
		}
	}
}

func (b *builder) rule(v value) policy.Rule {
	o := v.object()
	rule := policy.Rule{Match: b.match(o.need("match"))}
	allowed := o.get("authorize")
	switch name, w := o.only("requires", "requirement_name"); name {
	case "requires":
		rule.Requirement = b.requirement(w, 1)
	case "requirement_name":
		rule.Requirement = b.requirementNamed(w)
	default:
		rule.Requirement.Kind = policy.Open
		if o.there && allowed.absent() {
			v.warn("requires nothing, so its requests pass without a credential; write \"requires\": {} if that is meant")
		}
	}
	b.mayDo(&rule.Requirement, allowed)
	rule.Report = b.cfg.Policy.Report
	if mode := o.get("mode"); !mode.absent() {
		rule.Report = reports(mode)
	}
	o.close()
	return rule
}

func (b *builder) requirementNamed(v value) policy.Requirement {
	name := v.word()
	if name == "" {
		return policy.Requirement{}
	}
	names := make([]string, len(b.named))
	for i := range b.named {
		if b.named[i].name == name {
			b.named[i].used = true
			return b.named[i].tree
		}
		names[i] = b.named[i].name
	}
	v.fail("no requirement ", quote(name), " in requirement_map", b.out.suggest(name, names))
	return policy.Requirement{}
}
