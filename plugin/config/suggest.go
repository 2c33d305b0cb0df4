package config

import "strings"

// suggest returns `; did you mean "x"?` for the nearest of names, or "".
func (f *findings) suggest(word string, names []string) string {
	return didYouMean(f.nearest(word, names))
}

func didYouMean(name string) string {
	if name == "" {
		return ""
	}
	return "; did you mean " + quote(name) + "?"
}

// nearest searches only while its answer can still be reported: a proxy's worker waits
// while a configuration is read, however wrong it is.
func (f *findings) nearest(word string, names []string) string {
	if f.moreErrors > 0 {
		return ""
	}
	return nearest(word, names)
}

// nearest returns the nearest of names if it is close enough that a slip of the hand
// explains the difference, else "".
func nearest(word string, names []string) string {
	best, bestCost := "", 1+min(3, len(word)/3)
	for _, name := range names {
		cost := distance(strings.ToLower(word), strings.ToLower(name), bestCost)
		if c := distance(word, lowerCamel(name), bestCost); c < cost {
			cost = c
		}
		if cost < bestCost {
			best, bestCost = name, cost
		}
	}
	if best == "" || bestCost > 1 {
		for _, name := range names {
			if len(word) > 3 && (strings.HasSuffix(name, "_"+word) || strings.HasPrefix(name, word+"_")) {
				return name // "prefix" for "value_prefix", "provider" for "provider_name"
			}
		}
	}
	return best
}

// distance is the number of bytes to insert, delete, replace or swap with their
// neighbour between a and b (optimal string alignment), or limit if it is not less.
func distance(a, b string, limit int) int {
	if len(a)-len(b) >= limit || len(b)-len(a) >= limit || len(a) > maxQuoted {
		return limit
	}
	width := len(b) + 1
	rows := make([]int, 3*width) // the row before the last, the last, the one being made
	before, last, row := rows[:width], rows[width:2*width], rows[2*width:]
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return min(limit, last[len(b)])
}
