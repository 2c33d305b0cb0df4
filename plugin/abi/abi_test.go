package abi

import (
	"encoding/binary"
	"math/rand"
	"slices"
	"testing"

	"github.com/postern-wasm/postern/plugin/config"
	"github.com/postern-wasm/postern/plugin/filter"
	"github.com/postern-wasm/postern/plugin/memory"
	"github.com/postern-wasm/postern/plugin/request"
)

func TestW05PairsAreReadWholeOrNotAtAll(t *testing.T) {
	good := appendPairs(nil, []request.Header{{Name: ":path", Value: "/a"}, {Name: "x", Value: ""}})
	pairs, ok := decodePairs(nil, good)
	if !ok || len(pairs) != 2 || pairs[0] != (request.Header{Name: ":path", Value: "/a"}) || pairs[1] != (request.Header{Name: "x"}) {
		t.Fatalf("%v %v", pairs, ok)
	}
	huge := binary.LittleEndian.AppendUint32(nil, 1<<32-1)
	long := append([]byte(nil), good...)
	binary.LittleEndian.PutUint32(long[4:], 1<<32-1)
	noNUL := append([]byte(nil), good...)
	noNUL[len(noNUL)-1] = 'x'
	for law, buf := range map[string][]byte{
		"nil": nil, "three bytes": good[:3], "a count of 2^32-1": huge, "sizes past the end": long, "cut": good[:len(good)-1],
		"longer": append(append([]byte(nil), good...), 0), "no NUL": noNUL, "no room for the sizes": {2, 0, 0, 0, 1, 0, 0, 0},
		"an empty name": appendPairs(nil, []request.Header{{Name: "", Value: "v"}}),
		"1,025 of them": appendPairs(nil, make([]request.Header, maxPairs+1)),
	} {
		if pairs, ok := decodePairs(nil, buf); ok {
			t.Errorf("%s: read as %v", law, pairs)
		}
	}
}

func FuzzDecodePairs(f *testing.F) {
	f.Add(appendPairs(nil, []request.Header{{Name: "a", Value: "b"}, {Name: "c", Value: ""}}))
	f.Add([]byte{1, 0, 0, 0, 255, 255, 255, 255, 0, 0, 0, 0})
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, buf []byte) {
		pairs, ok := decodePairs(nil, buf)
		if ok && string(appendPairs(nil, pairs)) != string(buf) {
			t.Errorf("%x is read as %v, which is written otherwise", buf, pairs)
		}
	})
}

func TestStreamTableAgreesWithAMap(t *testing.T) {
	random := rand.New(rand.NewSource(1))
	var table table
	reference := map[uint32]*stream{}
	for i := range 200_000 {
		id := uint32(random.Intn(2000)) * uint32(1+random.Intn(2)*63)
		switch s := table.find(id); {
		case s != reference[id]:
			t.Fatalf("step %d: id %d is found as %p, want %p", i, id, s, reference[id])
		case s == nil:
			reference[id] = table.create(id, nil)
		default:
			table.remove(s)
			delete(reference, id)
		}
	}
	if table.used != len(reference) {
		t.Errorf("%d used, want %d", table.used, len(reference))
	}
}

func TestAPolicyIsInUseAsLongAsItsStreams(t *testing.T) {
	cfg, problems := config.Parse([]byte(`{"default":"allow"}`), nil)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	p := &policy{plugin: filter.New(cfg, 1), home: memory.New()}
	var table table
	first, second := table.create(1, p), table.create(2, p)
	table.create(3, nil)
	table.remove(first)
	if !table.uses(p) {
		t.Error("a policy with a stream is not in use")
	}
	table.orphan(p)
	if table.uses(p) || second.policy != nil {
		t.Error("an orphaned stream keeps its policy")
	}
	p.close()
}

// TestPreparedHeadersAreTheAnswers: what the host gets for a reason is, read back, what
// the answer says.
func TestPreparedHeadersAreTheAnswers(t *testing.T) {
	cfg, problems := config.Parse([]byte(`{"default":"allow","realm":"edge"}`), nil)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	p := &policy{plugin: filter.New(cfg, 1)}
	p.encode()
	some := 0
	for i, a := range p.plugin.Answers() {
		pairs, ok := decodePairs(nil, p.lines[i])
		if !ok || !slices.Equal(pairs, a.Headers) {
			t.Errorf("%s: %v, want %v", a.Details, pairs, a.Headers)
		}
		some += len(pairs)
	}
	if some == 0 {
		t.Error("no answer has headers")
	}
}

func TestTableReusesMemory(t *testing.T) {
	var table table
	once := func(id uint32) {
		table.remove(table.create(id, nil))
		table.recycle()
	}
	for id := range uint32(1000) {
		once(id)
	}
	id := uint32(5000)
	if n := testing.AllocsPerRun(1000, func() { once(id); id += 7 }); n > 0 {
		t.Errorf("%v allocations per stream", n)
	}
}

// TestW04AnEndedStreamIsNobodyElsesYet: while a callback is under way it may still name a
// stream that ended within it.
func TestW04AnEndedStreamIsNobodyElsesYet(t *testing.T) {
	var table table
	ended := table.create(1, &policy{})
	table.remove(ended)
	if again := table.create(1, &policy{}); again == ended || !ended.gone() || again.gone() {
		t.Error("a stream got the memory of one that ended within the same callback")
	}
	table.recycle()
	if table.create(2, nil) != ended {
		t.Error("the memory of an ended stream is lost")
	}
}
