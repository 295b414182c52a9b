package disk

import (
	"bytes"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"hallkeeper/faults/vm"
)

const block = 4096

// cutImage is an image as a power cut leaves it: two transactions are in its
// journal and not yet in their places.
func cutImage(t *testing.T) string {
	t.Helper()
	for _, program := range []string{"mkfs.ext4", "e2fsck", "debugfs"} {
		if _, err := exec.LookPath(vm.FindProgram(program)); err != nil {
			t.Skipf("there is no %s: scripts/needs.sh powercut", program)
		}
	}
	path := filepath.Join(t.TempDir(), "image")
	if err := Make(t.Context(), path, 512<<20); err != nil {
		t.Fatal(err)
	}
	debugfs(t, path, "journal_open -c -v 3\njournal_write -b 90000 1st\njournal_write -b 90001 2nd\njournal_close\n", "1st", "2nd")
	return path
}

// debugfs lets debugfs change an image. Beside it lie files with a block that is
// full of each one's first letter.
func debugfs(t *testing.T, path, commands string, files ...string) string {
	t.Helper()
	dir := filepath.Dir(path)
	for _, name := range files {
		if err := os.WriteFile(filepath.Join(dir, name), bytes.Repeat([]byte(name[:1]), block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "commands"), []byte(commands), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := vm.Output(t.Context(), dir, "debugfs", "-w", "-f", "commands", path)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// commitBlock finds where a transaction's commit block is in the image.
func commitBlock(t *testing.T, path string, sequence uint32) int64 {
	t.Helper()
	image, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer image.Close()
	_, list, _ := strings.Cut(debugfs(t, path, "blocks <8>\n"), "\n") // the first line repeats the command
	for field := range strings.FieldsSeq(list) {
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		var head [3]uint32
		b := make([]byte, 12)
		if _, err := image.ReadAt(b, n*block); err != nil {
			t.Fatal(err)
		}
		if _, err := binary.Decode(b, binary.BigEndian, &head); err != nil {
			t.Fatal(err)
		}
		if head == [3]uint32{0xc03b3998, 2, sequence} {
			return n * block
		}
	}
	t.Fatalf("the journal has no transaction %d", sequence)
	return 0
}

// tear makes one sector what it was before the last write: something else.
func tear(t *testing.T, path string, off int64) {
	t.Helper()
	image, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer image.Close()
	if _, err := image.WriteAt(sectors('o', 1), off); err != nil {
		t.Fatal(err)
	}
}

// content is the first letter of a block of the file system.
func content(t *testing.T, path string, n int64) string {
	t.Helper()
	image, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer image.Close()
	b := make([]byte, 1)
	if _, err := image.ReadAt(b, n*block); err != nil {
		t.Fatal(err)
	}
	return string(max(b[0], '.'))
}

func TestFsckMendsWhatACutHasTorn(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name     string
		torn     func(t *testing.T, path string) int64
		all      bool
		said     string
		contents string // of the blocks that the two transactions wrote
	}{
		{"nothing", nil, false, "recovering journal", "12"},
		{"the last commit block: that transaction was never committed, the one before was",
			func(t *testing.T, path string) int64 { return commitBlock(t, path, 2) + 3*Sector }, false, "Journal transaction 2 was corrupt", "1."},
		{"the superblock, of which there are copies; the journal is not forgotten",
			func(*testing.T, string) int64 { return 3 * Sector }, true, "trying backup blocks", "12"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			path := cutImage(t)
			if row.torn != nil {
				tear(t, path, row.torn(t, path))
			}
			said, all, err := Fsck(t.Context(), path)
			if err != nil {
				t.Fatalf("%v\n%s", err, said)
			}
			if all != row.all || !strings.Contains(said, row.said) {
				t.Errorf("mended by all means: %t, it said\n%s", all, said)
			}
			if got := content(t, path, 90000) + content(t, path, 90001); got != row.contents {
				t.Errorf("the transactions left %q, expected %q", got, row.contents)
			}
			if err := Check(t.Context(), path); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestFsckSaysWhatItCannotMend(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath(vm.FindProgram("e2fsck")); err != nil {
		t.Skip("there is no e2fsck: scripts/needs.sh powercut")
	}
	path := filepath.Join(t.TempDir(), "image")
	if err := os.WriteFile(path, make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Fsck(t.Context(), path); err == nil {
		t.Error("an empty disk was mended")
	}
}
