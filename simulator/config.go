package simulator

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"time"

	"hallkeeper/simulator/day"
	"hallkeeper/wire"
)

// Window is one window to play at.
type Window struct {
	// ID is the hub's id of the window, e.g. "w01".
	ID string
	// Agent is the id of its device; empty means the same as ID.
	Agent string
	// Socket is the path of the agent's simulated board; empty means that
	// nobody plays there and the window has only a past.
	Socket string
}

func (w Window) agent() string {
	if w.Agent == "" {
		return w.ID
	}
	return w.Agent
}

// Config is what Run plays.
type Config struct {
	// Hall is the hall's id in topics.
	Hall    string
	Windows []Window
	// Seed decides everything that is left to chance.
	Seed uint64
	// Speed is how many minutes of the people's schedule pass in a real minute:
	// MinSpeed to MaxSpeed.
	Speed float64
	// Zone is the hall's time zone.
	Zone *time.Location
	// Citizens a window and day, on average; 0 means the usual number.
	Citizens int

	// Works says on which dates people work in the past; nil means Monday to Friday.
	Works func(day.Date) bool

	// HistoryDays is how many past days are told, of which the working ones
	// have events; 0 to MaxHistoryDays.
	HistoryDays int
	// MQTTURL is the broker that the past is published to, e.g.
	// tcp://127.0.0.1:1883; needed with HistoryDays.
	MQTTURL string
	// StateFile remembers which past was told, so that a start on a later day
	// tells the same one and doubles nothing. It belongs beside the hub's data
	// and is deleted with it. Needed with HistoryDays.
	StateFile string

	// PastTold, where set, is called when all of the past is stored, with its first
	// day and the day after its last.
	PastTold func(ctx context.Context, from, until day.Date) error

	// HubURL, where set, is the hub's web address: staff look at the window's
	// sign there, and swipe when it says something else than they think (after
	// midnight, or where the last run was stopped in the middle of a day).
	HubURL string

	// KioskToken, where set, lets citizens take tickets at the hub's kiosk; it is the
	// token of a screen. PanelToken lets staff use their panels; it is a supervisor's.
	KioskToken, PanelToken string

	// Log is where the simulator says what it does; nil means nowhere.
	Log *slog.Logger
}

// Limits of Config.
const (
	MinSpeed       = 0.1
	MaxSpeed       = 1000
	MaxHistoryDays = 3660
)

func (c Config) check() error {
	var wrong []error
	say := func(format string, args ...any) { wrong = append(wrong, fmt.Errorf(format, args...)) }
	if err := wire.CheckName(c.Hall); err != nil {
		say("hall: %w", err)
	}
	if len(c.Windows) == 0 {
		say("windows: there is no window to play at")
	}
	seen := map[string]bool{}
	for _, w := range c.Windows {
		if err := errors.Join(wire.CheckName(w.ID), wire.CheckName(w.agent())); err != nil {
			say("window %q: %w", w.ID, err)
		}
		if seen[w.agent()] {
			say("window %q: device %s is named twice", w.ID, w.agent())
		}
		seen[w.agent()] = true
	}
	if !(c.Speed >= MinSpeed && c.Speed <= MaxSpeed) {
		say("speed: %v is not within %v and %v", c.Speed, MinSpeed, MaxSpeed)
	}
	if c.Zone == nil {
		say("time zone: none given")
	}
	if c.Citizens < 0 || c.Citizens > 1000 {
		say("citizens: %d is not within 0 and 1000", c.Citizens)
	}
	if c.HistoryDays < 0 || c.HistoryDays > MaxHistoryDays {
		say("history: %d days are not within 0 and %d", c.HistoryDays, MaxHistoryDays)
	}
	if c.HistoryDays > 0 {
		if u, err := url.Parse(c.MQTTURL); err != nil || u.Host == "" {
			say("mqtt: history needs a broker's address like tcp://127.0.0.1:1883, got %q", c.MQTTURL)
		}
		if c.StateFile == "" {
			say("state: history needs a file that remembers which past was told")
		}
	}
	if c.HubURL != "" {
		if u, err := url.Parse(c.HubURL); err != nil || u.Host == "" {
			say("hub: want an address like http://127.0.0.1:8080, got %q", c.HubURL)
		}
	}
	return errors.Join(wrong...)
}

// days is the hall as package day sees it: its windows are our devices.
func (c Config) days() day.Config {
	d := day.Config{Citizens: c.Citizens, Zone: c.Zone, Works: c.Works}
	for _, w := range c.Windows {
		d.Windows = append(d.Windows, w.agent())
	}
	return d
}

func (c Config) log() *slog.Logger {
	if c.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return c.Log
}
