// Package serve puts a proxy-wasm module in front of an upstream: a filtering
// reverse proxy whose decisions are the module's.
//
// In: a module, a configuration file, an upstream's address, requests over
// HTTP/1.1 and h2c. Out: what the module lets through, forwarded; its own
// answers; one access entry per request. Spec: RFC 9110 for what a gateway
// passes on, RFC 9112 and RFC 9113 by net/http. It never decides about a
// request, never adds forwarding headers, and never logs a header or a query.
package serve
