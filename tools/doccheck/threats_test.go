package doccheck

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// threat is one row of docs/threats.md: what somebody does, and the tests that
// show what becomes of it.
type threat struct {
	does, defence string
	tests         []string
}

// threats reads the rows of a page. Tests are what its third column has between
// backquotes: a Go test, or the title of a test in a browser.
func threats(page string) []threat {
	quoted := regexp.MustCompile("`([^`]+)`")
	var rows []threat
	heading := true
	for line := range strings.Lines(page) {
		line = strings.TrimSpace(line)
		switch {
		case !strings.HasPrefix(line, "|"):
			heading = true
			continue
		case heading:
			heading = false
			continue
		case strings.HasPrefix(line, "|---"):
			continue
		}
		cells := strings.Split(strings.Trim(line, "|"), "|")
		row := threat{does: strings.TrimSpace(cells[0])}
		if len(cells) == 3 {
			row.defence = strings.TrimSpace(cells[1])
			for _, m := range quoted.FindAllStringSubmatch(cells[2], -1) {
				row.tests = append(row.tests, m[1])
			}
		}
		rows = append(rows, row)
	}
	return rows
}

// required are the inputs and failures without which the page would not be whole:
// each is a phrase of a threat on the English page.
func required() []string {
	return []string{
		"has expired", "certificate that is revoked", "foreign", "certificate with the wrong name",
		"replayed enrolment code", "stolen sd card", "cookie theft", "token theft",
		"slow-loris", "idle connections or websockets", "a body of a gigabyte", "path traversal",
		"a hundred sign-ins a second", "clickjacking",
		"a device that publishes as another", "a screen that asks for the roster",
	}
}

func TestEveryThreatHasATest(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..")
	english := threats(readPage(t, root, "docs/threats.md"))
	known := testsOf(t, root)
	for _, row := range english {
		if row.does == "" || row.defence == "" || len(row.tests) == 0 {
			t.Errorf("docs/threats.md: %q lacks its defence or its test; a row is: threat | defence | `TestName`", row.does)
		}
		for _, name := range row.tests {
			if !known[name] {
				t.Errorf("docs/threats.md: %q names the test %q, which is nowhere", row.does, name)
			}
		}
	}
	for _, phrase := range required() {
		if !slices.ContainsFunc(english, func(r threat) bool { return strings.Contains(strings.ToLower(r.does), phrase) }) {
			t.Errorf("docs/threats.md has no row for %s", phrase)
		}
	}
	chinese := threats(readPage(t, root, "docs/threats.zh-CN.md"))
	if len(chinese) != len(english) {
		t.Fatalf("docs/threats.zh-CN.md has %d rows, docs/threats.md has %d", len(chinese), len(english))
	}
	for i, row := range chinese {
		if !slices.Equal(row.tests, english[i].tests) || row.defence == "" {
			t.Errorf("row %d: the Chinese page says %q with %q, the English %q with %q", i+1, row.does, row.tests, english[i].does, english[i].tests)
		}
	}
}

// What the page on classified protection claims is shown by tests that exist, and by
// the same ones in both languages.
func TestClassifiedProtectionNamesItsTests(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..")
	known, named := testsOf(t, root), regexp.MustCompile("`((?:Test|Fuzz)\\w+)`")
	pages := make([][]string, 2)
	for i, name := range []string{"docs/classified-protection.md", "docs/classified-protection.zh-CN.md"} {
		for _, m := range named.FindAllStringSubmatch(readPage(t, root, name), -1) {
			pages[i] = append(pages[i], m[1])
			if !known[m[1]] {
				t.Errorf("%s names the test %s, which is nowhere", name, m[1])
			}
		}
	}
	if len(pages[0]) < 20 || !slices.Equal(pages[0], pages[1]) {
		t.Errorf("the English page names %q, the Chinese %q", pages[0], pages[1])
	}
}

func TestThreatsAreRead(t *testing.T) {
	t.Parallel()
	rows := threats("# T\n\n| Threat | Defence | Test |\n|---|---|---|\n| a | b | `TestX`, `FuzzY` |\n| c | d |\n\ntext `TestZ`\n\n| Threat | Defence | Test |\n|---|---|---|\n| e | f | `says so` |\n")
	if len(rows) != 3 || !slices.Equal(rows[0].tests, []string{"TestX", "FuzzY"}) || rows[0].defence != "b" || rows[1].tests != nil || rows[2].tests[0] != "says so" {
		t.Errorf("read %+v", rows)
	}
}

func readPage(t *testing.T, root, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// testsOf gives the names of the repository's Go tests and the titles of its tests
// in a browser.
func testsOf(t *testing.T, root string) map[string]bool {
	t.Helper()
	goTest := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
	title := regexp.MustCompile("(?m)^\\s*test\\((?:'([^']+)'|\"([^\"]+)\"|`([^`]+)`)")
	found := map[string]bool{}
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
		pattern := goTest
		switch {
		case strings.HasSuffix(path, "_test.go"):
		case strings.HasSuffix(path, ".test.mjs"):
			pattern = title
		default:
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, m := range pattern.FindAllStringSubmatch(string(text), -1) {
			found[strings.Join(m[1:], "")] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
