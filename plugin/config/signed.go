package config

import (
	"github.com/postern-wasm/postern/plugin/effect"
	"github.com/postern-wasm/postern/plugin/jsonx"
	"github.com/postern-wasm/postern/plugin/verify/signed"
)

// Bounds and defaults of signed requests.
const (
	defaultTolerance, maxTolerance = 300 * second, day
	defaultBody, maxBody           = 1 << 20, 64 << 20
	// maxSignedKeys bounds the keys of a provider whose requests name theirs.
	maxSignedKeys = 1000
)

// SignedRequest is what a provider of signed requests asks.
type SignedRequest struct {
	// Verify is the verifier's share.
	Verify signed.Config
	// Traits are the scheme's.
	Traits signed.Traits
	// Replay says whether a request may come twice.
	Replay Replay
	// MaxBytes is the longest body that is taken.
	MaxBytes int64
	// Stream passes a body on while its signed digest is computed, but for the end (body
	// mode digest).
	Stream bool
	// BeforeUpstream says that the host holds the body back by itself until it is judged,
	// and does not deliver it while the headers are held (body.delivery).
	BeforeUpstream bool
}

// Replay is a provider's replay.
type Replay struct {
	// By is what tells a request from others.
	By ReplayBy
	// Required says that a request without it is refused.
	Required bool
	// Capacity is how many requests of one key are remembered; 0 is the store's default.
	Capacity int
}

// ReplayBy is what tells a request from others.
type ReplayBy uint8

// The ways.
const (
	// ReplayOff: a request may come again.
	ReplayOff ReplayBy = iota
	// ReplayNonce: by the signed nonce.
	ReplayNonce
	// ReplaySignature: by what was signed.
	ReplaySignature
	// ReplayID: by the message's id, whenever it was signed.
	ReplayID
)

// signedCommon is what a provider of signed requests says whatever its scheme. The scheme's
// reader gets what has been read, and says what follows for the keys.
type signedCommon struct {
	// Algorithms are those of require.algorithms; 0 if none are listed. HS2019 says that
	// "hs2019" is among the names, which stands for no algorithm of its own.
	Algorithms signed.Set
	HS2019     bool
	// Components are those of require.components, if HasComponents: they replace the
	// scheme's own.
	Components    []string
	HasComponents bool
	// Body, Created and Nonce are require.body, .created and .nonce; nil where not said.
	Body, Created, Nonce *bool
	// BaseURL is public_base_url, NotificationURL notification_url; "" where not said.
	BaseURL, NotificationURL string
	// Tolerance in nanoseconds; a scheme with a default of its own sets it unless
	// HasTolerance.
	Tolerance    int64
	HasTolerance bool

	// SecretForm is how the vendor writes secrets and PublicForm how public keys. The
	// scheme's reader sets them.
	SecretForm secretForm
	PublicForm publicForm
	// OneAlgorithm says that each key must be good for one algorithm only, since requests
	// need not name one. TakesHS2019 says that HS2019 has been looked at.
	OneAlgorithm, TakesHS2019 bool
	// CheckKey, if not nil, is asked about each key. A public key may then leave out its id:
	// it is its thumbprint (RFC 7638).
	CheckKey func(*signed.Key) error
}

// schemes are the members of which a provider of signed requests has exactly one.
var schemes = []string{"preset", "template", "http_message_signatures", "sigv4", "cavage", "signed_url", "aliyun"}

// scheme reads the scheme; nil if it has been reported.
func (b *builder) scheme(name string, v value, c *signedCommon) signed.Scheme {
	switch name {
	case "":
	case "preset":
		return b.preset(v, c)
	case "template":
		return b.template(v, c)
	case "cavage":
		return b.cavage(v, c)
	case "sigv4":
		return b.sigv4(v, c)
	case "http_message_signatures":
		return b.httpMessageSignatures(v, c)
	case "signed_url":
		return b.signedURL(v, c)
	case "aliyun":
		return b.aliyun(v, c)
	default:
		v.fail("is not supported by this version")
	}
	return nil
}

// signedProvider reads a provider whose requests are signed.
func (b *builder) signedProvider(i int, p *Provider, e *effect.Provider, v value) {
	o := v.object()
	c := &signedCommon{Tolerance: defaultTolerance}
	tolerance := o.get("tolerance")
	c.Tolerance, c.HasTolerance = tolerance.duration(defaultTolerance, 0, maxTolerance), !tolerance.absent()
	c.BaseURL, c.NotificationURL = baseURL(o.get("public_base_url")), baseURL(o.get("notification_url"))
	require := o.get("require")
	signedRequire(c, require.object())
	keys, replay, body := o.need("keys"), o.get("replay"), o.get("body")
	s := &SignedRequest{}
	p.Signed = s
	identityHeader(&e.ClientHeader, o.get("client_id_header"))
	identityHeader(&e.KeyIDHeader, o.get("key_id_header"))
	if e.ClientHeader != "" && e.ClientHeader == e.KeyIDHeader {
		o.get("key_id_header").fail("is client_id_header already")
	}
	name, member := o.onlyNeed(schemes...)
	before := b.out.count()
	scheme := b.scheme(name, member, c)
	o.close()
	if scheme == nil {
		if name != "" && b.out.count() == before {
			member.fail("cannot be used") // a scheme's reader reports what is wrong
		}
		return
	}
	if c.HS2019 && !c.TakesHS2019 {
		require.fail(`"hs2019" is no algorithm of this scheme`)
	}
	s.Traits = scheme.Traits()
	s.Verify = signed.Config{Provider: i, Scheme: scheme, Algorithms: s.Traits.Algorithms, Tolerance: c.Tolerance}
	if c.Algorithms != 0 {
		s.Verify.Algorithms &= c.Algorithms
		if s.Verify.Algorithms == 0 {
			require.fail("the scheme takes none of these algorithms")
			return
		}
	}
	b.signedReplay(s, replay)
	signedBody(s, c, body)
	if s.BeforeUpstream && (e.ClientHeader != "" || e.KeyIDHeader != "") {
		body.fail("where the headers go on before the body is judged, no header can be written afterwards")
	}
	b.signedKeys(s, c, keys)
}

// signedRequire reads require.
func signedRequire(c *signedCommon, o *object) {
	components := o.get("components")
	c.Components, c.HasComponents = components.words(), !components.absent()
	for _, v := range o.get("algorithms").list() {
		name := v.word()
		if name == "" {
			continue
		}
		a := signed.ParseAlgorithm(name)
		switch {
		case name == "hs2019":
			c.HS2019 = true
		case a == signed.NoAlgorithm || a == signed.RSASHA1 || a == signed.MD5Text:
			v.fail("no algorithm ", quote(name), v.out.suggest(name, signedAlgorithms()))
		default:
			c.Algorithms |= signed.SetOf(a)
		}
	}
	c.Body, c.Created, c.Nonce = o.get("body").maybe(), o.get("created").maybe(), o.get("nonce").maybe()
	o.close()
}

func signedAlgorithms() []string {
	var names []string
	for a := signed.HMACSHA1; a < signed.RSASHA1; a++ {
		names = append(names, a.String())
	}
	return names
}

// maybe returns a boolean, nil if there is none.
func (v value) maybe() *bool {
	if v.absent() {
		return nil
	}
	b := v.boolean(false)
	return &b
}

// baseURL returns an absolute URL without user information, query or fragment, but for a
// notification's, which may have a query. Nothing of it is quoted: there may be a password.
func baseURL(v value) string {
	s := v.text("")
	if v.absent() || v.json.Kind() != jsonx.String {
		return ""
	}
	var rest string
	switch {
	case len(s) > 8 && s[:8] == "https://":
		rest = s[8:]
	case len(s) > 7 && s[:7] == "http://":
		rest = s[7:]
	default:
		v.fail("want an absolute URL such as \"https://hooks.example.com\"")
		return ""
	}
	authority := true
	for i := 0; i < len(rest); i++ {
		c := rest[i]
		authority = authority && c != '/' && c != '?'
		if c <= ' ' || c >= 0x7f || c == '#' || c == '\\' || authority && c == '@' || i == 0 && !authority {
			v.fail("want an absolute URL without user information or fragment")
			return ""
		}
	}
	return s
}

func identityHeader(to *string, v value) {
	if !v.absent() {
		*to = outputHeader(v)
	}
}

func signedBody(s *SignedRequest, c *signedCommon, v value) {
	o := v.object()
	mode, stream, delivery := o.get("mode"), o.get("stream"), o.get("delivery")
	s.Verify.Body = signed.BodyMode(mode.choice("hold", "digest", "reject"))
	covers := s.Traits.MayCover || s.Traits.Body != signed.BodyUnused
	if mode.absent() && !covers && (c.Body == nil || *c.Body) {
		s.Verify.Body = signed.BodyReject // a body would be anybody's
	}
	s.MaxBytes = o.get("max_bytes").integer(defaultBody, 0, maxBody)
	s.Stream = stream.boolean(false)
	s.BeforeUpstream = delivery.choice("while_paused", "before_upstream") == 1
	o.close()
	if s.Verify.Body == signed.BodyDigest && !s.Traits.MayCover {
		mode.fail("requests of this scheme carry no digest") // of which none would pass
	}
	if s.Stream && s.Verify.Body != signed.BodyDigest {
		stream.fail("needs the mode \"digest\"")
	}
	if s.Stream && s.BeforeUpstream {
		stream.fail("means nothing where the host holds bodies back by itself")
	}
}

func (b *builder) signedReplay(s *SignedRequest, v value) {
	o := v.object()
	by, capacity := o.get("by"), o.get("capacity")
	switch {
	case !by.absent():
		s.Replay.By = ReplayBy(by.choice("off", "nonce", "signature", "id"))
		s.Replay.Required = true
	case s.Traits.Nonce:
		s.Replay.By = ReplayNonce
	}
	s.Replay.Capacity = int(capacity.integer(0, 1, 1<<20))
	o.close()
	switch {
	case s.Replay.By == ReplayNonce && !s.Traits.Nonce:
		by.fail("requests of this scheme carry no nonce")
	case s.Replay.By == ReplaySignature && !s.Traits.Timed:
		by.fail("requests of this scheme carry no signed time, so that none can be forgotten; \"id\" remembers ids for the tolerance")
	case s.Replay.By == ReplayID && !s.Traits.MessageID:
		by.fail("requests of this scheme carry no id")
	case s.Replay.By == ReplayID && !s.Traits.IDSigned:
		by.warn("the id is not signed: whoever sends a request again can give it another")
	case s.Replay.By == ReplayOff && !capacity.absent():
		capacity.warn("means nothing: replay is off")
	}
	s.Verify.Every = s.Replay.By != ReplayOff
	s.Verify.NeedsText = s.Replay.By == ReplaySignature
	s.Verify.TextOnly = s.Verify.NeedsText && !s.Traits.OneSigner()
}
