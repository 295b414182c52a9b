package main

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestTheSession lives through what a screen lives through in years: one scene after the other, in one session.
func TestTheSession(t *testing.T) {
	hub := os.Getenv("SCREEN_HUB")
	if hub == "" {
		t.Skip("make test-screen runs it: it needs sway, chromium and a built hub")
	}
	x := &theatre{t: t, whole: t, dir: t.TempDir(), hubFile: hub, browsers: make(chan *browser, 16), ended: make(chan error, 1)}
	t.Cleanup(func() { // whatever has failed, nothing is left behind
		if x.stop != nil {
			x.stop()
			<-x.done
		}
		if x.hub != nil && x.hub.ProcessState == nil {
			x.killHub()
		}
	})
	x.prepare()
	x.set(day(t, "2026-11-23 08:12"))
	x.open()
	for _, scene := range []struct {
		what string
		play func(*testing.T)
	}{
		{"a machine that is started without a hub shows its own page, for how long, and no hour", x.alone},
		{"the hub comes up, and its page is there", x.hubComes},
		{"another window is closed", x.otherWindow},
		{"the hub is killed: the screen's own page, and the hub's when it is back", x.hubKilled},
		{"Chromium is killed", x.chromiumKilled},
		{"the page's process is killed", x.rendererKilled},
		{"the page hangs", x.pageHangs},
		{"the page's timers stand still", x.timersStand},
		{"the page leads elsewhere", x.leadsElsewhere},
		{"the time of the daily restart comes", x.nightly},
		{"the hall closes and opens", x.closesAndOpens},
		{"a clock that is not set switches nothing off, on a screen that was turned", x.clockLost},
	} {
		if !t.Run(scene.what, func(t *testing.T) { x.t = t; scene.play(t) }) {
			break
		}
	}
	x.t = t
	x.close()
	if !t.Failed() {
		t.Run("the program itself, as systemd starts and ends it", func(t *testing.T) { x.t = t; x.program(t) })
	}
}

func (x *theatre) alone(t *testing.T) {
	x.reads("暂时连不上主机", "The hub cannot be reached", "已持续不到 1 分钟", "领取纸质号")
	if text := x.evaluated("document.body.innerText"); strings.Contains(text, "自 ") {
		t.Errorf("it says since when, by a clock that is not set:\n%s", text)
	}
	x.synced.Store(true)
	x.reads("自 11月23日 08:1")
	x.nothingElse("away")
}

func (x *theatre) hubComes(*testing.T) {
	x.startHub()
	x.live()
	x.nothingElse("lobby")
	x.said("READY=1")
	x.said("WATCHDOG=1\nSTATUS=显示 shows " + x.cfg.address() + ", live, build ")
}

func (x *theatre) otherWindow(t *testing.T) {
	if err := x.browser.tools.call(t.Context(), "", "Target.createTarget", map[string]any{"url": "about:blank", "newWindow": true}, nil); err != nil {
		t.Fatal(err)
	}
	x.until("there is one page again", func(ctx context.Context) bool {
		var all struct {
			TargetInfos []struct {
				Type string `json:"type"`
			} `json:"targetInfos"`
		}
		if err := x.browser.tools.call(ctx, "", "Target.getTargets", nil, &all); err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, info := range all.TargetInfos {
			if info.Type == "page" {
				n++
			}
		}
		return n == 1
	})
	x.live()
}

func (x *theatre) hubKilled(*testing.T) {
	x.killHub()
	x.reads("暂时连不上主机", "主机没有应答")
	x.startHub()
	x.live()
}

func (x *theatre) chromiumKilled(t *testing.T) {
	if err := x.browser.process.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	x.another()
	x.live()
}

// processes are those of the browser, of one kind.
func (x *theatre) processes(kind string) (ids []int) {
	x.t.Helper()
	var all struct {
		ProcessInfo []struct {
			Type string `json:"type"`
			ID   int    `json:"id"`
		} `json:"processInfo"`
	}
	if err := x.browser.tools.call(x.t.Context(), "", "SystemInfo.getProcessInfo", nil, &all); err != nil {
		x.t.Fatal(err)
	}
	for _, p := range all.ProcessInfo {
		if p.Type == kind {
			ids = append(ids, p.ID)
		}
	}
	return ids
}

func (x *theatre) rendererKilled(t *testing.T) {
	for _, id := range x.processes("renderer") {
		if err := syscall.Kill(id, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
			t.Fatal(err)
		}
	}
	x.another()
	x.live()
}

func (x *theatre) pageHangs(t *testing.T) {
	if got := x.evaluated("String(setTimeout(() => { for (;;); }) > 0)"); got != "true" {
		t.Fatal(got)
	}
	x.another()
	x.live()
}

func (x *theatre) timersStand(t *testing.T) {
	// The page answers still, but nothing on it moves any more.
	if got := x.evaluated("(() => { const last = setTimeout(() => {}); for (let id = 0; id <= last; id++) clearInterval(id); return 'stopped' })()"); got != "stopped" {
		t.Fatal(got)
	}
	x.another()
	x.live()
}

func (x *theatre) leadsElsewhere(*testing.T) {
	x.evaluated("location.href = 'about:blank'; 'gone'")
	x.said("the browser has left the hub's page")
	x.live()
}

func (x *theatre) nightly(*testing.T) {
	x.set(day(x.t, "2026-11-24 08:12"))
	x.another()
	x.live()
}

// television is what one would have been told so far.
func (x *theatre) television() string {
	text, err := os.ReadFile(filepath.Join(x.dir, "television"))
	if err != nil {
		x.t.Fatal(err)
	}
	return string(text)
}

func (x *theatre) closesAndOpens(t *testing.T) {
	x.set(day(t, "2026-11-24 18:00"))
	x.until("the page is dark", func(context.Context) bool {
		return x.evaluated("location.protocol + document.body.innerText") == "data:"
	})
	x.until("the television is told", func(context.Context) bool { return strings.Contains(x.television(), "--to 0 --standby") })
	session := x.session()
	all, err := session.outputs(t.Context())
	if err != nil || len(all) != 1 {
		t.Fatal(all, err)
	}
	if all[0].lit() { // wlroots before 0.17 cannot switch off a screen that is none: it is black at least
		x.until("the screen is black", func(context.Context) bool { return colours(x.shot("dark")) == 1 })
	}
	x.set(day(t, "2026-11-25 08:00"))
	x.another() // it slept over the time of the daily restart
	x.live()
	if said := x.television(); !strings.Contains(said, "--image-view-on\n") || !strings.HasSuffix(said, "--active-source phys-addr=1.0.0.0\n") {
		t.Errorf("the television was told\n%s", said)
	}
	if all, err = session.outputs(t.Context()); err != nil || !all[0].lit() {
		t.Error("the screen is off", err)
	}
	x.nothingElse("lobby-again")
}

func (x *theatre) program(t *testing.T) {
	path := filepath.Join(x.dir, "notify")
	systemd, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer systemd.Close()
	t.Setenv("NOTIFY_SOCKET", path)
	heard := func(want string) {
		t.Helper()
		if err := systemd.SetReadDeadline(time.Now().Add(patience)); err != nil {
			t.Fatal(err)
		}
		for text := make([]byte, 4096); ; {
			n, err := systemd.Read(text)
			if err != nil {
				t.Fatalf("systemd never hears %s: %v", want, err)
			}
			if strings.Contains(string(text[:n]), want) {
				return
			}
		}
	}
	settings := "hub: " + x.cfg.Hub + "\npage: board\nauthority: " + x.cfg.Authority + "\ndata: " + x.cfg.Data + "\ncec: \"\"\n"
	if len(x.cfg.Flags) > 0 {
		settings += "flags: [" + strings.Join(x.cfg.Flags, ", ") + "]\n"
	}
	x.start(func(ctx context.Context) error {
		return run(ctx, []string{"run", "--config", write(t, settings)}, io.Discard, x)
	})
	heard("READY=1")
	heard("WATCHDOG=1\nSTATUS=显示 shows " + x.cfg.Hub + "/board, live, build ")
	x.stop()
	heard("STOPPING=1")
	if err := <-x.ended; err != nil {
		t.Errorf("it ended with %v", err)
	}
}

func (x *theatre) clockLost(t *testing.T) {
	x.close()
	x.synced.Store(false)
	x.set(day(t, "1970-01-01 00:00"))
	x.cfg.Turn = 90
	x.open() // the machine is started again, and stands upright now
	x.live()
	x.until("the page is upright", func(context.Context) bool { return x.evaluated("String(innerWidth < innerHeight)") == "true" })
	x.nothingElse("lobby-upright")
}

// close ends the launcher as systemd does, and looks whether something is left.
func (x *theatre) close() {
	x.t.Helper()
	x.stop()
	select {
	case err := <-x.ended:
		if err != nil {
			x.t.Errorf("it ended with %v", err)
		}
	case <-time.After(patience):
		x.t.Fatal("it does not end")
	}
	x.until("nothing of the browser is left", func(context.Context) bool { return len(alive(x.t, x.browser.process.cmd.Process.Pid)) == 0 })
	left, err := filepath.Glob(filepath.Join(x.dir, "run", "hallkeeper-screen-*"))
	if err != nil || len(left) != 0 {
		x.t.Errorf("left are %v: %v", left, err)
	}
}
