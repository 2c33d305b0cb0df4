package migrate

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// filterName is the filter's usual name.
const filterName = "envoy.filters.http.jwt_authn"

// block is one jwt_authn configuration.
type block struct {
	path   string
	fields map[string]any
}

// route is one per-route configuration of jwt_authn.
type route struct {
	path   string
	fields map[string]any
	match  any // of the route, or nil
	hosts  any // of the virtual host, or nil
}

// search gathers what belongs to jwt_authn in a configuration of whatever kind.
type search struct {
	blocks []block
	routes []route
}

// scope is what surrounds a value: the route and the virtual host that it belongs to.
type scope struct{ match, hosts any }

func (s *search) walk(v any, path string, around *scope) {
	if around == nil {
		around = &scope{}
	}
	switch v := v.(type) {
	case []any:
		for i := range v {
			s.walk(v[i], element(path, i), around)
		}
	case map[string]any:
		if s.take(v, path, around) {
			return
		}
		inner := *around
		if m, ok := v["match"]; ok {
			inner.match = m
		}
		if d, ok := v["domains"]; ok {
			inner.hosts, inner.match = d, nil
		}
		for _, name := range slices.Sorted(maps.Keys(v)) {
			s.walk(v[name], join(path, name), &inner)
		}
	}
}

// take takes a message of jwt_authn's.
func (s *search) take(v map[string]any, path string, around *scope) bool {
	switch kind := messageOf(v); {
	case strings.HasSuffix(kind, ".JwtAuthentication") && strings.Contains(kind, "jwt_authn"):
		s.blocks = append(s.blocks, block{path, fieldsOf(v)})
		return true
	case strings.HasSuffix(kind, ".PerRouteConfig") && strings.Contains(kind, "jwt_authn"):
		s.routes = append(s.routes, route{path: path, fields: fieldsOf(v), match: around.match, hosts: around.hosts})
		return true
	}
	// An entry of http_filters whose configuration does not say its type.
	if name, _ := v["name"].(string); name != filterName {
		return false
	}
	for _, key := range []string{"typed_config", "typedConfig", "config"} {
		if m, ok := v[key].(map[string]any); ok && messageOf(m) == "" {
			s.blocks = append(s.blocks, block{join(path, key), m})
			return true
		}
	}
	return false
}

// messageOf is the type of an Any or a TypedStruct, "" if it has none.
func messageOf(v map[string]any) string {
	kind, _ := v["@type"].(string)
	if strings.HasSuffix(kind, ".TypedStruct") {
		for _, key := range []string{"type_url", "typeUrl"} {
			if t, ok := v[key].(string); ok {
				kind = t
			}
		}
	}
	return kind
}

// fieldsOf are a message's own fields.
func fieldsOf(v map[string]any) map[string]any {
	kind, _ := v["@type"].(string)
	if strings.HasSuffix(kind, ".TypedStruct") {
		m, _ := v["value"].(map[string]any)
		return m
	}
	return v
}

// isBlock says that the whole input looks like a bare jwt_authn configuration.
func isBlock(m map[string]any) bool {
	_, has := m["providers"].(map[string]any)
	for _, name := range []string{"rules", "requirement_map", "requirementMap", "filter_state_rules", "filterStateRules"} {
		_, ok := m[name]
		has = has || ok
	}
	return has
}

// text says what a per-route configuration asks for, and the rule that says it.
func (r *route) text() string {
	fields, _ := snake(r.fields, "").(map[string]any)
	rule := map[string]any{"match": map[string]any{"prefix": "/"}}
	if m, ok := snake(r.match, "").(map[string]any); ok {
		rule["match"] = m
	}
	if r.hosts != nil {
		m, _ := rule["match"].(map[string]any)
		if hosts, ok := r.hosts.([]any); ok && !slices.Contains(hosts, any("*")) {
			m["hosts"] = hosts
		}
	}
	text := "a module has no configuration of its own per route"
	switch name, _ := fields["requirement_name"].(string); {
	case fields["disabled"] == true:
		rule["requires"] = map[string]any{}
		text += ": the filter is off here"
	case name != "":
		rule["requirement_name"] = name
		text += ": requirement " + name + " is asked here"
	default:
		return text
	}
	b, err := json.Marshal(rule)
	if err != nil {
		return text
	}
	return text + "; put this rule before the others, if no route before it takes the same requests: " + string(b)
}
