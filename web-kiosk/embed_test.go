package webkiosk

import (
	"io/fs"
	"strings"
	"testing"
)

// Before npm ran only the placeholder is embedded: then Built is false and the
// rest cannot be asked.
func TestBuiltSaysWhetherThePagesAreThere(t *testing.T) {
	_, err := fs.Stat(FS(), "index.html")
	if there := err == nil; there != Built() {
		t.Fatalf("Built() = %v, but index.html is there: %v", Built(), there)
	}
}

func TestEveryPageLoadsOnlyWhatIsEmbedded(t *testing.T) {
	if !Built() {
		t.Skip("the pages are not built: run make build")
	}
	for _, page := range []string{"index.html", "lobby.html", "console.html", "board.html", "verify.html"} {
		text, err := fs.ReadFile(FS(), page)
		if err != nil {
			t.Errorf("%s: %v", page, err)
			continue
		}
		if strings.Contains(string(text), "//") && strings.Contains(string(text), "http") {
			t.Errorf("%s refers to an address outside the hall, which has no internet", page)
		}
		for _, part := range strings.Split(string(text), `"/assets/`)[1:] {
			name, _, _ := strings.Cut(part, `"`)
			if _, err := fs.Stat(FS(), "assets/"+name); err != nil {
				t.Errorf("%s loads %s: %v", page, name, err)
			}
		}
	}
}
