package button

import (
	"time"

	"hallkeeper/bilingual"
)

// Sample is the state of a line at a moment of the board's monotonic clock.
type Sample struct {
	At time.Duration
	// Down is true while the button is pressed, whatever level that is.
	Down bool
}

// Timing says how a button behaves.
type Timing struct {
	// Debounce is how long a level must last to count; contacts bounce for up
	// to 5 ms. 1 ms to 1 s.
	Debounce time.Duration `yaml:"debounce" json:"debounce,omitempty"`
	// Long is how long a long press lasts. 0 means that there are none, and that
	// a press counts when the button goes down; else it counts when it is let
	// go, or at Long. Up to 30 s.
	Long time.Duration `yaml:"long" json:"long,omitempty"`
	// Stuck is how long a person would not hold it. 1 s to 10 min, above Long.
	Stuck time.Duration `yaml:"stuck" json:"stuck,omitempty"`
}

// Wrong names the first setting outside its range, and what was expected; the
// key is empty where all is well.
func (t Timing) Wrong() (key string, expected error) {
	switch {
	case t.Debounce < time.Millisecond || t.Debounce > time.Second:
		return "debounce", bilingual.New(" 1ms 至 1s", "1ms to 1s")
	case t.Long < 0 || t.Long > 30*time.Second:
		return "long", bilingual.New(" 0s 至 30s", "0s to 30s")
	case t.Long != 0 && t.Long <= t.Debounce:
		return "long", bilingual.New(" 0s，或比 debounce 长", "0s, or more than debounce")
	case t.Stuck < time.Second || t.Stuck > 10*time.Minute || t.Stuck <= t.Long:
		return "stuck", bilingual.New(" 1s 至 10m，并且比 long 长", "1s to 10m, and more than long")
	}
	return "", nil
}

// Kind says what a button did.
type Kind uint8

// What a button does.
const (
	Press     Kind = iota + 1 // a press; with Timing.Long set, one that was let go before it
	LongPress                 // held for Timing.Long
	Stuck                     // held for Timing.Stuck: ignored until it is let go
	Freed                     // let go after Stuck
)

// Event is one thing that a button did.
type Event struct {
	Kind Kind
	// At is when the button went down, or up for Freed.
	At time.Duration
	// Held is how long it had been down.
	Held time.Duration
}

// Machine is the state of one button.
type Machine struct {
	timing Timing

	raw      bool          // the level last seen
	rawSince time.Duration // since when
	now      time.Duration // time never runs back here, whatever samples say

	down    bool          // the debounced state
	since   time.Duration // since when
	told    bool          // this hold needs no Press or LongPress any more
	tooLong bool          // this hold was reported as Stuck
}

// New makes a button from its state at power-on. A button that is down then is
// not being pressed: it counts from the next time that it goes down.
func New(t Timing, first Sample) *Machine {
	return &Machine{timing: t, raw: first.Down, rawSince: first.At, now: first.At, down: first.Down, since: first.At, told: first.Down}
}

// Feed takes a sample, in the order of time; one from before the latest is
// taken as of then. It returns what the button did up to it.
func (m *Machine) Feed(s Sample) []Event {
	events := m.Advance(s.At)
	if s.Down != m.raw {
		m.raw, m.rawSince = s.Down, m.now
	}
	return events
}

// Advance lets time pass with the level unchanged.
func (m *Machine) Advance(to time.Duration) []Event {
	to = max(to, m.now)
	var events []Event
	for {
		at, due := m.Due()
		if !due || at > to {
			m.now = to
			return events
		}
		m.now = at
		if e, ok := m.step(at); ok {
			events = append(events, e)
		}
	}
}

// Due is when Advance has to be called if no sample comes; ok is false where
// nothing will happen by itself.
func (m *Machine) Due() (at time.Duration, ok bool) {
	at, ok = m.due()
	return max(at, m.now), ok // what came due during a bounce is done after it
}

func (m *Machine) due() (time.Duration, bool) {
	if m.raw != m.down {
		return m.rawSince + m.timing.Debounce, true
	}
	switch {
	case !m.down || m.tooLong:
		return 0, false
	case !m.told && m.timing.Long > 0:
		return m.since + m.timing.Long, true
	}
	return m.since + m.timing.Stuck, true
}

// step does the one thing that is due at the given time.
func (m *Machine) step(at time.Duration) (Event, bool) {
	switch {
	case m.raw && !m.down:
		m.down, m.since, m.told = true, m.rawSince, false
		if m.timing.Long == 0 {
			m.told = true
			return Event{Kind: Press, At: m.since}, true
		}
	case !m.raw && m.down:
		held := m.rawSince - m.since
		stuck, told := m.tooLong, m.told
		m.down, m.since, m.told, m.tooLong = false, m.rawSince, false, false
		switch {
		case stuck:
			return Event{Kind: Freed, At: m.rawSince, Held: held}, true
		case !told:
			return Event{Kind: Press, At: m.rawSince - held, Held: held}, true
		}
	case !m.told && m.timing.Long > 0:
		m.told = true
		return Event{Kind: LongPress, At: m.since, Held: at - m.since}, true
	default:
		m.told, m.tooLong = true, true
		return Event{Kind: Stuck, At: m.since, Held: at - m.since}, true
	}
	return Event{}, false
}
