package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"hallkeeper/faults/disk"
	"hallkeeper/faults/rig/link"
	"hallkeeper/faults/vm"
)

const (
	// boardFile is the wiring that the machine has, as it is shipped; a second
	// reader, one that types, is added to it.
	boardFile    = "firmware-config/boards/standard.yaml"
	secondReader = "  desk: {kind: keyboard, usb: \"FFFF:0035\", digits: decimal}\n"
	// diskSize is that of the machine's disk, in bytes.
	diskSize = 64 << 20
)

func (o *options) run(ctx context.Context) (err error) {
	if o.build, err = filepath.Abs(o.build); err != nil {
		return err
	}
	if err := os.MkdirAll(o.build, 0o755); err != nil {
		return err
	}
	k, err := getKernel(ctx, filepath.Join(o.build, "kernel"), o.log)
	if err != nil {
		return err
	}
	initramfs, err := o.initramfs(ctx, k, "")
	if err != nil || o.only {
		return err
	}
	table := tabwriter.NewWriter(os.Stdout, 2, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "agent\tseed\tpresses\tframes\ttyped\tlamps\tkills\tpower cuts\tsectors lost\treplugs\tboots\tlost\tdoubled\tRSS\tCPU at rest\tverify\tresult\t")
	err = o.campaign(ctx, k, initramfs, "as shipped", table, func(ctx context.Context, c *campaign) error { return c.play(ctx) })
	if err == nil && o.prove > 0 {
		err = o.proof(ctx, k, table)
	}
	return errors.Join(err, table.Flush())
}

// proof lets an agent that never syncs its outbox suffer the same power cuts:
// where that is not found out, the campaign proves nothing.
func (o *options) proof(ctx context.Context, k kernel, table io.Writer) error {
	initramfs, err := o.initramfs(ctx, k, "nosync")
	if err != nil {
		return err
	}
	found := false
	err = o.campaign(ctx, k, initramfs, "never syncs", table, func(ctx context.Context, c *campaign) error {
		err := c.expose(ctx)
		found = errors.Is(err, errExposed)
		return err
	})
	if found {
		return nil
	}
	return errors.Join(err, fmt.Errorf("an agent that never syncs was not found out in %d power cuts: the campaign proves nothing", o.prove))
}

// campaign sets all up, plays, judges and prints one row.
func (o *options) campaign(ctx context.Context, k kernel, initramfs, name string, table io.Writer, play func(context.Context, *campaign) error) (err error) {
	work, err := os.MkdirTemp("", "rig-")
	if err != nil {
		return err
	}
	defer func() {
		if err == nil || errors.Is(err, errExposed) {
			_ = os.RemoveAll(work)
		} else {
			o.log("logs and data are kept in %s", work)
		}
	}()
	h, err := startHub(ctx, o.hub, work)
	if err != nil {
		return err
	}
	defer func() { _ = h.cmd.Process.Kill() }()
	_, port, err := net.SplitHostPort(h.mqtt)
	if err != nil {
		return err
	}
	p := parts{kernel: k, initramfs: initramfs, disk: filepath.Join(work, "disk.sock")}
	if p.hubPort, err = strconv.Atoi(port); err != nil {
		return err
	}
	d, served, err := serveDisk(ctx, filepath.Join(work, "disk.img"), p.disk)
	if err != nil {
		return err
	}
	defer served()
	c, err := newCampaign(o, h, p, d, work)
	if err != nil {
		return err
	}
	defer func() {
		if c.machine != nil {
			c.machine.kill()
		}
	}()
	played := play(ctx, c)
	records, err := h.events(ctx)
	if err != nil {
		return errors.Join(played, err)
	}
	v := judge(c.done, c.maybe, c.swiped, look(records))
	verified := "not asked"
	if played == nil {
		if _, err := c.machine.order(link.Order{Do: link.Stop}); err != nil {
			return err
		}
		_ = c.machine.conn.Close() // the machine waits for that before it powers off
		if err := h.stop(ctx); err != nil {
			return err
		}
		verified = "ok"
	}
	c.print(table, name, v, verified, played)
	if played == nil && len(v.faults) > 0 {
		return errors.New("the log is not what was done: see the table")
	}
	return played
}

// serveDisk makes a disk and serves it; done ends that.
func serveDisk(ctx context.Context, image, socket string) (d *disk.Disk, done func(), err error) {
	if err := disk.Make(ctx, image, diskSize); err != nil {
		return nil, nil, err
	}
	if d, err = disk.Open(image); err != nil {
		return nil, nil, err
	}
	listener, err := net.Listen("unix", socket)
	if err != nil {
		return nil, nil, errors.Join(err, d.Close())
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = d.Serve(listener) // it ends with the listener; QEMU says what it lacks
	}()
	return d, func() {
		_ = listener.Close()
		<-served
		_ = d.Close()
	}, nil
}

// errExposed means that the agent that must be found out has been.
var errExposed = errors.New("found out")

// expose cuts the power under an agent that never syncs until something that a
// lamp had confirmed is missing.
func (c *campaign) expose(ctx context.Context) error {
	if err := c.powerOn(ctx); err != nil {
		return err
	}
	for range c.o.prove {
		if err := c.powerCut(ctx, 4*time.Second); err != nil {
			return err
		}
		if err := c.awake(); err != nil {
			return err
		}
		// The outbox keeps its order: once this card is in the log, nothing from before comes any more.
		err := c.until(ctx, "a card after the power cut", func(f found) bool { return f.cards[c.last] > 0 })
		if err != nil {
			return err
		}
		records, err := c.hub.events(ctx)
		if err != nil {
			return err
		}
		if judge(c.done, c.maybe, c.swiped, look(records)).lost > 0 {
			return errExposed
		}
	}
	return nil
}

// initramfs builds the agent for the machine, as for a Pi, and packs it.
func (o *options) initramfs(ctx context.Context, k kernel, tags string) (path string, err error) {
	suffix := ""
	if tags != "" {
		suffix = "-" + tags
	}
	shipped, err := os.ReadFile(boardFile)
	if err != nil {
		return "", err
	}
	board := filepath.Join(o.build, "board.yaml")
	if err := os.WriteFile(board, append(shipped, secondReader...), 0o644); err != nil {
		return "", err
	}
	files := []vm.File{{Name: "board.yaml", Path: board}}
	for _, p := range []struct{ name, to, tags, source string }{
		{"init", "init", "", "./faults/rig/guest"}, {"agent", "agent" + suffix, tags, "./agent/cmd/agent"},
	} {
		to := filepath.Join(o.build, p.to)
		if err := vm.Build(ctx, "arm64", to, p.tags, p.source); err != nil {
			return "", err
		}
		files = append(files, vm.File{Name: p.name, Path: to})
	}
	for _, m := range k.modules {
		files = append(files, vm.File{Name: "modules/" + filepath.Base(m), Path: m})
	}
	path = filepath.Join(o.build, "initramfs"+suffix)
	file, err := os.Create(path)
	if err != nil {
		return "", err
	}
	if err := errors.Join(vm.WriteInitramfs(file, files), file.Close()); err != nil {
		return "", fmt.Errorf("pack the machine: %w", err)
	}
	return path, nil
}

// print adds a row to the table.
func (c *campaign) print(to io.Writer, name string, v verdict, verified string, played error) {
	presses := 0
	for _, n := range c.done {
		presses += n
	}
	result := "ok"
	switch {
	case errors.Is(played, errExposed):
		result = "found out, as it must be"
	case played != nil:
		result = "not played to its end"
	case len(v.faults) > 0:
		result = strings.Join(v.faults, "; ")
	}
	fmt.Fprintf(to, "%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%.1f MiB\t%.1f %%\t%s\t%s\t\n", name, c.o.seed, presses, c.frames, c.typed, c.lit,
		c.kills, c.cuts, c.dropped, c.replugs, c.boots, v.lost, v.doubled, float64(c.rss)/1024, 100*c.cpu, verified, result)
}
