package config

import "testing"

func TestSpellings(t *testing.T) {
	for _, snake := range []string{"a", "prefix", "path_separated_prefix", "x_9_y", "_a", "a_", "a__b", ""} {
		camel := lowerCamel(snake)
		keys := []string{snake, camel, camel + "x", snake + "_", "", "path_separatedPrefix", "Prefix", "pathSeparatedPrefix", "PATH_SEPARATED_PREFIX"}
		if camel != "" {
			keys = append(keys, camel[:len(camel)-1])
		}
		for _, key := range keys {
			if got, want := spells(key, snake), key == snake || key == camel; got != want {
				t.Errorf("%q for %q: %v", key, snake, got)
			}
		}
	}
}
