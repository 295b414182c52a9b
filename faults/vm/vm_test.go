package vm

import (
	"bytes"
	"io"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"testing"
)

// readArchive reads a newc archive back into names and contents.
func readArchive(t *testing.T, b []byte) map[string]string {
	t.Helper()
	files := map[string]string{}
	aligned := func(n int) int { return (n + 3) &^ 3 }
	for at := 0; at < len(b); {
		head := string(b[at : at+110])
		field := func(i int) int {
			n, err := strconv.ParseUint(head[6+8*i:14+8*i], 16, 32)
			if err != nil {
				t.Fatal(err)
			}
			return int(n)
		}
		if head[:6] != "070701" {
			t.Fatalf("an entry begins with %q", head[:6])
		}
		name := string(b[at+110 : at+110+field(11)-1])
		content := aligned(at + 110 + field(11))
		files[name] = string(b[content : content+field(6)])
		at = aligned(content + field(6))
	}
	return files
}

func TestInitramfs(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := func(name, content string) string {
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return p
	}
	var b bytes.Buffer
	if err := WriteInitramfs(&b, []File{{"init", path("guest", "g")}, {"hub", path("the-hub", "hub!!")}, {"modules/00-virtio.ko", path("00-virtio.ko", "mod")}}); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"dev": "", "dev/console": "", "modules": "", "init": "g", "hub": "hub!!", "modules/00-virtio.ko": "mod", "TRAILER!!!": ""}
	if got := readArchive(t, b.Bytes()); !maps.Equal(got, want) {
		t.Errorf("%q", got)
	}
	if err := WriteInitramfs(&b, []File{{"init", filepath.Join(dir, "missing")}}); err == nil {
		t.Error("a guest that is not there was packed")
	}
}

func TestConsole(t *testing.T) {
	t.Parallel()
	var file bytes.Buffer
	c := NewConsole(&file)
	for _, piece := range []string{"[    0.1] booting\r\npowercut: sta", "rted\r\npowercut: hub serve: exit sta"} {
		if _, err := io.WriteString(c, piece); err != nil {
			t.Fatal(err)
		}
	}
	if line, found := c.Find("powercut: started"); !found || line != "powercut: started" {
		t.Errorf("%q %t", line, found)
	}
	if _, found := c.Find("powercut: hub serve: "); found {
		t.Error("a line that is not whole yet was found")
	}
	if _, err := io.WriteString(c, "tus 1\r\n"); err != nil {
		t.Fatal(err)
	}
	if line, found := c.Find("powercut: hub serve: "); !found || line != "powercut: hub serve: exit status 1" {
		t.Errorf("%q %t", line, found)
	}
	if got := c.Tail(2); got != "powercut: started\npowercut: hub serve: exit status 1" {
		t.Errorf("the tail is %q", got)
	}
	if file.String() != c.text.String() {
		t.Error("the file holds something else")
	}
}
