package board

import (
	"context"
	"fmt"
	"time"

	"hallkeeper/agent/button"
	"hallkeeper/agent/card"
)

// None is the setting of a computer without buttons, readers and lamps, such as a
// kiosk that only prints.
const None = "none"

type blank struct{}

var errBlank = fmt.Errorf("this computer has no lines: its board is %q", None)

func (blank) File() File { return File{Name: None} }

func (blank) Button(string) (button.Line, button.Sample, error) {
	return nil, button.Sample{}, errBlank
}

func (blank) Pulses(string) (card.Source[card.Edge], error) { return nil, errBlank }

func (blank) Keys(string) (card.Source[card.Key], error) { return nil, errBlank }

func (blank) Output(string) (*Switch, error) { return &Switch{}, nil }

func (blank) Now() time.Duration { return monotonic() }

func (blank) Serve(ctx context.Context) error {
	<-ctx.Done()
	return nil
}

func (blank) Close() error { return nil }
