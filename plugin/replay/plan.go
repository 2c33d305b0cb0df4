package replay

// StepKind is a host call that a plan wants.
type StepKind uint8

// The kinds; the zero value wants nothing.
const (
	// Nothing is wanted: the outcome is there.
	Nothing StepKind = iota
	// ReadShared wants Key's value from shared data: answer with [Plan.Read].
	ReadShared
	// WriteShared wants Value stored under Key with CAS: answer with [Plan.Written].
	WriteShared
)

// Step is one host call wanted, as data. Its texts are valid until the answer is given.
type Step struct {
	Kind  StepKind
	Key   string
	Value []byte
	CAS   uint32
}

// ShareStatus is how a shared-data call came out.
type ShareStatus uint8

// The outcomes of calls; the zero value means that the host has no shared data to offer.
const (
	// ShareUnavailable: not implemented, or an unexpected status.
	ShareUnavailable ShareStatus = iota
	// ShareOK: read or written.
	ShareOK
	// ShareAbsent: nothing is stored under that key.
	ShareAbsent
	// ShareConflict: another writer was faster.
	ShareConflict
)

// Outcome is what a plan has found. The zero value refuses, as all do but Fresh.
type Outcome uint8

// The outcomes.
const (
	// Unavailable: the memory cannot be read or written, is damaged, or the clock has
	// stepped back so far that it cannot vouch for this request (503).
	Unavailable Outcome = iota
	// Fresh: not seen before. Of an Insert, that it is now in the memory.
	Fresh
	// Replayed: seen before (401).
	Replayed
	// Full: no room for another request of this key id in the window (503).
	Full
	// Outside: the request's time is out of the window (401).
	Outside
)

const (
	// maxTries is how often an Insert begins anew because another worker was faster.
	maxTries = 16
	// neverCAS matches no entry: writing with it succeeds only where there is none. With 0
	// a write would replace whatever another worker has just put there.
	neverCAS = 1<<32 - 1
	// maxClock is where the stamps of entries end, seconds: in the year 2106.
	maxClock = 1<<32 - 1
)

// Plan is one question under way. The driver asks for the next step, makes the host call,
// reports its outcome, and asks again until the kind is Nothing; then the outcome counts.
// It lives within one callback: it holds memory of that. The zero value is done, and its
// outcome is Unavailable.
type Plan struct {
	store   *Store
	phase   phase
	outcome Outcome
	insert  bool
	now     int64 // seconds
	mark    Mark
	tries   int
	name    string
	value   []byte
	cas     uint32
}

type phase uint8

const (
	done phase = iota
	reading
	writing
	closing // a damaged bucket
	probeCreate
	probeRead
	probeCompare
)

// Check asks whether a request has been seen before. It remembers nothing, so that a
// request may be asked about before it is proved: an answer of Fresh says that it is
// worth the while. Only [Store.Insert] accepts.
func (s *Store) Check(now int64, m Mark) Plan { return s.begin(now, m, false) }

// Insert remembers a request that has been proved, whole, with its body. It is accepted
// if the outcome is Fresh: one request at most of those with the same mark.
func (s *Store) Insert(now int64, m Mark) Plan { return s.begin(now, m, true) }

func (s *Store) begin(now int64, m Mark, insert bool) Plan {
	p := Plan{store: s, insert: insert, now: floorSeconds(now), mark: m}
	if now <= 0 || p.now >= maxClock { // a clock that is not set
		return p
	}
	if m.life == arrived {
		p.mark.stamp = p.now
	}
	w := p.window()
	if stamp := p.mark.stamp; stamp <= 0 || stamp >= maxClock || stamp < p.now-w.keep || stamp > p.now+w.ahead {
		p.outcome = Outside
		return p
	}
	switch s.mode {
	case unknown:
	case own:
		p.outcome = s.memory.judge(&p)
	case shared:
		p.name = p.mark.name()
		p.phase = reading
	}
	return p
}

func (p *Plan) window() window { return p.store.windows[p.mark.life] }

// limit is the oldest stamp that is remembered.
func (p *Plan) limit(floor int64) int64 { return max(floor, p.now-p.window().keep, 1) }

// Next returns the host call that is wanted.
func (p *Plan) Next() Step {
	switch p.phase {
	case reading:
		return Step{Kind: ReadShared, Key: p.name}
	case writing, closing:
		return Step{Kind: WriteShared, Key: p.name, Value: p.value, CAS: p.cas}
	case probeCreate, probeCompare:
		return Step{Kind: WriteShared, Key: p.name, Value: p.value, CAS: neverCAS}
	case probeRead:
		return Step{Kind: ReadShared, Key: p.name}
	case done:
	}
	return Step{}
}

// Outcome returns what was found; before the last step it is Unavailable.
func (p *Plan) Outcome() Outcome {
	if p.phase != done {
		return Unavailable
	}
	return p.outcome
}

func (p *Plan) end(o Outcome) { p.phase, p.outcome, p.value = done, o, nil }

// Read reports what shared data holds under the key asked for. value is not kept.
func (p *Plan) Read(status ShareStatus, value []byte, cas uint32) {
	switch p.phase {
	case reading:
	case probeRead:
		p.probed(status == ShareOK && cas != 0, probeCompare)
		return
	case done, writing, closing, probeCreate, probeCompare:
		return
	}
	b := bucket{}
	switch {
	case status == ShareAbsent:
		cas = neverCAS
	case status != ShareOK, cas == 0: // a write with 0 would compare nothing
		p.end(Unavailable)
		return
	default:
		read, ok := decode(value, p.name, p.store.cfg.Secret)
		if !ok {
			p.close(cas)
			return
		}
		b = read
	}
	limit := p.limit(b.floor)
	live, found := b.look(limit, p.mark.hash)
	p.end(p.judge(b.floor, live, found, p.store.capacity))
	if p.insert && p.outcome == Fresh {
		p.outcome = Unavailable
		p.value = b.with(limit, live, p.mark.hash, p.mark.stamp, p.name, p.store.cfg.Secret)
		p.cas, p.phase = cas, writing
	}
}

// judge is what a bucket says about the plan's mark. A stamp before the floor is of a
// time that the bucket has forgotten, though by the clock it is in the window: the clock
// has stepped back, or the bucket is closed.
func (p *Plan) judge(floor int64, live int, found bool, capacity uint32) Outcome {
	switch {
	case p.mark.stamp < floor:
		return Unavailable
	case found:
		return Replayed
	case live >= int(capacity):
		return Full
	}
	return Fresh
}

// close replaces a damaged bucket by one that refuses all that may have been in it: what
// has been accepted so far was not stamped later than ahead of now.
func (p *Plan) close(cas uint32) {
	p.end(Unavailable)
	w := p.window()
	floor := p.now + w.ahead + 2
	if p.mark.life == arrived {
		floor += w.keep
	}
	if floor < maxClock {
		p.value, p.cas, p.phase = closed(floor, p.name, p.store.cfg.Secret), cas, closing
	}
}

// Written reports the outcome of a WriteShared step.
func (p *Plan) Written(status ShareStatus) {
	switch p.phase {
	case writing:
		p.tries++
		switch {
		case status == ShareOK:
			p.end(Fresh)
		case status == ShareConflict && p.tries < maxTries:
			p.phase = reading // whoever was faster may have written this very mark
		default:
			p.end(Unavailable)
		}
	case closing:
		p.end(Unavailable)
	case probeCreate:
		p.probed(status == ShareOK || status == ShareConflict, probeRead)
	case probeCompare:
		p.probed(status == ShareConflict, done)
	case done, reading, probeRead:
	}
}
