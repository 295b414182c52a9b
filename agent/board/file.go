package board

import (
	"errors"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"hallkeeper/agent/button"
	"hallkeeper/agent/card"
	"hallkeeper/bilingual"
	"hallkeeper/settings"
	"hallkeeper/wire"
)

// File is one wiring: which line of the computer is which input or output.
type File struct {
	// Name is told to the hub, e.g. "standard".
	Name string `yaml:"name" json:"name,omitempty"`
	// Buttons by name: rating1 to rating5, and call or any name that begins with call.
	Buttons map[string]Button `yaml:"buttons" json:"buttons,omitempty"`
	// Outputs by name: lamp_green, lamp_red, buzzer. Those that are missing are not there.
	Outputs map[string]Output `yaml:"outputs" json:"outputs,omitempty"`
	// Readers of cards by name, e.g. front.
	Readers map[string]Reader `yaml:"readers" json:"readers,omitempty"`
}

// Button is one button's line.
type Button struct {
	// Pin is the kernel's name of the line, e.g. GPIO5.
	Pin string `yaml:"pin" json:"pin,omitempty"`
	// Active is the level while pressed: low or high.
	Active Level `yaml:"active" json:"active,omitempty"`
	// Bias is the resistor of the line: up, down or none.
	Bias          Bias `yaml:"bias" json:"bias,omitempty"`
	button.Timing `yaml:",inline"`
}

// Output is the line of a lamp or an active buzzer.
type Output struct {
	Pin string `yaml:"pin" json:"pin,omitempty"`
	// Active is the level while it is on: low or high.
	Active Level `yaml:"active" json:"active,omitempty"`
}

// Reader is a card reader.
type Reader struct {
	// Kind is how it speaks: wiegand or keyboard.
	Kind string `yaml:"kind" json:"kind,omitempty"`
	// D0 and D1 are the kernel's names of a Wiegand reader's lines; they are
	// pulled low by pulses. Bias is their resistor.
	D0   string `yaml:"d0" json:"d0,omitempty"`
	D1   string `yaml:"d1" json:"d1,omitempty"`
	Bias Bias   `yaml:"bias" json:"bias,omitempty"`
	// USB is the vendor and product of a reader that types, as lsusb tells them,
	// e.g. "ffff:0035"; Model is a part of the name that it gives itself. One of
	// them is needed; Port, a part of the place where it is plugged in, tells two
	// of one model apart.
	USB   string `yaml:"usb" json:"usb,omitempty"`
	Model string `yaml:"model" json:"model,omitempty"`
	Port  string `yaml:"port" json:"port,omitempty"`
	// Typing is what it types.
	card.Typing `yaml:",inline"`
}

// Kinds of readers.
const (
	WiegandLines = "wiegand"
	Keyboard     = "keyboard"
)

// Level is an electrical level: low or high.
type Level string

// UnmarshalText refuses anything but low and high.
func (l *Level) UnmarshalText(text []byte) error {
	if s := string(text); s != "low" && s != "high" {
		return bilingual.New("应填 low 或 high", "expected low or high")
	}
	*l = Level(text)
	return nil
}

// Bias is the computer's own resistor on a line: up, down or none.
type Bias string

// UnmarshalText refuses anything but up, down and none.
func (b *Bias) UnmarshalText(text []byte) error {
	if s := string(text); s != "up" && s != "down" && s != "none" {
		return bilingual.New("应填 up、down 或 none", "expected up, down or none")
	}
	*b = Bias(text)
	return nil
}

// Names of outputs, and what names of buttons begin with.
const (
	LampGreen = "lamp_green"
	LampRed   = "lamp_red"
	Buzzer    = "buzzer"

	ratingPrefix = "rating"
	callPrefix   = "call"
)

// RatingLevel gives the level of a rating button's name, 1 to 5; ok is false for other names.
func RatingLevel(name string) (level int, ok bool) {
	rest, found := strings.CutPrefix(name, ratingPrefix)
	if !found || len(rest) != 1 || rest[0] < '1' || rest[0] > '5' {
		return 0, false
	}
	return int(rest[0] - '0'), true
}

// IsCall tells whether a button calls the next citizen.
func IsCall(name string) bool { return strings.HasPrefix(name, callPrefix) }

// Standard is the wiring of a window as firmware-config/boards/standard.yaml
// has it; the simulated board has the same.
func Standard() File {
	timing := button.Timing{Debounce: 10 * time.Millisecond, Stuck: 10 * time.Second}
	press := func(pin string) Button { return Button{Pin: pin, Active: "low", Bias: "up", Timing: timing} }
	return File{
		Name: "standard",
		Buttons: map[string]Button{"rating5": press("GPIO5"), "rating4": press("GPIO6"), "rating3": press("GPIO13"),
			"rating2": press("GPIO19"), "rating1": press("GPIO26"), "call": press("GPIO16")},
		Outputs: map[string]Output{LampGreen: {"GPIO20", "high"}, LampRed: {"GPIO21", "high"}, Buzzer: {"GPIO12", "high"}},
		Readers: map[string]Reader{"front": {Kind: WiegandLines, D0: "GPIO17", D1: "GPIO27", Bias: "up"}},
	}
}

// LoadFile reads a board file. The error is a *settings.Faults with all mistakes.
func LoadFile(path string) (File, error) {
	var f File
	if err := settings.Load(&f, path, nil); err != nil {
		return File{}, err
	}
	return f, nil
}

// Check refuses names that nothing is known for and pins that are used twice.
func (f *File) Check() error {
	var wrong []error
	if err := wire.CheckName(f.Name); err != nil {
		wrong = append(wrong, settings.At("name", "应填接线的名称（1 至 64 个字符，只用字母、数字、点、下划线和减号），写的是 %[2]q", "%[1]w", err, f.Name))
	}
	if len(f.Buttons)+len(f.Readers) == 0 {
		wrong = append(wrong, bilingual.New("应有按钮（buttons）或读卡器（readers），这里都没有", "expected buttons or readers, there are none"))
	}
	used := map[string]string{}
	pin := func(key, name string) {
		switch other, taken := used[name]; {
		case name == "":
			wrong = append(wrong, settings.At(key, "应填引脚名称，如 GPIO5", "expected the name of a line, like GPIO5"))
		case taken:
			wrong = append(wrong, settings.At(key, "%s 已经被 %s 占用", "%s is used by %s already", name, other))
		default:
			used[name] = key
		}
	}
	for _, name := range slices.Sorted(maps.Keys(f.Buttons)) {
		b := f.Buttons[name]
		if _, rating := RatingLevel(name); !rating && !IsCall(name) || wire.CheckName(name) != nil {
			wrong = append(wrong, settings.At("buttons."+name, "名称应为 rating1 至 rating5，或以 call 开头", "expected rating1 to rating5, or a name that begins with call"))
		}
		pin("buttons."+name+".pin", b.Pin)
	}
	for _, name := range slices.Sorted(maps.Keys(f.Outputs)) {
		if name != LampGreen && name != LampRed && name != Buzzer {
			wrong = append(wrong, settings.At("outputs."+name, "名称应为 lamp_green、lamp_red 或 buzzer", "expected lamp_green, lamp_red or buzzer"))
		}
		if f.Outputs[name].Active == "" {
			wrong = append(wrong, settings.At("outputs."+name+".active", "应填 low 或 high", "expected low or high"))
		}
		pin("outputs."+name+".pin", f.Outputs[name].Pin)
	}
	for _, name := range slices.Sorted(maps.Keys(f.Readers)) {
		r := f.Readers[name]
		if err := wire.CheckName(name); err != nil {
			wrong = append(wrong, settings.At("readers."+name, "读卡器的名称应是1 至 64 个字符，只用字母、数字、点、下划线和减号，写的是 %[2]q", "%[1]w", err, name))
		}
		if r.Kind == WiegandLines {
			pin("readers."+name+".d0", r.D0)
			pin("readers."+name+".d1", r.D1)
		}
	}
	return errors.Join(wrong...)
}

// Check refuses a button without its level, its bias or good timings.
func (b *Button) Check() error {
	var wrong []error
	if b.Active == "" {
		wrong = append(wrong, settings.At("active", "应填 low 或 high", "expected low or high"))
	}
	if b.Bias == "" {
		wrong = append(wrong, settings.At("bias", "应填 up、down 或 none", "expected up, down or none"))
	}
	if key, expected := b.Wrong(); key != "" {
		wrong = append(wrong, settings.At(key, "应填%w", "expected %w", expected))
	}
	return errors.Join(wrong...)
}

// usbID is a USB device's vendor and product.
var usbID = regexp.MustCompile(`^[0-9a-fA-F]{4}:[0-9a-fA-F]{4}$`)

// Check refuses a reader that is not told of as its kind needs it.
func (r *Reader) Check() error {
	var wrong []error
	say := func(key, zh, en string, args ...any) { wrong = append(wrong, settings.At(key, zh, en, args...)) }
	lines := r.D0 != "" || r.D1 != "" || r.Bias != ""
	usb := r.USB != "" || r.Model != "" || r.Port != "" || r.Typing != (card.Typing{})
	switch r.Kind {
	case WiegandLines:
		if r.Bias == "" {
			say("bias", "应填 up、down 或 none", "expected up, down or none")
		}
		if usb {
			say("kind", "韦根读卡器填 d0、d1 和 bias，不填 usb、model、port、digits、length", "a wiegand reader has d0, d1 and bias, and nothing of usb, model, port, digits and length")
		}
	case Keyboard:
		if r.USB == "" && r.Model == "" {
			say("usb", "应填读卡器的厂商号和产品号，如 ffff:0035（用 lsusb 查看），或在 model 里填它名称的一部分", "expected the vendor and product of the reader, like ffff:0035 (lsusb lists them), or model with a part of its name")
		}
		if r.USB != "" && !usbID.MatchString(r.USB) {
			say("usb", "应填厂商号和产品号，如 ffff:0035，写的是 %q", "expected vendor and product, like ffff:0035, got %q", r.USB)
		}
		if r.Digits == "" {
			say("digits", "应填 decimal、hexadecimal 或 facility", "expected decimal, hexadecimal or facility")
		}
		if err := r.Typing.Check(); err != nil {
			say("length", "%w", "%w", err)
		}
		if lines {
			say("kind", "键盘式读卡器填 usb、model、port 和 digits，不填 d0、d1、bias", "a keyboard reader has usb, model, port and digits, and nothing of d0, d1 and bias")
		}
	default:
		say("kind", "应填 wiegand 或 keyboard，写的是 %q", "expected wiegand or keyboard, got %q", r.Kind)
	}
	return errors.Join(wrong...)
}
