package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"hallkeeper/faults/vm"
)

// trial is one card and what happens to it.
type trial struct {
	*options
	work, card, web string
	boots           int
	machine         *machine
	hub             *hub
	starts          int    // of the agent, that the hub must have
	first           string // the version that the image came with
}

func (o *options) run(ctx context.Context) (err error) {
	t := &trial{options: o}
	if t.work, err = os.MkdirTemp("", "appliance-"); err != nil {
		return err
	}
	defer func() {
		if t.machine != nil {
			t.machine.cut()
		}
		if t.hub != nil {
			t.hub.stop()
		}
		if err == nil {
			_ = os.RemoveAll(t.work)
		} else {
			o.log("card, consoles and the hub's data are kept in %s", t.work)
		}
	}()
	if t.web, err = vm.FreeAddress(); err != nil {
		return err
	}
	t.card = filepath.Join(t.work, "card.img")
	if _, err := vm.Output(ctx, t.work, "cp", "--sparse=always", absolute(o.image), t.card); err != nil {
		return err
	}
	steps := []struct {
		name string
		do   func(context.Context) error
	}{
		{"a new card says on the console what is missing", t.sayWhatIsMissing},
		{"enrolled by a file on the card, its clock is set and its start is in the log", t.enrol},
		{"after a power cut it is the same device with the same outbox", t.again},
		{"an update cut off half-way leaves the old half in use", t.halfUpdate},
		{"a whole update starts from the other half, with the same outbox", t.update},
		{"the card turned back starts from the old half", t.back},
	}
	if o.short {
		steps = steps[:1]
	}
	for _, s := range steps {
		o.log("%s", s.name)
		if err := s.do(ctx); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	o.log("all %d seen, in %d starts", len(steps), t.boots)
	return nil
}

func absolute(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}

// powerOn starts the computer, which must run from the given partition.
func (t *trial) powerOn(ctx context.Context, partition int) (err error) {
	if t.machine != nil {
		t.machine.cut()
	}
	t.boots++
	began := time.Now()
	if t.machine, err = powerOn(ctx, t.card, t.work, t.web, t.boots); err != nil {
		return err
	}
	// gokrazy names the half that it does not run from.
	if err := t.machine.await(ctx, fmt.Sprintf("inactiveRootPartition = %d", 2+3-partition)); err != nil {
		return err
	}
	t.log("  start %d: its init runs from partition %d after %.0f s", t.boots, partition, time.Since(began).Seconds())
	return nil
}

func (t *trial) sayWhatIsMissing(ctx context.Context) error {
	if err := t.powerOn(ctx, 2); err != nil {
		return err
	}
	for _, sign := range []string{"这台电脑还没有注册", "this computer is not enrolled"} {
		if err := t.machine.await(ctx, sign); err != nil {
			return err
		}
	}
	for _, bad := range []string{"cannot be read", "cannot be used", "Could not mount"} {
		if line, found := t.machine.console.Find(bad); found {
			return errors.New(line)
		}
	}
	return nil
}

// put writes files into the folder on the card's first partition, as a technician does.
func (t *trial) put(ctx context.Context, files ...string) error {
	args := append([]string{"-o", "-i", t.card + "@@" + strconv.Itoa(bootAt)}, files...)
	_, err := vm.Output(ctx, t.work, "mcopy", append(args, "::hallkeeper/")...)
	return err
}

func (t *trial) enrol(ctx context.Context) (err error) {
	t.machine.cut()
	if t.hub, err = startHub(ctx, t.options.hub, t.work); err != nil {
		return err
	}
	clock, err := serveTime()
	if err != nil {
		return err
	}
	_, port, err := net.SplitHostPort(clock.LocalAddr().String())
	if err != nil {
		return err
	}
	code, err := t.hub.code(ctx)
	if err != nil {
		return err
	}
	enrol, agent := filepath.Join(t.work, "enrol.yaml"), filepath.Join(t.work, "agent.yaml")
	access := filepath.Join(t.work, "access")
	_, err = vm.Output(ctx, t.work, absolute(t.tool), "access", access)
	err = errors.Join(err, os.WriteFile(enrol, fmt.Appendf(nil, "hub: %s\r\ncode: %s\r\ntime: %s:%s\r\n", inside(t.hub.HTTPS), code, guestSees, port), 0o600),
		os.WriteFile(agent, fmt.Appendf(nil, "mqtt: tls://%s\r\nboard: /etc/hallkeeper/board.yaml\r\n", inside(t.hub.TLS)), 0o600))
	if err != nil {
		return err
	}
	files, err := filepath.Glob(filepath.Join(access, "*"))
	if err != nil {
		return err
	}
	if err := t.put(ctx, append(files, enrol, agent)...); err != nil {
		return err
	}
	if err := t.powerOn(ctx, 2); err != nil {
		return err
	}
	for _, sign := range []string{"已从存储卡接收", "已注册为大厅", "enrolled in the hall", "时钟已按"} {
		if err := t.machine.await(ctx, sign); err != nil {
			return err
		}
	}
	if err := t.agentStarts(ctx, ""); err != nil {
		return err
	}
	// What updates ask for was put on the card; gokrazy reads it at its next start only.
	if line, found := t.machine.console.Find(listens); found {
		return fmt.Errorf("a computer without access listens: %s", line)
	}
	list, err := t.hub.starts(ctx)
	if err != nil {
		return err
	}
	if t.first = list[0].version; t.first == t.version {
		return fmt.Errorf("image and update have the same version %q, which would show nothing", t.first)
	}
	return nil
}

// agentStarts waits until the hub has one start more of the agent, all from one
// outbox; version is the program's that must have started, where that is known.
func (t *trial) agentStarts(ctx context.Context, version string) error {
	if err := t.machine.await(ctx, "the agent works"); err != nil {
		return err
	}
	t.starts++
	var list []started
	err := t.machine.until(ctx, fmt.Sprintf("the hub has %d starts of the agent", t.starts), func() (bool, error) {
		var err error
		list, err = t.hub.starts(ctx)
		return len(list) >= t.starts, err
	})
	if err != nil {
		return err
	}
	last := list[len(list)-1]
	for i, s := range list {
		if s.outbox != list[0].outbox || i > 0 && s.seq <= list[i-1].seq {
			return fmt.Errorf("the outbox is not the same one going on: %+v", list)
		}
	}
	if len(list) != t.starts || version != "" && last.version != version {
		return fmt.Errorf("expected %d starts, the last of version %q: %+v", t.starts, version, list)
	}
	return nil
}

func (t *trial) again(ctx context.Context) error {
	if err := t.powerOn(ctx, 2); err != nil {
		return err
	}
	if err := t.agentStarts(ctx, t.first); err != nil {
		return err
	}
	if err := t.machine.await(ctx, listens); err != nil {
		return err
	}
	for _, sign := range []string{"enrolled in the hall", "was refused", "was not taken"} {
		if line, found := t.machine.console.Find(sign); found {
			return fmt.Errorf("its code was tried a second time: %s", line)
		}
	}
	return nil
}

// listens is what gokrazy says of a computer that takes updates, by QEMU's address for it.
const listens = "now listening on 10.0.2.15:"

// halfUpdate sends half of a root file system and takes the power away.
func (t *trial) halfUpdate(ctx context.Context) error {
	root, err := os.Open(t.next)
	if err != nil {
		return err
	}
	defer root.Close()
	st, err := root.Stat()
	if err != nil {
		return err
	}
	if err := t.answers(ctx); err != nil {
		return err
	}
	password, err := os.ReadFile(filepath.Join(t.work, "access", "update.txt"))
	if err != nil {
		return err
	}
	half := &halting{from: io.LimitReader(root, st.Size()/2), sent: make(chan struct{}), hold: make(chan struct{})}
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, "https://"+t.web+"/update/root", half)
	if err != nil {
		return err
	}
	req.ContentLength = st.Size()
	req.SetBasicAuth("gokrazy", strings.TrimSpace(string(password)))
	answered := make(chan error, 1)
	go func() {
		res, err := (&http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}).Do(req) //nolint:gosec // the machine is ours; update shows that its certificate is looked at
		if err == nil {
			_ = res.Body.Close()
			err = fmt.Errorf("half an update was answered with %s", res.Status)
		}
		answered <- err
	}()
	select {
	case <-half.sent:
	case err := <-answered:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
	t.machine.cut()
	close(half.hold)
	t.log("  the sender's connection ended: %v", <-answered)
	if err := t.powerOn(ctx, 2); err != nil {
		return err
	}
	return t.agentStarts(ctx, t.first)
}

// halting is a file that stops in its midst until it is let go.
type halting struct {
	from       io.Reader
	sent, hold chan struct{}
	told       bool
}

// Read implements io.Reader.
func (h *halting) Read(p []byte) (int, error) {
	n, err := h.from.Read(p)
	if errors.Is(err, io.EOF) && !h.told {
		h.told = true
		close(h.sent)
		<-h.hold
	}
	return n, err
}

// answers waits until the computer takes updates.
func (t *trial) answers(ctx context.Context) error {
	return t.machine.until(ctx, "it takes updates", func() (bool, error) {
		conn, err := (&tls.Dialer{NetDialer: &net.Dialer{Timeout: 5 * time.Second}, Config: &tls.Config{InsecureSkipVerify: true}}).DialContext(ctx, "tcp", t.web) //nolint:gosec // it only listens whether somebody is there
		if err != nil {
			return false, err
		}
		return true, conn.Close()
	})
}

// update brings a whole root with the image's own program. QEMU's Pi cannot start
// itself again without its watchdog: it is switched off and on once it has stopped.
func (t *trial) update(ctx context.Context) error {
	if err := t.answers(ctx); err != nil {
		return err
	}
	tool := exec.CommandContext(ctx, absolute(t.tool), "update", "--address", t.web, "--access", filepath.Join(t.work, "access"), "--wait", startsWithin.String(), t.next)
	tool.SysProcAttr = vm.DiesWithUs()
	var said strings.Builder
	tool.Stdout, tool.Stderr = &said, &said
	if err := tool.Start(); err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() { done <- tool.Wait() }()
	select {
	case err := <-done:
		return fmt.Errorf("the update ended before the computer had started again: %w\n%s", err, said.String())
	case err := <-t.stopped(ctx):
		if err != nil {
			return errors.Join(err, tool.Process.Kill(), <-done)
		}
	}
	if err := t.powerOn(ctx, 3); err != nil {
		return err
	}
	if err := t.agentStarts(ctx, t.version); err != nil {
		return err
	}
	if err := <-done; err != nil || !strings.Contains(said.String(), "updated:") {
		return fmt.Errorf("the update says: %w\n%s", err, said.String())
	}
	return nil
}

// stopped tells when the computer wants to start again.
func (t *trial) stopped(ctx context.Context) <-chan error {
	told := make(chan error, 1)
	go func() {
		told <- t.machine.until(ctx, "it starts again", func() (bool, error) {
			_, found := t.machine.console.Find("reboot: Restarting system")
			return found, nil
		})
	}()
	return told
}

func (t *trial) back(ctx context.Context) error {
	t.machine.cut()
	if _, err := vm.Output(ctx, t.work, absolute(t.tool), "back", t.card); err != nil {
		return err
	}
	if err := t.powerOn(ctx, 2); err != nil {
		return err
	}
	return t.agentStarts(ctx, t.first)
}
