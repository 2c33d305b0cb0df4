package config

import (
	"strings"

	"github.com/postern-wasm/postern/plugin/jwks"
)

// elsewhere are the keys of Envoy's RetryPolicy that choose among an upstream's hosts:
// that is the cluster's business here.
var elsewhere = []string{"retry_priority", "retry_host_predicate", "host_selection_retry_max_attempts"}

// retry reads Envoy's RetryPolicy as far as it has a meaning for a fetch.
func retry(c *jwks.Config, v value) {
	o := v.object()
	retries := int(o.get("num_retries").integer(1, 0, 10))
	if o.there {
		c.Retries = retries
	}
	backOff := o.get("retry_back_off").object()
	c.RetryBase = backOff.get("base_interval").duration(second, millisecond, minute)
	most := backOff.get("max_interval")
	if c.RetryMax = most.duration(10*c.RetryBase, millisecond, hour); c.RetryMax < c.RetryBase {
		most.fail("must not be less than base_interval, ", formatDuration(c.RetryBase))
	}
	backOff.close()
	c.RetryOn = retryOn(o.get("retry_on"))
	for _, name := range elsewhere {
		if w := o.get(name); !w.absent() {
			w.warn("has no effect: a callout goes to the cluster, which chooses the host")
		}
	}
	o.close()
}

// retryWords are Envoy's words for what a callout can see. A time-out is seen as 504.
var retryWords = []struct {
	word string
	on   jwks.RetryOn
}{
	{"5xx", jwks.RetryReset | jwks.RetryGateway | jwks.RetryServer},
	{"gateway-error", jwks.RetryGateway},
	{"connect-failure", jwks.RetryReset},
	{"reset", jwks.RetryReset},
	{"reset-before-request", jwks.RetryReset},
	{"refused-stream", jwks.RetryReset},
	{"retriable-4xx", jwks.RetryConflict},
}

// retryOn reads the list of words; without one it is jwt_authn's.
func retryOn(v value) jwks.RetryOn {
	text := v.text("")
	if text == "" {
		return jwks.RetryDefault
	}
	on := jwks.RetryOn(0)
	for _, word := range strings.Split(text, ",") {
		word = strings.Trim(word, " ")
		known := false
		for _, w := range retryWords {
			if w.word == word {
				on, known = on|w.on, true
			}
		}
		if !known {
			v.warn("has no effect for ", quote(word), ": a callout does not show it")
		}
	}
	return on
}
