package envoy

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/netip"
	"path/filepath"
	"slices"
)

// object is a JSON object of Envoy's API, written in its own field names so
// that it reads like the configuration it becomes.
type object = map[string]any

const (
	typeWasm     = "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm"
	typeRouter   = "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"
	typeHCM      = "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
	typeFileLog  = "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog"
	typeListener = "type.googleapis.com/envoy.config.listener.v3.Listener"
	typeString   = "type.googleapis.com/google.protobuf.StringValue"
	typeHTTP     = "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions"

	runtimeV8 = "envoy.wasm.runtime.v8"
)

// bootstrap returns the bootstrap for o with its files in dir.
func bootstrap(o Options, dir string) ([]byte, error) {
	clusters := make([]object, 0, len(o.Clusters))
	for _, c := range o.Clusters {
		clusters = append(clusters, clusterConfig(c))
	}
	static := object{"clusters": clusters}
	config := object{
		"node":             object{"id": "postern-test", "cluster": "postern-test"},
		"admin":            object{"address": loopback(0)},
		"static_resources": static,
	}
	if o.Static {
		listeners := make([]object, 0, len(o.Listeners))
		for _, l := range o.Listeners {
			listeners = append(listeners, listenerConfig(l, o.AccessFields, dir))
		}
		static["listeners"] = listeners
	} else {
		config["dynamic_resources"] = object{"lds_config": object{
			"resource_api_version": "V3",
			"path_config_source": object{
				"path":              ldsPath(dir),
				"watched_directory": object{"path": filepath.Dir(ldsPath(dir))},
			},
		}}
	}
	return json.MarshalIndent(config, "", " ")
}

// ldsPath is the watched file that lists the listeners.
func ldsPath(dir string) string { return filepath.Join(dir, "lds", "listeners.json") }

// accessLogPath is where every listener of one Envoy writes its records.
func accessLogPath(dir string) string { return filepath.Join(dir, "access.log") }

// discovery returns the listener discovery response with the given version.
func discovery(listeners []Listener, fields map[string]string, dir string, version int) ([]byte, error) {
	resources := make([]object, 0, len(listeners))
	for _, l := range listeners {
		resource := object{"@type": typeListener}
		maps.Copy(resource, listenerConfig(l, fields, dir))
		resources = append(resources, resource)
	}
	return json.MarshalIndent(object{
		"version_info": fmt.Sprint(version),
		"resources":    resources,
	}, "", " ")
}

func loopback(port int) object {
	return object{"socket_address": object{"address": "127.0.0.1", "port_value": port}}
}

func clusterConfig(c Cluster) object {
	// Options.check has parsed it before.
	at := netip.MustParseAddrPort(c.Address)
	endpoint := object{"address": object{"socket_address": object{
		"address": at.Addr().String(), "port_value": at.Port(),
	}}}
	config := object{
		"name":            c.Name,
		"type":            "STATIC",
		"connect_timeout": "2s",
		"load_assignment": object{
			"cluster_name": c.Name,
			"endpoints":    []object{{"lb_endpoints": []object{{"endpoint": endpoint}}}},
		},
	}
	if c.HTTP2 {
		config["typed_extension_protocol_options"] = object{
			"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": object{
				"@type":                typeHTTP,
				"explicit_http_config": object{"http2_protocol_options": object{}},
			},
		}
	}
	return config
}

// listenerConfig returns an edge listener for an authentication filter. Path
// normalisation is off, so that the filter under test meets the path as sent;
// request ids are not generated, so that two runs can be compared.
func listenerConfig(l Listener, fields map[string]string, dir string) object {
	filters := make([]any, 0, len(l.Filters)+2)
	for _, f := range l.Filters {
		filters = append(filters, f)
	}
	if l.Plugin != nil {
		filters = append(filters, wasmFilter(l))
	}
	filters = append(filters, object{
		"name": "envoy.filters.http.router", "typed_config": object{"@type": typeRouter},
	})
	protocol := object{"headers_with_underscores_action": "ALLOW"}
	if l.MaxHeaders > 0 {
		protocol["max_headers_count"] = l.MaxHeaders
	}
	routes := []object{route(object{"prefix": "/"}, l)}
	if slices.Contains(l.Upgrades, "CONNECT") {
		routes = append(routes, route(object{"connect_matcher": object{}}, l))
	}
	manager := object{
		"@type":                                typeHCM,
		"stat_prefix":                          l.Name,
		"codec_type":                           "AUTO",
		"use_remote_address":                   true,
		"generate_request_id":                  false,
		"normalize_path":                       false,
		"merge_slashes":                        false,
		"path_with_escaped_slashes_action":     "KEEP_UNCHANGED",
		"common_http_protocol_options":         protocol,
		"stream_idle_timeout":                  "30s",
		"http_filters":                         filters,
		"access_log":                           []object{accessLog(l.Name, fields, dir)},
		"access_log_options":                   object{"flush_access_log_on_new_request": false},
		"strip_trailing_host_dot":              false,
		"stream_error_on_invalid_http_message": false,
		"route_config": object{"virtual_hosts": []object{{
			"name":    "all",
			"domains": []string{"*"},
			"routes":  routes,
		}}},
	}
	if len(l.Upgrades) > 0 {
		upgrades := make([]object, 0, len(l.Upgrades))
		for _, u := range l.Upgrades {
			upgrades = append(upgrades, object{"upgrade_type": u})
		}
		manager["upgrade_configs"] = upgrades
		manager["http2_protocol_options"] = object{"allow_connect": true}
	}
	return object{
		"name":    l.Name,
		"address": loopback(l.Port),
		"filter_chains": []object{{"filters": []object{{
			"name":         "envoy.filters.network.http_connection_manager",
			"typed_config": manager,
		}}}},
	}
}

// route sends what matches to a listener's upstream.
func route(match object, l Listener) object {
	return object{"match": match, "route": object{"cluster": l.Upstream, "timeout": "20s"}}
}

// accessLog records how each request ended. The pair of listener and the
// client's own address names a request: nothing has to be added to it.
func accessLog(name string, fields map[string]string, dir string) object {
	if fields == nil {
		fields = map[string]string{}
	}
	return object{
		"name": "envoy.access_loggers.file",
		"typed_config": object{
			"@type": typeFileLog,
			"path":  accessLogPath(dir),
			"log_format": object{"json_format": object{
				"listener": name,
				"client":   "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS%",
				"status":   "%RESPONSE_CODE%",
				"details":  "%RESPONSE_CODE_DETAILS%",
				"flags":    "%RESPONSE_FLAGS%",
				"fields":   fields,
			}},
		},
	}
}

func wasmFilter(l Listener) object {
	p := l.Plugin
	vmID := p.VMID
	if vmID == "" {
		vmID = l.Name
	}
	policy := p.FailurePolicy
	if policy == "" {
		policy = "FAIL_RELOAD"
	}
	vm := object{
		"vm_id":   vmID,
		"runtime": runtimeV8,
		"code":    object{"local": object{"filename": p.Wasm}},
	}
	if len(p.Env) > 0 {
		vm["environment_variables"] = object{"key_values": p.Env}
	}
	config := object{
		"name":           l.Name,
		"root_id":        p.RootID,
		"vm_config":      vm,
		"configuration":  object{"@type": typeString, "value": string(p.Config)},
		"failure_policy": policy,
	}
	if policy == "FAIL_RELOAD" {
		config["reload_config"] = object{"backoff": object{"base_interval": "1s"}}
	}
	if p.HoldBody {
		config["allow_on_headers_stop_iteration"] = true
	}
	return object{
		"name":         "envoy.filters.http.wasm",
		"typed_config": object{"@type": typeWasm, "config": config},
	}
}
