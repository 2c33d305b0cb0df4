package explain

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/postern-wasm/postern/plugin/config"
	"github.com/postern-wasm/postern/plugin/identity"
	"github.com/postern-wasm/postern/plugin/kernel/digest"
	"github.com/postern-wasm/postern/plugin/policy"
	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/verify/signed"
)

// signedChecks are all checks of a signed request, in the order in which the rooms make
// them.
var signedChecks = []def{
	{
		id: "signature_there", clause: "signed_request", codes: []reason.Code{reason.Missing},
		expected: fixed("a signature of the scheme"),
	},
	{
		id: "form", clause: "the scheme's form", codes: []reason.Code{reason.SignatureMalformed, reason.SignaturesTooMany, reason.TimestampMissing, reason.TimestampMalformed, reason.DigestUnsupported},
		expected: fixed("every part of it in the scheme's one form; at most 16 signatures"),
	},
	{
		id: "coverage", clause: "require.components", codes: []reason.Code{
			reason.ComponentMissing, reason.ComponentNotCovered, reason.ComponentUnsupported, reason.SignerMismatch, reason.ResourceMismatch, reason.AddressMismatch,
		},
		expected: fixed("covers what has to be covered, for this use"),
	},
	{id: "algorithm", clause: "require.algorithms", codes: []reason.Code{reason.AlgorithmNotAllowed}, expected: signedAlgorithms},
	{id: "body_form", clause: "the scheme's form", codes: []reason.Code{reason.BodyMalformed}, expected: fixed("a body that the scheme can read")},
	{id: "time", clause: "tolerance", codes: []reason.Code{reason.SignatureExpired, reason.SignatureInFuture}, expected: tolerance},
	{
		id: "body", clause: "body", codes: []reason.Code{reason.BodyTooLarge, reason.BodyNotAllowed}, expected: func(p *config.Provider, _ []string) string {
			if p.Signed.Verify.Body == signed.BodyReject {
				return "none"
			}
			return "at most " + strconv.FormatInt(p.Signed.MaxBytes, 10) + " bytes"
		},
	},
	{id: "mac", clause: "keys", codes: []reason.Code{reason.SignatureInvalid}, expected: fixed("verifies with a key that is meant and in use")},
	{
		id: "digest", clause: "body", codes: []reason.Code{reason.DigestMissing, reason.DigestMismatch, reason.BodyNotCovered},
		expected: fixed("the signature or a signed digest covers the body"),
	},
	{
		id: "replay", clause: "replay", codes: []reason.Code{reason.Replayed, reason.ReplayFull, reason.ReplayUnavailable, reason.NonceMissing},
		asked:    func(p *config.Provider) bool { return p.Signed.Replay.By != config.ReplayOff },
		expected: fixed("not accepted before: only the module remembers"),
	},
}

func signedAlgorithms(p *config.Provider, _ []string) string {
	var names []string
	for a := signed.HMACSHA1; a.String() != ""; a++ {
		if p.Signed.Verify.Algorithms.Has(a) {
			names = append(names, a.String())
		}
	}
	return strings.Join(names, " ")
}

func tolerance(p *config.Provider, _ []string) string {
	if !p.Signed.Traits.Timed {
		return "no time is signed"
	}
	return "signed at most " + strconv.FormatInt(p.Signed.Verify.Tolerance/second, 10) + " s from now"
}

// planSigned lists the checks of a signed request.
func planSigned(p *config.Provider) []Check {
	var list []Check
	for i := range signedChecks {
		if d := &signedChecks[i]; d.asked == nil || d.asked(p) {
			list = append(list, Check{ID: d.id, Outcome: NotReached, Clause: d.clause, Expected: d.expected(p, nil)})
		}
	}
	return list
}

// signedRequest judges the request as one of a provider of signed requests, with its whole
// body at once.
func (t *trial) signedRequest(p *config.Provider) policy.Proof {
	s := p.Signed
	body := &signed.Body{
		Ended: int64(len(t.body)) <= s.MaxBytes && !(t.follows && t.view.Endless()), Size: int64(len(t.body)),
		Each:  func(take func([]byte)) bool { take(t.body); return true },
		Whole: func() (string, bool) { return string(t.body), true },
	}
	var attempt signed.Attempt
	state, code := attempt.Judge(&s.Verify, &signed.Request{View: &t.view, Now: t.now, Address: t.address, Protocol: t.property("request.protocol")}, body)
	t.signer = signerOf(&attempt)
	text := t.base(&attempt)
	switch {
	case state == signed.NeedsBody && int64(len(t.body)) <= s.MaxBytes:
		return t.failAt("body", reason.BodyNotAllowed)
	case state == signed.NeedsBody:
		return t.failAt("body", reason.BodyTooLarge)
	case state != signed.Proved && code == reason.Missing:
		t.failAt("signature_there", code)
		t.branch.Outcome = Missing
		return policy.Proof{State: policy.Missing, Reason: code, Provider: t.provider}
	case state != signed.Proved:
		proof := t.failSigned(code)
		if text != "" && code == reason.SignatureInvalid {
			t.told("mac", t.signer+"; signed would be "+text)
		}
		return proof
	}
	t.passTo("mac")
	k := attempt.Key()
	t.told("mac", "key "+shown(k.ID)+", "+attempt.Algorithm().String()+", signed is "+text)
	t.passTo("digest")
	if proof, refused := t.remembered(s, attempt.Claim()); refused {
		return proof
	}
	t.passAll()
	t.run.proved = append(t.run.proved, proof{identity: identity.Identity{Provider: t.provider, Signed: true, KeyID: k.ID, Client: k.Client}})
	return policy.Proof{State: policy.Proved, Reason: reason.OK, Provider: t.provider}
}

// remembered takes the module's word for what only it can know.
func (t *trial) remembered(s *config.SignedRequest, c *signed.Claim) (policy.Proof, bool) {
	if s.Replay.By == config.ReplayOff {
		return policy.Proof{}, false
	}
	if s.Replay.Required && s.Replay.By == config.ReplayNonce && !c.HasNonce {
		return t.failSigned(reason.NonceMissing), true
	}
	for _, code := range []reason.Code{reason.Replayed, reason.ReplayFull, reason.ReplayUnavailable} {
		if t.answered == code.String() && t.answeredBy == t.cfg.Providers[t.provider].Name {
			return t.failSigned(code), true
		}
	}
	return policy.Proof{}, false
}

// failSigned notes that the check fails whose refusal code is.
func (t *trial) failSigned(code reason.Code) policy.Proof {
	for i := range signedChecks {
		for _, c := range signedChecks[i].codes {
			if c == code && t.has(signedChecks[i].id) {
				return t.failAt(signedChecks[i].id, code)
			}
		}
	}
	return t.fail(code)
}

// told puts what was found into a check, whatever its outcome.
func (t *trial) told(id, found string) {
	for i := range t.branch.Checks {
		if c := &t.branch.Checks[i]; c.ID == id {
			c.Found = found
			return
		}
	}
}

// signerOf is by which key the request says that it is signed.
func signerOf(a *signed.Attempt) string {
	for _, c := range a.Reading().Claims() {
		if c.Named {
			return "names key " + shown(c.KeyID)
		}
	}
	return "names no key"
}

// base is the signed text as it is put together here, of the first claim or the one that
// was proved: what stands around the body, and of the body its length and digest. A
// signature, and what it should be, is never shown.
func (t *trial) base(a *signed.Attempt) string {
	claims := a.Reading().Claims()
	if len(claims) == 0 {
		return ""
	}
	c := &claims[0]
	if a.Key() != nil {
		c = a.Claim()
	}
	parts := []string{text(c.Before)}
	switch c.Body {
	case signed.BodyRaw:
		sum := sha256.Sum256(t.body)
		parts = append(parts, fmt.Sprintf("the body, %d bytes of SHA-256 %s", len(t.body), hex.EncodeToString(sum[:])))
	case signed.BodyHashed:
		parts = append(parts, fmt.Sprintf("the digest of the body, %s of %d bytes", digestNames[c.BodyHash], len(t.body)))
	case signed.BodyUnused, signed.BodyWhole:
	}
	parts = slices.DeleteFunc(append(parts, text(c.After)), func(s string) bool { return s == "" })
	return strings.Join(parts, " + ")
}

var digestNames = map[digest.Hash]string{digest.MD5: "MD5", digest.SHA1: "SHA-1", digest.SHA256: "SHA-256", digest.SHA384: "SHA-384", digest.SHA512: "SHA-512"}

// maxBase caps a piece of a signed text, bytes.
const maxBase = 4096

func text(s string) string {
	switch {
	case s == "":
		return ""
	case len(s) > maxBase:
		return strconv.QuoteToASCII(s[:maxBase]) + "..."
	}
	return strconv.QuoteToASCII(s)
}

// address is the client's, without its port.
func (r *run) address() string {
	address := r.property("source.address")()
	if host, _, err := net.SplitHostPort(address); err == nil {
		return host
	}
	return address
}

// property is a property of the case; "" if it is not there.
func (r *run) property(path string) func() string {
	return func() string { return string(r.properties[path]) }
}
