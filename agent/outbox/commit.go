package outbox

import (
	"time"

	"go.etcd.io/bbolt"
)

// commit is the only writer: it takes all that came in during the last fsync
// into one transaction.
func (o *Outbox) commit() {
	defer close(o.ended)
	for range o.wake {
		o.share()
		entries, stored, closing := o.take()
		if o.Err() == nil {
			o.settle(entries, o.write(entries, stored))
		} else {
			o.settle(entries, o.Err())
		}
		o.rest()
		if closing {
			return
		}
	}
}

// share lets a deletion that is alone wait a little for an event: each fsync
// wears the card out.
func (o *Outbox) share() {
	alone := func() bool {
		o.mu.Lock()
		defer o.mu.Unlock()
		return len(o.queue) == 0 && !o.closing
	}
	if !alone() {
		return
	}
	timer := time.NewTimer(deleteDelay)
	defer timer.Stop()
	for alone() {
		select {
		case <-o.wake:
		case <-timer.C:
			return
		}
	}
}

func (o *Outbox) take() (entries []entry, stored uint64, closing bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	entries, o.queue = o.queue, nil
	o.writing = time.Now()
	return entries, o.stored, o.closing
}

func (o *Outbox) rest() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.writing = time.Time{}
}

// write puts entries and deletions on the disk with one fsync.
func (o *Outbox) write(entries []entry, stored uint64) error {
	first, last := o.Span()
	if len(entries) == 0 && stored < first && stored <= last {
		return nil
	}
	events := entries
	var after contents
	err := guard(func() error {
		return o.db.Update(func(tx *bbolt.Tx) (err error) {
			after, err = apply(tx, o.id, first, stored, events)
			return err
		})
	})
	if err != nil {
		o.note(err)
		o.logger.Error("the outbox could not write", "events", len(entries), "error", err)
		// What the file says now decides: a failed fsync may have written.
		if guard(func() error { return o.db.View(func(tx *bbolt.Tx) (err error) { after, err = span(tx); return err }) }) != nil {
			return err
		}
	}
	o.mu.Lock()
	o.first, o.last = after.first, after.last
	o.mu.Unlock()
	poke(o.changed)
	return err
}

func (o *Outbox) settle(entries []entry, err error) {
	for _, e := range entries {
		if e.kept != nil {
			e.kept(err)
		}
	}
}
