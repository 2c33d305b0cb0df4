package signed

import "github.com/postern-wasm/postern/plugin/reason"

// BodyMode is what a provider does with bodies.
type BodyMode uint8

// The modes.
const (
	// BodyHold: held until the signature is proved.
	BodyHold BodyMode = iota
	// BodyDigest: a body needs a signed digest in the headers.
	BodyDigest
	// BodyReject: none is taken.
	BodyReject
)

// Config is a provider of signed requests.
type Config struct {
	// Provider is its index, to tell its taps from those of others.
	Provider int
	Scheme   Scheme
	// Keys in the order of the configuration.
	Keys []*Key
	// Algorithms that are taken.
	Algorithms Set
	// Tolerance is how far the signed time may be from now, nanoseconds.
	Tolerance int64
	Body      BodyMode
	// Every says that [Attempt.Proofs] has to be complete: that it names all claims by which
	// the request, or what a stranger leaves of it, is good now or will be.
	Every bool
	// NeedsText says that [Proof.Fingerprint] will be asked for what public keys signed.
	// With TextOnly it is what MACs are of, too: where requests name no key, one may carry
	// the MACs of several, of which a stranger can leave out all but one.
	NeedsText, TextOnly bool
}

// Body is what is known of a request's body at an event.
type Body struct {
	// Ended says that all of it has come, Size how much. Only then do the others count.
	Ended bool
	Size  int64
	// Taps are the stream's.
	Taps *Taps
	// Each hands over the body piece by piece once more, for what no tap has; nil, or false,
	// if that cannot be. Whole returns it in one piece.
	Each  func(func(piece []byte)) bool
	Whole func() (string, bool)
	// Pledge takes the signed digests where the request may go on before its body, else nil.
	Pledge *Pledge
}

// State is how far an attempt has come; the zero value refuses.
type State uint8

// The states.
const (
	// Refused: for the reason that comes with it.
	Refused State = iota
	// Proved: by [Attempt.Key].
	Proved
	// NeedsBody: judge again when the body is complete.
	NeedsBody
	// Pledged: proved by [Attempt.Key], if the body holds [Body.Pledge].
	Pledged
)

// Attempt is the judging of one request by one provider. Reuse it. It is not safe for
// concurrent use.
type Attempt struct {
	cfg     *Config
	request *Request
	body    *Body
	reading Reading
	proof   Proof            // of the claim that is being judged, if its signature is good
	proofs  [MaxClaims]Proof // the first of them has decided
	proved  int
	codes   [MaxClaims]reason.Code
	tried   Algorithm
	decided bool
	unread  bool // the body could not be read again
	ever    bool // keys count that come into use later
}

// Judge judges a request by its headers and what there is of its body.
func (a *Attempt) Judge(cfg *Config, r *Request, b *Body) (State, reason.Code) {
	a.Wipe()
	a.cfg, a.request, a.body = cfg, r, b
	if code := cfg.Scheme.Read(r, &a.reading); code != reason.OK {
		return Refused, code
	}
	if cfg.Body == BodyReject && b.Ended && b.Size > 0 {
		return Refused, reason.BodyNotAllowed
	}
	first, waits, open, out := reason.Undecided, false, false, Refused
	for i := range a.reading.Claims() {
		c := &a.reading.claims[i]
		if c.Aside && !a.decided {
			continue
		}
		a.proof = Proof{}
		state, code := a.judge(i, c)
		a.codes[i] = code
		switch {
		case (state == Proved || state == Pledged) && !a.decided:
			if out = state; !a.decide() {
				return out, reason.OK
			}
			continue
		case state == NeedsBody:
			waits, open = true, open || a.proof.Key == nil
		case first == reason.Undecided:
			first = code
		}
		a.keep()
	}
	switch {
	case a.decided:
		return a.complete(out, open)
	case waits:
		a.forget()
		return NeedsBody, reason.OK
	}
	a.forget()
	return Refused, first
}

// Claim returns the claim that was proved, Key by what, Algorithm how.
func (a *Attempt) Claim() *Claim { return a.proofs[0].Claim }

// Key returns the key that proved it, nil before.
func (a *Attempt) Key() *Key { return a.proofs[0].Key }

// Algorithm returns the algorithm of the proof.
func (a *Attempt) Algorithm() Algorithm { return a.proofs[0].Algorithm }

// Tried returns the algorithm that the request was verified by, for a measurement: the
// proof's, or of what is not proved the last one that was tried. NoAlgorithm is that none
// was.
func (a *Attempt) Tried() Algorithm {
	if a.proved > 0 {
		return a.Algorithm()
	}
	return a.tried
}

// Reading returns what the scheme has read, for an explanation.
func (a *Attempt) Reading() *Reading { return &a.reading }

// Wipe lets go of the request.
func (a *Attempt) Wipe() {
	a.reading.reset()
	a.forget()
	a.cfg, a.request, a.body, a.proof = nil, nil, nil, Proof{}
	a.codes, a.tried, a.unread, a.ever = [MaxClaims]reason.Code{}, NoAlgorithm, false, false
}

// judge judges one claim: what costs nothing first, then what the headers alone decide,
// last what takes the body.
func (a *Attempt) judge(i int, c *Claim) (State, reason.Code) {
	if len(c.Signatures) == 0 {
		return Refused, reason.SignatureMalformed
	}
	if len(c.Signatures) > MaxSignatures || len(c.Nonce) > MaxNonce || len(c.ID) > MaxNonce {
		return Refused, reason.SignaturesTooMany
	}
	if c.Algorithm != NoAlgorithm && !a.cfg.Algorithms.Has(c.Algorithm) {
		return Refused, reason.AlgorithmNotAllowed
	}
	if c.Body == BodyWhole {
		if !a.body.Ended {
			return NeedsBody, reason.OK
		}
		text, ok := "", a.body.Size == 0
		if !ok && a.body.Whole != nil {
			text, ok = a.body.Whole()
		}
		if !ok {
			return Refused, reason.BodyUndelivered
		}
		if code := a.cfg.Scheme.Finish(a.request, c, text); code != reason.OK {
			return Refused, code
		}
		if c.Body == BodyWhole {
			return Refused, reason.Internal
		}
	}
	if code := c.timely(a.request.Now, a.cfg.Tolerance); code != reason.OK {
		return Refused, code
	}
	return a.prove(i, c)
}

// prove compares the signatures, and the body with what they cover of it.
func (a *Attempt) prove(i int, c *Claim) (State, reason.Code) {
	known := a.candidates(c)
	if a.body.Taps != nil {
		c.seal = c.sealed()
	}
	if !a.body.Ended {
		if c.Body != BodyUnused {
			a.tap(i, c, known)
			a.tapDigests(i, c)
			return NeedsBody, reason.OK
		}
		if !a.signature(i, c, known) {
			return Refused, reason.SignatureInvalid
		}
		if c.BodyFree && !c.covers() && a.cfg.Body == BodyHold {
			return Proved, reason.OK
		}
		if !a.decided && a.body.Pledge != nil && a.body.Pledge.take(c) {
			return Pledged, reason.OK
		}
		a.tapDigests(i, c)
		return NeedsBody, reason.OK
	}
	if !a.signature(i, c, known) {
		if a.unread {
			return Refused, reason.BodyUndelivered
		}
		return Refused, reason.SignatureInvalid
	}
	if code := a.bodyHolds(i, c); code != reason.OK {
		if code == reason.DigestMismatch {
			a.proof = Proof{} // it is another request's
		}
		return Refused, code
	}
	return Proved, reason.OK
}

// candidates says whether there is a key to try. Where there is none the first key of the
// provider is tried all the same, so that the work and the answer are those of a wrong
// signature.
func (a *Attempt) candidates(c *Claim) (known bool) {
	for _, k := range a.cfg.Keys {
		if a.may(k, c) {
			return true
		}
	}
	return false
}

// may says whether a key may be the one that is meant.
func (a *Attempt) may(k *Key, c *Claim) bool {
	if c.Named && k.ID != c.KeyID || !k.valid(a.request.Now/second) && !(a.ever && k.awaited(a.request.Now/second)) {
		return false
	}
	return a.algorithm(k, c) != NoAlgorithm
}

// algorithm is the one that a key is used with; NoAlgorithm if it may not be used.
func (a *Attempt) algorithm(k *Key, c *Claim) Algorithm {
	set := k.algorithms & a.cfg.Algorithms
	if c.Algorithm == NoAlgorithm {
		return set.Only()
	}
	if !set.Has(c.Algorithm) {
		return NoAlgorithm
	}
	return c.Algorithm
}

// each calls f for every key to try, with its index; where none may be used, for the first
// one whose work resembles theirs.
func (a *Attempt) each(c *Claim, known bool, f func(n int, k *Key, alg Algorithm)) {
	tried := 0
	for n, k := range a.cfg.Keys {
		alg := a.algorithm(k, c)
		if alg == NoAlgorithm || known && !a.may(k, c) {
			continue
		}
		if f(n, k, alg); !known {
			return
		}
		if tried++; tried == MaxKeys {
			return
		}
	}
}

// signature says whether one of the claim's signatures is good under one of the keys. All
// keys are tried, whichever it is.
func (a *Attempt) signature(i int, c *Claim, known bool) bool {
	good := false
	a.each(c, known, func(n int, k *Key, alg Algorithm) {
		a.tried = alg
		rounds := 1
		if alg == Ed25519 {
			rounds = len(c.Signatures)
		}
		for nth := range rounds {
			state, ok := a.before(i, c, n, k, alg, nth)
			if !ok {
				continue
			}
			if c.Lead == "" {
				state.WriteString(c.After)
			}
			if at, is := k.finish(alg, c, nth, state); is && known && !good {
				good, a.proof.Key, a.proof.Algorithm, a.proof.mac = true, k, alg, c.Signatures[at]
			}
		}
	})
	if !good {
		return false
	}
	a.proof.Claim = c
	if a.proof.Algorithm.Symmetric() && !a.cfg.TextOnly {
		return true
	}
	if a.proof.mac = nil; a.cfg.NeedsText && !a.sumText(i, c) {
		a.proof = Proof{}
		return false
	}
	return true
}
