package report

import (
	"encoding/binary"
	"fmt"

	"golang.org/x/image/font/sfnt"
)

// A CID-keyed CFF font of the glyphs that a document uses (Adobe Technical Notes 5176
// and 5177). It is written anew from outlines, so that TrueType and OpenType fonts, single
// or in collections, are embedded the same way. Glyph n has the CID n; 0 is .notdef.

// Operators of dictionaries and charstrings.
const (
	opCharset      = 15
	opCharStrings  = 17
	opPrivate      = 18
	opFontBBox     = 5
	opDefaultWidth = 20

	opMove  = 21
	opLine  = 5
	opCurve = 8
	opEnd   = 14

	opROS        = 12<<8 | 30
	opCIDCount   = 12<<8 | 34
	opFDArray    = 12<<8 | 36
	opFDSelect   = 12<<8 | 37
	opFontMatrix = 12<<8 | 7
)

// standardStrings is how many strings every CFF reader knows; ours follow.
const standardStrings = 391

// cffFont writes a font of glyphs, which are numbered from 1 on in their order.
func cffFont(f *face, glyphs []sfnt.GlyphIndex) (data []byte, box [4]int, err error) {
	charstrings := make([][]byte, 0, len(glyphs)+1)
	charstrings = append(charstrings, []byte{opEnd})
	box = [4]int{1 << 20, 1 << 20, -1 << 20, -1 << 20}
	for _, g := range glyphs {
		outline, err := f.outline(g)
		if err != nil {
			return nil, box, err
		}
		charstrings = append(charstrings, charstring(outline, f.width(g)*f.upem/1000, &box))
	}
	if box[0] > box[2] {
		box = [4]int{}
	}

	name := index([][]byte{[]byte("AAAAAA+" + f.name)})
	strings := index([][]byte{[]byte("Adobe"), []byte("Identity")})
	global := index(nil)
	charset := []byte{2, 0, 1, 0, 0} // glyphs from 1 on have the CIDs from 1 on
	binary.BigEndian.PutUint16(charset[3:], uint16(max(len(glyphs), 1)-1))
	if len(glyphs) == 0 {
		charset = []byte{0}
	}
	selects := []byte{3, 0, 1, 0, 0, 0, 0, 0} // all glyphs are of the one font
	binary.BigEndian.PutUint16(selects[6:], uint16(len(charstrings)))
	shapes := index(charstrings)
	private := dict(opDefaultWidth, f.upem)

	// Offsets are written with five bytes each, so the sizes of dictionaries are known before the offsets are.
	top := func(charset, fdSelect, charStrings, fdArray int) []byte {
		d := dict(opROS, standardStrings, standardStrings+1, 0)
		d = append(d, matrix(f.upem)...)
		d = append(d, dict(opFontBBox, box[0], box[1], box[2], box[3])...)
		d = append(d, dict(opCIDCount, len(charstrings))...)
		d = append(d, dictOffsets(opCharset, charset)...)
		d = append(d, dictOffsets(opFDSelect, fdSelect)...)
		d = append(d, dictOffsets(opCharStrings, charStrings)...)
		return append(d, dictOffsets(opFDArray, fdArray)...)
	}
	head := []byte{1, 0, 4, 4}
	sub := func(at int) []byte { return index([][]byte{dictOffsets(opPrivate, len(private), at)}) }
	begin := len(head) + len(name) + len(index([][]byte{top(0, 0, 0, 0)})) + len(strings) + len(global)
	atSelect := begin + len(charset)
	atShapes := atSelect + len(selects)
	atArray := atShapes + len(shapes)
	atPrivate := atArray + len(sub(0))
	for _, part := range [][]byte{head, name, index([][]byte{top(begin, atSelect, atShapes, atArray)}), strings, global, charset, selects, shapes, sub(atPrivate), private} {
		data = append(data, part...)
	}
	return data, box, nil
}

// matrix is the font matrix of so many units to the em; 1000 is what readers take without one.
func matrix(upem int) []byte {
	if upem == 1000 {
		return nil
	}
	scale := realNumber(fmt.Sprintf("%.9f", 1/float64(upem)))
	var d []byte
	for _, one := range []bool{true, false, false, true, false, false} {
		if one {
			d = append(d, scale...)
		} else {
			d = append(d, number(0)...)
		}
	}
	return append(d, operator(opFontMatrix)...)
}

// charstring is a glyph's outline as a Type 2 charstring with its width, and widens the box by it.
func charstring(outline []segment, width int, box *[4]int) []byte {
	// The first operator carries the width's difference to nominalWidthX, which is 0.
	out := number(width)
	var at point
	to := func(p point) {
		out = append(append(out, number(p.x-at.x)...), number(p.y-at.y)...)
		at = p
		box[0], box[1], box[2], box[3] = min(box[0], p.x), min(box[1], p.y), max(box[2], p.x), max(box[3], p.y)
	}
	for _, s := range outline {
		switch s.op {
		case sfnt.SegmentOpMoveTo:
			to(s.at[0])
			out = append(out, opMove)
		case sfnt.SegmentOpLineTo:
			to(s.at[0])
			out = append(out, opLine)
		case sfnt.SegmentOpQuadTo: // the cubic curve that is the same
			from, c, end := at, s.at[0], s.at[1]
			third := func(a, b int) int { return (a + 2*b) / 3 }
			to(point{third(from.x, c.x), third(from.y, c.y)})
			to(point{third(end.x, c.x), third(end.y, c.y)})
			to(end)
			out = append(out, opCurve)
		case sfnt.SegmentOpCubeTo:
			for _, p := range s.at {
				to(p)
			}
			out = append(out, opCurve)
		}
	}
	return append(out, opEnd)
}

// number writes a whole number as in charstrings; dictionaries share the forms.
func number(n int) []byte {
	switch {
	case n >= -107 && n <= 107:
		return []byte{byte(n + 139)}
	case n >= 108 && n <= 1131:
		return []byte{byte((n-108)>>8 + 247), byte(n - 108)}
	case n >= -1131 && n <= -108:
		return []byte{byte((-n-108)>>8 + 251), byte(-n - 108)}
	}
	return []byte{28, byte(n >> 8), byte(n)}
}

// long writes a number with five bytes, whatever it is.
func long(n int) []byte { return binary.BigEndian.AppendUint32([]byte{29}, uint32(n)) }

// realNumber writes a decimal fraction: a nibble for each character.
func realNumber(text string) []byte {
	nibbles := make([]byte, 0, len(text)+2)
	for _, c := range []byte(text) {
		if c == '.' {
			nibbles = append(nibbles, 0xa)
		} else {
			nibbles = append(nibbles, c-'0')
		}
	}
	nibbles = append(nibbles, 0xf)
	if len(nibbles)%2 == 1 {
		nibbles = append(nibbles, 0xf)
	}
	out := []byte{30}
	for i := 0; i < len(nibbles); i += 2 {
		out = append(out, nibbles[i]<<4|nibbles[i+1])
	}
	return out
}

func operator(op int) []byte {
	if op > 0xff {
		return []byte{byte(op >> 8), byte(op)}
	}
	return []byte{byte(op)}
}

func dict(op int, operands ...int) (d []byte) {
	for _, n := range operands {
		if n < -32768 || n > 32767 {
			d = append(d, long(n)...)
		} else {
			d = append(d, number(n)...)
		}
	}
	return append(d, operator(op)...)
}

func dictOffsets(op int, offsets ...int) (d []byte) {
	for _, n := range offsets {
		d = append(d, long(n)...)
	}
	return append(d, operator(op)...)
}

// index is a list of byte strings.
func index(items [][]byte) []byte {
	out := binary.BigEndian.AppendUint16(nil, uint16(len(items)))
	if len(items) == 0 {
		return out
	}
	out = append(out, 4)
	at := uint32(1)
	out = binary.BigEndian.AppendUint32(out, at)
	for _, item := range items {
		at += uint32(len(item))
		out = binary.BigEndian.AppendUint32(out, at)
	}
	for _, item := range items {
		out = append(out, item...)
	}
	return out
}
