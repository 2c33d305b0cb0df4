package jwks

import (
	"bytes"
	"encoding/base64"
	"strconv"
)

// simKeys is a set of one key whose kid says which of the server's sets it is.
func simKeys(number int) []byte {
	secret := base64.RawURLEncoding.EncodeToString(bytes.Repeat([]byte{byte(number)}, 32))
	return []byte(`{"keys":[{"kty":"oct","kid":"` + strconv.Itoa(number) + `","k":"` + secret + `"}]}`)
}

// deliver hands over the answers that are due at a worker.
func (w *sim) deliver(worker *simWorker) {
	kept := w.calls[:0]
	var due []simCall
	for _, c := range w.calls {
		if (c.source == worker.source || contains(worker.retired, c.source)) && c.due <= w.real {
			due = append(due, c)
			continue
		}
		kept = append(kept, c)
	}
	w.calls = kept
	for _, c := range due {
		w.answer(c)
	}
}

func (w *sim) answer(c simCall) {
	s, now := c.source, w.nowOf(c.source)
	before, generation, failed := content(s, now), s.Generation(), s.failures
	wasFlying := s.phase == flying && s.flight == c.number
	s.Answered(now, c.number, w.says(c))
	if s.phase == publish && c.nth == w.fetches {
		w.fresh[s] = c.set // nobody has asked after it: it must be in force when the tick is over
	}
	if !wasFlying {
		return
	}
	if (c.sky != fine && c.sky != slow) && (content(s, now) != before || s.Generation() != generation) {
		w.fail("good: weather %d changed set %d to %d", c.sky, before, content(s, now))
	}
	if s.phase == readRelease && s.failures > failed {
		w.failed(s, failed)
	}
}

// says is the answer of the server, made when it was asked.
func (w *sim) says(c simCall) Answer {
	doc := simKeys(c.set)
	if c.source.lookingUp() {
		doc = []byte(`{"issuer":"https://idp.test","jwks_uri":"https://idp.test/keys"}`)
	}
	switch c.sky {
	case reset, silent, weathers:
		return Answer{}
	case broken:
		return Answer{Status: 500, Body: doc}
	case gone:
		return Answer{Status: 404, Body: doc}
	case torn:
		doc = doc[:len(doc)/2]
	case oversized:
		doc = append(doc, bytes.Repeat([]byte{' '}, w.cfg.MaxBytes)...)
	case wrongType:
		doc = []byte("<!doctype html><p>back soon")
	case emptySet:
		doc = []byte(`{"keys":[]}`)
	case cut:
		return Answer{Status: 200, Body: doc, Truncated: true}
	case fine, slow:
	}
	return Answer{Status: 200, Body: doc}
}

// content is the number of the set in use, 0 for none.
func content(s *Source, now int64) int {
	keys := s.Keys(now)
	if keys == nil {
		return 0
	}
	kid, _ := keys.Key(0).ID()
	n, _ := strconv.Atoi(kid)
	return n
}
