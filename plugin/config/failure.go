package config

import (
	"github.com/postern-wasm/postern/plugin/effect"
	"github.com/postern-wasm/postern/plugin/reason"
)

// Bounds on answers of the configuration's own.
const (
	maxOwnBody        = 4096
	maxOwnContentType = 128
)

// failureResponse reads how refusals are answered. A status of one's own stays a failure:
// an answer that reads as success would be a lie to caches and clients.
func (b *builder) failureResponse(v value) {
	o := v.object()
	e := &b.cfg.Effect
	e.Form = effect.Form(o.get("format").choice("json", "problem+json", "text"))
	overrides := o.get("overrides")
	for _, m := range overrides.members() {
		own := ownAnswer(m.value)
		if len(e.Own) == 0 {
			e.Own = make([]effect.Own, reason.Count())
		}
		found := false
		for _, c := range reason.All() {
			if c.String() == m.name {
				e.Own[c], found = own, true
			}
		}
		if !found {
			names := make([]string, 0, reason.Count())
			for _, c := range reason.All() {
				names = append(names, c.String())
			}
			m.fail("there is no such reason", b.out.suggest(m.name, names))
		}
	}
	o.close()
}

func ownAnswer(v value) effect.Own {
	o := v.object()
	own := effect.Own{Status: uint32(o.get("status").integer(0, 400, 599))}
	body, kind := o.get("body"), o.get("content_type")
	if own.HasBody = !body.absent(); own.HasBody {
		if own.Body = body.text(""); len(own.Body) > maxOwnBody {
			body.fail("must be at most 4096 bytes long")
		}
		own.ContentType = kind.text("text/plain; charset=utf-8")
		if !headerText(own.ContentType) || len(own.ContentType) > maxOwnContentType {
			kind.fail("must be printable ASCII, at most 128 bytes long")
		}
	} else if !kind.absent() {
		kind.fail("there is no body")
	}
	if o.there && own.Status == 0 && !own.HasBody {
		v.warn("changes nothing")
	}
	o.close()
	return own
}

// headerText: RFC 9110 §5.5, printable ASCII.
func headerText(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < ' ' || s[i] >= 0x7f {
			return false
		}
	}
	return s != "" && s[0] != ' ' && s[len(s)-1] != ' '
}
