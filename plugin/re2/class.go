package re2

import (
	"slices"
	"unicode/utf8"
)

// The classes that have a letter, and where the two dots of [: :] fit, a name.
var (
	digits = []rune{'0', '9'}
	spaces = []rune{'\t', '\n', '\f', '\r', ' ', ' '}
	wordly = []rune{'0', '9', 'A', 'Z', '_', '_', 'a', 'z'}
	newRow = []rune{'\n', '\n'}
)

// named returns the class [:name:].
func named(name string) ([]rune, bool) {
	switch name {
	case "alnum":
		return []rune{'0', '9', 'A', 'Z', 'a', 'z'}, true
	case "alpha":
		return []rune{'A', 'Z', 'a', 'z'}, true
	case "ascii":
		return []rune{0, 0x7f}, true
	case "blank":
		return []rune{'\t', '\t', ' ', ' '}, true
	case "cntrl":
		return []rune{0, 0x1f, 0x7f, 0x7f}, true
	case "digit":
		return digits, true
	case "graph":
		return []rune{'!', '~'}, true
	case "lower":
		return []rune{'a', 'z'}, true
	case "print":
		return []rune{' ', '~'}, true
	case "punct":
		return []rune{'!', '/', ':', '@', '[', '`', '{', '~'}, true
	case "space":
		return []rune{'\t', '\r', ' ', ' '}, true
	case "upper":
		return []rune{'A', 'Z'}, true
	case "word":
		return wordly, true
	case "xdigit":
		return []rune{'0', '9', 'A', 'F', 'a', 'f'}, true
	}
	return nil, false
}

// perl returns the class of the escape \c: d, s, w and their opposites.
func perl(c byte, fold bool) ([]rune, bool) {
	switch c {
	case 'd':
		return digits, true
	case 's':
		return spaces, true
	case 'w':
		return cased(wordly, fold), true
	case 'D':
		return negated(digits), true
	case 'S':
		return negated(spaces), true
	case 'W':
		return negated(cased(wordly, fold)), true
	}
	return nil, false
}

// cased is a class of ASCII characters, with both cases of each letter if fold.
func cased(ranges []rune, fold bool) []rune {
	if fold {
		return folded(ranges)
	}
	return ranges
}

// tidy sorts ranges in place and joins those that touch.
func tidy(ranges []rune) []rune {
	for i := 2; i < len(ranges); i += 2 { // insertion: they are few, and mostly in order
		for j := i; j > 0 && ranges[j] < ranges[j-2]; j -= 2 {
			ranges[j], ranges[j-2] = ranges[j-2], ranges[j]
			ranges[j+1], ranges[j-1] = ranges[j-1], ranges[j+1]
		}
	}
	n := 0
	for i := 0; i < len(ranges); i += 2 {
		if n > 0 && ranges[i] <= ranges[n-1]+1 {
			ranges[n-1] = max(ranges[n-1], ranges[i+1])
			continue
		}
		ranges[n], ranges[n+1] = ranges[i], ranges[i+1]
		n += 2
	}
	return ranges[:n]
}

// negated are all characters that tidy ranges do not hold.
func negated(ranges []rune) []rune {
	var out []rune
	next := rune(0)
	for i := 0; i < len(ranges); i += 2 {
		if next < ranges[i] {
			out = append(out, next, ranges[i]-1)
		}
		next = ranges[i+1] + 1
	}
	if next <= lastRune {
		out = append(out, next, lastRune)
	}
	return out
}

// folded adds the other cases of ASCII letters.
func folded(ranges []rune) []rune {
	out := slices.Clone(ranges)
	for rest := ranges; len(rest) >= 2; rest = rest[2:] {
		lo, hi := rest[0], rest[1]
		if first, last := max(lo, 'a'), min(hi, 'z'); first <= last {
			out = append(out, first-'a'+'A', last-'a'+'A')
		}
		if first, last := max(lo, 'A'), min(hi, 'Z'); first <= last {
			out = append(out, first-'A'+'a', last-'A'+'a')
		}
		out = related(out, lo, hi, 'k', kelvin)
		out = related(out, lo, hi, 's', longS)
	}
	return tidy(out)
}

// related adds letter, in both cases, and sign, which are each other's cases, if lo to
// hi has one of them.
func related(out []rune, lo, hi, letter, sign rune) []rune {
	has := func(r rune) bool { return lo <= r && r <= hi }
	upper := letter - 'a' + 'A'
	if has(letter) || has(upper) || has(sign) {
		return append(out, letter, letter, upper, upper, sign, sign)
	}
	return out
}

// foldable says that the other cases of all characters in tidy ranges are known: outside
// ASCII these are all characters or none, but for the two that are ASCII letters' cases.
func foldable(ranges []rune) bool {
	all, none := true, true
	for _, open := range [...]struct{ lo, hi rune }{{utf8.RuneSelf, longS - 1}, {longS + 1, kelvin - 1}, {kelvin + 1, lastRune}} {
		covered := false
		for rest := ranges; len(rest) >= 2; rest = rest[2:] {
			covered = covered || rest[0] <= open.lo && open.hi <= rest[1]
			none = none && (rest[1] < open.lo || open.hi < rest[0])
		}
		all = all && covered
	}
	return all || none
}
