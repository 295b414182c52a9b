package card

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// codes gives the key that types a character; lower-case letters stand for other keys.
func codes(c rune) uint16 {
	for code := uint16(1); code < 128; code++ {
		if typed(code) == byte(c) && c < 128 {
			return code
		}
	}
	return map[rune]uint16{'\n': 28, '\t': 15, '^': 42, 'x': 45, 'f': 59}[c]
}

// typing gives the keys of a text, 4 ms apart, from start on. '!' is an event
// that says that some were dropped, '_' a silence of 600 ms.
func typing(text string, start time.Duration) (keys []Key) {
	at := start
	for _, c := range text {
		at += 4 * ms
		switch c {
		case '!':
			keys = append(keys, Key{At: at, Type: evSyn, Code: synDropped})
		case '_':
			at += 600 * ms
		default:
			code := codes(c)
			keys = append(keys, Key{At: at, Type: 4, Code: 4, Value: int32(code)}, // its scan code, which is nothing to us
				Key{At: at, Type: evKey, Code: code, Value: keyDown}, Key{At: at}, Key{At: at + ms, Type: evKey, Code: code}, Key{At: at + ms})
		}
	}
	return keys
}

func readKeys(t Typing, keys []Key) (got []string) {
	k := NewKeyboard(t)
	add := func(f Frame, complete bool) {
		if complete {
			got = append(got, strings.TrimSpace(f.Card+" "+string(f.Problem)))
		}
	}
	for _, e := range keys {
		add(k.Push(e))
	}
	add(k.Idle(k.last + keyGap))
	return got
}

func TestWhatATypedNumberSays(t *testing.T) {
	decimal, hex, facility := Typing{Digits: Decimal}, Typing{Digits: Hexadecimal}, Typing{Digits: Facility}
	for _, c := range []struct {
		says   string
		typing Typing
		text   string
		want   string
	}{
		{"ten decimal digits are the card's 8 hex digits", decimal, "0077773249\n", "04A2B9C1"},
		{"Tab ends a number as well", decimal, "0077773249\t", "04A2B9C1"},
		{"the highest number fits", decimal, "4294967295\n", "FFFFFFFF"},
		{"a number above 32 bits is refused", decimal, "4294967296\n", "length"},
		{"a lost digit is refused", decimal, "077773249\n", "length"},
		{"a digit too many is refused", decimal, "00777732499\n", "length"},
		{"eight digits, where the reader types so", Typing{Decimal, 8}, "77773249\n", "04A2B9C1"},
		{"hex digits are the card, with Shift or without", hex, "^04^A2^B9^C1\n", "04A2B9C1"},
		{"hex digits of another length are refused", hex, "04A2B9C\n", "length"},
		{"fourteen hex digits, where the reader types so", Typing{Hexadecimal, 14}, "0412A3B4C5D680\n", "0412A3B4C5D680"},
		{"a letter is no decimal digit", decimal, "00777A3249\n", "keys"},
		{"a comma is no hex digit", hex, "04A2,B9C1\n", "keys"},
		{"facility and number", facility, "12345678\n", "7BB26E"},
		{"facility and number with a comma", facility, "123,45678\n", "7BB26E"},
		{"a facility above 255 is refused", facility, "25600001\n", "length"},
		{"a number above 65535 is refused", facility, "00165536\n", "length"},
		{"a keyboard somebody plugged in is no reader", decimal, "xxxxxx\n", "keys"},
		{"a function key is none of its keys", decimal, "00777f73249\n", "keys"},
		{"Enter by itself says nothing", decimal, "\n\n", ""},
		{"two cards after each other", decimal, "0000000001\n0000000002\n", "00000001, 00000002"},
		{"a number without Enter is refused, and the next is read", decimal, "0000000001_0000000002\n", "unfinished, 00000002"},
		{"an Enter after a long pause ends nothing", decimal, "0000000001_\n", "unfinished"},
		{"dropped events discard the card", decimal, "00000!00002\n0000000003\n", "lost_keys, 00000003"},
		{"dropped events before a card discard it: its first digits may be gone", decimal, "!0000000002\n", "lost_keys"},
		{"dropped events are given up after a silence", decimal, "!_0000000002\n", "lost_keys, 00000002"},
		{"keys without end are one refusal", decimal, strings.Repeat("1", 500) + "\n", "length"},
		{"two cards typed into each other are refused", decimal, "00000000000000000012\n", "length"},
	} {
		t.Run(c.says, func(t *testing.T) {
			if got := strings.Join(readKeys(c.typing, typing(c.text, 0)), ", "); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestTheNumberPadTypesTheSameDigits(t *testing.T) {
	var keys []Key
	for i, code := range []uint16{82, 79, 80, 81, 75, 76, 77, 71, 72, 73, 96} { // 0 1 2 … 9 Enter
		keys = append(keys, Key{At: time.Duration(i) * ms, Type: evKey, Code: code, Value: keyDown})
	}
	if got := readKeys(Typing{Digits: Decimal}, keys); len(got) != 1 || got[0] != "075BCD15" {
		t.Errorf("0123456789 on the number pad is read as %q", got)
	}
}

func TestAHeldKeyIsTypedOnce(t *testing.T) {
	keys := typing("0000000001", 0)
	keys = append(keys, Key{At: 50 * ms, Type: evKey, Code: 2, Value: 2}, Key{At: 60 * ms, Type: evKey, Code: 2, Value: 2})
	keys = append(keys, typing("\n", 70*ms)...)
	if got := readKeys(Typing{Digits: Decimal}, keys); len(got) != 1 || got[0] != "00000001" {
		t.Errorf("got %q", got)
	}
}

func TestTypingsOutsideTheirRangesAreRefused(t *testing.T) {
	for _, good := range []Typing{{Decimal, 0}, {Decimal, 5}, {Decimal, 10}, {Hexadecimal, 6}, {Hexadecimal, 20}, {Facility, 0}} {
		if err := good.Check(); err != nil {
			t.Errorf("%+v: %v", good, err)
		}
	}
	for _, bad := range []Typing{{Decimal, 4}, {Decimal, 11}, {Hexadecimal, 5}, {Hexadecimal, 21}, {Facility, 8}, {Decimal, -1}} {
		if bad.Check() == nil {
			t.Errorf("%+v is let through", bad)
		}
	}
	var d Digits
	if d.UnmarshalText([]byte("octal")) == nil || d.UnmarshalText([]byte("facility")) != nil || d != Facility {
		t.Error("words for digits are not told apart")
	}
}

func TestASingleLostOrExtraKeyIsRefused(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		number := rapid.Uint32().Draw(t, "number")
		typing, text := Typing{Digits: Decimal}, fmt.Sprintf("%010d\n", number)
		if rapid.Bool().Draw(t, "hex") {
			typing, text = Typing{Digits: Hexadecimal}, fmt.Sprintf("%08X\n", number)
		}
		at := time.Duration(0)
		var keys []Key
		for _, c := range text {
			at += time.Duration(rapid.IntRange(1, 400).Draw(t, "gap")) * ms
			keys = append(keys, Key{At: at, Type: evKey, Code: codes(c), Value: keyDown})
		}
		if got := readKeys(typing, keys); len(got) != 1 || got[0] != fmt.Sprintf("%08X", number) {
			t.Fatalf("%q is read as %q", text, got)
		}
		i := rapid.IntRange(0, len(keys)-2).Draw(t, "where")
		broken := append(append([]Key{}, keys[:i]...), keys[i+1:]...)
		if rapid.Bool().Draw(t, "extra") {
			broken = append(append(append([]Key{}, keys[:i]...), keys[i]), keys[i:]...)
		}
		for _, got := range readKeys(typing, broken) {
			if len(got) == 8 {
				t.Fatalf("%q with a fault is read as %q", text, got)
			}
		}
	})
}

// FuzzKeyboard holds what is true of any keys: what comes out is a card of the
// right length or a problem, and after silence a card is read.
func FuzzKeyboard(f *testing.F) {
	f.Add([]byte("0077773249\n"), uint8(0))
	f.Add([]byte("!04A2\n_x"), uint8(1))
	f.Add([]byte{255, 0, 28, 28, 15}, uint8(2))
	f.Fuzz(func(t *testing.T, raw []byte, kind uint8) {
		way := []Typing{{Digits: Decimal}, {Digits: Hexadecimal}, {Digits: Facility}}[kind%3]
		k := NewKeyboard(way)
		var at time.Duration
		look := func(f Frame, complete bool) {
			if complete && (f.Card == "") == (f.Problem == "") {
				t.Fatalf("%+v is neither a card nor a problem", f)
			}
			if complete && f.Card != "" && len(f.Card) != map[Digits]int{Decimal: 8, Hexadecimal: 8, Facility: 6}[way.Digits] {
				t.Fatalf("%+v has a wrong length", f)
			}
		}
		for i, b := range raw {
			at += time.Duration(b) * ms
			code := uint16(b)
			if c := codes(rune(b)); c != 0 {
				code = c
			}
			e := Key{At: at, Type: evKey, Code: code, Value: keyDown}
			if b == 255 {
				e = Key{At: at, Type: evSyn, Code: synDropped}
			}
			look(k.Push(e))
			if i%7 == 0 {
				look(k.Idle(at))
			}
		}
		look(k.Idle(at + keyGap))
		text, want := "0077773249\n", "04A2B9C1"
		switch way.Digits {
		case Hexadecimal:
			text = "04A2B9C1\n"
		case Facility:
			text, want = "12345678\n", "7BB26E"
		case Decimal:
		}
		var last Frame
		for _, e := range typing(text, at+2*keyGap) {
			if f, ok := k.Push(e); ok {
				last = f
			}
		}
		if last.Card != want {
			t.Fatalf("after %q a card is read as %+v", raw, last)
		}
	})
}
