package parity

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/postern-wasm/postern/host/envoy"
)

// table returns every group.
func table() []*group {
	bad, metadata := badGroup(), discoveryBadGroup()
	return []*group{
		&waitGroup,
		&algorithmsGroup, &tokensGroup, &headersGroup, &claimsGroup, &timeGroup, &keysGroup,
		&treesGroup, &rulesGroup, &openGroup, &denyGroup, &placesGroup, &effectsGroup, &compatGroup, &preflightGroup,
		&pathsRefuseGroup, &pathsNormalizeGroup, &pathsRawGroup, &answersGroup, &problemGroup, &textGroup,
		&formsGroup, &formsCompatGroup, &formsRemoteGroup, &discoveryGroup, &metadata,
		&fetchGroup, &rotationGroup, &noRefetchGroup, &sharedGroup, &outageGroup, &laterGroup, &staleGroup, &bad,
		&profilesGroup, &issuersGroup, &encodingsGroup, &stepUpGroup,
		&authorizeGroup, &discloseGroup, &acceptGroup,
		&reportGroup, &reportButGroup, &reportRulesGroup,
		&hooksGroup, &mixedGroup, &partnersGroup,
		&cacheGroup, &keptGroup, &keptStaleGroup,
	}
}

// leastCases is how many cases the table must have: fewer means that some got lost.
const leastCases = 600

// tally counts what came out as written, by driver, and where all drivers agree.
type tally struct {
	cases, agree int
	// doors are the cases that Envoy refuses before the module sees them.
	doors int
	right map[string]int
	// secrets are the pieces of all credentials that were sent.
	secrets []string
}

// TestScenarios runs the table on every runtime.
func TestScenarios(t *testing.T) {
	keys := loadRing(t)
	groups, bad := table(), badConfigs(t, keys)
	drivers := []driver{native{keys, &journal{}}, newWazero(t, keys), startEnvoy(t, keys, groups, bad)}
	count := &tally{right: map[string]int{}}
	size := len(bad)
	for _, g := range groups {
		size += len(g.cases)
	}
	if size < leastCases {
		t.Errorf("the table has %d cases, want at least %d", size, leastCases)
	}
	for _, g := range groups {
		t.Run(g.name, func(t *testing.T) { runGroup(t, keys, g, drivers, count) })
	}
	t.Run("bad-configurations", func(t *testing.T) {
		for _, c := range bad {
			t.Run(c.law, func(t *testing.T) { runBad(t, c, drivers, count) })
		}
	})
	for _, d := range drivers {
		log := d.logged()
		if count.cases == size && !strings.Contains(log, "refused") {
			t.Errorf("%s: no refusal was logged: %.300s", d.name(), log)
		}
		for _, secret := range count.secrets {
			if strings.Contains(log, secret) {
				t.Errorf("%s: the log holds %q of a credential", d.name(), secret)
			}
		}
	}
	summary := fmt.Sprintf("scenarios: %d cases;", count.cases)
	for _, d := range drivers {
		summary += fmt.Sprintf(" %s %d,", d.name(), count.right[d.name()])
	}
	fmt.Printf("%s agree %d\n", summary, count.agree)
	t.Logf("%d of them Envoy refuses before the module sees them", count.doors)
}

// runGroup runs a group's cases on one driver after the other, since they share the
// clock: a wait of one must not be a wait of another. Then it judges.
func runGroup(t *testing.T, keys ring, g *group, drivers []driver, count *tally) {
	text := g.text(t, keys)
	// One request for all: ECDSA and PSS signatures differ at each minting. One time for
	// the group: what comes again is the very same.
	now := time.Now()
	requests := make([]envoy.Request, len(g.cases))
	for i := range g.cases {
		requests[i] = g.cases[i].request(&mint{keys: keys, now: now})
	}
	outcomes := make([][]outcome, len(drivers))
	for i, d := range drivers {
		outcomes[i] = runOn(t, d, g, text, requests)
	}
	for n := range g.cases {
		s := &g.cases[n]
		t.Run(s.law, func(t *testing.T) {
			count.cases++
			count.secrets = append(count.secrets, secretsOf(requests[n])...)
			expected := s.want
			if expected.judged && expected.provider == "" {
				expected.provider = g.provider
			}
			results := make([]result, len(drivers))
			for i, d := range drivers {
				results[i] = outcomes[i][n].result
				wrong := outcomes[i][n].wrong
				if d.name() == "envoy" && s.door != "" {
					count.doors++
					if results[i].Allowed {
						wrong = append(wrong, "passed, though: "+s.door)
					}
					results[i] = results[0]
				} else {
					wrong = append(wrong, expected.check(requests[n], results[i])...)
				}
				if what := leaked(requests[n], results[i]); what != "" {
					wrong = append(wrong, what)
				}
				if len(wrong) > 0 {
					t.Errorf("%s: %s", d.name(), strings.Join(wrong, "\n\t"))
				} else {
					count.right[d.name()]++
				}
			}
			if agree(t, drivers, results) {
				count.agree++
			}
		})
	}
}

// outcome is what came of a case on one driver, and what its hook found wrong.
type outcome struct {
	result result
	wrong  []string
}

// runOn runs the cases of a group on one driver.
func runOn(t *testing.T, d driver, g *group, text string, requests []envoy.Request) []outcome {
	t.Helper()
	session := d.load(t, g, text)
	w := session.world()
	outcomes := make([]outcome, len(g.cases))
	for i := range g.cases {
		w.wrong = nil
		if before := g.cases[i].before; before != nil {
			before(w)
		}
		got := session.send(t, requests[i])
		if len(g.clusters) == 0 && !g.once {
			// Once more: whether a token has been seen before changes no verdict.
			if second := session.send(t, requests[i]); !reflect.DeepEqual(got.withoutClock(), second.withoutClock()) {
				w.wrong = append(w.wrong, fmt.Sprintf("the second time differs: %+v", second))
			}
		}
		outcomes[i] = outcome{got, w.wrong}
	}
	return outcomes
}

// agree compares the results field by field.
func agree(t *testing.T, drivers []driver, results []result) bool {
	t.Helper()
	same := true
	for i := 1; i < len(results); i++ {
		if !reflect.DeepEqual(results[0].withoutClock(), results[i].withoutClock()) {
			same = false
			t.Errorf("%s and %s differ:\n\t%+v\n\t%+v", drivers[0].name(), drivers[i].name(), results[0], results[i])
		}
	}
	return same
}

func runBad(t *testing.T, c *badConfig, drivers []driver, count *tally) {
	count.cases++
	said := make([]string, len(drivers))
	for i, d := range drivers {
		lines := d.refuse(t, c)
		said[i] = strings.Join(lines, "\n")
		if wrong := c.check(lines); wrong != "" {
			t.Errorf("%s: %s\n%s", d.name(), wrong, said[i])
		} else {
			count.right[d.name()]++
		}
	}
	for i := 1; i < len(said); i++ {
		if said[i] != said[0] {
			t.Errorf("%s and %s differ:\n%s\n---\n%s", drivers[0].name(), drivers[i].name(), said[0], said[i])
			return
		}
	}
	count.agree++
}
