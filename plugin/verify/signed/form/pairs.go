package form

import "github.com/postern-wasm/postern/plugin/request"

// MaxPairs is how many parameters of a request a scheme puts in order.
const MaxPairs = 1024

// Pairs walks over the parameters of a query or of a form:
//
//	for p := form.Walk(text); p.Next(); {
//		... p.Text, p.Name, p.Value ...
//	}
//
// Only '&' divides. "" has no parameter; between, before and after '&' an empty one.
type Pairs struct {
	// Text is the parameter as it stands, At where in the text it begins. Name and Value
	// are what stands before and after its first '=', still encoded; HasValue says that
	// there is one.
	Text, Name, Value string
	At                int
	HasValue          bool

	text string
	next int
}

// Walk returns the walk over a text.
func Walk(text string) Pairs {
	p := Pairs{text: text}
	if text == "" {
		p.next = 1
	}
	return p
}

// Next goes to the next parameter; false if there is none.
func (p *Pairs) Next() bool {
	if p.next > len(p.text) {
		return false
	}
	p.At = p.next
	end, equals := p.At, -1
	for ; end < len(p.text) && p.text[end] != '&'; end++ {
		if p.text[end] == '=' && equals < 0 {
			equals = end
		}
	}
	p.next = end + 1
	p.Text = p.text[p.At:end]
	p.Name, p.Value, p.HasValue = p.Text, "", equals >= 0
	if p.HasValue {
		p.Name, p.Value = p.text[p.At:equals], p.text[equals+1:end]
	}
	return true
}

// Named says that the parameter's name, percent-decoded once, is name.
func (p *Pairs) Named(name string) bool {
	return len(p.Name) >= len(name) && request.EqualDecoded(p.Name, name)
}

// Find returns the value, still encoded, of the first parameter whose name, percent-decoded
// once, is name, and how many of them there are.
func Find(text, name string) (value string, n int) {
	for p := Walk(text); p.Next(); {
		if p.Named(name) {
			if n++; n == 1 {
				value = p.Value
			}
		}
	}
	return value, n
}

// Pair is a parameter to put in order. At is its place before that.
type Pair struct {
	Key, Value string
	At         int
}

// Sort puts pairs in the order of the bytes of their keys, those of the same key in the
// order of their values.
func Sort(list []Pair) { heapSort(list, false) }

// SortByKey puts pairs in the order of the bytes of their keys, those of the same key as
// their At says.
func SortByKey(list []Pair) { heapSort(list, true) }

// heapSort needs no memory and takes no longer for lists that an attacker has chosen.
func heapSort(list []Pair, byKey bool) {
	for i := len(list)/2 - 1; i >= 0; i-- {
		sink(list, i, byKey)
	}
	for n := len(list) - 1; n > 0; n-- {
		list[0], list[n] = list[n], list[0]
		sink(list[:n], 0, byKey)
	}
}

// sink moves the pair at i down to where it is not less than what is below it.
func sink(list []Pair, i int, byKey bool) {
	for {
		child := 2*i + 1
		if child >= len(list) {
			return
		}
		if child+1 < len(list) && less(&list[child], &list[child+1], byKey) {
			child++
		}
		if !less(&list[i], &list[child], byKey) {
			return
		}
		list[i], list[child] = list[child], list[i]
		i = child
	}
}

func less(a, b *Pair, byKey bool) bool {
	if a.Key != b.Key {
		return a.Key < b.Key
	}
	if !byKey && a.Value != b.Value {
		return a.Value < b.Value
	}
	return a.At < b.At
}
