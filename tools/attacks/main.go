// Command attacks holds the list of attacks, testdata/attacks.tsv, against the tests:
//
//	go run ./tools/attacks
//
// prints each id with the tests that name it. A test names an attack by carrying its
// id in its name, its comment or its body; a table of cases does so in the case's name,
// a configuration that must be refused in its file's name. It ends with 1 if an id has
// neither a test nor a written reason for having none, if one has both (a reason that
// begins with "left: " and says which part no test tries yet may stand beside one), or if
// a test names an id that is not in the list. The test of this package does the same.
package main

import (
	"fmt"
	"os"
)

func main() {
	report, err := Read(".")
	if err != nil {
		fmt.Fprintln(os.Stderr, "attacks:", err)
		os.Exit(1)
	}
	for _, row := range report.Rows {
		fmt.Println(row)
	}
	for _, fault := range report.Faults {
		fmt.Fprintln(os.Stderr, "attacks:", fault)
	}
	fmt.Println(report.Summary())
	if len(report.Faults) > 0 {
		os.Exit(1)
	}
}
