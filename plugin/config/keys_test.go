package config

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// shown are the files of which the README says that together they show every key.
var shown = []string{"everything", "signed", "jwt-authn"}

// never are keys that are known in order to be refused, with what to do instead.
var never = []string{"chunked", "connect_matcher", "filename", "filter_state_rules"}

// computed are the calls whose names the source does not write in place, and those names.
var computed = map[string][]string{
	"provider.go get(name)":            {"dpop", "mtls"},
	"signed.go onlyNeed(schemes)":      schemes,
	"match.go get(name)":               nil, // not looked at
	"retry.go get(name)":               nil, // of Envoy's, without effect
	"reader.go get(name)":              nil, // need
	"reader.go get(n)":                 nil, // only
	"reader.go only(names)":            nil, // onlyNeed
	"signed_template.go get(p.Member)": nil, // read before, asked for again to name it
}

// TestEveryKeyIsShown: what the reader asks for, by its own source, stands in one of the
// files that a reader of the README is sent to.
func TestEveryKeyIsShown(t *testing.T) {
	seen := map[string]bool{}
	for _, name := range shown {
		text, err := os.ReadFile(filepath.Join(files, "good", name+".json"))
		if err != nil {
			t.Fatal(err)
		}
		var root any
		if err := json.Unmarshal(text, &root); err != nil {
			t.Fatal(err)
		}
		membersOf(root, seen)
	}
	names := asked(t)
	if len(names) < 150 {
		t.Fatalf("only %d keys are found in the source: %q", len(names), names)
	}
	for _, name := range names {
		if !seen[name] && !slices.Contains(never, name) {
			t.Errorf("no file shows %q", name)
		}
	}
}

// asked are the names in get("..."), need, only and onlyNeed.
func asked(t *testing.T) []string {
	t.Helper()
	sources, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, source := range sources {
		if strings.HasSuffix(source, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), source, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			f, ok := call.Fun.(*ast.SelectorExpr)
			if !ok || !slices.Contains([]string{"get", "need", "only", "onlyNeed"}, f.Sel.Name) {
				return true
			}
			for _, argument := range call.Args {
				if text, ok := argument.(*ast.BasicLit); ok {
					name, _ := strconv.Unquote(text.Value)
					names = append(names, name)
					continue
				}
				where := fmt.Sprintf("%s %s(%s)", source, f.Sel.Name, spelt(argument))
				list, ok := computed[where]
				if !ok {
					t.Errorf("%s: which keys are these?", where)
				}
				names = append(names, list...)
			}
			return true
		})
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func spelt(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return spelt(e.X) + "." + e.Sel.Name
	}
	return "..."
}

// membersOf gathers the names of all objects' members.
func membersOf(v any, seen map[string]bool) {
	switch v := v.(type) {
	case map[string]any:
		for name, member := range v {
			seen[name] = true
			membersOf(member, seen)
		}
	case []any:
		for _, element := range v {
			membersOf(element, seen)
		}
	}
}
