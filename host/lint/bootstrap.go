package lint

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"sigs.k8s.io/yaml"
)

// Bootstrap lints how Envoy runs modules: text is an Envoy bootstrap, or a part of one, in
// JSON or YAML. Every Wasm filter in it is looked at.
func Bootstrap(text []byte) ([]Finding, error) {
	if trimmed := bytes.TrimSpace(text); len(trimmed) == 0 {
		return nil, errors.New("it is empty")
	}
	converted, err := yaml.YAMLToJSONStrict(text)
	if err != nil {
		return nil, errors.New(strings.Join(strings.Fields(err.Error()), " "))
	}
	var root any
	if err := json.Unmarshal(converted, &root); err != nil {
		return nil, fmt.Errorf("not JSON: %w", err)
	}
	f := &findings{}
	f.walk(root, "")
	return f.sorted(), nil
}

func (f *findings) walk(v any, path string) {
	switch v := v.(type) {
	case []any:
		for i := range v {
			f.walk(v[i], path+"["+strconv.Itoa(i)+"]")
		}
	case map[string]any:
		if member(v, "vm_config", "vmConfig") != nil {
			policy, _ := member(v, "failure_policy", "failurePolicy").(string)
			open, _ := member(v, "fail_open", "failOpen").(bool)
			if policy == "FAIL_OPEN" || open {
				f.add("fail-open", path)
			}
		}
		kind, _ := v["@type"].(string)
		if strings.HasSuffix(kind, "route.v3.FilterConfig") && v["disabled"] == true {
			f.add("route-disabled", path)
		}
		for _, name := range slices.Sorted(maps.Keys(v)) {
			inner := name
			if strings.ContainsAny(name, ".[]\"") {
				inner = "[" + strconv.Quote(name) + "]"
			} else if path != "" {
				inner = "." + name
			}
			f.walk(v[name], path+inner)
		}
	}
}
