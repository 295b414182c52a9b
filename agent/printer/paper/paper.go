// Package paper reads the bytes of a job as a printer does and shows what would be
// on the paper, as text and as a picture: for tests, for the demo and for looking at
// a ticket before a printer is there. It owns no printer.
package paper

import (
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io"
	"os"

	"golang.org/x/image/font"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
	"golang.org/x/text/encoding/simplifiedchinese"
	"rsc.io/qr"
)

// Line is a line of text or a QR code.
type Line struct {
	Text string
	// Width and Height are multiples of a character.
	Width, Height int
	Centred       bool
	// Code is the content of a QR code, Dots the size of its modules.
	Code string
	Dots int
}

// Read gives the lines of a job, or an error at the first byte that printers would
// not understand.
func Read(job []byte) (lines []Line, err error) {
	r := reader{rest: job, line: Line{Width: 1, Height: 1}, dots: 3}
	for len(r.rest) > 0 {
		if err := r.step(); err != nil {
			return r.lines, fmt.Errorf("byte %d of %d: %w", len(job)-len(r.rest), len(job), err)
		}
	}
	if len(r.text) > 0 {
		r.end()
	}
	return r.lines, nil
}

type reader struct {
	rest  []byte
	lines []Line
	line  Line
	text  []byte
	code  string
	dots  int
}

var errCommand = errors.New("no printer command begins so")

func (r *reader) take(n int) ([]byte, error) {
	if len(r.rest) < n {
		return nil, io.ErrUnexpectedEOF
	}
	b := r.rest[:n]
	r.rest = r.rest[n:]
	return b, nil
}

func (r *reader) step() error {
	switch r.rest[0] {
	case 0x1b, 0x1c, 0x1d:
		return r.command()
	case '\n':
		r.rest = r.rest[1:]
		r.end()
		return nil
	}
	if r.rest[0] < ' ' || r.rest[0] == 0x7f || r.rest[0] == 0x80 || r.rest[0] == 0xff {
		return errCommand
	}
	n := 1
	if r.rest[0] > 0x80 {
		n = 2
	}
	b, err := r.take(n)
	r.text = append(r.text, b...)
	return err
}

func (r *reader) end() {
	text, _ := simplifiedchinese.GB18030.NewDecoder().Bytes(r.text)
	l := r.line
	l.Text = string(text)
	r.lines, r.text = append(r.lines, l), nil
}

func (r *reader) command() error {
	b, err := r.take(2)
	if err != nil {
		return err
	}
	args := map[string]int{"\x1b@": 0, "\x1c&": 0, "\x1ba": 1, "\x1bd": 1, "\x1d!": 1, "\x1dV": 2, "\x1dr": 1, "\x1d(": 3}
	n, known := args[string(b)]
	if !known {
		return errCommand
	}
	a, err := r.take(n)
	if err != nil {
		return err
	}
	switch string(b) {
	case "\x1ba":
		r.line.Centred = a[0] == 1
	case "\x1d!":
		r.line.Width, r.line.Height = int(a[0]>>4)+1, int(a[0]&15)+1
	case "\x1bd":
		for range a[0] {
			r.lines = append(r.lines, Line{Width: 1, Height: 1})
		}
	case "\x1d(":
		return r.symbol(a)
	}
	return nil
}

// symbol reads a part of a QR code: GS ( k pL pH cn fn …
func (r *reader) symbol(a []byte) error {
	if a[0] != 'k' {
		return errCommand
	}
	b, err := r.take(int(a[1]) | int(a[2])<<8)
	if err != nil || len(b) < 3 || b[0] != '1' {
		return errors.Join(err, errCommand)
	}
	switch b[1] {
	case 'C':
		r.dots = int(b[2])
	case 'P':
		r.code = string(b[3:])
	case 'Q':
		r.lines = append(r.lines, Line{Code: r.code, Dots: r.dots, Centred: r.line.Centred})
	}
	return nil
}

// The dots of a character and of the paper: 80 mm at 203 dpi, of which 72 mm are printed.
const (
	half    = 12
	tall    = 24
	across  = 576
	leading = 6
)

// Draw paints a job with the font in a file (TrueType, OpenType or a collection).
func Draw(job []byte, fontFile string) (*image.Gray, error) {
	lines, err := Read(job)
	if err != nil {
		return nil, err
	}
	data, err := os.ReadFile(fontFile)
	if err != nil {
		return nil, fmt.Errorf("read the font: %w", err)
	}
	all, err := opentype.ParseCollection(data)
	if err != nil {
		return nil, fmt.Errorf("read the font %s: %w", fontFile, err)
	}
	face, err := all.Font(0)
	if err != nil {
		return nil, err
	}
	p := &painter{font: face, faces: map[int]font.Face{}}
	p.paper = image.NewGray(image.Rect(0, 0, across, 4000))
	draw.Draw(p.paper, p.paper.Bounds(), image.White, image.Point{}, draw.Src)
	for _, l := range lines {
		if err := p.line(l); err != nil {
			return nil, err
		}
	}
	cut, _ := p.paper.SubImage(image.Rect(0, 0, across, min(p.y+tall, 4000))).(*image.Gray)
	return cut, nil
}

// PNG writes a job as a picture.
func PNG(w io.Writer, job []byte, fontFile string) error {
	m, err := Draw(job, fontFile)
	if err != nil {
		return err
	}
	return png.Encode(w, m)
}

type painter struct {
	paper *image.Gray
	font  *opentype.Font
	faces map[int]font.Face
	y     int
}

func (p *painter) line(l Line) error {
	if l.Code != "" {
		return p.code(l)
	}
	size := tall * l.Height
	if p.faces[size] == nil {
		face, err := opentype.NewFace(p.font, &opentype.FaceOptions{Size: float64(size), DPI: 72, Hinting: font.HintingFull})
		if err != nil {
			return err
		}
		p.faces[size] = face
	}
	var row []rune
	width := 0
	flush := func() {
		p.row(row, width, size, l)
		row, width = nil, 0
	}
	for _, c := range l.Text {
		if width+cell(c)*l.Width > across {
			flush()
		}
		row, width = append(row, c), width+cell(c)*l.Width
	}
	flush()
	return nil
}

func cell(c rune) int {
	if c < 0x80 {
		return half
	}
	return 2 * half
}

func (p *painter) row(row []rune, width, size int, l Line) {
	x := 0
	if l.Centred {
		x = (across - width) / 2
	}
	d := font.Drawer{Dst: p.paper, Src: image.Black, Face: p.faces[size]}
	for _, c := range row {
		space := cell(c) * l.Width
		advance := d.MeasureString(string(c)).Ceil()
		d.Dot = fixed.P(x+(space-advance)/2, p.y+size*7/8)
		d.DrawString(string(c))
		x += space
	}
	p.y += size + leading
}

func (p *painter) code(l Line) error {
	c, err := qr.Encode(l.Code, qr.M)
	if err != nil {
		return err
	}
	x0 := 0
	if l.Centred {
		x0 = (across - c.Size*l.Dots) / 2
	}
	for y := range c.Size * l.Dots {
		for x := range c.Size * l.Dots {
			if c.Black(x/l.Dots, y/l.Dots) {
				p.paper.SetGray(x0+x, p.y+tall+y, color.Gray{})
			}
		}
	}
	p.y += c.Size*l.Dots + 2*tall
	return nil
}
