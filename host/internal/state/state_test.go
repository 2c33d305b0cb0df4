package state

import (
	"strings"
	"testing"

	"github.com/postern-wasm/postern/host/abi"
)

func TestSharedData(t *testing.T) {
	var s SharedData
	want := func(law string, got, want abi.Status) {
		t.Helper()
		if got != want {
			t.Errorf("%s: %v, want %v", law, got, want)
		}
	}
	_, _, status := s.Get("vm", "k")
	want("missing", status, abi.StatusNotFound)
	want("a new key accepts any cas", s.Set("vm", "k", []byte("1"), 77), abi.StatusOK)
	_, first, status := s.Get("vm", "k")
	want("get", status, abi.StatusOK)
	want("another vm id is another space", s.Set("other", "k", []byte("x"), 5), abi.StatusOK)
	_, other, _ := s.Get("other", "k")
	if first == 0 || other <= first {
		t.Errorf("cas numbers %d, %d: one counter for the process, never 0", first, other)
	}
	want("wrong cas", s.Set("vm", "k", []byte("2"), first+1), abi.StatusCASMismatch)
	want("right cas", s.Set("vm", "k", []byte("2"), first), abi.StatusOK)
	want("the same again", s.Set("vm", "k", []byte("3"), first), abi.StatusCASMismatch)
	want("cas 0 overwrites", s.Set("vm", "k", nil, 0), abi.StatusOK)
	v, cas, status := s.Get("vm", "k")
	want("an empty value is one", status, abi.StatusOK)
	if len(v) != 0 || cas <= other {
		t.Errorf("value %q, cas %d", v, cas)
	}
	want("over the bound", s.Set("vm", "big", make([]byte, MaxSharedBytes), 0), abi.StatusInternalFailure)
}

func TestMetrics(t *testing.T) {
	var m Metrics
	var a, b MetricIDs
	id := func(ids *MetricIDs, typ uint32, name string) uint32 {
		t.Helper()
		n, status := m.Define(ids, typ, name)
		if status != abi.StatusOK {
			t.Fatal(status)
		}
		return n
	}
	counter, again, gauge, histogram := id(&a, 0, "c"), id(&b, 0, "c"), id(&a, 1, "g"), id(&a, 2, "h")
	if second := id(&a, 0, "c"); counter&3 != 0 || gauge&3 != 1 || histogram&3 != 2 || second == counter {
		t.Errorf("ids %d %d %d %d", counter, gauge, histogram, second)
	}
	for _, c := range []struct {
		law    string
		status abi.Status
		want   abi.Status
	}{
		{"a counter grows", m.Increment(&a, counter, 5), abi.StatusOK},
		{"from another vm, too", m.Increment(&b, again, 2), abi.StatusOK},
		{"a counter does not stand still", m.Increment(&a, counter, 0), abi.StatusBadArgument},
		{"or shrink", m.Increment(&a, counter, -1), abi.StatusBadArgument},
		{"record adds to a counter", m.Record(&a, counter, 3), abi.StatusOK},
		{"a gauge is set", m.Record(&a, gauge, 9), abi.StatusOK},
		{"and shrinks", m.Increment(&a, gauge, -4), abi.StatusOK},
		{"a histogram takes samples", m.Record(&a, histogram, 7), abi.StatusOK},
		{"more of them", m.Record(&a, histogram, 1), abi.StatusOK},
		{"and no increments", m.Increment(&a, histogram, 1), abi.StatusBadArgument},
		{"an id of nobody's", m.Increment(&a, 4000, 1), abi.StatusNotFound},
		{"another vm's id", m.Record(&b, gauge, 1), abi.StatusNotFound},
		{"an id of no kind", m.Increment(&a, 3, 1), abi.StatusBadArgument},
	} {
		if c.status != c.want {
			t.Errorf("%s: %v, want %v", c.law, c.status, c.want)
		}
	}
	if _, status := m.Get(&a, histogram); status != abi.StatusBadArgument {
		t.Errorf("get of a histogram: %v", status)
	}
	if _, status := m.Define(&a, 3, "x"); status != abi.StatusBadArgument {
		t.Errorf("a kind that is none: %v", status)
	}
	got := m.Snapshot()
	if len(got) != 3 || got[0].Value != 10 || got[1].Value != 5 || got[2].Count != 2 || got[2].Sum != 8 {
		t.Errorf("snapshot %+v", got)
	}
}

func TestHeaderMap(t *testing.T) {
	m := HeaderMap{Kind: RequestMap}
	m.SetAll([]abi.Pair{{Name: "x-first", Value: "1"}, {Name: ":path", Value: "/"}, {Name: "Host", Value: "h"}, {Name: "x-dup", Value: "a"}})
	text := func() string {
		var s []string
		for _, p := range m.Pairs {
			s = append(s, p.Name+"="+p.Value)
		}
		return strings.Join(s, " ")
	}
	// The orders are Envoy 1.40's, measured.
	for _, c := range []struct {
		law  string
		do   func()
		want string
	}{
		{"pseudo headers first", func() {}, ":path=/ :authority=h x-first=1 x-dup=a"},
		{"a second value", func() { m.Add("X-Dup", "b") }, ":path=/ :authority=h x-first=1 x-dup=a x-dup=b"},
		{"a replaced header goes last", func() { m.Set("x-first", "2") }, ":path=/ :authority=h x-dup=a x-dup=b x-first=2"},
		{"a pseudo header last of its kind", func() { m.Set(":path", "/p") }, ":authority=h :path=/p x-dup=a x-dup=b x-first=2"},
		{"host is :authority", func() { m.Add("host", "i") }, ":authority=h,i :path=/p x-dup=a x-dup=b x-first=2"},
		{"replace takes all", func() { m.Set("x-dup", "c") }, ":authority=h,i :path=/p x-first=2 x-dup=c"},
		{"remove takes all", func() { m.Add("x-first", "3"); m.Remove("X-FIRST") }, ":authority=h,i :path=/p x-dup=c"},
	} {
		if c.do(); text() != c.want {
			t.Errorf("%s: %s, want %s", c.law, text(), c.want)
		}
	}
	if n := m.ByteSize(); n != len(":authorityh,i:path/px-dupc") {
		t.Errorf("size %d", n)
	}
}

func FuzzFold(f *testing.F) {
	f.Add("cookie", "a", ":path", "cookie", true)
	f.Add("Authorization", ":path", "authorization", ":path", false)
	f.Fuzz(func(t *testing.T, a, b, c, d string, http2 bool) {
		in := []abi.Pair{{Name: a, Value: "1"}, {Name: b, Value: "2"}, {Name: c, Value: "3"}, {Name: d, Value: "4"}}
		out := Fold(in, RequestMap, http2)
		var values string
		pseudo := true
		for _, p := range out {
			values += p.Value
			if strings.HasPrefix(p.Name, ":") && !pseudo {
				t.Errorf("%q: a pseudo header behind another", out)
			}
			pseudo = strings.HasPrefix(p.Name, ":")
		}
		for _, v := range []string{"1", "2", "3", "4"} {
			if strings.Count(values, v) != 1 {
				t.Errorf("%q: value %s is not there once", out, v)
			}
		}
	})
}
