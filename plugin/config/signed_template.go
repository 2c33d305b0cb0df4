package config

import (
	"strings"

	"github.com/postern-wasm/postern/plugin/jsonx"
	"github.com/postern-wasm/postern/plugin/verify/signed"
	"github.com/postern-wasm/postern/plugin/verify/signed/template"
)

// preset reads the name of a preset, which is a template and nothing more.
func (b *builder) preset(v value, c *signedCommon) signed.Scheme {
	name := v.word()
	if name == "" {
		return nil
	}
	p, ok := template.Find(name)
	if !ok {
		v.fail("no preset ", quote(name), v.out.suggest(name, presetNames()))
		return nil
	}
	root, err := jsonx.Read([]byte(p.Template), jsonx.Limits{MaxBytes: MaxBytes, MaxDepth: maxDepth})
	if err != nil {
		v.fail(err.Error()) // a preset of ours that is no JSON: its test does not pass
		return nil
	}
	// What is odd about it is the vendor's choice, and no news to whoever receives it.
	out := &findings{}
	s := b.templateOf(value{json: root, at: v.at, out: out}, c)
	for _, e := range out.errors {
		v.out.fail(e.Path, e.Text)
	}
	return s
}

func presetNames() []string {
	var names []string
	for _, p := range template.Presets() {
		names = append(names, p.Name)
	}
	return names
}

// Preset returns the template that a preset stands for, as JSON, and the page of its vendor.
func Preset(name string) (text, source string, ok bool) {
	p, ok := template.Find(name)
	return p.Template, p.Source, ok
}

// template reads a template.
func (b *builder) template(v value, c *signedCommon) signed.Scheme { return b.templateOf(v, c) }

// templateOf reads a template; nil, as an interface, if it has been reported.
func (b *builder) templateOf(v value, c *signedCommon) signed.Scheme {
	before := v.out.count()
	o := v.object()
	cfg := template.Config{WholeURL: c.NotificationURL, PublicBase: c.BaseURL, Challenge: o.get("challenge").word()}
	algorithm := templateAlgorithm(o.get("algorithm"))
	cfg.Signatures = templateSignatures(o.need("signature"), algorithm)
	cfg.KeyID = o.get("key_id").location(nil)
	templateTimestamp(o.get("timestamp"), &cfg, c)
	cfg.Nonce = o.get("nonce").location(nil)
	cfg.ID = o.get("id").location(nil)
	templateDigest(o.get("digest"), &cfg)
	templateSigned(o.get("signed_headers"), &cfg)
	base := o.need("base")
	cfg.Bases = base.wordOrWords()
	if public := baseURL(o.get("public_base_url")); public != "" {
		cfg.PublicBase = public
	}
	if whole := baseURL(o.get("notification_url")); whole != "" {
		cfg.WholeURL = whole
	}
	c.SecretForm = secretForm(o.get("secret_form").choice("text", "base64", "whsec", "hex", "base64url"))
	c.PublicForm = publicForm(o.get("public_key_form").choice("none", "ed25519_hex", "ed25519_whpk", "spki_base64"))
	templateRequire(v, &cfg, c)
	o.close()
	if v.out.count() > before {
		return nil
	}
	s, problems := template.New(cfg)
	for _, p := range problems {
		at := v
		if p.Member != "" {
			at = o.get(p.Member)
		}
		switch {
		case p.Warning:
			at.warn(p.Text)
		case p.Word != "":
			at.fail(p.Text, v.out.suggest(p.Word, template.Pieces()))
		default:
			at.fail(p.Text)
		}
	}
	if s == nil {
		return nil
	}
	return s
}

// templateRequire applies what the provider requires.
func templateRequire(v value, cfg *template.Config, c *signedCommon) {
	if c.HasComponents {
		if cfg.Signed.Place == template.Nowhere {
			v.fail("what its requests sign is its base; require.components is for schemes whose requests list it")
		}
		cfg.Required = c.Components
	}
	cfg.BodyFree = c.Body != nil && !*c.Body
	if c.Created != nil && *c.Created && cfg.Timestamp.Place == template.Nowhere {
		v.fail("has no timestamp, which require.created asks for")
	}
	if c.Nonce != nil {
		if *c.Nonce && cfg.Nonce.Place == template.Nowhere {
			v.fail("has no nonce, which require.nonce asks for")
		}
		cfg.Nonce.Optional = !*c.Nonce
	}
}

// templateAlgorithm reads the name of an algorithm.
func templateAlgorithm(v value) signed.Algorithm {
	name := v.word()
	if name == "" {
		return signed.NoAlgorithm
	}
	a := signed.ParseAlgorithm(name)
	if a == signed.NoAlgorithm || a == signed.RSASHA1 || a == signed.MD5Text {
		v.fail("no algorithm ", quote(name), v.out.suggest(name, signedAlgorithms()))
	}
	return a
}

// templateSignatures reads one place of signatures or a list of them, each of which may
// have an algorithm of its own.
func templateSignatures(v value, algorithm signed.Algorithm) []template.Signature {
	list := []value{v}
	if v.json.Kind() == jsonx.Array {
		list = v.list()
	}
	signatures := make([]template.Signature, 0, len(list))
	for _, w := range list {
		if w.absent() {
			continue
		}
		s := template.Signature{Algorithm: algorithm}
		o := w.object()
		s.Location = location(o)
		s.Encoding = encoding(o.get("encoding"))
		if own := o.get("algorithm"); !own.absent() {
			s.Algorithm = templateAlgorithm(own)
		}
		o.close()
		if s.Algorithm == signed.NoAlgorithm {
			w.fail("needs an algorithm: its own, or the template's")
		}
		signatures = append(signatures, s)
	}
	return signatures
}

func encoding(v value) template.Encoding {
	return template.Encoding(v.choice("hex", "base64", "base64url"))
}

// templateTimestamp reads where the time of signing stands. Its tolerance is what the
// provider has unless it says another.
func templateTimestamp(v value, cfg *template.Config, c *signedCommon) {
	cfg.Timestamp = v.location(func(o *object) {
		cfg.Format = template.Format(o.get("format").choice("unix", "unix_ms", "rfc3339", "http_date"))
		if tolerance := o.get("tolerance").duration(c.Tolerance, 0, maxTolerance); !c.HasTolerance {
			c.Tolerance = tolerance
		}
	})
}

func templateDigest(v value, cfg *template.Config) {
	cfg.Digest = v.location(func(o *object) {
		hash := o.get("hash")
		cfg.DigestHash = template.HashOf("sha256")
		if name := hash.word(); name != "" {
			if cfg.DigestHash = template.HashOf(name); cfg.DigestHash == 0 {
				hash.fail("no hash ", quote(name), v.out.suggest(name, []string{"sha1", "sha256", "sha384", "sha512"}))
			}
		}
		cfg.DigestEncoding = encoding(o.get("encoding"))
	})
}

func templateSigned(v value, cfg *template.Config) {
	cfg.Signed = v.location(func(o *object) {
		cfg.SignedSeparator = o.get("separator").text(";")
		cfg.Required = o.get("required").words()
	})
}

// location reads where a text stands; more reads what its object has besides. Absent it is
// nowhere.
func (v value) location(more func(*object)) template.Location {
	if v.absent() {
		return template.Location{}
	}
	o := v.object()
	l := location(o)
	if more != nil {
		more(o)
	}
	o.close()
	return l
}

// location reads the members that all places have.
func location(o *object) template.Location {
	l := template.Location{
		Prefix:         o.get("prefix").text(""),
		PrefixOptional: o.get("prefix_optional").boolean(false),
		Optional:       o.get("optional").boolean(false),
		Last:           o.get("last").boolean(false),
	}
	if list := o.get("list"); !list.absent() {
		lo := list.object()
		l.Separator, l.KeyValue, l.Field = lo.need("separator").word(), lo.need("key_value").word(), lo.need("field").word()
		lo.close()
	}
	name, v := o.onlyNeed("header", "query", "cookie", "parameter", "body_member")
	switch name {
	case "header":
		l.Place = template.InHeader
		for _, header := range v.wordOrWords() {
			l.Names = append(l.Names, strings.ToLower(header))
		}
		return l
	case "query":
		l.Place = template.InQuery
	case "cookie":
		l.Place = template.InCookie
	case "parameter":
		l.Place = template.InParameters
	case "body_member":
		l.Place = template.InMember
	}
	if name != "" {
		l.Names = []string{v.word()}
	}
	return l
}

// wordOrWords returns a string, or a list of them.
func (v value) wordOrWords() []string {
	if v.json.Kind() == jsonx.Array {
		return v.words()
	}
	if s := v.word(); s != "" {
		return []string{s}
	}
	return nil
}
