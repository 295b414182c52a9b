package doccheck

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"unicode"
)

// document is what other documents can point at, and what it points at.
type document struct {
	links    []link
	headings []heading
}

type link struct {
	line   int
	target string
}

type heading struct {
	level  int
	text   string
	anchor string
}

// parse reads Markdown as far as links and headings go; code is left out.
func parse(text string) document {
	// An inline link, an image, or the definition of a reference.
	links := regexp.MustCompile(`\]\(\s*<?([^)\s>]+)>?[^)]*\)|^\s*\[[^\]]+\]:\s+(\S+)`)
	inline := regexp.MustCompile("`[^`]*`")
	var doc document
	used := map[string]int{}
	fenced := false
	number := 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimRight(line, "\r\n")
		if strings.HasPrefix(strings.TrimSpace(line), "```") {
			fenced = !fenced
			continue
		}
		if fenced {
			continue
		}
		if title := strings.TrimLeft(line, "#"); title != line && strings.HasPrefix(title, " ") {
			title = strings.TrimSpace(title)
			a := anchor(title)
			used[a]++
			if n := used[a]; n > 1 {
				a = fmt.Sprintf("%s-%d", a, n-1)
			}
			doc.headings = append(doc.headings, heading{level: len(line) - len(strings.TrimLeft(line, "#")), text: title, anchor: a})
		}
		for _, m := range links.FindAllStringSubmatch(inline.ReplaceAllString(line, ""), -1) {
			doc.links = append(doc.links, link{line: number, target: m[1] + m[2]})
		}
	}
	return doc
}

// anchor is the name that forges give a heading: lower case, letters, digits and
// hyphens, spaces turned to hyphens.
func anchor(title string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(title) {
		switch {
		case unicode.IsLetter(r), unicode.IsDigit(r), unicode.Is(unicode.Mn, r), r == '-', r == '_':
			b.WriteRune(r)
		case r == ' ':
			b.WriteByte('-')
		}
	}
	return b.String()
}

// check gives one line for each link of the documents that leads nowhere. Paths
// are slash-separated and relative to root.
func check(root string, documents map[string]document) []string {
	var bad []string
	for name, doc := range documents {
		for _, l := range doc.links {
			if why := follow(root, name, l.target, documents); why != "" {
				bad = append(bad, fmt.Sprintf("%s:%d: %s: %s", name, l.line, l.target, why))
			}
		}
	}
	return bad
}

func follow(root, from, target string, documents map[string]document) string {
	u, err := url.Parse(target)
	if err != nil {
		return "is no address: " + err.Error()
	}
	switch u.Scheme {
	case "https", "http":
		if u.Host == "" {
			return "names no host"
		}
		return ""
	case "mailto":
		return ""
	case "":
	default:
		return "has an unknown scheme"
	}
	to := from
	if u.Path != "" {
		if strings.HasPrefix(u.Path, "/") {
			return "is absolute; name it from the document"
		}
		to = filepath.ToSlash(filepath.Join(filepath.Dir(from), u.Path))
		if strings.HasPrefix(to, "../") {
			return "leads out of the repository"
		}
		if _, err := os.Stat(filepath.Join(root, filepath.FromSlash(to))); err != nil {
			return "there is no such file"
		}
	}
	if u.Fragment == "" {
		return ""
	}
	doc, known := documents[to]
	if !known {
		return "points into a file that is no document"
	}
	for _, h := range doc.headings {
		if h.anchor == u.Fragment {
			return ""
		}
	}
	return "there is no such heading"
}

// outline is the depths of a document's headings in order: two languages of one
// document have the same.
func outline(doc document) string {
	var b strings.Builder
	for _, h := range doc.headings {
		fmt.Fprintf(&b, "%d", h.level)
	}
	return b.String()
}
