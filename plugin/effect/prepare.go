package effect

import (
	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/request"
)

// Prepare makes the answers of all reasons that are answered alike whatever the
// request, so that refusing costs little. Called once, when the configuration is read;
// the answers live where the configuration lives.
func (cfg *Config) Prepare() {
	cfg.prepared = nil
	codes := reason.All()
	prepared := make([]Answer, len(codes)+1)
	for _, c := range codes {
		if row := rowOf(c); !row.retry && int(c) < len(prepared) {
			var w Writer // not reused: its buffers are the answer
			prepared[c] = *w.form(cfg, row, c, 0, false, "")
			prepared[c].Prepared = c
		}
	}
	cfg.prepared = prepared
}

// Prepared returns what Prepare has made, by reason; an entry with status 0 is none.
func (cfg *Config) Prepared() []Answer { return cfg.prepared }

// home is a writer's own memory, of the sizes that usual requests need.
type home struct {
	ops     [12]Op
	cookies [4]string
	lines   [4]request.Header
	states  [len(StateNames)]State
	buf     [1024]byte
	body    [512]byte
}

// Reserve gives the writer memory of its own for good, so that it allocates nothing for
// usual requests.
func (w *Writer) Reserve() {
	w.home = new(home)
	w.rest()
}

// Wipe clears what requests have left in the writer's own memory and lets go of all
// other: the writer is as after Reserve.
func (w *Writer) Wipe() {
	h := w.home
	if h == nil {
		*w = Writer{}
		return
	}
	clear(h.ops[:])
	clear(h.cookies[:])
	clear(h.states[:])
	if w.texts > 0 {
		clear(h.lines[:])
		clear(h.buf[:min(w.texts, len(h.buf))])
		clear(h.body[:])
	}
	w.rest()
}

func (w *Writer) rest() {
	h := w.home
	*w = Writer{home: h, ops: h.ops[:0], cookies: h.cookies[:0], lines: h.lines[:0], states: h.states[:0], buf: h.buf[:0], body: h.body[:0]}
}
