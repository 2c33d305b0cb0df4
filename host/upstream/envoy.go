package upstream

import (
	"strconv"

	"github.com/postern-wasm/postern/host/abi"
)

// NoHealthyUpstream returns Envoy's answer for a cluster that has no host.
func NoHealthyUpstream() Answer {
	return local("503", "no healthy upstream")
}

// UpstreamTimeout returns Envoy's answer when a callout's time is over: 504,
// three headers, a body of 24 bytes.
func UpstreamTimeout() Answer {
	return local("504", "upstream request timeout")
}

// local returns an answer in the form of Envoy's local replies.
func local(status, body string) Answer {
	return Answer{
		Headers: []abi.Pair{
			{Name: ":status", Value: status},
			{Name: "content-length", Value: strconv.Itoa(len(body))},
			{Name: "content-type", Value: "text/plain"},
		},
		Body: []byte(body),
	}
}
