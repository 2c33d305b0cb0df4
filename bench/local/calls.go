package local

import (
	"strings"

	"github.com/postern-wasm/postern/host"
)

// Depths of a trace event.
const (
	depthCallback = iota
	depthHostCall
	depthAllocation
)

// add counts one crossing; a nil receiver counts nothing.
func (c *Calls) add(e host.TraceEvent) {
	if c == nil {
		return
	}
	switch e.Depth {
	case depthCallback:
		c.Callbacks++
	case depthHostCall:
		c.HostCalls++
		c.Names = append(c.Names, nameOf(e.Text))
	case depthAllocation:
		c.Allocations++
	}
}

// nameOf is the function's name in a trace line: all that stands before its arguments.
func nameOf(text string) string {
	if at := strings.IndexAny(text, "( "); at >= 0 {
		return text[:at]
	}
	return text
}
