package ingest

import (
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"hallkeeper/wire"
)

// Status reads what a device says of itself. A status that cannot be read is
// logged and changes nothing; an empty one is the removal of a retained one.
func (in *Ingest) Status(agent string, payload []byte, at time.Time) {
	if len(payload) == 0 {
		return
	}
	s, err := parseStatus(payload)
	if err == nil {
		err = wire.CheckName(agent)
	}
	if err != nil {
		in.metrics.badStatus.Inc()
		if skipped, ok := in.badStatus.allow(at); ok {
			in.cfg.Logger.Warn("a device's status could not be read", "agent", agentName(agent), "error", err, "skipped", skipped)
		}
		return
	}
	in.metrics.status.Inc()
	now := device{state: s.State, boot: s.Boot, version: s.Version}
	in.mu.Lock()
	before, known := in.devices[agent]
	if known || len(in.devices) < maxDevices {
		in.devices[agent] = now
	}
	in.mu.Unlock()
	in.cfg.Devices.DeviceStatus(agent, s, at)
	if s.State == wire.DeviceOnline && before != now {
		in.cfg.Devices.CameOnline(agent)
	}
}

// parseStatus reads a status leniently: state must be known, and every other
// field that has another form than the contract's counts as absent, so that a
// foreign device with one odd field does not stay invisible.
func parseStatus(payload []byte) (wire.Status, error) {
	if len(payload) > wire.MaxPayload {
		return wire.Status{}, fmt.Errorf("it has %d bytes, %d are allowed", len(payload), wire.MaxPayload)
	}
	var s wire.Status
	if err := json.Unmarshal(payload, &s); err != nil {
		var fields map[string]json.RawMessage
		if json.Unmarshal(payload, &fields) != nil {
			return wire.Status{}, errors.New("it is not a JSON object")
		}
		s = wire.Status{}
		for name, into := range map[string]any{"state": &s.State, "boot": &s.Boot, "version": &s.Version,
			"at": &s.At, "clock": &s.Clock, "outbox": &s.Outbox, "inputs": &s.Inputs} {
			lenient(fields[name], into)
		}
	}
	switch s.State {
	case wire.DeviceOnline, wire.DeviceOffline:
	default:
		return wire.Status{}, fmt.Errorf("state must be online or offline, got %.20q", string(s.State))
	}
	s.Boot, s.Version = clip(s.Boot), clip(s.Version)
	if s.Clock != wire.ClockSynced && s.Clock != wire.ClockUnsynced {
		s.Clock = ""
	}
	return s, nil
}

// lenient sets into, a pointer, from raw, and leaves it as it was where raw
// does not fit.
func lenient(raw json.RawMessage, into any) {
	if len(raw) == 0 {
		return
	}
	switch v := into.(type) {
	case *wire.DeviceState:
		set(raw, v)
	case *string:
		set(raw, v)
	case *time.Time:
		set(raw, v)
	case *wire.Clock:
		set(raw, v)
	case **wire.OutboxStatus:
		set(raw, v)
	case *map[string]wire.InputStatus:
		set(raw, v)
	}
}

func set[T any](raw json.RawMessage, into *T) {
	var v T
	if json.Unmarshal(raw, &v) == nil {
		*into = v
	}
}

func clip(s string) string {
	if len(s) > wire.MaxName {
		return s[:wire.MaxName]
	}
	return s
}

// seldom lets one message a period through, so that a device that sends the
// same nonsense again and again does not fill the log.
type seldom struct {
	every time.Duration

	mu      sync.Mutex
	last    time.Time
	skipped int
}

func (s *seldom) allow(now time.Time) (skipped int, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.last.IsZero() && now.Sub(s.last) < s.every {
		s.skipped++
		return 0, false
	}
	skipped, s.skipped, s.last = s.skipped, 0, now
	return skipped, true
}
