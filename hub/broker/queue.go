package broker

import "sync"

// queue is a first-in-first-out of any length whose push blocks only above a
// limit of bytes.
type queue[T any] struct {
	limit int

	mu     sync.Mutex
	filled sync.Cond
	room   sync.Cond
	items  []queued[T]
	bytes  int
	closed bool
}

type queued[T any] struct {
	value T
	bytes int
}

// newQueue makes a queue; limit 0 means none.
func newQueue[T any](limit int) *queue[T] {
	q := &queue[T]{limit: limit}
	q.filled.L, q.room.L = &q.mu, &q.mu
	return q
}

func (q *queue[T]) push(v T, bytes int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.limit > 0 && q.bytes > q.limit && !q.closed {
		q.room.Wait()
	}
	if q.closed {
		return
	}
	q.items = append(q.items, queued[T]{v, bytes})
	q.bytes += bytes
	q.filled.Signal()
}

// pop waits for the next item; false means that the queue was closed, which
// throws away what was in it.
func (q *queue[T]) pop() (T, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.items) == 0 && !q.closed {
		q.filled.Wait()
	}
	if q.closed {
		var none T
		return none, false
	}
	it := q.items[0]
	q.items[0] = queued[T]{}
	if q.items = q.items[1:]; len(q.items) == 0 {
		q.items = nil
	}
	q.bytes -= it.bytes
	q.room.Signal()
	return it.value, true
}

func (q *queue[T]) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed, q.items = true, nil
	q.filled.Broadcast()
	q.room.Broadcast()
}
