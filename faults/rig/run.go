package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"

	"hallkeeper/faults/rig/link"
	"hallkeeper/faults/vm"
)

// boardFile is the wiring that the machine has, as it is shipped.
const boardFile = "firmware-config/boards/standard.yaml"

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
	initramfs, err := o.initramfs(ctx, k)
	if err != nil || o.only {
		return err
	}
	work, err := os.MkdirTemp("", "rig-")
	if err != nil {
		return err
	}
	defer func() {
		if err == nil {
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
	hubPort, err := strconv.Atoi(port)
	if err != nil {
		return err
	}
	m, err := powerOn(ctx, k, initramfs, hubPort, filepath.Join(work, "console.log"))
	if err != nil {
		return err
	}
	defer m.kill()
	o.log("the window computer is up")
	c := newCampaign(o, h, m)
	if err := c.play(ctx); err != nil {
		return err
	}
	if _, err := m.order(link.Order{Do: link.Stop}); err != nil {
		return err
	}
	_ = m.conn.Close() // the machine waits for that before it powers off
	if err := c.settle(ctx); err != nil {
		return err
	}
	if err := h.stop(ctx); err != nil {
		return err
	}
	c.print(os.Stdout)
	if len(c.faults) > 0 {
		return errors.New("the log is not what was done: see the table")
	}
	return nil
}

// initramfs builds the agent for the machine, as for a Pi, and packs it.
func (o *options) initramfs(ctx context.Context, k kernel) (path string, err error) {
	files := []vm.File{{Name: "board.yaml", Path: boardFile}}
	for _, p := range []struct{ name, source string }{{"init", "./faults/rig/guest"}, {"agent", "./agent/cmd/agent"}} {
		to := filepath.Join(o.build, p.name)
		if err := vm.Build(ctx, "arm64", to, "", p.source); err != nil {
			return "", err
		}
		files = append(files, vm.File{Name: p.name, Path: to})
	}
	for _, m := range k.modules {
		files = append(files, vm.File{Name: "modules/" + filepath.Base(m), Path: m})
	}
	path = filepath.Join(o.build, "initramfs")
	file, err := os.Create(path)
	if err != nil {
		return "", err
	}
	if err := errors.Join(vm.WriteInitramfs(file, files), file.Close()); err != nil {
		return "", fmt.Errorf("pack the machine: %w", err)
	}
	return path, nil
}
