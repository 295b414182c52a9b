package board

import (
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"hallkeeper/agent/card"
)

func TestKernelKeysAreRead(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	k := &keyReader{file: r}
	defer k.Close()
	raw := binary.NativeEndian.AppendUint64(nil, 12)
	raw = binary.NativeEndian.AppendUint64(raw, 345_678)
	raw = binary.NativeEndian.AppendUint16(raw, 1)
	raw = binary.NativeEndian.AppendUint16(raw, 28)
	raw = binary.NativeEndian.AppendUint32(raw, 1)
	if _, err := w.Write(append(raw, raw...)); err != nil {
		t.Fatal(err)
	}
	var buf [4]card.Key
	n, err := k.Read(buf[:], time.Second)
	want := card.Key{At: 12*time.Second + 345_678*time.Microsecond, Type: 1, Code: 28, Value: 1}
	if err != nil || n != 2 || buf[0] != want || buf[1] != want {
		t.Errorf("read %d, %v: %+v", n, err, buf)
	}
	if n, err := k.Read(buf[:], time.Millisecond); n != 0 || err != nil {
		t.Errorf("nothing was typed: %d, %v", n, err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := k.Read(buf[:], time.Second); !errors.Is(err, ErrLost) {
		t.Errorf("unplugged: %v", err)
	}
}

func TestAReaderThatIsNotThereIsSaidSo(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "event0"), nil, 0o600); err != nil { // no input device
		t.Fatal(err)
	}
	_, err := openKeys(Reader{USB: "ffff:0035", Model: "RFID"}, dir)
	if !errors.Is(err, ErrLost) || !strings.Contains(err.Error(), "ffff:0035 RFID: it is not plugged in") {
		t.Errorf("got %v", err)
	}
}

// as runs do on a thread of an ordinary user, which ends with it.
func as(t *testing.T, uid int, do func()) {
	t.Helper()
	done := make(chan bool)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread is not used again
		if unix.Getuid() != 0 {
			done <- true
			do()
			close(done)
			return
		}
		_, _, errno := unix.RawSyscall(unix.SYS_SETRESUID, uintptr(uid), uintptr(uid), uintptr(uid))
		if done <- errno == 0; errno == 0 {
			do()
		}
		close(done)
	}()
	if !<-done {
		t.Fatal("the thread cannot become an ordinary user")
	}
	<-done
}

func TestWithoutPermissionItIsSaidWhatToDo(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"event0", "gpiochip0"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o000); err != nil {
			t.Fatal(err)
		}
	}
	for up := dir; up != "/"; up = filepath.Dir(up) { // the folder above is the test's own as well
		if strings.HasPrefix(filepath.Base(up), "Test") {
			if err := os.Chmod(up, 0o755); err != nil {
				t.Fatal(err)
			}
		}
	}
	const nobody = 65534
	as(t, nobody, func() {
		_, err := openKeys(Reader{USB: "ffff:0035"}, dir)
		if !errors.Is(err, fs.ErrPermission) || !strings.Contains(err.Error(), "60-hallkeeper-input.rules") {
			t.Errorf("a reader without permission: %v", err)
		}
		if closed := forbidden(filepath.Join(dir, "gpiochip*")); len(closed) != 1 {
			t.Errorf("forbidden are %q", closed)
		}
		if err := permission(filepath.Join(dir, "gpiochip*")); !errors.Is(err, fs.ErrPermission) || !strings.Contains(err.Error(), "60-hallkeeper-gpio.rules") {
			t.Errorf("a chip without permission: %v", err)
		}
	})
}
