// Package parity holds the scenario table: requests, the configuration they
// meet, and what must come of them, written down from the documentation.
//
// In: the table, the key ring of testdata/scenarios, the module, an Envoy. Out:
// one verdict for each case from each of three runtimes: the rooms of the
// plugin called natively, the module on the wazero host, the module in Envoy.
// All three must give what the table says, and the same answer, header for
// header. Spec: the project's documentation of configuration, paths, token rules
// and answers; RFC 6750, RFC 7515, RFC 7519.
//
// It has tests only, and no expectation in it comes from the code under test.
package parity
