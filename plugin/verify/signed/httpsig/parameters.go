package httpsig

import (
	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/sfv"
	"github.com/postern-wasm/postern/plugin/verify/signed"
)

const second = int64(1_000_000_000)

// parameters reads the signature's parameters (RFC 9421 §2.3), each of which may be there
// once. Those of other names are signed, and mean nothing here.
func (w *reader) parameters(p sfv.Parameters, c *signed.Claim) reason.Code {
	var created, expiry, id, algorithm, nonce sfv.Value
	for m := p.Members(); m.Next(); {
		var v *sfv.Value
		switch m.Key {
		case "created":
			v = &created
		case "expires":
			v = &expiry
		case "keyid":
			v = &id
		case "alg":
			v = &algorithm
		case "nonce":
			v = &nonce
		default:
			continue
		}
		if v.Kind != sfv.None {
			return reason.SignatureMalformed
		}
		*v = m.Value
	}
	if code := w.created(created, c); code != reason.OK {
		return code
	}
	if code := expires(expiry, c); code != reason.OK {
		return code
	}
	if code := keyID(id, c); code != reason.OK {
		return code
	}
	if code := w.algorithm(algorithm, c); code != reason.OK {
		return code
	}
	return w.nonce(nonce, c)
}

// created is when it was signed, seconds.
func (w *reader) created(v sfv.Value, c *signed.Claim) reason.Code {
	if v.Kind == sfv.None {
		if w.cfg.CreatedOptional && !w.cfg.WebBotAuth {
			return reason.OK
		}
		return reason.TimestampMissing
	}
	at, ok := v.Integer()
	if !ok || at < 0 {
		return reason.TimestampMalformed
	}
	if at > latest {
		return reason.SignatureInFuture
	}
	c.Stamp, c.Stamped = at*second, true
	return reason.OK
}

// expires is when it ends, seconds; read after created.
func expires(v sfv.Value, c *signed.Claim) reason.Code {
	if v.Kind == sfv.None {
		return reason.OK
	}
	at, ok := v.Integer()
	if !ok || c.Stamped && at < c.Stamp/second {
		return reason.TimestampMalformed
	}
	if at <= 0 {
		return reason.SignatureExpired // 0 would be no end at all
	}
	c.Expires = min(at, latest) * second
	return reason.OK
}

// keyID names the key.
func keyID(v sfv.Value, c *signed.Claim) reason.Code {
	if v.Kind == sfv.None {
		return reason.OK
	}
	id, ok := text(v)
	if !ok || id == "" || len(id) > maxKeyID {
		return reason.SignatureMalformed
	}
	c.KeyID, c.Named = id, true
	return reason.OK
}

// algorithm must be the key's own (RFC 9421 §3.2): the frame refuses any other.
func (w *reader) algorithm(v sfv.Value, c *signed.Claim) reason.Code {
	if v.Kind == sfv.None {
		return reason.OK
	}
	name, ok := text(v)
	if !ok {
		return reason.SignatureMalformed
	}
	c.Algorithm = signed.ParseAlgorithm(name)
	if !w.algorithms.Has(c.Algorithm) {
		return reason.AlgorithmNotAllowed
	}
	return reason.OK
}

func (w *reader) nonce(v sfv.Value, c *signed.Claim) reason.Code {
	if v.Kind == sfv.None {
		if w.cfg.NeedsNonce {
			return reason.NonceMissing
		}
		return reason.OK
	}
	nonce, ok := text(v)
	if !ok {
		return reason.SignatureMalformed
	}
	if nonce == "" {
		return reason.NonceMissing
	}
	c.Nonce, c.HasNonce = nonce, true
	return reason.OK
}

// hasTag says that the tag is the one that is asked for.
func hasTag(p sfv.Parameters, tag string) bool {
	v, times := p.Get("tag")
	if times != 1 {
		return false
	}
	got, ok := text(v)
	return ok && got == tag
}

// text returns a string's characters; false for what is no string.
func text(v sfv.Value) (string, bool) {
	if plain, ok := v.Plain(); ok {
		return plain, true
	}
	b, ok := v.AppendString(nil)
	return string(b), ok
}
