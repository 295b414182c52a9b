package button

import (
	"context"
	"fmt"
	"time"
)

// Line is a button's line. Next waits for at most timeout (above 0) for the
// level to change and says what it is then; an error means that the line can
// no longer be trusted and has to be opened again.
type Line interface {
	Next(timeout time.Duration) (Sample, error)
}

// slice is the longest single wait: waits cannot be interrupted, and the end
// of ctx must be seen.
const slice = 500 * time.Millisecond

// Watch tells what the button on a line does until ctx ends (nil) or the line
// is lost. It begins with first, the line's state at power-on. alive is called
// after each wait, which is a fraction of a second.
func Watch(ctx context.Context, line Line, timing Timing, first Sample, tell func(Event), alive func()) error {
	m := New(timing, first)
	now := first.At
	for ctx.Err() == nil {
		wait := slice
		if at, due := m.Due(); due {
			wait = min(slice, max(at-now, time.Millisecond))
		}
		s, err := line.Next(wait)
		if err != nil {
			return fmt.Errorf("watch a button: %w", err)
		}
		now = max(now, s.At)
		for _, e := range m.Feed(s) {
			tell(e)
		}
		alive()
	}
	return nil
}
