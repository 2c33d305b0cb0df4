package jwks

import "testing"

func TestCacheControlShortensNeverLengthens(t *testing.T) {
	s := New(testConfig(), 1)
	for value, want := range map[string]int64{
		"": 600, "max-age=60": 60, "public, MAX-AGE=60, must-revalidate": 60, "max-age=86400": 600, "max-age=0": 10, "max-age=-1": 600,
		"max-age=100000000000000000000": 600, `max-age="60"`: 60, "max-age=60, max-age=30": 30, "no-store": 10, "max-age=3600, no-cache": 10,
		"max-age=": 600, "max-age=x": 600, "s-maxage=5": 600, ",,;": 600,
	} {
		if got := s.lifetime(Answer{CacheControl: value}) / second; got != want {
			t.Errorf("Cache-Control %q: %d s, want %d", value, got, want)
		}
	}
	if got := s.lifetime(Answer{CacheControl: "max-age=100", Age: "40"}) / second; got != 60 {
		t.Errorf("Age is not subtracted: %d", got)
	}
	if got := s.lifetime(Answer{CacheControl: "max-age=100", Age: "4000"}) / second; got != 10 {
		t.Errorf("Age beyond max-age: %d", got)
	}
}

func TestTargetSplitsTheURI(t *testing.T) {
	for uri, want := range map[string][3]string{
		"https://idp.test/keys?x=1": {"https", "idp.test", "/keys?x=1"},
		"http://127.0.0.1:80":       {"http", "127.0.0.1:80", "/"},
		"https://h?x":               {"https", "h", "/?x"},
	} {
		scheme, authority, path := Target(uri)
		if got := [3]string{scheme, authority, path}; got != want {
			t.Errorf("%s: %v", uri, got)
		}
	}
}
