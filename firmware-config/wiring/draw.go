package main

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"fmt"
	"maps"
	"slices"
	"strings"

	"hallkeeper/agent/board"
)

// wired is one thing that hangs on a line.
type wired struct {
	pin    int // of the header
	line   string
	kind   string // button, output or reader: its colour
	zh, en string // what it is
	how    string // between it and the line, in both languages
}

// wiring is a whole board.
type wiring struct {
	things []wired
	// usb are the readers that are plugged into a USB port.
	usb []string
}

// wire finds the places of all lines of a board file.
func wire(f board.File) (wiring, error) {
	var w wiring
	add := func(line, kind, zh, en, how string) error {
		pin, err := pinOf(line)
		w.things = append(w.things, wired{pin, line, kind, zh, en, how})
		return err
	}
	names := map[string][2]string{
		"rating5": {"非常满意", "very satisfied"}, "rating4": {"满意", "satisfied"}, "rating3": {"基本满意", "fairly satisfied"},
		"rating2": {"不满意", "dissatisfied"}, "rating1": {"非常不满意", "very dissatisfied"},
		board.LampGreen: {"绿灯", "green lamp"}, board.LampRed: {"红灯", "red lamp"}, board.Buzzer: {"有源蜂鸣器", "active buzzer"},
	}
	for _, name := range slices.Sorted(maps.Keys(f.Buttons)) {
		b, words := f.Buttons[name], names[name]
		if board.IsCall(name) {
			words = [2]string{"叫号", "call"}
		}
		to := "另一端接地 other side to GND"
		if b.Active == "high" {
			to = "另一端接 3.3 V other side to 3V3"
		}
		if b.Bias == "none" {
			to += "，外加电阻 with a resistor of its own"
		}
		if err := add(b.Pin, "button", words[0]+"键 "+name, words[1], to); err != nil {
			return w, err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(f.Outputs)) {
		o, words := f.Outputs[name], names[name]
		how := "经三极管或 MOS 管 through a transistor"
		if o.Active == "low" {
			how = "低电平触发的继电器板 relay module, on when low"
		}
		if err := add(o.Pin, "output", words[0], words[1], how); err != nil {
			return w, err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(f.Readers)) {
		r := f.Readers[name]
		if r.Kind == board.Keyboard {
			w.usb = append(w.usb, fmt.Sprintf("读卡器 %s：插任一 USB 口 reader %s: any USB port (%s)", name, name, strings.TrimSpace(r.USB+" "+r.Model+" "+r.Port)))
			continue
		}
		const how = "必须经 5 V→3.3 V 电平转换 level shifter 5 V to 3.3 V, always"
		for _, one := range []struct{ line, what, colour string }{{r.D0, "D0", "绿线 green wire"}, {r.D1, "D1", "白线 white wire"}} {
			if err := add(one.line, "reader", "读卡器 "+name+" "+one.what, one.colour, how); err != nil {
				return w, err
			}
		}
	}
	slices.SortFunc(w.things, func(a, b wired) int { return cmp.Compare(a.pin, b.pin) })
	return w, nil
}

// Sizes of the picture, in its units.
const (
	width    = 1240
	top      = 110
	row      = 40
	boxWidth = 400
	left     = width/2 - 60 // of the header
	headerW  = 120
)

// draw gives the picture: the header as one looks at it with the USB ports below,
// odd pins on the left, and at each line what hangs on it.
func draw(name string, w wiring) []byte {
	height := top + pins/2*row + 90 + 30*len(w.usb)
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" font-family="'Noto Sans CJK SC','Noto Sans SC','Source Han Sans SC',sans-serif">
<title>%s 接线图 wiring</title>
<rect width="100%%" height="100%%" fill="#fff"/>
<text x="40" y="50" font-size="28" font-weight="700" fill="#1a2233">接线图 Wiring: %s</text>
<text x="40" y="80" font-size="16" fill="#556">树莓派 40 针，USB 口朝下看 · Raspberry Pi, 40 pins, seen with the USB ports below</text>
`, width, height, width, height, escape(name), escape(name))
	fmt.Fprintf(&b, `<rect x="%d" y="%d" width="%d" height="%d" rx="10" fill="#20283a"/>`+"\n", left, top-8, headerW, pins/2*row+16)
	at := map[int]wired{}
	for _, t := range w.things {
		at[t.pin] = t
	}
	colours := map[string]string{"button": "#0072B2", "output": "#D55E00", "reader": "#009E73"}
	for pin := 1; pin <= pins; pin++ {
		odd := pin%2 == 1
		y := top + (pin-1)/2*row + row/2
		x, step := left+34, -1
		if !odd {
			x, step = left+headerW-34, 1
		}
		t, used := at[pin]
		fill, label := "#8b93a7", ""
		switch supply(pin) {
		case "GND":
			fill, label = "#000", "GND 地"
		case "3V3":
			fill, label = "#f0c000", "3V3"
		case "5V":
			fill, label = "#c00020", "5V"
		}
		if used {
			fill = colours[t.kind]
		}
		fmt.Fprintf(&b, `<circle cx="%d" cy="%d" r="12" fill="%s" stroke="#fff" stroke-width="2"/>`, x, y, fill)
		fmt.Fprintf(&b, `<text x="%d" y="%d" font-size="11" font-weight="700" fill="#fff" text-anchor="middle">%d</text>`+"\n", x, y+4, pin)
		edge, anchor := left-10, "end"
		if !odd {
			edge, anchor = left+headerW+10, "start"
		}
		switch {
		case used:
			boxX := 20
			if !odd {
				boxX = width - 20 - boxWidth
			}
			near := boxX + boxWidth
			if !odd {
				near = boxX
			}
			fmt.Fprintf(&b, `<line x1="%d" y1="%d" x2="%d" y2="%d" stroke="%s" stroke-width="3"/>`, x+12*step, y, near, y, fill)
			fmt.Fprintf(&b, `<rect x="%d" y="%d" width="%d" height="%d" rx="6" fill="#fff" stroke="%s" stroke-width="2"/>`, boxX, y-row/2+2, boxWidth, row-4, fill)
			fmt.Fprintf(&b, `<text x="%d" y="%d" font-size="14" font-weight="700" fill="#1a2233">%s <tspan font-weight="400">%s</tspan></text>`, boxX+10, y-3, escape(t.zh), escape(t.en))
			fmt.Fprintf(&b, `<text x="%d" y="%d" font-size="11" fill="#556">%s</text>`, boxX+10, y+13, escape(t.how))
			// The line's name sits on the wire.
			middle := (edge + near) / 2
			fmt.Fprintf(&b, `<rect x="%d" y="%d" width="68" height="20" rx="4" fill="#fff"/><text x="%d" y="%d" font-size="14" font-weight="700" fill="%s" text-anchor="middle">%s</text>`+"\n",
				middle-34, y-10, middle, y+5, fill, escape(t.line))
		case label != "":
			fmt.Fprintf(&b, `<text x="%d" y="%d" font-size="13" fill="#556" text-anchor="%s">%s</text>`+"\n", edge, y+5, anchor, label)
		}
	}
	y := top + pins/2*row + 44
	fmt.Fprintf(&b, `<text x="40" y="%d" font-size="15" fill="#a00020" font-weight="700">引脚只能承受 3.3 V · A line bears 3.3 V only. 读卡器另有电源，须与树莓派共地 · the reader has its own supply and shares the ground.</text>`+"\n", y)
	for _, usb := range w.usb {
		y += 30
		fmt.Fprintf(&b, `<text x="40" y="%d" font-size="15" fill="#009E73" font-weight="700">%s</text>`+"\n", y, escape(usb))
	}
	b.WriteString("</svg>\n")
	return b.Bytes()
}

func escape(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a strings.Builder takes all
	return b.String()
}
