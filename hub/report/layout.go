package report

import (
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"rsc.io/qr"
)

// Measures of GB/T 9704-2012 in points: 5.2.1 (margins and type area), 5.2.2 (3号仿宋,
// 22 lines of 28 characters).
const (
	mm         = 72 / 25.4
	areaLeft   = 28 * mm
	areaTop    = 37 * mm
	areaWidth  = 156 * mm
	areaHeight = 225 * mm
	lines      = 22
	perLine    = 28
	leading    = areaHeight / lines
	sizeBody   = 16.0 // 3号
	sizeTitle  = 22.0 // 2号
	sizeFour   = 14.0 // 4号
	sizeTable  = 10.5 // 5号
	sizeNote   = 12.0 // 小4号
	cellX      = 3.0  // between a table's lines and its text
	cellY      = 3.0
	thick      = 0.35 * mm // 7.4: the first and last line of the colophon
	thin       = 0.25 * mm
	rule       = 0.5
)

// spread makes 28 characters of 16 points as wide as the type area.
const spread = (areaWidth/perLine - sizeBody)

func bodyStyle() style { return style{face: fangSong, size: sizeBody, spacing: spread} }

// layout sets a letter on pages.
type layout struct {
	*pdf
	on  *page
	y   float64 // how far the page is filled, from its upper edge
	doc *letter
}

func (l *layout) bottom() float64 { return areaTop + areaHeight + 0.5 }

func (l *layout) newPage() { l.on, l.y = l.addPage(), areaTop }

// room sees to a page with so much room.
func (l *layout) room(height float64) {
	if l.y+height > l.bottom() && l.y > areaTop {
		l.newPage()
	}
}

func writePDF(w io.Writer, fonts *Fonts, doc *letter) error {
	l := &layout{pdf: &pdf{fonts: fonts}, doc: doc}
	l.newPage()
	l.head()
	for i, b := range doc.blocks {
		switch b := b.(type) {
		case heading:
			l.heading(b, after(doc.blocks, i))
		case para:
			l.para(b, i == len(doc.blocks)-1)
		case table:
			l.table(b)
		}
	}
	l.sign()
	if err := l.proof(); err != nil {
		return err
	}
	l.colophon()
	for i, pg := range l.pages {
		l.number(pg, i+1)
	}
	return l.write(w, doc.meta)
}

// after tells what follows a heading.
func after(blocks []block, i int) block {
	if i+1 < len(blocks) {
		return blocks[i+1]
	}
	return nil
}

// middle writes a line in the middle of the type area.
func (l *layout) middle(s style, y float64, text string) {
	l.text(l.on, areaLeft+(areaWidth-l.wide(s, text))/2, y, s, text)
}

func (l *layout) head() {
	if l.doc.mark != "" {
		s := style{face: hei, size: sizeBody}
		l.text(l.on, areaLeft+areaWidth-l.wide(s, l.doc.mark), areaTop+sizeBody, s, l.doc.mark)
	}
	if l.doc.number != "" {
		s := style{face: songBold, size: 42, colour: red()}
		if w := l.wide(s, l.doc.head); w > areaWidth {
			s.size *= areaWidth / w
		}
		l.middle(s, areaTop+35*mm+s.size*0.85, l.doc.head) // 7.2.4: its upper edge 35 mm below that of the type area
		l.y = areaTop + 35*mm + s.size + 2*leading
		l.middle(bodyStyle(), l.y+leading*0.7, l.doc.number)
		l.y += leading
		l.line(l.on, areaLeft, l.y+4*mm, areaLeft+areaWidth, l.y+4*mm, thick, red())
		l.y += 4 * mm
	}
	l.y += leading
	if l.doc.number != "" {
		l.y += leading // 7.3.1: two lines below the red one
	}
	s := style{face: songBold, size: sizeTitle}
	for _, text := range l.doc.title {
		for _, line := range l.wrap(s, text, areaWidth, 0) {
			l.y += 34
			l.middle(s, l.y-8, line.text)
		}
	}
	l.y += leading
	if l.doc.to != "" {
		l.lines(bodyStyle(), l.doc.to, 0)
	}
}

// line of wrapped text; more: the paragraph goes on.
type textLine struct {
	text string
	wide float64
	more bool
}

const (
	notFirst = "，。、；：？！）》〉」』】〕”’…％%)],.;:!?·"
	notLast  = "（《〈「『【〔“‘(["
)

// together tells whether two characters stand on one line: parts of a word or number, and
// punctuation that begins or ends none.
func together(a, b rune) bool {
	if strings.ContainsRune(notFirst, b) || strings.ContainsRune(notLast, a) || a == '—' && b == '—' {
		return true
	}
	word := func(r rune) bool {
		return r < 0x2e80 && r != ' ' && (unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("@_+=−-#&'", r))
	}
	return word(a) && word(b) || b == '/' && word(a) || a == '.' && unicode.IsDigit(b)
}

// wrap breaks a text into lines; the first one is shorter by indent.
func (l *layout) wrap(s style, text string, width, indent float64) (all []textLine) {
	for i, part := range strings.Split(text, "\n") {
		if i > 0 {
			indent = 0
		}
		all = append(all, l.wrapOne(s, part, width, indent)...)
	}
	return all
}

func (l *layout) wrapOne(s style, text string, width, indent float64) (all []textLine) {
	var line []rune
	used, room := 0.0, width-indent
	flush := func(more bool) {
		t := strings.TrimRight(string(line), " ")
		all = append(all, textLine{t, l.wide(s, t), more})
		line, used, room = line[:0], 0, width
	}
	runes := []rune(text)
	for at := 0; at < len(runes); {
		end := at + 1
		for end < len(runes) && together(runes[end-1], runes[end]) {
			end++
		}
		word := string(runes[at:end])
		w := l.wide(s, word)
		switch {
		case used+w <= room+0.1:
		case w <= width:
			flush(true)
		default: // longer than a line: it is broken wherever it must be
			for _, r := range runes[at:end] {
				one := l.wide(s, string(r))
				if used+one > room && len(line) > 0 {
					flush(true)
				}
				line, used = append(line, r), used+one+s.spacing
			}
			at = end
			continue
		}
		if len(line) > 0 || word != " " {
			line, used = append(line, runes[at:end]...), used+w+s.spacing
		}
		at = end
	}
	flush(false)
	return all
}

// lines writes a paragraph in the type area. Lines within it are as wide as the area.
func (l *layout) lines(s style, text string, indent float64) {
	for i, line := range l.wrap(s, text, areaWidth, indent) {
		l.room(leading)
		x := areaLeft
		if i == 0 {
			x += indent
		}
		set := s
		if n := utf8.RuneCountInString(line.text); line.more && n > 1 {
			if extra := (areaLeft + areaWidth - x - line.wide) / float64(n-1); extra < s.size/10 {
				set.spacing += extra
			}
		}
		l.text(l.on, x, l.y+leading/2+s.size*0.38, set, line.text)
		l.y += leading
	}
}

func (l *layout) heading(h heading, next block) {
	follow := 2 * leading
	if t, ok := next.(table); ok {
		follow = l.tableBegin(t)
	} else if _, ok := next.(heading); ok {
		follow = 3 * leading
	}
	s := bodyStyle()
	s.face = hei
	if h.level > 1 {
		s.face = kai
	}
	height := float64(len(l.wrap(s, h.text, areaWidth, l.indent()))) * leading
	l.room(height + min(follow, areaHeight*0.6))
	l.lines(s, h.text, l.indent())
}

// indent is two characters.
func (l *layout) indent() float64 { return 2 * areaWidth / perLine }

func (l *layout) para(p para, last bool) {
	s, indent := bodyStyle(), l.indent()
	n := len(l.wrap(s, p.text, areaWidth, indent))
	if last && n < 4 { // the signature has text on its page
		l.room(float64(n)*leading + l.signHeight())
	} else if n > 1 {
		l.room(2 * leading)
	}
	l.lines(s, p.text, indent)
}

func tableStyle() style { return style{face: song, size: sizeTable} }
func headStyle() style  { return style{face: hei, size: sizeTable} }

const cellLeading = 15.0

// widths are those of the columns, the same in PDF and DOCX.
func (t *table) widths() []float64 {
	w := make([]float64, len(t.columns))
	rest, weights, texts := areaWidth, 0.0, 0
	for i, c := range t.columns {
		if c.align == left {
			weights += c.weight
			texts++
			continue
		}
		need := textWidth(c.name)
		for _, row := range t.rows {
			if i < len(row) {
				need = max(need, textWidth(row[i]))
			}
		}
		w[i] = min(need, areaWidth/5) + 2*cellX + 2
		rest -= w[i]
	}
	for i, c := range t.columns {
		switch {
		case texts == 0:
			w[i] += rest / float64(len(w))
		case c.align == left:
			w[i] = rest * c.weight / weights
		}
	}
	return w
}

// textWidth is about how wide a cell's text is on one line: characters of Chinese are twice as wide as others.
func textWidth(text string) float64 {
	w := 0.0
	for _, r := range text {
		if r < 0x2e80 && r != '—' {
			w += sizeTable * 0.56
		} else {
			w += sizeTable
		}
	}
	return w
}

// cells are the wrapped texts of one row.
func (l *layout) cells(s style, widths []float64, row []string) (cells [][]textLine, height float64) {
	most := 1
	cells = make([][]textLine, len(widths))
	for i := range widths {
		text := ""
		if i < len(row) {
			text = row[i]
		}
		cells[i] = l.wrap(s, text, widths[i]-2*cellX, 0)
		most = max(most, len(cells[i]))
	}
	return cells, float64(most)*cellLeading + 2*cellY
}

func headRow(t *table) []string {
	names := make([]string, len(t.columns))
	for i, c := range t.columns {
		names[i] = c.name
	}
	return names
}

// tableBegin is the height of a table's title, head and first row.
func (l *layout) tableBegin(t table) float64 {
	w := t.widths()
	_, height := l.cells(headStyle(), w, headRow(&t))
	if len(t.rows) > 0 {
		_, first := l.cells(tableStyle(), w, t.rows[0])
		height += first
	}
	if t.title != "" {
		height += leading
	}
	return min(height+8, areaHeight*0.9)
}

func (l *layout) table(t table) {
	widths := t.widths()
	l.room(l.tableBegin(t) - 2)
	l.y += 4
	if t.title != "" {
		l.middle(style{face: hei, size: sizeNote}, l.y+leading*0.68, t.title)
		l.y += leading
	}
	head := func() {
		cells, height := l.cells(headStyle(), widths, headRow(&t))
		l.row(widths, cells, height, headStyle(), func(int) align { return centre })
	}
	head()
	for _, row := range t.rows {
		cells, height := l.cells(tableStyle(), widths, row)
		if l.y+height > l.bottom() {
			l.newPage()
			head()
		}
		for l.y+height > l.bottom() { // taller than a page: it goes on with the next lines
			fit := int((l.bottom() - l.y - 2*cellY) / cellLeading)
			part := make([][]textLine, len(cells))
			for i := range cells {
				n := min(fit, len(cells[i]))
				part[i], cells[i] = cells[i][:n], cells[i][n:]
			}
			l.row(widths, part, float64(fit)*cellLeading+2*cellY, tableStyle(), func(i int) align { return t.columns[i].align })
			height -= float64(fit) * cellLeading
			l.newPage()
			head()
		}
		l.row(widths, cells, height, tableStyle(), func(i int) align { return t.columns[i].align })
	}
	l.y += 10
}

func (l *layout) row(widths []float64, cells [][]textLine, height float64, s style, aligned func(int) align) {
	x := areaLeft
	l.line(l.on, areaLeft, l.y, areaLeft+areaWidth, l.y, rule, black())
	l.line(l.on, areaLeft, l.y+height, areaLeft+areaWidth, l.y+height, rule, black())
	for i, cell := range cells {
		l.line(l.on, x, l.y, x, l.y+height, rule, black())
		y := l.y + (height-float64(len(cell))*cellLeading)/2
		for _, line := range cell {
			at := x + cellX
			switch aligned(i) {
			case centre:
				at = x + (widths[i]-line.wide)/2
			case right:
				at = x + widths[i] - cellX - line.wide
			}
			l.text(l.on, at, y+cellLeading/2+s.size*0.38, s, line.text)
			y += cellLeading
		}
		x += widths[i]
	}
	l.line(l.on, x, l.y, x, l.y+height, rule, black())
	l.y += height
}

// signHeight is that of the signature with the room for its seal.
func (l *layout) signHeight() float64 { return float64(5+len(l.doc.attachments)) * leading }

// seal is the diameter of the bureau's seal.
const seal = 42 * mm

// sign writes the issuing organ above the date, the date four characters from the right
// edge, and marks where the seal goes: over both (7.3.5).
func (l *layout) sign() {
	s := bodyStyle()
	l.room(l.signHeight())
	if len(l.doc.attachments) > 0 {
		l.y += leading
		for _, text := range l.doc.attachments {
			l.lines(s, text, l.indent())
		}
	}
	l.y += 2 * leading
	date := l.wide(s, l.doc.date)
	middle := areaLeft + areaWidth - 4*sizeBody - date/2
	sign := l.wide(s, l.doc.sign)
	x := min(middle-sign/2, areaLeft+areaWidth-sign)
	note := style{face: hei, size: 9, colour: grey()}
	l.circle(l.on, middle, l.y+leading*0.8, seal/2, colour{0.75, 0.75, 0.75})
	place := words(l.doc.lang, "印章位置", "place of the seal")
	l.text(l.on, middle-l.wide(note, place)/2, l.y+leading*0.8+seal/2-8, note, place)
	l.text(l.on, x, l.y+leading*0.7, s, l.doc.sign)
	l.text(l.on, middle-date/2, l.y+leading*1.7, s, l.doc.date)
	l.y += leading*0.8 + seal/2 + 8
}

const (
	proofCode  = 30 * mm
	proofLabel = 66.0
)

// proof writes what the document rests on beside its code.
func (l *layout) proof() error {
	p := l.doc.proof
	if len(p.rows) == 0 {
		return nil
	}
	code := 0.0
	if p.url != "" {
		code = proofCode + 2*cellX
	}
	width := areaWidth - code
	s := style{face: song, size: 9}
	type entry struct {
		label, value []textLine
	}
	var entries []entry
	height := 0.0
	for _, r := range p.rows {
		e := entry{l.wrap(style{face: hei, size: 9}, r[0], proofLabel, 0), l.wrap(s, r[1], width-proofLabel-3*cellX, 0)}
		entries = append(entries, e)
		height += float64(max(len(e.label), len(e.value)))*12 + 3
	}
	height = max(height+2*cellY, code)
	l.room(height + 24)
	l.y += 6
	l.text(l.on, areaLeft, l.y+10, style{face: hei, size: 10.5}, p.title)
	l.y += 16
	l.frame(areaLeft, l.y, areaWidth, height)
	y := l.y + cellY + 1
	for _, e := range entries {
		for i, line := range e.label {
			l.text(l.on, areaLeft+cellX, y+9+float64(i)*12, style{face: hei, size: 9}, line.text)
		}
		for i, line := range e.value {
			l.text(l.on, areaLeft+proofLabel+2*cellX, y+9+float64(i)*12, s, line.text)
		}
		y += float64(max(len(e.label), len(e.value)))*12 + 3
	}
	if p.url != "" {
		if err := l.code(p.url, areaLeft+width+cellX, l.y+(height-proofCode)/2, proofCode); err != nil {
			return err
		}
	}
	l.y += height + 8
	return nil
}

func (l *layout) frame(x, y, width, height float64) {
	for _, e := range [][4]float64{{x, y, x + width, y}, {x, y + height, x + width, y + height}, {x, y, x, y + height}, {x + width, y, x + width, y + height}} {
		l.line(l.on, e[0], e[1], e[2], e[3], rule, black())
	}
}

// code draws a QR code with its quiet zone into a square.
func (l *layout) code(url string, x, y, size float64) error {
	c, err := qr.Encode(url, qr.M)
	if err != nil {
		return fmt.Errorf("make the code of a document's page: %w", err)
	}
	module := size / float64(c.Size+8)
	for row := range c.Size {
		for from := 0; from < c.Size; from++ {
			until := from
			for until < c.Size && c.Black(until, row) {
				until++
			}
			if until > from {
				l.box(l.on, x+float64(from+4)*module, y+float64(row+4)*module, float64(until-from)*module, module*1.01, black())
				from = until
			}
		}
	}
	return nil
}

// colophon stands at the foot of the last page (7.4).
func (l *layout) colophon() {
	if l.doc.printer == "" {
		return
	}
	const height = 24.0
	s := style{face: fangSong, size: sizeFour}
	var copies []textLine
	if l.doc.copies != "" {
		copies = l.wrap(s, l.doc.copies, areaWidth-2*sizeFour, 0)
	}
	all := height * float64(len(copies)+1)
	if l.y+all+6 > l.bottom() {
		l.newPage()
	}
	y := areaTop + areaHeight - all
	l.line(l.on, areaLeft, y, areaLeft+areaWidth, y, thick, black())
	for _, line := range copies {
		l.text(l.on, areaLeft+sizeFour, y+height/2+sizeFour*0.38, s, line.text)
		y += height
	}
	if len(copies) > 0 {
		l.line(l.on, areaLeft, y, areaLeft+areaWidth, y, thin, black())
	}
	l.text(l.on, areaLeft+sizeFour, y+height/2+sizeFour*0.38, s, l.doc.printer)
	l.text(l.on, areaLeft+areaWidth-sizeFour-l.wide(s, l.doc.printed), y+height/2+sizeFour*0.38, s, l.doc.printed)
	l.line(l.on, areaLeft, y+height, areaLeft+areaWidth, y+height, thick, black())
}

// number writes — 1 — one character from the outer edge, 7 mm below the type area (7.5).
func (l *layout) number(on *page, n int) {
	s := style{face: song, size: sizeFour}
	text := fmt.Sprintf("— %d —", n)
	x := areaLeft + sizeFour
	if n%2 == 1 {
		x = areaLeft + areaWidth - sizeFour - l.wide(s, text)
	}
	l.text(on, x, areaTop+areaHeight+7*mm+sizeFour/2, s, text)
}
