package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/draw"
	"image/png"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// patience is for one thing to come about, on a busy machine.
const patience = time.Minute

// theatre is a real hub, a real compositor without a screen, and the launcher with a real browser.
type theatre struct {
	// t is the scene that is played, whole is all of them.
	t, whole *testing.T
	dir      string
	hubFile  string
	hub      *exec.Cmd
	cfg      config
	now      atomic.Pointer[time.Time]
	synced   atomic.Bool
	browsers chan *browser
	browser  *browser
	ended    chan error
	stop     context.CancelFunc
	done     chan struct{} // closed when it has ended

	mu   sync.Mutex
	told []string
}

func (x *theatre) prepare() {
	t := x.t
	for name, value := range map[string]string{"XDG_RUNTIME_DIR": filepath.Join(x.dir, "run"), "WLR_BACKENDS": "headless", "WLR_RENDERER": "pixman", "WLR_LIBINPUT_NO_DEVICES": "1", "WLR_HEADLESS_OUTPUTS": "1"} {
		t.Setenv(name, value)
	}
	for _, name := range []string{"run", "screen", "hub", "bin"} {
		if err := os.Mkdir(filepath.Join(x.dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	// No television is here: what it would be told is written down.
	script := "#!/bin/sh\necho \"$*\" >>" + x.dir + "/television\necho 'Physical Address : 1.0.0.0'\n"
	if err := errors.Join(os.WriteFile(filepath.Join(x.dir, "bin", "cec-ctl"), []byte(script), 0o700), os.WriteFile(filepath.Join(x.dir, "cec0"), nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", filepath.Join(x.dir, "bin")+":"+os.Getenv("PATH"))
	text := fmt.Sprintf("data: %s/hub\nhttp: %s\nhttps: %s\nmqtt: 127.0.0.1:0\nnames: [127.0.0.1]\nhall: {id: test, name: 测试大厅, name_en: Test hall, time_zone: Asia/Shanghai}\n", x.dir, free(t), free(t))
	if err := os.WriteFile(filepath.Join(x.dir, "hub.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	x.cfg = defaults()
	x.cfg.Hub = "https://" + line(text, "https: ")
	x.cfg.Data, x.cfg.CEC, x.cfg.Away, x.cfg.Patience = filepath.Join(x.dir, "screen"), filepath.Join(x.dir, "cec*"), time.Second, 4*time.Second
	x.cfg.Authority = filepath.Join(x.dir, "ca.crt")
	x.cfg.Cursors = ""
	if os.Geteuid() == 0 {
		x.cfg.Flags = []string{"--no-sandbox"}
	}
	x.cfg.Hours = make([]hours, 1)
	if err := x.cfg.Hours[0].UnmarshalText([]byte("mon-fri 08:00-18:00")); err != nil {
		t.Fatal(err)
	}
	// The hall was founded, and its authority brought to the screen, before the screen is put up.
	x.startHub()
	answer, err := http.Get("http://" + line(text, "http: ") + "/ca.crt")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	pem, err := io.ReadAll(answer.Body)
	if err := errors.Join(err, os.WriteFile(x.cfg.Authority, pem, 0o600)); err != nil {
		t.Fatal(err)
	}
	x.killHub()
}

// line is what stands behind a name at the beginning of a line.
func line(text, name string) string {
	_, rest, _ := strings.Cut("\n"+text, "\n"+name)
	value, _, _ := strings.Cut(rest, "\n")
	return value
}

func free(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func (x *theatre) startHub() {
	x.t.Helper()
	x.hub = exec.Command(x.hubFile, "serve", "--config", filepath.Join(x.dir, "hub.yaml"))
	log, err := os.OpenFile(filepath.Join(x.dir, "hub.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		x.t.Fatal(err)
	}
	defer log.Close()
	x.hub.Stdout, x.hub.Stderr = log, log
	if err := x.hub.Start(); err != nil {
		x.t.Fatal(err)
	}
	ask := newHub(x.cfg.origin(), time.Second)
	x.until("the hub answers", func(ctx context.Context) bool { return ask.ask(ctx) == nil })
}

func (x *theatre) killHub() {
	x.t.Helper()
	if err := x.hub.Process.Kill(); err != nil {
		x.t.Fatal(err)
	}
	_ = x.hub.Wait() // it was killed
}

// until waits for a condition.
func (x *theatre) until(what string, met func(context.Context) bool) {
	x.t.Helper()
	ctx, cancel := context.WithTimeout(x.t.Context(), patience)
	defer cancel()
	for !met(ctx) {
		select {
		case <-ctx.Done():
			said, _ := os.ReadFile(filepath.Join(x.dir, "hub.log"))
			x.t.Fatalf("never: %s; the screen: %s; the hub says\n%s", what, x.evaluated("location.href + ' ' + document.body?.innerText"), said[max(0, len(said)-2000):])
		case err := <-x.ended:
			x.t.Fatalf("before %s the launcher ended: %v", what, err)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func (x *theatre) open() {
	logger := slog.New(slog.NewTextHandler(x, nil))
	launcher := &keeper{cfg: x.cfg, logger: logger, hub: newHub(x.cfg.origin(), 200*time.Millisecond), opened: func(b *browser) { x.browsers <- b },
		pace:   pace{tick: 100 * time.Millisecond, beat: 300 * time.Millisecond, blank: patience, again: time.Second, look: time.Second, well: patience, first: 100 * time.Millisecond, most: 20},
		now:    func() time.Time { return *x.now.Load() },
		synced: x.synced.Load,
		tell:   x.tell,
	}
	x.start(launcher.run)
	x.another()
}

// start starts a launcher, which stop ends.
func (x *theatre) start(run func(context.Context) error) {
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	x.stop, x.done = stop, done
	go func() {
		defer close(done)
		x.ended <- run(ctx)
	}()
}

// Write takes the launcher's log.
func (x *theatre) Write(text []byte) (int, error) {
	x.whole.Log(strings.TrimSpace(string(text)))
	x.tell(string(text))
	return len(text), nil
}

// tell keeps what the launcher says, to its log and to systemd.
func (x *theatre) tell(text string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.told = append(x.told, text)
}

// said waits until it has said something.
func (x *theatre) said(text string) {
	x.t.Helper()
	x.until("it says "+text, func(context.Context) bool {
		x.mu.Lock()
		defer x.mu.Unlock()
		return strings.Contains(strings.Join(x.told, "\n"), text)
	})
}

func (x *theatre) set(now time.Time) { x.now.Store(&now) }

// another waits for the next browser that comes up.
func (x *theatre) another() {
	x.t.Helper()
	select {
	case x.browser = <-x.browsers:
	case err := <-x.ended:
		x.t.Fatalf("the launcher ended: %v", err)
	case <-time.After(patience):
		x.t.Fatal("no other browser came up")
	}
}

func (x *theatre) evaluated(script string) string {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	var got string
	if err := x.browser.evaluate(ctx, script, &got); err != nil {
		return err.Error()
	}
	return got
}

// reads waits until the page can be read so.
func (x *theatre) reads(words ...string) {
	x.t.Helper()
	for _, want := range words {
		x.until("it reads "+want, func(context.Context) bool { return strings.Contains(x.evaluated("document.body.innerText"), want) })
	}
}

// live waits until the hub's page is there and hears from the hub.
func (x *theatre) live() {
	x.t.Helper()
	x.until("the hub's page is live", func(context.Context) bool {
		return x.evaluated("location.href + ' ' + document.documentElement.dataset.connection") == x.cfg.address()+" live"
	})
}

// shot is what is on the screen.
func (x *theatre) shot(name string, flags ...string) image.Image {
	x.t.Helper()
	dir := os.Getenv("SCREEN_SHOTS")
	if dir == "" {
		dir = x.dir
	}
	file := filepath.Join(dir, name+".png")
	cmd := exec.Command("grim", append(flags, file)...) //nolint:gosec // the file is the test's
	cmd.Env = append(os.Environ(), "WAYLAND_DISPLAY="+line(strings.Join(x.browser.process.cmd.Env, "\n"), "WAYLAND_DISPLAY="))
	if out, err := cmd.CombinedOutput(); err != nil {
		x.t.Fatalf("grim: %v: %s", err, out)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		x.t.Fatal(err)
	}
	picture, err := png.Decode(bytes.NewReader(text))
	if err != nil {
		x.t.Fatal(err)
	}
	return picture
}

// colours counts those of a picture.
func colours(picture image.Image) int {
	all := map[[4]byte]bool{}
	for of := range slices.Chunk(pixels(picture), 4) {
		all[[4]byte(of)] = true
	}
	return len(all)
}

// pixels are those of a picture, of four bytes each.
func pixels(picture image.Image) []byte {
	same := image.NewRGBA(picture.Bounds())
	draw.Draw(same, same.Bounds(), picture, same.Bounds().Min, draw.Src)
	return same.Pix
}

// nothingElse waits until what is on the screen is what the page has painted: no bubble, no bar, no border.
func (x *theatre) nothingElse(name string) {
	x.t.Helper()
	x.until("there is nothing on the screen but the page: "+name, func(ctx context.Context) bool {
		var painted struct {
			Data []byte `json:"data"`
		}
		if err := x.browser.tools.call(ctx, x.browser.session, "Page.captureScreenshot", map[string]any{"format": "png"}, &painted); err != nil {
			x.t.Fatal(err)
		}
		shown := x.shot(name) // at once: there are clocks on pages
		picture, err := png.Decode(bytes.NewReader(painted.Data))
		if err != nil {
			x.t.Fatal(err)
		}
		return colours(picture) > 20 && bytes.Equal(pixels(picture), pixels(shown))
	})
}

// session is the compositor's, to be asked.
func (x *theatre) session() *compositor {
	found, err := filepath.Glob(filepath.Join(x.dir, "run", "hallkeeper-screen-*", "sway.sock"))
	if err != nil || len(found) != 1 {
		x.t.Fatal(found, err)
	}
	return &compositor{env: append(x.browser.process.cmd.Env, "SWAYSOCK="+found[0])}
}

// alive are the processes of a group that have not ended; some machines never collect those that have.
func alive(t *testing.T, group int) (all []string) {
	t.Helper()
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range stats {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended meanwhile
		}
		fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
		if fields[0] != "Z" && fields[2] == strconv.Itoa(group) {
			all = append(all, string(text))
		}
	}
	return all
}
