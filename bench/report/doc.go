// Package report writes down what a run measured.
//
// In: figures and raw rounds. Out: a table for the terminal, build/bench.json with
// everything in it, build/bench.html, a page that needs no network and no script.
// It computes nothing but verdicts: a target is met, missed, not measured or not
// built, and the last two are printed like the first two.
package report
