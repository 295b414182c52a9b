package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"
)

const (
	// each is how many sockets one process holds at most, well below what it may open.
	each = 2500
	// over is how long a flood stands once it is complete: longer than a page takes to say that it is cut off.
	over     = 6 * time.Second
	password = "a long password of a campaign"
)

// campaign floods a hub over plain HTTP and over TLS, and then with what is slow and what is large.
func (o *options) campaign(ctx context.Context, log func(string, ...any)) (r *result, err error) {
	work, err := os.MkdirTemp("", "flood-")
	if err != nil {
		return nil, err
	}
	h, err := startHub(ctx, o.hub, work)
	if err != nil {
		return nil, err
	}
	defer func() {
		err = errors.Join(err, h.stop())
		if err == nil && len(r.faults(o.memory)) == 0 && !o.keep {
			err = os.RemoveAll(work)
		} else {
			log("the hub's data and log are kept in %s", work)
		}
	}()
	lobby, err := newScreen(ctx, h, "大屏一")
	if err != nil {
		return nil, fmt.Errorf("enrol a screen: %w", err)
	}
	defer lobby.close()
	if err := lobby.connect(ctx); err != nil {
		return nil, err
	}
	if err := h.operate(ctx, http.MethodPut, "accounts/dudao", map[string]string{"name": "督导", "role": "supervisor", "password": password}, nil); err != nil {
		return nil, err
	}
	r = &result{}
	if r.before, err = h.state(ctx); err != nil {
		return r, err
	}
	for _, secure := range []bool{false, true} {
		f, err := o.flood(ctx, h, lobby, secure, log)
		if err != nil {
			return r, err
		}
		r.floods = append(r.floods, f)
	}
	if r.slow, err = slowCallers(ctx, h, o.slow, log); err != nil {
		return r, err
	}
	if r.giga, err = bodies(ctx, h, o.giga, log); err != nil {
		return r, err
	}
	r.after, err = settled(ctx, h, r.before)
	return r, err
}

// settled waits until the hub has given back what it took, or gives what it still holds.
func settled(ctx context.Context, h *hub, before state) (s state, err error) {
	http.DefaultClient.CloseIdleConnections()
	end := time.Now().Add(patience)
	for {
		if s, err = h.state(ctx); err != nil {
			return s, err
		}
		now := result{before: before, after: s}
		if len(now.faults(0)) == 0 || time.Now().After(end) {
			return s, nil
		}
		select {
		case <-ctx.Done():
			return s, context.Cause(ctx)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// flood holds sockets from processes of their own, and does meanwhile what a hall does.
func (o *options) flood(ctx context.Context, h *hub, lobby *screen, secure bool, log func(string, ...any)) (f flooded, err error) {
	f = flooded{name: "plain", tried: o.sockets, before: h.memory()}
	url, ca := h.HTTP, ""
	if secure {
		f.name, url, ca = "TLS", h.HTTPS, h.ca
	}
	back, err := newScreen(ctx, h, "大屏二")
	if err != nil {
		return f, err
	}
	defer back.close()
	if _, err := lobby.silent(); err != nil { // what was before does not count
		return f, fmt.Errorf("the lobby's socket ended: %w", err)
	}
	began := time.Now()
	var holders []*holder
	defer func() {
		for _, x := range holders {
			x.kill()
		}
	}()
	for left := o.sockets; left > 0; left -= each {
		x, err := startHolder(url, ca, min(left, each))
		if err != nil {
			return f, err
		}
		holders = append(holders, x)
	}
	for _, x := range holders {
		got, err := x.told()
		if err != nil {
			return f, err
		}
		f.taken, f.refused, f.lost = f.taken+got.Taken, f.refused+got.Refused, f.lost+got.Lost
		if got.Error != "" {
			log("%s: a socket was lost: %s", f.name, got.Error)
		}
	}
	f.opened = time.Since(began)
	log("%s: %d sockets: %d taken, %d refused", f.name, f.tried, f.taken, f.refused)
	stands := time.Now()
	if err := f.work(ctx, h, lobby, back); err != nil {
		return f, err
	}
	for time.Since(stands) < over {
		f.most = max(f.most, h.memory())
		time.Sleep(100 * time.Millisecond)
	}
	if f.silence, err = lobby.silent(); err != nil {
		return f, fmt.Errorf("the lobby's socket ended: %w", err)
	}
	for _, x := range holders {
		got, err := x.release()
		if err != nil {
			return f, err
		}
		f.lost += got.Lost
	}
	return f, nil
}

// work is what a hall does meanwhile: a screen comes back, somebody signs in, a window is opened and both screens show it.
func (f *flooded) work(ctx context.Context, h *hub, lobby, back *screen) error {
	at := time.Now()
	if err := back.connect(ctx); err != nil {
		return fmt.Errorf("a screen that comes back: %w", err)
	}
	f.back = time.Since(at)
	at = time.Now()
	person := h.client()
	defer person.CloseIdleConnections()
	if err := h.send(ctx, person, h.HTTPS, false, http.MethodPost, "session", map[string]string{"account": "dudao", "password": password}, nil); err != nil {
		return fmt.Errorf("the sign-in at the console: %w", err)
	}
	f.signIn = time.Since(at)
	window := "flood-" + f.name
	lobby.expect(window)
	back.expect(window)
	at = time.Now()
	if err := h.operate(ctx, http.MethodPut, "windows/"+window, map[string]string{"number": strconv.Itoa(len(f.name)), "name": "窗口"}, nil); err != nil {
		return err
	}
	for _, s := range []*screen{lobby, back} {
		if err := h.until(ctx, "a screen shows the window", func() bool { _, ok := s.saw(window); return ok }); err != nil {
			return err
		}
		shown, _ := s.saw(window)
		f.shown = max(f.shown, shown.Sub(at))
	}
	_, err := back.silent()
	return err
}

// holder is a process that holds sockets.
type holder struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

func startHolder(url, ca string, count int) (*holder, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	x := &holder{cmd: exec.Command(self, "-client", url, "-ca", ca, "-count", strconv.Itoa(count))}
	x.cmd.Stderr = os.Stderr
	x.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if x.in, err = x.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := x.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	x.out = bufio.NewReader(out)
	return x, x.cmd.Start()
}

func (x *holder) told() (h held, err error) {
	line, err := x.out.ReadBytes('\n')
	if err != nil {
		return h, fmt.Errorf("a process that holds sockets ended: %w", err)
	}
	err = json.Unmarshal(line, &h)
	return h, err
}

// release lets go of the sockets and waits for the end of the process.
func (x *holder) release() (h held, err error) {
	if err := x.in.Close(); err != nil {
		return h, err
	}
	if h, err = x.told(); err != nil {
		return h, err
	}
	return h, x.cmd.Wait()
}

func (x *holder) kill() {
	if x.cmd.ProcessState == nil {
		_ = x.cmd.Process.Kill()
		_ = x.cmd.Wait()
	}
}
