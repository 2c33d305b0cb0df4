package meter

// recursive returns the functions that can reach themselves by direct calls:
// those in a strongly connected component of more than one function, or that
// call themselves. calls[i] are the callees of function i. (Tarjan 1972, with
// a stack of its own: the depth is the guest's to choose.)
func recursive(calls [][]uint32) []bool {
	n := len(calls)
	in := make([]bool, n)
	order := make([]int, n) // 0: not seen; otherwise place in the order of discovery, from 1
	low := make([]int, n)
	onStack := make([]bool, n)
	var stack []int
	type frame struct{ node, next int }
	var work []frame
	seen := 0
	for root := range calls {
		if order[root] != 0 {
			continue
		}
		work = append(work[:0], frame{node: root})
		for len(work) > 0 {
			f := &work[len(work)-1]
			v := f.node
			if order[v] == 0 {
				seen++
				order[v], low[v] = seen, seen
				stack, onStack[v] = append(stack, v), true
			}
			if f.next < len(calls[v]) {
				w := int(calls[v][f.next])
				f.next++
				switch {
				case w == v:
					in[v] = true
				case order[w] == 0:
					work = append(work, frame{node: w})
				case onStack[w]:
					low[v] = min(low[v], order[w])
				}
				continue
			}
			work = work[:len(work)-1]
			if len(work) > 0 {
				parent := work[len(work)-1].node
				low[parent] = min(low[parent], low[v])
			}
			if low[v] != order[v] {
				continue
			}
			single := stack[len(stack)-1] == v
			for {
				w := stack[len(stack)-1]
				stack, onStack[w] = stack[:len(stack)-1], false
				in[w] = in[w] || !single
				if w == v {
					break
				}
			}
		}
	}
	return in
}
