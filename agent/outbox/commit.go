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
		entries, stored, probe, closing := o.take()
		if o.Err() == nil {
			o.settle(entries, o.write(entries, stored, probe))
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
		// A hub that is ahead of this disk is believed at once.
		return len(o.queue) == 0 && !o.closing && !o.probe && o.stored <= o.last && o.stored < o.first-1+deleteMost
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

func (o *Outbox) take() (entries []entry, stored uint64, probe, closing bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	entries, o.queue = o.queue, nil
	o.writing = time.Now()
	probe, o.probe = o.probe, false
	return entries, o.stored, probe, o.closing
}

func (o *Outbox) rest() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.writing = time.Time{}
}

// write puts entries and deletions on the disk with one fsync; with probe it
// writes even where there are none.
func (o *Outbox) write(entries []entry, stored uint64, probe bool) error {
	first, last := o.Span()
	if len(entries) == 0 && stored < first && stored <= last && !probe {
		return nil
	}
	events := entries
	var after contents
	err := guard(func() error {
		return o.db.Update(func(tx *bbolt.Tx) (err error) {
			after, err = apply(tx, o.id, first, stored, events, probe)
			return err
		})
	})
	o.mu.Lock()
	again := o.broken != nil
	o.broken = err
	o.mu.Unlock()
	if err == nil && again {
		o.logger.Info("the outbox can write again")
	}
	if err != nil && (len(entries) > 0 || !again) { // a probe that fails again is not told again
		o.logger.Error("the outbox could not write", "events", len(entries), "error", err)
	}
	if err != nil {
		o.note(err)
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
