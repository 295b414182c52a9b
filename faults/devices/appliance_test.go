package devices

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"hallkeeper/simulator/hand"
)

// The appliance's program has a folder with what a technician put there, and nobody
// at a keyboard: it enrols the computer, keeps the agent going when that is
// killed, and enrols it anew with another code.
func TestAnApplianceFromItsFolderToItsSecondCode(t *testing.T) {
	h := startHall(t, t.TempDir(), "--mqtt-tls", "127.0.0.1:0")
	dir := t.TempDir()
	socket := filepath.Join(dir, "s")
	put := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put("console", "")
	console := filepath.Join(dir, "console")
	said := func(text string) int {
		t.Helper()
		all, err := os.ReadFile(console)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Count(string(all), text)
	}
	put("image.yaml", fmt.Sprintf("board: sim\nsim_socket: %q\nclock:\n  assume_synced: true\n", socket))
	enrol := func(device string) {
		put("enrol.yaml", fmt.Sprintf("hub: %q\ncode: %s\n", at(h.HTTPS), h.code(device)))
	}
	begin := func() *window {
		t.Helper()
		p := startProgram(t, filepath.Join(bin, "agent"), nil, "appliance", "--settings", dir, "--default", filepath.Join(dir, "image.yaml"), "--console", console, "--keep-time=false")
		w := &window{program: p, hand: hand.New(socket, 1, nil)}
		t.Cleanup(w.hand.Close)
		return w
	}
	enrol("w01")
	w := begin()
	w.press(t, 3)
	h.inOrder("w01", 3)
	if said("已注册为大厅 hall 的设备 w01") != 1 || said("enrolled in the hall hall as the device w01") != 1 {
		t.Error("it does not say that it was enrolled, once and in both languages")
	}

	// The agent is its only child; it is killed, and what is pressed afterwards counts.
	agent := child(t, w.cmd.Process.Pid)
	if err := syscall.Kill(agent, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	await(t, "the agent is started again", func() bool { return said("代理已结束") == 1 && said("the agent works") == 2 })
	w.press(t, 2)
	h.inOrder("w01", 5)

	// The power went before it was noted that the code was used: the hub says no, and all goes on.
	w.stop(t)
	if err := os.Remove(filepath.Join(dir, "enrol.used")); err != nil {
		t.Fatal(err)
	}
	w = begin()
	w.press(t, 1)
	h.inOrder("w01", 6)
	if said("enrol.yaml 里的注册码未被接受") != 1 || said("was not taken, and this stays the device w01 of the hall hall") != 1 {
		t.Error("it does not say once, in both languages, that the code was not taken")
	}

	w.stop(t)
	enrol("w02")
	w = begin()
	w.press(t, 1)
	h.inOrder("w02", 1)
}

// child finds the only child of a program.
func child(t *testing.T, pid int) int {
	t.Helper()
	lists, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, list := range lists {
		var id int
		if text, err := os.ReadFile(list); err != nil {
			continue // that thread has ended
		} else if _, err := fmt.Sscan(string(text), &id); err == nil {
			return id
		}
	}
	t.Fatal("the program has no child")
	return 0
}
