package config

import (
	"strconv"

	"github.com/postern-wasm/postern/plugin/authorize"
	"github.com/postern-wasm/postern/plugin/jsonx"
)

// Bounds on what is asked of claims, which every request pays for.
const (
	maxClaimRules = 32
	maxClaimPath  = 16
	maxClients    = 1024
	maxScopeNames = 8 // claims that grant scopes
)

// authorization reads authorize: nil if there is none. After a mistake it is one that
// nobody meets.
func (b *builder) authorization(v value) *authorize.Rules {
	o := v.object()
	if !o.there {
		return nil
	}
	before := o.out.count()
	scopes, claims, clients, age := o.get("scopes"), o.get("claims"), o.get("clients"), o.get("max_age")
	r := &authorize.Rules{
		Scopes:  requiredScopes(scopes),
		Claims:  claimRules(claims),
		Clients: authorize.NewSet(nameList(clients, maxClients)),
		MaxAge:  age.duration(0, second, maxSeconds*second) / second,
	}
	if !clients.absent() && listed(clients) == 0 && clients.is(jsonx.Array) {
		clients.fail("must not be empty: it would let nobody pass")
	}
	o.close()
	if o.out.count() == before && listed(claims)+listed(clients) == 0 && scopes.absent() && age.absent() {
		v.fail("asks nothing: want scopes, claims, clients or max_age")
	}
	return r
}

// nameList reads a bounded list of names.
func nameList(v value, most int) []string {
	names := v.words()
	if len(names) > most {
		v.fail("more than ", strconv.Itoa(most), " entries")
		return nil
	}
	return names
}

// requiredScopes reads required_scopes, and scopes of authorize.
func requiredScopes(v value) authorize.Scopes {
	o := v.object()
	before := o.out.count()
	allList, anyList, claims := o.get("all"), o.get("any"), o.get("claims")
	all, some := scopeNames(allList), scopeNames(anyList)
	names := nameList(claims, maxScopeNames)
	if listed(claims) == 0 {
		names = []string{"scope", "scp"}
	}
	o.close()
	if o.there && o.out.count() == before && listed(allList)+listed(anyList) == 0 {
		v.fail(`asks nothing: want a scope in "all" or "any"`)
	}
	scopes, ok := authorize.NewScopes(all, some, names)
	if !ok {
		v.fail("more than ", strconv.Itoa(authorize.MaxScopes), " scopes")
	}
	return scopes
}

// listed is the length of a list, whatever is in it.
func listed(v value) int {
	if v.absent() || v.json.Kind() != jsonx.Array {
		return 0
	}
	return v.json.Len()
}

func scopeNames(v value) []string {
	var names []string
	for _, e := range v.list() {
		name := e.word()
		if name != "" && !authorize.IsScope(name) {
			e.fail("want one scope (RFC 6749 §3.3: printable ASCII without space, '\"' and '\\'), not ", quote(name))
			continue
		}
		if name != "" {
			names = append(names, name)
		}
	}
	return names
}

// claimRules reads the conditions on claims.
func claimRules(v value) []authorize.Claim {
	var rules []authorize.Claim
	list := v.list()
	if len(list) > maxClaimRules {
		v.fail("more than ", strconv.Itoa(maxClaimRules), " claims")
		return nil
	}
	for _, e := range list {
		rules = append(rules, claimRule(e))
	}
	return rules
}

// claimRule reads one condition; after a mistake it is one that never holds.
func claimRule(v value) authorize.Claim {
	o := v.object()
	c := authorize.Claim{Path: claimPath(o.need("path"))}
	switch name, w := o.onlyNeed("equals", "any_of", "all_of", "prefix", "exists"); name {
	case "equals":
		c.Kind, c.Values = authorize.Equals, claimValues([]value{w})
	case "any_of":
		c.Kind, c.Values = authorize.AnyOf, claimValues(someOf(w))
	case "all_of":
		c.Kind, c.Values = authorize.AllOf, claimValues(someOf(w))
	case "prefix":
		c.Kind, c.Prefix = authorize.Prefix, w.word()
	case "exists":
		c.Kind = authorize.Absent
		if w.boolean(true) {
			c.Kind = authorize.Exists
		}
	}
	o.close()
	return c
}

// claimPath reads the names that lead to a claim. A name may be any text, "" too.
func claimPath(v value) []string {
	if !v.absent() && v.json.Kind() == jsonx.String {
		v.fail(`want a list of names such as ["realm_access", "roles"], not a string: a claim's name may hold dots`)
		return nil
	}
	var path []string
	for _, e := range v.list() {
		path = append(path, e.text(""))
	}
	switch n := listed(v); {
	case v.absent() || v.json.Kind() != jsonx.Array:
	case n == 0:
		v.fail("must name at least one step")
	case n > maxClaimPath:
		v.fail("more than ", strconv.Itoa(maxClaimPath), " steps")
	}
	return path
}

// someOf reads the list of any_of and all_of.
func someOf(v value) []value {
	list := v.list()
	if listed(v) == 0 && v.is(jsonx.Array) {
		v.fail("must not be empty")
	}
	if len(list) > authorize.MaxValues {
		v.fail("more than ", strconv.Itoa(authorize.MaxValues), " values")
		return nil
	}
	return list
}

// claimValues reads what a claim is compared with: strings, numbers as written, true and
// false.
func claimValues(list []value) authorize.Values {
	var texts, numbers []string
	hasFalse, hasTrue := false, false
	for _, e := range list {
		switch e.json.Kind() {
		case jsonx.String:
			texts = append(texts, e.text(""))
		case jsonx.Number:
			numbers = append(numbers, e.json.Raw())
		case jsonx.True:
			hasTrue = true
		case jsonx.False:
			hasFalse = true
		case jsonx.Invalid, jsonx.Null, jsonx.Object, jsonx.Array:
			e.fail("want a string, a number, true or false, not ", typeName(e.json.Kind()))
		}
	}
	return authorize.NewValues(texts, numbers, hasFalse, hasTrue)
}
