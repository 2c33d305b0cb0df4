package authorize

import "github.com/postern-wasm/postern/plugin/jsonx"

const second = 1_000_000_000

// recent is RFC 9470 §6.2: the claim auth_time, a whole number of seconds, lies at most
// so many seconds before now, and not after it, skew aside. now is in nanoseconds since
// 1970. A credential that does not say when its subject was authenticated is not recent.
func recent(claims jsonx.Value, most, now, skew int64) bool {
	claim, _ := claims.Member("auth_time")
	at, nanos, ok := claim.Seconds()
	if !ok || nanos != 0 || skew < 0 {
		return false
	}
	today := now / second
	return at <= today+skew && today-at <= most+skew
}
