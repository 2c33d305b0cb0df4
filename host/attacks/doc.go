// Package attacks holds tests only: a hostile proxy around the built module.
//
// In: the module's file. Out: nothing. A conforming host is package host; this one
// lies, repeats itself, calls out of order and fails on purpose, to show that the
// module neither traps nor lets a request through. Test names begin with the id of the
// attack.
package attacks
