package migrate

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// differences notes each row of the table of defaults that concerns the configuration.
func (c *converter) differences(fields map[string]any) {
	if !catchesAll(fields) {
		c.differs("no_rule", "default", "a request that no rule matches is refused (403), not let through", `"default": "allow"`)
	}
	c.differs("paths", "paths", "a path that is not normal (dot segments, doubled or encoded slashes, backslash) is 400, not matched as it is", `"paths": "raw"`)
	c.differs("answers", "", "a refusal has a JSON body and the challenge of RFC 6750, not jwt_authn's text and realm", "")
	providers := objectOf(fields["providers"])
	for _, name := range slices.Sorted(maps.Keys(providers)) {
		c.providerDiffers(objectOf(providers[name]), join("providers", name), audiencesOf(fields, name))
	}
}

// providerDiffers notes the rows that concern one provider; extra says that a requirement
// names audiences for it.
func (c *converter) providerDiffers(p map[string]any, path string, extra bool) {
	if p["require_expiration"] != true {
		c.differs("exp_absent", path, "a token without exp is refused, and one with exp: 0", `"require_expiration": false (exp: 0 stays refused)`)
	} else {
		c.differs("exp_absent", path, "exp: 0 is a time long past, not an exp that is absent", "")
	}
	if hmac := octAlgorithms(p); len(hmac) > 0 {
		c.differs("algorithms", path, "HMAC keys are used only where algorithms names them: it stands in the strict configuration", `"algorithms": `+compact(algorithmsOf(p)))
	} else if p["remote_jwks"] != nil {
		c.differs("algorithms", path, "HMAC (HS256, HS384, HS512) is refused even if the fetched set has such keys", `"algorithms": [...] with every algorithm that is in use`)
	}
	if len(listOf(p["audiences"])) > 0 || extra {
		c.differs("audience_exact", path, "aud is compared exactly: a scheme (http://, https://) and a trailing slash count", `"audiences": every spelling that tokens have`)
		c.differs("audience_status", path, "another audience is 401 invalid_token, not 403", "")
	}
	if skew, ok := p["clock_skew_seconds"]; ok && fmt.Sprint(skew) == "0" {
		c.differs("clock_skew", path, "clock_skew_seconds 0 means 0, not 60", `"clock_skew_seconds": 60`)
	}
	headers, params, cookies := listOf(p["from_headers"]), listOf(p["from_params"]), listOf(p["from_cookies"])
	named := len(headers) + len(params) + len(cookies)
	if named == 0 {
		c.differs("places", path, "a token is looked for in the Authorization header only, not in the query parameter access_token",
			`"from_headers": [{"name": "Authorization", "value_prefix": "Bearer "}], "from_params": ["access_token"]`)
	}
	c.differs("several_tokens", path, "two tokens in one request, wherever they stand, are 400; jwt_authn verifies all of them", "")
	if p["remote_jwks"] != nil {
		c.differs("keys_unavailable", path, "a key set that cannot be had is 503 with Retry-After, not 401", `"remote_jwks": {"on_unavailable": "deny_401", ...}`)
		c.differs("key_set_bounds", path, "a key set of over 65536 bytes or 64 keys is not taken; Cache-Control may shorten cache_duration; keys outlive a failed refresh by an hour at most; an unknown kid may cause one fetch in 30 s",
			`"remote_jwks": {"max_bytes": 1048576, "max_keys": 1000, "honor_cache_control": false, "stale_if_error": "0s", "refetch_on_unknown_kid": false, ...}`)
	}
	c.differs("iat_future", path, "a token whose iat lies further ahead than the skew is refused", `"clock_skew_seconds": as much as issuers' clocks are ahead`)
	c.differs("exp_edge", path, "a token is dead at exp + skew itself, a second earlier than before", "")
	c.differs("typ", path, "a token whose typ says that it is for another use (dpop+jwt, logout+jwt, ...) is refused", "")
}

// always notes what neither mode does as jwt_authn does, as far as it concerns the
// configuration.
func (c *converter) always(fields map[string]any) {
	note := func(id, path, text string) {
		c.filter.Always = append(c.filter.Always, Note{ID: id, Path: path, Text: text})
	}
	note("strict_tokens", "", "tokens over 16384 bytes (max_token_bytes), crit, duplicate names, base64url that is padded or not canonical, keys below 2048 bits (RSA) or shorter than their hash (HMAC) are refused")
	providers := objectOf(fields["providers"])
	for _, name := range slices.Sorted(maps.Keys(providers)) {
		p, path := objectOf(providers[name]), join("providers", name)
		if p["forward_payload_header"] != nil || p["claim_to_headers"] != nil {
			note("identity_headers", path, "the headers that it writes are removed from every inbound request, also where no rule matches; a claim that cannot stand in a header refuses")
		}
		if p["jwt_cache_config"] != nil {
			note("token_cache", path, "a cached token dies with its key: a new key set or configuration empties the cache")
		}
	}
	if hasStandaloneAllowMissing(fields) {
		note("allow_missing", "rules", "with allow_missing alone each token must be good, not only the last one")
	}
}

// strict writes what the strict configuration needs to load.
func (c *converter) strict(fields map[string]any) {
	for _, v := range objectOf(fields["providers"]) {
		if p := objectOf(v); len(octAlgorithms(p)) > 0 && p["algorithms"] == nil {
			p["algorithms"] = algorithmsOf(p)
		}
	}
}

// catchesAll says that some rule takes every request.
func catchesAll(fields map[string]any) bool {
	for _, r := range listOf(fields["rules"]) {
		if m := objectOf(objectOf(r)["match"]); len(m) == 1 && m["prefix"] == "/" {
			return true
		}
	}
	return false
}

// audiencesOf says whether any requirement names audiences of its own for a provider.
func audiencesOf(v any, provider string) bool {
	switch v := v.(type) {
	case map[string]any:
		if pa := objectOf(v["provider_and_audiences"]); pa["provider_name"] == provider && len(listOf(pa["audiences"])) > 0 {
			return true
		}
		for _, m := range v {
			if audiencesOf(m, provider) {
				return true
			}
		}
	case []any:
		for _, m := range v {
			if audiencesOf(m, provider) {
				return true
			}
		}
	}
	return false
}

// hasStandaloneAllowMissing says that a rule asks for allow_missing and nothing else.
func hasStandaloneAllowMissing(fields map[string]any) bool {
	for _, r := range listOf(fields["rules"]) {
		if _, ok := objectOf(objectOf(r)["requires"])["allow_missing"]; ok {
			return true
		}
	}
	for _, r := range objectOf(fields["requirement_map"]) {
		if _, ok := objectOf(r)["allow_missing"]; ok {
			return true
		}
	}
	return false
}

// inlineKeys are the keys of an inline set; nil if there is none that can be read.
func inlineKeys(p map[string]any) []map[string]any {
	local := objectOf(p["local_jwks"])
	text, _ := local["inline_string"].(string)
	if encoded, ok := local["inline_bytes"].(string); ok {
		b, err := base64.StdEncoding.DecodeString(encoded)
		if err != nil {
			return nil
		}
		text = string(b)
	}
	var set struct {
		Keys []map[string]any `json:"keys"`
	}
	if json.Unmarshal([]byte(text), &set) != nil {
		return nil
	}
	return set.Keys
}

// octAlgorithms are the HMAC algorithms that the inline keys can verify.
func octAlgorithms(p map[string]any) []any {
	var list []any
	for i, name := range []string{"HS256", "HS384", "HS512"} {
		for _, k := range inlineKeys(p) {
			secret, _ := k["k"].(string)
			if alg, named := k["alg"].(string); k["kty"] == "oct" && (!named || alg == name) && base64.RawURLEncoding.DecodedLen(len(strings.TrimRight(secret, "="))) >= 32+16*i {
				list = append(list, name)
				break
			}
		}
	}
	return list
}

// algorithmsOf are all that the inline keys can verify.
func algorithmsOf(p map[string]any) []any {
	list := octAlgorithms(p)
	families := map[string][]any{
		"RSA": {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}, "P-256": {"ES256"}, "P-384": {"ES384"}, "P-521": {"ES512"}, "Ed25519": {"EdDSA"},
	}
	for _, k := range inlineKeys(p) {
		family, _ := k["crv"].(string)
		if k["kty"] == "RSA" {
			family = "RSA"
		}
		for _, a := range families[family] {
			if !slices.Contains(list, a) {
				list = append(list, a)
			}
		}
	}
	return list
}

func compact(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(b)
}
