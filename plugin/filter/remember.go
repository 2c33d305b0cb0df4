package filter

import (
	"github.com/postern-wasm/postern/plugin/config"
	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/replay"
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
	work := p.work // the proxy is asked, and may call back meanwhile
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
	p.work = work
	return plan.Outcome()
}

// seenBefore says whether a proved request has been accepted before. Where the verdict is
// this provider's alone that is found out when it is remembered.
func (j *judge) seenBefore(s *slot, p *config.SignedRequest) reason.Code {
	mark, asked, code := j.mark(s, p)
	if code != reason.OK || !asked || j.alone {
		return code
	}
	plan := j.plugin.stores[s.provider].Check(j.now, mark)
	return outcome(j.plugin.carry(&plan))
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

// whose says among whose requests one is remembered. Where requests need not name their key
// it is nobody's: one that carries signatures by two keys, as in a rotation, would otherwise
// be good once for each of them.
func whose(p *config.SignedRequest, keyID string) string {
	if p.Traits.KeyIDs {
		return keyID
	}
	return ""
}

// mark is what is remembered of a proved request; asked is false if nothing is.
func (j *judge) mark(s *slot, p *config.SignedRequest) (mark replay.Mark, asked bool, code reason.Code) {
	c, keyID := s.request.Claim(), whose(p, s.request.Key().ID)
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
		what, kind = string(s.request.Fingerprint()), replay.Base
		if s.request.Algorithm().Symmetric() && !p.Verify.TextOnly {
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
	store := j.plugin.stores[s.provider]
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

// remember keeps what the request must not come with again. It is asked last.
func (j *judge) rememberSigned() (reason.Code, int) {
	for _, s := range j.slots[:j.proved] {
		if !s.sealed || s.request == nil || s.request.Key() == nil {
			continue
		}
		mark, asked, code := j.mark(s, j.plugin.cfg.Providers[s.provider].Signed)
		if code == reason.OK && asked {
			plan := j.plugin.stores[s.provider].Insert(j.now, mark)
			code = outcome(j.plugin.carry(&plan))
		}
		if code != reason.OK {
			return code, s.provider
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
