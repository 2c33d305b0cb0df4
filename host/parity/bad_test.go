package parity

import (
	"fmt"
	"strings"
	"testing"
)

// badConfig is a configuration that must be refused.
type badConfig struct {
	law    string
	config string
	// environment is the VM's.
	environment map[string]string
	// lines are what must be said: each is the beginning of one line, up to its
	// path, and what else must stand in it after " ... ". There are no other lines.
	lines []string
	index int
}

func (c *badConfig) env(name string) (string, bool) {
	value, ok := c.environment[name]
	return value, ok
}

// check says what is wrong with the lines that a runtime said, or "".
func (c *badConfig) check(lines []string) string {
	if len(lines) == 0 {
		return "the configuration was accepted"
	}
	if len(lines) != len(c.lines) {
		return fmt.Sprintf("%d lines, want %d", len(lines), len(c.lines))
	}
	for i, line := range lines {
		for n, part := range strings.Split(c.lines[i], " ... ") {
			if n == 0 && !strings.HasPrefix(line, part) || !strings.Contains(line, part) {
				return fmt.Sprintf("line %d does not say %q", i+1, part)
			}
		}
	}
	return ""
}

// good is a provider and a rule that are right, for configurations with one mistake
// elsewhere.
const (
	goodProvider = `"corp": {"local_jwks": {"inline_string": {{set "rsa"}}}}`
	goodRule     = `{"match": {"prefix": "/"}, "requires": {"provider_name": "corp"}}`
)

// inProvider is a configuration with these members in the provider.
func inProvider(members string) string {
	return `{"providers": {"corp": {` + members + `}}, "rules": [` + goodRule + `]}`
}

// besideKeys is inProvider with good keys.
func besideKeys(members string) string {
	return inProvider(`"local_jwks": {"inline_string": {{set "rsa"}}}, ` + members)
}

// inRule is a configuration with this one rule.
func inRule(rule string) string {
	return `{"providers": {` + goodProvider + `}, "rules": [` + rule + `]}`
}

// badConfigs returns them with placeholders filled and numbered.
func badConfigs(t *testing.T, keys ring) []*badConfig {
	t.Helper()
	list := append(badForms(), append(badProviders(), badRules()...)...)
	for i := range list {
		list[i].config = expand(t, keys, list[i].config)
		list[i].index = i
	}
	return list
}

func badForms() []*badConfig {
	return []*badConfig{
		{law: "an empty text is refused", config: "", lines: []string{"the configuration is empty"}},
		{law: "a text that is no JSON is refused", config: "providers: {}", lines: []string{"the configuration is not valid JSON"}},
		{law: "a list is refused", config: "[]", lines: []string{""}},
		{law: "text after the object is refused", config: "{}{}", lines: []string{"the configuration is not valid JSON"}},
		{law: "a name given twice is refused", config: `{"default": "deny", "default": "allow"}`, lines: []string{"the configuration is not valid JSON"}},
		{law: "an unknown key is refused, with a suggestion", config: `{"provider": {}}`, lines: []string{`provider: ... "providers"`}},
		{law: "a key of two spellings is refused twice given", config: `{"requirement_map": {}, "requirementMap": {}}`, lines: []string{"requirementMap ... requirement_map"}},
		{law: "an unknown default is refused", config: `{"default": "maybe"}`, lines: []string{`default: ... "deny"`}},
		{law: "an unknown mode of paths is refused", config: `{"paths": "strict"}`, lines: []string{`paths: ... "refuse"`}},
		{law: "a realm with a quote is refused", config: `{"realm": "a\"b"}`, lines: []string{"realm: "}},
		{law: "what is not built yet is refused, not ignored", config: `{"providers": {"a": {"api_key": {}}}}`, lines: []string{"providers.a.api_key: "}},
		{law: "five mistakes are five lines", config: `{
  "defualt": "deny",
  "providers": {
    "corp": {"issuer": 7, "audience": ["api"], "local_jwks": {"inline_string": {{set "rsa"}}}}
  },
  "rules": [
    {"match": {"prefix": "/a"}, "requires": {"provider_name": "corp2"}},
    {"match": {"path": 5}, "requires": {"provider_name": "corp"}}
  ]
}`, lines: []string{
			"providers.corp.issuer: ",
			`providers.corp.audience: ... "audiences"`,
			`rules[0].requires.provider_name: no provider "corp2"; did you mean "corp"?`,
			"rules[1].match.path: ",
			`defualt: ... "default"`,
		}},
	}
}

func badProviders() []*badConfig {
	return []*badConfig{
		{law: "a provider without keys is refused", config: inProvider(`"issuer": "https://issuer.test"`), lines: []string{"providers.corp: ... local_jwks ... remote_jwks"}},
		{law: "a provider with two sources of keys is refused", config: besideKeys(`"remote_jwks": {"http_uri": {"uri": "http://keys.test/", "cluster": "keys"}}`), lines: []string{"providers.corp ... only one of ... local_jwks ... remote_jwks"}},
		{law: "keys that are no JSON are refused", config: inProvider(`"local_jwks": {"inline_string": "keys"}`), lines: []string{"providers.corp.local_jwks.inline_string: "}},
		{law: "a set without keys is refused", config: inProvider(`"local_jwks": {"inline_string": "{\"keys\":[]}"}`), lines: []string{"providers.corp.local_jwks.inline_string: "}},
		{law: "a set without a usable key is refused", config: inProvider(`"local_jwks": {"inline_string": {{set "nothing usable"}}}`), lines: []string{"providers.corp.local_jwks.inline_string: "}},
		{law: "a secret shorter than its hash is refused", config: inProvider(`"algorithms": ["HS256"], "local_jwks": {"inline_string": {{set "short hs"}}}`), lines: []string{"providers.corp.local_jwks.inline_string: "}},
		{law: "keys that fit none of the algorithms are refused", config: besideKeys(`"algorithms": ["ES256"]`), lines: []string{"providers.corp.algorithms"}},
		{law: "secrets alone are refused where no HMAC algorithm is named", config: inProvider(`"local_jwks": {"inline_string": {{set "secrets"}}}`), lines: []string{"providers.corp.local_jwks.inline_string: "}},
		{law: "inline_bytes that are no base64 are refused", config: inProvider(`"local_jwks": {"inline_bytes": "*"}`), lines: []string{"providers.corp.local_jwks.inline_bytes: "}},
		{law: "a missing environment variable is refused, and not quoted: it may be the keys", config: inProvider(`"local_jwks": {"environment_variable": "KEYS"}`), environment: map[string]string{"OTHER": "x"}, lines: []string{`providers.corp.local_jwks.environment_variable: names an environment variable that is not set`}},
		{law: "a file is refused, since a module cannot read one", config: inProvider(`"local_jwks": {"filename": "/keys.json"}`), lines: []string{"providers.corp.local_jwks.filename: "}},
		{law: "alg none is refused", config: besideKeys(`"algorithms": ["RS256", "none"]`), lines: []string{`providers.corp.algorithms[1]: ... "none"`}},
		{law: "an unknown algorithm is refused, with a suggestion", config: besideKeys(`"algorithms": ["RS265"]`), lines: []string{`providers.corp.algorithms[0]: ... RS256`}},
		{law: "an empty list of algorithms is refused", config: besideKeys(`"algorithms": []`), lines: []string{"providers.corp.algorithms: "}},
		{law: "a wrong type is named", config: besideKeys(`"audiences": "api"`), lines: []string{"providers.corp.audiences: "}},
		{law: "a negative skew is refused", config: besideKeys(`"clock_skew_seconds": -1`), lines: []string{"providers.corp.clock_skew_seconds: "}},
		{law: "a token size of 0 is refused", config: besideKeys(`"max_token_bytes": 0`), lines: []string{"providers.corp.max_token_bytes: "}},
		{law: "a credential kind that is not built yet is refused", config: besideKeys(`"api_key": {}`), lines: []string{"providers.corp.api_key: "}},
		{law: "an identity header must not be :path", config: besideKeys(`"claim_to_headers": [{"header_name": ":path", "claim_name": "sub"}]`), lines: []string{"providers.corp.claim_to_headers[0].header_name: "}},
		{law: "an identity header must not be host", config: besideKeys(`"claim_to_headers": [{"header_name": "Host", "claim_name": "sub"}]`), lines: []string{"providers.corp.claim_to_headers[0].header_name: "}},
		{law: "an identity header must not be authorization", config: besideKeys(`"forward_payload_header": "Authorization"`), lines: []string{"providers.corp.forward_payload_header: "}},
		{law: "an identity header must not be connection", config: besideKeys(`"forward_payload_header": "connection"`), lines: []string{"providers.corp.forward_payload_header: "}},
		{law: "an identity header must be a token", config: besideKeys(`"claim_to_headers": [{"header_name": "x user", "claim_name": "sub"}]`), lines: []string{"providers.corp.claim_to_headers[0].header_name: "}},
		{law: "two claims must not share a header", config: besideKeys(`"claim_to_headers": [{"header_name": "x-user", "claim_name": "sub"}, {"header_name": "X-User", "claim_name": "email"}]`), lines: []string{"providers.corp.claim_to_headers[1].header_name: "}},
		{law: "a claim must be named", config: besideKeys(`"claim_to_headers": [{"header_name": "x-user"}]`), lines: []string{"providers.corp.claim_to_headers[0]"}},
		{law: "a remote set needs a cluster", config: inProvider(`"remote_jwks": {"http_uri": {"uri": "http://keys.test/"}}`), lines: []string{"providers.corp.remote_jwks.http_uri"}},
		{law: "a remote set needs an absolute URI", config: inProvider(`"remote_jwks": {"http_uri": {"uri": "/keys", "cluster": "keys"}}`), lines: []string{"providers.corp.remote_jwks.http_uri.uri: "}},
		{law: "a URI with a password is refused", config: inProvider(`"remote_jwks": {"http_uri": {"uri": "http://a:b@keys.test/", "cluster": "keys"}}`), lines: []string{"providers.corp.remote_jwks.http_uri.uri: "}},
		{law: "a duration is a number and its unit", config: inProvider(`"remote_jwks": {"cache_duration": "5 minutes", "http_uri": {"uri": "http://keys.test/", "cluster": "keys"}}`), lines: []string{"providers.corp.remote_jwks.cache_duration: "}},
		{law: "a bound out of range is refused", config: inProvider(`"remote_jwks": {"max_keys": 100000, "http_uri": {"uri": "http://keys.test/", "cluster": "keys"}}`), lines: []string{"providers.corp.remote_jwks.max_keys: "}},
	}
}

func badRules() []*badConfig {
	return []*badConfig{
		{law: "an unknown provider is named, with a suggestion", config: inRule(`{"match": {"prefix": "/"}, "requires": {"provider_name": "crop"}}`), lines: []string{`rules[0].requires.provider_name: no provider "crop"; did you mean "corp"?`}},
		{law: "an unknown provider deep in a tree is named", config: inRule(`{"match": {"prefix": "/"}, "requires": {"requires_any": {"requirements": [{"provider_name": "corp"}, {"provider_and_audiences": {"provider_name": "x", "audiences": ["a"]}}]}}}`), lines: []string{`rules[0].requires.requires_any.requirements[1].provider_and_audiences.provider_name: no provider "x"`}},
		{law: "an unknown requirement is named", config: inRule(`{"match": {"prefix": "/"}, "requirement_name": "x"}`), lines: []string{`rules[0].requirement_name: ... "x"`}},
		{law: "requires and requirement_name exclude each other", config: `{"providers": {` + goodProvider + `}, "requirement_map": {"x": {"provider_name": "corp"}}, "rules": [{"match": {"prefix": "/"}, "requires": {"provider_name": "corp"}, "requirement_name": "x"}]}`, lines: []string{"rules[0] ... only one of ... requires ... requirement_name"}},
		{law: "a requirement is one thing", config: inRule(`{"match": {"prefix": "/"}, "requires": {"provider_name": "corp", "allow_missing": {}}}`), lines: []string{"rules[0].requires ... only one of"}},
		{law: "requires_any needs requirements", config: inRule(`{"match": {"prefix": "/"}, "requires": {"requires_any": {"requirements": []}}}`), lines: []string{"rules[0].requires.requires_any"}},
		{law: "a rule needs a match", config: inRule(`{"requires": {"provider_name": "corp"}}`), lines: []string{"rules[0]"}},
		{law: "a match needs a path", config: inRule(`{"match": {"methods": []}, "requires": {"provider_name": "corp"}}`), lines: []string{"rules[0].match"}},
		{law: "a match has one path", config: inRule(`{"match": {"prefix": "/", "path": "/a"}, "requires": {"provider_name": "corp"}}`), lines: []string{"rules[0].match ... only one of"}},
		{law: "connect_matcher is refused", config: inRule(`{"match": {"connect_matcher": {}}, "requires": {"provider_name": "corp"}}`), lines: []string{"rules[0].match"}},
		{law: "a malformed regular expression is refused", config: inRule(`{"match": {"safe_regex": {"regex": "("}}, "requires": {"provider_name": "corp"}}`), lines: []string{"rules[0].match.safe_regex.regex: "}},
		{law: "a regular expression that would explode is refused", config: inRule(`{"match": {"safe_regex": {"regex": "(a{1000}){1000}"}}, "requires": {"provider_name": "corp"}}`), lines: []string{"rules[0].match.safe_regex.regex: "}},
		{law: "an unknown key of a rule is refused, with a suggestion", config: inRule(`{"match": {"prefix": "/"}, "require": {"provider_name": "corp"}}`), lines: []string{`rules[0].require: ... "requires"`}},
		{law: "an unknown key of a match is refused, with a suggestion", config: inRule(`{"match": {"prefix": "/", "method": ["GET"]}}`), lines: []string{`rules[0].match.method: ... "methods"`}},
		{law: "an unknown key of a header condition is refused", config: inRule(`{"match": {"prefix": "/", "headers": [{"name": "x", "exact": "y"}]}}`), lines: []string{"rules[0].match.headers[0]"}},
		{law: "rules are a list", config: `{"rules": {}}`, lines: []string{"rules: "}},
	}
}
