package printer

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"

	"hallkeeper/wire"
)

// The bytes of ESC/POS that a ticket needs.
const (
	esc = 0x1b
	gs  = 0x1d
	fs  = 0x1c
	dle = 0x10
	eot = 0x04
)

// Sizes of text: width and height in multiples of a character.
const (
	plain  = 0x00
	double = 0x11
	huge   = 0x33
)

// missing stands for a character that printers have no glyph for.
const missing = '□'

// mostText is how long any text of a ticket may be, in characters.
const mostText = 200

// Bytes gives the job that prints a ticket.
func Bytes(t wire.PrintTicket) []byte {
	var b bytes.Buffer
	b.Write([]byte{esc, '@', fs, '&', esc, 'a', 1}) // begin anew, Chinese, centred
	line(&b, plain, t.Hall)
	line(&b, double, t.Service)
	line(&b, huge, t.Number)
	if words := classWords(t.Class); words != "" {
		line(&b, plain, words)
	}
	if t.Slot != "" {
		line(&b, plain, "预约 "+t.Slot+" appointment")
	}
	line(&b, plain, aheadWords(t))
	if len(t.Windows) > 0 {
		line(&b, plain, strings.Join(t.Windows, "、")+" 号窗口 window")
	}
	if t.URL != "" {
		code(&b, t.URL)
		line(&b, plain, "手机扫码看进度 scan to follow")
	}
	line(&b, plain, t.At)
	line(&b, plain, "请留意屏幕和语音叫号")
	b.Write([]byte{esc, 'd', 4, gs, 'V', 66, 0}) // feed and cut
	b.Write([]byte{gs, 'r', 1})                  // answer once all of this is done
	return b.Bytes()
}

func classWords(class string) string {
	return map[string]string{"elderly": "老年人优先 elderly", "disabled": "残疾人优先 disabled", "military": "军人优先 military",
		"green": "绿色通道 green channel", "appointment": "预约 appointment"}[class]
}

func aheadWords(t wire.PrintTicket) string {
	zh, en := fmt.Sprintf("前面 %d 人", t.Ahead), fmt.Sprintf("%d ahead", t.Ahead)
	if t.Wait != nil && *t.Wait >= 60 {
		m := (*t.Wait + 30) / 60
		zh, en = fmt.Sprintf("%s 约 %d 分钟", zh, m), fmt.Sprintf("%s, about %d min", en, m)
	}
	return zh + " / " + en
}

func line(b *bytes.Buffer, size byte, text string) {
	b.Write([]byte{gs, '!', size})
	b.Write(gb(text))
	b.WriteByte('\n')
}

// gb gives a text as a printer takes it: control characters are left out, and what
// GB 18030 spells in four bytes stands as a box, because printers have no glyph for it.
func gb(text string) []byte {
	var out []byte
	encoder := simplifiedchinese.GB18030.NewEncoder()
	n := 0
	for _, r := range text {
		if r < ' ' || r == 0x7f {
			continue
		}
		if n++; n > mostText {
			break
		}
		c, err := encoder.Bytes(utf8.AppendRune(nil, r))
		if err != nil || len(c) > 2 || r == utf8.RuneError {
			c, _ = encoder.Bytes(utf8.AppendRune(nil, missing))
		}
		out = append(out, c...)
	}
	return out
}

// mostCode is how long the address in a QR code may be.
const mostCode = 300

// code draws a QR code (model 2, error correction M).
func code(b *bytes.Buffer, text string) {
	if len(text) > mostCode {
		return
	}
	n := len(text) + 3
	b.Write([]byte{gs, '(', 'k', 4, 0, '1', 'A', '2', 0})
	b.Write([]byte{gs, '(', 'k', 3, 0, '1', 'C', 6})
	b.Write([]byte{gs, '(', 'k', 3, 0, '1', 'E', '1'})
	b.Write([]byte{gs, '(', 'k', byte(n), byte(n >> 8), '1', 'P', '0'})
	b.WriteString(text)
	b.Write([]byte{gs, '(', 'k', 3, 0, '1', 'Q', '0', '\n'})
}
