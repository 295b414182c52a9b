package eventlog

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"hallkeeper/wire"
)

// smallDisk mounts a file system of the given size. Only root can; elsewhere
// the test says so.
func smallDisk(t *testing.T, size string) string {
	t.Helper()
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size="+size); err != nil {
		t.Skipf("mounting a small disk needs root: %v", err)
	}
	t.Cleanup(func() { _ = unix.Unmount(dir, unix.MNT_DETACH) })
	return dir
}

func waitFor(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !ok(); {
		if time.Now().After(end) {
			t.Fatalf("waited 30 s for: %s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func TestAFullDiskRefusesAndRecovers(t *testing.T) {
	disk := smallDisk(t, "6m")
	filler := filepath.Join(disk, "filler")
	failed, discarded := false, 0
	l := open(t, filepath.Join(disk, "log"), func(o *Options) { o.Failed = func() { discarded++ } })
	if err := os.WriteFile(filler, make([]byte, 3<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	acked := uint64(0)
	for seq := uint64(1); seq < 200_000; seq += 100 {
		var batch []wire.Event
		for i := range uint64(100) {
			batch = append(batch, press(seq+i, 5))
		}
		if _, err := trySubmit(l, "w01", batch...); err != nil {
			if !errors.Is(err, ErrUnavailable) {
				t.Fatal(err)
			}
			failed = true
			break
		}
		acked = seq + 99
	}
	if !failed {
		t.Fatal("the disk never filled")
	}
	if s := l.Stats(); s.Writable || s.Failure == "" || discarded == 0 {
		t.Errorf("a log that cannot store must say so: %+v, %d discarded", s, discarded)
	}
	if r, err := l.ReadBatch(0, 10); err != nil || len(r) != 10 {
		t.Errorf("reading must go on: %v", err)
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the log to store again", func() bool { return l.Stats().Writable })
	marks, err := l.Marks()
	if err != nil || len(marks) != 1 || marks[0].Seq < acked {
		t.Fatalf("%v %+v, acknowledged to %d", err, marks, acked)
	}
	if got := outcomes(submit(t, l, "w01", press(acked+1, 5), press(acked+2, 5))); got != "stored stored" && got != "duplicate duplicate" {
		t.Error(got)
	}
	recovered, n := false, uint64(0)
	for after := wire.Position(0); after < l.Head(); {
		records, err := l.ReadBatch(after, 5000)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range records {
			if recovered = recovered || r.Kind == wire.KindLogRecovered; r.Outbox == "" {
				continue
			}
			if n++; r.Seq != n {
				t.Fatalf("seq %d stands where %d belongs", r.Seq, n)
			}
		}
		after = records[len(records)-1].Position
	}
	if !recovered || n < acked {
		t.Errorf("recovered %v, %d events, %d were acknowledged", recovered, n, acked)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if v, err := Verify(filepath.Join(disk, "log"), nil); err != nil || len(v.Faults) > 0 {
		t.Errorf("%v %v", err, v.Faults)
	}
}

func TestAFolderThatCannotBeWrittenIsSaidSo(t *testing.T) {
	disk := smallDisk(t, "2m")
	if err := unix.Mount("", disk, "", unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
		t.Skipf("remounting read-only needs root: %v", err)
	}
	if _, err := Open(Options{Dir: filepath.Join(disk, "log")}); !errors.Is(err, unix.EROFS) {
		t.Fatalf("got %v", err)
	}
}
