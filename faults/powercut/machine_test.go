package main

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"hallkeeper/faults/vm"
)

// Only a file system that refuses to be mounted is mended. Everything else that
// a machine complains of is a failure.
func TestWhatIsMended(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		console string
		mended  bool
	}{
		{"powercut: failed: mount /dev/vda on /data: structure needs cleaning", true},
		{"powercut: failed: mount /dev/vda on /data: bad message", true},
		{"powercut: failed: mount proc on /proc: invalid argument", false},
		{"powercut: failed: there is no /dev/vda", false},
		{"powercut: hub serve: exit status 1", false},
		{"powercut: mounted\r\n[    9.1] EXT4-fs error (device vda): ext4_lookup:1855: iget: checksum invalid", false},
		{"[    9.1] Kernel panic - not syncing: EXT4-fs panic from previous error", false},
	} {
		m := machine{console: vm.NewConsole(io.Discard), ended: make(chan struct{})}
		fmt.Fprintf(m.console, "powercut: started\r\n%s\r\n", row.console)
		var down *downError
		if err := m.alive(); !errors.As(err, &down) || down.notMounted != row.mended {
			t.Errorf("%s: mended is not %t: %v", row.console, row.mended, err)
		}
	}
}
