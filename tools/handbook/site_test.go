package main

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// bare is the page as Vite would build it, as far as the handbook needs it.
const bare = `<!doctype html><html lang="zh-CN"><head><title>x</title></head><body class="help on-white"><div id="handbook"></div></body></html>`

func repository() fs.FS { return os.DirFS(filepath.Join("..", "..")) }

func TestTheHandbookOfTheRepository(t *testing.T) {
	t.Parallel()
	files, err := build(repository(), bare)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range languages() {
		list, err := contentsOf(repository(), l)
		if err != nil {
			t.Fatal(err)
		}
		var index []section
		if err := json.Unmarshal(files[l.folder+"/search.json"], &index); err != nil {
			t.Fatal(err)
		}
		for _, e := range list {
			html := string(files[l.folder+"/"+e.slug+".html"])
			if !strings.Contains(html, `<html lang="`+l.tag+`"`) || strings.Count(html, "<h1") != 1 || !strings.Contains(html, "<title>") || strings.Contains(html, "<title>x<") {
				t.Errorf("%s/%s is no page with a title and one first heading: %.200s", l.folder, e.slug, html)
			}
			name := e.slug
			if name == "index" {
				name = ""
			}
			if !slices.ContainsFunc(index, func(s section) bool { return s.Page == name && s.Text != "" }) {
				t.Errorf("the search of %s does not know %s", l.folder, e.slug)
			}
			leads(t, files, l.folder+"/"+e.slug, html)
		}
	}
	for _, chapter := range []string{"wiring", "first-hour", "kiosk", "window", "supervisor", "assessment", "administrator", "troubleshooting", "recovery", "decommissioning"} {
		if files["zh/"+chapter+".html"] == nil {
			t.Errorf("the handbook has no chapter %s", chapter)
		}
	}
}

// leads follows what a page points at within the handbook.
func leads(t *testing.T, files map[string][]byte, name, html string) {
	t.Helper()
	for _, m := range regexp.MustCompile(`(?:href|src)="(/help/[^"#]*|)(#[^"]*)?"`).FindAllStringSubmatch(html, -1) {
		to := strings.TrimPrefix(m[1], "/help/")
		switch {
		case m[1] == "":
			to = name + ".html"
		case strings.HasSuffix(to, "/"):
			to += "index.html"
		case path.Ext(to) == "":
			to += ".html"
		}
		page, there := files[to]
		if !there {
			t.Errorf("%s leads to %s, which is not there", name, m[1])
			continue
		}
		if id, err := url.PathUnescape(strings.TrimPrefix(m[2], "#")); err != nil || id != "" && !bytes.Contains(page, []byte(`id="`+id+`"`)) {
			t.Errorf("%s leads to %s, which has no such place (%v)", name, m[0], err)
		}
	}
}

// Every picture that the handbook alone has is one that the browser test takes, and is small.
func TestThePicturesAreThoseThatTheBrowserTakes(t *testing.T) {
	t.Parallel()
	script, err := os.ReadFile(filepath.Join("..", "..", "web-kiosk", "e2e", "handbook.test.mjs"))
	if err != nil {
		t.Fatal(err)
	}
	taken := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?i)picture\(\w+, (?:'[\w-]+', )?'([\w-]+)'\)`).FindAllStringSubmatch(string(script), -1) {
		taken[m[1]+".webp"] = false
	}
	pages, err := fs.Glob(repository(), book+"/*/*.md")
	if err != nil || len(pages) == 0 {
		t.Fatalf("%v, %d pages", err, len(pages))
	}
	for _, name := range pages {
		text, err := fs.ReadFile(repository(), name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`\]\(\.\./img/([^)]+)\)`).FindAllStringSubmatch(string(text), -1) {
			if _, known := taken[m[1]]; !known {
				t.Errorf("%s shows %s, which make handbook-pictures does not take", name, m[1])
				continue
			}
			taken[m[1]] = true
		}
	}
	for picture, shown := range taken {
		if !shown {
			t.Errorf("%s is taken and shown nowhere", picture)
		}
	}
	files, err := fs.ReadDir(repository(), book+"/img")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if _, known := taken[f.Name()]; !known {
			t.Errorf("%s/img/%s is not taken by the browser test any more", book, f.Name())
		}
		if info, err := f.Info(); err != nil || info.Size() > 150*1024 {
			t.Errorf("%s has %d bytes (%v): 150 KB are enough", f.Name(), info.Size(), err)
		}
	}
}

// small is a handbook of two pages; a test changes one of its documents.
func small(changes ...string) fstest.MapFS {
	files := fstest.MapFS{
		"docs/handbook/zh/index.md":  {Data: []byte("# 手册\n\n[English](../en/index.md)\n\n## 开始\n\n- [接线](wiring.md)：怎样接\n- [账号](../../accounts.zh-CN.md)\n")},
		"docs/handbook/zh/wiring.md": {Data: []byte("# 接线\n\n[English](../en/index.md)\n\n看[账号](../../accounts.zh-CN.md#登录)、[程序](../../../main.go)和[外面](https://example.org/)。\n\n## 断电\n\n来电后什么都不用做。\n\n| 灯 | 意思 |\n|---|---|\n| 红 | 断 |\n\n![图](../img/a.svg)\n")},
		"docs/handbook/en/index.md":  {Data: []byte("# Handbook\n\n- [Accounts](../../accounts.md)\n- [Wiring](../zh/wiring.md) in Chinese\n")},
		"docs/handbook/img/a.svg":    {Data: []byte(`<svg xmlns="http://www.w3.org/2000/svg" width="40" height="30"></svg>`)},
		"docs/accounts.zh-CN.md":     {Data: []byte("# 账号\n\n[English](accounts.md)\n\n## 登录\n\n<b>密码</b>\n")},
		"docs/accounts.md":           {Data: []byte("# Accounts\n\n[中文](accounts.zh-CN.md)\n\nPasswords.\n")},
		"main.go":                    {Data: []byte("package main\n")},
	}
	for i := 0; i+1 < len(changes); i += 2 {
		if changes[i+1] == "" {
			delete(files, changes[i])
			continue
		}
		files[changes[i]] = &fstest.MapFile{Data: []byte(changes[i+1])}
	}
	return files
}

func TestAPage(t *testing.T) {
	t.Parallel()
	files, err := build(small(), bare)
	if err != nil {
		t.Fatal(err)
	}
	html := string(files["zh/wiring.html"])
	for what, want := range map[string]string{
		"a link to a page":              `<a href="/help/zh/accounts#登录">账号</a>`,
		"a file that is no page":        `<span class="source" title="main.go">程序</span>`,
		"another site":                  `<a rel="noreferrer" href="https://example.org/">外面</a>`,
		"a heading's place":             `<h2 id="断电">`,
		"a cell with its column's name": `<td data-head="意思">断</td>`,
		"a picture with its size":       `<img src="/help/img/a.svg" alt="图" width="40" height="30">`,
		"the page in the contents":      `<a href="/help/zh/wiring" aria-current="page">接线</a>`,
		"its headings in the contents":  `<li><a href="#%e6%96%ad%e7%94%b5">断电</a></li>`,
		"the next page":                 `<a rel="next" href="/help/zh/accounts">`,
		"the other language":            `<a href="/help/en/" hreflang="en"`,
	} {
		if !strings.Contains(html, want) {
			t.Errorf("%s: no %s in\n%s", what, want, html)
		}
	}
	if strings.Contains(html, ">English</a></p>\n<p>看") {
		t.Error("the line that leads to the other language is in the text")
	}
	if accounts := string(files["zh/accounts.html"]); strings.Contains(accounts, "<b>") || !strings.Contains(accounts, `href="/help/en/accounts" hreflang="en"`) {
		t.Errorf("HTML of a document, or the wrong way to the other language: %s", accounts)
	}
	if index := string(files["zh/search.json"]); !strings.Contains(index, `{"p":"wiring","a":"断电","t":"接线","h":"断电","x":"来电后什么都不用做。 灯 意思 红 断 图"}`) {
		t.Errorf("the search has %s", index)
	}
}

func TestWhatIsRefused(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ name, file, text, why string }{
		{"a chapter that the contents do not name", "docs/handbook/zh/lost.md", "# x\n", "does not name lost.md"},
		{"a link to nothing", "docs/accounts.zh-CN.md", "# 账号\n\n[x](gone.md)\n", "docs/accounts.zh-CN.md: gone.md: there is no such file"},
		{"a heading that is gone", "docs/accounts.zh-CN.md", "# 账号\n\n## 进来\n", "accounts.zh-CN.md#登录: there is no such heading"},
		{"a picture that is gone", "docs/handbook/img/a.svg", "", "docs/handbook/img/a.svg"},
		{"a drawing without a size", "docs/handbook/img/a.svg", `<svg xmlns="http://www.w3.org/2000/svg"></svg>`, "no width and height"},
		{"two pages of one name", "docs/handbook/zh/index.md", "# 手册\n\n- [接线](wiring.md)\n- [a](../../accounts.zh-CN.md)\n- [b](../../accounts.md)\n", "would have the address accounts"},
	} {
		if _, err := build(small(row.file, row.text), bare); err == nil || !strings.Contains(err.Error(), row.why) {
			t.Errorf("%s: want %q, got %v", row.name, row.why, err)
		}
	}
	if _, err := build(small(), "<html></html>"); err == nil {
		t.Error("a page without a place for the handbook was taken")
	}
}

func TestTheSizeOfAWebP(t *testing.T) {
	t.Parallel()
	lossy := append([]byte("RIFF\x00\x00\x00\x00WEBPVP8 \x00\x00\x00\x00\x00\x00\x00\x9d\x01\x2a"), 0xb0, 0x04, 0xf8, 0x02)
	if w, h, err := sizeOfWebP(lossy); w != 1200 || h != 760 || err != nil {
		t.Errorf("a lossy picture is %d × %d (%v)", w, h, err)
	}
	extended := append([]byte("RIFF\x00\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x00\x00\x00\x00"), 0xaf, 0x04, 0x00, 0xf7, 0x02, 0x00)
	if w, h, err := sizeOfWebP(extended); w != 1200 || h != 760 || err != nil {
		t.Errorf("an extended picture is %d × %d (%v)", w, h, err)
	}
	for _, bad := range [][]byte{nil, []byte("RIFF"), append([]byte("RIFF\x00\x00\x00\x00WEBPVP8L"), make([]byte, 20)...)} {
		if _, _, err := sizeOfWebP(bad); err == nil {
			t.Errorf("%q has a size", bad)
		}
	}
}
