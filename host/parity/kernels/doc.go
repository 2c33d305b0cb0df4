// Package kernels holds tests only: the same signatures verified by the module's rooms
// natively, compiled by TinyGo inside of wazero and of a real Envoy, and by the proxy's
// own cryptography where they leave that to it.
//
// In: Wycheproof's files, and random signatures with near misses. Out: nothing. What a
// signature must come to is said by Wycheproof and the standard library. Set
// POSTERN_DIFFERENTIAL to how many random signatures there are to be; a million is the
// full count.
package kernels
