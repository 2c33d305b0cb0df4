package filter

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/postern-wasm/postern/plugin/request"
)

// spent are requests of every fate.
func spent(t *testing.T) map[string][]request.Header {
	query := get()
	query[3].Value = "/a?access_token=" + good("a")
	long := token("a", map[string]any{"iss": "https://idp.test", "exp": start/sec + 7200, "sub": strings.Repeat("long", 900)})
	return map[string][]request.Header{
		"accepted":                   get(good("a")),
		"accepted with more to do":   append(get(good("a")), request.Header{Name: "x-user", Value: "forged"}, request.Header{Name: "x-request-id", Value: "r-1"}),
		"accepted, larger than most": get(long),
		"in the query":               query,
		"no token":                   get(),
		"no token, with an id":       append(get(), request.Header{Name: "x-request-id", Value: "r-1"}),
		"garbage":                    get(strings.Repeat("A", 5000)),
		"dots":                       get(strings.Repeat(".", 5000)),
		"bad signature":              get(good("a")[:len(good("a"))-8] + "AAAAAAAA"),
		"not JSON":                   get(b64.EncodeToString([]byte(`{"alg":"EdDSA","kid":"a"}`)) + "." + b64.EncodeToString([]byte(`{"a\n":`)) + ".AAAA"),
		"escaped path":               {{Name: ":method", Value: "GET"}, {Name: ":authority", Value: "API.test:81"}, {Name: ":path", Value: "/%7ea/../b"}},
		"two tokens":                 get(good("a"), good("a")),
		"unknown kid":                get(good("b")),
	}
}

// TestNothingOfARequestIsLeft: when an event is over, the plugin's own memory is, field
// by field and byte by byte, what it was before the first one. What a request has put
// there can neither be seen by the next one nor point to memory that is gone.
func TestNothingOfARequestIsLeft(t *testing.T) {
	for law, headers := range spent(t) {
		p, fresh := plugin(t, inlineConfig(t)), plugin(t, inlineConfig(t))
		for round := range 3 { // cold, warm, and once more
			var s Stream
			p.Headers(start, &s, headers)
			if !p.lent {
				t.Fatalf("%s: the plugin's own memory is not used", law)
			}
			p.Release()
			if p.work != nil || p.lent {
				t.Fatalf("%s: the event is not over", law)
			}
			if d := difference(reflect.ValueOf(p.own), reflect.ValueOf(fresh.own), "own"); d != "" {
				t.Errorf("%s, round %d: %s", law, round, d)
			}
		}
	}
}

// difference names the first place where two values are not alike, in slices as far as
// their memory goes.
func difference(a, b reflect.Value, at string) string {
	kind := a.Kind()
	if kind == reflect.Pointer && !a.IsNil() && !b.IsNil() {
		if at == "own.judge.plugin" {
			return ""
		}
		return difference(a.Elem(), b.Elem(), at)
	}
	if kind == reflect.Struct {
		for i := range a.NumField() {
			if d := difference(a.Field(i), b.Field(i), at+"."+a.Type().Field(i).Name); d != "" {
				return d
			}
		}
		return ""
	}
	if kind == reflect.Slice {
		if a.Len() != b.Len() || a.Cap() != b.Cap() {
			return fmt.Sprintf("%s: %d of %d instead of %d of %d", at, a.Len(), a.Cap(), b.Len(), b.Cap())
		}
		if a.Cap() == 0 {
			return ""
		}
		return elements(a.Slice(0, a.Cap()), b.Slice(0, b.Cap()), at)
	}
	if kind == reflect.Array {
		return elements(a, b, at)
	}
	if x, y := fmt.Sprintf("%+v", a), fmt.Sprintf("%+v", b); x != y {
		return at + ": " + x + " instead of " + y
	}
	return ""
}

func elements(a, b reflect.Value, at string) string {
	for i := range a.Len() {
		if d := difference(a.Index(i), b.Index(i), fmt.Sprintf("%s[%d]", at, i)); d != "" {
			return d
		}
	}
	return ""
}

// TestUsualRequestsAllocateNothing, whatever their verdict.
func TestUsualRequestsAllocateNothing(t *testing.T) {
	for law, headers := range spent(t) {
		p := plugin(t, inlineConfig(t))
		var s Stream
		now := start
		event := func() {
			s = Stream{}
			p.Headers(now, &s, headers)
			p.Release()
		}
		for range 2 * logBurst { // until refusals are no longer logged one by one
			event()
		}
		if n := testing.AllocsPerRun(100, event); n > 0 && law != "accepted, larger than most" {
			t.Errorf("%s: %v allocations", law, n)
		}
	}
}

// TestAnEventWithinAnotherHasItsOwnMemory: the outer one's verdict is still good when
// the inner one is over.
func TestAnEventWithinAnotherHasItsOwnMemory(t *testing.T) {
	p := plugin(t, inlineConfig(t))
	var outer, inner Stream
	v := p.Headers(start, &outer, append(get(good("a")), request.Header{Name: "x-user", Value: "forged"}))
	before, _ := json.Marshal(v)
	p.Yield()
	if w := p.Headers(start, &inner, get()); w.Action != Refuse {
		t.Fatalf("%+v", w)
	}
	p.Regain()
	if after, _ := json.Marshal(v); string(after) != string(before) {
		t.Errorf("%s became %s", before, after)
	}
	if p.work != p.own {
		t.Error("the outer event does not go on with its memory")
	}
	p.Release()
	if p.lent || p.work != nil || p.interrupted != nil {
		t.Error("the outer event is not over")
	}
}
