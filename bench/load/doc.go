// Package load sends HTTP/1.1 requests as fast as a server takes them.
//
// In: an address, a source of requests as bytes, the status that each must be
// answered with. Out: how many were, how many were not, how long it took. It
// reads every answer whole. Its requests stand in a ring of keep-alive
// connections: one outstanding on each, so that the server always has the others
// to work on. It never retries, never follows and never judges a body.
package load
