package replay

import (
	"bytes"
	"slices"
)

// trouble is what may go wrong in this world.
func (w *sim) trouble(k *simWorker) {
	switch w.r.IntN(8) {
	case 0:
		if w.f.restarts {
			w.boot(k) // P-08
		}
	case 1:
		if w.f.reloads {
			if !w.cfg.ByArrival {
				w.tol = int64(1+w.r.IntN(1200)) * second
			}
			w.cfg.Ahead, w.cfg.Behind = w.tol, w.tol
			if !w.f.flood {
				w.cfg.Capacity = 50_000 + w.r.IntN(1000)
			}
			for _, k := range w.workers {
				w.configure(k)
			}
		}
	case 2:
		if w.f.steps {
			step := w.r.Int64N(2*7200*second) - 7200*second
			w.forward = w.forward || step > 0
			w.offset += step
		}
	case 3:
		if w.f.poison {
			w.spoil()
		}
	}
}

// spoil damages an entry, or puts a neighbour's there.
func (w *sim) spoil() {
	var names []string
	for name := range w.data {
		if name != probeName {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return
	}
	slices.Sort(names)
	name := names[w.r.IntN(len(names))]
	other := names[w.r.IntN(len(names))]
	v := bytes.Clone(w.data[name].value)
	switch w.r.IntN(7) {
	case 0:
		if len(v) == 0 {
			return
		}
		v[w.r.IntN(len(v))] ^= 1 << w.r.IntN(8)
	case 1:
		v = v[:w.r.IntN(len(v)+1)]
	case 2:
		v = append(v, v[:min(len(v), entrySize)]...)
	case 3:
		v = nil
	case 4: // another bucket's
		if v = bytes.Clone(w.data[other].value); other == name {
			return
		}
	case 5: // empty, but of another making
		if v = closed(1, name, nil); len(w.cfg.Secret) == 0 {
			v = closed(1, name, []byte("a neighbour's"))
		}
	case 6: // one entry cut out, and the count put right
		b, ok := decode(v, name, w.cfg.Secret)
		if !ok || b.count() == 0 {
			return
		}
		v[12]--
		v = append(v[:headSize], v[headSize+8:]...)
	}
	w.cas++
	w.data[name] = simEntry{v, w.cas}
}
