package card

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"hallkeeper/bilingual"
)

// Key is one event of a reader that types, as the kernel's evdev gives it:
// https://docs.kernel.org/input/event-codes.html
type Key struct {
	// At is the kernel's time of the event, on the source's clock.
	At         time.Duration
	Type, Code uint16
	Value      int32
}

// What of evdev's codes is known here (linux/input-event-codes.h).
const (
	evSyn      = 0
	evKey      = 1
	synDropped = 3
	keyDown    = 1 // the value; 0 is up, 2 is repeated

	keyEnter, keyKPEnter, keyTab = 28, 96, 15
)

// typed gives the character that a key types without Shift, on the main keys or
// the number pad, or 0.
func typed(code uint16) byte {
	const (
		row  = "1234567890" // from code 2 on
		pad  = "789-456+1230"
		pad0 = 71
	)
	switch {
	case code >= 2 && int(code) < 2+len(row):
		return row[code-2]
	case code >= pad0 && int(code) < pad0+len(pad) && pad[code-pad0] >= '0':
		return pad[code-pad0]
	}
	return map[uint16]byte{30: 'A', 48: 'B', 46: 'C', 32: 'D', 18: 'E', 33: 'F', 51: ','}[code]
}

// modifier tells the keys that change no digit: Shift, Ctrl, Alt, Caps Lock, Num Lock.
func modifier(code uint16) bool {
	switch code {
	case 42, 54, 29, 97, 56, 100, 58, 69:
		return true
	}
	return false
}

// Digits is how a reader that types writes a card's number.
type Digits string

// The ways in which readers type a number.
const (
	// Decimal is a number of up to 32 bits, mostly in 10 digits; the card is its 8
	// hex digits, as a Wiegand reader of 34 bits gives it.
	Decimal Digits = "decimal"
	// Hexadecimal is hex digits, mostly 8, which are the card.
	Hexadecimal Digits = "hexadecimal"
	// Facility is three decimal digits of the facility (0 to 255) and five of the
	// number (0 to 65535), with a comma between or none; the card is its 6 hex
	// digits, as a Wiegand reader of 26 bits gives it.
	Facility Digits = "facility"
)

// Typing says what a reader types.
type Typing struct {
	// Digits is how it writes a card's number.
	Digits Digits `yaml:"digits" json:"digits,omitempty"`
	// Length is how many digits that are: a number that has lost one is then
	// refused. 0 for what is usual: 10 decimal or 8 hexadecimal digits. Else 5 to 10
	// decimal, 6 to 20 hexadecimal, and nothing for facility.
	Length int `yaml:"length" json:"length,omitempty"`
}

// Check refuses lengths outside their ranges.
func (t Typing) Check() error {
	least, most := 0, 0
	switch t.Digits {
	case Decimal:
		least, most = 5, 10
	case Hexadecimal:
		least, most = 6, 20
	case Facility:
	}
	if t.Length != 0 && (t.Length < least || t.Length > most) {
		return bilingual.New("应不填 length，或填 5 至 10 位十进制、6 至 20 位十六进制", "expected no length, or 5 to 10 decimal or 6 to 20 hexadecimal digits")
	}
	return nil
}

func (t Typing) length() int {
	switch {
	case t.Length != 0:
		return t.Length
	case t.Digits == Hexadecimal:
		return 8
	}
	return 10
}

// UnmarshalText refuses other words.
func (d *Digits) UnmarshalText(text []byte) error {
	switch got := Digits(text); got {
	case Decimal, Hexadecimal, Facility:
		*d = got
		return nil
	}
	return bilingual.New("应填 decimal、hexadecimal 或 facility", "expected decimal, hexadecimal or facility")
}

const (
	// keyGap is the silence after which a number without Enter is given up:
	// readers type a key every 1 to 20 ms.
	keyGap = 500 * time.Millisecond
	// maxKeys bounds what somebody can type without Enter.
	maxKeys = 64
	// cardKeys is what has to be typed at least for a card to have been meant.
	cardKeys = 4
)

// Keyboard gathers keys into frames: a number ends with Enter or Tab. Keys that
// repeat and modifiers are nothing; after an event that says that the kernel has
// dropped some, all up to the next Enter is discarded.
type Keyboard struct {
	typing Typing

	text    []byte
	count   int
	begin   time.Duration
	last    time.Duration
	wrong   bool // a key that is no digit
	dropped bool
}

// NewKeyboard makes the decoder of a reader that types numbers so.
func NewKeyboard(t Typing) *Keyboard { return &Keyboard{typing: t} }

// Push takes an event. A number that was left without Enter is given up when
// the next begins.
func (k *Keyboard) Push(e Key) (frame Frame, complete bool) {
	if e.Type == evSyn && e.Code == synDropped {
		k.open(e.At)
		k.dropped = true
		return Frame{}, false
	}
	if e.Type != evKey || e.Value != keyDown || modifier(e.Code) {
		return Frame{}, false
	}
	if k.begun() && e.At-k.last >= keyGap {
		frame, complete = k.finish(false), true
	}
	if e.Code == keyEnter || e.Code == keyKPEnter || e.Code == keyTab {
		if complete || !k.begun() {
			return frame, complete // an Enter by itself says nothing
		}
		return k.finish(true), true
	}
	k.open(e.At)
	if k.count++; k.count > maxKeys {
		return frame, complete
	}
	if c := typed(e.Code); c != 0 {
		k.text = append(k.text, c)
	} else {
		k.wrong = true
	}
	return frame, complete
}

func (k *Keyboard) begun() bool { return k.count > 0 || k.dropped }

func (k *Keyboard) open(at time.Duration) {
	if !k.begun() {
		k.begin, k.last = at, at
	}
	k.last = max(k.last, at)
}

// Idle is called when the source has nothing more to give at the time now.
func (k *Keyboard) Idle(now time.Duration) (frame Frame, complete bool) {
	if !k.begun() || now-k.last < keyGap {
		return Frame{}, false
	}
	return k.finish(false), true
}

// Due is when Idle may complete a frame; ok is false where none has begun.
func (k *Keyboard) Due() (at time.Duration, ok bool) { return k.last + keyGap, k.begun() }

func (k *Keyboard) finish(entered bool) Frame {
	f := Frame{At: k.begin, Length: k.count, Meant: k.count >= cardKeys || k.dropped}
	switch {
	case k.dropped:
		f.Problem = LostKeys
	case k.wrong:
		f.Problem = BadKey
	case !entered:
		f.Problem = Unfinished
	case k.count > maxKeys:
		f.Problem = BadLength
	default:
		f.Card, f.Problem = number(string(k.text), k.typing)
	}
	if f.Problem == "" {
		f.Format = "keyboard"
	}
	*k = Keyboard{typing: k.typing, text: k.text[:0]}
	return f
}

// number reads what was typed.
func number(text string, t Typing) (card string, p Problem) {
	switch t.Digits {
	case Hexadecimal:
		if strings.Contains(text, ",") {
			return "", BadKey
		}
		if len(text) != t.length() {
			return "", BadLength
		}
		return text, ""
	case Facility:
		facility, rest, comma := strings.Cut(text, ",")
		if !comma {
			facility, rest = text[:min(3, len(text))], text[min(3, len(text)):]
		}
		if strings.Trim(facility+rest, "0123456789") != "" {
			return "", BadKey
		}
		f, err1 := strconv.ParseUint(facility, 10, 8)
		n, err2 := strconv.ParseUint(rest, 10, 16)
		if len(facility) != 3 || len(rest) != 5 || err1 != nil || err2 != nil {
			return "", BadLength
		}
		return fmt.Sprintf("%02X%04X", f, n), ""
	default:
		if strings.Trim(text, "0123456789") != "" {
			return "", BadKey
		}
		n, err := strconv.ParseUint(text, 10, 32)
		if len(text) != t.length() || err != nil {
			return "", BadLength
		}
		return fmt.Sprintf("%08X", n), ""
	}
}
