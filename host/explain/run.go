package explain

import (
	"maps"
	"strconv"
	"strings"

	"github.com/postern-wasm/postern/host"
	"github.com/postern-wasm/postern/host/replay"
	"github.com/postern-wasm/postern/host/upstream"
	"github.com/postern-wasm/postern/plugin/authorize"
	"github.com/postern-wasm/postern/plugin/config"
	"github.com/postern-wasm/postern/plugin/credential"
	"github.com/postern-wasm/postern/plugin/effect"
	"github.com/postern-wasm/postern/plugin/filter"
	"github.com/postern-wasm/postern/plugin/identity"
	"github.com/postern-wasm/postern/plugin/jwks"
	"github.com/postern-wasm/postern/plugin/policy"
	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/request"
)

const (
	second = int64(1_000_000_000)
	// earliestClock is the filter's: 2001-09-09, a clock below it is not set.
	earliestClock = 1_000_000_000 * second
	// The filter's bounds on a header list.
	maxHeaders, maxHeaderBytes = 1024, 1 << 20
)

// outcome is what the checks lead to.
type outcome struct {
	code     reason.Code
	provider string
}

// node is one node of the requirement that has a branch in the report.
type node struct {
	provider  int
	audiences []string
	branch    int
}

// proof is one proved identity.
type proof struct {
	identity identity.Identity
	place    *credential.Place
}

// run is one explanation under way.
type run struct {
	cfg     *config.Config
	report  *Report
	now     int64
	view    request.View
	writer  effect.Writer
	sources []*jwks.Source
	shared  map[string]stored
	answer  func(*upstream.Request) (upstream.Answer, bool)
	fetched map[string]bool // notes that have been made

	nodes   []node
	rules   map[*authorize.Rules]int // branch
	proved  []proof
	gone    []*credential.Place // places that compat has emptied
	excused bool
	outcome outcome

	body                 []byte
	follows              bool // the headers are not the end of the stream
	properties           map[string][]byte
	answered, answeredBy string // the module's reason and provider
}

func newRun(cfg *config.Config, c *replay.Case) *run {
	r := &run{
		cfg: cfg, now: c.Now.UnixNano(),
		shared: map[string]stored{}, fetched: map[string]bool{},
		answer: replay.Answers(c.Callouts),
		rules:  map[*authorize.Rules]int{},
		report: &Report{Now: c.Now.Unix(), Request: []Check{}, Branches: []Branch{}},
	}
	for i := range cfg.Remote {
		r.sources = append(r.sources, jwks.New(cfg.Remote[i], uint64(i)+1))
	}
	r.body, r.properties = c.Request.Body, map[string][]byte{"source.address": []byte("127.0.0.1:50000")}
	maps.Copy(r.properties, c.Properties)
	pairs := c.Request.Pairs()
	r.follows = len(r.body) > 0 || host.Endless(pairs)
	headers := make([]request.Header, len(pairs))
	for i, p := range pairs {
		headers[i] = request.Header{Name: p.Name, Value: p.Value}
	}
	r.view.Headers = headers
	return r
}

// judge is the filter's decide, with a note of every step.
func (r *run) judge() {
	code := r.read()
	r.ask("headers", "RFC 9113 §8.3, RFC 9110 §5.5", "at most 1024 well-formed lines, 1 MiB; one of each pseudo header",
		strconv.Itoa(len(r.view.Headers))+" lines", code, code == reason.HeadersUnreadable)
	r.ask("path", "paths; RFC 3986 §6.2.2, RFC 9112 §3.2", pathModes[r.cfg.Paths], shown(r.view.RawPath), code, code == reason.PathNotNormal)
	unset := code == reason.OK && r.now < earliestClock
	if unset {
		code = reason.ClockUnset
	}
	r.ask("clock", "RFC 7519 §4.1.4", "the host's clock is set", instant(r.now/second), code, unset)
	if code != reason.OK {
		r.outcome.code = code
		r.rule(-1, code)
		r.reports(r.cfg.Policy.Report)
		return
	}
	r.writer.Begin(&r.cfg.Effect, &r.view)
	if filter.Preflight(r.cfg, &r.view) {
		r.ask("preflight", "bypass_cors_preflight", "", "a CORS preflight request", reason.OK, false)
		r.outcome.code = reason.OK
		return
	}
	index, ok := r.cfg.Policy.Find(&r.view)
	switch {
	case !ok && r.cfg.Policy.AllowUnmatched:
		r.rule(-1, reason.OK)
		r.outcome.code = reason.OK
		return
	case !ok:
		r.rule(-1, reason.NoRule)
		r.outcome.code = reason.NoRule
		r.reports(r.cfg.Policy.Report)
		return
	}
	r.rule(index, reason.OK)
	root := &r.cfg.Policy.Rules[index].Requirement
	name := "rules[" + strconv.Itoa(index) + "].requires"
	r.report.Rule, r.report.Requirement = &index, r.describe(root)
	numbered := r.number(root, name)
	r.pump()
	p := r.evaluate(&numbered)
	r.outcome = outcome{code: p.Reason, provider: r.providerName(p.Provider)}
	if p.State == policy.Proved && !r.cfg.Compat { // which has carried it out at once
		r.outcome.code = r.grant()
	}
	r.reports(r.cfg.Policy.Rules[index].Report)
}

// reports notes whether what is refused is let through and reported.
func (r *run) reports(mode bool) {
	c := r.outcome.code
	r.report.Reported = mode && c != reason.OK && c != reason.Internal && c != reason.Undecided
}

var pathModes = [...]string{request.PathRefuse: "a path that is normal already", request.PathNormalize: "a path that can be made normal", request.PathRaw: "any path"}

// ask notes a check of the request; after a failure the later ones are not reached.
func (r *run) ask(id, clause, expected, found string, code reason.Code, failed bool) {
	c := Check{ID: id, Outcome: Pass, Clause: clause, Expected: expected, Found: found}
	last := len(r.report.Request) - 1
	switch {
	case failed:
		c.Outcome, c.Reason = Fail, code.String()
	case last >= 0 && r.report.Request[last].Outcome != Pass:
		c.Outcome, c.Found = NotReached, ""
	}
	r.report.Request = append(r.report.Request, c)
}

// rule notes which rule matches.
func (r *run) rule(index int, code reason.Code) {
	expected, found := `a rule that matches; "default": "deny" refuses all else`, "rules["+strconv.Itoa(index)+"]"
	if r.cfg.Policy.AllowUnmatched {
		expected = `a rule that matches; "default": "allow" lets all else pass`
	}
	if index < 0 {
		found = "none of " + strconv.Itoa(len(r.cfg.Policy.Rules))
	}
	if m, p := r.view.Method, r.view.Path; code == reason.OK || code == reason.NoRule {
		found += " for " + shown(strings.TrimSpace(m+" "+p)) + " at host " + shown(r.view.Host())
	}
	r.ask("rule", "rules, default", expected, found, code, code == reason.NoRule)
}

func (r *run) read() reason.Code {
	size := 0
	for _, h := range r.view.Headers {
		size += len(h.Name) + len(h.Value)
	}
	if n := len(r.view.Headers); n == 0 || n > maxHeaders || size > maxHeaderBytes {
		r.view.Read(nil, r.cfg.Paths)
		return reason.HeadersUnreadable
	}
	return r.view.Read(r.view.Headers, r.cfg.Paths)
}

// number copies a requirement with every provider node's index replaced by its number
// among them, so that the evaluation tells which node it is at; and gives each a branch.
func (r *run) number(q *policy.Requirement, name string) policy.Requirement {
	n := *q
	n.Children = make([]policy.Requirement, len(q.Children))
	switch q.Kind {
	case policy.Provider:
		n.Provider = len(r.nodes)
		r.nodes = append(r.nodes, node{provider: q.Provider, audiences: q.Audiences, branch: len(r.report.Branches)})
		r.report.Branches = append(r.report.Branches, Branch{
			Node: name, Provider: r.providerName(q.Provider), Outcome: NotReached, Checks: r.plan(q.Provider, q.Audiences),
		})
	case policy.Any, policy.All:
		kind := ".requires_any["
		if q.Kind == policy.All {
			kind = ".requires_all["
		}
		for i := range q.Children {
			n.Children[i] = r.number(&q.Children[i], name+kind+strconv.Itoa(i)+"]")
		}
	case policy.Never, policy.Open, policy.AllowMissing, policy.AllowMissingOrFailed, policy.ExtractOnly:
	}
	for _, rules := range q.Authorize {
		r.rules[rules] = len(r.report.Branches)
		r.report.Branches = append(r.report.Branches, Branch{Node: name + ".authorize", Outcome: NotReached, Checks: planAuthorize(rules)})
	}
	return n
}

// describe writes a requirement in a line.
func (r *run) describe(q *policy.Requirement) string {
	list := func(word string) string {
		parts := make([]string, len(q.Children))
		for i := range q.Children {
			parts[i] = r.describe(&q.Children[i])
		}
		return word + "(" + strings.Join(parts, ", ") + ")"
	}
	switch q.Kind {
	case policy.Open:
		return "nothing"
	case policy.Provider:
		return r.providerName(q.Provider)
	case policy.Any:
		return list("any")
	case policy.All:
		return list("all")
	case policy.AllowMissing:
		return "allow_missing"
	case policy.AllowMissingOrFailed:
		return "allow_missing_or_failed"
	case policy.Never:
		return "never"
	case policy.ExtractOnly:
		return "extract_only_without_validation"
	}
	return ""
}

// grant says whether what the proved identities write can be written.
func (r *run) grant() reason.Code {
	for i := range r.proved {
		p := &r.proved[i]
		if code := r.writer.Grant(&r.cfg.Effect, &p.identity, p.place); code != reason.OK {
			r.report.Branches = append(r.report.Branches, Branch{
				Node: "effects", Provider: r.providerName(p.identity.Provider), Outcome: Fail, Reason: code.String(),
				Checks: []Check{{ID: "claim_to_headers", Outcome: Fail, Clause: "claim_to_headers; RFC 9110 §5.5", Expected: "claims that can stand in a header", Reason: code.String()}},
			})
			return code
		}
	}
	return reason.OK
}

func (r *run) providerName(i int) string {
	if i < 0 || i >= len(r.cfg.Providers) {
		return ""
	}
	return r.cfg.Providers[i].Name
}
