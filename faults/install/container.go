package main

import (
	"archive/tar"
	"bufio"
	"compress/gzip"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// layout is what an OCI archive says of itself, as far as starting needs it.
type (
	descriptor struct{ Digest string }
	layout     struct {
		Manifests []descriptor
	}
	manifest struct {
		Config descriptor
		Layers []descriptor
	}
	imageConfig struct {
		Config struct {
			User            string
			Entrypoint, Cmd []string
			Env             []string
			WorkingDir      string
		} `json:"config"`
	}
)

// container unpacks the hub's image as an engine does and starts what it says, as
// the user that it says, in a network of its own.
func (t *trial) container() error {
	found, err := filepath.Glob(filepath.Join(t.image, "hallkeeper-hub_*_"+runtime.GOARCH+".tar"))
	if err != nil || len(found) != 1 {
		return fmt.Errorf("there is no one image for %s in %s: run make image-oci", runtime.GOARCH, t.image)
	}
	archive, root := filepath.Join(t.dir, "image"), filepath.Join(t.dir, "container")
	file, err := os.Open(found[0])
	if err != nil {
		return err
	}
	defer file.Close()
	if err := unpack(file, archive); err != nil {
		return err
	}
	var index layout
	var m manifest
	var config imageConfig
	if text, err := os.ReadFile(filepath.Join(archive, "index.json")); err != nil || json.Unmarshal(text, &index) != nil || len(index.Manifests) != 1 {
		return fmt.Errorf("the image's index is not one of one image: %w", err)
	}
	if err := errors.Join(blob(archive, index.Manifests[0], &m), blob(archive, m.Config, &config)); err != nil {
		return err
	}
	for _, l := range m.Layers {
		layer, err := os.Open(filepath.Join(archive, "blobs", strings.Replace(l.Digest, ":", "/", 1)))
		if err != nil {
			return err
		}
		plain, err := gzip.NewReader(layer)
		if err == nil {
			err = unpack(plain, root)
		}
		if err := errors.Join(err, layer.Close()); err != nil {
			return err
		}
	}
	proc := filepath.Join(root, "proc")
	if err := errors.Join(os.Mkdir(proc, 0o755), unix.Mount("proc", proc, "proc", 0, "")); err != nil {
		return err
	}
	defer func() { _ = unix.Unmount(proc, unix.MNT_DETACH) }()
	answered := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // and never let go: the thread ends with its network
		answered <- t.runContainer(root, config)
	}()
	return <-answered
}

// blob reads a part of an image that is named by its digest, and checks it.
func blob(dir string, d descriptor, into any) error {
	text, err := os.ReadFile(filepath.Join(dir, "blobs", strings.Replace(d.Digest, ":", "/", 1)))
	if err != nil {
		return err
	}
	if got := fmt.Sprintf("sha256:%x", sha256.Sum256(text)); got != d.Digest {
		return fmt.Errorf("the part %s is %s", d.Digest, got)
	}
	return json.Unmarshal(text, into)
}

func unpack(from io.Reader, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	root, err := os.OpenRoot(dir) // a name that leads out of it is refused
	if err != nil {
		return err
	}
	defer root.Close()
	for r := tar.NewReader(from); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		to := filepath.Clean(h.Name)
		if h.Typeflag == tar.TypeDir {
			err = root.MkdirAll(to, 0o755)
		} else {
			var f *os.File
			if f, err = root.Create(to); err == nil {
				_, err = io.Copy(f, r) //nolint:gosec // it is our own archive
				err = errors.Join(err, f.Close())
			}
		}
		mode := fs.FileMode(h.Mode & 0o777)
		if h.Mode&0o1000 != 0 {
			mode |= fs.ModeSticky
		}
		if err := errors.Join(err, root.Chown(to, h.Uid, h.Gid), root.Chmod(to, mode)); err != nil {
			return err
		}
	}
}

// runContainer starts the image's program and asks whether it is alive and can store.
func (t *trial) runContainer(root string, image imageConfig) error {
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		return fmt.Errorf("%w: %w", errUnavailable, err)
	}
	if err := loopback(); err != nil {
		return err
	}
	c := image.Config
	uid, gid, _ := strings.Cut(c.User, ":")
	user, uerr := strconv.ParseUint(uid, 10, 32)
	group, gerr := strconv.ParseUint(gid, 10, 32)
	if uerr != nil || gerr != nil || user == 0 {
		return fmt.Errorf("the image runs as %q", c.User)
	}
	args := append(append([]string{}, c.Entrypoint[1:]...), c.Cmd...)
	hub := exec.CommandContext(t.ctx, c.Entrypoint[0], args...)
	hub.Err = nil // the program is in the image, not here
	hub.Env, hub.Dir = c.Env, c.WorkingDir
	hub.SysProcAttr = &syscall.SysProcAttr{Chroot: root, Credential: &syscall.Credential{Uid: uint32(user), Gid: uint32(group)}}
	said, err := os.Create(filepath.Join(t.dir, "container.log"))
	if err != nil {
		return err
	}
	defer said.Close()
	hub.Stdout, hub.Stderr = said, said
	if err := hub.Start(); err != nil {
		return err
	}
	for _, path := range []string{"/healthz", "/readyz", "/lobby"} {
		if err == nil {
			err = t.await(path+" of the image answers", func() (bool, error) { return get("127.0.0.1:8080", path) })
		}
	}
	err = errors.Join(err, hub.Process.Signal(syscall.SIGTERM))
	if ended := hub.Wait(); ended != nil {
		err = errors.Join(err, fmt.Errorf("it did not end well: %w", ended))
	}
	if err != nil {
		text, _ := os.ReadFile(said.Name())
		return fmt.Errorf("%w\n%s", err, text)
	}
	return nil
}

// get asks from this thread, which alone is in that network.
func get(addr, path string) (bool, error) {
	var d net.Dialer
	conn, err := d.Dial("tcp", addr) //nolint:noctx // it is here
	if err != nil {
		return false, err
	}
	defer conn.Close()
	if _, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n", path); err != nil {
		return false, err
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return false, err
	}
	defer res.Body.Close()
	return res.StatusCode == http.StatusOK, nil
}

// loopback brings the network's own interface up.
func loopback() error {
	s, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(s)
	lo, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	lo.SetUint16(unix.IFF_UP)
	return unix.IoctlIfreq(s, unix.SIOCSIFFLAGS, lo)
}
