package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/postern-wasm/postern/"

// allowed is the import policy of the module: for each room the rooms it may use, in
// the order in which data flows. A new edge is argued in the commit that adds it.
// Standard library packages are judged by forbidden below; anything else must be in
// external.
var allowed = map[string][]string{
	"plugin":                    {"plugin/abi", "plugin/memory"},
	"plugin/reason":             {},
	"plugin/jsonx":              {},
	"plugin/cache":              {"plugin/memory", "plugin/word"},
	"plugin/memory":             {},
	"plugin/re2":                {}, // instead of package regexp, which brings all of Unicode along
	"plugin/base64":             {},
	"plugin/word":               {}, // eight bytes at a time: TinyGo's strings are compared byte by byte
	"plugin/request":            {"plugin/reason", "plugin/word"},
	"plugin/credential":         {"plugin/request", "plugin/word"},
	"plugin/sfv":                {},
	"plugin/kernel/sha2":        {},
	"plugin/kernel/sha1":        {},
	"plugin/kernel/md5":         {},
	"plugin/kernel/digest":      {"plugin/kernel/md5", "plugin/kernel/sha1", "plugin/kernel/sha2"},
	"plugin/kernel/der":         {},
	"plugin/kernel/hmac":        {"plugin/kernel/digest"},
	"plugin/kernel/tables":      {"plugin/memory"},
	"plugin/kernel/internal":    {"plugin/memory", "plugin/kernel/tables"},
	"plugin/kernel/rsa":         {"plugin/kernel/internal", "plugin/kernel/sha2"},
	"plugin/kernel/p256":        {"plugin/kernel/internal", "plugin/kernel/tables"},
	"plugin/kernel/p384":        {"plugin/kernel/internal", "plugin/kernel/tables"},
	"plugin/kernel/p521":        {"plugin/kernel/internal", "plugin/kernel/tables"},
	"plugin/kernel/ed25519":     {"plugin/memory", "plugin/kernel/digest", "plugin/kernel/tables"},
	"plugin/jose/base64url":     {},
	"plugin/jose/jwa":           {},
	"plugin/jose/jwk":           {"plugin/base64", "plugin/jose/base64url", "plugin/jose/jwa", "plugin/jsonx", "plugin/kernel"},
	"plugin/jose/jws":           {"plugin/jose/base64url", "plugin/jose/jwa", "plugin/jsonx", "plugin/word"},
	"plugin/offload":            {"plugin/jose/base64url", "plugin/jose/jwa", "plugin/kernel/rsa"},
	"plugin/identity":           {"plugin/jsonx"},
	"plugin/verify/jwt":         {"plugin/identity", "plugin/jose", "plugin/jsonx", "plugin/reason", "plugin/word"},
	"plugin/verify/signed":      {"plugin/base64", "plugin/jose/jwa", "plugin/jose/jwk", "plugin/kernel/der", "plugin/kernel/digest", "plugin/kernel/hmac", "plugin/jsonx", "plugin/reason", "plugin/request", "plugin/sfv", "plugin/verify/signed", "plugin/word"}, // and its schemes, below it
	"plugin/verify/signed/form": {"plugin/request"},
	"plugin/jwks":               {"plugin/jsonx", "plugin/kernel/digest", "plugin/kernel/hmac", "plugin/kernel/sha2", "plugin/memory", "plugin/jose/jwk", "plugin/request"},
	"plugin/replay":             {"plugin/kernel/digest", "plugin/kernel/hmac", "plugin/kernel/sha2", "plugin/memory"},
	"plugin/authorize":          {"plugin/jsonx", "plugin/reason", "plugin/word"}, // claims as values: what proved them is no concern of it
	"plugin/policy":             {"plugin/authorize", "plugin/memory", "plugin/re2", "plugin/reason", "plugin/request", "plugin/word"},
	"plugin/effect":             {"plugin/base64", "plugin/credential", "plugin/identity", "plugin/jsonx", "plugin/reason", "plugin/request"},
	"plugin/config":             {"plugin/authorize", "plugin/credential", "plugin/effect", "plugin/jose", "plugin/jsonx", "plugin/jwks", "plugin/policy", "plugin/reason", "plugin/request", "plugin/verify"}, // reasons by name, for answers of one's own
	"plugin/filter":             {"plugin/authorize", "plugin/cache", "plugin/config", "plugin/credential", "plugin/effect", "plugin/identity", "plugin/jose/jwk", "plugin/jwks", "plugin/kernel/sha2", "plugin/memory", "plugin/policy", "plugin/reason", "plugin/replay", "plugin/request", "plugin/verify"},
	"plugin/abi":                {"plugin/memory", "plugin/config", "plugin/effect", "plugin/filter", "plugin/jose/jwa", "plugin/jwks", "plugin/offload", "plugin/reason", "plugin/replay", "plugin/request"},
}

// external lists the packages outside the project and the standard library, and the
// rooms that may use them.
var external = map[string][]string{
	"github.com/proxy-wasm/proxy-wasm-go-sdk/proxywasm/types": {"plugin/abi"},
}

// forbidden are standard library packages that no room may use: they start goroutines,
// reach for the system, allocate by reflection, or bloat the module.
var forbidden = []string{
	"crypto", "database", "embed", "encoding/gob", "encoding/json", "encoding/pem", "encoding/xml",
	"expvar", "flag", "fmt", "html", "io/ioutil", "log", "mime", "net", "os", "plugin", "reflect", "regexp", "runtime", "sync", "syscall",
	"testing", "text", "time",
}

// onlyIn are standard library packages that some rooms alone may use.
var onlyIn = map[string][]string{
	// For sync.Once alone: a table that all keys share is made once, also where tests
	// make keys in parallel.
	"sync":    {"plugin/kernel/ed25519", "plugin/kernel/internal/nist"},
	"runtime": {"plugin/memory"},
}

// TestImportsFollowTheTable reads every file below this folder.
func TestImportsFollowTheTable(t *testing.T) {
	seen := map[string]bool{}
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return err
		}
		room := filepath.ToSlash(filepath.Join("plugin", filepath.Dir(name)))
		seen[room] = true
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly|parser.ParseComments)
		if err != nil {
			return err
		}
		for _, imported := range file.Imports {
			target, err := strconv.Unquote(imported.Path.Value)
			if err != nil {
				return err
			}
			if !mayImport(room, target) {
				t.Errorf("%s: room %s must not import %s", name, room, target)
			}
		}
		if tagged := buildTag(file); tagged != "" && room != "plugin/abi" && room != "plugin/memory" && room != "plugin" {
			t.Errorf("%s: build tag %q outside plugin/abi, plugin/memory and main.go", name, tagged)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for room := range allowed {
		if !anyReaches(seen, room) {
			t.Errorf("the table names %s, which does not exist", room)
		}
	}
}

// TestTableHasNoCycle holds the order: no room may be reached from itself.
func TestTableHasNoCycle(t *testing.T) {
	var visit func(room string, trail []string)
	visit = func(room string, trail []string) {
		for _, before := range trail {
			if before == room {
				t.Fatalf("cycle: %s -> %s", strings.Join(trail, " -> "), room)
			}
		}
		for _, next := range rooms() {
			if next != room && reaches(allowed[room], next) {
				visit(next, append(trail, room))
			}
		}
	}
	for _, room := range rooms() {
		visit(room, nil)
	}
}

func rooms() []string {
	var names []string
	for name := range allowed {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

func mayImport(room, name string) bool {
	if strings.HasPrefix(name, module) {
		return reaches(allowed[policyOf(room)], strings.TrimPrefix(name, module))
	}
	if strings.Contains(strings.Split(name, "/")[0], ".") {
		return contains(external[name], room)
	}
	if where, ok := onlyIn[name]; ok {
		return contains(where, room)
	}
	return !reaches(forbidden, name)
}

// policyOf is the row that governs a room: its own, or that of the folder above.
func policyOf(room string) string {
	for name := room; name != "."; name = path.Dir(name) {
		if _, ok := allowed[name]; ok && (name == room || name != "plugin") {
			return name
		}
	}
	return room
}

// anyReaches says whether a room or one below it exists.
func anyReaches(seen map[string]bool, room string) bool {
	for name := range seen {
		if reaches([]string{room}, name) {
			return true
		}
	}
	return false
}

// reaches says whether name is one of the prefixes or below one.
func reaches(prefixes []string, name string) bool {
	for _, p := range prefixes {
		if name == p || strings.HasPrefix(name, p+"/") {
			return true
		}
	}
	return false
}

func contains(list []string, name string) bool {
	for _, s := range list {
		if s == name {
			return true
		}
	}
	return false
}

// buildTag returns a file's build constraint, or "".
func buildTag(file *ast.File) string {
	for _, group := range file.Comments {
		for _, c := range group.List {
			if c.Pos() < file.Package && strings.HasPrefix(c.Text, "//go:build") {
				return c.Text
			}
		}
	}
	return ""
}
