package policy

import (
	"strconv"
	"strings"
	"testing"

	"github.com/postern-wasm/postern/plugin/request"
)

// kinds are tables of n rules, and a request that the last of them takes.
var kinds = []struct {
	name string
	rule func(t testing.TB, i int) Match
	line func(last int) string
}{
	{
		"path",
		func(_ testing.TB, i int) Match {
			return Match{Path: PathMatch{Kind: PathExact, Text: "/api/v1/resource-" + strconv.Itoa(i)}}
		},
		func(i int) string { return "GET https://a.test/api/v1/resource-" + strconv.Itoa(i) },
	},
	{
		"prefix",
		func(_ testing.TB, i int) Match {
			return Match{Path: PathMatch{Kind: PathPrefix, Text: "/api/v1/resource-" + strconv.Itoa(i) + "/"}}
		},
		func(i int) string { return "GET https://a.test/api/v1/resource-" + strconv.Itoa(i) + "/17/items" },
	},
	{
		"separated-fold",
		func(_ testing.TB, i int) Match {
			return Match{Path: PathMatch{Kind: PathSeparated, Text: "/Api/v1/resource-" + strconv.Itoa(i), Fold: true}}
		},
		func(i int) string { return "GET https://a.test/api/v1/Resource-" + strconv.Itoa(i) + "/17/items" },
	},
	{
		"nested",
		func(_ testing.TB, i int) Match {
			return Match{Path: PathMatch{Kind: PathPrefix, Text: strings.Repeat("/a", 2000-i)}, Methods: []string{"PUT", "GET"}}
		},
		func(i int) string { return "GET https://a.test" + strings.Repeat("/a", 2000-i) + "/b" },
	},
	{
		"host",
		func(_ testing.TB, i int) Match {
			return Match{Path: PathMatch{Kind: PathPrefix, Text: "/"}, Hosts: []HostMatch{{Name: "tenant-" + strconv.Itoa(i) + ".test"}}}
		},
		func(i int) string { return "GET https://tenant-" + strconv.Itoa(i) + ".test/api/v1/items" },
	},
	{
		"regex",
		func(t testing.TB, i int) Match {
			return Match{Path: PathMatch{Kind: PathRegex, Pattern: mustPattern(t, "/api/v1/resource-"+strconv.Itoa(i)+"/[^/]+/items")}}
		},
		func(i int) string { return "GET https://a.test/api/v1/resource-" + strconv.Itoa(i) + "/17/items" },
	},
	{
		"regex-one-head",
		func(t testing.TB, i int) Match {
			return Match{Path: PathMatch{Kind: PathRegex, Pattern: mustPattern(t, "/api/v1/[^/]+/items-"+strconv.Itoa(i)+"/[0-9]+")}}
		},
		func(i int) string { return "GET https://a.test/api/v1/17/items-" + strconv.Itoa(i) + "/42" },
	},
	{
		"regex-no-head",
		func(t testing.TB, i int) Match {
			return Match{Path: PathMatch{Kind: PathRegex, Pattern: mustPattern(t, ".*/items-"+strconv.Itoa(i)+"[.]json")}}
		},
		func(i int) string { return "GET https://a.test/api/v1/17/items-" + strconv.Itoa(i) + ".json" },
	},
	{
		"residual", // neither beginning nor word tells them apart
		func(t testing.TB, i int) Match {
			return Match{Path: PathMatch{Kind: PathRegex, Pattern: mustPattern(t, "/[a-y]{"+strconv.Itoa(1+i%200)+"}[0-"+strconv.Itoa(i%10)+"].?")}}
		},
		func(i int) string { return "GET https://a.test/" + strings.Repeat("b", 1+i%200) + "0" },
	},
}

func kindTable(t testing.TB, kind, n int) *Table {
	table := new(Table)
	for i := range n {
		table.Rules = append(table.Rules, Rule{Match: kinds[kind].rule(t, i)})
	}
	return table
}

func TestEveryKindIsFoundByTheIndexWithoutAllocation(t *testing.T) {
	for k := range kinds {
		table := kindTable(t, k, 300)
		plain := Table{Rules: table.Rules}
		table.Index()
		v := ask(t, request.PathRefuse, kinds[k].line(299))
		disagreement(t, &plain, table, v)
		if _, ok := table.Find(v); !ok {
			t.Errorf("%s: no rule", kinds[k].name)
		}
		if n := testing.AllocsPerRun(20, func() { table.Find(v) }); n != 0 {
			t.Errorf("%s: %v allocations", kinds[k].name, n)
		}
	}
}

// BenchmarkFind is what a request costs that the last of n rules takes.
func BenchmarkFind(b *testing.B) {
	for k := range kinds {
		for _, n := range []int{1, 10, 100, 1000} {
			table := kindTable(b, k, n)
			v := ask(b, request.PathRefuse, kinds[k].line(n-1))
			for _, how := range []string{"all", "index"} {
				b.Run(kinds[k].name+"/"+strconv.Itoa(n)+"/"+how, func(b *testing.B) {
					if how == "index" {
						table.Index()
					}
					b.ReportAllocs()
					for b.Loop() {
						if _, ok := table.Find(v); !ok {
							b.Fatal("no rule")
						}
					}
				})
			}
		}
	}
}

// BenchmarkFindLongPath is what a path of 8 KB costs that no rule takes, made to go as
// far as it can in each kind of table.
func BenchmarkFindLongPath(b *testing.B) {
	for k := range kinds {
		table := kindTable(b, k, 1000)
		_, path, _ := strings.Cut(kinds[k].line(999), ".test/")
		v := ask(b, request.PathRefuse, "GET https://a.test"+strings.Repeat("/"+path, 8192/(len(path)+1))+"/")
		for _, how := range []string{"all", "index"} {
			b.Run(kinds[k].name+"/"+how, func(b *testing.B) {
				if how == "index" {
					table.Index()
				}
				b.ReportAllocs()
				for b.Loop() {
					table.Find(v)
				}
			})
		}
	}
}

// BenchmarkIndex is what making the index of 1,000 rules costs.
func BenchmarkIndex(b *testing.B) {
	for k := range kinds {
		table := kindTable(b, k, 1000)
		b.Run(kinds[k].name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				table.Index()
			}
		})
	}
}
