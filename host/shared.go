package host

import "github.com/postern-wasm/postern/host/internal/state"

// Shared is what the VMs of one proxy process share: shared data and queues.
// Its methods may be called from several goroutines.
type Shared struct {
	data   state.SharedData
	queues state.Queues
}

// NewShared returns an empty store.
func NewShared() *Shared { return &Shared{} }

// Data returns a copy of the shared data of one VM id.
func (s *Shared) Data(vmID string) map[string][]byte { return s.data.Snapshot(vmID) }

// Shared returns the store that the Host uses.
func (h *Host) Shared() *Shared { return h.opts.Shared }
