package re2

import (
	"strings"
	"testing"
)

// worst are expressions that are as dear to compile as their length allows.
var worst = map[string]string{
	"H-26 a list of prefixes":     strings.TrimSuffix(strings.Repeat("a|aa|aaa|aaaa|", 70), "|"),
	"H-26 states without end":     ".*(?:x|y|z){200}a",
	"H-26 optional one by one":    strings.Repeat("(?:a|b)?", 120),
	"H-26 optional within others": strings.Repeat("(?:a?b?", 33) + strings.Repeat(")*", 33),
	"H-26 every kind of letter":   "[" + letters(1, 250) + "]",
	"H-26 looks everywhere":       "(?:" + strings.Repeat(`\b\B^$`, 80) + ")*",
	"H-26 looks between":          strings.Repeat(`\b?.`, 160),
	"H-26 nested counts":          "(?:(?:(?:(?:){10}){10}){10}|a)*",
	"H-26 many ranges":            strings.Repeat(`[^\w-][\W.]`, 90),
	"H-26 growing alternatives":   growing(43),
}

// letters are n characters from first on, of every other.
func letters(first rune, n int) string {
	var b strings.Builder
	for i := range rune(n) {
		b.WriteRune('\u0400' + first + 2*i)
	}
	return b.String()
}

func growing(n int) string {
	list := make([]string, n)
	for i := range list {
		list[i] = strings.Repeat("a", i+1)
	}
	return strings.Join(list, "|")
}

// TestWorstCompiles holds that none of them is refused, so that the benchmarks measure
// what they say.
func TestWorstCompiles(t *testing.T) {
	for law, source := range worst {
		if len(source) > 1024 {
			t.Errorf("%s: %d bytes", law, len(source))
		}
		if _, err := program(source); err != nil {
			t.Errorf("%s: %v", law, err)
		}
	}
}

// BenchmarkCompileWorst is H-26: what one expression costs a configuration.
func BenchmarkCompileWorst(b *testing.B) {
	for law, source := range worst {
		b.Run(law, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := program(source); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkMatchWorst is H-26: what 8 KB of text cost that keep as many steps at work as
// can be.
func BenchmarkMatchWorst(b *testing.B) {
	for _, c := range []struct{ law, source, text string }{
		{"by table", "(?:[a-z]+/)*", "xyz/"},
		{"by steps", ".*(?:x|y|z){200}a", "xyz/"},
		{"by steps in a loop", "(?:.*(?:x|y|z){200}a)*", "xyza"},
		{"every step at work", "(?:" + strings.Repeat(".?", 240) + "x)*", "zzzz"},
	} {
		p, err := program(c.source)
		if err != nil {
			b.Fatal(err)
		}
		text := strings.Repeat(c.text, 2048)
		b.Run(c.law, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				p.Match(text)
			}
		})
	}
}
