package backup_test

import (
	"archive/tar"
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"

	"hallkeeper/hub/backup"
)

// A backup that was made by somebody else writes nothing outside its folder.
func TestANameThatLeavesTheFolderIsRefused(t *testing.T) {
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"../evil", "/etc/passwd", "log/../../evil", "keys/../x", "keys/.hidden", "photos/x", "views.db", "keys/a/b/c", "log/00001_2026-11.open/x"} {
		var file bytes.Buffer
		sealed, err := age.Encrypt(&file, id.Recipient())
		if err != nil {
			t.Fatal(err)
		}
		w := tar.NewWriter(sealed)
		for _, x := range [][2]string{{"backup.json", `{"format":1}`}, {name, "x"}, {"manifest.json", "{}"}} {
			if err := w.WriteHeader(&tar.Header{Name: x[0], Mode: 0o600, Size: int64(len(x[1]))}); err != nil {
				t.Fatal(err)
			}
			if _, err := w.Write([]byte(x[1])); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if err := sealed.Close(); err != nil {
			t.Fatal(err)
		}
		above := t.TempDir()
		dir := filepath.Join(above, "in")
		if _, _, err := backup.Read(&file, nil, []age.Identity{id}, dir); err == nil || !strings.Contains(err.Error(), "no file of a hall") {
			t.Errorf("%s: %v", name, err)
		}
		if left, _ := os.ReadDir(above); len(left) != 0 {
			t.Errorf("%s: %v was written", name, left)
		}
	}
}
