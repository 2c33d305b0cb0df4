package host

import (
	"container/heap"
	"sync"
	"time"
)

// EventKind is what falls due.
type EventKind uint8

// Kinds of event.
const (
	// EventTick is a root context's timer.
	EventTick EventKind = iota
	// EventCallout is the answer, the reset or the timeout of a callout.
	EventCallout
	// EventQueue is a queue with something in it.
	EventQueue
)

// Event is something that will happen by the clock.
type Event struct {
	// Due is when it may run; not after Clock.Now means at once.
	Due time.Time
	// Kind says what it is.
	Kind EventKind
	// Worker is the worker it will run on, from 1.
	Worker int
}

// event is an Event with what it does. run is called with the worker held.
type event struct {
	due  time.Time
	kind EventKind
	seq  uint64
	run  func(e *event)
	at   int // its place in the heap, -1 outside
}

// agenda is the events of one worker, by time and then by age. Its lock is a
// leaf: nothing else is locked while it is held.
type agenda struct {
	mu    sync.Mutex
	queue eventHeap
	wake  chan struct{} // holds one signal: the first event has changed
}

func (a *agenda) add(e *event) {
	a.mu.Lock()
	heap.Push(&a.queue, e)
	first := e.at == 0
	a.mu.Unlock()
	if first {
		select {
		case a.wake <- struct{}{}:
		default:
		}
	}
}

// remove takes an event away that has not run.
func (a *agenda) remove(e *event) {
	if e == nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if e.at >= 0 {
		heap.Remove(&a.queue, e.at)
	}
}

// first returns a copy of the first event, which stays.
func (a *agenda) first() (e event, ok bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.queue) == 0 {
		return event{}, false
	}
	return *a.queue[0], true
}

// due takes the first event off if it is due.
func (a *agenda) due(now time.Time) *event {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.queue) == 0 || a.queue[0].due.After(now) {
		return nil
	}
	return heap.Pop(&a.queue).(*event)
}

// skipTicks moves the ticks that are overdue to one period from now.
func (a *agenda) skipTicks(now time.Time, period func(e *event) time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, e := range a.queue {
		if e.kind == EventTick && !e.due.After(now) {
			e.due = now.Add(period(e))
		}
	}
	heap.Init(&a.queue)
}

type eventHeap []*event

func (h eventHeap) Len() int { return len(h) }

func (h eventHeap) Less(i, j int) bool { return before(*h[i], *h[j]) }

func before(a, b event) bool {
	if !a.due.Equal(b.due) {
		return a.due.Before(b.due)
	}
	return a.seq < b.seq
}

func (h eventHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].at, h[j].at = i, j
}

func (h *eventHeap) Push(x any) {
	e := x.(*event)
	e.at = len(*h)
	*h = append(*h, e)
}

func (h *eventHeap) Pop() any {
	old := *h
	e := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	e.at = -1
	return e
}

// newEvent makes an event; ages are counted over all workers.
func (h *Host) newEvent(due time.Time, kind EventKind, run func(*event)) *event {
	return &event{due: due, kind: kind, seq: h.seq.Add(1), run: run, at: -1}
}

// Next returns the event that is due first, over all workers; of those due at
// the same time the one that was made first. ok is false when nothing is
// waiting. It is for hosts on a virtual clock: with RealClock events run by
// themselves.
func (h *Host) Next() (e Event, ok bool) {
	first, w := h.nextEvent()
	if w == nil {
		return Event{}, false
	}
	return Event{Due: first.due, Kind: first.kind, Worker: w.n}, true
}

func (h *Host) nextEvent() (first event, on *worker) {
	for _, w := range h.workers {
		if e, ok := w.agenda.first(); ok && (on == nil || before(e, first)) {
			first, on = e, w
		}
	}
	return first, on
}

// RunDue runs the events that are due by Clock.Now, in the order in which they
// fell due, those that they make included, but at most max, and returns their
// number. A tick is next due one period after it was due, so a clock that
// jumps makes up for the ticks it skipped; when max cuts that short, what is
// left of the skipped ticks is dropped, and the timer starts anew from now.
// RunDue does nothing under RealClock.
func (h *Host) RunDue(max int) int {
	if !h.manual {
		return 0
	}
	now := h.opts.Clock.Now()
	ran := 0
	for ran < max {
		first, w := h.nextEvent()
		if w == nil || first.due.After(now) {
			return ran
		}
		if w.runDue(now) {
			ran++
		}
	}
	for _, w := range h.workers {
		w.mu.Lock()
		w.agenda.skipTicks(now, w.periodOf)
		w.mu.Unlock()
	}
	return ran
}
