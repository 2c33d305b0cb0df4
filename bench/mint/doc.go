// Package mint makes the keys, tokens and requests of the benchmarks.
//
// In: an algorithm, a number of tokens. Out: a fresh key, its public set, and
// tokens of 500 to 800 bytes with twelve claims, each another one, signed by jwx;
// besides them what must be refused. Spec: RFC 7515, RFC 7519. Its keys live for
// one run and protect nothing; it never uses the code that is measured.
package mint
