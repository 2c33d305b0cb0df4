package filter

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/request"
)

// label is one signature of a request by RFC 9421: its label, and who signs what.
type label struct {
	name, key, secret string
	at                int64 // seconds
	nonce, more       string
	digest            bool // the body's digest is covered
}

// cosigned is a request with signatures by RFC 9421 §2.5; the body is that of its digest.
func cosigned(body string, labels ...label) []request.Header {
	sum := sha256.Sum256([]byte(body))
	contentDigest := "sha-256=:" + base64.StdEncoding.EncodeToString(sum[:]) + ":"
	var inputs, signatures []string
	stated := false
	for _, l := range labels {
		covered, base := `"@method" "@authority" "@path" "@query"`, "\"@method\": POST\n\"@authority\": api.test\n\"@path\": /hook\n\"@query\": ?\n"
		if l.digest {
			covered, base, stated = covered+` "content-digest"`, base+`"content-digest": `+contentDigest+"\n", true
		}
		params := fmt.Sprintf(`(%s);created=%d;keyid="%s"`, covered, l.at, l.key)
		if l.nonce != "" {
			params += `;nonce="` + l.nonce + `"`
		}
		params += l.more
		raw, _ := hex.DecodeString(mac(l.secret, base, `"@signature-params": `, params))
		inputs = append(inputs, l.name+"="+params)
		signatures = append(signatures, l.name+"=:"+base64.StdEncoding.EncodeToString(raw)+":")
	}
	h := post("signature-input", strings.Join(inputs, ", "), "signature", strings.Join(signatures, ", "))
	if stated {
		h = append(h, request.Header{Name: "content-digest", Value: contentDigest})
	}
	return h
}

// cosigning is a configuration of a provider that takes such requests.
func cosigning(scheme, more string) string {
	return `{"providers":{"p":{"signed_request":{"http_message_signatures":{` + scheme + `},` + more + `"keys":[
		{"id":"k1","secret":{"inline":"first secret"}},{"id":"k2","secret":{"inline":"second secret"}},
		{"id":"next","secret":{"inline":"the next secret"},"not_before":` + strconv.FormatInt(start/sec+100, 10) + `}]}}},
		"rules":[{"match":{"prefix":"/"},"requires":{"provider_name":"p"}}]}`
}

const byNonce, bySignature = `"replay":{"by":"nonce"},`, `"replay":{"by":"signature"},`

// sending is one request of a test, and what becomes of it.
type sending struct {
	law     string
	headers []request.Header
	body    string
	code    reason.Code
	after   int64 // seconds from the first
}

// inTurn sends requests by turns to two workers with one memory, and to the first again after
// a reload.
func inTurn(t *testing.T, law, config string, list ...sending) {
	t.Helper()
	shared := newMemo()
	workers := []*courier{newCourier(t, config, shared), newCourier(t, config, shared)}
	for i, s := range list {
		c := workers[i%2]
		if i == 2 {
			c = newCourier(t, config, shared)
		}
		c.now = start + s.after*sec
		pieces := []string{s.body}
		if s.body == "" {
			pieces = nil
		}
		v, _ := c.send(s.headers, withLast, pieces...)
		want(t, law+": "+s.law, v, s.code)
	}
}

// TestP05ASignatureLeftOut makes no other request of one that has several, in whichever
// order they stand and whatever their labels are.
func TestP05ASignatureLeftOut(t *testing.T) {
	a := label{name: "sig1", key: "k1", secret: "first secret", at: start / sec, nonce: "n1"}
	b := label{name: "sig2", key: "k2", secret: "second secret", at: start/sec + 1, nonce: "n2"}
	c := label{name: "sig3", key: "k1", secret: "first secret", at: start / sec, nonce: "n3"}
	called := func(l label, name string) label { l.name = name; return l }
	for by, replay := range map[string]string{"nonce": byNonce, "signature": bySignature} {
		config := cosigning("", replay)
		both := sending{"both", cosigned("", a, b), "", reason.OK, 0}
		for law, again := range map[string][]label{
			"the first alone": {a}, "the second alone": {b}, "the other way round": {b, a}, "renamed": {called(b, "sig1")}, "both": {a, b},
			"with one that is new": {c, b}, "behind one that is new": {b, c},
		} {
			inTurn(t, by, config, both, sending{law, cosigned("", again...), "", reason.Replayed, 0},
				sending{law + ", later", cosigned("", again...), "", reason.Replayed, 200}, sending{"the new one", cosigned("", c), "", reason.OK, 0})
		}
		inTurn(t, by+", the other way round", config, sending{"both", cosigned("", b, a), "", reason.OK, 0},
			sending{"the first", cosigned("", a), "", reason.Replayed, 0}, sending{"the second", cosigned("", b), "", reason.Replayed, 0})
		inTurn(t, by+", one was there", config, sending{"the second", cosigned("", b), "", reason.OK, 0},
			sending{"both", cosigned("", a, b), "", reason.Replayed, 0}, sending{"what was refused burns nothing (P-03)", cosigned("", a), "", reason.OK, 0})
	}
	same := called(a, "sig2")
	same.more = `;tag="x"` // the same nonce, key and time under another text
	inTurn(t, "one nonce for both", cosigning("", byNonce), sending{"both", cosigned("", a, same), "", reason.OK, 0},
		sending{"the first", cosigned("", a), "", reason.Replayed, 0}, sending{"the second", cosigned("", same), "", reason.Replayed, 0})
}

// TestP03AStrangerBurnsNothing with signatures that are not good beside one of its own, nor
// with a good one of another body.
func TestP03AStrangerBurnsNothing(t *testing.T) {
	own := label{name: "own", key: "k1", secret: "first secret", at: start / sec, nonce: "mine"}
	victim := label{name: "v", key: "k2", secret: "second secret", at: start / sec, nonce: "yours"}
	forged, digested := victim, victim
	forged.secret, digested.digest = "a stranger's", true
	for by, replay := range map[string]string{"nonce": byNonce, "signature": bySignature} {
		inTurn(t, by, cosigning("", replay), sending{"beside a forged one", cosigned("", own, forged), "", reason.OK, 0},
			sending{"the victim's", cosigned("", victim), "", reason.OK, 0})
		inTurn(t, by, cosigning("", replay), sending{"behind a forged one", cosigned("", forged, own), "", reason.OK, 0},
			sending{"the victim's", cosigned("", victim), "", reason.OK, 0})
		inTurn(t, by, cosigning("", replay), sending{"beside one of another body", cosigned("body", own, digested), "", reason.OK, 0},
			sending{"the victim's", cosigned("body", digested), "body", reason.OK, 0}, sending{"again", cosigned("body", digested), "body", reason.Replayed, 0})
	}
}

// TestP05WhatALabelChooses is no other request under another label: nobody has signed it.
func TestP05WhatALabelChooses(t *testing.T) {
	a := label{name: "sig1", key: "k1", secret: "first secret", at: start / sec, nonce: "n1"}
	b := label{name: "sig2", key: "k2", secret: "second secret", at: start / sec, nonce: "n2"}
	renamed, others := b, b
	renamed.name = "sig1"
	others.secret = "a stranger's"
	config := cosigning(`"label":"sig1"`, byNonce)
	inTurn(t, "label", config, sending{"both", cosigned("", a, b), "", reason.OK, 0}, sending{"renamed", cosigned("", renamed), "", reason.Replayed, 0})
	inTurn(t, "label", config, sending{"both, the other way round", cosigned("", b, a), "", reason.OK, 0}, sending{"renamed", cosigned("", renamed), "", reason.Replayed, 0})
	inTurn(t, "label", config, sending{"the other alone", cosigned("", b), "", reason.SignerMismatch, 0}, sending{"renamed", cosigned("", renamed), "", reason.OK, 0},
		sending{"beside a new one", cosigned("", a, b), "", reason.Replayed, 0})
	inTurn(t, "label", config, sending{"beside somebody else's", cosigned("", a, others), "", reason.OK, 0}, sending{"renamed", cosigned("", renamed), "", reason.OK, 0})
}

// TestP05WhatIsGoodOnlyLater is remembered if it can be, and refused if it cannot.
func TestP05WhatIsGoodOnlyLater(t *testing.T) {
	a := label{name: "sig1", key: "k1", secret: "first secret", at: start / sec, nonce: "n1"}
	next := label{name: "sig2", key: "next", secret: "the next secret", at: start / sec, nonce: "n2"}
	ahead := label{name: "sig2", key: "k2", secret: "second secret", at: start/sec + 310, nonce: "n2"}
	forged := ahead
	forged.secret = "a stranger's"
	for by, replay := range map[string]string{"nonce": byNonce, "signature": bySignature} {
		config := cosigning("", replay)
		inTurn(t, by, config, sending{"a key before its time", cosigned("", next), "", reason.SignatureInvalid, 0},
			sending{"beside one in use", cosigned("", a, next), "", reason.OK, 0}, sending{"in its time", cosigned("", next), "", reason.Replayed, 150})
		inTurn(t, by, config, sending{"signed ahead", cosigned("", a, ahead), "", reason.SignatureInFuture, 0},
			sending{"in its time", cosigned("", ahead), "", reason.OK, 150})
		inTurn(t, by, config, sending{"forged ahead", cosigned("", a, forged), "", reason.OK, 0})
	}
}

// TestP05ANonceThatCouldBeLeftOut with its signature is none: a request has one in all
// signatures that are enough for it, or it has to have one and the others are not enough.
func TestP05ANonceThatCouldBeLeftOut(t *testing.T) {
	a := label{name: "sig1", key: "k1", secret: "first secret", at: start / sec, nonce: "n1"}
	bare := label{name: "sig2", key: "k2", secret: "second secret", at: start / sec}
	inTurn(t, "where there is one", cosigning("", ""), sending{"beside none", cosigned("", a, bare), "", reason.NonceMissing, 0},
		sending{"behind none", cosigned("", bare, a), "", reason.NonceMissing, 0}, sending{"none", cosigned("", bare), "", reason.OK, 0})
	inTurn(t, "asked for", cosigning("", byNonce), sending{"beside none", cosigned("", a, bare), "", reason.OK, 0},
		sending{"again", cosigned("", bare, a), "", reason.NonceMissing, 0}, sending{"alone", cosigned("", a), "", reason.Replayed, 0},
		sending{"none", cosigned("", bare), "", reason.NonceMissing, 0})
}

// TestP05WithAndWithoutTheBody: one signature speaks of the body and another does not; the
// request is judged when it is complete, by its headers, or while its body passes.
func TestP05WithAndWithoutTheBody(t *testing.T) {
	whole := label{name: "sig1", key: "k1", secret: "first secret", at: start / sec, nonce: "n1", digest: true}
	bare := label{name: "sig2", key: "k2", secret: "second secret", at: start / sec, nonce: "n2"}
	second := bare
	second.digest = true
	for by, replay := range map[string]string{"nonce": byNonce, "signature": bySignature} {
		both := sending{"both", cosigned("body", whole, bare), "body", reason.OK, 0}
		inTurn(t, by, cosigning("", replay), both, sending{"without a body", cosigned("", bare), "", reason.Replayed, 0},
			sending{"the rest", cosigned("body", whole), "body", reason.Replayed, 0})
		inTurn(t, by, cosigning("", replay+`"require":{"body":false},`), both, sending{"with another body", cosigned("", bare), "ydob", reason.Replayed, 0},
			sending{"the rest", cosigned("body", whole), "body", reason.Replayed, 0})
		inTurn(t, by, cosigning("", replay), sending{"both with the body", cosigned("body", whole, second), "body", reason.OK, 0},
			sending{"the first", cosigned("body", whole), "body", reason.Replayed, 0}, sending{"the second", cosigned("body", second), "body", reason.Replayed, 0})
	}
}

// TestP05WhereTheBodyPasses: what is remembered is remembered with the headers.
func TestP05WhereTheBodyPasses(t *testing.T) {
	whole := label{name: "sig1", key: "k1", secret: "first secret", at: start / sec, nonce: "n1", digest: true}
	second := whole
	second.name, second.key, second.secret, second.nonce = "sig2", "k2", "second secret", "n2"
	config := cosigning("", byNonce+`"body":{"mode":"digest","stream":true},`)
	shared := newMemo()
	for i, k := range []struct {
		law    string
		labels []label
		code   reason.Code
	}{{"both", []label{whole, second}, reason.OK}, {"the second", []label{second}, reason.Replayed}, {"the first", []label{whole}, reason.Replayed}} {
		c := newCourier(t, config, shared)
		s := &Stream{ID: uint32(i)}
		want(t, k.law, c.open(s, cosigned("body", k.labels...)), k.code)
		if c.p.Passes(s) != (k.code == reason.OK) {
			t.Errorf("%s: the body passes: %v", k.law, c.p.Passes(s))
		}
		c.p.Gone(s)
	}
}

// TestP05SeveralPlacesOfSignatures: a template's, and texts of which each may be signed.
func TestP05SeveralPlacesOfSignatures(t *testing.T) {
	template := func(members, keys string) string {
		return `{"providers":{"p":{"signed_request":{"template":{"algorithm":"hmac-sha256","timestamp":{"header":"x-time"},` + members + `},"replay":{"by":"signature"},"keys":[` + keys + `]}}},
			"rules":[{"match":{"prefix":"/"},"requires":{"provider_name":"p"}}]}`
	}
	const one = `{"id":"k1","secret":{"inline":"first secret"}}`
	const two = one + `,{"id":"k2","secret":{"inline":"second secret"}}`
	const old, renewed, stamp = "1800000000.body", "v2.1800000000.body", "1800000000"
	first := func(text string) string { return mac("first secret", text) }
	second := func(text string) string { return mac("second secret", text) }
	sent := func(lines ...string) []request.Header { return post(append([]string{"x-time", stamp}, lines...)...) }
	for law, c := range map[string]struct {
		config       string
		both, rest   []request.Header
		restIfNotYet reason.Code
	}{
		"of two texts": {
			template(`"signature":{"header":"x-sig","list":{"separator":",","key_value":"=","field":"s"},"encoding":"hex"},"base":["{timestamp}.{body}","v2.{timestamp}.{body}"]`, one),
			sent("x-sig", "s="+first(old)+",s="+first(renewed)), sent("x-sig", "s="+first(renewed)), reason.OK,
		},
		"at two places": {
			template(`"signature":[{"header":"x-sig","encoding":"hex"},{"header":"x-sig-2","encoding":"hex"}],"base":["{timestamp}.{body}","v2.{timestamp}.{body}"]`, one),
			sent("x-sig", first(old), "x-sig-2", first(renewed)), sent("x-sig-2", first(renewed)), reason.OK,
		},
		"at two places, by two keys": {
			template(`"signature":[{"header":"x-sig","encoding":"hex"},{"header":"x-sig-2","encoding":"hex"}],"base":"{timestamp}.{body}"`, two),
			sent("x-sig", first(old), "x-sig-2", second(old)), sent("x-sig-2", second(old)), reason.OK,
		},
		"in a list, under the name of the other key": {
			template(`"signature":{"header":"x-sig","list":{"separator":",","key_value":"=","field":"s"},"encoding":"hex"},"key_id":{"header":"x-key"},"base":"{timestamp}.{body}"`, two),
			sent("x-key", "k1", "x-sig", "s="+first(old)+",s="+second(old)), sent("x-key", "k2", "x-sig", "s="+first(old)+",s="+second(old)), reason.OK,
		},
		"at two places, under the name of the other key": {
			template(`"signature":[{"header":"x-sig","encoding":"hex"},{"header":"x-sig-2","encoding":"hex"}],"key_id":{"header":"x-key"},"base":"{timestamp}.{body}"`, two),
			sent("x-key", "k1", "x-sig", first(old), "x-sig-2", second(old)), sent("x-key", "k2", "x-sig-2", second(old)), reason.OK,
		},
	} {
		inTurn(t, law, c.config, sending{"the rest alone", c.rest, "body", c.restIfNotYet, 0})
		inTurn(t, law, c.config, sending{"all", c.both, "body", reason.OK, 0}, sending{"the rest", c.rest, "body", reason.Replayed, 0}, sending{"all again", c.both, "body", reason.Replayed, 0})
	}
}

// TestP05KongsTwoPlaces: the second credential is the first for whoever leaves that out.
func TestP05KongsTwoPlaces(t *testing.T) {
	config := `{"providers":{"p":{"signed_request":{"cavage":{"dialect":"kong"},"replay":{"by":"signature"},"keys":[
		{"id":"k1","secret":{"inline":"first secret"}},{"id":"k2","secret":{"inline":"second secret"}}]}}},
		"rules":[{"match":{"prefix":"/"},"requires":{"provider_name":"p"}}]}`
	const date = "Fri, 15 Jan 2027 08:00:00 GMT" // start
	credential := func(key, secret string) string {
		raw, _ := hex.DecodeString(mac(secret, "@request-target: post /hook\ndate: "+date))
		return `hmac username="` + key + `", algorithm="hmac-sha256", headers="@request-target date", signature="` + base64.StdEncoding.EncodeToString(raw) + `"`
	}
	a, b := credential("k1", "first secret"), credential("k2", "second secret")
	sent := func(lines ...string) []request.Header { return post(append([]string{"date", date}, lines...)...) }
	inTurn(t, "kong", config, sending{"both", sent("proxy-authorization", a, "authorization", b), "", reason.OK, 0},
		sending{"the second", sent("authorization", b), "", reason.Replayed, 0}, sending{"the first", sent("authorization", a), "", reason.Replayed, 0})
	inTurn(t, "kong", config, sending{"beside garbage", sent("proxy-authorization", a, "authorization", "hmac username="), "", reason.OK, 0},
		sending{"beside a forged one", sent("proxy-authorization", credential("k2", "second secret"), "authorization", credential("k2", "a stranger's")), "", reason.OK, 0})
	inTurn(t, "kong", config, sending{"behind a forged one", sent("proxy-authorization", credential("k1", "a stranger's"), "authorization", b), "", reason.SignatureInvalid, 0})
	inTurn(t, "kong", config, sending{"the second twice", sent("proxy-authorization", a, "authorization", b, "authorization", b), "", reason.SeveralCredentials, 0})
}
