package queue

import (
	"time"

	"hallkeeper/hub/hall"
	"hallkeeper/hub/roster"
	"hallkeeper/wire"
)

// Press is a press of a window's call button (呼叫按钮). The button goes round: it
// calls the next, starts with the person who came, and finishes; whoever asks
// presses again for the next call.
type Press struct {
	Window string
	// Here are those who have clocked in there.
	Here []string
}

// twice is how soon after another a press is a slip of the finger.
const twice = 2 * time.Second

// DecideLine decides; see Command.
func (c Press) DecideLine(s *State, h roster.Hall, m hall.Moment) ([]hall.Draft, error) {
	if len(c.Here) == 1 {
		m.Staff = c.Here[0]
	}
	t, there := s.Tickets.Get(s.current(c.Window))
	last := t.AnnouncedAt
	if t.StartedAt.After(last) {
		last = t.StartedAt
	}
	switch since := m.Now.Sub(last); {
	case !there:
		return CallNext{c.Window}.DecideLine(s, h, m)
	case since >= 0 && since < twice:
		return nil, hall.Refuse("pressed_twice", "按得太快，已忽略", "pressed too soon after the last time; it was ignored")
	case t.Stage == Called:
		return Start(c).DecideLine(s, h, m)
	}
	return Finish{Window: c.Window}.DecideLine(s, h, m)
}

// Goes tells whether a press that made these events asks for the next call as well.
func Goes(made []wire.Record) bool {
	return len(made) == 1 && made[0].Kind == wire.KindVisitFinished
}
