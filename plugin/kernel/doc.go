// Package kernel is the room of verifying primitives; each has a package of its own.
//
// In: raw keys, digests or messages, signatures, all as bytes. Out: a key made ready, or
// why it cannot be; then yes or no. Spec: each package names its own. The primitives know
// nothing of JOSE or PEM, never sign for others, never allocate for a key that is ready,
// and never say why a signature is bad; package der alone reads an encoding. All
// arithmetic is the project's own; tables that keys share live as long as the VM, those
// of a key as long as its set.
package kernel
