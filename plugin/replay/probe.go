package replay

const (
	probeName  = keyPrefix + "probe"
	probeValue = "PSTRPL1?"
)

// Probe asks whether the host's shared data can be relied on: that it keeps what is
// written, creates an entry only where there is none, and compares before it replaces.
// It is to be driven once, when the configuration is read; its outcome says nothing.
// Where the host fails in any of this, each VM remembers for itself.
func (s *Store) Probe() Plan {
	return Plan{store: s, phase: probeCreate, name: probeName, value: []byte(probeValue)}
}

func (p *Plan) probed(good bool, next phase) {
	switch {
	case !good:
		p.store.mode, p.store.untold = own, true
		p.end(Unavailable)
	case next == done:
		p.store.mode = shared
		p.end(Unavailable)
	default:
		p.phase = next
	}
}
