package roster

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"hallkeeper/hub/hall"
	"hallkeeper/wire"
)

// hallOf is a hall in which these commands were given after a device a1 and a2 were heard.
func hallOf(t *testing.T, commands ...Command) *State {
	t.Helper()
	s := &State{}
	for _, a := range []string{"a1", "a2"} {
		s.Fold(&wire.Record{Event: wire.Event{Agent: a, Kind: wire.KindAgentStarted, Boot: "b", Data: json.RawMessage(`{"version":"7"}`)}})
	}
	for _, c := range commands {
		events, err := Decide(s, c)
		if err != nil {
			t.Fatalf("%T %+v: %v", c, c, err)
		}
		for _, e := range events {
			s.Fold(&wire.Record{Event: e})
		}
	}
	return s
}

func window(id, number string) SetWindow {
	return SetWindow{Window: id, Number: number, Name: "综合受理"}
}

func assign(agent, window string) AssignDevice {
	return AssignDevice{DeviceAssigned: wire.DeviceAssigned{Agent: agent, Window: window}}
}

func dismiss(agent string) DismissDevice {
	return DismissDevice{DeviceDismissed: wire.DeviceDismissed{Agent: agent}}
}

func TestWhatIsRefused(t *testing.T) {
	for name, row := range map[string]struct {
		given   []Command
		command Command
		code    hall.Code
		says    string
	}{
		"a window without a number":            {nil, window("w1", ""), hall.CodeInvalid, "number"},
		"a window without a name":              {nil, SetWindow{Window: "w1", Number: "1", Name: "  "}, hall.CodeInvalid, "name"},
		"an id that is no name":                {nil, window("w 1", "1"), hall.CodeInvalid, "id"},
		"a name of many lines":                 {nil, SetWindow{Window: "w1", Number: "1", Name: "a\nb"}, hall.CodeInvalid, "name"},
		"a number that another window has":     {[]Command{window("w1", "01")}, window("w2", "01"), hall.CodeInvalid, "w1"},
		"assigning to a window not there":      {nil, assign("a1", "w9"), hall.CodeUnknown, "w9"},
		"assigning a device nobody heard of":   {[]Command{window("w1", "01")}, assign("a9", "w1"), hall.CodeUnknown, "a9"},
		"dismissing a device nobody heard of":  {nil, dismiss("a9"), hall.CodeUnknown, "a9"},
		"a department of more than 40 symbols": {nil, SetWindow{Window: "w1", Number: "1", Name: "a", Department: strings.Repeat("局", 41)}, hall.CodeInvalid, "department"},
	} {
		t.Run(name, func(t *testing.T) {
			events, err := Decide(hallOf(t, row.given...), row.command)
			var refusal *hall.Error
			if !errors.As(err, &refusal) || refusal.Code != row.code || len(events) > 0 {
				t.Fatalf("got %v, %v", events, err)
			}
			if !strings.Contains(refusal.Error(), row.says) {
				t.Errorf("%q does not name %s", refusal, row.says)
			}
			if refusal.ZH == "" || refusal.EN == "" {
				t.Error("it speaks one language only")
			}
		})
	}
}

func TestAssigning(t *testing.T) {
	base := []Command{window("w1", "01"), window("w2", "02")}
	for name, row := range map[string]struct {
		more    []Command
		w1, w2  string
		a1Stays wire.Assignment
	}{
		"nobody at first":                          {nil, "", "", wire.DeviceUnassigned},
		"one device at one window":                 {[]Command{assign("a1", "w1")}, "a1", "", wire.DeviceAtWindow},
		"a device moves":                           {[]Command{assign("a1", "w1"), assign("a1", "w2")}, "", "a1", wire.DeviceAtWindow},
		"a new device takes the place":             {[]Command{assign("a1", "w1"), assign("a2", "w1")}, "a2", "", wire.DeviceUnassigned},
		"a dismissed device leaves its window":     {[]Command{assign("a1", "w1"), dismiss("a1")}, "", "", wire.DeviceNotOurs},
		"a dismissed device can be assigned again": {[]Command{dismiss("a1"), assign("a1", "w2")}, "", "a1", wire.DeviceAtWindow},
	} {
		t.Run(name, func(t *testing.T) {
			s := hallOf(t, append(append([]Command{}, base...), row.more...)...)
			if s.DeviceAt("w1") != row.w1 || s.DeviceAt("w2") != row.w2 || s.Devices["a1"].Assignment != row.a1Stays {
				t.Errorf("w1 has %q, w2 has %q, a1 is %s", s.DeviceAt("w1"), s.DeviceAt("w2"), s.Devices["a1"].Assignment)
			}
		})
	}
}

func TestARemovedWindowLeavesItsDeviceWithout(t *testing.T) {
	s := hallOf(t, window("w1", "01"), assign("a1", "w1"))
	s.Fold(&wire.Record{Event: wire.Event{Kind: wire.KindWindowRemoved, Data: []byte(`{"window":"w1"}`)}})
	if s.DeviceAt("w1") != "" || s.Devices["a1"].Assignment != wire.DeviceUnassigned || len(s.Windows) != 0 {
		t.Errorf("w1 has %q, a1 is %s", s.DeviceAt("w1"), s.Devices["a1"].Assignment)
	}
}

func TestACommandThatChangesNothingMakesNoEvent(t *testing.T) {
	s := hallOf(t, window("w1", "01"), dismiss("a2"))
	for _, c := range []Command{window("w1", "01"), dismiss("a2")} {
		if events, err := Decide(s, c); err != nil || len(events) != 0 {
			t.Errorf("%T: %v, %v", c, events, err)
		}
	}
}

// Assigning a device where it is already says that somebody has looked at it:
// a replaced outbox is no news any more.
func TestAssigningAgainIsAConfirmation(t *testing.T) {
	s := hallOf(t, window("w1", "01"), assign("a1", "w1"))
	if events, err := Decide(s, assign("a1", "w1")); err != nil || len(events) != 1 {
		t.Errorf("got %v, %v", events, err)
	}
}

func TestADeviceThatIsHeardCanBeAssignedBeforeItsFirstEvent(t *testing.T) {
	s := hallOf(t, window("w1", "01"))
	c := assign("new", "w1")
	c.Heard = true
	events, err := Decide(s, c)
	if err != nil || len(events) != 1 {
		t.Fatalf("got %v, %v", events, err)
	}
	s.Fold(&wire.Record{Event: events[0]})
	if s.DeviceAt("w1") != "new" {
		t.Errorf("w1 has %q", s.DeviceAt("w1"))
	}
}
