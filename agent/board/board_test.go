package board

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"periph.io/x/conn/v3/gpio"

	"hallkeeper/settings"
)

func TestTheStandardWiringIsTheOneInFirmwareConfig(t *testing.T) {
	f, err := LoadFile("../../firmware-config/boards/standard.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(f, Standard()) {
		t.Errorf("standard.yaml is\n%+v, Standard() is\n%+v", f, Standard())
	}
}

func TestEveryBoardFileIsGood(t *testing.T) {
	files, err := filepath.Glob("../../firmware-config/boards/*.yaml")
	if err != nil || len(files) < 2 {
		t.Fatalf("board files: %v, %v", files, err)
	}
	for _, path := range files {
		f, err := LoadFile(path)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		if f.Name+".yaml" != filepath.Base(path) {
			t.Errorf("%s is named %s", path, f.Name)
		}
	}
}

const good = `name: test
buttons:
  rating5: {pin: GPIO5, active: low, bias: up, debounce: 10ms, stuck: 10s}
  call: {pin: GPIO16, active: low, bias: up, debounce: 10ms, long: 1s, stuck: 10s}
outputs:
  lamp_green: {pin: GPIO20, active: high}
readers:
  front: {kind: wiegand, d0: GPIO17, d1: GPIO27, bias: none}
`

func TestABoardFilesMistakesAreAllTold(t *testing.T) {
	for _, c := range []struct {
		name     string
		old, new string
		says     []string
	}{
		{"a pin used twice", "d1: GPIO27", "d1: GPIO5", []string{"readers.front.d1", "GPIO5 is used by buttons.rating5.pin already"}},
		{"an unknown button", "rating5:", "rating6:", []string{"buttons.rating6", "rating1 to rating5"}},
		{"an unknown lamp", "lamp_green:", "lamp_blue:", []string{"outputs.lamp_blue", "lamp_green, lamp_red or buzzer"}},
		{"a level that is none", "{pin: GPIO20, active: high}", "{pin: GPIO20, active: hi}", []string{"outputs.lamp_green.active", "low or high"}},
		{"no level", "{pin: GPIO20, active: high}", "{pin: GPIO20}", []string{"outputs.lamp_green.active", "low or high"}},
		{"an unknown reader", "kind: wiegand", "kind: rc522", []string{"readers.front.kind", "expected wiegand"}},
		{"no debounce", "debounce: 10ms, stuck", "stuck", []string{"buttons.rating5", "debounce: expected 1ms to 1s"}},
		{"an unknown key", "bias: none}", "bias: none, speed: 9600}", []string{"readers.front.speed", "unknown key"}},
		{"a bad name", "name: test", "name: 我的", []string{"name", "letters, digits"}},
		{"a pin without a name", "pin: GPIO16", `pin: ""`, []string{"buttons.call.pin", "the name of a line"}},
	} {
		path := filepath.Join(t.TempDir(), "b.yaml")
		text := strings.Replace(good, c.old, c.new, 1)
		if text == good {
			t.Fatalf("%s changes nothing", c.name)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := LoadFile(path)
		var faults *settings.Faults
		if !errors.As(err, &faults) {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		for _, want := range c.says {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: the error says %q, not %q", c.name, err, want)
			}
		}
	}
	path := filepath.Join(t.TempDir(), "b.yaml")
	if err := os.WriteFile(path, []byte(good), 0o600); err != nil {
		t.Fatal(err)
	}
	if f, err := LoadFile(path); err != nil || f.Buttons["call"].Long != time.Second {
		t.Errorf("a good file: %+v, %v", f, err)
	}
}

// deadPin is a line whose chip has gone away, as periph shows it.
type deadPin struct{}

func (deadPin) In(gpio.Pull, gpio.Edge) error { return nil }
func (deadPin) Read() gpio.Level              { return gpio.Low }
func (deadPin) WaitForEdge(time.Duration) bool {
	return false
}

func TestALineThatGoesAwayIsNoPress(t *testing.T) {
	l, _, err := openLine(deadPin{}, Standard().Buttons["rating5"], monotonic)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Next(100 * time.Millisecond); !errors.Is(err, ErrLost) {
		t.Errorf("a dead line gives %v", err)
	}
}

func TestOutputsStartDark(t *testing.T) {
	for _, c := range []struct {
		active Level
		dark   gpio.Level
	}{{"high", gpio.Low}, {"low", gpio.High}} {
		var levels []gpio.Level
		s, err := openSwitch(Output{Pin: "GPIO1", Active: c.active}, func(l gpio.Level) error { levels = append(levels, l); return nil })
		if err != nil {
			t.Fatal(err)
		}
		for _, on := range []bool{false, true, true, false} {
			if err := s.Set(on); err != nil {
				t.Fatal(err)
			}
		}
		if want := []gpio.Level{c.dark, !c.dark, c.dark}; !reflect.DeepEqual(levels, want) {
			t.Errorf("active %s: the line was %v, want %v", c.active, levels, want)
		}
	}
}

func TestRatingNames(t *testing.T) {
	for name, want := range map[string]int{"rating1": 1, "rating5": 5, "rating0": 0, "rating6": 0, "rating": 0, "rating10": 0, "call": 0} {
		if level, ok := RatingLevel(name); level != want || ok != (want > 0) {
			t.Errorf("%s is level %d, %v", name, level, ok)
		}
	}
}
