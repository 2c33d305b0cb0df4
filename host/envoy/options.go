package envoy

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"time"
)

// Options says what to run. The zero value is an Envoy without listeners.
type Options struct {
	// Binary is the Envoy to start; "" means [Find].
	Binary string
	// Dir is the working directory for configuration and logs. "" means a fresh
	// temporary one, which [Envoy.Stop] removes unless [Envoy.Keep] was called.
	Dir string
	// Listeners are the doors of this Envoy. Names must be unique.
	Listeners []Listener
	// Clusters are the upstreams and callout targets. Names must be unique.
	Clusters []Cluster
	// Concurrency is the number of worker threads; 0 means 1.
	Concurrency int
	// LogLevel is Envoy's --log-level; "" means "info", which plugins need for
	// their warnings and errors to be seen.
	LogLevel string
	// Static puts the listeners into the bootstrap instead of a watched file: a
	// refused plugin configuration then ends the process at start, as in a
	// deployment from one file. [Envoy.Update] is not available.
	Static bool
	// AllowRefused lets [Start] succeed though some listeners were refused;
	// [Envoy.Addr] of those is "".
	AllowRefused bool
	// AccessFields are further fields of each access record, as format strings by
	// name: {"provider": "%FILTER_STATE(wasm.postern.provider:PLAIN)%"}.
	AccessFields map[string]string
	// Bootstrap, if set, is used byte for byte (YAML or JSON) instead of
	// Listeners and Clusters.
	Bootstrap []byte
	// StartTimeout bounds the time until the admin interface says LIVE; 0 means 60 s.
	StartTimeout time.Duration
}

// Listener is one HTTP door on loopback.
type Listener struct {
	// Name identifies it in [Envoy.Addr], statistics and the access log:
	// letters, digits, '_' and '-'.
	Name string
	// Plugin is the proxy-wasm filter in front of the router, or nil.
	Plugin *Plugin
	// Filters are further HTTP filters, in order, before Plugin; each is the JSON
	// of an http_filters entry (name and typed_config).
	Filters []json.RawMessage
	// Upstream is the cluster that everything is routed to.
	Upstream string
	// MaxHeaders is how many request header lines are let in; 0 is Envoy's default, 100.
	MaxHeaders int
	// Upgrades are the protocols that requests may change to ("websocket"); "CONNECT" lets
	// tunnels in, and over h2 whatever else is listed, as RFC 8441 has it.
	Upgrades []string
	// Port is the loopback port; 0 lets the kernel choose.
	Port int
}

// Plugin describes one proxy-wasm filter.
type Plugin struct {
	// Wasm is the module's path.
	Wasm string
	// Config is the plugin configuration, given to on_configure byte for byte.
	Config []byte
	// VMID separates VMs and their shared data; "" means the listener's name.
	VMID string
	// RootID is the plugin's root id; usually "".
	RootID string
	// Env is the module's environment (vm_config.environment_variables).
	Env map[string]string
	// FailurePolicy is FAIL_RELOAD (used for ""), FAIL_CLOSED or FAIL_OPEN.
	FailurePolicy string
	// HoldBody sets allow_on_headers_stop_iteration: bodies are delivered while
	// the headers are paused.
	HoldBody bool
}

// Cluster is a static upstream.
type Cluster struct {
	// Name is what routes and callouts call it.
	Name string
	// Address is host:port with a literal IP address.
	Address string
	// HTTP2 speaks h2 with prior knowledge to it.
	HTTP2 bool
}

var namePattern = regexp.MustCompile(`^[A-Za-z0-9_-]{1,100}$`)

// withDefaults returns o with every default filled in, or what is wrong with it.
func (o Options) withDefaults() (Options, error) {
	if o.Concurrency == 0 {
		o.Concurrency = 1
	}
	if o.LogLevel == "" {
		o.LogLevel = "info"
	}
	if o.StartTimeout == 0 {
		o.StartTimeout = time.Minute
	}
	if err := o.check(); err != nil || o.Binary != "" {
		return o, err
	}
	path, err := Find()
	o.Binary = path
	return o, err
}

// check refuses what contradicts itself.
func (o Options) check() error {
	if o.Bootstrap != nil && (len(o.Listeners) > 0 || len(o.Clusters) > 0) {
		return errors.New("a bootstrap of one's own excludes listeners and clusters")
	}
	seen := map[string]bool{}
	for _, c := range o.Clusters {
		if !namePattern.MatchString(c.Name) || seen[c.Name] {
			return fmt.Errorf("cluster name %q is malformed or used twice", c.Name)
		}
		seen[c.Name] = true
		if _, err := netip.ParseAddrPort(c.Address); err != nil {
			return fmt.Errorf("cluster %q: address %q: %w", c.Name, c.Address, err)
		}
	}
	return checkListeners(o.Listeners, seen)
}

// checkListeners refuses names that Envoy would refuse later and less clearly.
func checkListeners(listeners []Listener, clusters map[string]bool) error {
	seen := map[string]bool{}
	for _, l := range listeners {
		if !namePattern.MatchString(l.Name) || seen[l.Name] {
			return fmt.Errorf("listener name %q is malformed or used twice", l.Name)
		}
		seen[l.Name] = true
		if !clusters[l.Upstream] {
			return fmt.Errorf("listener %q: no cluster %q", l.Name, l.Upstream)
		}
	}
	return nil
}
