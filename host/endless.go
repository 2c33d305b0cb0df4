package host

import (
	"strings"

	"github.com/postern-wasm/postern/host/abi"
)

// Endless reports whether what follows a request's headers is no body but another
// protocol, which has no end (RFC 9110 §7.8, §9.3.6): of CONNECT, and of an upgrade that
// Connection names. h is as Arrive returns it. For such headers Envoy never says that they
// are the end of the stream.
func Endless(h []abi.Pair) bool {
	upgrade, named := false, false
	for _, p := range h {
		switch p.Name {
		case ":method":
			if p.Value == "CONNECT" {
				return true
			}
		case "upgrade":
			upgrade = true
		case "connection":
			for option := range strings.SplitSeq(p.Value, ",") {
				named = named || strings.EqualFold(strings.TrimSpace(option), "upgrade")
			}
		}
	}
	return upgrade && named
}
