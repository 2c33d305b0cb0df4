package jwt_test

import (
	"math"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/verify/jwt"
)

// S-03, T-01: what a saved token says of its time is what Check says of the token, at each
// nanosecond around each bound and at random times.
func TestASavedTokenIsGoodWhenCheckSaysSo(t *testing.T) {
	set := keySet(t, public(t, "HS256", 0, nil))
	order := rand.New(rand.NewPCG(7, 11))
	date := func() string {
		seconds := at + order.Int64N(7200) - 3600
		switch order.IntN(5) {
		case 0:
			return strconv.FormatInt(seconds, 10) + ".000000001"
		case 1:
			return strconv.FormatInt(seconds, 10) + ".9999999999"
		case 2:
			return strconv.FormatInt(order.Int64N(1<<53), 10)
		}
		return strconv.FormatInt(seconds, 10)
	}
	good, bad := 0, 0
	for range 3000 {
		var pairs []string
		for _, name := range []string{"exp", "nbf", "iat"} {
			if order.IntN(4) > 0 {
				pairs = append(pairs, name, date())
			}
		}
		cfg := every()
		cfg.RequireExpiration = false
		cfg.ClockSkewSeconds = []int64{0, 1, 60, 86400}[order.IntN(4)]
		cfg.MaxLifetime = []int64{0, 0, second, 3600 * second, math.MaxInt64}[order.IntN(5)]
		token := mint(t, "HS256", 0, nil, claims(pairs...))
		var a jwt.Attempt
		// The time at which the token is saved may be any at which it is good.
		var saved []byte
		for range 50 {
			when := now + order.Int64N(7200*second) - 3600*second
			if a.Parse(token, 16384, 1) == reason.OK && a.Check(cfg, nil, when) == reason.OK && a.Prove(set, nil) == reason.OK {
				saved = room(a.SavedSize())
				if !a.Save(saved) {
					t.Fatal("not saved")
				}
				break
			}
		}
		if saved == nil {
			continue
		}
		times := []int64{0, 1, now, math.MaxInt64, 60*second - 1, 60 * second, a.Expires(cfg) - 1, a.Expires(cfg)}
		for range 40 {
			times = append(times, order.Int64(), now+order.Int64N(7200*second)-3600*second)
			edge := (at + order.Int64N(7200) - 3600) * second
			times = append(times, edge-1, edge, edge+1)
		}
		for _, when := range times {
			ok := a.Check(cfg, nil, when) == reason.OK
			if jwt.Good(saved, when) {
				good++
				if !ok {
					t.Fatalf("%v, skew %d, at most %d: good at %d, where Check says %v", pairs, cfg.ClockSkewSeconds, cfg.MaxLifetime, when, a.Check(cfg, nil, when))
				}
			} else if bad++; ok && when < math.MaxInt64/2 && cfg.MaxLifetime < math.MaxInt64/2 {
				t.Fatalf("%v, skew %d, at most %d: not good at %d, where Check says OK", pairs, cfg.ClockSkewSeconds, cfg.MaxLifetime, when)
			}
		}
	}
	if good < 10000 || bad < 10000 {
		t.Errorf("%d times good, %d not", good, bad)
	}
}

// S-03: a token that was proved for other audiences, or whose times are judged leniently,
// is never good without Check, and neither is what Save has not written.
func TestWhatWasCheckedOtherwiseIsNotGood(t *testing.T) {
	set := keySet(t, public(t, "HS256", 0, nil))
	token := mint(t, "HS256", 0, nil, claims("aud", `["api","other"]`))
	lenient := every()
	lenient.LenientTimes = true
	for law, c := range map[string]struct {
		cfg       *jwt.Config
		audiences []string
		want      bool
	}{
		"its provider's audiences": {every(), nil, true},
		"a requirement's own":      {every(), []string{"other"}, false},
		"lenient times":            {lenient, nil, false},
	} {
		var a jwt.Attempt
		if a.Parse(token, 16384, 1) != reason.OK || a.Check(c.cfg, c.audiences, now) != reason.OK || a.Prove(set, nil) != reason.OK {
			t.Fatalf("%s: not proved", law)
		}
		saved := room(a.SavedSize())
		if !a.Save(saved) {
			t.Fatal("not saved")
		}
		if got := jwt.Good(saved, now); got != c.want {
			t.Errorf("%s: good is %v", law, got)
		}
		if jwt.Good(saved[:8], now) || jwt.Good(nil, now) || jwt.Good(saved[1:], now) {
			t.Errorf("%s: good without what was saved", law)
		}
		// What one Check has shown does not outlive the next one.
		if a.Check(c.cfg, []string{"other"}, now) != reason.OK || a.Prove(set, nil) != reason.OK || !a.Save(saved) {
			t.Fatalf("%s: not proved again", law)
		}
		if jwt.Good(saved, now) {
			t.Errorf("%s: good after a Check for other audiences", law)
		}
	}
}
