//go:build !race

package storm

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/postern-wasm/postern/host/abi"
)

// longestFlow is the longest body that may pass while it is compared: longer than what the
// module reads at once.
const longestFlow = 150_000

// flow is a body that passes while it is compared with its signed digest.
type flow struct {
	// telling says that a callback about it is under way, chunk what the proxy would send
	// on after it.
	telling bool
	chunk   []byte
	// came is all of it so far, went what the upstream has got.
	came, went []byte
	// due is the reason for which the callback must refuse it, "" if it must not.
	due string
	// over says that it was refused, or is complete.
	over bool
}

// flows says whether bodies of a kind pass while they are compared.
func flows(kind string) bool { return kind == "/flow" || kind == "/flowonce" }

// longest is how long a kind's body may be.
func longest(kind string) int {
	if strings.HasPrefix(signedKinds[kind], "flow") {
		return longestFlow
	}
	return longestBody
}

// flowing is the size of a body that may pass: none, a byte, some, many, at the limit.
func (s *storm) flowing() int {
	switch n := s.rng.IntN(40); {
	case n < 3:
		return 0
	case n < 7:
		return 1 + s.rng.IntN(3)
	case n < 37:
		return s.rng.IntN(6000)
	case n < 38:
		return 60_000 + s.rng.IntN(60_000)
	case n < 39:
		return longestFlow - s.rng.IntN(2)
	}
	return longestFlow + 1 + s.rng.IntN(5000)
}

// noNumber is announced where there is a content-length that no length can be told from.
const noNumber = -2

// announce adds what a body's length is said to be, which need not be so.
func (s *storm) announce(m *message) {
	if !strings.HasPrefix(signedKinds[m.kind], "flow") {
		return
	}
	add := func(text string) {
		m.headers = append(m.headers, abi.Pair{Name: "content-length", Value: text})
	}
	size := len(m.sealed.body)
	switch n := s.rng.IntN(16); {
	case n < 8:
		return
	case n < 12:
		m.announced = size
	case n < 13:
		m.announced = pick(s, []int{0, size / 2, max(size-1, 0)})
	case n < 14:
		m.announced = size + s.rng.IntN(longestFlow)
	case n < 15:
		m.announced = noNumber
		add(strconv.Itoa(size) + "x")
		return
	default:
		m.announced = noNumber
		add(strconv.Itoa(size))
		add(strconv.Itoa(size))
		return
	}
	add(strconv.Itoa(m.announced))
}

// mayFlow says whether a stream whose headers are being judged may go on without its body:
// more is to come, a digest is signed, and the length that is announced, if one is, is not
// reached before the byte that is kept back.
func (st *stream) mayFlow() bool {
	m := st.message
	return st.phase == judging && m.sealed != nil && flows(m.kind) && !st.whole && len(m.sealed.signed) > 0 &&
		(m.announced == -1 || m.announced > 0 && m.announced <= longestFlow)
}

// flowOn begins the passing of a body whose headers have gone on.
func (s *storm) flowOn(st *stream) {
	if st.message.sealed != nil && flows(st.message.kind) && !st.whole {
		s.count("flows")
		st.flow = new(flow)
	}
}

func (f *flow) begin(chunk []byte) { f.telling, f.chunk = true, chunk }

func (f *flow) end() { f.telling, f.chunk = false, nil }

// flowPiece is a body callback about a body that passes.
func (s *storm) flowPiece(st *stream, piece []byte, end bool) {
	f, w := st.flow, st.worker
	before := st.phase
	f.came = append(f.came, piece...)
	f.due = s.dueOf(st, end, false)
	f.begin(bytes.Clone(piece))
	defer f.end()
	var action uint32
	w.inContext(st.id, func() { action = w.guest.body(st.id, len(piece), end) })
	w.note("passing %d of %d, %v, returns %d", st.id, len(piece), end, action)
	s.afterFlow(st, before, end, action)
}

// dueOf is the reason for which what has come of a body must be refused.
func (s *storm) dueOf(st *stream, end, trailers bool) string {
	f, m := st.flow, st.message
	limit := longestFlow
	if m.announced > 0 {
		limit = min(limit, m.announced)
	}
	switch {
	case len(f.came) > limit:
		return "body_too_large"
	case trailers && len(f.came) > 0:
		return "body_undelivered" // the byte that is kept back has no place before trailers
	case end && !bytes.Equal(f.came, m.sealed.signed):
		return "digest_mismatch"
	}
	return ""
}

// afterFlow checks what a callback has made of a body: what goes on is what has come, never
// all of it before its end, and the end only of what was signed.
func (s *storm) afterFlow(st *stream, before phase, end bool, action uint32) {
	f := st.flow
	switch {
	case st.phase == gone:
		return
	case before == answered || st.phase == answered:
		if f.over = true; action == actionContinue {
			s.faultf("stream %d: of a body that was refused something goes on", st.id)
		}
		return
	case f.due != "":
		s.faultf("stream %d of %s: a body goes on that must be refused for %s", st.id, st.message.kind, f.due)
		return
	case action != actionContinue:
		s.faultf("stream %d of %s: a body is held that passes", st.id, st.message.kind)
		return
	}
	f.went = append(f.went, f.chunk...)
	switch all := len(f.went) == len(f.came); {
	case !bytes.HasPrefix(f.came, f.went):
		s.faultf("stream %d: what goes upstream is not what came, of %d bytes", st.id, len(f.came))
	case !end && all && len(f.came) > 0:
		s.faultf("stream %d: all of %d bytes goes on before the end", st.id, len(f.came))
	case end && !all:
		s.faultf("stream %d: %d of %d bytes go upstream", st.id, len(f.went), len(f.came))
	case end:
		f.over = true
		s.verdict(st, "flowed")
	}
}

// broken checks the answer to a request whose headers have gone on.
func (s *storm) broken(st *stream, status uint32, details, body string, headers []abi.Pair) {
	reason := strings.TrimSuffix(strings.TrimPrefix(details, "postern_denied{"), "}")
	switch {
	case st.phase != passed:
		s.faultf("stream %d: a body is refused in phase %d", st.id, st.phase)
	case reason != st.flow.due:
		s.faultf("stream %d of %s: its body is refused for %s, want %q", st.id, st.message.kind, reason, st.flow.due)
	case statuses[reason] != status:
		s.faultf("stream %d: %s is answered with %d, want %d", st.id, reason, status, statuses[reason])
	case status == 401 && !slices.EqualFunc(challenges(headers), []string{"Signature "}, strings.HasPrefix):
		s.faultf("stream %d: %s is answered with the challenges of another rule: %v", st.id, reason, headers)
	}
	for _, text := range []string{details, body, fmt.Sprint(headers)} {
		if secret := exposed(text); secret != "" {
			s.faultf("stream %d: the answer repeats %q: %s", st.id, secret, text)
		}
	}
	st.phase = answered
	s.says(st, reason, status, body, headers)
	s.verdict(st, "broken for "+reason)
}

func challenges(headers []abi.Pair) (list []string) {
	for _, h := range headers {
		if h.Name == "www-authenticate" {
			list = append(list, h.Value)
		}
	}
	return list
}

// setBuffer exchanges a part of the chunk that the proxy would send on, as Envoy does: all
// of it, or what is put before it.
func (w *worker) setBuffer(kind uint32, from, size int32, b []byte) abi.Status {
	w.note("set buffer %d %d+%d %q", kind, from, size, b)
	w.nest()
	st := w.about()
	switch {
	case st == nil:
		return abi.StatusBadArgument // it ended meanwhile
	case kind != bufferRequest || st.flow == nil || !st.flow.telling || st.phase != passed:
		w.storm.faultf("stream %d: buffer %d is written in phase %d", st.id, kind, st.phase)
		return abi.StatusBadArgument
	case from != 0 || size != 0 && int(size) < len(st.flow.chunk):
		return abi.StatusBadArgument
	case size == 0:
		st.flow.chunk = slices.Concat(b, st.flow.chunk)
	default:
		st.flow.chunk = b
	}
	return abi.StatusOK
}
