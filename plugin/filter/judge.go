package filter

import (
	"github.com/postern-wasm/postern/plugin/authorize"
	"github.com/postern-wasm/postern/plugin/cache"
	"github.com/postern-wasm/postern/plugin/config"
	"github.com/postern-wasm/postern/plugin/credential"
	"github.com/postern-wasm/postern/plugin/identity"
	"github.com/postern-wasm/postern/plugin/jwks"
	"github.com/postern-wasm/postern/plugin/memory"
	"github.com/postern-wasm/postern/plugin/policy"
	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/replay"
	"github.com/postern-wasm/postern/plugin/verify/jwt"
	"github.com/postern-wasm/postern/plugin/verify/signed"
)

// slot is the scratch of one credential under judgement; those of proved identities
// are kept until the request is decided.
type slot struct {
	finder   credential.Finder
	key      cache.Key // the token, for the cache
	parsed   bool      // the attempt has parsed it
	attempt  jwt.Attempt
	place    *credential.Place
	provider int
	identity identity.Identity
	unproved bool                          // it holds what nobody has verified: see Extract
	request  *signed.Attempt               // where there are signed requests; the first slot's is the plugin's
	sealed   bool                          // it is a signed request, not a token
	marks    [signed.MaxClaims]replay.Mark // what is remembered of it
	marked   int
}

// judge is the policy room's Prover: it brings credentials, keys and time together.
type judge struct {
	plugin *Plugin
	stream *Stream
	now    int64
	slots  []*slot
	proved int   // the first so many slots hold proved identities
	judged *slot // the last one that was judged, for the log

	excused bool // a provider has let a token pass whose keys are not there
	clears  bool // a provider wants the route chosen anew

	gone         []*credential.Place // in compat: tokens of these have left the request
	left         [4]*credential.Place
	statusHeader string // see Extract

	verified  int64  // see Verdict.Verified
	algorithm string // that was timed

	signer   string // by which key the request says that it is signed, for the log
	enforced bool   // the rule's refusals are not reported only
	pledged  bool   // the request goes on, and its body is compared as it passes

	alone bool // the rule asks for one provider and nothing else
	brief bool // and of that one's tokens nothing is wanted but that they are good

	holds bool  // the body is waited for
	keeps bool  // and the headers have to be held for it
	limit int64 // how long it may become

	waitsKeys  bool // a key set is waited for
	waitSource int  // which
	waitFor    int64
	retryAfter int64
}

func (j *judge) begin(now int64, s *Stream) {
	j.now, j.stream, j.proved, j.judged, j.excused = now, s, 0, nil, false
	j.waitsKeys, j.waitSource, j.waitFor, j.retryAfter = false, 0, 0, 1
	j.holds, j.keeps, j.limit, j.signer, j.alone, j.brief = false, false, 0, "", false, false
	j.enforced, j.pledged = false, false
	j.verified, j.algorithm = 0, ""
	j.gone, j.statusHeader, j.clears = j.left[:0], "", false
	for _, s := range j.slots {
		s.key, s.parsed = cache.Key{}, false
	}
	if memory.Outermost() {
		// Not within a host call of another event, whose verdict is being carried out: what
		// that one has found in the cache must stay.
		j.plugin.tokens.event++
	}
}

// last returns the attempt that was judged last, or nil.
func (j *judge) last() *jwt.Attempt {
	if j.judged == nil {
		return nil
	}
	return &j.judged.attempt
}

// next returns a free slot.
func (j *judge) next() *slot {
	if j.proved == len(j.slots) {
		j.slots = append(j.slots, new(slot))
	}
	s := j.slots[j.proved]
	s.unproved, s.sealed = false, false
	return s
}

// Mark is part of policy.Prover.
func (j *judge) Mark() int { return j.proved }

// Rollback is part of policy.Prover. The slots themselves are swapped out of the way
// by being reused: nothing of a taken-back identity is read again. In compat what they
// have written stays, so they stay too, without the identity.
func (j *judge) Rollback(mark int) {
	if !j.plugin.cfg.Compat {
		j.proved = mark
		return
	}
	for _, s := range j.slots[mark:j.proved] {
		s.identity, s.sealed = identity.Identity{}, false
	}
}

// Provider is part of policy.Prover.
func (j *judge) Provider(provider int, audiences []string) policy.Proof {
	p := &j.plugin.cfg.Providers[provider]
	if p.Signed != nil {
		return j.signedRequest(provider)
	}
	s := j.next()
	s.provider = provider
	found := s.finder.Find(&j.plugin.work.view, p.Places)
	if found.State != credential.Present {
		return unfound(found.State, provider)
	}
	s.place = found.Place
	j.judged = s
	j.present(s, found.Raw)
	saved, keys := j.look(s, provider, p.JWT.MaxTokenBytes)
	if saved != nil && j.brief && len(audiences) == 0 && jwt.Good(saved, j.now) {
		return j.known(s)
	}
	if saved == nil || !s.attempt.Restore(s.key.Token, saved, keys) {
		if code := j.parse(s, p.JWT.MaxTokenBytes); code != reason.OK {
			return failed(provider, code)
		}
	}
	return j.prove(s, p, audiences)
}

// prove judges a token, parsed or recalled, as one of provider s.provider's.
func (j *judge) prove(s *slot, p *config.Provider, audiences []string) policy.Proof {
	if code := s.attempt.Check(&p.JWT, audiences, j.now); code != reason.OK {
		return failed(s.provider, code)
	}
	keys, generation := j.keysOf(p)
	if keys == nil {
		return j.withoutKeys(s, p)
	}
	if p.Subjects != nil {
		if subject, ok := s.attempt.Subject(); !ok || !p.Subjects.Matches(subject) {
			return failed(s.provider, reason.SubjectMismatch)
		}
	}
	code := s.attempt.Prove(keys, j.plugin.rsa)
	j.time(s, code)
	if code == reason.KeyUnknown && j.asksForKid(p) {
		return policy.Proof{State: policy.Waiting, Reason: code, Provider: s.provider}
	}
	if code != reason.OK {
		return failed(s.provider, code)
	}
	proof := j.accept(s, p, generation)
	if proof.State == policy.Proved {
		j.proved++
	}
	return proof
}

// accept keeps a token that has just proved good, and judges what its provider asks of
// its claims: only now, and on a hit of the cache too, since that is told to nobody who
// has no good token.
func (j *judge) accept(s *slot, p *config.Provider, generation uint64) policy.Proof {
	j.remember(s, p, generation)
	s.identity = s.attempt.Identity(s.provider)
	claims := s.identity.Claims.Root()
	if !authorize.Hold(p.Claims, claims) {
		return failed(s.provider, reason.ClaimMismatch)
	}
	if !p.Scopes.Granted(claims) {
		return policy.Proof{State: policy.Failed, Reason: reason.InsufficientScope, Provider: s.provider, Scope: p.Scopes.Text()}
	}
	return policy.Proof{State: policy.Proved, Reason: reason.OK, Provider: s.provider}
}

// time notes how long it took to judge a token that was new.
func (j *judge) time(s *slot, code reason.Code) {
	if s.parsed && (code == reason.OK || code == reason.BadSignature) {
		j.took(s.attempt.Algorithm().String())
	}
}

// took notes how long the event has taken to verify something. What had to wait for keys
// is not timed.
func (j *judge) took(algorithm string) {
	if j.plugin.clock != nil && j.stream.deadline == 0 {
		j.verified, j.algorithm = max(1, j.plugin.clock()-j.now), algorithm
	}
}

// Authorize is part of policy.Prover. Where no identity meets the rules, the refusal is
// that of the first.
func (j *judge) Authorize(rules *authorize.Rules, mark int) policy.Proof {
	if mark >= j.proved {
		if j.excused {
			return failed(-1, reason.KeysUnavailable)
		}
		return unfound(credential.Absent, -1)
	}
	var first policy.Proof
	known := false
	for _, s := range j.slots[mark:j.proved] {
		var code reason.Code
		switch {
		case s.sealed && s.identity.Signed:
			code = rules.JudgeKey(s.identity.Client)
		case s.identity.Claims == nil:
			continue // taken back, or never proved
		default:
			code = rules.Judge(s.identity.Claims.Root(), j.now, j.plugin.cfg.Providers[s.provider].JWT.ClockSkewSeconds)
		}
		if code == reason.OK {
			return policy.Proof{State: policy.Proved, Reason: reason.OK, Provider: s.provider}
		}
		if !known {
			known, first = true, failed(s.provider, code)
			if code == reason.InsufficientScope {
				first.Scope = rules.Scopes.Text()
			}
		}
	}
	if !known {
		return unfound(credential.Absent, -1)
	}
	return first
}

// unfound is the outcome where no credential can be judged.
func unfound(state credential.State, provider int) policy.Proof {
	switch state {
	case credential.Absent:
		return policy.Proof{State: policy.Missing, Reason: reason.Missing, Provider: provider}
	case credential.Several:
		return policy.Proof{State: policy.Fatal, Reason: reason.SeveralCredentials, Provider: provider}
	case credential.Foreign:
		return failed(provider, reason.UnsupportedScheme)
	case credential.Malformed:
		return failed(provider, reason.TokenMalformed)
	case credential.Present, credential.Unread:
	}
	return failed(provider, reason.Internal)
}

func failed(provider int, code reason.Code) policy.Proof {
	return policy.Proof{State: policy.Failed, Reason: code, Provider: provider}
}

// withoutKeys decides on a plausible token whose keys are not there: wait while they
// may come, else what the provider says. on_unavailable "allow" lets the request pass
// as if it were anonymous: no identity is recorded.
func (j *judge) withoutKeys(s *slot, p *config.Provider) policy.Proof {
	if p.Remote >= 0 {
		source := j.plugin.sources[p.Remote]
		if source.Pending(j.now) && (j.stream.deadline == 0 || j.now < j.stream.deadline) {
			j.waitsKeys, j.waitSource, j.waitFor = true, p.Remote, source.Config().Patience()+waitSlack
			return policy.Proof{State: policy.Waiting, Reason: reason.KeysUnavailable, Provider: s.provider}
		}
		j.retryAfter = source.RetryAfter(j.now)
	}
	switch p.OnUnavailable {
	case jwks.Deny401:
		return failed(s.provider, reason.KeysRefused)
	case jwks.Allow:
		j.excused = true
		return policy.Proof{State: policy.Proved, Reason: reason.OK, Provider: -1}
	case jwks.Deny503:
	}
	return failed(s.provider, reason.KeysUnavailable)
}

// asksForKid says whether the request waits for a refetch because of its kid. It asks
// once and waits while the answer is under way, and once more if a set came without it
// and the interval allows: that one may have left its server before the rotation. What
// the second does not bring is not there.
// A provider that does not refetch neither asks nor waits, whoever shares its set.
func (j *judge) asksForKid(p *config.Provider) bool {
	if p.Remote < 0 || !p.RefetchUnknownKid {
		return false
	}
	s := j.stream
	source := j.plugin.sources[p.Remote]
	if s.kidAsked {
		j.waitSource = p.Remote
		if !s.kidStill && j.now < s.deadline && source.Generation() != s.generation {
			s.kidStill = true
			source.WantKidStill(j.now)
		}
		j.waitsKeys = source.Pending(j.now) && j.now < s.deadline
		return j.waitsKeys
	}
	kid, _ := j.judged.attempt.KeyID()
	if !source.WantKid(j.now, kid) {
		return false
	}
	s.kidAsked = true
	s.deadline = 0
	j.waitsKeys, j.waitSource, j.waitFor = true, p.Remote, source.Config().UnknownKidWait
	return true
}

// Everyone is part of policy.Prover: the tokens at all providers' places, each judged
// by the provider that its issuer names, else by the first provider without an issuer.
func (j *judge) Everyone() policy.Proof {
	verdict := policy.Proof{State: policy.Missing, Reason: reason.Missing, Provider: -1}
	providers := j.plugin.cfg.Providers
	for i := range providers {
		var last bool
		if verdict, last = verdict.Join(j.everyonesToken(i)); last {
			break
		}
	}
	return verdict
}

// everyonesToken judges the token at provider i's places, unless an earlier provider
// looks at the very same places and has judged it.
func (j *judge) everyonesToken(i int) policy.Proof {
	providers := j.plugin.cfg.Providers
	if providers[i].Signed != nil {
		return j.signedRequest(i)
	}
	s := j.next()
	found := s.finder.Find(&j.plugin.work.view, providers[i].Places)
	if found.State != credential.Present {
		return unfound(found.State, -1)
	}
	if Taken(j.plugin.cfg, found.Place, i) {
		return unfound(credential.Absent, -1)
	}
	s.place = found.Place
	j.judged = s
	j.present(s, found.Raw)
	owner := j.recallOwner(s, providers[i].JWT.MaxTokenBytes)
	if owner < 0 {
		if code := j.parse(s, providers[i].JWT.MaxTokenBytes); code != reason.OK {
			return failed(-1, code)
		}
		owner = Owner(j.plugin.cfg, &s.attempt, s.place)
	}
	if owner < 0 {
		return failed(-1, reason.IssuerUnknown)
	}
	s.provider = owner
	return j.prove(s, &providers[owner], nil)
}

// bySignature says whether the decision rests on a signed request.
func (j *judge) bySignature() bool {
	for _, s := range j.slots[:j.proved] {
		if s.sealed {
			return true
		}
	}
	return false
}

// grant writes the effects of every identity that the decision rests on.
func (j *judge) grant() reason.Code {
	p := j.plugin
	for _, s := range j.slots[:j.proved] {
		if s.unproved {
			j.grantUnproved(s) // first: what is proved takes the place of what is not
		}
	}
	for _, s := range j.slots[:j.proved] {
		if s.unproved || p.cfg.Compat && !s.sealed {
			continue // carried out when it was proved
		}
		j.clears = j.clears || p.cfg.Providers[s.provider].ClearRouteCache
		if code := p.work.writer.Grant(&p.cfg.Effect, &s.identity, s.place); code != reason.OK {
			return code
		}
	}
	p.work.writer.Unverified(j.statusHeader)
	return reason.OK
}
