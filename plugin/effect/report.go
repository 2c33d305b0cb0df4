package effect

import (
	"github.com/postern-wasm/postern/plugin/credential"
	"github.com/postern-wasm/postern/plugin/request"
)

// What becomes of a request that is let through although it was refused (mode: report).
// It goes on as nobody's: [Writer.Begin] takes back whatever a proof has granted.

// BeginUnread is [Writer.Begin] for a header list that could not be read: every identity
// header is removed, whether it is seen or not, and of what there is to see all that would
// pass for one.
func (w *Writer) BeginUnread(cfg *Config, v *request.View) {
	w.ops, w.cookies, w.buf = w.ops[:0], w.cookies[:0], w.buf[:0]
	w.target = ""
	for _, name := range cfg.IdentityHeaders {
		w.ops = append(w.ops, Op{Kind: Remove, Name: name})
	}
	w.dropLikes(cfg, v)
}

// OpsUnread returns the operations that BeginUnread has noted.
func (w *Writer) OpsUnread() []Op { return w.ops }

// Withhold takes what stands at a provider's places out of the request, proved or not and
// every copy of it, unless the provider forwards credentials. What is at the place and is
// another scheme's stays.
func (w *Writer) Withhold(cfg *Config, provider int, places []credential.Place, f *credential.Finder, v *request.View) {
	if cfg.Providers[provider].Forward {
		return
	}
	for i := range places {
		switch f.Find(v, places[i:i+1]).State {
		case credential.Present, credential.Several, credential.Malformed:
			w.withdraw(&places[i])
		case credential.Absent, credential.Foreign, credential.Unread:
		}
	}
}
