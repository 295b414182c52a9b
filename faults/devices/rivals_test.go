package devices

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"

	"hallkeeper/wire"
)

// alarm is one that a hub's screens show now.
func (h *hall) alarm(kind wire.AlarmKind) (a wire.Alarm, stands bool) {
	h.t.Helper()
	var live wire.Live
	h.ask("GET", "live", nil, &live)
	for _, x := range live.Alarms {
		if x.Kind == kind {
			return x, true
		}
	}
	return a, false
}

func (h *hall) awaitAlarm(kind wire.AlarmKind, detail string) {
	h.t.Helper()
	await(h.t, fmt.Sprintf("the alarm %s %s", kind, detail), func() bool {
		a, stands := h.alarm(kind)
		return stands && a.Detail == detail
	})
}

// A spare hub has taken over, and somebody switches the old one on again: both are of one hall, on one network. Each hears the
// other and says so; the old one stores nothing more, so that what people do at a window that still reaches it waits in
// the window's outbox for the right one. It stays so after a start, until somebody decides for the old one.
func TestTwoHubsOfOneHall(t *testing.T) {
	c, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	heardAt := c.LocalAddr().String()
	_ = c.Close()
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	key, settings, copied := filepath.Join(t.TempDir(), "owner.key"), filepath.Join(t.TempDir(), "hub.yaml"), filepath.Join(t.TempDir(), "hall.age")
	for file, text := range map[string]string{key: id.String() + "\n", settings: "beacon: " + heardAt + "\n"} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	first, spare := t.TempDir(), filepath.Join(t.TempDir(), "data")
	old := startHall(t, first, "--mqtt-tls", "127.0.0.1:0", "--config", settings)
	data := t.TempDir()
	old.enroll(data, "w01")
	w := startWindow(t, data)
	w.press(t, 3)
	old.inOrder("w01", 3)
	if _, stands := old.alarm(wire.AlarmRival); stands {
		t.Error("a hub that is alone hears another")
	}
	if said, err := run(t, "hub", "backup", "--data", first, "--to", copied, "--recipient", id.Recipient().String()); err != nil {
		t.Fatalf("backup: %v\n%s", err, said)
	}
	if said, err := run(t, "hub", "restore", copied, "--identity", key, "--data", spare); err != nil {
		t.Fatalf("restore: %v\n%s", err, said)
	}

	right := startHall(t, spare, "--mqtt-tls", "127.0.0.1:0", "--config", settings)
	old.awaitAlarm(wire.AlarmRival, "newer")
	old.awaitAlarm(wire.AlarmNotWritable, "superseded")
	right.awaitAlarm(wire.AlarmRival, "older")
	w.press(t, 2) // the window still reaches the old one
	await(t, "the window is not answered", func() bool {
		return w.says("the connection to the broker was lost") || strings.Count(w.log(), "connected to the broker") > 1
	})
	if n := len(old.pressed("w01")); n != 3 {
		t.Errorf("the old hub has stored %d presses", n)
	}
	if _, stands := right.alarm(wire.AlarmNotWritable); stands {
		t.Error("the right hub stores nothing")
	}

	// The old one is off, and the right one has its address.
	address := at(old.TLS)
	old.stop(t)
	right.stop(t)
	right = startHall(t, spare, "--mqtt-tls", address, "--config", settings)
	right.inOrder("w01", 5)
	right.stop(t)

	// The old one is started once more, where it hears nobody; and then it is decided for.
	old = startHall(t, first)
	old.awaitAlarm(wire.AlarmNotWritable, "superseded")
	old.stop(t)
	if said, err := run(t, "hub", "doctor", "--data", first, "--http", "127.0.0.1:1"); err == nil || !strings.Contains(said, "another hub (127.0.0.1) has taken this hall over") {
		t.Errorf("the doctor: %v\n%s", err, said)
	}
	if said, err := run(t, "hub", "take-over", "--data", first); err != nil || !strings.Contains(said, "epoch 3") {
		t.Fatalf("take over: %v\n%s", err, said)
	}
	old = startHall(t, first, "--config", settings)
	right = startHall(t, spare, "--config", settings)
	right.awaitAlarm(wire.AlarmNotWritable, "superseded")
	if _, stands := old.alarm(wire.AlarmNotWritable); stands {
		t.Error("the hub that was decided for stores nothing")
	}
}
