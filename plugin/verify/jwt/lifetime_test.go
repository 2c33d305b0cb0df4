package jwt_test

import (
	"math"
	"strconv"
	"testing"

	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/verify/jwt"
)

func TestLifetime(t *testing.T) {
	const hour = int64(3600)
	at := func(seconds int64) string { return strconv.FormatInt(now/1e9+seconds, 10) }
	for _, c := range []struct {
		law    string
		most   int64 // nanoseconds
		claims string
		want   reason.Code
	}{
		{"no bound, no exp needed", 0, `{}`, reason.OK},
		{"exactly as long as it may be", hour * 1e9, `{"exp":` + at(hour) + `}`, reason.OK},
		{"a second longer", hour * 1e9, `{"exp":` + at(hour+1) + `}`, reason.LifetimeTooLong},
		{"a fraction of a second longer", hour * 1e9, `{"exp":` + at(hour) + `.000000001}`, reason.LifetimeTooLong},
		{"a fraction of a nanosecond longer", hour * 1e9, `{"exp":` + at(hour) + `.0000000001}`, reason.LifetimeTooLong},
		{"the skew is no longer life", hour * 1e9, `{"exp":` + at(hour+60) + `}`, reason.LifetimeTooLong},
		{"a bound needs exp", hour * 1e9, `{}`, reason.ExpirationMissing},
		{"an expired one is expired", hour * 1e9, `{"exp":` + at(-hour) + `}`, reason.Expired},
		{"as far off as can be written", hour * 1e9, `{"exp":9007199254740992}`, reason.LifetimeTooLong},
		{"a bound beyond the clock is none", math.MaxInt64, `{"exp":9007199254740992}`, reason.OK},
		{"what was issued long ago counts from now", hour * 1e9, `{"iat":1,"exp":` + at(60) + `}`, reason.OK},
	} {
		cfg := every()
		cfg.Issuer, cfg.Audiences, cfg.RequireExpiration, cfg.ClockSkewSeconds, cfg.MaxLifetime = "", nil, false, 60, c.most
		var a jwt.Attempt
		if code := a.Parse(unsigned(`{"alg":"ES256"}`, c.claims), 16384, 1); code != reason.OK {
			t.Fatal(code)
		}
		if got := a.Check(cfg, nil, now); got != c.want {
			t.Errorf("%s: %s, want %s", c.law, got, c.want)
		}
	}
}
