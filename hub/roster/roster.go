// Package roster is the hall's master data: windows (窗口) and the devices that serve
// them; departments, posts, staff, cards and shifts; and the procedures by which
// people come and go (63号 第十一条 to 第十三条). It owns their state and the commands
// that change it.
//
// It is pure: Decide may refuse, Fold cannot fail, and neither knows a clock or a store.
package roster

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"hallkeeper/hub/hall"
	"hallkeeper/wire"
)

// Window is one window of the hall.
type Window struct {
	ID         string `json:"id"`
	Number     string `json:"number"`
	Name       string `json:"name"`
	Department string `json:"department,omitempty"`
	// Direction is as in wire.WindowSet.
	Direction string `json:"direction,omitempty"`
}

// Device is one device as the log knows it.
type Device struct {
	ID         string          `json:"id"`
	Assignment wire.Assignment `json:"assignment"`
	Window     string          `json:"window,omitempty"`
	Version    string          `json:"version,omitempty"`
	Boot       string          `json:"boot,omitempty"`
	// Outbox is the one the newest event came from; Outboxes counts all there were.
	Outbox   string            `json:"outbox,omitempty"`
	Outboxes map[string]uint64 `json:"outboxes,omitempty"` // outbox → last stored seq
}

// State is all windows and devices. The zero value is an empty hall.
type State struct {
	Windows map[string]Window
	Devices map[string]Device
}

// Clone copies a state whole.
func (s *State) Clone() State {
	c := State{maps.Clone(s.Windows), maps.Clone(s.Devices)}
	for id, dev := range c.Devices {
		dev.Outboxes = maps.Clone(dev.Outboxes)
		c.Devices[id] = dev
	}
	return c
}

// Fold applies a record and returns the ids of the window and the device that it
// changed, empty where none. What does not read is ignored.
func (s *State) Fold(r *wire.Record) (window, device string) {
	if s.Windows == nil {
		s.Windows, s.Devices = map[string]Window{}, map[string]Device{}
	}
	switch r.Kind {
	case wire.KindWindowSet:
		var d wire.WindowSet
		if read(r, &d) && d.Window != "" {
			s.Windows[d.Window] = Window{d.Window, d.Number, d.Name, d.Department, d.Direction}
			return d.Window, ""
		}
	case wire.KindWindowRemoved:
		var d wire.WindowRemoved
		if read(r, &d) {
			delete(s.Windows, d.Window)
			return d.Window, s.release(d.Window)
		}
	case wire.KindDeviceAssigned:
		var d wire.DeviceAssigned
		if read(r, &d) && d.Agent != "" {
			s.release(d.Window)
			dev := s.device(d.Agent)
			dev.Assignment, dev.Window = wire.DeviceAtWindow, d.Window
			s.Devices[d.Agent] = dev
			return d.Window, d.Agent
		}
	case wire.KindDeviceDismissed:
		var d wire.DeviceDismissed
		if read(r, &d) && d.Agent != "" {
			dev := s.device(d.Agent)
			window = dev.Window
			dev.Assignment, dev.Window = wire.DeviceNotOurs, ""
			s.Devices[d.Agent] = dev
			return window, d.Agent
		}
	default:
		return s.heard(r)
	}
	return "", ""
}

// heard learns of a device from any event that it sent.
func (s *State) heard(r *wire.Record) (window, device string) {
	if r.Agent == "" {
		return "", ""
	}
	dev := s.device(r.Agent)
	if r.Boot != "" {
		dev.Boot = r.Boot
	}
	if r.Outbox != "" {
		if dev.Outboxes == nil {
			dev.Outboxes = map[string]uint64{}
		}
		dev.Outbox = r.Outbox
		dev.Outboxes[r.Outbox] = r.Seq
	}
	if r.Kind == wire.KindAgentStarted {
		var d wire.AgentStarted
		if read(r, &d) {
			dev.Version = d.Version
		}
	}
	s.Devices[r.Agent] = dev
	return dev.Window, r.Agent
}

func (s *State) device(id string) Device {
	dev, ok := s.Devices[id]
	if !ok {
		dev = Device{ID: id, Assignment: wire.DeviceUnassigned}
	}
	return dev
}

// release takes the device off a window and gives its id.
func (s *State) release(window string) string {
	if window == "" {
		return ""
	}
	for id, dev := range s.Devices {
		if dev.Window == window {
			dev.Assignment, dev.Window = wire.DeviceUnassigned, ""
			s.Devices[id] = dev
			return id
		}
	}
	return ""
}

// DeviceAt is the device of a window, empty where it has none.
func (s *State) DeviceAt(window string) string {
	for id, dev := range s.Devices {
		if dev.Window == window && window != "" {
			return id
		}
	}
	return ""
}

// WindowOf is the window that a device serves, empty where it serves none.
func (s *State) WindowOf(agent string) string { return s.Devices[agent].Window }

func read(r *wire.Record, into any) bool { return json.Unmarshal(r.Data, into) == nil }

// Command is one of SetWindow, AssignDevice and DismissDevice. Who takes a window off
// the list is hub/duty, which knows whether it may leave (63号 第九条).
type Command interface {
	decide(s *State) (wire.Kind, any, error)
}

// Decide gives the events of a command, or an *hall.Error. A command that
// changes nothing gives no events. The caller adds id, time and actor.
func Decide(s *State, c Command) ([]wire.Event, error) {
	kind, data, err := c.decide(s)
	if err != nil || kind == "" {
		return nil, err
	}
	b, err := json.Marshal(data)
	if err != nil {
		return nil, err
	}
	return []wire.Event{{Kind: kind, Data: b}}, nil
}

// SetWindow adds a window or changes it.
type SetWindow wire.WindowSet

// AssignDevice lets a device serve a window from now on; one that served it
// before is released. Where it serves it already, the event says that somebody
// has looked at the device and found it right.
type AssignDevice struct {
	wire.DeviceAssigned
	// Heard: the device is connected, though no event of it is stored yet.
	Heard bool
}

// DismissDevice says that a device is not part of this hall.
type DismissDevice struct {
	wire.DeviceDismissed
	// Heard: the device is connected, though no event of it is stored yet.
	Heard bool
}

func (c SetWindow) decide(s *State) (wire.Kind, any, error) {
	var bad []hall.Field
	if err := wire.CheckName(c.Window); err != nil {
		bad = append(bad, hall.Field{Name: "id", Code: "bad_name", ZH: "窗口编号只能用 1 至 64 个字母、数字、点、下划线或连字符", EN: err.Error()})
	}
	bad = append(bad, text("number", c.Number, 8, true)...)
	bad = append(bad, text("name", c.Name, 40, true)...)
	bad = append(bad, text("department", c.Department, 40, false)...)
	if !slices.Contains(directions(), c.Direction) {
		bad = append(bad, hall.Field{Name: "direction", Code: "choice", ZH: "只能是 left、right、ahead、behind、up、down 或留空", EN: "must be left, right, ahead, behind, up, down or empty"})
	}
	for id, w := range s.Windows {
		if id != c.Window && w.Number == c.Number && c.Number != "" {
			bad = append(bad, hall.Field{Name: "number", Code: "taken", ZH: "窗口号 " + c.Number + " 已被“" + w.Name + "”使用", EN: "number " + c.Number + " is window " + id + "'s"})
		}
	}
	if len(bad) > 0 {
		return "", nil, hall.Invalid(bad...)
	}
	if s.Windows[c.Window] == (Window{c.Window, c.Number, c.Name, c.Department, c.Direction}) {
		return "", nil, nil
	}
	return wire.KindWindowSet, wire.WindowSet(c), nil
}

// directions are where a window can lie from the lobby's screen; empty is not said.
func directions() []string { return []string{"", "left", "right", "ahead", "behind", "up", "down"} }

func text(name, value string, most int, need bool) []hall.Field {
	switch n := utf8.RuneCountInString(value); {
	case need && strings.TrimSpace(value) == "":
		return []hall.Field{{Name: name, Code: "required", ZH: "必填", EN: "is required"}}
	case n > most || strings.ContainsFunc(value, func(r rune) bool { return r < ' ' }):
		return []hall.Field{{Name: name, Code: "bad_text", ZH: "过长或含有换行等控制字符", EN: "is too long or holds control characters"}}
	}
	return nil
}

func (c AssignDevice) decide(s *State) (wire.Kind, any, error) {
	if _, ok := s.Windows[c.Window]; !ok {
		return "", nil, unknownWindow(c.Window)
	}
	if _, ok := s.Devices[c.Agent]; !ok && !c.Heard {
		return "", nil, unknownDevice(c.Agent)
	}
	return wire.KindDeviceAssigned, c.DeviceAssigned, nil
}

func (c DismissDevice) decide(s *State) (wire.Kind, any, error) {
	dev, ok := s.Devices[c.Agent]
	if !ok && !c.Heard {
		return "", nil, unknownDevice(c.Agent)
	}
	if dev.Assignment == wire.DeviceNotOurs {
		return "", nil, nil
	}
	return wire.KindDeviceDismissed, c.DeviceDismissed, nil
}

func unknownWindow(id string) error {
	return hall.Unknown("window_unknown", "没有编号为“"+id+"”的窗口，请先在“窗口”页添加", "there is no window "+id+"; add it first")
}

func unknownDevice(id string) error {
	return hall.Unknown("device_unknown", "本大厅从未收到设备“"+id+"”的消息，请检查其接线与网络", "nothing was ever heard from device "+id+"; check its wiring and network")
}
