package main

import (
	"encoding/json"
	"sync"
	"time"

	"hallkeeper/wire"
)

// sent is one event that a device has made, with what it was told.
type sent struct {
	event wire.Event
	// kept is true once the hub has said that it is on its disk: `stored` for a
	// device with an outbox, the PUBACK for one without.
	kept bool
}

// ledger is what the devices know, kept outside the machine. Its methods may be
// called at once.
type ledger struct {
	mu      sync.Mutex
	devices map[string][]sent
	refused int
}

func newLedger() *ledger { return &ledger{devices: map[string][]sent{}} }

// make adds an event of a device. Its number is its place there, counted from 0.
func (l *ledger) make(event wire.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.devices[event.Agent] = append(l.devices[event.Agent], sent{event: event})
}

// from gives the events of a device from number on, at most limit.
func (l *ledger) from(agent string, number, limit int) []wire.Event {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := l.devices[agent]
	var events []wire.Event
	for i := number; i < len(all) && len(events) < limit; i++ {
		events = append(events, all[i].event)
	}
	return events
}

// keep writes down that the hub has said to have the event of that number.
func (l *ledger) keep(agent string, number int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if all := l.devices[agent]; number < len(all) {
		all[number].kept = true
	}
}

// answer takes a hub's `stored`: all up to and with its seq are kept.
func (l *ledger) answer(agent string, s wire.Stored) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.refused += len(s.Refused)
	all := l.devices[agent]
	for i := min(s.Seq, uint64(len(all))); i > 0 && !all[i-1].kept; i-- {
		all[i-1].kept = true
	}
}

// first gives the number of the first event after the last kept one, and how
// many events there are. What lies before a kept one is never sent again: it
// would arrive out of order.
func (l *ledger) first(agent string) (open, made int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := l.devices[agent]
	for open = len(all); open > 0 && !all[open-1].kept; open-- {
	}
	return open, len(all)
}

// counts gives how many events were made, kept and refused in all.
func (l *ledger) counts() (made, kept, refused int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, all := range l.devices {
		made += len(all)
		for _, s := range all {
			if s.kept {
				kept++
			}
		}
	}
	return made, kept, l.refused
}

// copied is the ledger as it is now.
func (l *ledger) copied() map[string][]sent {
	l.mu.Lock()
	defer l.mu.Unlock()
	devices := map[string][]sent{}
	for agent, all := range l.devices {
		devices[agent] = append([]sent(nil), all...)
	}
	return devices
}

// press is an event with the given number of its device, counted from 0.
func press(agent, outbox, id string, number int, level int, at time.Time) wire.Event {
	data, _ := json.Marshal(wire.RatingPressed{Level: level}) // a struct of numbers
	event := wire.Event{ID: id, Agent: agent, At: at.Truncate(time.Millisecond), Clock: wire.ClockSynced, Boot: "powercut",
		Kind: wire.KindRatingPressed, Data: data}
	if outbox != "" {
		event.Outbox, event.Seq = outbox, uint64(number)+1
	}
	return event
}
