package main

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"

	"hallkeeper/agent/board"
)

// circuit is one way in which things hang on a line, drawn with the lines of a board.
type circuit struct {
	kind   string
	zh, en string
	lines  []string // of the board, which have this circuit
	draw   func(b *bytes.Buffer, y int, line string)
}

// Size of one circuit in the picture, in its units.
const (
	circuitWidth  = 1000
	circuitHeight = 250
)

// circuits draws how one button, one output and one reader of the board are wired, each
// kind that the board has once, and names the lines that are wired so.
func circuits(f board.File) []byte {
	var list []circuit
	add := func(kind, zh, en, line string, draw func(*bytes.Buffer, int, string)) {
		for i := range list {
			if list[i].kind == kind {
				list[i].lines = append(list[i].lines, line)
				return
			}
		}
		list = append(list, circuit{kind, zh, en, []string{line}, draw})
	}
	for _, name := range slices.Sorted(maps.Keys(f.Buttons)) {
		if b := f.Buttons[name]; b.Active == "low" {
			add("button", "按键", "button", b.Pin, drawButton)
		} else {
			add("button-high", "按键，按下接 3.3 V", "button to 3V3", b.Pin, drawHighButton)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(f.Outputs)) {
		if o := f.Outputs[name]; o.Active == "low" {
			add("relay", "灯，低电平触发的继电器板", "lamp on a relay module, on when low", o.Pin, drawRelay)
		} else {
			add("transistor", "灯和蜂鸣器，经三极管", "lamps and buzzer through a transistor", o.Pin, drawTransistor)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(f.Readers)) {
		if r := f.Readers[name]; r.Kind == board.WiegandLines {
			add("reader", "韦根读卡器，经电平转换", "Wiegand reader through a level shifter", r.D0, drawReader)
			add("reader", "", "", r.D1, nil)
		}
	}
	height := 70 + len(list)*circuitHeight
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" font-family="'Noto Sans CJK SC','Noto Sans SC','Source Han Sans SC',sans-serif">
<title>%s 各路接法 circuits</title>
<rect width="100%%" height="100%%" fill="#fff"/>
<text x="40" y="46" font-size="26" font-weight="700" fill="#1a2233">每一路的接法 Circuits: %s</text>
`, circuitWidth, height, circuitWidth, height, escape(f.Name), escape(f.Name))
	for i, c := range list {
		y := 70 + i*circuitHeight
		fmt.Fprintf(&b, `<text x="40" y="%d" font-size="18" font-weight="700" fill="#1a2233">%s <tspan font-weight="400" fill="#556">%s</tspan></text>`+"\n", y+24, escape(c.zh), escape(c.en))
		fmt.Fprintf(&b, `<text x="40" y="%d" font-size="14" fill="#556">这样接 wired so: %s</text>`+"\n", y+46, escape(strings.Join(c.lines, ", ")))
		pi(&b, y+60, c.lines[0])
		c.draw(&b, y+60, c.lines[0])
		if c.kind == "reader" && len(c.lines) > 1 {
			pin(&b, y+130, c.lines[1])
		}
	}
	b.WriteString("</svg>\n")
	return b.Bytes()
}

const (
	ink   = "#1a2233"
	quiet = "#556"
)

func stroke(b *bytes.Buffer, colour, path string) {
	fmt.Fprintf(b, `<path d="%s" fill="none" stroke="%s" stroke-width="3"/>`+"\n", path, colour)
}

func words(b *bytes.Buffer, x, y int, text string) {
	fmt.Fprintf(b, `<text x="%d" y="%d" font-size="14" fill="%s">%s</text>`+"\n", x, y, quiet, escape(text))
}

func box(b *bytes.Buffer, x, y, w, h int, colour string, lines ...string) {
	fmt.Fprintf(b, `<rect x="%d" y="%d" width="%d" height="%d" rx="6" fill="#fff" stroke="%s" stroke-width="2.5"/>`+"\n", x, y, w, h, colour)
	for i, line := range lines {
		fmt.Fprintf(b, `<text x="%d" y="%d" font-size="14" fill="%s" text-anchor="middle">%s</text>`+"\n", x+w/2, y+h/2+5+i*19-(len(lines)-1)*9, ink, escape(line))
	}
}

// pi is the side of the Raspberry Pi with the first line and the ground.
func pi(b *bytes.Buffer, y int, line string) {
	fmt.Fprintf(b, `<rect x="40" y="%d" width="150" height="150" rx="8" fill="#20283a"/><text x="60" y="%d" font-size="14" fill="#fff">树莓派 Pi</text>`+"\n", y, y+26)
	pin(b, y+40, line)
	fmt.Fprintf(b, `<circle cx="190" cy="%d" r="9" fill="#000" stroke="#fff" stroke-width="2"/><text x="172" y="%d" font-size="13" fill="#fff" text-anchor="end">GND 地</text>`+"\n", y+120, y+125)
}

// pin is a line at the Pi's side, with its number on the header.
func pin(b *bytes.Buffer, y int, line string) {
	at := ""
	if n, err := pinOf(line); err == nil {
		at = fmt.Sprintf(" · %d", n)
	}
	fmt.Fprintf(b, `<circle cx="190" cy="%d" r="9" fill="#0072B2" stroke="#fff" stroke-width="2"/><text x="172" y="%d" font-size="13" fill="#fff" text-anchor="end">%s%s</text>`+"\n", y, y+5, escape(line), at)
}

func drawButton(b *bytes.Buffer, y int, _ string) {
	contact(b, y)
	stroke(b, ink, fmt.Sprintf("M199 %d H430 M490 %d H620 V%d H199", y+40, y+40, y+120))
	words(b, 640, y+70, "按下接地；树莓派内部上拉")
	words(b, 640, y+90, "closes to ground; the Pi's own resistor pulls up")
	words(b, 640, y+118, "线超过 1 米：10 kΩ 上拉到 3V3，屏蔽线")
	words(b, 640, y+138, "above 1 m: 10 kΩ to 3V3, shielded")
}

func drawHighButton(b *bytes.Buffer, y int, _ string) {
	contact(b, y)
	stroke(b, ink, fmt.Sprintf("M199 %d H430 M490 %d H620", y+40, y+40))
	box(b, 620, y+22, 90, 36, "#b08a00", "3V3")
	words(b, 730, y+45, "按下接 3.3 V closes to 3V3")
}

func contact(b *bytes.Buffer, y int) {
	stroke(b, "#0072B2", fmt.Sprintf("M434 %d L484 %d", y+40, y+18))
	for _, x := range []int{434, 486} {
		fmt.Fprintf(b, `<circle cx="%d" cy="%d" r="5" fill="%s"/>`+"\n", x, y+40, "#0072B2")
	}
	words(b, 428, y+10, "按键 button")
}

func drawTransistor(b *bytes.Buffer, y int, _ string) {
	stroke(b, ink, fmt.Sprintf("M199 %d H270", y+40))
	box(b, 270, y+25, 80, 30, ink, "1 kΩ")
	stroke(b, ink, fmt.Sprintf("M350 %d H420 M420 %d V%d", y+40, y+18, y+62))
	words(b, 360, y+32, "B")
	stroke(b, "#D55E00", fmt.Sprintf("M420 %d L460 %d V%d H520 M420 %d L460 %d V%d H199", y+28, y+8, y-2, y+52, y+72, y+120))
	fmt.Fprintf(b, `<path d="M460 %d l-12 -2 l5 -9 z" fill="#D55E00"/>`+"\n", y+72)
	words(b, 470, y+22, "C")
	words(b, 470, y+70, "E")
	words(b, 520, y+92, "NPN，如 e.g. S8050，或 MOS 管模块 or a MOSFET module")
	box(b, 520, y-18, 150, 34, "#D55E00", "灯、蜂鸣器 load")
	stroke(b, "#D55E00", fmt.Sprintf("M670 %d H760", y-1))
	box(b, 760, y-18, 150, 34, "#c00020", "5 V 或 12 V +")
	words(b, 520, y+118, "电源负极与树莓派共地 the supply's minus joins the Pi's ground")
}

func drawRelay(b *bytes.Buffer, y int, _ string) {
	stroke(b, ink, fmt.Sprintf("M199 %d H420 M199 %d H420", y+40, y+120))
	box(b, 420, y+20, 170, 120, "#D55E00", "继电器板 relay", "IN · GND", "低电平触发", "on when low")
	words(b, 270, y+32, "IN")
	words(b, 270, y+112, "GND")
	stroke(b, "#D55E00", fmt.Sprintf("M590 %d H700", y+50))
	box(b, 700, y+32, 190, 36, "#D55E00", "灯及其电源 lamp, supply")
	words(b, 610, y+100, "板子自己用 5 V 供电 the module has its own 5 V")
	words(b, 610, y+122, "开机时先置高，灯不亮 high at boot: the lamp stays off")
}

func drawReader(b *bytes.Buffer, y int, _ string) {
	stroke(b, ink, fmt.Sprintf("M199 %d H380 M199 %d H380 M199 %d H380", y+40, y+70, y+120))
	box(b, 380, y+15, 170, 125, "#c00020", "电平转换板", "level shifter", "3.3 V ← 5 V")
	stroke(b, "#009E73", fmt.Sprintf("M550 %d H720", y+40))
	stroke(b, quiet, fmt.Sprintf("M550 %d H720", y+70))
	stroke(b, ink, fmt.Sprintf("M550 %d H720", y+120))
	words(b, 575, y+32, "D0 绿 green")
	words(b, 575, y+62, "D1 白 white")
	words(b, 575, y+112, "GND 地，共地 shared")
	box(b, 720, y+15, 200, 125, "#009E73", "读卡器 reader", "自己的 5 或 12 V 电源", "a supply of its own")
}
