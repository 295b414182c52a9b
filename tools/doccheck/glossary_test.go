package doccheck

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTheGlossaryIsSortedAndSaysWhereWordsAreFrom(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "glossary.md"))
	if err != nil {
		t.Fatal(err)
	}
	before, rows := "", 0
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if len(cells) != 4 || strings.HasPrefix(cells[0], "---") || strings.HasPrefix(strings.TrimSpace(cells[0]), "English") {
			continue
		}
		rows++
		word := strings.ToLower(strings.TrimSpace(cells[0]))
		if word < before {
			t.Errorf("%q stands after %q", word, before)
		}
		before = word
		switch source := strings.TrimSpace(cells[3]); {
		case source == "this system", source == "好差评", strings.HasPrefix(source, "63号 第"):
		default:
			t.Errorf("%q has the source %q; name an article of 63号, 好差评 or this system", word, source)
		}
	}
	if rows < 20 {
		t.Errorf("found %d words only; is the table still four columns wide?", rows)
	}
}
