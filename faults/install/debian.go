package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// debian gives the folder of a minimal Debian with systemd, fetched once from where
// this machine's apt fetches. Nothing of ours is in it.
func debian(ctx context.Context, o options) (base string, err error) {
	base, err = filepath.Abs(filepath.Join(o.build, "debian"))
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(filepath.Join(base, "etc", "debian_version")); err == nil {
		return base, nil
	}
	release, err := os.ReadFile("/etc/os-release")
	if err != nil {
		return "", fmt.Errorf("%w: this is no Debian: %w", errUnavailable, err)
	}
	codename := ""
	for line := range strings.Lines(string(release)) {
		if v, ok := strings.CutPrefix(strings.TrimSpace(line), "VERSION_CODENAME="); ok {
			codename = v
		}
	}
	mirror := ""
	said, err := exec.CommandContext(ctx, "apt-get", "indextargets", "--format", "$(REPO_URI) $(CODENAME)", "Created-By: Packages").Output()
	for line := range strings.Lines(string(said)) {
		if uri, name, ok := strings.Cut(strings.TrimSpace(line), " "); ok && name == codename {
			mirror = uri
		}
	}
	if err != nil || mirror == "" {
		return "", fmt.Errorf("%w: apt knows no source of Debian %q: %w", errUnavailable, codename, err)
	}
	o.log("fetching a minimal Debian %s, once", codename)
	if err := os.MkdirAll(filepath.Dir(base), 0o755); err != nil {
		return "", err
	}
	// A module of its own: what lists the project's packages meanwhile need not read a whole Debian.
	if err := os.WriteFile(filepath.Join(filepath.Dir(base), "go.mod"), []byte("module debian\n"), 0o600); err != nil {
		return "", err
	}
	fresh := base + ".new"
	if err := os.RemoveAll(fresh); err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, "debootstrap", "--variant=minbase", "--include=systemd,dbus,udev,libpam-systemd", codename, fresh, mirror)
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: debootstrap: %w: %s", errUnavailable, err, tail(out))
	}
	return base, os.Rename(fresh, base)
}

// tail is the end of what a program said.
func tail(said []byte) string {
	const enough = 2000
	return strings.TrimSpace(string(said[max(0, len(said)-enough):]))
}

// newest is the package of a program for this computer, which was built last.
func newest(folder, name string) (string, error) {
	found, err := filepath.Glob(filepath.Join(folder, "hallkeeper-"+name+"_*_"+runtime.GOARCH+".deb"))
	best, when := "", int64(0)
	for _, file := range found {
		if info, err := os.Stat(file); err == nil && info.ModTime().UnixNano() > when {
			best, when = file, info.ModTime().UnixNano()
		}
	}
	if err != nil || best == "" {
		return "", fmt.Errorf("there is no package of hallkeeper-%s for %s in %s: run make packages", name, runtime.GOARCH, folder)
	}
	return best, nil
}

// older makes of a package one of a version before, with other default settings.
func (t *trial) older(file, name string) (string, error) {
	dir := filepath.Join(t.dir, "older-"+name)
	to := filepath.Join(t.root, "packages", "older-"+name+".deb")
	if _, err := t.host("dpkg-deb", "-R", file, dir); err != nil {
		return "", err
	}
	control := filepath.Join(dir, "DEBIAN", "control")
	text, err := os.ReadFile(control)
	if err != nil {
		return "", err
	}
	lines := strings.Split(string(text), "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, "Version: ") {
			lines[i] = "Version: 0.0~1"
		}
	}
	if err := os.WriteFile(control, []byte(strings.Join(lines, "\n")), 0o644); err != nil {
		return "", err
	}
	settings := filepath.Join(dir, "etc", "hallkeeper", name+".yaml")
	text, err = os.ReadFile(settings)
	if err == nil { // the hub's are written by itself
		err = os.WriteFile(settings, append([]byte("# of the version before\n"), text...), 0o644)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	_, err = t.host("dpkg-deb", "--root-owner-group", "-Zgzip", "-z1", "-b", dir, to)
	return "/packages/" + filepath.Base(to), err
}
