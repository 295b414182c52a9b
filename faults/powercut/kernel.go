package main

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"hallkeeper/faults/vm"
)

// kernel is a kernel with the modules that the machine loads, in their order.
type kernel struct {
	version string
	image   string
	modules []string
}

// kernelPackage is Debian's name of its current kernel.
const kernelPackage = "linux-image-amd64"

// getKernel gives the kernel in folder. What is not there yet is taken from deb,
// or, where deb is empty, downloaded with apt. Nothing is installed.
func getKernel(ctx context.Context, folder, deb string, log func(string, ...any)) (kernel, error) {
	if k, err := readKernel(folder); err == nil && deb == "" {
		return k, nil
	}
	if err := os.MkdirAll(filepath.Dir(folder), 0o755); err != nil {
		return kernel{}, err
	}
	work, err := os.MkdirTemp(filepath.Dir(folder), "kernel-")
	if err != nil {
		return kernel{}, err
	}
	defer os.RemoveAll(work)
	if deb == "" {
		log("downloading Debian's %s, once (70 MB, unpacked into %s, not installed)", kernelPackage, folder)
		if deb, err = downloadKernel(ctx, work); err != nil {
			return kernel{}, err
		}
	}
	unpacked := filepath.Join(work, "kernel")
	if err := unpackKernel(ctx, deb, unpacked); err != nil {
		return kernel{}, fmt.Errorf("unpack %s: %w", filepath.Base(deb), err)
	}
	if err := os.RemoveAll(folder); err != nil {
		return kernel{}, err
	}
	if err := os.Rename(unpacked, folder); err != nil {
		return kernel{}, err
	}
	return readKernel(folder)
}

// readKernel reads what unpackKernel wrote: vmlinuz, version and numbered modules.
func readKernel(folder string) (kernel, error) {
	version, err := os.ReadFile(filepath.Join(folder, "version"))
	if err != nil {
		return kernel{}, err
	}
	modules, err := filepath.Glob(filepath.Join(folder, "*.ko"))
	slices.Sort(modules)
	return kernel{version: string(version), image: filepath.Join(folder, "vmlinuz"), modules: modules}, err
}

// downloadKernel asks this machine's apt, and if that does not know the package
// (no lists, another architecture, a list that is too old) an apt with lists of
// its own below work, which touches nothing of this machine's.
func downloadKernel(ctx context.Context, work string) (string, error) {
	own := filepath.Join(work, "apt")
	for _, dir := range []string{"lists/partial", "cache/archives/partial"} {
		if err := os.MkdirAll(filepath.Join(own, dir), 0o755); err != nil {
			return "", err
		}
	}
	private := []string{"-o", "Dir::State::lists=" + filepath.Join(own, "lists"), "-o", "Dir::Cache=" + filepath.Join(own, "cache"),
		"-o", "Dir::State::status=/dev/null", "-o", "APT::Architecture=amd64", "-o", "APT::Architectures=amd64"}
	var errs []error
	for _, options := range [][]string{nil, private} {
		options = append(options, "-o", "APT::Sandbox::User=root", "-q")
		if len(errs) > 0 {
			if _, err := vm.Output(ctx, work, "apt-get", append(options, "update")...); err != nil {
				errs = append(errs, err)
				continue
			}
		}
		deb, err := aptDownload(ctx, work, options)
		if err == nil {
			return deb, nil
		}
		errs = append(errs, err)
	}
	return "", fmt.Errorf("download %s (or give one with -kernel-deb FILE): %w", kernelPackage, errors.Join(errs...))
}

func aptDownload(ctx context.Context, work string, options []string) (string, error) {
	depends, err := vm.Output(ctx, work, "apt-cache", append(options, "depends", kernelPackage+":amd64")...)
	if err != nil {
		return "", err
	}
	name, err := newestKernel(depends)
	if err != nil {
		return "", err
	}
	if _, err := vm.Output(ctx, work, "apt-get", append(options, "download", name+":amd64")...); err != nil {
		return "", err
	}
	debs, err := filepath.Glob(filepath.Join(work, name+"_*.deb"))
	if err == nil && len(debs) == 0 {
		err = fmt.Errorf("apt-get download %s left no file", name)
	}
	if err != nil {
		return "", err
	}
	return debs[0], nil
}

// newestKernel finds the real package that the metapackage stands for.
func newestKernel(depends []byte) (string, error) {
	found := regexp.MustCompile(`(?m)^\s*\|?Depends:\s+(linux-image-[0-9][^\s:<>]*)`).FindSubmatch(depends)
	if found == nil {
		return "", fmt.Errorf("apt knows no package behind %s", kernelPackage)
	}
	return string(found[1]), nil
}

// unpackKernel takes the image and the needed modules out of a Debian package.
func unpackKernel(ctx context.Context, deb, folder string) error {
	if err := os.Mkdir(folder, 0o755); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "dpkg-deb", "--fsys-tarfile", deb)
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	modules, builtin, version, err := sortOut(tar.NewReader(pipe), filepath.Join(folder, "vmlinuz"))
	if err != nil {
		_ = cmd.Process.Kill()
	}
	if werr := cmd.Wait(); err == nil && werr != nil {
		err = fmt.Errorf("%w: %s", werr, bytes.TrimSpace(complaint.Bytes()))
	}
	if err != nil {
		return err
	}
	order, err := loadOrder(modules, builtin)
	if err != nil {
		return err
	}
	for i, name := range order {
		if err := os.WriteFile(filepath.Join(folder, fmt.Sprintf("%02d-%s.ko", i, name)), modules[name], 0o644); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(folder, "version"), []byte(version), 0o644)
}

// sortOut reads a kernel package: the image goes to a file, the modules that may
// be needed are kept by name, builtin lists what the image holds itself.
func sortOut(archive *tar.Reader, image string) (modules map[string][]byte, builtin, version string, err error) {
	modules = map[string][]byte{}
	for {
		head, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, "", "", err
		}
		base := filepath.Base(head.Name)
		switch _, module, _ := strings.Cut(head.Name, "/kernel/"); {
		case strings.HasPrefix(base, "vmlinuz-"):
			version = strings.TrimPrefix(base, "vmlinuz-")
			err = writeFrom(image, archive)
		case base == "modules.builtin":
			var text []byte
			text, err = io.ReadAll(archive)
			builtin = string(text)
		case mayBeNeeded(module):
			var content []byte
			if content, err = vm.Unpack(base, archive); err == nil {
				modules[vm.ModuleName(base)] = content
			}
		}
		if err != nil {
			return nil, "", "", fmt.Errorf("%s: %w", head.Name, err)
		}
	}
	if version == "" {
		return nil, "", "", errors.New("there is no kernel in the package")
	}
	return modules, builtin, version, nil
}

// mayBeNeeded keeps the memory small: of 400 MB of modules, a few are kept.
func mayBeNeeded(module string) bool {
	if !strings.Contains(filepath.Base(module), ".ko") {
		return false
	}
	for _, prefix := range []string{"fs/ext4/", "fs/jbd2/", "fs/mbcache", "lib/", "crypto/", "arch/x86/crypto/", "drivers/virtio/",
		"drivers/block/virtio", "drivers/net/virtio_net", "drivers/net/net_failover", "net/core/"} {
		if strings.HasPrefix(module, prefix) {
			return true
		}
	}
	return false
}

// loadOrder names what the machine loads, in order.
func loadOrder(modules map[string][]byte, builtin string) ([]string, error) {
	wants := []string{"virtio_pci", "virtio_blk", "virtio_net", "ext4"}
	// ext4 asks for the checksum by name only; newer kernels have it in the image.
	if _, found := modules["crc32c_generic"]; found {
		wants = append([]string{"crc32c_generic"}, wants...)
	}
	return vm.LoadOrder(modules, builtin, wants...)
}

func writeFrom(path string, content io.Reader) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, content)
	return errors.Join(err, file.Close())
}
