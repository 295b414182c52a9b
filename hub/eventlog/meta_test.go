package eventlog

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A damaged meta page would take the newest commit away unseen, and a file that is
// cut short would make its reader fault: both are told in words.
func TestADamagedMetaPageAndACutFileAreTold(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	for i := range 20 {
		submit(t, l, "w01", press(uint64(i+1), 3))
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.open"))
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	content, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range []int{16, 20, 24, 40, 60, os.Getpagesize() + 20} {
		b := append([]byte(nil), content...)
		b[at] ^= 1
		if err := os.WriteFile(files[0], b, 0o600); err != nil {
			t.Fatal(err)
		}
		v, err := Verify(dir, nil)
		if err == nil && (len(v.Faults) == 0 || !strings.Contains(strings.Join(v.Faults, " "), "meta page")) {
			t.Errorf("with byte %d changed the log has faults %v", at, v.Faults)
		}
	}
	if err := os.WriteFile(files[0], content[:3*os.Getpagesize()], 0o600); err != nil {
		t.Fatal(err)
	}
	if v, err := Verify(dir, nil); err == nil && len(v.Faults) == 0 {
		t.Error("a file that is cut short is whole")
	}
	if _, err := openBolt(files[0], true); !errors.Is(err, errCut) {
		t.Errorf("it is opened: %v", err)
	}
}
