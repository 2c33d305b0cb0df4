// Package local measures whole requests in this process: the module on wazero
// behind the host's middleware, beside a native middleware on jwx.
//
// In: the module, keys and requests. Out: CPU time per request of both, the host
// calls of one request, the guest's memory, its start. Both are handed the same
// http.Request and call the same handler behind them; no socket is involved. It
// decides nothing: a refused valid request is no figure.
package local
