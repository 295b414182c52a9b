package report

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	"golang.org/x/image/font"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

// FontFiles are the font files of PDFs: TrueType or OpenType, single or collections. Only
// Song and Hei are required; FangSong and Kai are what official documents have, where the
// bureau owns them.
type FontFiles struct {
	Song, SongBold, Hei, FangSong, Kai io.ReaderAt
}

// Fonts are the faces that PDFs are set in. Several documents can be made with them at once.
type Fonts struct {
	faces [faces]*face
}

type faceID int

const (
	song faceID = iota
	songBold
	hei
	fangSong
	kai
	faces int = iota
)

// face is one font, of which glyphs are read as they are needed.
type face struct {
	mu    sync.Mutex // guards font's buffer
	font  *sfnt.Font
	buf   sfnt.Buffer
	name  string
	upem  int
	known map[rune]sfnt.GlyphIndex
	wide  map[sfnt.GlyphIndex]int
}

var (
	errNoSong = errors.New("a Song and a Hei font are required for PDF")
)

// NewFonts reads the headers of font files. Files must stay open as long as documents are made.
func NewFonts(files FontFiles) (*Fonts, error) {
	f := &Fonts{}
	for id, file := range map[faceID]io.ReaderAt{song: files.Song, songBold: files.SongBold, hei: files.Hei, fangSong: files.FangSong, kai: files.Kai} {
		if file == nil {
			continue
		}
		x, err := newFace(file)
		if err != nil {
			return nil, fmt.Errorf("read a font for PDF: %w", err)
		}
		f.faces[id] = x
	}
	if f.faces[song] == nil || f.faces[hei] == nil {
		return nil, errNoSong
	}
	for id, instead := range map[faceID]faceID{songBold: song, fangSong: song, kai: song} {
		if f.faces[id] == nil {
			f.faces[id] = f.faces[instead]
		}
	}
	return f, nil
}

// newFace takes the face for mainland Chinese of a collection, the first one where none says so.
func newFace(file io.ReaderAt) (*face, error) {
	all, err := sfnt.ParseCollectionReaderAt(file)
	if err != nil {
		return nil, err
	}
	var chosen *face
	for i := range all.NumFonts() {
		f, err := all.Font(i)
		if err != nil {
			return nil, err
		}
		x := &face{font: f, upem: int(f.UnitsPerEm()), known: map[rune]sfnt.GlyphIndex{}, wide: map[sfnt.GlyphIndex]int{}}
		if x.name, err = f.Name(&x.buf, sfnt.NameIDPostScript); err != nil {
			return nil, fmt.Errorf("a font without a PostScript name: %w", err)
		}
		if chosen == nil || strings.Contains(x.name, "CJKsc") && !strings.Contains(x.name, "Mono") {
			chosen = x
		}
		if chosen == x && i > 0 {
			break
		}
	}
	if chosen == nil {
		return nil, errors.New("a collection without fonts")
	}
	return chosen, nil
}

// glyph is 0 where the face has none for a character.
func (f *face) glyph(r rune) sfnt.GlyphIndex {
	f.mu.Lock()
	defer f.mu.Unlock()
	g, ok := f.known[r]
	if !ok {
		var err error
		if g, err = f.font.GlyphIndex(&f.buf, r); err != nil {
			g = 0
		}
		f.known[r] = g
	}
	return g
}

// width is a glyph's advance in thousandths of the size.
func (f *face) width(g sfnt.GlyphIndex) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	w, ok := f.wide[g]
	if !ok {
		a, err := f.font.GlyphAdvance(&f.buf, g, fixed.I(1000), font.HintingNone)
		if err == nil {
			w = a.Round()
		}
		f.wide[g] = w
	}
	return w
}

// outline is a glyph in font units, y upwards.
func (f *face) outline(g sfnt.GlyphIndex) ([]segment, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	all, err := f.font.LoadGlyph(&f.buf, g, fixed.I(f.upem), nil)
	if err != nil {
		return nil, fmt.Errorf("glyph %d of %s: %w", g, f.name, err)
	}
	list := make([]segment, len(all))
	for i, s := range all {
		list[i].op = s.Op
		for n, p := range s.Args {
			list[i].at[n] = point{p.X.Round(), -p.Y.Round()}
		}
	}
	return list, nil
}

type point struct{ x, y int }

type segment struct {
	op sfnt.SegmentOp
	at [3]point
}

// MissingGlyphs says which characters no font has: the document would show boxes for them.
type MissingGlyphs struct{ Runes []rune }

// Error names them by their code points, as not every terminal shows them.
func (m *MissingGlyphs) Error() string {
	names := make([]string, len(m.Runes))
	for i, r := range m.Runes {
		names[i] = fmt.Sprintf("%c (U+%04X)", r, r)
	}
	return "the fonts for PDF have no glyph for " + strings.Join(names, ", ")
}

// find gives the face and glyph of a character, from the wanted face or one that has it.
func (f *Fonts) find(want faceID, r rune) (faceID, sfnt.GlyphIndex) {
	for _, id := range []faceID{want, song, hei, songBold} {
		if g := f.faces[id].glyph(r); g != 0 {
			return faceID(slices.Index(f.faces[:], f.faces[id])), g // one face for what stands for several is embedded once
		}
	}
	return want, 0
}

// marked puts a geta mark in the place of each character that no font has.
func (f *Fonts) marked(text string) string {
	missing := f.Missing(text)
	return strings.Map(func(r rune) rune {
		if slices.Contains(missing, r) {
			return '〓'
		}
		return r
	}, text)
}

// Missing lists the characters of a text that no font has, each once.
func (f *Fonts) Missing(text string) (missing []rune) {
	for _, r := range text {
		if _, g := f.find(song, r); g == 0 && r != '\n' && !slices.Contains(missing, r) {
			missing = append(missing, r)
		}
	}
	return missing
}
