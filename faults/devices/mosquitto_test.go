package devices

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// mosquitto is Debian's, set up as deploy/mosquitto/README.md says.
type mosquitto struct {
	*program
	t    *testing.T
	addr string
	dir  string
}

const deploy = "../../deploy/mosquitto"

func startMosquitto(t *testing.T, hubData string) *mosquitto {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m := &mosquitto{t: t, addr: l.Addr().String(), dir: t.TempDir()}
	_ = l.Close()
	if said, err := run(t, "hub", "certificates", "issue-broker", "--data", hubData, "--name", "127.0.0.1", "--out", m.dir); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	m.fetchList(hubData)
	acl := bytes.ReplaceAll(read(t, "hallkeeper.acl"), []byte("HALL"), []byte(hallID))
	conf := bytes.ReplaceAll(read(t, "hallkeeper.conf"), []byte("/etc/mosquitto/hallkeeper"), []byte(m.dir))
	_, port, _ := net.SplitHostPort(m.addr)
	conf = bytes.Replace(conf, []byte("listener 8883"), []byte("listener "+port+" 127.0.0.1"), 1)
	conf = append(conf, "user root\nlog_dest stderr\nlog_type all\n"...) // the files are ours, and a test reads the log
	for name, text := range map[string][]byte{"hallkeeper.acl": acl, "hallkeeper.conf": conf} {
		if err := os.WriteFile(filepath.Join(m.dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	m.start()
	return m
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(deploy, name))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func (m *mosquitto) start() {
	m.t.Helper()
	path, err := exec.LookPath("mosquitto")
	if err != nil {
		path = "/usr/sbin/mosquitto" // not in everybody's PATH
	}
	if _, err := os.Stat(path); err != nil {
		m.t.Fatal("this test needs Mosquitto: apt-get install mosquitto")
	}
	m.program = startProgram(m.t, path, nil, "-c", filepath.Join(m.dir, "hallkeeper.conf"))
	await(m.t, "Mosquitto listens", func() bool {
		conn, err := net.DialTimeout("tcp", m.addr, time.Second)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	})
}

// fetchList writes what `hub certificates crl` prints.
func (m *mosquitto) fetchList(hubData string) {
	m.t.Helper()
	list, err := run(m.t, "hub", "certificates", "crl", "--data", hubData)
	if err != nil {
		m.t.Fatalf("%v\n%s", err, list)
	}
	if err := os.WriteFile(filepath.Join(m.dir, "crl.pem"), []byte(list), 0o600); err != nil {
		m.t.Fatal(err)
	}
}

// The hall over Mosquitto with the files of deploy/: the same certificates, equal
// rights, and what its page says that it cannot do.
func TestMosquittoFromDeploy(t *testing.T) {
	hubData := t.TempDir()
	first := startHall(t, hubData) // makes the authority
	m := startMosquitto(t, hubData)
	first.stop(t)
	h := startHall(t, hubData, "--mqtt-url", "mqtts://"+m.addr)
	broker := "mqtt: tls://" + m.addr
	mine, others := t.TempDir(), t.TempDir()
	h.enroll(mine, "w01")
	h.enroll(others, "w02")
	victim := startWindow(t, others, broker)
	victim.press(t, 3)
	h.inOrder("w02", 3)
	strangers(t, m.addr, mine)
	intrude(t, h, m.addr, mine, victim)

	// A revoked device: the open connection stays until Mosquitto is started again with the list.
	presses := len(h.pressed("w02"))
	began := victim.connections()
	h.revoke("w02", "lost")
	victim.press(t, 1)
	h.inOrder("w02", presses+1)
	if victim.connections() != began {
		t.Error("Mosquitto ended an open connection: its page says that it does not")
	}
	m.fetchList(hubData)
	if err := m.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	m.stop(t)
	m.start()
	await(t, "the revoked device is refused", victim.refused)
	victim.press(t, 2)
	h.enroll(others, "w02", "--force")
	h.inOrder("w02", presses+3)
	if said := m.log(); strings.Contains(said, "Error") && !strings.Contains(said, "tls") && !strings.Contains(said, "SSL") {
		t.Errorf("Mosquitto said\n%s", said)
	}
}
