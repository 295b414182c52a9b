package report

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"

	"rsc.io/qr"
)

// A DOCX file is made by hand: a letter needs few of the elements of WordprocessingML
// (ECMA-376 part 1, 17), and what is written here is the same each time.

// Fonts of official documents, which Office in China has; fontTable.xml names what
// stands for them elsewhere.
const (
	wordFang  = "仿宋_GB2312"
	wordHei   = "黑体"
	wordKai   = "楷体_GB2312"
	wordTitle = "方正小标宋简体"
	wordSong  = "宋体"
	wordLatin = "Times New Roman"
)

func twips(points float64) int { return int(points*20 + 0.5) }

func emu(points float64) int { return int(points*12700 + 0.5) }

// docx writes the main part.
type docx struct {
	bytes.Buffer
	doc *letter
}

func escaped(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a strings.Builder takes everything
	return b.String()
}

// run is a piece of text.
type run struct {
	font   string
	size   float64
	bold   bool
	colour string
	space  int // between characters, in twentieths of a point
}

func (r run) properties() string {
	var b strings.Builder
	fmt.Fprintf(&b, `<w:rPr><w:rFonts w:ascii="%s" w:hAnsi="%s" w:eastAsia="%s" w:cs="%s"/>`, wordLatin, wordLatin, r.font, wordLatin)
	if r.bold {
		b.WriteString(`<w:b/>`)
	}
	if r.colour != "" {
		fmt.Fprintf(&b, `<w:color w:val="%s"/>`, r.colour)
	}
	if r.space != 0 {
		fmt.Fprintf(&b, `<w:spacing w:val="%d"/>`, r.space)
	}
	fmt.Fprintf(&b, `<w:sz w:val="%d"/><w:szCs w:val="%d"/></w:rPr>`, int(r.size*2), int(r.size*2))
	return b.String()
}

func (r run) xml(text string) string {
	var b strings.Builder
	for i, line := range strings.Split(text, "\n") {
		b.WriteString("<w:r>" + r.properties())
		if i > 0 {
			b.WriteString("<w:br/>")
		}
		b.WriteString(`<w:t xml:space="preserve">` + escaped(line) + "</w:t></w:r>")
	}
	return b.String()
}

// paragraph properties; exact is the line height in points.
type paragraph struct {
	align         string
	indent        bool // two characters on the first line
	exact         float64
	before, after float64
	keepNext      bool
	border        string // XML of w:pBdr
	left, right   float64
}

func (d *docx) paragraph(p paragraph, content string) {
	d.WriteString("<w:p><w:pPr>")
	if p.keepNext {
		d.WriteString("<w:keepNext/>")
	}
	d.WriteString(p.border)
	fmt.Fprintf(d, `<w:spacing w:before="%d" w:after="%d" w:line="%d" w:lineRule="exact"/>`, twips(p.before), twips(p.after), twips(p.exact))
	switch {
	case p.indent:
		fmt.Fprintf(d, `<w:ind w:firstLineChars="200" w:firstLine="%d"/>`, twips(2*sizeBody))
	case p.left != 0 || p.right != 0:
		fmt.Fprintf(d, `<w:ind w:left="%d" w:right="%d"/>`, twips(p.left), twips(p.right))
	}
	if p.align != "" {
		fmt.Fprintf(d, `<w:jc w:val="%s"/>`, p.align)
	}
	d.WriteString("</w:pPr>" + content + "</w:p>")
}

func bodyRun() run { return run{font: wordFang, size: sizeBody, space: -4} }

func writeDOCX(w io.Writer, doc *letter) error {
	d := &docx{doc: doc}
	d.head()
	for _, b := range doc.blocks {
		switch b := b.(type) {
		case heading:
			r := bodyRun()
			r.font = wordHei
			if b.level > 1 {
				r.font = wordKai
			}
			d.paragraph(paragraph{indent: true, exact: leading, keepNext: true, align: "both"}, r.xml(b.text))
		case para:
			d.paragraph(paragraph{indent: true, exact: leading, align: "both"}, bodyRun().xml(b.text))
		case table:
			d.table(b)
		}
	}
	d.sign()
	picture, err := d.proof()
	if err != nil {
		return err
	}
	d.colophon()
	return d.pack(w, picture)
}

func (d *docx) head() {
	if d.doc.mark != "" {
		d.paragraph(paragraph{align: "right", exact: leading}, run{font: wordHei, size: sizeBody}.xml(d.doc.mark))
	}
	if d.doc.number != "" {
		d.paragraph(paragraph{align: "center", exact: 54, before: 35*mm - 6}, run{font: wordTitle, size: 42, colour: "DC0000"}.xml(d.doc.head))
		d.paragraph(paragraph{align: "center", exact: leading, before: 2 * leading, border: `<w:pBdr><w:bottom w:val="single" w:sz="8" w:space="11" w:color="DC0000"/></w:pBdr>`}, bodyRun().xml(d.doc.number))
		d.paragraph(paragraph{exact: leading}, "")
	}
	d.paragraph(paragraph{exact: leading}, "")
	for _, text := range d.doc.title {
		d.paragraph(paragraph{align: "center", exact: 34}, run{font: wordTitle, size: sizeTitle}.xml(text))
	}
	d.paragraph(paragraph{exact: leading}, "")
	if d.doc.to != "" {
		d.paragraph(paragraph{exact: leading}, bodyRun().xml(d.doc.to))
	}
}

const cellBorders = `<w:tblBorders><w:top w:val="single" w:sz="4" w:space="0" w:color="000000"/><w:left w:val="single" w:sz="4" w:space="0" w:color="000000"/><w:bottom w:val="single" w:sz="4" w:space="0" w:color="000000"/><w:right w:val="single" w:sz="4" w:space="0" w:color="000000"/><w:insideH w:val="single" w:sz="4" w:space="0" w:color="000000"/><w:insideV w:val="single" w:sz="4" w:space="0" w:color="000000"/></w:tblBorders>`

func (d *docx) tableBegin(widths []float64, borders string) {
	sum := 0
	for _, w := range widths {
		sum += twips(w)
	}
	fmt.Fprintf(d, `<w:tbl><w:tblPr><w:tblW w:w="%d" w:type="dxa"/><w:jc w:val="center"/>%s<w:tblLayout w:type="fixed"/><w:tblCellMar><w:left w:w="60" w:type="dxa"/><w:right w:w="60" w:type="dxa"/></w:tblCellMar></w:tblPr><w:tblGrid>`, sum, borders)
	for _, w := range widths {
		fmt.Fprintf(d, `<w:gridCol w:w="%d"/>`, twips(w))
	}
	d.WriteString("</w:tblGrid>")
}

func (d *docx) cell(width float64, span string, fill func()) {
	fmt.Fprintf(d, `<w:tc><w:tcPr><w:tcW w:w="%d" w:type="dxa"/>%s<w:vAlign w:val="center"/></w:tcPr>`, twips(width), span)
	fill()
	d.WriteString("</w:tc>")
}

func (d *docx) table(t table) {
	widths := t.widths()
	if t.title != "" {
		d.paragraph(paragraph{align: "center", exact: leading, keepNext: true}, run{font: wordHei, size: sizeNote}.xml(t.title))
	}
	d.tableBegin(widths, cellBorders)
	row := func(cells []string, r run, properties string, keep bool, aligned func(int) string) {
		d.WriteString("<w:tr><w:trPr><w:cantSplit/>" + properties + "</w:trPr>")
		for i := range t.columns {
			d.cell(widths[i], "", func() {
				d.paragraph(paragraph{align: aligned(i), exact: cellLeading, before: 2, after: 2, keepNext: keep}, r.xml(cells[i]))
			})
		}
		d.WriteString("</w:tr>")
	}
	row(headRow(&t), run{font: wordHei, size: sizeTable}, "<w:tblHeader/>", true, func(int) string { return "center" })
	for _, cells := range t.rows {
		row(cells, run{font: wordSong, size: sizeTable}, "", false, func(i int) string {
			return map[align]string{left: "left", centre: "center", right: "right"}[t.columns[i].align]
		})
	}
	d.WriteString("</w:tbl>")
	d.paragraph(paragraph{exact: 10}, "")
}

// sign is the organ centred over the date, whose end is four characters from the right edge.
func (d *docx) sign() {
	for i, text := range d.doc.attachments {
		before := 0.0
		if i == 0 {
			before = leading
		}
		d.paragraph(paragraph{indent: true, exact: leading, before: before, keepNext: true}, bodyRun().xml(text))
	}
	// A block as wide as the longer line, both lines in its middle.
	size := func(s string) float64 {
		w := 0.0
		for _, r := range s {
			if r < 0x2e80 {
				w += sizeBody / 2
			} else {
				w += sizeBody
			}
		}
		return w
	}
	edge := 4 * sizeBody
	width := max(size(d.doc.date), size(d.doc.sign)) + 12
	edge = max(edge-(width-size(d.doc.date))/2, 0)
	p := paragraph{align: "center", exact: leading, keepNext: true, left: max(areaWidth-edge-width, 0), right: edge}
	place := words(d.doc.lang, "（印章位置）", "(place of the seal)")
	d.paragraph(paragraph{exact: 2 * leading, keepNext: true}, "")
	d.paragraph(p, bodyRun().xml(d.doc.sign))
	d.paragraph(p, bodyRun().xml(d.doc.date))
	p.keepNext = false
	d.paragraph(p, run{font: wordHei, size: 9, colour: "808080"}.xml(place))
	d.paragraph(paragraph{exact: leading}, "")
}

// proof gives the picture of the code, nil for none.
func (d *docx) proof() (picture []byte, err error) {
	p := d.doc.proof
	if len(p.rows) == 0 {
		return nil, nil
	}
	widths := []float64{proofLabel, areaWidth - proofLabel}
	if p.url != "" {
		c, err := qr.Encode(p.url, qr.M)
		if err != nil {
			return nil, fmt.Errorf("make the code of a document's page: %w", err)
		}
		c.Scale = 6
		picture = c.PNG()
		widths = []float64{proofLabel, areaWidth - proofLabel - proofCode - 4*cellX, proofCode + 4*cellX}
	}
	d.paragraph(paragraph{exact: 20, keepNext: true}, run{font: wordHei, size: 10.5}.xml(p.title))
	d.tableBegin(widths, strings.NewReplacer(`<w:insideH w:val="single"`, `<w:insideH w:val="nil"`, `<w:insideV w:val="single"`, `<w:insideV w:val="nil"`).Replace(cellBorders))
	for i, r := range p.rows {
		d.WriteString("<w:tr><w:trPr><w:cantSplit/></w:trPr>")
		keep := i < len(p.rows)-1
		for n := range 2 {
			d.cell(widths[n], "", func() {
				font := wordHei
				if n == 1 {
					font = wordSong
				}
				d.paragraph(paragraph{exact: 12, before: 1.5, after: 1.5, keepNext: keep}, run{font: font, size: 9}.xml(r[n]))
			})
		}
		if picture != nil {
			span := "<w:vMerge/>"
			content := ""
			exact := 12.0
			if i == 0 {
				span, content = `<w:vMerge w:val="restart"/>`, drawing(proofCode, words(d.doc.lang, "核验二维码", "code of the page to verify"))
			}
			if content == "" {
				d.cell(widths[2], span, func() { d.paragraph(paragraph{exact: exact, keepNext: keep}, "") })
			} else { // a picture needs a line that grows
				d.cell(widths[2], span, func() { d.WriteString(`<w:p><w:pPr><w:keepNext/><w:jc w:val="center"/></w:pPr>` + content + "</w:p>") })
			}
		}
		d.WriteString("</w:tr>")
	}
	d.WriteString("</w:tbl>")
	d.paragraph(paragraph{exact: 12}, "")
	return picture, nil
}

func drawing(size float64, words string) string {
	n := emu(size)
	//nolint:gocritic // attributes of XML are no strings of Go
	return fmt.Sprintf(`<w:r><w:drawing><wp:inline distT="0" distB="0" distL="0" distR="0"><wp:extent cx="%d" cy="%d"/><wp:docPr id="1" name="code" descr="%s"/><a:graphic xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"><a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/picture"><pic:pic xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture"><pic:nvPicPr><pic:cNvPr id="1" name="code.png"/><pic:cNvPicPr/></pic:nvPicPr><pic:blipFill><a:blip r:embed="rId10"/><a:stretch><a:fillRect/></a:stretch></pic:blipFill><pic:spPr><a:xfrm><a:off x="0" y="0"/><a:ext cx="%d" cy="%d"/></a:xfrm><a:prstGeom prst="rect"><a:avLst/></a:prstGeom></pic:spPr></pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing></w:r>`, n, n, escaped(words), n, n)
}

// colophon is a table at the end; lines as in 7.4.
func (d *docx) colophon() {
	if d.doc.printer == "" {
		return
	}
	border := func(top, bottom string) string {
		b := "<w:tcBorders>"
		if top != "" {
			b += `<w:top w:val="single" w:sz="` + top + `" w:space="0" w:color="000000"/>`
		}
		return b + `<w:bottom w:val="single" w:sz="` + bottom + `" w:space="0" w:color="000000"/></w:tcBorders>`
	}
	widths := []float64{areaWidth * 0.6, areaWidth * 0.4}
	r := run{font: wordFang, size: sizeFour}
	d.tableBegin(widths, "")
	if d.doc.copies != "" {
		d.WriteString("<w:tr><w:trPr><w:cantSplit/></w:trPr>")
		d.cell(areaWidth, `<w:gridSpan w:val="2"/>`+border("8", "6"), func() {
			d.paragraph(paragraph{exact: 24, left: sizeFour, right: sizeFour, keepNext: true}, r.xml(d.doc.copies))
		})
		d.WriteString("</w:tr>")
	}
	top := ""
	if d.doc.copies == "" {
		top = "8"
	}
	d.WriteString("<w:tr><w:trPr><w:cantSplit/></w:trPr>")
	d.cell(widths[0], border(top, "8"), func() { d.paragraph(paragraph{exact: 24, left: sizeFour}, r.xml(d.doc.printer)) })
	d.cell(widths[1], border(top, "8"), func() {
		d.paragraph(paragraph{exact: 24, align: "right", right: sizeFour}, r.xml(d.doc.printed))
	})
	d.WriteString("</w:tr></w:tbl>")
	d.paragraph(paragraph{exact: 2}, "")
}

const (
	xmlHead = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n"
	nsW     = `xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"`
	nsR     = `xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"`
	relType = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
	ctWord  = "application/vnd.openxmlformats-officedocument.wordprocessingml."
)

func footer(align string) string {
	r := run{font: wordSong, size: sizeFour}
	field := func(kind string) string {
		return "<w:r>" + r.properties() + `<w:fldChar w:fldCharType="` + kind + `"/></w:r>`
	}
	d := &docx{}
	p := paragraph{align: align, exact: 20, left: sizeFour, right: sizeFour}
	d.paragraph(p, r.xml("— ")+field("begin")+"<w:r>"+r.properties()+`<w:instrText xml:space="preserve"> PAGE </w:instrText></w:r>`+field("separate")+r.xml("1")+field("end")+r.xml(" —"))
	return xmlHead + `<w:ftr ` + nsW + `>` + d.String() + `</w:ftr>`
}

func (d *docx) styles() string {
	return xmlHead + `<w:styles ` + nsW + `><w:docDefaults><w:rPrDefault>` + run{font: wordFang, size: sizeBody}.properties() +
		`</w:rPrDefault><w:pPrDefault/></w:docDefaults><w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/><w:pPr><w:widowControl w:val="0"/></w:pPr></w:style></w:styles>`
}

// fontTable names what stands for a font where it is not there.
func fontTable() string {
	var b strings.Builder
	b.WriteString(xmlHead + `<w:fonts ` + nsW + `>`)
	for _, f := range [][2]string{{wordFang, "仿宋,FangSong,Noto Serif CJK SC,宋体"}, {wordHei, "SimHei,Noto Sans CJK SC"}, {wordKai, "楷体,KaiTi,LXGW WenKai,Noto Serif CJK SC"},
		{wordTitle, "小标宋,宋体,SimSun,Noto Serif CJK SC"}, {wordSong, "SimSun,Noto Serif CJK SC"}} {
		fmt.Fprintf(&b, `<w:font w:name="%s"><w:altName w:val="%s"/><w:charset w:val="86"/><w:family w:val="auto"/></w:font>`, f[0], f[1])
	}
	return b.String() + `</w:fonts>`
}

type filePart struct {
	name string
	data []byte
}

func (d *docx) pack(w io.Writer, picture []byte) error {
	m := d.doc.meta
	rels := func(list ...[3]string) string {
		var b strings.Builder
		b.WriteString(xmlHead + `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">`)
		for _, r := range list {
			fmt.Fprintf(&b, `<Relationship Id="%s" Type="%s" Target="%s"/>`, r[0], r[1], r[2])
		}
		return b.String() + `</Relationships>`
	}
	of := [][3]string{{"rId1", relType + "styles", "styles.xml"}, {"rId2", relType + "fontTable", "fontTable.xml"}, {"rId3", relType + "settings", "settings.xml"},
		{"rId4", relType + "footer", "footer1.xml"}, {"rId5", relType + "footer", "footer2.xml"}}
	if picture != nil {
		of = append(of, [3]string{"rId10", relType + "image", "media/code.png"})
	}
	section := fmt.Sprintf(`<w:sectPr><w:footerReference w:type="default" r:id="rId4"/><w:footerReference w:type="even" r:id="rId5"/><w:pgSz w:w="11906" w:h="16838"/><w:pgMar w:top="%d" w:right="%d" w:bottom="%d" w:left="%d" w:header="851" w:footer="%d" w:gutter="0"/></w:sectPr>`,
		twips(areaTop), twips(a4Width-areaLeft-areaWidth), twips(a4Height-areaTop-areaHeight)-2, twips(areaLeft), twips(a4Height-areaTop-areaHeight-7*mm-sizeFour))
	stamp := m.at.UTC().Format(time.RFC3339)
	parts := []filePart{
		{"[Content_Types].xml", []byte(xmlHead + `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Default Extension="png" ContentType="image/png"/>` +
			`<Override PartName="/word/document.xml" ContentType="` + ctWord + `document.main+xml"/><Override PartName="/word/styles.xml" ContentType="` + ctWord + `styles+xml"/><Override PartName="/word/fontTable.xml" ContentType="` + ctWord + `fontTable+xml"/><Override PartName="/word/settings.xml" ContentType="` + ctWord + `settings+xml"/>` +
			`<Override PartName="/word/footer1.xml" ContentType="` + ctWord + `footer+xml"/><Override PartName="/word/footer2.xml" ContentType="` + ctWord + `footer+xml"/><Override PartName="/docProps/core.xml" ContentType="application/vnd.openxmlformats-package.core-properties+xml"/></Types>`)},
		{"_rels/.rels", []byte(rels([3]string{"rId1", relType + "officeDocument", "word/document.xml"}, [3]string{"rId2", "http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties", "docProps/core.xml"}))},
		{"docProps/core.xml", []byte(xmlHead + `<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><dc:title>` +
			escaped(m.title) + `</dc:title><dc:subject>` + escaped(m.subject) + `</dc:subject><dc:creator>` + escaped(m.author) + `</dc:creator><dcterms:created xsi:type="dcterms:W3CDTF">` + stamp + `</dcterms:created><dcterms:modified xsi:type="dcterms:W3CDTF">` + stamp + `</dcterms:modified><dc:language>` + m.lang + `</dc:language></cp:coreProperties>`)},
		{"word/document.xml", []byte(xmlHead + `<w:document ` + nsW + ` ` + nsR + ` xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"><w:body>` + d.String() + section + `</w:body></w:document>`)},
		{"word/_rels/document.xml.rels", []byte(rels(of...))},
		{"word/styles.xml", []byte(d.styles())},
		{"word/fontTable.xml", []byte(fontTable())},
		{"word/settings.xml", []byte(xmlHead + `<w:settings ` + nsW + `><w:evenAndOddHeaders/><w:characterSpacingControl w:val="doNotCompress"/><w:themeFontLang w:val="en-US" w:eastAsia="zh-CN"/></w:settings>`)},
		{"word/footer1.xml", []byte(footer("right"))},
		{"word/footer2.xml", []byte(footer("left"))},
	}
	if picture != nil {
		parts = append(parts, filePart{"word/media/code.png", picture})
	}
	return packZIP(w, m.stamp.into(parts), m.at)
}

// packZIP writes parts in their order, all of one time.
func packZIP(w io.Writer, parts []filePart, at time.Time) error {
	z := zip.NewWriter(w)
	for _, p := range parts {
		f, err := z.CreateHeader(&zip.FileHeader{Name: p.name, Method: zip.Deflate, Modified: at})
		if err != nil {
			return err
		}
		if _, err := f.Write(p.data); err != nil {
			return err
		}
	}
	return z.Close()
}
