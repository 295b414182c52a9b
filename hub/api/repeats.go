package api

import (
	"container/list"
	"crypto/sha256"
	"net/http"
	"sync"
	"time"
)

// repeats remembers the answers to requests that carry an Idempotency-Key. It
// is bounded by number and age; what it forgets, or loses with a restart, the
// log still knows by the event that the key made.
type repeats struct {
	now  func() time.Time
	most int
	keep time.Duration

	mu    sync.Mutex
	byKey map[string]*list.Element
	order *list.List // of *attempt, oldest first
}

// attempt is the first request of a key.
type attempt struct {
	key     string
	request [sha256.Size]byte
	at      time.Time
	// done is closed when answer or failure is set; with neither the key is free again.
	done    chan struct{}
	answer  *answer
	failure *failure
}

// answer is a successful command's.
type answer struct {
	status int
	body   []byte
}

func newRepeats(most int, keep time.Duration, now func() time.Time) *repeats {
	return &repeats{now: now, most: most, keep: keep, byKey: map[string]*list.Element{}, order: list.New()}
}

// fingerprint tells requests of one key apart.
func fingerprint(r *http.Request, body []byte) [sha256.Size]byte {
	h := sha256.New()
	for _, part := range []string{r.Method, r.URL.Path} {
		h.Write([]byte(part))
		h.Write([]byte{0})
	}
	h.Write(body)
	return [sha256.Size]byte(h.Sum(nil))
}

// begin gives the key's attempt, and whether it is the caller's own to finish.
func (m *repeats) begin(key string, request [sha256.Size]byte) (a *attempt, own bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.now()
	for e := m.order.Front(); e != nil && (m.order.Len() > m.most || now.Sub(e.Value.(*attempt).at) > m.keep); e = m.order.Front() {
		m.drop(e)
	}
	if e, known := m.byKey[key]; known {
		return e.Value.(*attempt), false
	}
	a = &attempt{key: key, request: request, at: now, done: make(chan struct{})}
	m.byKey[key] = m.order.PushBack(a)
	return a, true
}

// finish sets the answer. One that says nothing lasting (the hub could not, or
// it is not known) is passed to those who wait and then forgotten.
func (m *repeats) finish(a *attempt, ok *answer, failed *failure) {
	m.mu.Lock()
	defer m.mu.Unlock()
	a.answer, a.failure = ok, failed
	close(a.done)
	if ok != nil || failed != nil && failed.status < 500 {
		return
	}
	if e := m.byKey[a.key]; e != nil && e.Value.(*attempt) == a {
		m.drop(e)
	}
}

func (m *repeats) drop(e *list.Element) {
	delete(m.byKey, e.Value.(*attempt).key)
	m.order.Remove(e)
}
