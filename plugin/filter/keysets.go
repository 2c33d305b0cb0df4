package filter

// Retire says that another configuration is in force from now on: the key sets end what
// they have begun and begin nothing more.
func (p *Plugin) Retire() {
	for _, s := range p.sources {
		s.Retire()
	}
}

// Quit is Retire where the host drops the calls under way.
func (p *Plugin) Quit() {
	for _, s := range p.sources {
		s.Quit()
	}
}

// Busy says that a retired plugin has something to end yet.
func (p *Plugin) Busy() bool {
	for _, s := range p.sources {
		if s.Busy() {
			return true
		}
	}
	return false
}
