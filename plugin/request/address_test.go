package request

import (
	"net/netip"
	"strings"
	"testing"
)

// oracle reads an address as the standard library does, with a port or brackets taken off.
func oracle(text string) (Address, bool) {
	if a, err := netip.ParseAddrPort(text); err == nil && a.Addr().Zone() == "" {
		return a.Addr().As16(), true
	}
	if inner, ok := strings.CutPrefix(text, "["); ok {
		text, ok = strings.CutSuffix(inner, "]")
		if !ok || !strings.Contains(text, ":") {
			return Address{}, false
		}
	}
	a, err := netip.ParseAddr(text)
	if err != nil || a.Zone() != "" {
		return Address{}, false
	}
	return a.As16(), true
}

var addresses = []string{
	"203.0.113.7", "0.0.0.0", "255.255.255.255", "203.0.113.7:4711", "203.0.113.7:0", "203.0.113.7:65535",
	"::", "::1", "1::", "2001:db8::7", "2001:DB8::7", "[2001:db8::7]", "[2001:db8::7]:4711", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8",
	"1::8", "1:2::7:8", "::ffff:203.0.113.7", "::203.0.113.7", "64:ff9b::203.0.113.7", "1:2:3:4:5:6:203.0.113.7", "[::ffff:203.0.113.7]:80",
	"", " ", "a", "unknown", "_hidden", "203.0.113", "203.0.113.7.8", "203.0.113.256", "203.0.113.07", "203.0.113.-7", "203.0.113.7 ", "203..113.7",
	".1.2.3", "1.2.3.", "203.0.113.7:", "203.0.113.7:65536", "203.0.113.7:x", "203.0.113.7:-1", "203.0.113.7:99999999999999999999", "203.0.113.7/24",
	":", ":::", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", "1:2:3:4:5:6:7:8::", "::1:2:3:4:5:6:7:8", "12345::", "g::", "1:", ":1", "1:::2",
	"::1%eth0", "[::1%25eth0]:80", "[::1", "::1]", "[::1]x", "[::1]:", "[::1]:65536", "[203.0.113.7]", "[]", "[", "]", "1:2:3:4:5:6:7:203.0.113.7",
	"1:2:3:4:5:203.0.113.7", "::203.0.113.256", "203.0.113.7::", "::203.0.113.7:1", "\x00", "1.1.1.1\x00", "1.1.1.1,2.2.2.2", "１.1.1.1", `"203.0.113.7"`,
}

func TestAddressesAreThoseOfTheStandardLibrary(t *testing.T) {
	for _, text := range addresses {
		got, ok := ParseAddress(text)
		want, good := oracle(text)
		if ok != good || ok && got != want {
			t.Errorf("%q: %v, %v; want %v, %v", text, got, ok, want, good)
		}
	}
}

func FuzzAddress(f *testing.F) {
	for _, text := range addresses {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, ok := ParseAddress(text)
		want, good := oracle(text)
		if ok != good || ok && got != want {
			t.Errorf("%q: %v, %v; want %v, %v", text, got, ok, want, good)
		}
	})
}

// TestP12TheClientIsWhoTheTrustedHopsSay: of X-Forwarded-For only what trusted hops have
// added counts; what the client has written before it does not.
func TestP12TheClientIsWhoTheTrustedHopsSay(t *testing.T) {
	const own = "192.0.2.1:50000"
	for _, tc := range []struct {
		law        string
		hops       int
		lines      []string
		connection string
		want       string
	}{
		{"no trusted hop: the connection's", 0, []string{"203.0.113.7"}, own, own},
		{"no header: the connection's", 1, nil, own, own},
		{"an empty header: the connection's", 1, []string{""}, own, own},
		{"one hop: the last entry", 1, []string{"203.0.113.7"}, own, "203.0.113.7"},
		{"one hop: not what the client wrote", 1, []string{"6.6.6.6, 203.0.113.7"}, own, "203.0.113.7"},
		{"two hops: the last but one", 2, []string{"6.6.6.6, 203.0.113.7, 198.51.100.2"}, own, "203.0.113.7"},
		{"too few entries: the connection's", 2, []string{"203.0.113.7"}, own, own},
		{"too few entries beside the proxy's own: the connection's", 1, []string{"192.0.2.1"}, own, own},
		{"the proxy has added the connection's: one hop", 1, []string{"6.6.6.6,203.0.113.7,192.0.2.1"}, own, "203.0.113.7"},
		{"the proxy has added the connection's: two hops", 2, []string{"6.6.6.6,203.0.113.7,198.51.100.2,192.0.2.1"}, own, "203.0.113.7"},
		{"the connection's in another spelling", 1, []string{"203.0.113.7, ::ffff:192.0.2.1"}, own, "203.0.113.7"},
		{"IPv6, as the proxy adds it", 1, []string{"2001:db8::7,2001:db8::1"}, "[2001:db8:0::1]:50000", "2001:db8::7"},
		{"IPv6", 1, []string{"2001:db8::7"}, "[::1]:50000", "2001:db8::7"},
		{"with a port", 1, []string{"203.0.113.7:4711"}, own, "203.0.113.7:4711"},
		{"with brackets and a port", 1, []string{"[2001:db8::7]:4711"}, own, "[2001:db8::7]:4711"},
		{"several lines are one list", 2, []string{"6.6.6.6", "203.0.113.7", "198.51.100.2"}, own, "203.0.113.7"},
		{"spaces and tabs are none of it", 1, []string{"6.6.6.6,\t 203.0.113.7 \t"}, own, "203.0.113.7"},
		{"garbage: the connection's", 1, []string{"203.0.113.7, unknown"}, own, own},
		{"an empty entry counts, and is no address", 1, []string{"203.0.113.7,"}, own, own},
		{"garbage further right is passed over", 2, []string{"203.0.113.7, unknown"}, own, "203.0.113.7"},
		{"a name: the connection's", 1, []string{"client.test"}, own, own},
		{"no connection's address is known", 1, []string{"203.0.113.7"}, "", "203.0.113.7"},
		{"neither is known", 1, []string{"x"}, "", ""},
		{"many entries", 3, []string{strings.Repeat("6.6.6.6,", 1000) + "203.0.113.7,a,b"}, own, "203.0.113.7"},
	} {
		headers := []Header{{Name: ":path", Value: "/"}}
		for _, l := range tc.lines {
			headers = append(headers, Header{Name: "X-Forwarded-For", Value: l})
		}
		v := View{Headers: append(headers, Header{Name: "x-forwarded-host", Value: "6.6.6.6"})}
		if got := v.Forwarded(tc.hops).Client(tc.connection); got != tc.want {
			t.Errorf("%s: %q, want %q", tc.law, got, tc.want)
		}
	}
}
