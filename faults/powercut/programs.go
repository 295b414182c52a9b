package main

import (
	"context"
	"debug/elf"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"

	"hallkeeper/faults/vm"
)

// checkPrograms sees that what the campaign runs on this machine is there.
func checkPrograms() error {
	if runtime.GOOS != "linux" {
		return fmt.Errorf("this campaign runs on Linux only, this is %s", runtime.GOOS)
	}
	for _, p := range []struct{ program, packageName string }{
		{"qemu-system-x86_64", "qemu-system-x86"}, {"mkfs.ext4", "e2fsprogs"}, {"e2fsck", "e2fsprogs"}} {
		if _, err := exec.LookPath(vm.FindProgram(p.program)); err != nil {
			return fmt.Errorf("there is no %s: apt install %s", p.program, p.packageName)
		}
	}
	return nil
}

// checkStatic refuses a program that needs what the machine does not have.
func checkStatic(path string) error {
	file, err := elf.Open(path)
	if err != nil {
		return fmt.Errorf("%s is no program for the machine: %w", path, err)
	}
	defer file.Close()
	if file.Machine != elf.EM_X86_64 {
		return fmt.Errorf("%s is built for %v, the machine is an amd64", path, file.Machine)
	}
	for _, p := range file.Progs {
		if p.Type == elf.PT_INTERP {
			return fmt.Errorf("%s needs shared libraries: build it with CGO_ENABLED=0", path)
		}
	}
	return nil
}

// initramfs makes the initramfs with that hub; with none it builds one with tags.
func (o *options) initramfs(ctx context.Context, hub, tags, name string, k kernel) (path string, err error) {
	if hub == "" {
		hub = filepath.Join(o.build, name)
		o.log("building %s", name)
		if err := vm.Build(ctx, "amd64", hub, tags, "./hub/cmd/hub"); err != nil {
			return "", err
		}
	}
	if err := checkStatic(hub); err != nil {
		return "", usageError{err}
	}
	guest := filepath.Join(o.build, "guest")
	if err := vm.Build(ctx, "amd64", guest, "", "./faults/powercut/guest"); err != nil {
		return "", err
	}
	path = filepath.Join(o.build, name+".initramfs")
	file, err := os.Create(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	files := []vm.File{{Name: "init", Path: guest}, {Name: "hub", Path: hub}}
	for _, m := range k.modules {
		files = append(files, vm.File{Name: "modules/" + filepath.Base(m), Path: m})
	}
	if err := vm.WriteInitramfs(file, files); err != nil {
		return "", err
	}
	return path, nil
}
