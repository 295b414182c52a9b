package doccheck

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// othersFolder finds a command of the hub, or one of the hub's files, in the window computer's folder.
func othersFolder() *regexp.Regexp {
	return regexp.MustCompile("(?:^|[\\s`/-])hub [a-z][^`\\n]*/var/lib/hallkeeper(?:[^\\w-]|$)|/var/lib/hallkeeper/(?:control\\.json|keys|log|photos|views\\.db)")
}

func TestCommandsOfTheHubNameTheHubsFolder(t *testing.T) {
	t.Parallel()
	wrong := othersFolder()
	for text, want := range map[string]bool{
		"hub verify --data /var/lib/hallkeeper":                                      true,
		"`sudo hallkeeper-hub restore /mnt/b --data /var/lib/hallkeeper`":            true,
		"bin/hub serve --data /var/lib/hallkeeper --config x":                        true,
		"jq -r .secret /var/lib/hallkeeper/control.json":                             true,
		"hub verify --data /var/lib/hallkeeper-hub":                                  false,
		"sudo hallkeeper-agent enroll --hub 192.168.1.10 --data /var/lib/hallkeeper": false,
		"`hub verify`, and on the window computer `ls /var/lib/hallkeeper`":          false,
	} {
		if got := wrong.MatchString(text); got != want {
			t.Errorf("%q: want %v, got %v", text, want, got)
		}
	}
	root, lines := filepath.Join("..", ".."), 0
	for _, folder := range []string{"docs", "deploy", "firmware-config"} {
		err := filepath.WalkDir(filepath.Join(root, folder), func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".md") {
				return err
			}
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			n := 0
			for line := range strings.Lines(string(text)) {
				if n++; strings.Contains(line, "/var/lib/hallkeeper") {
					lines++
				}
				if wrong.MatchString(line) {
					t.Errorf("%s:%d: a hub's data is in /var/lib/hallkeeper-hub: %s", path, n, strings.TrimSpace(line))
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if lines == 0 {
		t.Error("no document names a data folder; does the test look in the wrong place?")
	}
}
