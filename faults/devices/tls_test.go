package devices

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// atOnce is how long a revocation may take to end an open connection.
const atOnce = time.Second

func TestAWindowComputerFromItsCodeToItsRevocation(t *testing.T) {
	h := startHall(t, t.TempDir(), "--mqtt-tls", "127.0.0.1:0")
	data := t.TempDir()
	h.enroll(data, "w01")
	w := startWindow(t, data)
	w.press(t, 3)
	h.inOrder("w01", 3)
	if said, _ := run(t, "agent", "doctor", "--config", w.config); !strings.Contains(said, "✓ 身份：大厅 hall 的设备 w01") || !strings.Contains(said, "takes this device's certificate") {
		t.Errorf("the doctor says\n%s", said)
	}

	h.revoke("w01", "suspected")
	revoked := time.Now()
	await(t, "the connection ends", func() bool { return w.says("the connection to the broker is lost") })
	if took := time.Since(revoked); took > atOnce {
		t.Errorf("the connection ended %v after the revocation", took)
	}
	await(t, "the agent says so", w.refused)
	w.press(t, 4)
	if said, err := run(t, "agent", "doctor", "--config", w.config); err == nil || !strings.Contains(said, "✕ 连接") || !strings.Contains(said, "agent enroll --force") {
		t.Errorf("the doctor says\n%s", said)
	}
	if n := len(h.pressed("w01")); n != 3 {
		t.Errorf("%d presses came through after the revocation", n)
	}

	if said, err := run(t, "agent", "enroll", "--hub", at(h.HTTPS), "--code", h.code("w01"), "--data", data); err == nil || !strings.Contains(said, "this computer is the device w01 of the hall hall already") {
		t.Errorf("without --force: %v\n%s", err, said)
	}
	h.enroll(data, "w01", "--force") // the agent runs
	h.inOrder("w01", 7)
	w.press(t, 2)
	h.inOrder("w01", 9)
	if _, err := os.Stat(filepath.Join(data, "identity.old")); !os.IsNotExist(err) {
		t.Errorf("the old identity is left: %v", err)
	}
}

// A thief has the card of a window computer: its key, its certificate and its
// outbox. Until somebody notices, he is that device. From then on he is nobody.
func TestAStolenCard(t *testing.T) {
	h := startHall(t, t.TempDir(), "--mqtt-tls", "127.0.0.1:0")
	data := t.TempDir()
	h.enroll(data, "w01")
	w := startWindow(t, data)
	w.press(t, 2)
	h.inOrder("w01", 2)
	w.stop(t)
	stolen := t.TempDir()
	if err := os.CopyFS(filepath.Join(stolen, "card"), os.DirFS(data)); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"card/identity", "card/identity/key.pem"} {
		mode := os.FileMode(0o700)
		if strings.HasSuffix(path, ".pem") {
			mode = 0o600
		}
		if err := os.Chmod(filepath.Join(stolen, path), mode); err != nil {
			t.Fatal(err)
		}
	}

	replacement := t.TempDir() // another card in the same computer
	h.revoke("w01", "stolen")
	thief := startWindow(t, filepath.Join(stolen, "card"))
	thief.press(t, 3)
	await(t, "the thief is refused", thief.refused)
	h.enroll(replacement, "w01")
	next := startWindow(t, replacement)
	next.press(t, 4)
	h.inOrder("w01", 6)
	if thief.connections() != 0 {
		t.Error("the stolen card has connected")
	}
	if said, err := run(t, "agent", "renew", "--data", filepath.Join(stolen, "card")); err == nil {
		t.Errorf("the stolen card got another certificate: %s", said)
	}
	h.inOrder("w01", 6)
}

// With its own good certificate a device can do nothing in another's name.
func TestADeviceActsForItselfAlone(t *testing.T) {
	h := startHall(t, t.TempDir(), "--mqtt-tls", "127.0.0.1:0")
	mine, others := t.TempDir(), t.TempDir()
	h.enroll(mine, "w01")
	h.enroll(others, "w02")
	victim := startWindow(t, others)
	victim.press(t, 1)
	h.inOrder("w02", 1)
	strangers(t, at(h.TLS), mine)
	intrude(t, h, at(h.TLS), mine, victim)
}
