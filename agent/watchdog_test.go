package agent

import (
	"net"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hallkeeper/agent/signal"
	"hallkeeper/agent/uplink/uplinktest"
)

func TestSystemdIsToldThatTheAgentWorks(t *testing.T) {
	path := filepath.Join(t.TempDir(), "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	t.Setenv("NOTIFY_SOCKET", path)
	t.Setenv("WATCHDOG_USEC", "300000")
	said := func(want string) {
		t.Helper()
		if err := conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
			t.Fatal(err)
		}
		for buf := make([]byte, 4096); ; {
			n, err := conn.Read(buf)
			if err != nil {
				t.Fatalf("%s is not said: %v", want, err)
			}
			if strings.Contains(string(buf[:n]), want) {
				return
			}
		}
	}
	w := newWindow(t, uplinktest.New(t, "127.0.0.1:0"))
	said("READY=1")
	said("WATCHDOG=1")
	said("WATCHDOG=1")
	said("STATUS=0 条待送 waiting, 已连接 connected: true")
	w.end(t)
	said("STOPPING=1")
}

func TestAPartThatHangsIsFoundOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var v vitals
		reader, call := v.of("front"), v.of("call")
		for range 5 {
			time.Sleep(hanging / 2)
			call()
			reader()
			if silent := v.silent(time.Now()); len(silent) != 0 {
				t.Fatalf("%v are silent", silent)
			}
		}
		time.Sleep(hanging / 2)
		call()
		time.Sleep(hanging/2 + time.Second)
		if silent := v.silent(time.Now()); len(silent) != 1 || silent[0] != "front" {
			t.Errorf("%v are silent, want front", silent)
		}
		reader()
		if silent := v.silent(time.Now()); len(silent) != 0 {
			t.Errorf("%v are silent again", silent)
		}
	})
}

func TestASlowDiskIsToldWithin100Milliseconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &Agent{show: make(chan string, 4)}
		done := a.soon()
		time.Sleep(feedback - time.Millisecond)
		done()
		time.Sleep(time.Second)
		if len(a.show) != 0 {
			t.Errorf("a disk that is fast enough shows %s", <-a.show)
		}
		done = a.soon()
		time.Sleep(100 * time.Millisecond)
		synctest.Wait()
		if len(a.show) != 1 || <-a.show != signal.Seen {
			t.Error("nothing is shown while the disk is slow")
		}
		done()
	})
}
