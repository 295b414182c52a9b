package eventlog

import (
	"os"
	"path/filepath"
	"testing"

	"hallkeeper/wire"
)

// A log has begun with its first record, also where it was not closed, is open, or no longer reads.
func TestALogHasBegunWithItsFirstRecord(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "log")
	begun := func(what string, want bool) {
		t.Helper()
		if got, err := Begun(dir); got != want || err != nil {
			t.Errorf("%s: %v, %v", what, got, err)
		}
	}
	begun("a folder that is not there", false)
	l, err := Open(Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	begun("a log that a program has open", true)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	begun("a log without records", false)
	if l, err = Open(Options{Dir: dir}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := l.Append(t.Context(), "", func(Moment) ([]wire.Event, error) {
		return []wire.Event{{Kind: wire.KindHubStarted, Data: []byte(`{"version":"","clean":true}`), Actor: &wire.Actor{Kind: wire.ActorSchedule, ID: "start"}}}, nil
	}); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	begun("a log with a record", true)
	if err := os.Remove(filepath.Join(dir, cleanMark)); err != nil {
		t.Fatal(err)
	}
	begun("a log after a kill", true)
	all, err := filepath.Glob(filepath.Join(dir, "*"+extOpen))
	if err != nil || len(all) != 1 {
		t.Fatal(all, err)
	}
	if err := os.WriteFile(all[0], []byte("damaged"), 0o600); err != nil {
		t.Fatal(err)
	}
	begun("a log that does not read", true)
}
