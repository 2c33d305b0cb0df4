package parity

// treesGroup: requirement trees over two providers, a (Authorization) and b (its own header).
var treesGroup = group{
	name: "trees", config: `{
  "providers": {
    "a": {"issuer": "https://a.test", "audiences": ["api"], "local_jwks": {"inline_string": {{set "rsa"}}}},
    "b": {"issuer": "https://b.test", "from_headers": [{"name": "x-b-token"}], "local_jwks": {"inline_string": {{set "p256"}}}}
  },
  "requirement_map": {"named": {"provider_name": "a"}},
  "rules": [
    {"match": {"path_separated_prefix": "/one"}, "requires": {"provider_name": "a"}},
    {"match": {"path_separated_prefix": "/audiences"}, "requires": {"provider_and_audiences": {"provider_name": "a", "audiences": ["special"]}}},
    {"match": {"path_separated_prefix": "/any"}, "requires": {"requires_any": {"requirements": [{"provider_name": "a"}, {"provider_name": "b"}]}}},
    {"match": {"path_separated_prefix": "/all"}, "requires": {"requires_all": {"requirements": [{"provider_name": "a"}, {"provider_name": "b"}]}}},
    {"match": {"path_separated_prefix": "/all-or-missing"}, "requires": {"requires_any": {"requirements": [
      {"requires_all": {"requirements": [{"provider_name": "a"}, {"provider_name": "b"}]}}, {"allow_missing": {}}]}}},
    {"match": {"path_separated_prefix": "/any-or-missing"}, "requires": {"requires_any": {"requirements": [{"provider_name": "a"}, {"allow_missing": {}}]}}},
    {"match": {"path_separated_prefix": "/any-or-failed"}, "requires": {"requires_any": {"requirements": [{"provider_name": "a"}, {"allow_missing_or_failed": {}}]}}},
    {"match": {"path_separated_prefix": "/missing"}, "requires": {"allow_missing": {}}},
    {"match": {"path_separated_prefix": "/failed"}, "requires": {"allow_missing_or_failed": {}}},
    {"match": {"path_separated_prefix": "/nested"}, "requires": {"requires_any": {"requirements": [
      {"requires_all": {"requirements": [{"provider_name": "a"}, {"provider_name": "b"}]}},
      {"provider_and_audiences": {"provider_name": "b", "audiences": ["special"]}}]}}},
    {"match": {"path_separated_prefix": "/named"}, "requirement_name": "named"},
    {"match": {"path_separated_prefix": "/open"}}
  ]
}`,
	cases: []scenario{
		{law: "provider_name: its token passes", send: get("/one", a()), want: allowed().by("a")},
		{law: "provider_name: none is missing", send: get("/one"), want: missing("missing")},
		{law: "provider_name: another provider's token is refused", send: get("/one", bearer(by("p256"), claim("iss", "https://b.test"))), want: invalid("issuer_mismatch")},
		{law: "provider_name: another provider's place is not read", send: get("/one", b()), want: missing("missing")},

		{law: "provider_and_audiences replaces the provider's audiences", send: get("/audiences", a(claim("aud", "special"))), want: allowed().by("a")},
		{law: "provider_and_audiences: the provider's own audience is not enough", send: get("/audiences", a()), want: invalid("audience_mismatch")},

		{law: "requires_any: the first passes", send: get("/any", a()), want: allowed().by("a")},
		{law: "requires_any: the second passes", send: get("/any", b()), want: untouched(without("x-b-token")).by("b")},
		{law: "requires_any: none is missing", send: get("/any"), want: missing("missing")},
		{law: "requires_any: a bad first and a good second pass by the second", send: get("/any", a(at("exp", -3600)), b()), want: untouched(without("x-b-token")).by("b")},
		{law: "requires_any: a bad one is told, not that the other is missing", send: get("/any", a(at("exp", -3600))), want: invalid("expired")},
		{law: "requires_any: two bad ones are refused", send: get("/any", a(at("exp", -3600)), b(segment(2, flipped))), want: invalid("expired|bad_signature")},

		{law: "requires_any: two credentials for the first are refused, though the second is good", send: get("/any", a(), a(), b()), want: malformed("several_credentials")},

		{law: "requires_all: both pass", send: get("/all", a(), b()), want: allowed(without("x-b-token"))},
		{law: "requires_all: the first alone is not enough", send: get("/all", a()), want: missing("missing")},
		{law: "requires_all: the second alone is not enough", send: get("/all", b()), want: missing("missing")},
		{law: "requires_all: a bad second is refused", send: get("/all", a(), b(segment(2, flipped))), want: invalid("bad_signature")},
		{law: "requires_all: a bad first is refused", send: get("/all", a(at("exp", -3600)), b()), want: invalid("expired")},

		{law: "requires_all or none: both pass", send: get("/all-or-missing", a(), b()), want: allowed(without("x-b-token"))},
		{law: "requires_all or none: none passes", send: get("/all-or-missing"), want: untouched()},
		{law: "requires_all or none: half is refused", send: get("/all-or-missing", a()), want: missing("missing")},
		{law: "requires_all or none: the other half is refused", send: get("/all-or-missing", b()), want: missing("missing")},
		{law: "requires_any with allow_missing: none passes", send: get("/any-or-missing"), want: untouched()},
		{law: "requires_any with allow_missing: a good one passes", send: get("/any-or-missing", a()), want: allowed().by("a")},
		{law: "requires_any with allow_missing: two credentials are not none", send: get("/any-or-missing", a(), a()), want: malformed("several_credentials")},
		{law: "requires_any with allow_missing: a bad one is refused", send: get("/any-or-missing", a(at("exp", -3600))), want: invalid("expired")},
		{law: "requires_any with allow_missing_or_failed: none passes", send: get("/any-or-failed"), want: untouched()},
		{law: "requires_any with allow_missing_or_failed: a bad one passes as nobody", send: get("/any-or-failed", a(at("exp", -3600))), want: untouched()},

		{law: "allow_missing: none passes", send: get("/missing"), want: untouched()},
		{law: "allow_missing: a good one passes", send: get("/missing", a()), want: allowed().by("a")},
		{law: "allow_missing: a good one of another provider passes", send: get("/missing", b()), want: untouched(without("x-b-token")).by("b")},
		{law: "allow_missing: two credentials for one provider are refused", send: get("/missing", a(), a()), want: malformed("several_credentials")},
		{law: "allow_missing: a bad one is refused", send: get("/missing", a(at("exp", -3600))), want: invalid("expired")},
		{law: "allow_missing: a bad one beside a good one is refused", send: get("/missing", a(at("exp", -3600)), b()), want: invalid("expired")},
		{law: "allow_missing: a good one beside a bad one is refused", send: get("/missing", a(), b(segment(2, flipped))), want: invalid("bad_signature")},
		{law: "allow_missing: an unknown issuer is no missing credential", send: get("/missing", a(claim("iss", "https://c.test"))), want: invalid("issuer_unknown")},
		{law: "allow_missing: a malformed token is no missing credential", send: get("/missing", line("authorization", "Bearer abc")), want: invalid("token_malformed")},
		{law: "allow_missing: another scheme is no missing credential", send: get("/missing", line("authorization", "Basic YTpi")), want: missing("unsupported_scheme")},
		{law: "allow_missing: a scheme without a token is no missing credential", send: get("/missing", line("authorization", "Bearer")), want: invalid("token_malformed")},

		{law: "allow_missing_or_failed: none passes", send: get("/failed"), want: untouched()},
		{law: "allow_missing_or_failed: a good one passes", send: get("/failed", a()), want: allowed().by("a")},
		{law: "allow_missing_or_failed: a bad one passes as nobody", send: get("/failed", a(segment(2, flipped))), want: untouched()},

		{law: "nested: all of the inner requires_all pass", send: get("/nested", a(), b()), want: allowed(without("x-b-token"))},
		{law: "nested: the other branch passes", send: get("/nested", b(claim("aud", "special"))), want: untouched(without("x-b-token")).by("b")},
		{law: "nested: half of the inner and nothing of the other is refused", send: get("/nested", a()), want: missing("missing")},
		{law: "nested: a token that fits neither branch is refused", send: get("/nested", b()), want: invalid("audience_mismatch")},

		{law: "requirement_name: its token passes", send: get("/named", a()), want: allowed().by("a")},
		{law: "requirement_name: none is missing", send: get("/named"), want: missing("missing")},
		{law: "a rule without requirement lets all pass", send: get("/open"), want: untouched()},
		{law: "a rule without requirement reads no token", send: get("/open", a(at("exp", -3600))), want: untouched()},
		{law: "what no rule matches is denied", send: get("/other", a()), want: denied("no_rule")},
	},
}

// a is a token of provider a, b one of provider b.
func a(mods ...mod) build { return bearer(append([]mod{claim("iss", "https://a.test")}, mods...)...) }

func b(mods ...mod) build {
	return tokenIn("x-b-token", "", append([]mod{by("p256"), claim("iss", "https://b.test")}, mods...)...)
}
