package policy

import (
	"regexp"
	"strings"
	"testing"

	"github.com/postern-wasm/postern/plugin/request"
)

// FuzzPattern: what compiles is within its bounds and matches exactly the texts of which
// the unanchored expression's leftmost-longest match is the whole.
func FuzzPattern(f *testing.F) {
	f.Add("/a+", "/aaa")
	f.Add("(a+)+$", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!")
	f.Add("a|ab", "ab")
	f.Add("(?i)api|x\\b", "API")
	f.Add("(a{1000}){1000}", "a")
	f.Add("a)|(b", "b")
	f.Add(`\Qa`, "a")
	f.Add("(?s).*\n", "a\n")
	f.Fuzz(func(t *testing.T, source, text string) {
		p, err := CompilePattern(source)
		if err != nil {
			if p != nil {
				t.Fatal("an error and a pattern")
			}
			return
		}
		if source == "" || len(source) > MaxPatternBytes {
			t.Fatalf("%d bytes accepted", len(source))
		}
		alone := regexp.MustCompile(source)
		if p.matches(text) {
			if !alone.MatchString(text) {
				t.Fatalf("%q matches %q whole, but not at all", source, text)
			}
			return
		}
		alone.Longest()
		if loc := alone.FindStringIndex(text); loc != nil && loc[0] == 0 && loc[1] == len(text) {
			t.Fatalf("%q does not match %q whole", source, text)
		}
	})
}

// FuzzDecimal: exactly the decimal forms of int64 without a plus are read.
func FuzzDecimal(f *testing.F) {
	for _, s := range []string{"0", "-1", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809", "+1", "", "-", "00", "1_0"} {
		f.Add(s)
	}
	form := regexp.MustCompile(`\A-?[0-9]+\z`)
	f.Fuzz(func(t *testing.T, s string) {
		got, ok := decimal(s)
		// Compared as digits, so that no conversion of the standard library's own is trusted.
		digits := strings.TrimLeft(strings.TrimPrefix(s, "-"), "0")
		const most, least = "9223372036854775807", "9223372036854775808"
		limit := most
		if strings.HasPrefix(s, "-") {
			limit = least
		}
		fits := len(digits) < len(limit) || len(digits) == len(limit) && digits <= limit
		if want := form.MatchString(s) && fits; ok != want {
			t.Fatalf("%q: %d, %v", s, got, ok)
		}
		if ok && (got < 0) != (strings.HasPrefix(s, "-") && digits != "") {
			t.Fatalf("%q: %d", s, got)
		}
	})
}

// FuzzContainsFold agrees with the plain search over lower-cased texts.
func FuzzContainsFold(f *testing.F) {
	f.Add("xADMINy", "dMi")
	f.Add("", "")
	f.Add("aab", "ab")
	lower := func(s string) string {
		b := []byte(s)
		for i := range b {
			b[i] = request.Lower(b[i])
		}
		return string(b)
	}
	f.Fuzz(func(t *testing.T, s, text string) {
		if got, want := contains(s, text, true), strings.Contains(lower(s), lower(text)); got != want {
			t.Fatalf("%q in %q: %v", text, s, got)
		}
	})
}
