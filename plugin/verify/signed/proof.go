package signed

import "github.com/postern-wasm/postern/plugin/reason"

// Proof is a claim whose signature is good, and by what.
type Proof struct {
	Claim     *Claim
	Key       *Key
	Algorithm Algorithm
	mac       []byte // the good one of the claim's signatures, if it is what tells the request
	text      [32]byte
}

// ByMAC says that the fingerprint is a MAC.
func (p *Proof) ByMAC() bool { return p.mac != nil }

// Fingerprint returns what is the same whenever the same text is signed by the same key: of
// a MAC the MAC, of other signatures, which can be written in several ways, and with
// Config.TextOnly of all, the digest of the text (which needs Config.NeedsText).
func (p *Proof) Fingerprint() []byte {
	if p.mac != nil {
		return p.mac
	}
	return p.text[:]
}

// Proofs returns what a request that is proved is proved by: first what has decided, and
// with Config.Every all other claims whose signature is good, whether or not they would be
// enough by themselves. Whoever saw such a request can leave out the claims that were
// looked at first, the body that one of them does not speak of, or wait for the day of a
// key: all of it is the same request. One whose signature is not good is not among them,
// nor one of another body: anybody can add that. What is returned is the attempt's.
func (a *Attempt) Proofs() []Proof { return a.proofs[:a.proved] }

// keep adds the proof of the claim that has just been judged, if it has one.
func (a *Attempt) keep() {
	if a.proof.Key != nil && a.cfg.Every {
		a.proofs[a.proved] = a.proof
		a.proved++
	}
}

// decide makes the proof of the claim that has just been judged the first one, and says
// whether the claims behind it are to be judged as well.
func (a *Attempt) decide() (goOn bool) {
	a.decided = true
	a.proofs[a.proved], a.proofs[0] = a.proofs[0], a.proof
	a.proved++
	return a.cfg.Every
}

// forget is for requests that are not proved.
func (a *Attempt) forget() {
	clear(a.proofs[:a.proved])
	a.proved, a.decided = 0, false
}

// complete makes sure that nothing is missing from the proofs of a request that is proved.
// open says that a claim's signature cannot be judged before the body has come.
func (a *Attempt) complete(out State, open bool) (State, reason.Code) {
	code := reason.OK
	for i := range a.reading.Claims() {
		if c := &a.reading.claims[i]; code == reason.OK {
			var waits bool
			waits, code = a.ripen(i, c)
			open = open || waits
		}
	}
	if code == reason.OK && !open {
		return out, reason.OK
	}
	a.forget()
	if a.body.Pledge != nil {
		a.body.Pledge.Reset()
	}
	if code != reason.OK {
		return Refused, code
	}
	return NeedsBody, reason.OK
}

// ripen judges a claim that is refused now and would not be later: one from the future, or
// by a key that is not in use yet. The latter is a proof more. The former cannot be
// remembered before its time, so that the request is refused. A body that cannot be read
// leaves a claim unjudged: refused, too.
func (a *Attempt) ripen(i int, c *Claim) (waits bool, code reason.Code) {
	future := a.codes[i] == reason.SignatureInFuture
	switch {
	case a.codes[i] == reason.BodyUndelivered:
		return false, reason.BodyUndelivered
	case !future && (a.codes[i] != reason.SignatureInvalid || !a.awaits(c)):
		return false, reason.OK
	case !a.body.Ended && c.Body != BodyUnused:
		return true, reason.OK
	}
	a.proof, a.unread, a.ever = Proof{}, false, true
	good := a.candidates(c) && a.signature(i, c, true)
	a.ever = false
	switch {
	case a.unread:
		return false, reason.BodyUndelivered
	case good && future:
		return false, reason.SignatureInFuture
	}
	a.keep()
	return false, reason.OK
}

// awaits says whether a key that is not in use yet may be the one that is meant.
func (a *Attempt) awaits(c *Claim) bool {
	for _, k := range a.cfg.Keys {
		if k.awaited(a.request.Now/second) && (!c.Named || k.ID == c.KeyID) && a.algorithm(k, c) != NoAlgorithm {
			return true
		}
	}
	return false
}
