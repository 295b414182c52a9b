package main

import (
	"archive/tar"
	"bytes"
	"encoding/binary"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestNewestKernel(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ name, depends, want string }{
		{"Debian 12", "linux-image-amd64\n  Depends: linux-image-6.1.0-56-amd64\n  Suggests: linux-doc\n", "linux-image-6.1.0-56-amd64"},
		{"another architecture", "linux-image-amd64:amd64\n  Depends: linux-image-6.12.9-amd64:amd64\n", "linux-image-6.12.9-amd64"},
		{"a choice", " |Depends: linux-image-6.12.9+deb13-amd64\n", "linux-image-6.12.9+deb13-amd64"},
		{"apt does not know it", "", ""},
		{"a name that stands for others", "  Depends: <linux-image-amd64-generic>\n", ""},
	} {
		got, err := newestKernel([]byte(row.depends))
		if got != row.want || (err == nil) != (row.want != "") {
			t.Errorf("%s: %q, %v", row.name, got, err)
		}
	}
}

// module is the least ELF file with a .modinfo.
func module(depends string) []byte {
	names := "\x00.modinfo\x00.shstrtab\x00"
	info := "license=GPL\x00depends=" + depends + "\x00name=x\x00"
	const head, section = 64, 64
	var b bytes.Buffer
	put := func(values ...any) {
		for _, v := range values {
			_ = binary.Write(&b, binary.LittleEndian, v)
		}
	}
	put([]byte("\x7fELF\x02\x01\x01"), make([]byte, 9), uint16(1), uint16(62), uint32(1), uint64(0), uint64(0),
		uint64(head+len(info)+len(names)), uint32(0), uint16(head), uint16(0), uint16(0), uint16(section), uint16(3), uint16(2))
	put([]byte(info), []byte(names), make([]byte, section))
	put(uint32(1), uint32(1), uint64(0), uint64(0), uint64(head), uint64(len(info)), make([]byte, 24))
	put(uint32(10), uint32(3), uint64(0), uint64(0), uint64(head+len(info)), uint64(len(names)), make([]byte, 24))
	return b.Bytes()
}

func TestLoadOrder(t *testing.T) {
	t.Parallel()
	base := map[string]string{"virtio_pci": "virtio,virtio_ring", "virtio": "", "virtio_ring": "virtio", "virtio_blk": "virtio,virtio_ring",
		"virtio_net": "virtio,net-failover", "net_failover": "", "ext4": "jbd2,crc16", "jbd2": ""}
	for _, row := range []struct {
		name    string
		change  map[string]string
		without string
		builtin string
		want    string // empty for an error
	}{
		{"each after what it needs, once", map[string]string{"crc16": ""}, "", "",
			"virtio virtio_ring virtio_pci virtio_blk net_failover virtio_net jbd2 crc16 ext4"},
		{"what is in the image is not loaded", nil, "", "kernel/lib/crc16.ko\nkernel/drivers/virtio/virtio.ko\n",
			"virtio_ring virtio_pci virtio_blk net_failover virtio_net jbd2 ext4"},
		{"the checksum that ext4 does not name comes first", map[string]string{"crc16": "", "crc32c_generic": ""}, "", "",
			"crc32c_generic virtio virtio_ring virtio_pci virtio_blk net_failover virtio_net jbd2 crc16 ext4"},
		{"a module that is missing", nil, "", "", ""},
		{"the file system itself is missing", map[string]string{"crc16": ""}, "ext4", "", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			modules := map[string][]byte{}
			for _, set := range []map[string]string{base, row.change} {
				for name, depends := range set {
					modules[name] = module(depends)
				}
			}
			delete(modules, row.without)
			got, err := loadOrder(modules, row.builtin)
			if (err == nil) != (row.want != "") || err == nil && strings.Join(got, " ") != row.want {
				t.Errorf("%v, %v", got, err)
			}
		})
	}
	if _, err := loadOrder(map[string][]byte{"crc32c_generic": []byte("no ELF")}, ""); err == nil {
		t.Error("a module that is none was taken")
	}
}

func TestSortOut(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for name, content := range map[string]string{
		"./boot/vmlinuz-6.1.0-56-amd64":                                            "the image",
		"./lib/modules/6.1.0-56-amd64/modules.builtin":                             "kernel/lib/crc16.ko",
		"./lib/modules/6.1.0-56-amd64/kernel/fs/ext4/ext4.ko":                      "ext4",
		"./lib/modules/6.1.0-56-amd64/kernel/drivers/net/net_failover.ko":          "failover",
		"./lib/modules/6.1.0-56-amd64/kernel/arch/x86/crypto/crc32c-intel.ko":      "intel",
		"./lib/modules/6.1.0-56-amd64/kernel/drivers/gpu/drm/radeon/big-module.ko": "not needed",
	} {
		if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(content))}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	_ = w.Close()
	image := filepath.Join(t.TempDir(), "vmlinuz")
	modules, builtin, version, err := sortOut(tar.NewReader(&b), image)
	if err != nil || version != "6.1.0-56-amd64" || builtin != "kernel/lib/crc16.ko" {
		t.Fatalf("version %q, builtin %q, %v", version, builtin, err)
	}
	if got := slices.Sorted(maps.Keys(modules)); strings.Join(got, " ") != "crc32c_intel ext4 net_failover" {
		t.Errorf("modules %v", got)
	}
	if got, err := os.ReadFile(image); string(got) != "the image" || err != nil {
		t.Errorf("image %q, %v", got, err)
	}
	if _, _, _, err := sortOut(tar.NewReader(bytes.NewReader(nil)), image); err == nil {
		t.Error("a package without a kernel was taken")
	}
}
