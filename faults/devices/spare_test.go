package devices

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"

	"hallkeeper/wire"
)

// The hub's machine is lost. A spare one has the last backup, made while the hub served, and takes the hub's address.
// The window goes on by itself: what it has still is sent, what it deleted since the backup is a gap that the log names.
func TestASpareHubTakesOver(t *testing.T) {
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	place, key, settings := t.TempDir(), filepath.Join(t.TempDir(), "owner.key"), filepath.Join(t.TempDir(), "hub.yaml")
	if err := os.WriteFile(key, []byte(id.String()+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	text := "backup:\n  to: [" + place + "]\n  recipients: [" + id.Recipient().String() + "]\n"
	if err := os.WriteFile(settings, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	backups := func() int {
		all, err := filepath.Glob(filepath.Join(place, "*.parts"))
		if err != nil {
			t.Fatal(err)
		}
		return len(all)
	}
	first := t.TempDir()
	h := startHall(t, first, "--mqtt-tls", "127.0.0.1:0")
	data := t.TempDir()
	h.enroll(data, "w01")
	w := startWindow(t, data)
	w.press(t, 3)
	h.inOrder("w01", 3)
	addresses := []string{"--mqtt-tls", at(h.TLS)}
	h.stop(t)
	h = startHall(t, first, append(addresses, "--config", settings)...) // the backup is made at this start
	await(t, "the backup is there", func() bool { return backups() == 1 })
	w.press(t, 4)
	h.inOrder("w01", 7)
	w.stop(t)                                    // it deletes what the hub has said to be stored
	if err := h.cmd.Process.Kill(); err != nil { // and its disk is gone
		t.Fatal(err)
	}
	<-h.done
	w = startWindow(t, data)
	w.press(t, 2)

	spare := filepath.Join(t.TempDir(), "data")
	if said, err := run(t, "hub", "restore", place, "--identity", key, "--data", spare); err != nil || !strings.Contains(said, "Restored into") {
		t.Fatalf("restore: %v\n%s", err, said)
	}
	h = startHall(t, spare, addresses...)
	h.inOrder("w01", 5) // three of the backup, two that came while there was no hub
	// Every number of the outbox is an event, or in the gap that the log names, and none is there twice.
	seen, highest, lost := map[uint64]int{}, uint64(0), 0
	for _, r := range h.records() {
		if r.Agent == "w01" {
			seen[r.Seq]++
			highest = max(highest, r.Seq)
		}
		if r.Kind != wire.KindOutboxGap {
			continue
		}
		var g wire.OutboxGap
		if err := json.Unmarshal(r.Data, &g); err != nil {
			t.Fatal(err)
		}
		for seq := g.From; seq <= g.To; seq++ {
			seen[seq]++
			lost++
		}
	}
	for seq := uint64(1); seq <= highest; seq++ {
		if seen[seq] != 1 {
			t.Errorf("number %d is there %d times", seq, seen[seq])
		}
	}
	if lost < 4 {
		t.Errorf("the gap has %d numbers, and four presses are lost", lost)
	}
	w.press(t, 1)
	h.inOrder("w01", 6)
}
