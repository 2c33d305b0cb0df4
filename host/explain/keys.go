package explain

import (
	"strconv"
	"strings"

	"github.com/postern-wasm/postern/host/abi"
	"github.com/postern-wasm/postern/host/upstream"
	"github.com/postern-wasm/postern/plugin/jose/jwk"
	"github.com/postern-wasm/postern/plugin/jwks"
	"github.com/postern-wasm/postern/plugin/request"
)

// maxWait bounds how long a request is held, and step is how time passes meanwhile.
const (
	maxWait  = 60 * second
	stepWait = second / 10
	// maxSteps bounds the host calls at one moment.
	maxSteps = 1000
)

// stored is a value of the host's shared data.
type stored struct {
	value []byte
	cas   uint32
}

// wait lets time pass until a key set has made up its mind, as a held request would.
func (r *run) wait(source int, held bool) {
	r.pump()
	for passed := int64(0); held && passed < maxWait && r.sources[source].Pending(r.now); passed += stepWait {
		r.now += stepWait
		r.pump()
	}
}

// pump makes the host calls that the key sets want, from the table of answers.
func (r *run) pump() {
	for i, s := range r.sources {
		for n := 0; n < maxSteps; n++ {
			step := s.Next(r.now)
			if step.Kind == jwks.Nothing {
				break
			}
			r.step(i, s, step)
		}
	}
}

func (r *run) step(i int, s *jwks.Source, step jwks.Step) {
	switch step.Kind {
	case jwks.Nothing:
	case jwks.ReadShared:
		have, ok := r.shared[step.Key]
		status := jwks.ShareAbsent
		if ok {
			status = jwks.ShareOK
		}
		s.Read(r.now, status, have.value, have.cas)
	case jwks.WriteShared:
		have := r.shared[step.Key]
		if step.CAS != 0 && have.cas != 0 && step.CAS != have.cas {
			s.Written(r.now, jwks.ShareConflict)
			return
		}
		r.shared[step.Key] = stored{append([]byte(nil), step.Value...), have.cas + 1}
		s.Written(r.now, jwks.ShareOK)
	case jwks.Fetch:
		r.fetch(i, s, step)
	}
}

// fetch answers one fetch from the table.
func (r *run) fetch(i int, s *jwks.Source, step jwks.Step) {
	c := &r.cfg.Remote[i]
	scheme, authority, path := jwks.Target(step.URI)
	uri, flight := strings.Clone(step.URI), step.Flight
	s.Dispatched(r.now, true)
	a, scripted := r.answer(&upstream.Request{Cluster: c.Cluster, Headers: []abi.Pair{
		{Name: ":method", Value: "GET"},
		{Name: ":scheme", Value: scheme},
		{Name: ":authority", Value: authority},
		{Name: ":path", Value: path},
	}})
	delay := int64(a.Delay)
	if delay >= c.Timeout {
		a, delay = upstream.Answer{Headers: []abi.Pair{{Name: ":status", Value: "504"}}}, c.Timeout
	}
	r.now += delay
	headers := make([]request.Header, len(a.Headers))
	for k, h := range a.Headers {
		headers[k] = request.Header{Name: h.Name, Value: h.Value}
	}
	answer := jwks.AnswerFrom(headers)
	answer.Body = a.Body
	if a.Reset {
		answer = jwks.Answer{}
	}
	good := s.Answered(r.now, flight, answer)
	if !scripted {
		r.note(uri + ": not fetched: no callout answers for it, and --fetch is not given")
		return
	}
	r.noteFetch(uri, &answer, good, s)
}

func (r *run) noteFetch(uri string, a *jwks.Answer, good bool, s *jwks.Source) {
	text := uri + ": no answer"
	if a.Status != 0 {
		text = uri + ": status " + strconv.Itoa(a.Status) + ", " + strconv.Itoa(len(a.Body)) + " bytes"
	}
	switch note := s.Note(); {
	case good:
		text += ", taken"
	case note != "":
		text += ", not taken (" + note + ")"
	default:
		text += ", not taken"
	}
	r.note(text)
}

// note keeps a line on key sets, once.
func (r *run) note(text string) {
	if !r.fetched[text] {
		r.fetched[text] = true
		r.report.KeySets = append(r.report.KeySets, text)
	}
}

// keySet describes a set: how many keys, and their kids.
func keySet(set *jwk.Set) string {
	var kids []string
	unnamed := 0
	for i := range set.Len() {
		if kid, ok := set.Key(i).ID(); ok {
			kids = append(kids, shown(kid))
		} else {
			unnamed++
		}
	}
	text := strconv.Itoa(set.Len()) + " usable"
	if len(kids) > 8 {
		kids = append(kids[:8], "...")
	}
	if len(kids) > 0 {
		text += ", kid " + strings.Join(kids, " ")
	}
	if unnamed > 0 {
		text += ", " + strconv.Itoa(unnamed) + " without kid"
	}
	return text
}
