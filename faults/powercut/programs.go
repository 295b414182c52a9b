package main

import (
	"context"
	"debug/elf"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
)

// checkPrograms sees that what the campaign runs on this machine is there.
func checkPrograms() error {
	if runtime.GOOS != "linux" {
		return fmt.Errorf("this campaign runs on Linux only, this is %s", runtime.GOOS)
	}
	for _, p := range []struct{ program, packageName string }{
		{"qemu-system-x86_64", "qemu-system-x86"}, {"mkfs.ext4", "e2fsprogs"}, {"e2fsck", "e2fsprogs"}} {
		if _, err := exec.LookPath(findProgram(p.program)); err != nil {
			return fmt.Errorf("there is no %s: apt install %s", p.program, p.packageName)
		}
	}
	return nil
}

// findProgram also looks where Debian puts system programs, which is not on
// everybody's path. What is nowhere keeps its name.
func findProgram(name string) string {
	if _, err := exec.LookPath(name); err == nil {
		return name
	}
	for _, dir := range []string{"/usr/sbin", "/sbin"} {
		if path, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
			return path
		}
	}
	return name
}

// buildProgram builds one program for the machine, which has no libraries.
func buildProgram(ctx context.Context, to, tags, source string) error {
	args := []string{"build", "-trimpath", "-o", to}
	if tags != "" {
		args = append(args, "-tags", tags)
	}
	cmd := exec.CommandContext(ctx, "go", append(args, source)...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=amd64")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s: %w\n%s", source, err, out)
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
		if err := buildProgram(ctx, hub, tags, "./hub/cmd/hub"); err != nil {
			return "", err
		}
	}
	if err := checkStatic(hub); err != nil {
		return "", usageError{err}
	}
	guest := filepath.Join(o.build, "guest")
	if err := buildProgram(ctx, guest, "", "./faults/powercut/guest"); err != nil {
		return "", err
	}
	path = filepath.Join(o.build, name+".initramfs")
	file, err := os.Create(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	if err := writeInitramfs(file, guest, hub, k.modules); err != nil {
		return "", err
	}
	return path, nil
}
