//go:build linux

package appliance

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestWhatATechnicianPutOnTheCardIsTakenOver(t *testing.T) {
	card, perm := t.TempDir(), t.TempDir()
	put := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(card, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	take := func(want ...string) {
		t.Helper()
		got, err := takeOver(card, perm)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("taken over: %q, not %q; %v", got, want, err)
		}
	}
	take()
	put(enrolFile, "\uFEFF# hub: 192.168.1.10\r\n\r\n# code:\r\n")
	take() // the image's own file of comments
	put(enrolFile, "# 注册\r\nhub: 192.168.1.10\r\n")
	put("update.txt", "a password")
	put("other.txt", "no business of ours")
	take(enrolFile, "update.txt")
	take() // the same again is nothing new
	put(enrolFile, "hub: 192.168.1.11\n")
	take(enrolFile)
	for name, want := range map[string]string{"hallkeeper/" + enrolFile: "hub: 192.168.1.11\n", "gokr-pw.txt": "a password"} {
		got, err := os.ReadFile(filepath.Join(perm, name))
		if err != nil || string(got) != want {
			t.Errorf("%s: %q %v", name, got, err)
		}
		if st, err := os.Stat(filepath.Join(perm, name)); err != nil || st.Mode().Perm() != 0o600 {
			t.Errorf("%s can be read by others: %v %v", name, st, err)
		}
	}
	if _, err := os.Stat(filepath.Join(perm, "hallkeeper", "other.txt")); !os.IsNotExist(err) {
		t.Errorf("a file that is nobody's was taken over: %v", err)
	}
	put(agentFile, string(make([]byte, maxFile+1)))
	put("board.yaml", "name: mine\n")
	if got, err := takeOver(card, perm); err == nil || !slices.Equal(got, []string{"board.yaml"}) {
		t.Errorf("with a file that is too long: %q %v", got, err)
	}
}

func TestTheFirstPartitionIsThatOfTheSameCard(t *testing.T) {
	for _, row := range []struct{ mounts, want string }{
		{"/dev/root / squashfs ro 0 0\n/dev/mmcblk0p4 /perm ext4 rw 0 0\n", "/dev/mmcblk0p1"},
		{"/dev/sda4 /perm ext4 rw 0 0\n", "/dev/sda1"},
		{"/dev/nvme0n1p4 /perm ext4 rw 0 0\n", "/dev/nvme0n1p1"},
		{"/dev/sda4 /permanent ext4 rw 0 0\n", ""},
		{"tmpfs /perm tmpfs rw 0 0\n", ""},
		{"/dev/mmcblk0p14 /perm ext4 rw 0 0\n", ""},
	} {
		if got := firstPartition(row.mounts, "/perm"); got != row.want {
			t.Errorf("%q: %q", row.mounts, got)
		}
	}
}
