package main

import (
	"bytes"
	"fmt"
	"os"
	"sync"
	"time"

	"hallkeeper/wire"
)

// act is one thing a person did at a window, with what they saw.
type act struct {
	kind wire.Kind
	// card is the number of a swipe, unique in the campaign.
	card string
	// level is what a rating pressed.
	level int
	// from is when the hand began, to when the person stopped looking. The acts
	// of one window do not overlap.
	from, to time.Time
	// kept is true when the green lamp lit; otherwise nobody knows.
	kept bool
}

func (a act) String() string {
	what := fmt.Sprintf("rating %d", a.level)
	if a.kind == wire.KindCardSwiped {
		what = "card " + a.card
	}
	return fmt.Sprintf("%s between %s and %s", what, a.from.Format("15:04:05.000"), a.to.Format("15:04:05.000"))
}

// ledger is what the people of all windows saw, kept outside the programs.
type ledger struct {
	mu   sync.Mutex
	acts map[string][]act
	// silent counts acts at a living agent whose lamps never answered.
	silent int
}

func newLedger() *ledger { return &ledger{acts: map[string][]act{}} }

func (l *ledger) add(window string, a act) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.acts[window] = append(l.acts[window], a)
}

func (l *ledger) addSilent() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.silent++
}

func (l *ledger) counts() (made, kept int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, acts := range l.acts {
		made += len(acts)
		for _, a := range acts {
			if a.kept {
				kept++
			}
		}
	}
	return made, kept
}

// write leaves the acts in a file, a line each, for whoever looks for what went wrong.
func (l *ledger) write(path string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	var text bytes.Buffer
	for _, window := range sortedKeys(l.acts) {
		for _, a := range l.acts[window] {
			fmt.Fprintf(&text, "%s: %v, kept %t\n", window, a, a.kept)
		}
	}
	return os.WriteFile(path, text.Bytes(), 0o600)
}
