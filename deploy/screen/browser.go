package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"hallkeeper/bilingual"
)

const (
	// startsWithin is how long the browser may take until it answers: a Pi's card is slow when it is cold.
	startsWithin = 90 * time.Second
	// opensWithin is how long a page may take until its first byte is there.
	opensWithin = 20 * time.Second
	// endsWithin is how long a program may take to end before it is killed.
	endsWithin = 5 * time.Second
)

// arguments are what the browser is started with. Its flags leave nothing on the
// screen but the page: no bubble, no bar, no menu, no gesture.
func arguments(cfg *config, address string) []string {
	return append([]string{
		"--kiosk", "--autoplay-policy=no-user-gesture-required",
		"--ozone-platform=wayland",
		"--user-data-dir=" + filepath.Join(cfg.Data, "profile"),
		"--no-first-run", "--no-default-browser-check", "--noerrdialogs",
		"--disable-session-crashed-bubble", "--hide-crash-restore-bubble",
		"--disable-component-update", "--check-for-update-interval=31536000",
		"--disable-features=Translate,MediaRouter,OptimizationHints",
		"--disable-pinch", "--overscroll-history-navigation=0",
		"--password-store=basic",
	}, append(slices.Clone(cfg.Flags), address)...)
}

// browser is one run of Chromium with one page.
type browser struct {
	process *process
	tools   *devtools
	ends    []*os.File // of the pipes
	target  string     // the page
	session string
	// crashed is told when the page's own process has ended.
	crashed chan struct{}
	started time.Time
}

// startBrowser starts Chromium in the session and waits until its page can be asked.
func startBrowser(ctx context.Context, cfg *config, display string) (*browser, error) {
	if err := prepareProfile(cfg); err != nil {
		return nil, err
	}
	b := &browser{crashed: make(chan struct{}, 1), started: time.Now()}
	var theirs [2]*os.File
	for i := range theirs {
		r, w, err := os.Pipe()
		if err != nil {
			b.close()
			return nil, fmt.Errorf("make a pipe to the browser: %w", err)
		}
		b.ends = append(b.ends, r, w)
		theirs[i] = r
		if i == 1 {
			theirs[i] = w
		}
	}
	cmd := exec.Command("chromium", append([]string{"--remote-debugging-pipe"}, arguments(cfg, aboutNothing)...)...) //nolint:gosec // the arguments are ours; the address is checked
	cmd.Env = append(environment(cfg), "WAYLAND_DISPLAY="+display)
	cmd.ExtraFiles = theirs[:] // 3 and 4, as the browser expects them
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	process, err := start(cmd)
	if err != nil {
		b.close()
		return nil, bilingual.Errorf("启动不了浏览器（软件包 chromium）：%w", "start the browser (package chromium): %w", err)
	}
	b.process = process
	for _, end := range theirs {
		_ = end.Close()
	}
	b.tools = newDevtools(b.ends[2], b.ends[1])

	ctx, cancel := context.WithTimeout(ctx, startsWithin)
	defer cancel()
	if err := b.attach(ctx); err != nil {
		b.stop()
		return nil, bilingual.Errorf("浏览器没有起来：%w", "the browser has not come up: %w", err)
	}
	go b.watch()
	return b, nil
}

// aboutNothing is what the browser begins with: the launcher says what comes next.
const aboutNothing = "about:blank"

// attach finds the page and is told from then on what becomes of it.
func (b *browser) attach(ctx context.Context) error {
	var all struct {
		TargetInfos []struct {
			TargetID string `json:"targetId"`
			Type     string `json:"type"`
		} `json:"targetInfos"`
	}
	for b.target == "" {
		if err := b.tools.call(ctx, "", "Target.getTargets", nil, &all); err != nil {
			return err
		}
		for _, t := range all.TargetInfos {
			if t.Type == "page" {
				b.target = t.TargetID
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond): // its window is opened after it answers
		}
	}
	var attached struct {
		SessionID string `json:"sessionId"`
	}
	if err := b.tools.call(ctx, "", "Target.attachToTarget", map[string]any{"targetId": b.target, "flatten": true}, &attached); err != nil {
		return err
	}
	b.session = attached.SessionID
	return errors.Join(
		b.tools.call(ctx, "", "Target.setDiscoverTargets", map[string]any{"discover": true}, nil),
		b.tools.call(ctx, b.session, "Page.enable", nil, nil))
}

// watch goes on until the browser has ended.
func (b *browser) watch() {
	for {
		select {
		case <-b.tools.done:
			return
		case e := <-b.tools.events:
			b.happened(e)
		}
	}
}

func (b *browser) happened(e event) {
	ctx, cancel := context.WithTimeout(context.Background(), opensWithin)
	defer cancel()
	switch e.Method {
	case "Target.targetCrashed":
		if id, _ := targetOf(e); id == b.target {
			select {
			case b.crashed <- struct{}{}:
			default:
			}
		}
	case "Target.targetCreated":
		// Another window would lie on the page, and nobody could close it.
		if id, kind := targetOf(e); kind == "page" && id != b.target {
			_ = b.tools.call(ctx, "", "Target.closeTarget", map[string]any{"targetId": id}, nil)
		}
	case "Page.javascriptDialogOpening":
		_ = b.tools.call(ctx, b.session, "Page.handleJavaScriptDialog", map[string]any{"accept": true}, nil)
	}
}

// targetOf reads which page an event is of, and what kind of page that is.
func targetOf(e event) (id, kind string) {
	var p struct {
		TargetID   string `json:"targetId"`
		TargetInfo struct {
			TargetID string `json:"targetId"`
			Type     string `json:"type"`
		} `json:"targetInfo"`
	}
	if json.Unmarshal(e.Params, &p) != nil {
		return "", ""
	}
	return cmp.Or(p.TargetID, p.TargetInfo.TargetID), p.TargetInfo.Type
}

// open leads the page to an address. A refusal is one that the browser could not open.
func (b *browser) open(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, opensWithin)
	defer cancel()
	var answer struct {
		ErrorText string `json:"errorText"`
	}
	err := b.tools.call(ctx, b.session, "Page.navigate", map[string]any{"url": address}, &answer)
	switch {
	case err != nil:
		return err
	case answer.ErrorText != "":
		return refusal(answer.ErrorText)
	}
	return nil
}

// refusal is why the browser could not open an address, e.g. net::ERR_CERT_DATE_INVALID.
type refusal string

func (r refusal) Error() string { return "the browser cannot open the page: " + string(r) }

// evaluate runs a script in the page, whatever the page's own policy, and reads what it gives into result.
func (b *browser) evaluate(ctx context.Context, script string, result any) error {
	var answer struct {
		Result struct {
			Value any `json:"value"`
		} `json:"result"`
	}
	answer.Result.Value = result
	return b.tools.call(ctx, b.session, "Runtime.evaluate", map[string]any{"expression": script, "returnByValue": true}, &answer)
}

// health is what a page tells of itself. It answers only while its main thread runs.
type health struct {
	URL string `json:"url"`
	// Words is whether anything can be read on the page.
	Words bool `json:"words"`
	// Connection, Build and Beat are the page's own: how it stands with the hub, what it was built from, and a
	// count that rises every second while its timers run, -1 where a page has none.
	Connection string  `json:"connection"`
	Build      string  `json:"build"`
	Beat       float64 `json:"beat"`
	// Heap is in bytes, Nodes are the elements of the page.
	Heap  int64 `json:"heap"`
	Nodes int   `json:"nodes"`
}

const askHealth = `(() => {
  const { connection = '', build = '', beat = '-1' } = document.documentElement.dataset
  return { url: location.href, words: (document.body?.innerText ?? '').trim() !== '', connection, build, beat: Number(beat),
    heap: performance.memory?.usedJSHeapSize ?? 0, nodes: document.getElementsByTagName('*').length }
})()`

func (b *browser) health(ctx context.Context) (h health, err error) {
	err = b.evaluate(ctx, askHealth, &h)
	return h, err
}

// elsewhere is whether the browser shows its own page of an error, or another's.
func (h *health) elsewhere(origin string) bool {
	return h.URL != origin && !strings.HasPrefix(h.URL, origin+"/")
}

// stop ends the browser, which first writes down what it keeps.
func (b *browser) stop() {
	ctx, cancel := context.WithTimeout(context.Background(), endsWithin)
	defer cancel()
	if err := b.tools.call(ctx, "", "Browser.close", nil, nil); err == nil {
		select {
		case <-b.process.ended:
		case <-ctx.Done():
		}
	}
	b.process.stop()
	b.close()
}

func (b *browser) close() {
	for _, end := range b.ends {
		_ = end.Close() // some are closed already
	}
}

// process is a program with all that it has started.
type process struct {
	cmd *exec.Cmd
	// ended is closed when it has; err says how.
	ended chan struct{}
	err   error
}

func start(cmd *exec.Cmd) (*process, error) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &process{cmd: cmd, ended: make(chan struct{})}
	go func() {
		p.err = cmd.Wait()
		close(p.ended)
	}()
	return p, nil
}

// stop ends it, by force where it must be.
func (p *process) stop() {
	_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGTERM)
	select {
	case <-p.ended:
	case <-time.After(endsWithin):
	}
	_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL) // those that it has left too
	<-p.ended
}
