package httpsig_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/verify/signed"
	"github.com/postern-wasm/postern/plugin/verify/signed/httpsig"
)

// full covers what has to be covered unless the configuration says otherwise.
const full = `("@method" "@authority" "@path" "@query" "content-digest")`

// fullBase is the text of full for [post].
func fullBase(digest string) string {
	return "\"@method\": POST\n\"@authority\": example.com\n\"@path\": /foo\n\"@query\": ?param=Value&Pet=dog\n\"content-digest\": " + digest + "\n"
}

// goodPost is a request that any provider of the key takes.
func goodPost(k keyPair) message {
	return post().signed(k, full+`;created=1767225595;keyid="`+k.id+`"`, fullBase(sha256Digest(post().body)))
}

// TestEveryAlgorithm: each of RFC 9421 §3.3, with the algorithm told and left to the key.
func TestEveryAlgorithm(t *testing.T) {
	keys := keyring(t)
	var all []*signed.Key
	for _, k := range keys {
		all = append(all, k.key)
	}
	p := provider(t, httpsig.Config{}, all...)
	for _, k := range keys {
		expect(t, k.id, judge(t, p, goodPost(k), now), reason.OK)
		told := full + `;created=1767225595;keyid="` + k.id + `";alg="` + k.alg.String() + `"`
		got := judge(t, p, post().signed(k, told, fullBase(sha256Digest(post().body))), now)
		expect(t, k.id+", told", got, reason.OK)
		if got.key != k.id {
			t.Errorf("%s is proved by %s", k.id, got.key)
		}
		// D-03: any other algorithm than the key's own.
		for _, other := range keys {
			if other.id == k.id {
				continue
			}
			lied := full + `;created=1767225595;keyid="` + k.id + `";alg="` + other.alg.String() + `"`
			expect(t, k.id+" as "+other.id, judge(t, p, post().signed(other, lied, fullBase(sha256Digest(post().body))), now), reason.SignatureInvalid)
			silent := full + `;created=1767225595;keyid="` + k.id + `"`
			expect(t, k.id+" signed by "+other.id, judge(t, p, post().signed(other, silent, fullBase(sha256Digest(post().body))), now), reason.SignatureInvalid)
		}
	}
}

// TestParameters: RFC 9421 §2.3 (D-02, D-03, P-04).
func TestParameters(t *testing.T) {
	k := keyring(t)[0]
	for _, c := range []struct {
		law, params string
		want        reason.Code
		edit        func(*httpsig.Config)
	}{
		{law: "created and keyid", params: `;created=1767225595;keyid="shared"`},
		{law: "in another order, with spaces", params: `;  keyid="shared"; created=1767225595`},
		{law: "parameters of other names are signed and mean nothing", params: `;created=1767225595;keyid="shared";x-y=(1)`, want: reason.SignatureMalformed},
		{law: "a parameter of another name", params: `;created=1767225595;keyid="shared";x-y=1;z`},
		{law: "no keyid: any key of the provider", params: `;created=1767225595`},
		{law: "an escape in keyid", params: `;created=1767225595;keyid="sh\"ared"`, want: reason.SignatureInvalid},
		{law: "an unknown key", params: `;created=1767225595;keyid="other"`, want: reason.SignatureInvalid},
		{law: "keyid in other case", params: `;created=1767225595;keyid="Shared"`, want: reason.SignatureInvalid},
		{law: "an empty keyid (B-15)", params: `;created=1767225595;keyid=""`, want: reason.SignatureMalformed},
		{law: "keyid as a token", params: `;created=1767225595;keyid=shared`, want: reason.SignatureMalformed},
		{law: "keyid twice", params: `;created=1767225595;keyid="other";keyid="shared"`, want: reason.SignatureMalformed},
		{law: "a long keyid", params: `;created=1767225595;keyid="` + strings.Repeat("k", 257) + `"`, want: reason.SignatureMalformed},
		{law: "no created (D-02)", params: `;keyid="shared"`, want: reason.TimestampMissing},
		{law: "no created where none is asked for", params: `;keyid="shared"`, edit: func(c *httpsig.Config) { c.CreatedOptional = true }},
		{law: "created as a string (D-02)", params: `;created="1767225595";keyid="shared"`, want: reason.TimestampMalformed},
		{law: "created as a decimal (D-02)", params: `;created=1767225595.0;keyid="shared"`, want: reason.TimestampMalformed},
		{law: "created as a date", params: `;created=@1767225595;keyid="shared"`, want: reason.TimestampMalformed},
		{law: "created as a flag", params: `;created;keyid="shared"`, want: reason.TimestampMalformed},
		{law: "created below zero", params: `;created=-1;keyid="shared"`, want: reason.TimestampMalformed},
		{law: "created twice", params: `;created=1;created=1767225595;keyid="shared"`, want: reason.SignatureMalformed},
		{law: "created at the tolerance's start", params: `;created=1767225300;keyid="shared"`},
		{law: "created before it", params: `;created=1767225299;keyid="shared"`, want: reason.SignatureExpired},
		{law: "created at its end", params: `;created=1767225900;keyid="shared"`},
		{law: "created behind it (D-02)", params: `;created=1767225901;keyid="shared"`, want: reason.SignatureInFuture},
		{law: "created in milliseconds", params: `;created=1767225595000;keyid="shared"`, want: reason.SignatureInFuture},
		{law: "created as late as can be written", params: `;created=999999999999999;keyid="shared"`, want: reason.SignatureInFuture},
		{law: "expires to come", params: `;created=1767225595;expires=1767225700;keyid="shared"`},
		{law: "expires now", params: `;created=1767225595;expires=1767225600;keyid="shared"`},
		{law: "expired, by no tolerance", params: `;created=1767225595;expires=1767225599;keyid="shared"`, want: reason.SignatureExpired},
		{law: "expires before created (D-02)", params: `;created=1767225595;expires=1767225594;keyid="shared"`, want: reason.TimestampMalformed},
		{law: "expires as a decimal (D-02)", params: `;created=1767225595;expires=1767225700.5;keyid="shared"`, want: reason.TimestampMalformed},
		{law: "expires as late as can be written", params: `;created=1767225595;expires=999999999999999;keyid="shared"`},
		{law: "a distant end does not make created younger", params: `;created=1767225000;expires=1767999999;keyid="shared"`, want: reason.SignatureExpired},
		{law: "expires at zero, without created", params: `;expires=0;keyid="shared"`, want: reason.SignatureExpired, edit: func(c *httpsig.Config) { c.CreatedOptional = true }},
		{law: "an unknown alg", params: `;created=1767225595;keyid="shared";alg="hmac-sha512"`, want: reason.AlgorithmNotAllowed},
		{law: "alg of another spelling", params: `;created=1767225595;keyid="shared";alg="HMAC-SHA256"`, want: reason.AlgorithmNotAllowed},
		{law: "an empty alg", params: `;created=1767225595;keyid="shared";alg=""`, want: reason.AlgorithmNotAllowed},
		{law: "no algorithm", params: `;created=1767225595;keyid="shared";alg="none"`, want: reason.AlgorithmNotAllowed},
		{law: "alg as a token", params: `;created=1767225595;keyid="shared";alg=hmac-sha256`, want: reason.SignatureMalformed},
		{law: "alg twice", params: `;created=1767225595;keyid="shared";alg="ed25519";alg="hmac-sha256"`, want: reason.SignatureMalformed},
		{law: "a nonce", params: `;created=1767225595;keyid="shared";nonce="b\"3k"`},
		{law: "an empty nonce (P-04)", params: `;created=1767225595;keyid="shared";nonce=""`, want: reason.NonceMissing},
		{law: "a nonce of 10 KB (P-04)", params: `;created=1767225595;keyid="shared";nonce="` + strings.Repeat("n", 10<<10) + `"`, want: reason.SignaturesTooMany},
		{law: "a nonce that is bytes", params: `;created=1767225595;keyid="shared";nonce=:YQ==:`, want: reason.SignatureMalformed},
		{law: "no nonce where one is needed", params: `;created=1767225595;keyid="shared"`, want: reason.NonceMissing, edit: func(c *httpsig.Config) { c.NeedsNonce = true }},
		{law: "a nonce where one is needed", params: `;created=1767225595;keyid="shared";nonce="n"`, edit: func(c *httpsig.Config) { c.NeedsNonce = true }},
		{law: "the tag that is asked for", params: `;created=1767225595;keyid="shared";tag="app"`, edit: func(c *httpsig.Config) { c.Tag = "app" }},
		{law: "another tag", params: `;created=1767225595;keyid="shared";tag="App"`, want: reason.SignerMismatch, edit: func(c *httpsig.Config) { c.Tag = "app" }},
		{law: "no tag", params: `;created=1767225595;keyid="shared"`, want: reason.SignerMismatch, edit: func(c *httpsig.Config) { c.Tag = "app" }},
		{law: "two tags", params: `;created=1767225595;keyid="shared";tag="b";tag="app"`, want: reason.SignerMismatch, edit: func(c *httpsig.Config) { c.Tag = "app" }},
		{law: "the tag as a token", params: `;created=1767225595;keyid="shared";tag=app`, want: reason.SignerMismatch, edit: func(c *httpsig.Config) { c.Tag = "app" }},
		{law: "a tag that nobody asks for", params: `;created=1767225595;keyid="shared";tag="app"`},
	} {
		cfg := httpsig.Config{}
		if c.edit != nil {
			c.edit(&cfg)
		}
		p := provider(t, cfg, k.key)
		m := post().signed(k, full+c.params, fullBase(sha256Digest(post().body)))
		expect(t, c.law, judge(t, p, m, now), c.want)
	}
}

// TestCoverage: what must be covered is (D-01, D-10, Y-08, Y-09).
func TestCoverage(t *testing.T) {
	k := keyring(t)[0]
	body := post().body
	get := "\"@method\": GET\n\"@authority\": example.com\n\"@path\": /foo\n\"@query\": ?param=Value&Pet=dog\n"
	required := func(names ...string) func(*httpsig.Config) {
		return func(c *httpsig.Config) { c.Components = names }
	}
	for _, c := range []struct {
		law, list, base string
		want            reason.Code
		edit            func(*httpsig.Config)
		get             bool
	}{
		{law: "all that is required", list: full, base: fullBase(sha256Digest(body))},
		{law: "nothing (D-01)", list: `()`, want: reason.ComponentNotCovered, edit: required()},
		{law: "nothing, and the configuration lets it", list: `()`, get: true, edit: func(c *httpsig.Config) { c.Components, c.AllowEmpty = []string{}, true }},
		{law: "nothing, and the configuration lets it, with a body", list: `()`, want: reason.BodyNotCovered, edit: func(c *httpsig.Config) { c.Components, c.AllowEmpty = []string{}, true }},
		{law: "all but @query (D-01)", list: `("@method" "@authority" "@path" "content-digest")`, want: reason.ComponentNotCovered},
		{law: "a query parameter for the query", list: `("@method" "@authority" "@path" "@query-param";name="Pet" "content-digest")`, want: reason.ComponentNotCovered},
		{law: "@target-uri for its parts", list: `("@method" "@target-uri" "content-digest")`, want: reason.ComponentNotCovered},
		{law: "a body whose digest is not covered (Y-08)", list: `("@method" "@authority" "@path" "@query")`, base: strings.Replace(get, "GET", "POST", 1), want: reason.BodyNotCovered},
		{law: "the same, and the configuration lets it", list: `("@method" "@authority" "@path" "@query")`, base: strings.Replace(get, "GET", "POST", 1), edit: func(c *httpsig.Config) { c.BodyOptional = true }},
		{law: "no body, no digest", list: `("@method" "@authority" "@path" "@query")`, base: get, get: true},
		{law: "the digest, required where there is a body", list: `("@method")`, base: "\"@method\": GET\n", edit: required("@method", "content-digest"), get: true},
		{law: "the digest, required where there is a body, and there is", list: `("@method")`, base: "\"@method\": POST\n", edit: required("@method", "content-digest"), want: reason.BodyNotCovered},
		{law: "the digest, required whether or not", list: `("@method")`, base: "\"@method\": GET\n", get: true, want: reason.ComponentNotCovered, edit: func(c *httpsig.Config) { c.Components, c.BodyOptional = []string{"@method", "content-digest"}, true }},
		{law: "a field that is required", list: `("@method" "date" "content-digest")`, base: "\"@method\": POST\n\"date\": Tue, 20 Apr 2021 02:07:55 GMT\n\"content-digest\": " + sha256Digest(body) + "\n", edit: required("date")},
		{law: "a field that is required, as bytes", list: `("date";bs "content-digest")`, want: reason.ComponentNotCovered, edit: required("date")},
		{law: "a query parameter that is required", list: `("@query-param";name="Pet")`, base: "\"@query-param\";name=\"Pet\": dog\n", get: true, edit: required(`@query-param;name="Pet"`)},
		{law: "another query parameter", list: `("@query-param";name="param")`, base: "\"@query-param\";name=\"param\": Value\n", get: true, want: reason.ComponentNotCovered, edit: required(`@query-param;name="Pet"`)},
	} {
		cfg := httpsig.Config{}
		if c.edit != nil {
			c.edit(&cfg)
		}
		m := post()
		if c.get {
			m = post().bodiless()
			m.method = "GET"
		}
		expect(t, c.law, judge(t, provider(t, cfg, k.key), m.signed(k, c.list+params, c.base), now), c.want)
	}
}

// TestContentDigest: RFC 9530 (D-10, Y-08).
func TestContentDigest(t *testing.T) {
	k := keyring(t)[0]
	body := post().body
	weak := "md5=:QyJNmOJJYgDG0MLkHLUwtQ==:"
	other := strings.Replace(sha256Digest(body+" "), "sha-256", "sha-512", 1) // 32 bytes
	for _, c := range []struct {
		law, digest, body string
		want              reason.Code
	}{
		{"sha-256", sha256Digest(body), body, reason.OK},
		{"sha-512", sha512Digest(body), body, reason.OK},
		{"both", sha256Digest(body) + ", " + sha512Digest(body), body, reason.OK},
		{"a known one beside unknown ones", weak + ", " + sha512Digest(body) + ", x=1", body, reason.OK},
		{"parameters mean nothing", sha256Digest(body) + ";a=1", body, reason.OK},
		{"of an empty body", sha256Digest(""), "", reason.OK},
		{"another body (D-10)", sha256Digest(body), body + " ", reason.DigestMismatch},
		{"the body is gone", sha256Digest(body), "", reason.DigestMismatch},
		{"of the empty body while one follows", sha256Digest(""), body, reason.DigestMismatch},
		{"the first of two is wrong", sha256Digest("x") + ", " + sha512Digest(body), body, reason.DigestMismatch},
		{"the second of two is wrong", sha256Digest(body) + ", " + sha512Digest("x"), body, reason.DigestMismatch},
		{"md5 alone", weak, body, reason.DigestUnsupported},
		{"unknown ones alone", "sha-3=:YQ==:, unixsum=:YQ==:", body, reason.DigestUnsupported},
		{"a known one twice", sha256Digest("x") + ", " + sha256Digest(body), body, reason.DigestUnsupported},
		{"a known one twice, the same", sha256Digest(body) + ", " + sha256Digest(body), body, reason.DigestUnsupported},
		{"in upper case", strings.Replace(sha256Digest(body), "sha", "SHA", 1), body, reason.DigestUnsupported},
		{"bad base64", strings.Replace(sha256Digest(body), "=:", ":", 1), body, reason.DigestUnsupported},
		{"a string", `sha-256="abc"`, body, reason.DigestUnsupported},
		{"a key without a value", `sha-256`, body, reason.DigestUnsupported},
		{"no bytes", `sha-256=::`, body, reason.DigestUnsupported},
		{"bytes of another length", other, body, reason.DigestUnsupported},
		{"empty", "", body, reason.DigestUnsupported},
		{"no dictionary", "sha-256=", body, reason.DigestUnsupported},
	} {
		m := post().without("content-digest").with("content-digest", c.digest)
		m.body = c.body
		got := judge(t, provider(t, httpsig.Config{}, k.key), m.signed(k, full+params, fullBase(c.digest)), now)
		expect(t, c.law, got, c.want)
	}
	split := post().without("content-digest").with("content-digest", sha256Digest(body)).with("content-digest", sha512Digest("x"))
	joined := sha256Digest(body) + ", " + sha512Digest("x")
	expect(t, "two lines, one of them wrong", judge(t, provider(t, httpsig.Config{}, k.key), split.signed(k, full+params, fullBase(joined)), now), reason.DigestMismatch)
	changed := goodPost(k)
	changed.body += " "
	expect(t, "another body, where none has to be covered (D-10)", judge(t, provider(t, httpsig.Config{BodyOptional: true}, k.key), changed, now), reason.DigestMismatch)
	repr := post().without("content-digest").with("repr-digest", sha256Digest(body))
	list := `("@method" "@authority" "@path" "@query" "repr-digest")`
	base := strings.Replace(fullBase(sha256Digest(body)), `"content-digest"`, `"repr-digest"`, 1)
	expect(t, "Repr-Digest instead (Y-08)", judge(t, provider(t, httpsig.Config{}, k.key), repr.signed(k, list+params, base), now), reason.BodyNotCovered)
	for _, c := range []struct {
		law, id, value string
		want           reason.Code
	}{
		{"covered by its member", `"content-digest";key="sha-256"`, strings.TrimPrefix(sha256Digest(body), "sha-256="), reason.OK},
		{"covered by a member that is not known", `"content-digest";key="md5"`, ":YQ==:", reason.BodyNotCovered},
		{"covered as bytes", `"content-digest";bs`, ":" + base64.StdEncoding.EncodeToString([]byte(sha256Digest(body)+",md5=:YQ==:")) + ":", reason.OK},
		{"covered strictly", `"content-digest";sf`, sha256Digest(body) + ", md5=:YQ==:", reason.OK},
	} {
		m := post().without("content-digest").with("content-digest", sha256Digest(body)+",md5=:YQ==:")
		cfg := httpsig.Config{Components: []string{}}
		expect(t, c.law, judge(t, provider(t, cfg, k.key), m.covering(k, c.id, c.value), now), c.want)
		m.body += "!"
		if c.want == reason.OK {
			expect(t, c.law+", another body", judge(t, provider(t, cfg, k.key), m.covering(k, c.id, c.value), now), reason.DigestMismatch)
		}
	}
}

// TestFieldsOfSignatures: the two fields and their labels (D-04, D-07, D-08, B-09, B-10, B-11).
func TestFieldsOfSignatures(t *testing.T) {
	keys := keyring(t)
	k, ed := keys[0], keys[1]
	p := provider(t, httpsig.Config{}, k.key, ed.key)
	base := fullBase(sha256Digest(post().body))
	mine, theirs := full+`;created=1767225595;keyid="shared"`, full+`;created=1767225595;keyid="ed"`
	mac := k.signText(base + `"@signature-params": ` + mine)
	edMAC := ed.signText(base + `"@signature-params": ` + theirs)
	bad := k.signText("another text")
	raw := `("@method"   "@authority" "@path"  "@query" "content-digest"  );created=1767225595;   keyid="shared"`
	many := func(n int) (input, made string) {
		for i := range n {
			input += fmt.Sprintf("x%d=%s, ", i, mine)
			made += fmt.Sprintf("x%d=%s, ", i, bad)
		}
		return input + "good=" + mine, made + "good=" + mac
	}
	four, fourMACs := many(3)
	five, fiveMACs := many(4)
	for _, c := range []struct {
		law          string
		inputs, macs []string
		want         reason.Code
		key          string
	}{
		{law: "one", inputs: []string{"a=" + mine}, macs: []string{"a=" + mac}, key: "shared"},
		{law: "odd spacing, which is signed as received (D-07)", inputs: []string{"a=" + raw}, macs: []string{"a=" + k.signText(base+`"@signature-params": `+raw)}, key: "shared"},
		{law: "odd spacing that was signed otherwise (D-07)", inputs: []string{"a=" + raw}, macs: []string{"a=" + mac}, want: reason.SignatureInvalid},
		{law: "white space around the members", inputs: []string{"  a=" + mine + "  "}, macs: []string{"\ta=" + mac + "\t"}, key: "shared"},
		{law: "two, both good", inputs: []string{"a=" + mine + ", b=" + theirs}, macs: []string{"a=" + mac + ", b=" + edMAC}, key: "shared"},
		{law: "two in two lines (D-08)", inputs: []string{"a=" + mine, "b=" + theirs}, macs: []string{"b=" + edMAC, "a=" + mac}, key: "shared"},
		{law: "a bad one and a good one (D-08)", inputs: []string{"a=" + mine + ", b=" + theirs}, macs: []string{"a=" + bad + ", b=" + edMAC}, key: "ed"},
		{law: "one that is malformed and a good one (D-08)", inputs: []string{`a=("@status"), b=` + theirs}, macs: []string{"a=" + bad + ", b=" + edMAC}, key: "ed"},
		{law: "two bad ones", inputs: []string{"a=" + mine + ", b=" + theirs}, macs: []string{"a=" + bad + ", b=" + bad}, want: reason.SignatureInvalid},
		{law: "labels of two signers swapped (D-04)", inputs: []string{"a=" + mine + ", b=" + theirs}, macs: []string{"a=" + edMAC + ", b=" + mac}, want: reason.SignatureInvalid},
		{law: "four", inputs: []string{four}, macs: []string{fourMACs}, key: "shared"},
		{law: "five (D-08, B-11)", inputs: []string{five}, macs: []string{fiveMACs}, want: reason.SignaturesTooMany},
		{law: "none of the two fields", want: reason.Missing},
		{law: "no Signature (D-04)", inputs: []string{"a=" + mine}, want: reason.SignatureMalformed},
		{law: "no Signature-Input (D-04)", macs: []string{"a=" + mac}, want: reason.SignatureMalformed},
		{law: "both empty", inputs: []string{""}, macs: []string{""}, want: reason.SignatureMalformed},
		{law: "Signature empty", inputs: []string{"a=" + mine}, macs: []string{""}, want: reason.SignatureMalformed},
		{law: "a label in Signature-Input only (D-04)", inputs: []string{"a=" + mine + ", b=" + theirs}, macs: []string{"a=" + mac}, want: reason.SignatureMalformed},
		{law: "a label in Signature only (D-04)", inputs: []string{"a=" + mine}, macs: []string{"a=" + mac + ", b=" + edMAC}, want: reason.SignatureMalformed},
		{law: "another label", inputs: []string{"a=" + mine}, macs: []string{"b=" + mac}, want: reason.SignatureMalformed},
		{law: "a label twice in Signature-Input (D-04)", inputs: []string{"a=" + theirs + ", a=" + mine}, macs: []string{"a=" + mac}, want: reason.SignatureMalformed},
		{law: "a label twice in Signature (D-04)", inputs: []string{"a=" + mine}, macs: []string{"a=" + bad + ", a=" + mac}, want: reason.SignatureMalformed},
		{law: "a label twice in two lines (D-04)", inputs: []string{"a=" + mine, "a=" + mine}, macs: []string{"a=" + mac}, want: reason.SignatureMalformed},
		{law: "an input that is no list", inputs: []string{`a="@method"`}, macs: []string{"a=" + mac}, want: reason.SignatureMalformed},
		{law: "an input that does not end", inputs: []string{`a=("@method"`}, macs: []string{"a=" + mac}, want: reason.SignatureMalformed},
		{law: "a signature that is a string", inputs: []string{"a=" + mine}, macs: []string{`a="` + strings.Trim(mac, ":") + `"`}, want: reason.SignatureMalformed},
		{law: "a signature with parameters", inputs: []string{"a=" + mine}, macs: []string{"a=" + mac + ";x"}, want: reason.SignatureMalformed},
		{law: "no bytes (B-09)", inputs: []string{"a=" + mine}, macs: []string{"a=::"}, want: reason.SignatureMalformed},
		{law: "unpadded (B-10)", inputs: []string{"a=" + mine}, macs: []string{"a=" + strings.Replace(mac, "=:", ":", 1)}, want: reason.SignatureMalformed},
		{law: "more bytes than any signature has", inputs: []string{"a=" + mine}, macs: []string{"a=:" + strings.Repeat("AAAA", 342) + ":"}, want: reason.SignatureMalformed},
	} {
		m := post()
		for _, line := range c.inputs {
			m = m.with("signature-input", line)
		}
		for _, line := range c.macs {
			m = m.with("signature", line)
		}
		got := judge(t, p, m, now)
		expect(t, c.law, got, c.want)
		if got.key != c.key {
			t.Errorf("%s: proved by %q, want %q", c.law, got.key, c.key)
		}
	}
	for n := range 32 { // B-09: MACs cut short, and one byte more
		text := k.sign(base + `"@signature-params": ` + mine)
		cut := keyPair{sign: func(string) []byte { return append(append([]byte(nil), text...), 0)[:n+1] }}
		if n == 31 {
			cut.sign = func(string) []byte { return append(append([]byte(nil), text...), 0) }
		}
		m := post().with("signature-input", "a="+mine).with("signature", "a="+cut.signText(""))
		expect(t, fmt.Sprint(n+1, " bytes (B-09)"), judge(t, p, m, now), reason.SignatureInvalid)
	}
}

// TestChoice: signatures of others are passed over, and prove nothing (D-08).
func TestChoice(t *testing.T) {
	k := keyring(t)[0]
	base := fullBase(sha256Digest(post().body))
	sign := func(label, more string) (input, made string) {
		text := full + params + more
		return label + "=" + text, label + "=" + k.signText(base+`"@signature-params": `+text)
	}
	oneInput, one := sign("one", `;tag="a"`)
	twoInput, two := sign("two", `;tag="b"`)
	both := post().with("signature-input", oneInput+", "+twoInput).with("signature", one+", "+two)
	spoilt := post().with("signature-input", oneInput+", "+twoInput).with("signature", one+", two="+k.signText("x"))
	for _, c := range []struct {
		law  string
		cfg  httpsig.Config
		m    message
		want reason.Code
	}{
		{"the tag's", httpsig.Config{Tag: "b"}, both, reason.OK},
		{"the label's", httpsig.Config{Label: "two"}, both, reason.OK},
		{"the tag's is bad, the other good", httpsig.Config{Tag: "b"}, spoilt, reason.SignatureInvalid},
		{"the label's is bad, the other good", httpsig.Config{Label: "two"}, spoilt, reason.SignatureInvalid},
		{"a tag that none has", httpsig.Config{Tag: "c"}, both, reason.SignerMismatch},
		{"a label that none has", httpsig.Config{Label: "three"}, both, reason.SignerMismatch},
		{"tag and label of two", httpsig.Config{Tag: "a", Label: "two"}, both, reason.SignerMismatch},
		{"any", httpsig.Config{}, spoilt, reason.OK},
	} {
		expect(t, c.law, judge(t, provider(t, c.cfg, k.key), c.m, now), c.want)
	}
}

// TestLabelsAreNotSigned: the same signature under another label is the same to a replay
// store.
func TestLabelsAreNotSigned(t *testing.T) {
	for _, k := range keyring(t)[:3] {
		p := provider(t, httpsig.Config{}, k.key)
		m := goodPost(k)
		first := judge(t, p, m, now)
		for i, h := range m.headers {
			m.headers[i][1] = strings.Replace(h[1], "sig1=", "other=", 1)
		}
		again := judge(t, p, m, now)
		expect(t, k.id, again, reason.OK)
		if first.prints == "" || first.prints != again.prints {
			t.Errorf("%s: fingerprints %x and %x", k.id, first.prints, again.prints)
		}
	}
}

func TestNew(t *testing.T) {
	for _, name := range []string{"", "@", "@status", "Date", "date;tr", "@method;req", "@query-param", `@query-param;name`, "date;bs;sf", `"date"`, "da te", "date;x"} {
		if _, err := httpsig.New(httpsig.Config{Components: []string{name}}); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, label := range []string{"A", "1a", "a b", "a=", "é"} {
		if _, err := httpsig.New(httpsig.Config{Label: label}); err == nil {
			t.Errorf("label %s is taken", label)
		}
	}
	s, err := httpsig.New(httpsig.Config{Label: "sig-b1.*_"})
	must(t, err)
	if tr := s.Traits(); !tr.Timed || !tr.KeyIDs || !tr.Nonce || !tr.MayCover || tr.Body != signed.BodyUnused || !tr.Algorithms.Has(signed.HMACSHA256) || tr.Algorithms.Has(signed.HMACSHA1) || tr.Algorithms.Has(signed.ECDSAP256DER) {
		t.Errorf("%+v", tr)
	}
	if code := s.Finish(nil, nil, ""); code != reason.Internal {
		t.Errorf("finish: %s", code)
	}
}
