package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"unicode"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// markdown is what our documents are written in: CommonMark with tables. HTML within
// them stays text.
func markdown() goldmark.Markdown {
	return goldmark.New(
		goldmark.WithExtensions(extension.NewTable(extension.WithTableCellAlignMethod(extension.TableCellAlignAttribute))),
		goldmark.WithParserOptions(parser.WithAutoHeadingID()),
		goldmark.WithRendererOptions(renderer.WithNodeRenderers(util.Prioritized(links{}, 10))), //nolint:misspell // goldmark's own name
	)
}

// parse reads a document; headings have the anchors that forges give them.
func parse(root fs.FS, name string) (ast.Node, []byte, error) {
	src, err := fs.ReadFile(root, name)
	if err != nil {
		return nil, nil, err
	}
	doc := markdown().Parser().Parse(text.NewReader(src), parser.WithContext(parser.NewContext(parser.WithIDs(&anchors{used: map[string]int{}}))))
	return doc, src, nil
}

// anchors names headings as tools/doccheck expects them: lower case, letters, digits
// and hyphens, spaces turned to hyphens; the second of two is told apart by a number.
type anchors struct{ used map[string]int }

func (a *anchors) Generate(value []byte, _ ast.NodeKind) []byte {
	var b strings.Builder
	for _, r := range strings.ToLower(string(value)) {
		switch {
		case unicode.IsLetter(r), unicode.IsDigit(r), unicode.Is(unicode.Mn, r), r == '-', r == '_':
			b.WriteRune(r)
		case r == ' ':
			b.WriteByte('-')
		}
	}
	name := b.String()
	a.used[name]++
	if n := a.used[name]; n > 1 {
		name = fmt.Sprintf("%s-%d", name, n-1)
	}
	return []byte(name)
}

func (a *anchors) Put([]byte) {}

// plain is the text of a node without its marks.
func plain(n ast.Node, src []byte) string {
	var b strings.Builder
	_ = ast.Walk(n, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			if n.Type() == ast.TypeBlock {
				b.WriteByte(' ')
			}
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Text:
			b.Write(n.Segment.Value(src))
			if n.SoftLineBreak() || n.HardLineBreak() {
				b.WriteByte(' ')
			}
		case *ast.String:
			b.Write(n.Value)
		case *ast.AutoLink:
			b.Write(n.URL(src))
		case *ast.FencedCodeBlock, *ast.CodeBlock:
			for i := range n.Lines().Len() {
				line := n.Lines().At(i)
				b.Write(line.Value(src))
			}
		}
		return ast.WalkContinue, nil
	})
	return strings.Join(strings.Fields(b.String()), " ")
}

// Destinations that are no addresses: a file of the source that is no page, told as text.
const sourceMark = "source:"

// links draws links and pictures once their destinations are those of the pages.
type links struct{}

func (links) RegisterFuncs(r renderer.NodeRendererFuncRegisterer) {
	r.Register(ast.KindLink, drawLink)
	r.Register(ast.KindImage, drawImage)
}

func drawLink(w util.BufWriter, _ []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	to := string(n.(*ast.Link).Destination)
	name, isSource := strings.CutPrefix(to, sourceMark)
	var open, end string
	switch {
	case isSource:
		open, end = `<span class="source" title="`+escape(name)+`">`, "</span>"
	case strings.HasPrefix(to, "https://"), strings.HasPrefix(to, "http://"):
		open, end = `<a rel="noreferrer" href="`+escape(to)+`">`, "</a>"
	default:
		open, end = `<a href="`+escape(to)+`">`, "</a>"
	}
	if !entering {
		open = end
	}
	_, err := w.WriteString(open)
	return ast.WalkContinue, err
}

// drawImage draws a picture with the size that it will have, so that nothing moves when it
// comes, and what it shows in words below.
func drawImage(w util.BufWriter, src []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	if !entering {
		return ast.WalkContinue, nil
	}
	i := n.(*ast.Image)
	words := plain(n, src)
	size := ""
	if wide, ok := i.AttributeString("size"); ok {
		size = wide.(string)
	}
	html := `<img src="` + escape(string(i.Destination)) + `" alt="` + escape(words) + `"` + size + `>`
	if p, ok := n.Parent().(*ast.Paragraph); ok && p.ChildCount() == 1 {
		html = `<a class="picture" href="` + escape(string(i.Destination)) + `">` + html + `</a><span class="caption" aria-hidden="true">` + escape(words) + `</span>`
	}
	_, err := w.WriteString(html)
	return ast.WalkSkipChildren, err
}

// headCells tells every cell of a table what stands above it: on a narrow screen a row
// is a card.
func headCells(doc ast.Node, src []byte) {
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if t, ok := n.(*extast.Table); ok && entering {
			var heads []string
			for row := t.FirstChild(); row != nil; row = row.NextSibling() {
				column := 0
				for cell := row.FirstChild(); cell != nil; cell = cell.NextSibling() {
					if row.Kind() == extast.KindTableHeader {
						heads = append(heads, plain(cell, src))
					} else if column < len(heads) && heads[column] != "" {
						cell.SetAttributeString("data-head", []byte(heads[column]))
					}
					column++
				}
			}
			return ast.WalkSkipChildren, nil
		}
		return ast.WalkContinue, nil
	})
}

func escape(s string) string { return string(util.EscapeHTML([]byte(s))) }

// place resolves a link of a document: the file of the repository, and the anchor.
func place(from, to string) (name, anchor string) {
	name, anchor, _ = strings.Cut(to, "#")
	if name == "" {
		return from, anchor
	}
	return path.Join(path.Dir(from), name), anchor
}

func render(doc ast.Node, src []byte) ([]byte, error) {
	var b bytes.Buffer
	err := markdown().Renderer().Render(&b, src, doc)
	return b.Bytes(), err
}
