package main

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/yuin/goldmark/ast"
)

// language is one that the handbook is in: its folder, and what <html lang> says.
type language struct {
	folder, tag string
	words       map[string]string
}

func languages() []language {
	return []language{
		{"zh", "zh-CN", map[string]string{"title": "操作手册", "contents": "目录", "search": "在手册中查找", "hint": "如：断电、读卡器、证书", "other": "English", "skip": "跳到正文", "pages": "返回页面", "before": "上一章", "next": "下一章",
			"print": "打印本章", "found": "找到 {n} 处", "none": "没有找到“{q}”。换个说法，或看目录。", "failed": "查找需要的内容读不到，请检查与主机的连接。", "clear": "清除", "source": "见源码中的"}},
		{"en", "en", map[string]string{"title": "Handbook", "contents": "Contents", "search": "Search the handbook", "hint": "power, reader, certificate", "other": "中文", "skip": "Skip to the text", "pages": "Back to the pages", "before": "Before", "next": "Next",
			"print": "Print this chapter", "found": "{n} places", "none": "Nothing about “{q}”. Try another word, or the contents.", "failed": "The text to search could not be read: look at the connection to the hub.", "clear": "Clear", "source": "in the source: "}},
	}
}

// entry is a page as the contents name it.
type entry struct {
	group  string
	title  string
	source string // its document, from the repository's root
	slug   string // its address within the language
}

const book = "docs/handbook"

// contentsOf reads the list of pages from a language's index.md: second headings are
// groups, links in lists to documents are pages, in their order.
func contentsOf(root fs.FS, l language) ([]entry, error) {
	index := path.Join(book, l.folder, "index.md")
	doc, text, err := parse(root, index)
	if err != nil {
		return nil, err
	}
	list := []entry{{title: l.words["contents"], source: index, slug: "index"}}
	group := ""
	err = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Heading:
			if n.Level == 2 {
				group = plain(n, text)
			}
		case *ast.Link:
			to, _, _ := strings.Cut(string(n.Destination), "#")
			if !strings.HasSuffix(to, ".md") || !within(n, ast.KindListItem) {
				break
			}
			source := path.Join(path.Dir(index), to)
			if slices.ContainsFunc(list, func(e entry) bool { return e.source == source }) {
				break
			}
			e := entry{group: group, title: plain(n, text), source: source, slug: slugOf(source)}
			for _, other := range list {
				if other.slug == e.slug {
					return ast.WalkStop, fmt.Errorf("%s: %s and %s would have the address %s", index, other.source, source, e.slug)
				}
			}
			list = append(list, e)
		}
		return ast.WalkContinue, nil
	})
	if err != nil {
		return nil, err
	}
	own, err := fs.Glob(root, path.Join(book, l.folder, "*.md"))
	if err != nil {
		return nil, err
	}
	for _, source := range own {
		if !slices.ContainsFunc(list, func(e entry) bool { return e.source == source }) {
			return nil, fmt.Errorf("%s does not name %s", index, path.Base(source))
		}
	}
	return list, nil
}

// slugOf is a document's name without its language and ending; a README has its folder's.
func slugOf(source string) string {
	name := strings.TrimSuffix(strings.TrimSuffix(path.Base(source), ".md"), ".zh-CN")
	if name == "README" {
		name = path.Base(path.Dir(source))
	}
	return strings.ToLower(name)
}

// counterpart is the same document in the other language, whether it exists or not.
func counterpart(source string) string {
	if rest, ok := strings.CutPrefix(source, book+"/zh/"); ok {
		return book + "/en/" + rest
	}
	if rest, ok := strings.CutPrefix(source, book+"/en/"); ok {
		return book + "/zh/" + rest
	}
	if rest, ok := strings.CutSuffix(source, ".zh-CN.md"); ok {
		return rest + ".md"
	}
	return strings.TrimSuffix(source, ".md") + ".zh-CN.md"
}

func within(n ast.Node, kind ast.NodeKind) bool {
	for ; n != nil; n = n.Parent() {
		if n.Kind() == kind {
			return true
		}
	}
	return false
}
