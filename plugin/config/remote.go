package config

import (
	"strings"

	"github.com/postern-wasm/postern/plugin/jsonx"
	"github.com/postern-wasm/postern/plugin/jwks"
	"github.com/postern-wasm/postern/plugin/request"
)

// remoteSets gathers the distinct remote key sets.
type remoteSets struct {
	b *builder
	// paths are where each set of Config.Remote was first named.
	paths []string
}

const (
	// maxTimeout of one fetch; a request may wait for as long.
	maxTimeout = 10 * minute
	// maxLifetime of a set: a century, which jwt_authn's users write for "never".
	maxLifetime = 36500 * day
)

// read reads a RemoteJwks with the extensions of the documentation.
func (s *remoteSets) read(p *Provider, v value) {
	o := v.object()
	c := jwks.Config{}
	u := o.need("http_uri").object()
	uri, cluster := u.need("uri"), u.need("cluster")
	c.URI, c.Cluster = checkURI(uri), cluster.word()
	c.Timeout = u.get("timeout").duration(5*second, millisecond, maxTimeout)
	u.close()
	s.b.fetching(&c, p, o)
	p.Remote = s.add(c, v)
}

// fetching reads how a set is fetched and kept, wherever it is.
func (b *builder) fetching(c *jwks.Config, p *Provider, o *object) {
	c.Use = useOf(&p.JWT)
	c.CacheDuration = o.get("cache_duration").duration(600*second, millisecond, maxLifetime)
	async := o.get("async_fetch").object()
	// Fetching ahead is what this module always does; a listener cannot be held back by it.
	async.get("fast_listener").boolean(false)
	c.FailedRefetch = async.get("failed_refetch_duration").duration(second, millisecond, hour)
	async.close()
	retry(c, o.get("retry_policy"))
	p.RefetchUnknownKid = unknownKid(c, o.get("refetch_on_unknown_kid"))
	c.StaleIfError = o.get("stale_if_error").duration(hour, 0, 30*day)
	c.HonorCacheControl = o.get("honor_cache_control").boolean(true)
	c.MaxBytes = int(o.get("max_bytes").integer(64<<10, 256, 1<<20))
	c.MaxKeys = int(o.get("max_keys").integer(64, 1, 1000))
	p.OnUnavailable = jwks.Unavailable(o.get("on_unavailable").choice("deny_503", "deny_401", "allow"))
	if p.OnUnavailable == jwks.Allow {
		o.get("on_unavailable").warn("requests pass without a credential while the key set cannot be fetched")
	}
	if b.cfg.Compat {
		authnFetching(c, p, o, async.there)
	}
	o.close()
}

// add returns the set's index. Providers that name the same cluster and URI share one
// set, fetched as often as the most eager of them asks and kept as long as the most
// careful allows, so that none gets less than it would have alone.
func (s *remoteSets) add(c jwks.Config, v value) int {
	remote := &s.b.cfg.Remote
	for i := range *remote {
		have := &(*remote)[i]
		if have.Cluster != c.Cluster || have.URI != c.URI || have.OtherURI != c.OtherURI || have.Issuer != c.Issuer || have.Use != c.Use {
			continue
		}
		if *have != c {
			v.warn("shares its key set with ", s.paths[i], " and differs in how it is fetched: the shorter times and the larger bounds count")
		}
		merge(have, &c)
		return i
	}
	*remote = append(*remote, c)
	s.paths = append(s.paths, v.path())
	return len(*remote) - 1
}

func merge(have, c *jwks.Config) {
	have.Timeout = max(have.Timeout, c.Timeout)
	have.CacheDuration = min(have.CacheDuration, c.CacheDuration)
	have.HonorCacheControl = have.HonorCacheControl && c.HonorCacheControl
	have.MaxBytes = max(have.MaxBytes, c.MaxBytes)
	have.MaxKeys = max(have.MaxKeys, c.MaxKeys)
	have.FailedRefetch = min(have.FailedRefetch, c.FailedRefetch)
	have.Retries = max(have.Retries, c.Retries)
	have.RetryBase, have.RetryMax = min(have.RetryBase, c.RetryBase), min(have.RetryMax, c.RetryMax)
	have.RetryOn |= c.RetryOn
	have.StaleIfError = min(have.StaleIfError, c.StaleIfError)
	if have.UnknownKidInterval == 0 || c.UnknownKidInterval != 0 && c.UnknownKidInterval < have.UnknownKidInterval {
		have.UnknownKidInterval = c.UnknownKidInterval
	}
	have.UnknownKidWait = max(have.UnknownKidWait, c.UnknownKidWait)
}

// unknownKid reads refetch_on_unknown_kid: false, true or its two durations.
func unknownKid(c *jwks.Config, v value) bool {
	const interval, wait = 30 * second, 2 * second
	if !v.absent() && v.json.Kind() != jsonx.Object {
		if !v.boolean(true) {
			return false
		}
		c.UnknownKidInterval, c.UnknownKidWait = interval, wait
		return true
	}
	o := v.object()
	c.UnknownKidInterval = o.get("min_interval").duration(interval, second, day)
	c.UnknownKidWait = o.get("wait").duration(wait, 0, 60*second)
	o.close()
	return true
}

// checkURI returns an absolute http or https URI, or "" once it has reported what is
// wrong.
func checkURI(v value) string {
	s := v.word()
	if s == "" {
		return ""
	}
	if why := notURI(s); why != "" {
		v.fail(why)
		return ""
	}
	return s
}

// notURI says why a text is not an absolute http or https URI (RFC 9110 §4.2); "" if it
// is. A credential in it would end in logs: RFC 9110 §4.2.4.
func notURI(s string) string {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c <= ' ' || c >= 0x7f || strings.IndexByte("\"<>\\^`{|}", c) >= 0 {
			return "must be an ASCII URI without spaces and control characters"
		}
	}
	scheme, rest, ok := strings.Cut(s, "://")
	if scheme = strings.ToLower(scheme); !ok || scheme != "https" && scheme != "http" {
		return "want an absolute URI, http://... or https://..."
	}
	if strings.Contains(rest, "#") {
		return "must not have a fragment"
	}
	authority := rest
	if i := strings.IndexAny(rest, "/?"); i >= 0 {
		authority = rest[:i]
	}
	if strings.Contains(authority, "@") {
		return "must not have user information"
	}
	host := authority
	if i := strings.LastIndexByte(authority, ':'); i > strings.LastIndexByte(authority, ']') {
		host = authority[:i]
		if n, fits, ok := whole(authority[i+1:]); !ok || !fits || n < 1 || n > 65535 {
			return "has no port after ':'"
		}
	}
	if host == "" {
		return "has no host"
	}
	if _, ok := request.AppendDecoded(nil, s); !ok {
		return "has a malformed percent-encoding"
	}
	return ""
}
