package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/yuin/goldmark/ast"
)

// site is the handbook while it is made.
type site struct {
	root     fs.FS
	template string
	frame    *template.Template
	files    map[string][]byte
	pages    map[string][]entry // by the folder of the language
	pictures map[string]string  // name in img/ by document's path, to tell apart two of one name
}

// section is what the search looks through: a heading and what stands below it, to the next.
type section struct {
	Page   string `json:"p"`
	Anchor string `json:"a"`
	Title  string `json:"t"`
	Head   string `json:"h"`
	Text   string `json:"x"`
}

// shown is a page as the frame takes it.
type shown struct {
	Words          map[string]string
	Lang, OtherTag string
	Base, Other    string
	Slug, Title    string
	Groups         []shownGroup
	Body           template.HTML
	Before, Next   *shownEntry
}

type shownGroup struct {
	Title string
	Pages []shownEntry
}

type shownEntry struct {
	Slug, Title string
	Current     bool
	Heads       []head // of the current page
}

type head struct{ Anchor, Text string }

// build makes all files of help/ by their names; each fault of all documents is told.
func build(root fs.FS, built string) (map[string][]byte, error) {
	if !strings.Contains(built, slot) {
		return nil, fmt.Errorf("help.html has no %s to set the handbook in", slot)
	}
	around, err := frame()
	if err != nil {
		return nil, err
	}
	s := &site{root: root, template: built, frame: around, files: map[string][]byte{}, pages: map[string][]entry{}, pictures: map[string]string{}}
	var faults []error
	for _, l := range languages() {
		list, err := contentsOf(root, l)
		if err != nil {
			return nil, err
		}
		s.pages[l.folder] = list
	}
	for _, l := range languages() {
		index := []section{}
		for i := range s.pages[l.folder] {
			sections, err := s.page(l, i)
			faults = append(faults, err)
			index = append(index, sections...)
		}
		data, err := json.Marshal(index)
		if err != nil {
			return nil, err
		}
		s.files[l.folder+"/search.json"] = data
	}
	return s.files, errors.Join(faults...)
}

// Where the handbook is set into the page that Vite has built.
const slot = `<div id="handbook"></div>`

func (s *site) page(l language, at int) ([]section, error) {
	list := s.pages[l.folder]
	e := list[at]
	doc, src, err := parse(s.root, e.source)
	if err != nil {
		return nil, err
	}
	dropLanguages(doc, src)
	headCells(doc, src)
	faults := s.follow(l, e, doc)
	body, err := render(doc, src)
	if err != nil {
		return nil, err
	}
	sections, heads := s.sections(e, doc, src)
	other := languages()[1]
	if l.folder == other.folder {
		other = languages()[0]
	}
	out := shown{Words: l.words, Lang: l.tag, OtherTag: other.tag, Base: "/help/" + l.folder + "/", Other: s.address(counterpart(e.source), other.folder),
		Slug: e.slug, Title: sections[0].Title, Body: template.HTML(body)} //nolint:gosec // goldmark escapes HTML within documents, and they are ours
	for i, one := range list {
		if i == 0 {
			continue
		}
		if len(out.Groups) == 0 || out.Groups[len(out.Groups)-1].Title != one.group {
			out.Groups = append(out.Groups, shownGroup{Title: one.group})
		}
		row := shownEntry{Slug: one.slug, Title: one.title, Current: i == at}
		if row.Current {
			row.Heads = heads
		}
		group := &out.Groups[len(out.Groups)-1]
		group.Pages = append(group.Pages, row)
	}
	if at > 1 {
		out.Before = &shownEntry{Slug: list[at-1].slug, Title: list[at-1].title}
	}
	if at+1 < len(list) {
		out.Next = &shownEntry{Slug: list[at+1].slug, Title: list[at+1].title}
	}
	var b bytes.Buffer
	if err := s.frame.Execute(&b, out); err != nil {
		return nil, err
	}
	title := out.Title + " · " + l.words["title"]
	if at == 0 {
		title = out.Title
	}
	html := strings.Replace(s.template, slot, b.String(), 1)
	html = regexp.MustCompile(`<title>.*?</title>`).ReplaceAllLiteralString(html, "<title>"+escape(title)+"</title>")
	html = regexp.MustCompile(`<html lang="[^"]*"`).ReplaceAllLiteralString(html, `<html lang="`+l.tag+`"`)
	s.files[l.folder+"/"+e.slug+".html"] = []byte(html)
	return sections, errors.Join(faults...)
}

// address is where a document is read in a language, its contents where it is not.
func (s *site) address(source, folder string) string {
	for _, e := range s.pages[folder] {
		if e.source == source && e.slug != "index" {
			return "/help/" + folder + "/" + e.slug
		}
	}
	return "/help/" + folder + "/"
}

// dropLanguages takes out the line below the title that leads to the other language: the
// page's head does.
func dropLanguages(doc ast.Node, src []byte) {
	for n := doc.FirstChild(); n != nil; n = n.NextSibling() {
		if n.Kind() != ast.KindParagraph {
			continue
		}
		said := plain(n, src)
		if strings.HasPrefix(said, "English") && len(said) < 40 || strings.HasPrefix(said, "中文") && len(said) < 40 {
			doc.RemoveChild(doc, n)
		}
		return
	}
}

// follow turns links and pictures to where they lead within the handbook.
func (s *site) follow(l language, e entry, doc ast.Node) []error {
	var faults []error
	fault := func(to, why string) {
		faults = append(faults, fmt.Errorf("%s: %s: %s", e.source, to, why))
	}
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Link:
			to := string(n.Destination)
			if strings.Contains(to, "://") || strings.HasPrefix(to, "mailto:") {
				return ast.WalkContinue, nil
			}
			name, anchor := place(e.source, to)
			where, why := s.lead(l, name, anchor)
			if why != "" {
				fault(to, why)
				return ast.WalkContinue, nil
			}
			n.Destination = []byte(where)
		case *ast.Image:
			name, _ := place(e.source, string(n.Destination))
			if p, ok := n.Parent().(*ast.Paragraph); ok && p.ChildCount() == 1 {
				p.SetAttributeString("class", []byte("figure"))
			}
			at, size, err := s.picture(name)
			if err != nil {
				fault(name, err.Error())
				return ast.WalkContinue, nil
			}
			n.Destination = []byte("/help/img/" + at)
			n.SetAttributeString("size", size)
		}
		return ast.WalkContinue, nil
	})
	return faults
}

// lead is where a link to a file of the repository goes: a page of the same language, of
// the other, or no page.
func (s *site) lead(l language, name, anchor string) (where, why string) {
	for _, folder := range []string{l.folder, "zh", "en"} {
		for _, e := range s.pages[folder] {
			if e.source != name {
				continue
			}
			where = s.address(name, folder)
			if anchor == "" {
				return where, ""
			}
			doc, src, err := parse(s.root, name)
			if err != nil {
				return "", err.Error()
			}
			found := slices.ContainsFunc(headings(doc, src), func(h head) bool { return h.Anchor == anchor })
			if !found {
				return "", "there is no such heading"
			}
			return where + "#" + anchor, ""
		}
	}
	if _, err := fs.Stat(s.root, name); err != nil {
		return "", "there is no such file"
	}
	return sourceMark + name, ""
}

// picture takes a picture into img/ and gives its name there and its size for <img>.
func (s *site) picture(name string) (at, size string, err error) {
	data, err := fs.ReadFile(s.root, name)
	if err != nil {
		return "", "", err
	}
	at = path.Base(name)
	for known, by := range s.pictures {
		if known == at && by != name {
			at = path.Base(path.Dir(name)) + "-" + at
		}
	}
	s.pictures[at] = name
	s.files["img/"+at] = data
	width, height, err := sizeOf(name, data)
	if err != nil {
		return "", "", err
	}
	return at, fmt.Sprintf(` width="%d" height="%d"`, width, height), nil
}

// headings are those that have an anchor, in order.
func headings(doc ast.Node, src []byte) []head {
	var list []head
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if h, ok := n.(*ast.Heading); ok && entering {
			id, _ := h.AttributeString("id")
			name, _ := id.([]byte)
			list = append(list, head{string(name), plain(h, src)})
		}
		return ast.WalkContinue, nil
	})
	return list
}

// sections cuts a document at its headings, and gives its second headings for the contents.
func (s *site) sections(e entry, doc ast.Node, src []byte) ([]section, []head) {
	page := e.slug
	if page == "index" {
		page = ""
	}
	list := []section{{Page: page, Title: e.title, Head: e.title}}
	var heads []head
	for n := doc.FirstChild(); n != nil; n = n.NextSibling() {
		h, ok := n.(*ast.Heading)
		if !ok {
			last := &list[len(list)-1]
			last.Text = strings.TrimSpace(last.Text + " " + plain(n, src))
			continue
		}
		said := plain(h, src)
		if h.Level == 1 {
			list[0].Title, list[0].Head = said, said
			continue
		}
		id, _ := h.AttributeString("id")
		anchor, _ := id.([]byte)
		if h.Level == 2 {
			heads = append(heads, head{string(anchor), said})
		}
		list = append(list, section{Page: page, Anchor: string(anchor), Title: list[0].Title, Head: said})
	}
	return list, heads
}
