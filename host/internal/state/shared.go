package state

import (
	"sync"

	"github.com/postern-wasm/postern/host/abi"
)

// MaxSharedBytes bounds the shared data and the queues of one store, keys and
// names included. Envoy has no bound; a guest that fills this much has gone
// astray.
const MaxSharedBytes = 512 << 20

type sharedValue struct {
	value []byte
	cas   uint32
}

// SharedData is the key-value store of a proxy process, one space of keys per
// VM id. It outlives VMs and configurations.
type SharedData struct {
	mu    sync.Mutex
	data  map[string]map[string]sharedValue
	cas   uint32
	bytes int
}

// Get returns a value and its CAS number. The value must not be changed.
func (s *SharedData) Get(vmID, key string) ([]byte, uint32, abi.Status) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, ok := s.data[vmID][key]
	if !ok {
		return nil, 0, abi.StatusNotFound
	}
	return v.value, v.cas, abi.StatusOK
}

// Set stores a value, which it takes over. cas 0 overwrites whatever is there;
// another one must be that of the value in place, but a new key accepts any.
func (s *SharedData) Set(vmID, key string, value []byte, cas uint32) abi.Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	old, exists := s.data[vmID][key]
	if exists && cas != 0 && cas != old.cas {
		return abi.StatusCASMismatch
	}
	grow := len(value) - len(old.value)
	if !exists {
		grow += len(key)
	}
	if s.bytes+grow > MaxSharedBytes {
		return abi.StatusInternalFailure
	}
	s.bytes += grow
	if s.data == nil {
		s.data = make(map[string]map[string]sharedValue)
	}
	if s.data[vmID] == nil {
		s.data[vmID] = make(map[string]sharedValue)
	}
	// The counter is the whole process's, and never 0: 0 means "whatever".
	if s.cas++; s.cas == 0 {
		s.cas = 1
	}
	s.data[vmID][key] = sharedValue{value: value, cas: s.cas}
	return abi.StatusOK
}

// Snapshot returns a copy of the data of one VM id.
func (s *SharedData) Snapshot(vmID string) map[string][]byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := make(map[string][]byte, len(s.data[vmID]))
	for k, v := range s.data[vmID] {
		m[k] = append([]byte{}, v.value...)
	}
	return m
}

type queueKey struct{ vmID, name string }

type queue struct {
	items [][]byte
	ready func(token uint32)
}

// Queues are the shared queues of a proxy process.
type Queues struct {
	mu     sync.Mutex
	tokens map[queueKey]uint32
	queues map[uint32]*queue
	next   uint32
	bytes  int
}

// Register returns the token of a queue, which it makes if there is none. What
// is in it stays. ready is called after each Enqueue, without a lock held: the
// last one who registered is told, nobody else.
func (q *Queues) Register(vmID, name string, ready func(token uint32)) uint32 {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.tokens == nil {
		q.tokens = make(map[queueKey]uint32)
		q.queues = make(map[uint32]*queue)
	}
	key := queueKey{vmID, name}
	token, ok := q.tokens[key]
	if !ok {
		q.next++ // from 1: 0 is no token
		token = q.next
		q.tokens[key] = token
		q.queues[token] = &queue{}
	}
	q.queues[token].ready = ready
	return token
}

// Resolve returns the token of a queue that somebody has registered.
func (q *Queues) Resolve(vmID, name string) (uint32, abi.Status) {
	q.mu.Lock()
	defer q.mu.Unlock()
	token, ok := q.tokens[queueKey{vmID, name}]
	if !ok {
		return 0, abi.StatusNotFound
	}
	return token, abi.StatusOK
}

// Enqueue adds an item, which it takes over.
func (q *Queues) Enqueue(token uint32, item []byte) abi.Status {
	q.mu.Lock()
	queue := q.queues[token]
	if queue == nil {
		q.mu.Unlock()
		return abi.StatusNotFound
	}
	if q.bytes+len(item)+32 > MaxSharedBytes {
		q.mu.Unlock()
		return abi.StatusInternalFailure
	}
	q.bytes += len(item) + 32
	queue.items = append(queue.items, item)
	ready := queue.ready
	q.mu.Unlock()
	ready(token)
	return abi.StatusOK
}

// Dequeue takes the oldest item.
func (q *Queues) Dequeue(token uint32) ([]byte, abi.Status) {
	q.mu.Lock()
	defer q.mu.Unlock()
	queue := q.queues[token]
	if queue == nil {
		return nil, abi.StatusNotFound
	}
	if len(queue.items) == 0 {
		return nil, abi.StatusEmpty
	}
	item := queue.items[0]
	queue.items[0] = nil
	queue.items = queue.items[1:]
	q.bytes -= len(item) + 32
	return item, abi.StatusOK
}
