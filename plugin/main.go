// Command plugin is the module, postern.wasm: the abi room's exports and nothing else.
package main

import (
	_ "github.com/postern-wasm/postern/plugin/abi"    // exports the callbacks
	_ "github.com/postern-wasm/postern/plugin/memory" // allocates
)

func main() {}
