package signed

import "github.com/postern-wasm/postern/plugin/reason"

const second = int64(1_000_000_000)

// timely judges the claim's times. Both ends of every bound are included. Neither now nor
// the tolerance, which the configuration bounds, can make the sums overflow; a request's
// own time may be any number.
func (c *Claim) timely(now, tolerance int64) reason.Code {
	if c.Stamped {
		switch {
		case c.Stamp > now+tolerance:
			return reason.SignatureInFuture
		case !c.Lasting && c.Stamp < now-tolerance:
			return reason.SignatureExpired
		}
	}
	switch {
	case c.Starts != 0 && now < c.Starts:
		return reason.SignatureInFuture
	// Stated in whole seconds: what ends at a second ends with it.
	case c.Expires != 0 && now/second > c.Expires/second:
		return reason.SignatureExpired
	}
	return reason.OK
}
