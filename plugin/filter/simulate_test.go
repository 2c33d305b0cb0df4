package filter

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/postern-wasm/postern/plugin/config"
	"github.com/postern-wasm/postern/plugin/jwks"
	"github.com/postern-wasm/postern/plugin/request"
)

// The simulation of those who wait: workers with a plugin each over one store of shared
// data, two key-set servers that rotate, fail, stall and say nothing, clients that come
// in crowds and leave, strangers with kids of their own, reloads. What must hold:
//
//	once       each request gets one verdict, by the time that its configuration allows,
//	           and none after its client has left
//	own        a request passes only if its own token was signed by a key of the set that
//	           its worker has at this moment: never by a withdrawn one, nor by another's
//	in order   those that one event sets free go on in the order in which they began to wait
//	counted    the plugin counts as waiting those that wait, and no other

const waitSchedules = 2_000

// simConfig has two issuers, and a route that takes a token of either.
func simConfig(interval int) string {
	provider := func(name string) string {
		return fmt.Sprintf(`%q: {"issuer": %q, "algorithms": ["HS256"], "from_headers": [{"name": "x-%s"}], "remote_jwks": {
			"http_uri": {"uri": "https://%s.test/keys", "cluster": %q, "timeout": "2s"}, "cache_duration": "20s", "stale_if_error": "10s",
			"refetch_on_unknown_kid": {"min_interval": "%ds", "wait": "1s"}}}`, name, name, name, name, name, interval)
	}
	return `{"providers": {` + provider("one") + `,` + provider("two") + `}, "rules": [{"match": {"prefix": "/"}, "requires": {"requires_all": {"requirements": [
		{"requires_any": {"requirements": [{"provider_name": "one"}, {"provider_name": "two"}]}}, {"allow_missing_or_failed": {}}]}}}]}`
}

func secretOf(issuer string, set int) []byte {
	sum := sha256.Sum256([]byte(issuer + strconv.Itoa(set)))
	return sum[:]
}

// simToken is signed by the key of an issuer's set, or by nobody's.
func simToken(issuer string, set int) string {
	head, _ := json.Marshal(map[string]string{"alg": "HS256", "kid": strconv.Itoa(set)})
	body, _ := json.Marshal(map[string]any{"iss": issuer, "sub": "s", "exp": start/sec + 100_000})
	input := b64.EncodeToString(head) + "." + b64.EncodeToString(body)
	mac := hmac.New(sha256.New, secretOf(issuer, set))
	mac.Write([]byte(input))
	return input + "." + b64.EncodeToString(mac.Sum(nil))
}

type simRequest struct {
	stream   Stream
	plugin   *Plugin
	worker   *simWorker
	headers  []request.Header
	issuer   string
	set      int
	came     int64
	verdicts int
	gone     bool
	turn     int // in the order of those who began to wait
}

type simWorker struct {
	plugin  *Plugin
	retired []*Plugin
}

type simFetch struct {
	plugin *Plugin
	source int
	flight uint32
	due    int64
	answer jwks.Answer
}

type waitSim struct {
	r        *rand.Rand
	cfg      *config.Config
	now      int64
	sets     map[string]int
	bad      map[string]int
	workers  []*simWorker
	fetches  []simFetch
	requests []*simRequest
	data     map[string][]byte
	cas      map[string]uint32
	seed     uint64
	wrong    []string
	passed   int
	turns    int
	waited   int
}

func (w *waitSim) fail(format string, args ...any) {
	w.wrong = append(w.wrong, fmt.Sprintf("%.3f s: ", float64(w.now-start)/1e9)+fmt.Sprintf(format, args...))
}

func TestTwoThousandSchedulesOfWaiting(t *testing.T) {
	const shards = 4
	n := waitSchedules
	if testing.Short() {
		n /= 10
	}
	for shard := range shards {
		t.Run(strconv.Itoa(shard), func(t *testing.T) {
			t.Parallel()
			passed, waited := 0, 0
			for seed := uint64(shard); seed < uint64(n); seed += shards {
				w := newWaitSim(t, seed)
				w.run()
				passed, waited = passed+w.passed, waited+w.waited
				if len(w.wrong) > 0 {
					t.Fatalf("seed %d, %d workers:\n%s", seed, len(w.workers), strings.Join(w.wrong, "\n"))
				}
			}
			if passed < n || waited < n {
				t.Errorf("%d passed, %d waited", passed, waited)
			}
		})
	}
}

func newWaitSim(t *testing.T, seed uint64) *waitSim {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 2))
	cfg, problems := config.Parse([]byte(simConfig(1+r.IntN(5))), nil)
	if problems != nil {
		t.Fatal(problems)
	}
	w := &waitSim{r: r, cfg: cfg, now: start, sets: map[string]int{"one": 1, "two": 1}, bad: map[string]int{}, data: map[string][]byte{}, cas: map[string]uint32{}}
	for range 1 + r.IntN(3) {
		w.workers = append(w.workers, &simWorker{plugin: w.newPlugin()})
	}
	return w
}

func (w *waitSim) newPlugin() *Plugin {
	w.seed++
	return New(w.cfg, w.seed*0x9e3779b97f4a7c15)
}

func (w *waitSim) run() {
	for range 40 + w.r.IntN(60) {
		w.now += w.r.Int64N(sec / 2)
		if w.r.IntN(12) == 0 {
			for end := w.now + w.r.Int64N(20*sec); w.now < end; w.now += sec / 2 {
				w.tick()
			}
		}
		w.incident()
		for range w.r.IntN(4) {
			w.request()
		}
		w.tick()
		if len(w.wrong) > 0 {
			return
		}
	}
	// All that wait are told something in the end, whatever the servers do.
	for range 80 {
		w.now += sec / 10
		w.tick()
	}
	for _, q := range w.requests {
		if q.verdicts != 1 && !q.gone {
			w.fail("once: a request has %d verdicts, %v after it came", q.verdicts, (w.now-q.came)/sec)
		}
	}
	for _, worker := range w.workers {
		if n := worker.plugin.Waiting(); n != 0 {
			w.fail("counted: %d still wait", n)
		}
	}
}

func (w *waitSim) incident() {
	issuer := []string{"one", "two"}[w.r.IntN(2)]
	worker := w.workers[w.r.IntN(len(w.workers))]
	switch w.r.IntN(10) {
	case 0:
		w.sets[issuer]++
	case 1, 2:
		w.bad[issuer] = w.r.IntN(5)
	case 3:
		w.bad[issuer] = 0
	case 4:
		if w.r.IntN(3) == 0 {
			worker.plugin.Retire()
			worker.retired = append(worker.retired, worker.plugin)
			worker.plugin = w.newPlugin()
		}
	case 5: // a client leaves
		if len(w.requests) > 0 {
			q := w.requests[w.r.IntN(len(w.requests))]
			if q.verdicts == 0 && !q.gone {
				q.gone = true
				q.plugin.Gone(&q.stream)
				q.plugin.Release()
			}
		}
	}
}

// request sends one with a token of a set that was, is, will be or never was.
func (w *waitSim) request() {
	issuer := []string{"one", "two"}[w.r.IntN(2)]
	set := max(1, w.sets[issuer]-1+w.r.IntN(3))
	if w.r.IntN(5) == 0 {
		set = 1000 + w.r.IntN(50)
	}
	worker := w.workers[w.r.IntN(len(w.workers))]
	q := &simRequest{plugin: worker.plugin, worker: worker, issuer: issuer, set: set, came: w.now}
	q.stream.ID = uint32(len(w.requests) + 1)
	q.headers = append(get(), request.Header{Name: "x-" + issuer, Value: simToken(issuer, set)})
	w.requests = append(w.requests, q)
	w.pump(q.plugin)
	v := q.plugin.Headers(w.now, &q.stream, q.headers)
	if v.Action == Pause {
		w.pump(q.plugin)
		if q.plugin.Retry(w.now, &q.stream) {
			v = q.plugin.Resume(w.now, &q.stream, q.headers)
		}
	}
	if v.Action == Pause {
		w.waited++
	}
	w.verdict(q, v)
	q.plugin.Release()
}

func (w *waitSim) verdict(q *simRequest, v *Verdict) {
	if v.Action == Pause {
		w.turns++
		q.turn = w.turns
		return
	}
	q.verdicts++
	if q.verdicts > 1 {
		w.fail("once: a second verdict, %v", v.Reason)
	}
	if q.gone {
		w.fail("once: a verdict for a client that has left")
	}
	if v.Action != Continue {
		return
	}
	w.passed++
	i := 0
	if q.issuer == "two" {
		i = 1
	}
	keys := q.plugin.Source(i).Keys(w.now)
	if keys == nil {
		w.fail("own: passed without keys")
		return
	}
	if kid, _ := keys.Key(0).ID(); kid != strconv.Itoa(q.set) {
		w.fail("own: a token of set %d passes, the set in use is %s", q.set, kid)
	}
}

// tick is the timer of every worker.
func (w *waitSim) tick() {
	for _, worker := range w.workers {
		for _, p := range append([]*Plugin{worker.plugin}, worker.retired...) {
			w.deliver(p)
			w.pump(p)
			last, turns := 0, w.turns
			for s := p.NextReady(w.now); s != nil; s = p.NextReady(w.now) {
				q := w.requests[s.ID-1]
				if q.plugin != p || &q.stream != s {
					w.fail("own: a stream that is not this plugin's is resumed")
					return
				}
				if q.turn < last {
					w.fail("in order: turn %d comes after %d", q.turn, last)
				}
				if q.turn > turns {
					w.fail("once: one that has just begun to wait is asked again")
					return
				}
				last = q.turn
				w.verdict(q, p.Resume(w.now, s, q.headers))
			}
			p.Release()
			w.counted(p)
		}
	}
}

func (w *waitSim) counted(p *Plugin) {
	n := 0
	for _, q := range w.requests {
		if q.plugin == p && q.verdicts == 0 && !q.gone {
			n++
			// The time-out and a second for the first set, then one for an unknown kid, and
			// ticks that are half a second apart.
			if waits := w.now - q.came; waits > 5*sec {
				w.fail("once: a request still waits after %d ms", waits/1_000_000)
			}
		}
	}
	if n != p.Waiting() {
		w.fail("counted: %d wait, the plugin says %d", n, p.Waiting())
	}
}

func (w *waitSim) deliver(p *Plugin) {
	kept := w.fetches[:0]
	for _, f := range w.fetches {
		if f.plugin != p || f.due > w.now {
			kept = append(kept, f)
			continue
		}
		p.Source(f.source).Answered(w.now, f.flight, f.answer)
	}
	w.fetches = kept
}

func (w *waitSim) pump(p *Plugin) {
	for range 200 {
		i, step := p.NextStep(w.now)
		s := p.Source(i)
		switch step.Kind {
		case jwks.Nothing:
			return
		case jwks.ReadShared:
			value, ok := w.data[step.Key]
			status := jwks.ShareOK
			if !ok {
				status = jwks.ShareAbsent
			}
			s.Read(w.now, status, value, w.cas[step.Key])
		case jwks.WriteShared:
			if _, ok := w.data[step.Key]; ok && step.CAS != 0 && step.CAS != w.cas[step.Key] {
				s.Written(w.now, jwks.ShareConflict)
				continue
			}
			w.data[step.Key] = bytes.Clone(step.Value)
			w.cas[step.Key]++
			s.Written(w.now, jwks.ShareOK)
		case jwks.Fetch:
			s.Dispatched(w.now, true)
			w.fetches = append(w.fetches, w.fetch(p, i, step))
		}
	}
	w.fail("once: host calls without end")
}

func (w *waitSim) fetch(p *Plugin, i int, step jwks.Step) simFetch {
	issuer := []string{"one", "two"}[i]
	set := w.sets[issuer]
	doc := fmt.Sprintf(`{"keys":[{"kty":"oct","kid":"%d","k":%q}]}`, set, b64.EncodeToString(secretOf(issuer, set)))
	f := simFetch{plugin: p, source: i, flight: step.Flight, due: w.now + w.r.Int64N(sec/2), answer: jwks.Answer{Status: 200, Body: []byte(doc)}}
	switch w.bad[issuer] {
	case 1:
		f.answer = jwks.Answer{}
	case 2:
		f.answer.Status = 500
	case 3:
		f.answer.Body = f.answer.Body[:20]
	case 4:
		f.due = 1 << 62 // the host never says anything
	}
	return f
}
