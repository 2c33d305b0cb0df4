// Package kernels measures the cryptographic kernels: on wazero and in V8, compiled
// by TinyGo as the module is, natively, and beside Go's standard library.
//
// In: the guest's file, how long to measure. Out: a Row for each operation. All
// runtimes are given the same keys, messages and signatures and take turns. It
// makes no signature with the kernels that it measures.
package kernels
