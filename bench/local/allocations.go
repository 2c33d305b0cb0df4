package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/postern-wasm/postern/bench/edge"
	"github.com/postern-wasm/postern/bench/mint"
	"github.com/postern-wasm/postern/host"
	"github.com/postern-wasm/postern/host/abi"
)

// Allocations are what the module allocates for one request, the buffers that the host
// asks for aside.
type Allocations struct {
	// Request says which request.
	Request string `json:"request"`
	// Count is how many allocations there were, Bytes what they asked for.
	Count int    `json:"count"`
	Bytes uint64 `json:"bytes"`
	// Sites are the functions that asked, each once, in the order of their first time.
	Sites []string `json:"sites"`
}

// Functions of the module by the names that it has in the link that keeps them.
const (
	modulePrefix = "github.com/postern-wasm/postern/plugin/"
	allocator    = "(*" + modulePrefix + "memory.Region).allocate" // its size is the second argument
	forTheHost   = modulePrefix + "abi.onMemoryAllocate"
)

// errNoNames refuses a module whose functions have no names to listen to.
var errNoNames = errors.New("the module has no function " + allocator + ", or no names")

// listener hears of every call of the allocator.
type listener struct {
	found bool // the module has it
	on    *Allocations
}

// NewFunctionListener is part of experimental.FunctionListenerFactory.
func (l *listener) NewFunctionListener(f api.FunctionDefinition) experimental.FunctionListener {
	if f.Name() != allocator {
		return nil
	}
	l.found = true
	return experimental.FunctionListenerFunc(l.allocated)
}

// allocated is called before every allocation.
func (l *listener) allocated(_ context.Context, _ api.Module, _ api.FunctionDefinition, args []uint64, stack experimental.StackIterator) {
	if l.on == nil {
		return
	}
	site := ""
	for stack.Next() {
		name := stack.Function().Definition().Name()
		if strings.HasPrefix(name, forTheHost) {
			return
		}
		if site == "" && name != allocator && strings.Contains(name, modulePrefix) {
			site = strings.Replace(name, modulePrefix, "", 1)
		}
	}
	l.on.Count++
	l.on.Bytes += uint64(uint32(args[1])) // an i32: what is above is not said
	if !slices.Contains(l.on.Sites, site) {
		l.on.Sites = append(l.on.Sites, site)
	}
}

// Allocate counts the allocations of one request each, on the module at path, which has
// its function names.
func Allocate(ctx context.Context, path string, key *mint.Key, asked []Asked) (list []Allocations, err error) {
	wasm, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	l := &listener{}
	module, err := host.Compile(experimental.WithFunctionListenerFactory(ctx, l), wasm, host.Options{})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, module.Close(ctx)) }()
	if !l.found {
		return nil, errNoNames
	}
	config, err := edge.Config(setup(key))
	if err != nil {
		return nil, err
	}
	h, err := module.NewHost(ctx, host.Options{LogLevel: abi.LogError})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, h.Close(ctx)) }()
	if err := h.Configure(ctx, []byte(config)); err != nil {
		return nil, fmt.Errorf("the configuration is refused: %w", err)
	}
	const ahead = 8 // after which nothing is built for the first time
	for _, a := range asked {
		for range ahead {
			send(h, Headers(a.Before))
		}
		one := Allocations{Request: a.Request}
		l.on = &one
		send(h, Headers(a.Token))
		l.on = nil
		list = append(list, one)
	}
	return list, nil
}
