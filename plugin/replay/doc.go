// Package replay remembers the signed requests that were accepted, so that none is
// accepted twice.
//
// In: what was signed (provider, key id, time, and nonce, MAC or hash of the base), the
// time, and what the host answers. Out: the host calls wanted, as data, and an outcome.
// Spec: none; RFC 9421 §7.2.2 and the webhooks' own documents ask for such a memory and
// leave it to the verifier.
//
// The memory is in shared data, which all workers of a proxy see and which outlives
// configurations and VMs; where the host has none, in the module's own, and then the
// promise is each worker's own. Every key id has buckets of its own, so that one client
// cannot fill another's. A bucket never forgets what could still be accepted: it is full
// first, and time in it never goes back, whatever the clock does. Whatever is damaged,
// unreadable or unknown refuses.
//
// It promises at most once per proxy process and window. Several proxies have a memory
// each, and a restart of the proxy forgets. A neighbour with the same vm_id can write to
// shared data: a MAC (Config.Secret) tells its entries from ours, but not an older entry
// of ours that it puts back; a vm_id of one's own keeps it out.
package replay
