package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// list is where the attacks stand, in a checkout.
const list = "testdata/attacks.tsv"

// Row is one attack.
type Row struct {
	ID, Attack, Must string
	// Reason says why no test names it; where one does, it is "" or begins with "left: "
	// and says which part of the attack is not tried.
	Reason string
	// Tests are the declarations that name it: package folder, then name.
	Tests []string
}

func (r Row) String() string {
	if len(r.Tests) == 0 {
		return r.ID + "  none: " + r.Reason
	}
	return r.ID + "  " + strings.Join(r.Tests, ", ")
}

// Report is the list and its tests.
type Report struct {
	Rows   []Row
	Faults []string
}

// left begins the reason of a row that a test covers in part.
const left = "left: "

// Summary counts the rows.
func (r *Report) Summary() string {
	tested, partly, excused := 0, 0, 0
	for _, row := range r.Rows {
		switch {
		case len(row.Tests) == 0 && row.Reason != "":
			excused++
		case len(row.Tests) > 0:
			tested++
			if row.Reason != "" {
				partly++
			}
		}
	}
	text := fmt.Sprintf("attacks: %d of %d have a test by id, %d a written reason", tested, len(r.Rows), excused)
	if partly > 0 {
		text += fmt.Sprintf(", %d a part left", partly)
	}
	return text
}

// Read reads the list and all tests under root.
func Read(root string) (*Report, error) {
	text, err := os.ReadFile(filepath.Join(root, list))
	if err != nil {
		return nil, err
	}
	r := &Report{}
	known := map[string]int{}
	for n, line := range strings.Split(string(text), "\n") {
		if line == "" || line[0] == '#' {
			continue
		}
		cells := strings.Split(line, "\t")
		if len(cells) != 4 || !id.MatchString(cells[0]) {
			return nil, fmt.Errorf("%s:%d: not id, attack, must, reason", list, n+1)
		}
		if _, twice := known[cells[0]]; twice {
			return nil, fmt.Errorf("%s:%d: %s stands there twice", list, n+1, cells[0])
		}
		known[cells[0]] = len(r.Rows)
		r.Rows = append(r.Rows, Row{ID: cells[0], Attack: cells[1], Must: cells[2], Reason: cells[3]})
	}
	named, err := naming(root)
	if err != nil {
		return nil, err
	}
	refused, err := filepath.Glob(filepath.Join(root, "testdata", "configs", "bad", "*.json"))
	if err != nil {
		return nil, err
	}
	for _, file := range refused { // each is a case of the tests of config and of host/parity
		if name := filepath.Base(file); mention.MatchString(name[:min(4, len(name))]) {
			named[name[:4]] = append(named[name[:4]], "testdata/configs/bad/"+name)
		}
	}
	for attack, tests := range named {
		if i, ok := known[attack]; ok {
			r.Rows[i].Tests = tests
		} else {
			r.Faults = append(r.Faults, fmt.Sprintf("%s names %s, which is not in the list", tests[0], attack))
		}
	}
	for _, row := range r.Rows {
		switch {
		case len(row.Tests) == 0 && row.Reason == "":
			r.Faults = append(r.Faults, row.ID+" has no test and no reason: "+row.Attack)
		case len(row.Tests) == 0 && strings.HasPrefix(row.Reason, left):
			r.Faults = append(r.Faults, row.ID+" has no test, and a reason that says that only a part is left")
		case len(row.Tests) > 0 && row.Reason != "" && !strings.HasPrefix(row.Reason, left):
			r.Faults = append(r.Faults, fmt.Sprintf("%s has a reason for no test, and %s; what is left begins with %q", row.ID, row.Tests[0], left))
		}
	}
	slices.Sort(r.Faults)
	return r, nil
}

var (
	id      = regexp.MustCompile(`^[A-Z]-[0-9]{2}$`)
	mention = regexp.MustCompile(`\b([B-FHJ-NPR-TW-Y])-([0-9]{2})(?:(?: to |\.\.|-)([B-FHJ-NPR-TW-Y])-([0-9]{2}))?\b`)
	inName  = regexp.MustCompile(`^(?:Test|Fuzz)([B-FHJ-NPR-TW-Y])([0-9]{2})`)
)

// naming returns, by id, the declarations in test files that name it.
func naming(root string) (map[string][]string, error) {
	named := map[string][]string{}
	tree := os.DirFS(root)
	err := fs.WalkDir(tree, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if name != "." && (strings.HasPrefix(entry.Name(), ".") || entry.Name() == "build" || entry.Name() == "testdata") {
				return fs.SkipDir
			}
			return nil
		}
		folder := path.Dir(name)
		if !strings.HasSuffix(name, "_test.go") || folder == "tools/attacks" {
			return nil
		}
		source, err := fs.ReadFile(tree, name)
		if err != nil {
			return err
		}
		return declarations(folder, source, named)
	})
	for _, tests := range named {
		slices.Sort(tests)
	}
	return named, err
}

// declarations adds what one file's top-level declarations name.
func declarations(folder string, source []byte, named map[string][]string) error {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, folder, source, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	at := func(p token.Pos) int { return files.Position(p).Offset }
	for _, declaration := range file.Decls {
		begin, end, name := at(declaration.Pos()), at(declaration.End()), "a table"
		switch d := declaration.(type) {
		case *ast.FuncDecl:
			name = d.Name.Name
			if d.Doc != nil {
				begin = at(d.Doc.Pos())
			}
		case *ast.GenDecl:
			if v, ok := first(d.Specs).(*ast.ValueSpec); ok {
				name = v.Names[0].Name
			}
			if d.Doc != nil {
				begin = at(d.Doc.Pos())
			}
		}
		label := folder + "." + name
		for _, attack := range ids(name, string(source[begin:end])) {
			if !slices.Contains(named[attack], label) {
				named[attack] = append(named[attack], label)
			}
		}
	}
	return nil
}

func first(specs []ast.Spec) ast.Spec {
	if len(specs) == 0 {
		return nil
	}
	return specs[0]
}

// ids returns the attacks that a declaration names; a range names all within.
func ids(name, text string) (all []string) {
	if m := inName.FindStringSubmatch(name); m != nil {
		all = append(all, m[1]+"-"+m[2])
	}
	for _, m := range mention.FindAllStringSubmatch(text, -1) {
		all = append(all, m[1]+"-"+m[2])
		if m[3] != m[1] {
			continue
		}
		for n := number(m[2]) + 1; n <= number(m[4]); n++ {
			all = append(all, fmt.Sprintf("%s-%02d", m[1], n))
		}
	}
	return all
}

func number(two string) int { return int(two[0]-'0')*10 + int(two[1]-'0') }
