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
	"runtime"
	"slices"
	"strings"

	"hallkeeper/faults/vm"
)

// The machine's kernel is Debian's for arm64. Its image and headers are
// unpacked, never installed; gpio-sim, which Debian does not build, is built from
// Debian's own source against these headers.
const (
	kernelPackage  = "linux-image-6.12-arm64"
	headersPackage = "linux-headers-6.12-arm64"
	sourcePackage  = "linux-source-6.12"
	crossCompile   = "aarch64-linux-gnu-"
	compiler       = crossCompile + "gcc-12"
)

// wanted are the modules that the machine loads, with what they need.
const wanted = "virtio_pci virtio_net virtio_blk ext4 evdev uinput gpio_sim"

// errUnavailable means that Debian's packages cannot be had here and now.
var errUnavailable = errors.New("the machine's packages of Debian cannot be had")

type kernel struct {
	image   string
	modules []string
}

// getKernel gives the kernel in folder and makes it where it is not there yet.
func getKernel(ctx context.Context, folder string, log func(string, ...any)) (kernel, error) {
	if k, err := readKernel(folder); err == nil {
		return k, nil
	}
	work, err := os.MkdirTemp(filepath.Dir(folder), "kernel-")
	if err != nil {
		return kernel{}, err
	}
	defer os.RemoveAll(work)
	made := filepath.Join(work, "kernel")
	if err := makeKernel(ctx, work, made, log); err != nil {
		return kernel{}, fmt.Errorf("make the machine's kernel: %w", err)
	}
	if err := errors.Join(os.RemoveAll(folder), os.Rename(made, folder)); err != nil {
		return kernel{}, err
	}
	return readKernel(folder)
}

func readKernel(folder string) (kernel, error) {
	if _, err := os.Stat(filepath.Join(folder, "vmlinuz")); err != nil {
		return kernel{}, err
	}
	if has, err := os.ReadFile(filepath.Join(folder, "wanted")); err != nil || string(has) != wanted {
		return kernel{}, errors.New("it was made for an older rig")
	}
	modules, err := filepath.Glob(filepath.Join(folder, "*.ko"))
	slices.Sort(modules)
	return kernel{filepath.Join(folder, "vmlinuz"), modules}, err
}

func makeKernel(ctx context.Context, work, made string, log func(string, ...any)) error {
	log("downloading Debian's kernel 6.12 for arm64 with its headers and source, once (260 MB, unpacked, not installed)")
	version, debs, err := download(ctx, work)
	if err != nil {
		return fmt.Errorf("%w: %w", errUnavailable, err)
	}
	root := filepath.Join(work, "root")
	for _, deb := range debs {
		if _, err := vm.Output(ctx, work, "dpkg-deb", "-x", deb, root); err != nil {
			return err
		}
	}
	log("building gpio-sim for %s", version)
	built, err := buildModules(ctx, work, root, version)
	if err != nil {
		return err
	}
	modules, builtin, err := debianModules(root, version+"-arm64")
	if err != nil {
		return err
	}
	for _, path := range built {
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		modules[vm.ModuleName(filepath.Base(path))] = content
	}
	wants := strings.Fields(wanted)
	// ext4 asks for the checksum by name only.
	if _, found := modules["crc32c_generic"]; found {
		wants = append([]string{"crc32c_generic"}, wants...)
	}
	order, err := vm.LoadOrder(modules, builtin, wants...)
	if err != nil {
		return err
	}
	if err := os.Mkdir(made, 0o755); err != nil {
		return err
	}
	for i, name := range order {
		if err := os.WriteFile(filepath.Join(made, fmt.Sprintf("%02d-%s.ko", i, name)), modules[name], 0o644); err != nil {
			return err
		}
	}
	if err := os.WriteFile(filepath.Join(made, "wanted"), []byte(wanted), 0o644); err != nil {
		return err
	}
	return os.Rename(filepath.Join(root, "boot", "vmlinuz-"+version+"-arm64"), filepath.Join(made, "vmlinuz"))
}

// apt gives the options of an apt with lists of its own, for one architecture;
// it touches nothing of this computer's.
func apt(work, arch string) ([]string, error) {
	own := filepath.Join(work, "apt-"+arch)
	for _, dir := range []string{"lists/partial", "cache/archives/partial"} {
		if err := os.MkdirAll(filepath.Join(own, dir), 0o755); err != nil {
			return nil, err
		}
	}
	return []string{"-o", "Dir::State::lists=" + filepath.Join(own, "lists"), "-o", "Dir::Cache=" + filepath.Join(own, "cache"),
		"-o", "Dir::State::status=/dev/null", "-o", "APT::Architecture=" + arch, "-o", "APT::Architectures=" + arch,
		"-o", "APT::Sandbox::User=root", "-q"}, nil
}

// download fetches image and headers for the machine, and what builds modules on this computer.
func download(ctx context.Context, work string) (version string, debs []string, err error) {
	fetch := func(arch string, names func(options []string) ([]string, error)) error {
		options, err := apt(work, arch)
		if err != nil {
			return err
		}
		if _, err := vm.Output(ctx, work, "apt-get", append(slices.Clone(options), "update")...); err != nil {
			return err
		}
		list, err := names(options)
		if err != nil {
			return err
		}
		_, err = vm.Output(ctx, work, "apt-get", append(append(slices.Clone(options), "download"), list...)...)
		return err
	}
	err = fetch("arm64", func(options []string) ([]string, error) {
		image, err := behind(ctx, work, options, kernelPackage, "linux-image-")
		if err != nil {
			return nil, err
		}
		headers, err := behind(ctx, work, options, headersPackage, "linux-headers-")
		version = strings.TrimSuffix(strings.TrimPrefix(headers, "linux-headers-"), "-arm64")
		return []string{image, headers, "linux-headers-" + version + "-common"}, err
	})
	if err != nil {
		return "", nil, err
	}
	err = fetch(runtime.GOARCH, func([]string) ([]string, error) {
		return []string{"linux-kbuild-" + version, sourcePackage}, nil
	})
	if err != nil {
		return "", nil, err
	}
	debs, err = filepath.Glob(filepath.Join(work, "*.deb"))
	return version, debs, err
}

// behind finds the real package that a metapackage stands for.
func behind(ctx context.Context, work string, options []string, meta, prefix string) (string, error) {
	depends, err := vm.Output(ctx, work, "apt-cache", append(slices.Clone(options), "depends", meta)...)
	if err != nil {
		return "", err
	}
	found := regexp.MustCompile(`(?m)^\s*\|?Depends:\s+(` + prefix + `[0-9][^\s:<>]*)`).FindSubmatch(depends)
	if found == nil {
		return "", fmt.Errorf("apt knows no package behind %s", meta)
	}
	return string(found[1]), nil
}

// buildModules builds gpio-sim and what it needs of the kernel's interrupt
// simulator, which Debian's kernel has not built in.
func buildModules(ctx context.Context, work, root, version string) ([]string, error) {
	headers := filepath.Join(root, "usr", "src", "linux-headers-"+version+"-arm64")
	makefile := filepath.Join(headers, "Makefile") // includes the common one by an absolute path
	text, err := os.ReadFile(makefile)
	if err != nil {
		return nil, err
	}
	text = bytes.ReplaceAll(text, []byte("/usr/src/linux-headers"), []byte(root+"/usr/src/linux-headers"))
	if err := os.WriteFile(makefile, text, 0o644); err != nil {
		return nil, err
	}
	dir := filepath.Join(work, "modules")
	if err := os.Mkdir(dir, 0o755); err != nil {
		return nil, err
	}
	files := []string{"drivers/gpio/gpio-sim.c", "kernel/irq/irq_sim.c"}
	if err := takeSource(ctx, filepath.Join(root, "usr", "src", sourcePackage+".tar.xz"), dir, files); err != nil {
		return nil, err
	}
	sim := filepath.Join(dir, "irq_sim.c")
	text, err = os.ReadFile(sim)
	if err != nil {
		return nil, err
	}
	// A module may not reach into interrupt descriptors; this is the way for drivers.
	text = bytes.ReplaceAll(text, []byte("handle_simple_irq(irq_to_desc(irqnum))"), []byte("generic_handle_irq(irqnum)"))
	text = append(text, "#include <linux/module.h>\nMODULE_LICENSE(\"GPL\");\n"...)
	err = errors.Join(os.WriteFile(sim, text, 0o644), os.WriteFile(filepath.Join(dir, "Makefile"), []byte("obj-m := irq_sim.o gpio-sim.o\n"), 0o644))
	if err != nil {
		return nil, err
	}
	if _, err := vm.Output(ctx, work, "make", "-C", headers, "M="+dir, "ARCH=arm64", "CROSS_COMPILE="+crossCompile, "CC="+compiler,
		"CONFIG_DEBUG_INFO_BTF_MODULES=", "modules"); err != nil {
		return nil, err
	}
	built := []string{filepath.Join(dir, "irq_sim.ko"), filepath.Join(dir, "gpio-sim.ko")}
	_, err = vm.Output(ctx, work, crossCompile+"strip", append([]string{"--strip-debug"}, built...)...)
	return built, err
}

// takeSource takes files out of the kernel's source.
func takeSource(ctx context.Context, archive, dir string, files []string) error {
	cmd := exec.CommandContext(ctx, "xz", "-dc", archive)
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	defer func() {
		_ = cmd.Process.Kill() // the rest of the source is of no interest
		_ = cmd.Wait()
	}()
	source := tar.NewReader(pipe)
	for missing := len(files); missing > 0; {
		head, err := source.Next()
		if err != nil {
			return fmt.Errorf("find %v in the kernel's source: %w", files, err)
		}
		if _, name, _ := strings.Cut(head.Name, "/"); slices.Contains(files, name) {
			content, err := io.ReadAll(source)
			if err != nil {
				return err
			}
			if err := os.WriteFile(filepath.Join(dir, filepath.Base(name)), content, 0o644); err != nil {
				return err
			}
			missing--
		}
	}
	return nil
}

// debianModules are those of Debian's that the machine may need, by name.
func debianModules(root, version string) (modules map[string][]byte, builtin string, err error) {
	dir := filepath.Join(root, "lib", "modules", version)
	list, err := os.ReadFile(filepath.Join(dir, "modules.builtin"))
	if err != nil {
		return nil, "", err
	}
	modules = map[string][]byte{}
	for _, pattern := range []string{"fs/configfs/*", "fs/ext4/*", "fs/jbd2/*", "fs/mbcache*", "lib/*", "crypto/*",
		"drivers/virtio/*", "drivers/block/virtio*", "drivers/net/virtio_net*", "drivers/net/net_failover*", "net/core/failover*",
		"drivers/input/evdev*", "drivers/input/misc/uinput*"} {
		paths, err := filepath.Glob(filepath.Join(dir, "kernel", pattern))
		if err != nil {
			return nil, "", err
		}
		for _, path := range paths {
			if !strings.Contains(filepath.Base(path), ".ko") {
				continue // a folder
			}
			file, err := os.Open(path)
			if err != nil {
				return nil, "", err
			}
			content, err := vm.Unpack(filepath.Base(path), file)
			if err = errors.Join(err, file.Close()); err != nil {
				return nil, "", fmt.Errorf("%s: %w", path, err)
			}
			modules[vm.ModuleName(filepath.Base(path))] = content
		}
	}
	return modules, string(list), nil
}
