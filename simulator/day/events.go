package day

import (
	"cmp"
	"encoding/json"
	"iter"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"hallkeeper/wire"
)

// Outbox is the UUID of the outbox that Events numbers a window's events in,
// the same for ever for one seed.
func Outbox(seed uint64, window string) string {
	return newStream(seed, "outbox", window).uuid4()
}

// Events tells the plans of the days on which people work (Config.Works) from from to the day before to as
// the events that the windows' devices would have sent, in order of time: each
// window is a device with an outbox of its own, numbered from 1 at from, that
// is switched on in the morning. The same arguments give the same bytes; a
// window's events do not depend on which other windows there are.
//
// Events belong to a first delivery: each says that its device still holds all
// of them (First 1), which stays true as they can be told again.
func Events(cfg Config, seed uint64, from, to Date) iter.Seq[wire.Event] {
	return func(yield func(wire.Event) bool) {
		devices := make(map[string]*device, len(cfg.Windows))
		for _, window := range cfg.Windows {
			devices[window] = &device{agent: window, outbox: Outbox(seed, window), zone: cfg.zone()}
		}
		for date := from; date.Before(to); date = date.Add(1) {
			if !cfg.works(date) {
				continue
			}
			starts := make([]Act, 0, len(cfg.Windows))
			for _, window := range cfg.Windows {
				starts = append(starts, Act{At: devices[window].switchOn(seed, date), Window: window})
			}
			slices.SortStableFunc(starts, func(a, b Act) int { return cmp.Compare(a.At, b.At) })
			for _, act := range slices.Concat(starts, Plan(cfg, seed, date)) {
				if act.Kind == Done {
					continue // no device sees it
				}
				if !yield(devices[act.Window].event(act)) {
					return
				}
			}
		}
	}
}

func (c Config) works(d Date) bool {
	if c.Works == nil {
		return d.Working()
	}
	return c.Works(d)
}

func (c Config) zone() *time.Location {
	if c.Zone == nil {
		return time.FixedZone("UTC+8", 8*60*60)
	}
	return c.Zone
}

// device is what a window's computer adds to the acts of a day.
type device struct {
	agent, outbox string
	zone          *time.Location
	seq           uint64

	date   Date
	boot   string
	booted time.Duration
	ids    *stream
}

// switchOn begins a day and returns when the device's program starts.
func (d *device) switchOn(seed uint64, date Date) time.Duration {
	d.date = date
	d.ids = newStream(seed, "device", d.agent, date.String())
	d.boot = d.ids.uuid4()
	d.booted = d.ids.between(Opens-25*time.Minute, Opens-10*time.Minute)
	return d.booted + 21*time.Second
}

func (d *device) event(act Act) wire.Event {
	d.seq++
	// People do not act on whole seconds.
	ofDay := act.At + time.Duration(d.ids.IntN(1000))*time.Millisecond
	at := d.date.At(ofDay, d.zone)
	e := wire.Event{
		ID: d.ids.uuid7(at), Agent: d.agent, Outbox: d.outbox, Seq: d.seq, First: 1, Boot: d.boot,
		At: at, Clock: wire.ClockSynced, UptimeMS: (ofDay - d.booted).Milliseconds(),
	}
	switch act.Kind {
	case ComeIn, GoOut:
		e.Kind = wire.KindCardSwiped
		e.Data = json.RawMessage(`{"reader":"front","card":"` + act.Card.String() + `","format":"` + act.Card.Format() + `"}`)
	case Call:
		e.Kind = wire.KindCallPressed
		e.Data = json.RawMessage(`{"button":"call"}`)
	case Rate:
		e.Kind = wire.KindRatingPressed
		e.Data = json.RawMessage(`{"level":` + strconv.Itoa(act.Level) + `}`)
	default:
		e.Kind = wire.KindAgentStarted
		e.Data = json.RawMessage(`{"version":"simulated","board":"simulated"}`)
	}
	return e
}

func (r *stream) uuid4() string {
	id := r.uuid()
	id[6] = id[6]&0x0f | 0x40
	return id.String()
}

// uuid7 is a version 7 UUID (RFC 9562) of a moment, its random part from the stream.
func (r *stream) uuid7(at time.Time) string {
	id := r.uuid()
	ms := at.UnixMilli()
	for i := range 6 {
		id[i] = byte(ms >> (40 - 8*i))
	}
	id[6] = id[6]&0x0f | 0x70
	return id.String()
}

func (r *stream) uuid() (id uuid.UUID) {
	for i := range id {
		id[i] = byte(r.Uint32())
	}
	id[8] = id[8]&0x3f | 0x80
	return id
}
