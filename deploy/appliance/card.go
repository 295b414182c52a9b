package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// Where gokrazy puts the partitions, in bytes.
const (
	bootAt    = 4 * mib
	bootSize  = 100 * mib
	rootAt    = bootAt + bootSize
	rootSize  = 500 * mib
	otherAt   = rootAt + rootSize
	permAt    = otherAt + rootSize
	permSize  = size - permAt - 34*512 // the second partition table is behind it
	blockSize = 4096
)

// unused are files of the first partition that no Pi of ours asks for: other
// bootloaders, and variants of the firmware with a camera or for tracing.
func unused() []string {
	return []string{"efi", "loader", "start_x.elf", "start_db.elf", "start4x.elf", "start4db.elf", "fixup_x.dat", "fixup_db.dat", "fixup4x.dat", "fixup4db.dat"}
}

// bootPartition makes the first partition anew, with room on it: gokrazy's has none,
// and a technician is to put files there. gokrazy itself reads and writes the kernel's
// words on it, and knows FAT16 with a single table only.
func (b *builder) bootPartition(ctx context.Context) error {
	files, fat := filepath.Join(b.work, "boot"), filepath.Join(b.work, "boot.fat")
	if err := os.MkdirAll(filepath.Join(files, "hallkeeper"), 0o755); err != nil {
		return err
	}
	if _, err := b.do(ctx, b.work, "mcopy", "-n", "-s", "-Q", "-i", b.image()+"@@"+strconv.Itoa(bootAt), "::", files); err != nil {
		return err
	}
	entries, err := os.ReadDir(files)
	if err != nil {
		return err
	}
	for _, e := range entries {
		for _, name := range unused() {
			if strings.EqualFold(e.Name(), name) {
				err = errors.Join(err, os.RemoveAll(filepath.Join(files, e.Name())))
			}
		}
	}
	for _, name := range []string{"enrol.yaml", "agent.yaml"} {
		text, rerr := os.ReadFile(filepath.Join(b.source(), "card", name))
		err = errors.Join(err, rerr, os.WriteFile(filepath.Join(files, "hallkeeper", name), bytes.ReplaceAll(text, []byte("\n"), []byte("\r\n")), 0o644))
	}
	if err != nil {
		return err
	}
	all, err := filepath.Glob(filepath.Join(files, "*"))
	if err != nil {
		return err
	}
	if err := os.WriteFile(fat, nil, 0o644); err != nil {
		return err
	}
	if err := os.Truncate(fat, bootSize); err != nil {
		return err
	}
	if _, err := b.do(ctx, b.work, "mformat", "-i", fat, "-d", "1", "-c", "4", "-r", "32", "-T", strconv.Itoa(bootSize/512), "-h", "64", "-s", "32", "-v", "HALLKEEPER", "::"); err != nil {
		return err
	}
	if _, err := b.do(ctx, b.work, "mcopy", append([]string{"-s", "-Q", "-i", fat}, append(all, "::")...)...); err != nil {
		return err
	}
	return b.put(fat, bootAt)
}

// put writes a file into the image.
func (b *builder) put(file string, at int64) error {
	from, err := os.Open(file)
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := os.OpenFile(b.image(), os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.NewOffsetWriter(to, at), from)
	return errors.Join(err, to.Close())
}

// persistent makes the file system that keeps what the window has recorded. One that
// was damaged takes no more writes, which the agent then says.
func (b *builder) persistent(ctx context.Context) error {
	_, err := b.do(ctx, b.work, "mkfs.ext4", "-q", "-F", "-L", "hallkeeper", "-e", "remount-ro", "-b", strconv.Itoa(blockSize), "-m", "0",
		"-E", "lazy_itable_init=0,lazy_journal_init=0,offset="+strconv.Itoa(permAt), b.image(), strconv.Itoa(permSize/1024)+"k")
	return err
}

// rootFile takes the root file system out of the image: that is what an update brings.
func (b *builder) rootFile(context.Context) error {
	image, err := os.Open(b.image())
	if err != nil {
		return err
	}
	defer image.Close()
	length, err := squashLength(image)
	if err != nil {
		return err
	}
	to, err := os.Create(filepath.Join(b.out, b.name()+".root"))
	if err != nil {
		return err
	}
	_, err = io.Copy(to, io.NewSectionReader(image, rootAt, length))
	return errors.Join(err, to.Close())
}

// squashLength is how long the first root file system of an image is, padded to a block:
// https://dr-emann.github.io/squashfs/squashfs.html#_the_superblock
func squashLength(image io.ReaderAt) (int64, error) {
	var head [48]byte
	if _, err := image.ReadAt(head[:], rootAt); err != nil {
		return 0, fmt.Errorf("read the root file system: %w", err)
	}
	used := int64(binary.LittleEndian.Uint64(head[40:]))
	if string(head[:4]) != "hsqs" || used <= 0 || used > rootSize {
		return 0, errors.New("the image has no root file system where gokrazy puts it")
	}
	return (used + blockSize - 1) / blockSize * blockSize, nil
}

func (b *builder) report() error {
	for _, ending := range []string{".img", ".root", ".licences.txt"} {
		st, err := os.Stat(filepath.Join(b.out, b.name()+ending))
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(b.stdout, "%6.1f MiB  %s\n", float64(st.Size())/mib, filepath.Join(b.out, b.name()+ending)); err != nil {
			return err
		}
	}
	return nil
}

// runBack lets a card or image start from its other half.
func runBack(args []string, stdout io.Writer) error {
	fs := flag.NewFlagSet("appliance back FILE", flag.ContinueOnError)
	if err := fs.Parse(args); err != nil {
		return err
	}
	if fs.NArg() != 1 {
		return errors.New("which card or image? e.g. appliance back /dev/sdX")
	}
	f, err := os.OpenFile(fs.Arg(0), os.O_RDWR, 0)
	if err != nil {
		return err
	}
	to, err := turn(f)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	_, err = fmt.Fprintf(stdout, "下次从分区 %d 启动\nit starts from partition %d next\n", to, to)
	return err
}

// disk is a card or image.
type disk interface {
	io.ReaderAt
	io.WriterAt
}

// turn makes the kernel's words name the other root: 2 becomes 3, and 3 becomes 2.
func turn(d disk) (partition int, err error) {
	boot := make([]byte, bootSize)
	if _, err := d.ReadAt(boot, bootAt); err != nil {
		return 0, fmt.Errorf("read the first partition: %w", err)
	}
	at := regexp.MustCompile(`root=PARTUUID=[0-9a-f-]+/PARTNROFF=[12]`).FindAllIndex(boot, -1)
	if len(at) != 1 {
		return 0, fmt.Errorf("this is no card of the appliance: %d places name its root", len(at))
	}
	last := at[0][1] - 1
	boot[last] = '1' + '2' - boot[last]
	if _, err := d.WriteAt(boot[last:last+1], int64(bootAt+last)); err != nil {
		return 0, fmt.Errorf("write the first partition: %w", err)
	}
	return int(boot[last]-'0') + 1, nil
}
