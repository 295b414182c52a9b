package main

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
)

const (
	mib = 1 << 20
	// size is that of the image: a power of two, as virtual cards must be; every card sold is larger.
	size = 2048 * mib
	// agentPackage is the only program of the image besides gokrazy's own.
	agentPackage = "hallkeeper/agent/cmd/agent"
	// hostname decides the partitions' ids: the same for all, so that any image updates any card.
	hostname = "hallkeeper-window"
	// instance is gok's name for what is built.
	instance = "window"
)

// builder is one run of build.
type builder struct {
	out, work     string
	root          string // the repository
	board         string
	version, zone string
	stdout        io.Writer
}

func runBuild(ctx context.Context, args []string, stdout io.Writer) error {
	b := builder{stdout: stdout}
	fs := flag.NewFlagSet("appliance build", flag.ContinueOnError)
	fs.StringVar(&b.out, "out", "build/image", "`folder` for the image")
	fs.StringVar(&b.root, "root", ".", "the repository")
	fs.StringVar(&b.board, "board", "standard", "the wiring: a `name` in firmware-config/boards")
	fs.StringVar(&b.version, "version", "unversioned", "the agent's version")
	fs.StringVar(&b.zone, "zone", "Asia/Shanghai", "the time zone of logs")
	if err := fs.Parse(args); err != nil {
		return err
	}
	var err error
	for _, dir := range []*string{&b.out, &b.root} {
		if *dir, err = filepath.Abs(*dir); err != nil {
			return err
		}
	}
	if b.work = filepath.Join(b.out, "work"); os.RemoveAll(b.work) != nil {
		return fmt.Errorf("%s cannot be emptied", b.work)
	}
	for _, step := range []func(context.Context) error{b.instance, b.extras, b.gok, b.bootPartition, b.persistent, b.rootFile} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return b.report()
}

// name is the image's, without an ending.
func (b *builder) name() string { return "hallkeeper-window_" + b.version + "_" + b.board }

// source is the folder of this module.
func (b *builder) source() string { return filepath.Join(b.root, "deploy", "appliance") }

func (b *builder) image() string { return filepath.Join(b.out, b.name()+".img") }

// instance writes what gok builds from: the settings, and a go.mod for each of the
// two worlds. The agent is built with the product's own versions of everything.
func (b *builder) instance(context.Context) error {
	lines, err := os.ReadFile(b.boardFile(".config.txt"))
	if err != nil {
		return err
	}
	words, err := os.ReadFile(filepath.Join(b.root, "firmware-config", "boot", "cmdline.txt"))
	if err != nil {
		return err
	}
	config := map[string]any{
		"Hostname":             hostname,
		"Update":               map[string]any{"NoPassword": true}, // the persistent partition may have one
		"Environment":          []string{"GOOS=linux", "GOARCH=arm64", "CGO_ENABLED=0", "GOARM64=v8.0", "GOFLAGS="},
		"Packages":             []string{agentPackage},
		"GokrazyPackages":      []string{"github.com/gokrazy/gokrazy/cmd/dhcp"},
		"EEPROMPackage":        "", // what starts a Pi 4 or 5 stays as it was sold
		"KernelExtraArgs":      kernelWords(string(words)),
		"BootloaderExtraLines": strings.Split(strings.TrimRight(string(lines), "\n"), "\n"),
		"PackageConfig": map[string]any{agentPackage: map[string]any{
			"CommandLineFlags": []string{"appliance"},
			"Environment":      []string{"TZ=" + b.zone},
			"GoBuildFlags":     []string{"-trimpath", "-buildvcs=false", "-ldflags=-s -w -buildid= -X main.version=" + b.version},
			"ExtraFilePaths":   map[string]string{"/": filepath.Join(b.work, "extras")},
		}},
	}
	text, err := json.MarshalIndent(config, "", "  ")
	if err != nil {
		return err
	}
	dir := filepath.Join(b.work, instance)
	if err := os.MkdirAll(filepath.Join(dir, "builddir", "hallkeeper"), 0o755); err != nil {
		return err
	}
	return errors.Join(os.WriteFile(filepath.Join(dir, "config.json"), text, 0o644),
		b.module(b.source(), filepath.Join(dir, "builddir"), ""),
		b.module(b.root, filepath.Join(dir, "builddir", "hallkeeper"), "hallkeeper"))
}

func (b *builder) boardFile(ending string) string {
	return filepath.Join(b.root, "firmware-config", "boards", b.board+ending)
}

// kernelWords are those that the image has no use for, or has already, left out.
func kernelWords(text string) (words []string) {
	for _, w := range strings.Fields(text) {
		if !strings.HasPrefix(w, "fsck.") && !strings.HasPrefix(w, "panic=") {
			words = append(words, w)
		}
	}
	return words
}

// module copies a module's pins to where gok builds; local names the module itself, which is built from here.
func (b *builder) module(from, to, local string) error {
	path := filepath.Join(from, "go.mod")
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	f, err := modfile.Parse(path, text, nil)
	if err != nil {
		return err
	}
	f.Cleanup()
	if err := f.AddModuleStmt("gokrazy/build/" + filepath.Base(to)); err != nil {
		return err
	}
	for _, t := range slices.Clone(f.Tool) {
		if err := f.DropTool(t.Path); err != nil {
			return err
		}
	}
	if local != "" {
		if err := errors.Join(f.AddRequire(local, "v0.0.0"), f.AddReplace(local, "", from, "")); err != nil {
			return err
		}
	}
	if text, err = f.Format(); err != nil {
		return err
	}
	sums, err := os.ReadFile(filepath.Join(from, "go.sum"))
	if err != nil {
		return err
	}
	return errors.Join(os.WriteFile(filepath.Join(to, "go.mod"), text, 0o644), os.WriteFile(filepath.Join(to, "go.sum"), sums, 0o644))
}

// extras packs what is in the root beside programs. The password is empty there, so
// that no update is taken but by a computer that was given one of its own; with the
// certificate it is the same.
func (b *builder) extras(ctx context.Context) error {
	board, err := os.ReadFile(b.boardFile(".yaml"))
	if err != nil {
		return err
	}
	settings, err := os.ReadFile(filepath.Join(b.source(), "card", "image.yaml"))
	if err != nil {
		return err
	}
	licences, err := b.licences(ctx)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(b.out, b.name()+".licences.txt"), licences, 0o644); err != nil {
		return err
	}
	files := map[string][]byte{
		"etc/gokr-pw.txt": []byte("\n"), "etc/hallkeeper/agent.yaml": settings, "etc/hallkeeper/board.yaml": board, "usr/share/doc/hallkeeper/licences.txt": licences,
	}
	links := map[string]string{
		"etc/ssl/gokrazy-web.pem": "/perm/hallkeeper/update.crt", "etc/ssl/gokrazy-web.key.pem": "/perm/hallkeeper/update.key",
	}
	var out bytes.Buffer
	t := tar.NewWriter(&out)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		err = errors.Join(err, t.WriteHeader(&tar.Header{Name: name, Mode: 0o444, Size: int64(len(files[name]))}))
		_, werr := t.Write(files[name])
		err = errors.Join(err, werr)
	}
	for _, name := range slices.Sorted(maps.Keys(links)) {
		err = errors.Join(err, t.WriteHeader(&tar.Header{Name: name, Mode: 0o777, Typeflag: tar.TypeSymlink, Linkname: links[name]}))
	}
	if err := errors.Join(err, t.Close()); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(b.work, "extras.tar"), out.Bytes(), 0o644)
}

// gok builds the whole image, of which the first and last partition are made anew.
func (b *builder) gok(ctx context.Context) error {
	_, err := b.do(ctx, b.source(), "go", "build", "-o", filepath.Join(b.work, "gok"), "github.com/gokrazy/tools/cmd/gok")
	if err != nil {
		return err
	}
	said, err := b.do(ctx, b.work, filepath.Join(b.work, "gok"), "--parent_dir", b.work, "-i", instance,
		"overwrite", "--full", b.image(), "--target_storage_bytes", fmt.Sprint(size))
	return errors.Join(err, os.WriteFile(filepath.Join(b.out, "gok.log"), said, 0o644))
}

// do runs a program and gives all that it says.
func (b *builder) do(ctx context.Context, dir, name string, args ...string) ([]byte, error) {
	for _, sbin := range []string{"/usr/sbin", "/sbin"} {
		if _, err := exec.LookPath(name); err == nil {
			break
		}
		if path, err := exec.LookPath(filepath.Join(sbin, filepath.Base(name))); err == nil {
			name = path
		}
	}
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	said, err := cmd.CombinedOutput()
	if err != nil {
		return said, fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, said)
	}
	return said, nil
}
