//go:build !race

package storm

import (
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/postern-wasm/postern/host/abi"
)

// The ABI's numbers that the tests speak of.
const (
	actionContinue = 0
	actionPause    = 1
	statusOK       = 0
	mapRequest     = 0
	mapTrailers    = 1
	mapCallout     = 6
	bufferRequest  = 0
	bufferCallout  = 4
	bufferConfig   = 7
)

type headerOp uint8

const (
	opRemove headerOp = iota
	opSet
	opAdd
)

// worker is one thread of the proxy with its VM. Workers meet in the storm's store.
type worker struct {
	storm  *storm
	index  int
	guest  guest
	source *rand.ChaCha8
	// effective is the context that host calls are about.
	effective uint32
	// depth counts the guest's callbacks under way.
	depth   int
	roots   []*root
	streams map[uint32]*stream
	calls   []*call
	// answering is the callout whose answer is being given.
	answering *call
	answer    answer
	config    []byte
	metrics   []string
	lastID    uint32
	lastCall  uint32
	freed     []uint32 // ids of deleted streams, to be used again
	said      []string // what the guest wrote to its standard output and error
}

// root is a plugin context.
type root struct {
	id      uint32
	current *policy
	// configuring is how many configurations of it are under way.
	configuring int
}

// call is a callout under way.
type call struct {
	id     uint32
	root   uint32
	policy *policy
	set    *keyServer
}

// answer is what a callout's buffers hold.
type answer struct {
	headers []abi.Pair
	body    string
	version int // of the key set in it, -1 if it holds none
}

// phase is where a stream stands for the proxy.
type phase uint8

const (
	created phase = iota
	judging       // its headers callback is under way
	waiting
	passed
	answered
	gone
)

// stream is one HTTP request.
type stream struct {
	id       uint32
	worker   *worker
	root     *root
	policy   *policy // in force when it began
	message  *message
	phase    phase
	headers  []abi.Pair
	trailers []abi.Pair
	trailing bool // its trailers callback is under way
	provider string
	since    int64 // when it began to wait, or was judged anew
	rejudged int
	edited   bool   // the module has written its headers
	held     []byte // of its body, while it waits
	told     bool   // of the body, while it waits
	offered  bool   // counted by what is signed
	flow     *flow  // its body passes while it is compared, or has; nil if it does not
	whole    bool   // all of it has come
}

// inContext calls the guest about a context.
func (w *worker) inContext(id uint32, f func()) {
	before := w.effective
	w.effective = id
	w.depth++
	f()
	w.depth--
	w.effective = before
}

// random gives the bytes that the guest asks for: the same for each guest of a seed.
func (w *worker) random(n int) []byte {
	b := make([]byte, 0, n+8)
	for len(b) < n {
		b = binary.LittleEndian.AppendUint64(b, w.source.Uint64())
	}
	return b[:n]
}

// about is the stream of the effective context, or nil.
func (w *worker) about() *stream { return w.streams[w.effective] }

func (w *worker) isRoot(id uint32) bool {
	return slices.ContainsFunc(w.roots, func(r *root) bool { return r.id == id })
}

func (w *worker) log(level uint32, text string) abi.Status {
	w.note("log %d %s", level, text)
	if secret := exposed(text); secret != "" {
		w.storm.faultf("a log line repeats %q of a token: %s", secret, text)
	}
	w.nest()
	return abi.StatusOK
}

func (w *worker) tickPeriod(ms uint32) abi.Status {
	w.note("tick period %d", ms)
	return abi.StatusOK
}

func (w *worker) setEffective(id uint32) abi.Status {
	if w.streams[id] == nil && !w.isRoot(id) {
		return abi.StatusBadArgument
	}
	w.effective = id
	w.note("effective %d", id)
	return abi.StatusOK
}

func (w *worker) buffer(kind uint32, from, size int32) ([]byte, abi.Status) {
	var b []byte
	switch kind {
	case bufferConfig:
		b = w.config
	case bufferCallout:
		b = []byte(w.answer.body)
	case bufferRequest:
		w.nest()
		st := w.about()
		if st == nil {
			return nil, abi.StatusBadArgument // it ended meanwhile
		}
		if st.phase != waiting && st.message.sealed == nil {
			w.storm.faultf("stream %d: its body is read in phase %d", st.id, st.phase)
		}
		if b = st.held; st.flow != nil {
			b = st.flow.chunk
		}
	default:
		w.storm.faultf("buffer %d is read", kind)
	}
	if from < 0 || size < 0 || int(from) > len(b) {
		return nil, abi.StatusBadArgument
	}
	return b[from:min(len(b), int(from)+int(size))], abi.StatusOK
}

func (w *worker) pairs(kind uint32) ([]abi.Pair, abi.Status) {
	if kind == mapCallout {
		return w.answer.headers, abi.StatusOK
	}
	s := w.about()
	switch {
	case s == nil:
		return nil, abi.StatusBadArgument
	case kind == mapRequest && (s.phase == judging || s.phase == waiting) && s.edited:
		return s.headers, abi.StatusOK // what it has written is read back
	case kind == mapRequest && (s.phase == judging || s.phase == waiting):
		if s.phase == waiting { // it is judged anew, and may find something else to wait for
			s.since = w.storm.clock
			if s.rejudged++; s.rejudged > mostRejudged {
				w.storm.faultf("stream %d is judged for the %dth time", s.id, s.rejudged)
			}
		}
		s.headers = slices.Clone(s.message.headers)
		return s.headers, abi.StatusOK
	case kind == mapTrailers && s.trailing:
		return s.trailers, abi.StatusOK
	}
	w.storm.faultf("stream %d: map %d is read in phase %d", s.id, kind, s.phase)
	return nil, abi.StatusBadArgument
}

// header carries an operation out on the map of the effective stream.
func (w *worker) header(op headerOp, kind uint32, name, value string) abi.Status {
	w.note("header %d %d %s=%s", op, kind, name, value)
	s := w.about()
	if s == nil {
		return abi.StatusBadArgument // it ended within an earlier host call
	}
	list := &s.headers
	if kind == mapTrailers {
		list = &s.trailers
	}
	if kind == mapRequest && s.phase != judging && s.phase != waiting || kind == mapTrailers && !s.trailing {
		w.storm.faultf("stream %d: %s of map %d is written in phase %d", s.id, name, kind, s.phase)
		return abi.StatusBadArgument
	}
	s.edited = s.edited || kind == mapRequest
	named := func(p abi.Pair) bool { return strings.EqualFold(p.Name, name) }
	switch at := slices.IndexFunc(*list, named); {
	case op == opSet && at >= 0:
		(*list)[at].Value = value
		rest := slices.DeleteFunc((*list)[at+1:], named)
		*list = (*list)[:at+1+len(rest)]
	case op == opRemove:
		*list = slices.DeleteFunc(*list, named)
	default:
		*list = append(*list, abi.Pair{Name: name, Value: value})
	}
	w.nest()
	return abi.StatusOK
}

// continueStream lets a waiting stream go on, as the proxy does.
func (w *worker) continueStream(kind uint32) abi.Status {
	w.note("continue %d", kind)
	s := w.about()
	switch {
	case s == nil && !w.isRoot(w.effective):
		return abi.StatusBadArgument
	case s == nil || s.phase != waiting:
		w.storm.faultf("context %d is continued, which does not wait", w.effective)
		return abi.StatusBadArgument
	}
	w.storm.passed(s)
	w.nest()
	return abi.StatusOK
}

func (w *worker) localAnswer(status uint32, details, body string, headers []abi.Pair) abi.Status {
	w.note("answer %d %s %s %v", status, details, body, headers)
	s := w.about()
	switch {
	case s == nil && !w.isRoot(w.effective):
		return abi.StatusOK // it ended within an earlier host call
	case s == nil:
		w.storm.faultf("a local answer in root context %d goes nowhere", w.effective)
	case s.phase == judging, s.phase == waiting:
		w.storm.refused(s, status, details, body, headers)
	case s.flow != nil && s.flow.telling:
		w.storm.broken(s, status, details, body, headers)
	default:
		w.storm.faultf("stream %d: a local answer in phase %d", s.id, s.phase)
	}
	w.nest()
	return abi.StatusOK
}

func (w *worker) httpCall(cluster string, headers []abi.Pair, ms uint32) (uint32, abi.Status) {
	w.note("call %s %v %d", cluster, headers, ms)
	if cluster == "" {
		return 0, abi.StatusBadArgument // what the module asks to see whether there are callouts
	}
	at := slices.IndexFunc(w.roots, func(r *root) bool { return r.id == w.effective })
	path := slices.IndexFunc(headers, func(p abi.Pair) bool { return p.Name == ":path" })
	if at < 0 || path < 0 || w.storm.servers[headers[path].Value] == nil {
		w.storm.faultf("context %d calls %s for %v", w.effective, cluster, headers)
		return 0, abi.StatusBadArgument
	}
	if w.storm.steps > 0 && w.storm.chance(1, 40) {
		return 0, abi.StatusBadArgument // the cluster is not there just now
	}
	w.lastCall++
	c := &call{ // for the policy of now: a callback within may bring another
		id: w.lastCall, root: w.effective, policy: w.roots[at].current,
		set: w.storm.servers[headers[path].Value],
	}
	w.nest()
	w.calls = append(w.calls, c)
	return c.id, abi.StatusOK
}

// stored is an entry of shared data.
type stored struct {
	value []byte
	cas   uint32
}

func (w *worker) sharedGet(key string) ([]byte, uint32, abi.Status) {
	w.note("get %s", key)
	w.nest()
	have, ok := w.storm.shared[key]
	if !ok {
		return nil, 0, abi.StatusNotFound
	}
	return have.value, have.cas, abi.StatusOK
}

func (w *worker) sharedSet(key string, value []byte, cas uint32) abi.Status {
	w.note("set %s %q %d", key, value, cas)
	w.nest()
	have, ok := w.storm.shared[key]
	if ok && strings.HasPrefix(key, replayPrefix) && w.storm.chance(1, 20) { // another worker was faster
		w.storm.cas++
		have.cas = w.storm.cas
		w.storm.shared[key] = have
	}
	if ok && cas != 0 && cas != have.cas {
		if strings.HasPrefix(key, replayPrefix) {
			w.storm.count("conflicts")
		}
		return abi.StatusCASMismatch
	}
	w.storm.cas++
	w.storm.shared[key] = stored{value, w.storm.cas}
	return abi.StatusOK
}

func (w *worker) setProperty(path, value string) abi.Status {
	w.note("property %s=%s", path, value)
	if s := w.about(); s != nil && path == "postern.provider" {
		s.provider = value
	}
	w.nest()
	return abi.StatusOK
}

func (w *worker) defineMetric(name string) uint32 {
	at := slices.Index(w.metrics, name)
	if at < 0 {
		at = len(w.metrics)
		w.metrics = append(w.metrics, name)
	}
	return uint32(at + 1)
}

func (w *worker) incrementMetric(id uint32, by int64) abi.Status {
	w.note("metric %d +%d", id, by)
	if id == 0 || int(id) > len(w.metrics) {
		w.storm.faultf("metric %d is not defined", id)
		return abi.StatusBadArgument
	}
	if strings.HasPrefix(w.metrics[id-1], fetchSuccess) && w.answering != nil {
		w.storm.adopted(w.answering, w.answer.version)
	}
	w.nest()
	return abi.StatusOK
}

// replayPrefix is what the documentation says that entries of accepted requests begin with.
const replayPrefix = "postern/1/replay/"

// mostRejudged is how often a stream that waits may be judged anew.
const mostRejudged = 20

// fetchSuccess is the documented counter of key sets taken from a server.
const fetchSuccess = "postern_key_set_fetch_success"
