package filter

import (
	"slices"

	"github.com/postern-wasm/postern/plugin/config"
	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/replay"
	"github.com/postern-wasm/postern/plugin/verify/signed"
)

// Requests that come twice. Whether one has been seen is asked before it is held for its
// body, so that a flood of repetitions costs no memory, and remembered last, when all else
// has been judged in its favour: a request that fails burns no nonce.

// Shared is the host's shared data, as it is asked in the middle of a verdict: the answer
// is part of it.
type Shared interface {
	// Get returns what is stored under a key, valid until the next call.
	Get(key string) (value []byte, cas uint32, status replay.ShareStatus)
	// Set stores a value if cas is that of what is stored.
	Set(key string, value []byte, cas uint32) replay.ShareStatus
}

// Remember has accepted requests remembered in the host's shared data, or, if that is not
// to be relied on, in memory, which is to live as long as the VM. Without it requests that
// must not come twice are refused.
func (p *Plugin) Remember(shared Shared, memory *replay.Memory) {
	p.shared = shared
	p.stores = make([]*replay.Store, len(p.cfg.Providers))
	for i := range p.cfg.Providers {
		s := p.cfg.Providers[i].Signed
		if s == nil || s.Replay.By == config.ReplayOff {
			continue
		}
		p.stores[i] = replay.New(replay.Config{
			Provider: p.cfg.Providers[i].Name, Ahead: s.Verify.Tolerance, Behind: s.Verify.Tolerance,
			ByArrival: s.Replay.By == config.ReplayID, Capacity: s.Replay.Capacity, Clients: len(s.Verify.Keys), Secret: p.cfg.SharedDataSecret,
		}, memory)
		plan := p.stores[i].Probe()
		p.carry(&plan)
	}
}

// carry carries a plan out.
func (p *Plugin) carry(plan *replay.Plan) replay.Outcome {
	if p.shared == nil {
		return replay.Unavailable
	}
	for step := plan.Next(); step.Kind != replay.Nothing; step = plan.Next() {
		switch step.Kind {
		case replay.ReadShared:
			value, cas, status := p.shared.Get(step.Key)
			plan.Read(status, value, cas)
		case replay.WriteShared:
			plan.Written(p.shared.Set(step.Key, step.Value, step.CAS))
		case replay.Nothing:
		}
	}
	return plan.Outcome()
}

// seenBefore says whether a proved request has been accepted before. Where the verdict is
// this provider's alone that is found out when it is remembered, unless there is more than
// one thing to remember: of a request that is refused none is.
func (j *judge) seenBefore(s *slot, p *config.SignedRequest) reason.Code {
	if code := j.mark(s, p); code != reason.OK || j.alone && s.marked < 2 {
		return code
	}
	for _, mark := range s.marks[:s.marked] {
		plan := j.plugin.stores[s.provider].Check(j.now, mark)
		if code := outcome(j.plugin.carry(&plan)); code != reason.OK {
			return code
		}
	}
	return reason.OK
}

// seenEarly is seenBefore for a request that is not proved yet: by what it says of itself,
// where that alone would be enough to refuse it.
func (j *judge) seenEarly(s *slot, p *config.SignedRequest) reason.Code {
	claims := s.request.Reading().Claims()
	if len(claims) != 1 || !claims[0].Named || p.Replay.By == config.ReplayOff || j.plugin.stores == nil {
		return reason.OK
	}
	c := &claims[0]
	var mark replay.Mark
	switch {
	case p.Replay.By == config.ReplayNonce && c.HasNonce && c.Stamped && !c.Lasting:
		mark = j.plugin.stores[s.provider].Mark(whose(p, c.KeyID), c.Stamp, replay.Nonce, c.Nonce)
	case p.Replay.By == config.ReplayID && c.HasID:
		mark = j.plugin.stores[s.provider].Mark(whose(p, c.KeyID), 0, replay.ID, c.ID)
	default:
		return reason.OK
	}
	plan := j.plugin.stores[s.provider].Check(j.now, mark)
	if j.plugin.carry(&plan) == replay.Replayed {
		return reason.Replayed
	}
	return reason.OK
}

// whose says among whose requests one is remembered: nobody's where a stranger may have
// the choice.
func whose(p *config.SignedRequest, keyID string) string {
	if p.Traits.OneSigner() {
		return keyID
	}
	return ""
}

// mark notes what is remembered of a proved request: all that its signatures say, since
// whoever sends it again can leave out any of them. What none of them would be accepted by
// itself for is not remembered.
func (j *judge) mark(s *slot, p *config.SignedRequest) reason.Code {
	s.marked = 0
	bare := false // a signature would do that says nothing to remember
	for i, proofs := 0, s.request.Proofs(); i < len(proofs); i++ {
		mark, asked, code := j.markOf(s.provider, p, &proofs[i])
		switch {
		case code == reason.ReplayUnavailable || code != reason.OK && i == 0:
			return code
		case code != reason.OK:
			// By itself it would be refused for that.
		case !asked:
			bare = true
		case !slices.Contains(s.marks[:s.marked], mark): // two signatures may have one nonce
			s.marks[s.marked] = mark
			s.marked++
		}
	}
	if bare && s.marked > 0 {
		return reason.NonceMissing // the nonce could be left out with its signature
	}
	return reason.OK
}

// markOf is what is remembered of one proof; asked is false if nothing is.
func (j *judge) markOf(provider int, p *config.SignedRequest, proof *signed.Proof) (mark replay.Mark, asked bool, code reason.Code) {
	c, keyID := proof.Claim, whose(p, proof.Key.ID)
	what, kind := "", replay.Nonce
	switch p.Replay.By {
	case config.ReplayOff:
		return mark, false, reason.OK
	case config.ReplayNonce:
		if !c.HasNonce {
			if p.Replay.Required {
				return mark, false, reason.NonceMissing
			}
			return mark, false, reason.OK
		}
		what = c.Nonce
	case config.ReplaySignature:
		if what, kind = string(proof.Fingerprint()), replay.Base; proof.ByMAC() {
			kind = replay.MAC
		}
	case config.ReplayID:
		if !c.HasID || c.ID == "" {
			return mark, false, reason.NonceMissing
		}
		what, kind = c.ID, replay.ID
	}
	if j.plugin.stores == nil {
		return mark, false, reason.ReplayUnavailable
	}
	store := j.plugin.stores[provider]
	switch {
	case kind == replay.ID:
		mark = store.Mark(keyID, 0, kind, what)
	case c.Stamped && !c.Lasting:
		mark = store.Mark(keyID, c.Stamp, kind, what)
	case c.Expires != 0:
		mark = store.MarkUntil(keyID, c.Expires, kind, what)
	default:
		return mark, false, reason.TimestampMissing // it could never be forgotten
	}
	return mark, true, reason.OK
}

// rememberSigned keeps what the request must not come with again. It is asked last.
func (j *judge) rememberSigned() (reason.Code, int) {
	for _, s := range j.slots[:j.proved] {
		if !s.sealed {
			continue
		}
		for _, mark := range s.marks[:s.marked] {
			plan := j.plugin.stores[s.provider].Insert(j.now, mark)
			if code := outcome(j.plugin.carry(&plan)); code != reason.OK {
				return code, s.provider
			}
		}
	}
	return reason.OK, -1
}

func outcome(o replay.Outcome) reason.Code {
	switch o {
	case replay.Fresh:
		return reason.OK
	case replay.Replayed:
		return reason.Replayed
	case replay.Full:
		return reason.ReplayFull
	case replay.Outside:
		return reason.SignatureExpired
	case replay.Unavailable:
	}
	return reason.ReplayUnavailable
}
