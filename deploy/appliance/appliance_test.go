package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/binary"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func access(t *testing.T, name string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "keys", name)
	if err := runAccess([]string{dir}, io.Discard); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestEachComputerTakesUpdatesByItsOwnPassword(t *testing.T) {
	one, other := access(t, "w01"), access(t, "w02")
	for _, name := range []string{passwordFile, certFile, keyFile} {
		a, err := os.ReadFile(filepath.Join(one, name))
		if err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(filepath.Join(other, name))
		if err != nil || bytes.Equal(a, b) || len(a) < 20 {
			t.Errorf("%s is the same for both, or short: %q %v", name, a, err)
		}
		if st, err := os.Stat(filepath.Join(one, name)); err != nil || st.Mode().Perm() != 0o600 {
			t.Errorf("%s can be read by others: %v %v", name, st, err)
		}
	}
	if err := runAccess([]string{one}, io.Discard); err == nil {
		t.Error("what a computer has was overwritten")
	}
}

// computerOf answers as the computer with that access would, and counts who asked.
func computerOf(t *testing.T, dir string) (address string, asked *atomic.Int32) {
	t.Helper()
	cert, err := tls.LoadX509KeyPair(filepath.Join(dir, certFile), filepath.Join(dir, keyFile))
	if err != nil {
		t.Fatal(err)
	}
	asked = new(atomic.Int32)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		_, _ = io.WriteString(w, `{"BuildTimestamp":"2026-01-01T00:00:00Z"}`)
	}))
	server.TLS = &tls.Config{Certificates: []tls.Certificate{cert}}
	server.Config.ErrorLog = nil
	server.StartTLS()
	t.Cleanup(server.Close)
	return server.Listener.Addr().String(), asked
}

func TestNoPasswordIsSentToAnotherComputer(t *testing.T) {
	mine, other := access(t, "w01"), access(t, "w02")
	address, asked := computerOf(t, other)
	c, err := reach(address, mine)
	if err != nil {
		t.Fatal(err)
	}
	err = c.update(t.Context(), strings.NewReader("hsqs"), time.Second, io.Discard)
	if err == nil || asked.Load() != 0 {
		t.Errorf("another computer was asked %d times: %v", asked.Load(), err)
	}
	address, asked = computerOf(t, mine)
	if c, err = reach(address, mine); err != nil {
		t.Fatal(err)
	}
	if s, err := c.state(t.Context()); err != nil || s.BuildTimestamp == "" || asked.Load() != 1 {
		t.Errorf("the computer itself: %+v %v", s, err)
	}
	if err := c.update(t.Context(), strings.NewReader("not a root"), time.Second, io.Discard); err == nil || !strings.Contains(err.Error(), ".root") || asked.Load() != 2 {
		t.Errorf("a file that is no root was sent: %v", err)
	}
}

// card is the beginning of one, with the words that its firmware gives the kernel.
func card(t *testing.T, words ...string) *os.File {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "card.img"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	if err := f.Truncate(size); err != nil {
		t.Fatal(err)
	}
	for i, w := range words {
		if _, err := f.WriteAt([]byte(w), bootAt+int64(i+1)*mib); err != nil {
			t.Fatal(err)
		}
	}
	return f
}

func TestACardIsTurnedAndTurnedBack(t *testing.T) {
	const words = "console=tty1 root=PARTUUID=60c24cc1-f3f9-427a-8199-0242273b0001/PARTNROFF=1 init=/gokrazy/init"
	f := card(t, words)
	for _, want := range []int{3, 2} {
		if got, err := turn(f); err != nil || got != want {
			t.Fatalf("it starts from %d: %v", got, err)
		}
		text := make([]byte, len(words))
		if _, err := f.ReadAt(text, bootAt+mib); err != nil || string(text) != strings.Replace(words, "PARTNROFF=1", "PARTNROFF="+string('0'+rune(want-1)), 1) {
			t.Errorf("%q %v", text, err)
		}
	}
	for _, f := range []*os.File{card(t), card(t, words, words)} {
		if got, err := turn(f); err == nil {
			t.Errorf("a card with no words, or two, was turned to %d", got)
		}
	}
}

func TestTheRootIsTakenWholeOutOfTheImage(t *testing.T) {
	for _, row := range []struct {
		name string
		head string
		used uint64
		want int64
	}{
		{"padded to a block", "hsqs", 10_000, 12_288},
		{"whole blocks", "hsqs", 8192, 8192},
		{"no file system", "none", 8192, 0},
		{"larger than its partition", "hsqs", rootSize + 1, 0},
	} {
		f := card(t)
		head := binary.LittleEndian.AppendUint64(append([]byte(row.head), make([]byte, 36)...), row.used)
		if _, err := f.WriteAt(head, rootAt); err != nil {
			t.Fatal(err)
		}
		if got, err := squashLength(f); got != row.want || (err == nil) != (row.want > 0) {
			t.Errorf("%s: %d %v", row.name, got, err)
		}
	}
}

func TestTheImageTakesTheProductsPinsAndTheWiringsLines(t *testing.T) {
	dir := t.TempDir()
	b := builder{root: filepath.Join("..", ".."), work: dir, board: "usb-window", version: "v1", zone: "Asia/Shanghai"}
	if err := b.instance(context.Background()); err != nil {
		t.Fatal(err)
	}
	read := func(path ...string) string {
		t.Helper()
		text, err := os.ReadFile(filepath.Join(path...))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	config := read(dir, instance, "config.json")
	for _, want := range []string{"usbcore.autosuspend=-1", "dtparam=watchdog=on", "main.version=v1", "TZ=Asia/Shanghai", `"NoPassword": true`} {
		if !strings.Contains(config, want) {
			t.Errorf("the settings lack %q", want)
		}
	}
	if strings.Contains(config, "fsck.repair") {
		t.Error("words for systemd are given to gokrazy")
	}
	product := strings.Split(read("..", "..", "go.mod"), "\n")
	agent := read(dir, instance, "builddir", "hallkeeper", "go.mod")
	for _, line := range product {
		if strings.HasPrefix(line, "\t") && !slices.Contains(strings.Split(agent, "\n"), line) {
			t.Errorf("the agent is built without the product's %q", line)
		}
	}
}
