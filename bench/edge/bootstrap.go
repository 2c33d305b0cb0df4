package edge

import (
	"encoding/json"
)

// object is a JSON object of Envoy's API, in its own field names.
type object = map[string]any

const (
	typeWasm   = "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm"
	typeJWT    = "type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication"
	typeRouter = "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"
	typeHCM    = "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
	typeString = "type.googleapis.com/google.protobuf.StringValue"
)

// Door is one listener with at most one filter in front of its direct response.
type Door struct {
	// Name identifies it: letters, digits, '-' and '_'.
	Name string
	// Filter is the JSON of an http_filters entry, or nil for none.
	Filter json.RawMessage
}

// Plugin is a filter that runs a module.
type Plugin struct {
	// Name separates its VM from others'.
	Name string
	// Path is the module's file, Config its configuration.
	Path, Config string
	// Allowed, if it is not nil, has the host withhold every function that it does not
	// name, and not call what it does not name either.
	Allowed []string
	// Holds says that the module may hold headers and still gets the body.
	Holds bool
}

// Filter returns the JSON of an http_filters entry.
func (p Plugin) Filter() (json.RawMessage, error) {
	c := object{
		"name": p.Name,
		"vm_config": object{
			"vm_id":   p.Name,
			"runtime": "envoy.wasm.runtime.v8",
			"code":    object{"local": object{"filename": p.Path}},
		},
		"configuration":  object{"@type": typeString, "value": p.Config},
		"failure_policy": "FAIL_CLOSED",
	}
	if p.Holds {
		c["allow_on_headers_stop_iteration"] = true
	}
	if p.Allowed != nil {
		capabilities := object{}
		for _, function := range p.Allowed {
			capabilities[function] = object{}
		}
		c["capability_restriction_config"] = object{"allowed_capabilities": capabilities}
	}
	return json.Marshal(object{"name": "envoy.filters.http.wasm", "typed_config": object{"@type": typeWasm, "config": c}})
}

// JWTAuthn returns Envoy's own filter with a configuration in JSON.
func JWTAuthn(config string) (json.RawMessage, error) {
	typed := object{}
	if err := json.Unmarshal([]byte(config), &typed); err != nil {
		return nil, err
	}
	typed["@type"] = typeJWT
	return json.Marshal(object{"name": "envoy.filters.http.jwt_authn", "typed_config": typed})
}

// bootstrap returns Envoy's whole configuration.
func bootstrap(doors []Door, workers int) ([]byte, error) {
	listeners := make([]object, len(doors))
	for i, d := range doors {
		listeners[i] = listener(d)
		if workers > 1 {
			// The kernel would deal out a few connections unevenly.
			listeners[i]["connection_balance_config"] = object{"exact_balance": object{}}
		}
	}
	return json.MarshalIndent(object{
		"node":             object{"id": "bench", "cluster": "bench"},
		"admin":            object{"address": loopback()},
		"static_resources": object{"listeners": listeners},
	}, "", " ")
}

func loopback() object {
	return object{"socket_address": object{"address": "127.0.0.1", "port_value": 0}}
}

func listener(d Door) object {
	var filters []any
	if d.Filter != nil {
		filters = append(filters, d.Filter)
	}
	filters = append(filters, object{"name": "envoy.filters.http.router", "typed_config": object{"@type": typeRouter}})
	return object{
		"name":    d.Name,
		"address": loopback(),
		"filter_chains": []object{{"filters": []object{{
			"name": "envoy.filters.network.http_connection_manager",
			"typed_config": object{
				"@type":       typeHCM,
				"stat_prefix": "bench",
				// Envoy's default is 60; what is sent here goes up to that.
				"max_request_headers_kb": 96,
				"codec_type":             "HTTP1",
				"use_remote_address":     true,
				"generate_request_id":    false,
				"http_filters":           filters,
				"route_config": object{"virtual_hosts": []object{{
					"name": "all", "domains": []string{"*"},
					"routes": []object{{
						"match":           object{"prefix": "/"},
						"direct_response": object{"status": 200, "body": object{"inline_string": "{\"ok\":true}"}},
					}},
				}}},
			},
		}}}},
	}
}
