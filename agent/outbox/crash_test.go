package outbox

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// childDir, in the environment, turns the test binary into an agent that is
// about to be killed.
const childDir = "OUTBOX_TEST_CHILD"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		child(dir)
	}
	os.Exit(m.Run())
}

// child keeps events for ever and prints each seq once it is kept.
func child(dir string) {
	o, err := Open(dir, 1_000_000, quiet())
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	_, last := o.Span()
	fmt.Println(last)
	out := make(chan uint64, 64)
	go func() {
		for seq := last + 1; ; {
			if o.Add(press(int(seq)), func(err error) {
				if err == nil {
					out <- 1
				}
			}) == nil {
				seq++
			}
			time.Sleep(50 * time.Microsecond) // faster than a disk, slower than a queue
		}
	}()
	for n := range out {
		last += n
		fmt.Println(last)
		if last > 50 && last%50 == 0 { // the hub has none that was not kept
			o.DeleteTo(last - 50)
		}
	}
}

// What was said to be kept is there after the program was killed, whenever that was.
func TestNothingKeptIsLostWhenTheProgramIsKilled(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	var id string
	for round := range 8 {
		cmd := exec.Command(self)
		cmd.Env = append(os.Environ(), childDir+"="+dir)
		cmd.Stderr = os.Stderr
		pipe, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(pipe)
		var said uint64
		want := 5 + rand.IntN(300)
		for n := 0; lines.Scan(); n++ {
			if _, err := fmt.Sscan(lines.Text(), &said); err != nil {
				t.Fatalf("the child says %q", lines.Text())
			}
			if n == want {
				_ = cmd.Process.Kill()
			}
		}
		_ = cmd.Wait()
		o := mustOpen(t, dir, 1_000_000)
		first, last := o.Span()
		if last < said {
			t.Fatalf("round %d: %d was kept, the outbox ends with %d", round, said, last)
		}
		start, events := read(t, o, 1)
		for i, e := range events {
			if seq := start + uint64(i); e.Seq != seq || e.ID != fmt.Sprintf("e%d", seq) {
				t.Fatalf("round %d: seq %d is event %s", round, e.Seq, e.ID)
			}
		}
		if id == "" {
			id = o.ID()
		}
		if o.ID() != id || start != first {
			t.Fatalf("round %d: outbox %s was %s before, from %d", round, o.ID(), id, first)
		}
		if err := o.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if aside, _ := filepath.Glob(filepath.Join(dir, "*.damaged-*")); len(aside) > 0 {
		t.Errorf("a kill was taken for damage: %v", aside)
	}
}
