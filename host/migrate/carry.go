package migrate

import (
	"maps"
	"slices"
)

func objectOf(v any) map[string]any {
	m, _ := v.(map[string]any)
	return m
}

func listOf(v any) []any {
	l, _ := v.([]any)
	return l
}

// metadataKeys are what jwt_authn leaves as dynamic metadata.
var metadataKeys = []string{"payload_in_metadata", "header_in_metadata", "failed_status_in_metadata", "normalize_payload_in_metadata"}

// carry takes out what the configuration cannot say, with a note for each.
func (c *converter) carry(fields map[string]any) {
	if _, ok := fields["filter_state_rules"]; ok {
		delete(fields, "filter_state_rules")
		c.notCarried("filter_state_rules", join(c.in, "filter_state_rules"),
			"a module sees no filter state that another filter has left as an object: write rules, with headers in their match")
	}
	if _, ok := fields["stat_prefix"]; ok {
		delete(fields, "stat_prefix")
		c.notCarried("stat_prefix", join(c.in, "stat_prefix"), "the module's metrics have names of their own")
	}
	providers := objectOf(fields["providers"])
	for _, name := range slices.Sorted(maps.Keys(providers)) {
		c.provider(objectOf(providers[name]), join(join(c.in, "providers"), name))
	}
	for i, r := range listOf(fields["rules"]) {
		c.match(objectOf(objectOf(r)["match"]), element(join(c.in, "rules"), i)+".match")
	}
}

func (c *converter) provider(p map[string]any, path string) {
	for _, key := range metadataKeys {
		if _, ok := p[key]; ok {
			delete(p, key)
			c.notCarried("metadata", join(path, key),
				"a module cannot write dynamic metadata: pass claims on with claim_to_headers or forward_payload_header")
		}
	}
	local := objectOf(p["local_jwks"])
	file, ok := local["filename"].(string)
	if !ok {
		return
	}
	delete(local, "watched_directory")
	if c.opts.ReadFile == nil {
		c.notCarried("key_file", join(path, "local_jwks"), "a module cannot read files: inline "+file+
			" as inline_string (migrate --inline-files does it where the file is), or use remote_jwks; it is read once, not again when it changes")
		return
	}
	text, err := c.opts.ReadFile(file)
	if err != nil {
		c.notCarried("key_file", join(path, "local_jwks"), "a module cannot read files, and neither could migrate: "+err.Error())
		return
	}
	delete(local, "filename")
	local["inline_string"] = string(text)
	c.notCarried("key_file", join(path, "local_jwks"), file+" is inlined as it is now: a change of the file needs a new configuration")
}

// match turns the one path condition that has another name here.
func (c *converter) match(m map[string]any, path string) {
	if _, ok := m["connect_matcher"]; ok {
		delete(m, "connect_matcher")
		m["prefix"], m["methods"] = "/", []any{"CONNECT"}
	}
	for _, key := range []string{"runtime_fraction", "tls_context", "dynamic_metadata", "filter_state", "grpc", "path_match_policy"} {
		if _, ok := m[key]; ok {
			c.notCarried("match", join(path, key), "rules match method, host, path, headers and query only; the module refuses this key: take the rule apart by hand")
		}
	}
}
