package effect

import (
	"github.com/postern-wasm/postern/plugin/identity"
	"github.com/postern-wasm/postern/plugin/jsonx"
	"github.com/postern-wasm/postern/plugin/reason"
)

// States are the members of the filter state that a configuration asks for: a set of
// bits, by the place in [StateNames].
type States uint8

// The members.
const (
	StateVerdict States = 1 << iota
	StateReason
	StateProvider
	StateSub
	StateClient
	StateScope
)

// StateNames are the members' names as the configuration has them.
var StateNames = [...]string{"verdict", "reason", "provider", "sub", "client", "scope"}

// State is one member of a request's filter state. Host calls that set one cost as much
// as a tenth of what a known token costs in all, so none is left unless asked for.
type State struct {
	// Path is the property's, "postern.verdict".
	Path string
	// Value is not empty.
	Value string
}

// maxState bounds what a claim may leave behind, bytes. A longer one is left out: cut off
// it could pass for another one.
const maxState = 1024

// States returns what the configuration wants to be known of a verdict. id is the first
// identity that was proved, or nil. What a claim says is left out where it could not
// stand in a header either.
func (w *Writer) States(cfg *Config, verdict string, c reason.Code, provider string, id *identity.Identity) []State {
	w.states = w.states[:0]
	if cfg.States == 0 {
		return nil
	}
	w.state(cfg, StateVerdict, "postern.verdict", verdict)
	if c != reason.OK {
		w.state(cfg, StateReason, "postern.reason", c.String())
	}
	w.state(cfg, StateProvider, "postern.provider", provider)
	if id == nil {
		return w.states
	}
	if cfg.States&StateClient != 0 {
		w.claimed("postern.client", id.Client)
	}
	if id.Claims == nil {
		return w.states
	}
	claims := id.Claims.Root()
	if cfg.States&StateSub != 0 {
		w.claimed("postern.sub", textOf(claims, "sub"))
	}
	if cfg.States&StateClient != 0 {
		w.claimed("postern.client", client(claims))
	}
	if cfg.States&StateScope != 0 {
		w.claimed("postern.scope", w.scope(claims))
	}
	return w.states
}

func (w *Writer) state(cfg *Config, member States, path, value string) {
	if cfg.States&member != 0 && value != "" {
		w.states = append(w.states, State{path, value})
	}
}

func (w *Writer) claimed(path, value string) {
	if value != "" && len(value) <= maxState && writable(value) {
		w.states = append(w.states, State{path, value})
	}
}

func textOf(claims jsonx.Value, name string) string {
	if v, ok := claims.Member(name); ok && v.Kind() == jsonx.String {
		return v.Text()
	}
	return ""
}

// client is the one that the credential was issued to: client_id (RFC 9068 §2.2) or azp
// (OpenID Connect Core §2); nobody where they name two.
func client(claims jsonx.Value) string {
	id, party := textOf(claims, "client_id"), textOf(claims, "azp")
	switch {
	case id == "":
		return party
	case party == "" || party == id:
		return id
	}
	return ""
}

// scope is the claim scope (RFC 8693 §4.2), or scp as a text or a list.
func (w *Writer) scope(claims jsonx.Value) string {
	if s := textOf(claims, "scope"); s != "" {
		return s
	}
	list, ok := claims.Member("scp")
	if !ok || list.Kind() != jsonx.Array {
		return textOf(claims, "scp")
	}
	b := w.buf
	for e, more := list.First(); more; e, more = e.Next() {
		if e.Kind() != jsonx.String || len(b)-len(w.buf) > maxState {
			return ""
		}
		if len(b) > len(w.buf) {
			b = append(b, ' ')
		}
		b = append(b, e.Text()...)
	}
	return w.text(b)
}
