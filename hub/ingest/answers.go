package ingest

import (
	"sync"

	"hallkeeper/wire"
)

const (
	// maxAnswers bounds the outboxes that wait for an answer. One that finds no
	// place is answered when its device sends again.
	maxAnswers = 65536
	// maxRefusals bounds the refusals of one answer, so that it stays a message
	// of ordinary size; more of them go into the next one.
	maxRefusals = 512
)

// answers are the `stored` answers that wait to be published: one an outbox,
// the newest. The committer notes them and never waits.
type answers struct {
	wake chan struct{}

	mu    sync.Mutex
	index map[outboxKey]int // into queue: the outbox's last answer there
	queue []answer
}

type outboxKey struct{ agent, outbox string }

type answer struct {
	agent  string
	stored wire.Stored
}

func newAnswers() *answers {
	return &answers{wake: make(chan struct{}, 1), index: map[outboxKey]int{}}
}

// note sets the mark that the next answer of an outbox tells. A refusal with a
// seq is added to those it tells.
func (a *answers) note(agent, outbox string, mark uint64, refused wire.Refusal) {
	a.mu.Lock()
	defer a.mu.Unlock()
	k := outboxKey{agent, outbox}
	i, ok := a.index[k]
	if !ok || refused.Seq != 0 && len(a.queue[i].stored.Refused) >= maxRefusals {
		if len(a.queue) >= maxAnswers {
			return
		}
		i = len(a.queue)
		a.index[k] = i
		a.queue = append(a.queue, answer{agent: agent, stored: wire.Stored{Outbox: outbox}})
	}
	s := &a.queue[i].stored
	s.Seq = mark
	if refused.Seq != 0 {
		s.Refused = append(s.Refused, refused)
	}
	select {
	case a.wake <- struct{}{}:
	default:
	}
}

// take gives the answers that wait, in the order in which they were first noted.
func (a *answers) take() []answer {
	a.mu.Lock()
	defer a.mu.Unlock()
	out := a.queue
	a.queue = make([]answer, 0, min(len(out), 1024))
	clear(a.index)
	return out
}
