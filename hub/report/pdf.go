package report

import (
	"bytes"
	"compress/zlib"
	"crypto/sha256"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf16"

	"golang.org/x/image/font/sfnt"
)

// pdf writes a PDF 1.7 (ISO 32000-1) of pages with text, lines and boxes. Points are
// counted from the upper left corner.
type pdf struct {
	fonts *Fonts
	pages []*page
	used  [faces]used
	// missing are the characters that no font has.
	missing []rune
}

// used are the glyphs of a face in the order in which they came up, with the text that each stands for.
type used struct {
	ids    map[sfnt.GlyphIndex]int
	glyphs []sfnt.GlyphIndex
	runes  []rune
}

type page struct{ ops bytes.Buffer }

type colour [3]float64

const (
	a4Width  = 595.28
	a4Height = 841.89
)

func black() colour { return colour{} }
func red() colour   { return colour{0.86, 0, 0} }
func grey() colour  { return colour{0.45, 0.45, 0.45} }

func (p *pdf) addPage() *page {
	x := &page{}
	p.pages = append(p.pages, x)
	return x
}

// style is how text is set. Spacing is added after each character.
type style struct {
	face    faceID
	size    float64
	spacing float64
	colour  colour
}

// wide is the width of a text in points, without spacing after the last character.
func (p *pdf) wide(s style, text string) float64 {
	w, n := 0.0, 0
	for _, r := range text {
		id, g := p.fonts.find(s.face, r)
		w += float64(p.fonts.faces[id].width(g)) * s.size / 1000
		n++
	}
	return w + float64(max(n-1, 0))*s.spacing
}

// text writes a line with its base line at y.
func (p *pdf) text(on *page, x, y float64, s style, text string) {
	if text == "" {
		return
	}
	fmt.Fprintf(&on.ops, "BT %.3f %.3f %.3f rg %.3f Tc %.2f %.2f Td", s.colour[0], s.colour[1], s.colour[2], s.spacing, x, a4Height-y)
	last, open := faceID(-1), false
	for _, r := range text {
		id, g := p.fonts.find(s.face, r)
		if g == 0 && !slices.Contains(p.missing, r) {
			p.missing = append(p.missing, r)
		}
		if id != last {
			if open {
				on.ops.WriteString("> Tj")
			}
			fmt.Fprintf(&on.ops, " /F%d %.2f Tf <", id, s.size)
			last, open = id, true
		}
		fmt.Fprintf(&on.ops, "%04X", p.cid(id, g, r))
	}
	on.ops.WriteString("> Tj ET\n")
}

func (p *pdf) cid(id faceID, g sfnt.GlyphIndex, r rune) int {
	u := &p.used[id]
	if n, ok := u.ids[g]; ok {
		return n
	}
	if u.ids == nil {
		u.ids = map[sfnt.GlyphIndex]int{}
	}
	u.glyphs, u.runes = append(u.glyphs, g), append(u.runes, r)
	u.ids[g] = len(u.glyphs)
	return len(u.glyphs)
}

// line draws one of a width in points.
func (p *pdf) line(on *page, x1, y1, x2, y2, width float64, c colour) {
	fmt.Fprintf(&on.ops, "%.3f %.3f %.3f RG %.2f w %.2f %.2f m %.2f %.2f l S\n", c[0], c[1], c[2], width, x1, a4Height-y1, x2, a4Height-y2)
}

// box fills a rectangle, whose upper left corner is at x, y.
func (p *pdf) box(on *page, x, y, width, height float64, c colour) {
	fmt.Fprintf(&on.ops, "%.3f %.3f %.3f rg %.3f %.3f %.3f %.3f re f\n", c[0], c[1], c[2], x, a4Height-y-height, width, height)
}

// circle draws a dashed one, where a seal goes.
func (p *pdf) circle(on *page, x, y, r float64, c colour) {
	const k = 0.5523 // of the radius: where the control points of a quarter circle are
	y = a4Height - y
	fmt.Fprintf(&on.ops, "%.3f %.3f %.3f RG 0.6 w [3 3] 0 d %.2f %.2f m", c[0], c[1], c[2], x+r, y)
	for _, q := range [][6]float64{{1, k, k, 1, 0, 1}, {-k, 1, -1, k, -1, 0}, {-1, -k, -k, -1, 0, -1}, {k, -1, 1, -k, 1, 0}} {
		fmt.Fprintf(&on.ops, " %.2f %.2f %.2f %.2f %.2f %.2f c", x+q[0]*r, y+q[1]*r, x+q[2]*r, y+q[3]*r, x+q[4]*r, y+q[5]*r)
	}
	on.ops.WriteString(" S [] 0 d\n")
}

// meta is what a file says of itself.
type meta struct {
	title, author, subject, lang string
	at                           time.Time
	stamp                        *Stamp
}

// write writes the file; nothing is written where a character is missing.
func (p *pdf) write(w io.Writer, m meta) error {
	if len(p.missing) > 0 {
		slices.Sort(p.missing)
		return &MissingGlyphs{slices.Clone(p.missing)}
	}
	o := &objects{}
	o.raw.WriteString("%PDF-1.7\n%\xe6\xb1\x89\xe5\xad\x97\n")
	catalog, tree, info, resources := o.reserve(), o.reserve(), o.reserve(), o.reserve()
	var kids, fonts strings.Builder
	for _, pg := range p.pages {
		content := o.stream("", pg.ops.Bytes())
		id := o.add(fmt.Sprintf("<< /Type /Page /Parent %d 0 R /MediaBox [0 0 %.2f %.2f] /Resources %d 0 R /Contents %d 0 R >>", tree, a4Width, a4Height, resources, content))
		fmt.Fprintf(&kids, "%d 0 R ", id)
	}
	for id := range p.used {
		if len(p.used[id].glyphs) == 0 {
			continue
		}
		ref, err := p.font(o, faceID(id))
		if err != nil {
			return err
		}
		fmt.Fprintf(&fonts, "/F%d %d 0 R ", id, ref)
	}
	o.set(resources, "<< /Font << "+fonts.String()+">> >>")
	o.set(tree, fmt.Sprintf("<< /Type /Pages /Count %d /Kids [%s] >>", len(p.pages), strings.TrimSpace(kids.String())))
	metadata := ""
	if m.stamp != nil {
		text := m.stamp.xmp(&m)
		metadata = fmt.Sprintf(" /Metadata %d 0 R", o.add(fmt.Sprintf("<< /Length %d /Type /Metadata /Subtype /XML >>\nstream\n%s\nendstream", len(text), text)))
	}
	o.set(catalog, fmt.Sprintf("<< /Type /Catalog /Pages %d 0 R /Lang (%s) /ViewerPreferences << /DisplayDocTitle true >>%s >>", tree, m.lang, metadata))
	date := m.at.Format("D:20060102150405-07'00'")
	o.set(info, fmt.Sprintf("<< /Title %s /Author %s /Subject %s /Creator (Hallkeeper) /Producer (Hallkeeper) /CreationDate (%s) /ModDate (%s) >>",
		utf16Text(m.title), utf16Text(m.author), utf16Text(m.subject), date, date))
	return o.finish(w, catalog, info)
}

// font writes a face with the glyphs that are used, and gives the number of its object.
func (p *pdf) font(o *objects, id faceID) (ref int, err error) {
	f, u := p.fonts.faces[id], p.used[id]
	data, box, err := cffFont(f, u.glyphs)
	if err != nil {
		return 0, err
	}
	for i := range box {
		box[i] = box[i] * 1000 / f.upem
	}
	var widths strings.Builder
	for _, g := range u.glyphs {
		fmt.Fprintf(&widths, "%d ", f.width(g))
	}
	program := o.stream("/Subtype /CIDFontType0C", data)
	name := "AAAAAA+" + f.name
	descriptor := o.add(fmt.Sprintf("<< /Type /FontDescriptor /FontName /%s /FontFamily (%s) /Flags 4 /FontBBox [%d %d %d %d] /ItalicAngle 0 /Ascent 880 /Descent -120 /CapHeight 733 /StemV 80 /FontFile3 %d 0 R >>",
		name, f.name, box[0], box[1], box[2], box[3], program))
	cidFont := o.add(fmt.Sprintf("<< /Type /Font /Subtype /CIDFontType0 /BaseFont /%s /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> /FontDescriptor %d 0 R /DW 1000 /W [1 [%s]] >>",
		name, descriptor, strings.TrimSpace(widths.String())))
	unicode := o.stream("", toUnicode(u.runes))
	return o.add(fmt.Sprintf("<< /Type /Font /Subtype /Type0 /BaseFont /%s-Identity-H /Encoding /Identity-H /DescendantFonts [%d 0 R] /ToUnicode %d 0 R >>", name, cidFont, unicode)), nil
}

// toUnicode lets readers search and copy text.
func toUnicode(runes []rune) []byte {
	var b bytes.Buffer
	b.WriteString("/CIDInit /ProcSet findresource begin 12 dict begin begincmap\n/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n" +
		"/CMapName /Adobe-Identity-UCS def /CMapType 2 def\n1 begincodespacerange <0000> <FFFF> endcodespacerange\n")
	for begin := 0; begin < len(runes); begin += 100 { // no more in one section
		some := runes[begin:min(begin+100, len(runes))]
		fmt.Fprintf(&b, "%d beginbfchar\n", len(some))
		for i, r := range some {
			fmt.Fprintf(&b, "<%04X> <", begin+i+1)
			for _, u := range utf16.Encode([]rune{r}) {
				fmt.Fprintf(&b, "%04X", u)
			}
			b.WriteString(">\n")
		}
		b.WriteString("endbfchar\n")
	}
	b.WriteString("endcmap CMapName currentdict /CMap defineresource pop end end\n")
	return b.Bytes()
}

func utf16Text(s string) string {
	var b strings.Builder
	b.WriteString("<FEFF")
	for _, u := range utf16.Encode([]rune(s)) {
		fmt.Fprintf(&b, "%04X", u)
	}
	return b.String() + ">"
}

// objects are a file's numbered objects.
type objects struct {
	raw bytes.Buffer
	at  []int // by number - 1; 0 is not written yet
}

func (o *objects) reserve() int {
	o.at = append(o.at, 0)
	return len(o.at)
}

func (o *objects) set(n int, body string) {
	o.at[n-1] = o.raw.Len()
	fmt.Fprintf(&o.raw, "%d 0 obj\n%s\nendobj\n", n, body)
}

func (o *objects) add(body string) int {
	n := o.reserve()
	o.set(n, body)
	return n
}

func (o *objects) stream(entries string, data []byte) int {
	var packed bytes.Buffer
	z := zlib.NewWriter(&packed)
	_, _ = z.Write(data) // a bytes.Buffer takes everything
	_ = z.Close()
	return o.add(fmt.Sprintf("<< %s /Filter /FlateDecode /Length %d >>\nstream\n%s\nendstream", entries, packed.Len(), packed.String()))
}

// finish writes the table of objects; the file's id is the digest of what is before it.
func (o *objects) finish(w io.Writer, catalog, info int) error {
	sum := sha256.Sum256(o.raw.Bytes())
	begin := o.raw.Len()
	fmt.Fprintf(&o.raw, "xref\n0 %d\n0000000000 65535 f \n", len(o.at)+1)
	for _, at := range o.at {
		fmt.Fprintf(&o.raw, "%010d 00000 n \n", at)
	}
	fmt.Fprintf(&o.raw, "trailer\n<< /Size %d /Root %d 0 R /Info %d 0 R /ID [<%X> <%X>] >>\nstartxref\n%d\n%%%%EOF\n", len(o.at)+1, catalog, info, sum[:16], sum[:16], begin)
	_, err := w.Write(o.raw.Bytes())
	return err
}
