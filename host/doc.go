// Package host runs a proxy-wasm HTTP module on wazero, as Envoy would.
//
// In: a Wasm module, its configuration, and HTTP exchanges as header pairs and
// pieces of body (Stream), or as net/http requests (Middleware). Out: what the
// module lets through in each direction, or the answer it gives itself. Spec:
// proxy-wasm ABI 0.1.0, 0.2.0 and 0.2.1, with Envoy 1.40's phase rules. It
// never lets a request through because of a trap, never gives a guest files,
// sockets or the machine's environment, and never runs two calls of one VM at
// the same time.
package host

import "github.com/postern-wasm/postern/host/abi"

const logWarn = abi.LogWarn
