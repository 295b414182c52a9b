package app_test

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"hallkeeper/hub/app"
	"hallkeeper/hub/broker/brokertest"
	"hallkeeper/hub/eventlog"
	"hallkeeper/wire"
)

// fill writes to path until the disk is full.
func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for chunk := make([]byte, 4096); ; {
		if _, err := f.Write(chunk); errors.Is(err, unix.ENOSPC) {
			return
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

// A whole hub on a full disk: it says so everywhere, takes nothing that it
// cannot keep, serves what it has, and goes on by itself once there is room.
func TestAHubOnAFullDisk(t *testing.T) {
	disk := t.TempDir()
	if err := unix.Mount("tmpfs", disk, "tmpfs", 0, "size=12m"); err != nil {
		t.Skipf("mounting a small disk needs root: %v", err)
	}
	t.Cleanup(func() { _ = unix.Unmount(disk, unix.MNT_DETACH) })
	cfg := config(filepath.Join(disk, "data"))
	h := start(t, cfg)
	d := connect(h, "w01")
	d.Send(d.Presses(1, 50))
	filler := filepath.Join(disk, "filler")
	fill(t, filler)
	acked := uint64(50)
	press := func() { // until the hub hangs up
		for !d.Lost() && acked < 1_000_000 {
			token := d.Publish(1, d.Presses(acked+1, acked+100))
			brokertest.Eventually(t, "the hub answers or hangs up", func() bool { return d.Lost() || token.WaitTimeout(1) })
			if !d.Lost() && token.Error() == nil {
				acked += 100
			}
		}
	}
	var l wire.Live
	brokertest.Eventually(t, "all say that the hub cannot store", func() bool {
		if ready := h.get("/readyz", nil); ready == http.StatusOK { // what little room there was may do for a small commit
			fill(t, filler)
			if d.Lost() {
				d = connect(h, "w01")
			}
			press()
			return false
		}
		ready := h.get("/readyz", nil)
		h.get("/api/v1/live", &l)
		_, alarm := l.Alarms[string(wire.AlarmNotWritable)]
		return ready == http.StatusServiceUnavailable && !l.Hub.Writable && alarm
	})
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, h.addr.HTTP+"/api/v1/windows/1", strings.NewReader(`{"number":"1","name":"n"}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+secret)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("a change that cannot be stored is answered %s", res.Status)
	}
	if events := h.events(); len(events) < 50 {
		t.Errorf("%d events are readable", len(events))
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	brokertest.Eventually(t, "the hub stores again", func() bool {
		l = wire.Live{}
		h.get("/api/v1/live", &l)
		_, alarm := l.Alarms[string(wire.AlarmNotWritable)]
		return h.get("/readyz", nil) == http.StatusOK && l.Hub.Writable && !alarm
	})
	again := connect(h, "w01")
	again.Send(again.Presses(acked+1, acked+100))
	again.AwaitMark(acked + 100)
	if err := h.stop(); err != nil {
		t.Fatal(err)
	}
	v, err := eventlog.Verify(app.LogDir(cfg.Data), nil)
	if err != nil || len(v.Faults) > 0 {
		t.Errorf("%v %v", err, v.Faults)
	}
}
