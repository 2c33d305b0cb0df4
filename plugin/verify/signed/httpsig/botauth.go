package httpsig

import (
	"errors"

	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/sfv"
	"github.com/postern-wasm/postern/plugin/verify/signed"
)

const (
	botAuthTag     = "web-bot-auth"
	signatureAgent = "signature-agent"
)

// ErrThumbprint says that a key of the profile has another name than the one that bots
// call it by.
var ErrThumbprint = errors.New("web-bot-auth names a key by its RFC 7638 thumbprint, and takes no shared secret")

// CheckKey says whether a key, its ID filled in, can be used: in the profile web-bot-auth it
// is a public one, and its name its thumbprint.
func (s *Scheme) CheckKey(k *signed.Key) error {
	if s.cfg.WebBotAuth && (k.Public() == nil || k.ID != k.Public().Thumbprint()) {
		return ErrThumbprint
	}
	return nil
}

// botAuth is the profile's part of a signature: it names its key and its end, not more than
// a day after its beginning, and covers where it goes and whose it says it is.
func (w *reader) botAuth(c *signed.Claim) reason.Code {
	switch {
	case !c.Named:
		return reason.SignatureMalformed
	case !c.Stamped || c.Expires == 0:
		return reason.TimestampMissing
	case c.Expires-c.Stamp > botAuthLife*second:
		return reason.SignatureMalformed
	case !w.covers(&component{kind: authority}) && !w.covers(&component{kind: targetURI}):
		return reason.ComponentNotCovered
	}
	c.Lasting = w.cfg.Lasting
	return w.signatureAgent()
}

// signatureAgent judges the field that says where the agent's keys are: a string, or a
// dictionary of strings. Nobody is asked there, but what a request says of its sender is
// signed or refused.
func (w *reader) signatureAgent() reason.Code {
	value, lines := w.field(signatureAgent)
	if lines == 0 {
		return reason.OK
	}
	if !w.spend(2 * len(value)) {
		return reason.SignaturesTooMany
	}
	if v, ok := sfv.ReadItem(value); ok && v.Kind == sfv.String {
		return w.coversAgent(sfv.Dictionary{})
	}
	d, ok := sfv.ReadDictionary(value)
	if !ok {
		return reason.SignatureMalformed
	}
	for m := d.Members(); m.Next(); {
		if m.Kind != sfv.String {
			return reason.SignatureMalformed
		}
	}
	return w.coversAgent(d)
}

// coversAgent says that the field is covered, or a member of the dictionary that it is.
func (w *reader) coversAgent(d sfv.Dictionary) reason.Code {
	for i := range w.covered[:w.n] {
		c := &w.covered[i]
		if c.kind != field || c.name != signatureAgent {
			continue
		}
		if !c.keyed {
			return reason.OK
		}
		if _, times := d.Get(c.argument); times == 1 {
			return reason.OK
		}
	}
	return reason.ComponentNotCovered
}
