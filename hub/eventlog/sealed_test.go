package eventlog

import (
	"os"
	"strings"
	"testing"
	"time"
)

// A running log reads its sealed months again, and names the one that is no longer what was sealed.
func TestARunningLogChecksItsSealedMonths(t *testing.T) {
	dir := t.TempDir()
	c := &clock{time.Date(2026, 9, 5, 9, 0, 0, 0, time.UTC)}
	l := open(t, dir, func(o *Options) { o.Now = c.now })
	for seq := uint64(1); seq <= 100; seq++ {
		submit(t, l, "w01", press(seq, 5))
	}
	c.t = c.t.AddDate(0, 1, 0)
	submit(t, l, "w01", press(101, 5))
	l.sealers.Wait()
	check := func(what string, want ...string) {
		t.Helper()
		faults, err := l.CheckSealed(t.Context())
		if err != nil || len(faults) != len(want) {
			t.Fatalf("%s: %q, %v", what, faults, err)
		}
		for i := range want {
			if !strings.Contains(faults[i], want[i]) {
				t.Errorf("%s: %q does not say %q", what, faults[i], want[i])
			}
		}
	}
	check("as it was sealed")
	path := mustGlob(t, dir, "*.sealed")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)-1] ^= 1
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	check("one bit turned", "2026-09.sealed was altered or damaged")
	if err := os.Remove(path + ".sha256"); err != nil {
		t.Fatal(err)
	}
	check("the checksum is gone", "has no checksum file")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path+".sha256", []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	check("the file is gone", "no such file")
}
