package report

import (
	"bytes"
	"image"
	"os"
	"testing"

	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"
)

// drawn paints a glyph of 64 pixels the em.
func drawn(t *testing.T, f *sfnt.Font, g sfnt.GlyphIndex) *image.Alpha {
	t.Helper()
	var b sfnt.Buffer
	all, err := f.LoadGlyph(&b, g, fixed.I(64), nil)
	if err != nil {
		t.Fatal(err)
	}
	const size = 96
	v := vector.NewRasterizer(size, size)
	at := func(p fixed.Point26_6) (x, y float32) { return float32(p.X)/64 + 16, float32(p.Y)/64 + 72 }
	for _, s := range all {
		x, y := at(s.Args[0])
		switch s.Op {
		case sfnt.SegmentOpMoveTo:
			v.ClosePath()
			v.MoveTo(x, y)
		case sfnt.SegmentOpLineTo:
			v.LineTo(x, y)
		case sfnt.SegmentOpQuadTo:
			x1, y1 := at(s.Args[1])
			v.QuadTo(x, y, x1, y1)
		case sfnt.SegmentOpCubeTo:
			x1, y1 := at(s.Args[1])
			x2, y2 := at(s.Args[2])
			v.CubeTo(x, y, x1, y1, x2, y2)
		}
	}
	v.ClosePath()
	m := image.NewAlpha(image.Rect(0, 0, size, size))
	v.Draw(m, m.Bounds(), image.Opaque, image.Point{})
	return m
}

// wrapped is a CFF font within the OpenType tables that a reader needs beside it.
func wrapped(cff []byte, glyphs, upem int) []byte {
	be := func(values ...int) (b []byte) {
		for _, v := range values {
			b = append(b, byte(v>>8), byte(v))
		}
		return b
	}
	head := bytes.Join([][]byte{be(1, 0, 1, 0, 0, 0, 0x5f0f, 0x3cf5, 0, upem), make([]byte, 16), be(0, 0, upem, upem, 0, 8, 2, 0, 0)}, nil)
	hhea := append(be(1, 0, 880, -120, 0, upem, 0, 0, upem, 1, 0, 0, 0, 0, 0, 0, 0), be(glyphs)...)
	hmtx := bytes.Repeat(be(upem, 0), glyphs)
	maxp := append(be(0, 0x5000), be(glyphs)...)
	post := append(be(3, 0), make([]byte, 28)...)
	cmap := bytes.Join([][]byte{be(0, 1, 3, 10, 0, 12), be(12, 0, 0, 28, 0, 0, 0, 1), be(0, 1, 0, glyphs-1, 0, 1)}, nil)
	name := be(0, 0, 6)
	tables := []struct {
		tag  string
		data []byte
	}{{"CFF ", cff}, {"cmap", cmap}, {"head", head}, {"hhea", hhea}, {"hmtx", hmtx}, {"maxp", maxp}, {"name", name}, {"post", post}}
	out := append([]byte("OTTO"), be(len(tables), 0, 0, 0)...)
	var body []byte
	begin := 12 + 16*len(tables)
	for _, x := range tables {
		at := begin + len(body)
		out = append(append(out, x.tag...), be(0, 0, at>>16, at, len(x.data)>>16, len(x.data))...)
		body = append(body, x.data...)
		for len(body)%4 != 0 {
			body = append(body, 0)
		}
	}
	return append(out, body...)
}

// A font that is written anew shows what the one that it was taken from shows, OpenType
// with cubic curves as well as TrueType with quadratic ones.
func TestAFontWrittenAnewLooksTheSame(t *testing.T) {
	for _, name := range []string{"/usr/share/fonts/opentype/noto/NotoSerifCJK-Regular.ttc", "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"} {
		file, err := os.Open(name)
		if os.IsNotExist(err) && name[len(name)-1] == 'f' {
			continue // the second one is there where browsers are
		}
		if err != nil {
			t.Fatalf("%v: scripts/needs.sh test installs it", err)
		}
		t.Cleanup(func() { _ = file.Close() })
		f, err := newFace(file)
		if err != nil {
			t.Fatal(err)
		}
		var glyphs []sfnt.GlyphIndex
		for _, r := range "政务服务大厅䶮㛃𬱖龘Agé1%" {
			if g := f.glyph(r); g != 0 {
				glyphs = append(glyphs, g)
			}
		}
		if len(glyphs) < 4 {
			t.Fatalf("%s has %d of the characters", name, len(glyphs))
		}
		cff, box, err := cffFont(f, glyphs)
		if err != nil {
			t.Fatal(err)
		}
		if box[0] >= box[2] || box[1] >= box[3] {
			t.Errorf("%s: the box is %v", name, box)
		}
		anew, err := sfnt.Parse(wrapped(cff, len(glyphs)+1, f.upem))
		if err != nil {
			t.Fatalf("%s written anew does not read: %v", name, err)
		}
		for i, g := range glyphs {
			want, got := drawn(t, f.font, g), drawn(t, anew, sfnt.GlyphIndex(i+1))
			differ := 0
			for k := range want.Pix {
				if d := int(want.Pix[k]) - int(got.Pix[k]); d > 40 || d < -40 {
					differ++
				}
			}
			if differ > 6 {
				t.Errorf("%s: glyph %d differs in %d points", name, g, differ)
			}
		}
	}
}
