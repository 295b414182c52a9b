package doccheck

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestFollow(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	if err := os.MkdirAll(filepath.Join(root, "docs", "img"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"README.md", "docs/a.md", "docs/img/x.png"} {
		if err := os.WriteFile(filepath.Join(root, name), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	documents := map[string]document{
		"README.md": parse("# Start here\n## 三、断电\n## Twice\n## Twice\n"),
		"docs/a.md": parse("# A\n```\n# no heading\n[no](link.md)\n```\n`[nor](this.md)`\n[yes](../README.md)\n[ref]: b.md\n"),
	}
	if got := documents["docs/a.md"].links; len(got) != 2 || got[0].target != "../README.md" || got[1].target != "b.md" {
		t.Errorf("want the two links outside code, got %v", got)
	}
	for _, row := range []struct{ name, from, target, why string }{
		{"a file beside the document", "README.md", "docs/a.md", ""},
		{"a file above it", "docs/a.md", "../README.md", ""},
		{"an image", "docs/a.md", "img/x.png", ""},
		{"a folder", "README.md", "docs/", ""},
		{"a heading of another document", "docs/a.md", "../README.md#start-here", ""},
		{"a heading of its own", "README.md", "#start-here", ""},
		{"a Chinese heading", "README.md", "#三断电", ""},
		{"the second of two like headings", "README.md", "#twice-1", ""},
		{"another site", "README.md", "https://example.org/x", ""},
		{"a file that is not there", "README.md", "docs/b.md", "no such file"},
		{"a heading that is not there", "README.md", "docs/a.md#b", "no such heading"},
		{"a path out of the repository", "README.md", "../secret.md", "out of the repository"},
		{"an absolute path", "README.md", "/etc/passwd", "absolute"},
		{"another scheme", "README.md", "file:///etc/passwd", "unknown scheme"},
	} {
		got := follow(root, row.from, row.target, documents)
		if (row.why == "") != (got == "") || !strings.Contains(got, row.why) {
			t.Errorf("%s: want %q, got %q", row.name, row.why, got)
		}
	}
}

func TestDocuments(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..")
	documents := read(t, root)
	bad := check(root, documents)
	slices.Sort(bad)
	for _, line := range bad {
		t.Error(line)
	}
	for name, doc := range documents {
		english, ok := strings.CutSuffix(name, ".zh-CN.md")
		if !ok {
			continue
		}
		other, known := documents[english+".md"]
		switch {
		case !known:
			t.Errorf("%s has no English form %s.md", name, english)
		case outline(doc) != outline(other):
			t.Errorf("%s and %s.md have different chapters: %s and %s", name, english, outline(doc), outline(other))
		}
	}
}

// read parses every Markdown file that is ours.
func read(t *testing.T, root string) map[string]document {
	t.Helper()
	documents := map[string]document{}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			switch entry.Name() {
			case ".git", "node_modules", "dist", "build", "bin", "data", "testdata":
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(path, ".md") {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		documents[filepath.ToSlash(name)] = parse(string(text))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(documents) == 0 {
		t.Fatal("there are no documents; the test looks in the wrong place")
	}
	return documents
}
