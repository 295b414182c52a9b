//go:build linux

package appliance

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"golang.org/x/sys/unix"
)

// cardFolder is on the card's first partition, which every computer can write: the
// persistent one is ext4, which a technician's own computer mostly cannot read.
const cardFolder = "hallkeeper"

// maxFile is more than any file of the card is long, in bytes.
const maxFile = 1 << 20

// places says where each file of the card goes: name there, path below the persistent partition.
func places() [][2]string {
	return [][2]string{
		{enrolFile, filepath.Join("hallkeeper", enrolFile)},
		{agentFile, filepath.Join("hallkeeper", agentFile)},
		{"board.yaml", filepath.Join("hallkeeper", "board.yaml")},
		{"update.crt", filepath.Join("hallkeeper", "update.crt")},
		{"update.key", filepath.Join("hallkeeper", "update.key")},
		{"update.txt", "gokr-pw.txt"}, // gokrazy's name for the password that updates ask for
	}
}

// takeOver copies what a technician has put on the card's first partition to the
// persistent one, and tells what was new. A file of comments alone, as the image
// has it, is none.
func takeOver(from, perm string) (taken []string, err error) {
	var wrong []error
	for _, p := range places() {
		text, err := os.ReadFile(filepath.Join(from, p[0]))
		if errors.Is(err, fs.ErrNotExist) || err == nil && blank(text) {
			continue
		}
		if err == nil && len(text) > maxFile {
			err = fmt.Errorf("it has more than %d bytes", maxFile)
		}
		to := filepath.Join(perm, p[1])
		if have, rerr := os.ReadFile(to); err == nil && rerr == nil && bytes.Equal(have, text) {
			continue
		}
		if err == nil {
			err = replace(to, text)
		}
		if err != nil {
			wrong = append(wrong, fmt.Errorf("%s: %w", p[0], err))
			continue
		}
		taken = append(taken, p[0])
	}
	return taken, errors.Join(wrong...)
}

// blank tells whether a file says nothing.
func blank(text []byte) bool {
	for line := range bytes.Lines(bytes.TrimPrefix(text, []byte("\uFEFF"))) {
		if line = bytes.TrimSpace(line); len(line) > 0 && line[0] != '#' {
			return false
		}
	}
	return true
}

// replace puts a whole file in the place of another: a power cut leaves one of them.
func replace(path string, text []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path+".new", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(path+".new", path); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// readCard takes over what is on the card, where this is an appliance.
func (k *keeper) readCard() {
	perm := filepath.Dir(k.Settings)
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return // no Linux of ours
	}
	device := firstPartition(string(mounts), perm)
	if device == "" {
		return // no card of its own
	}
	at, err := os.MkdirTemp("", "card-")
	if err == nil {
		defer os.Remove(at)
		err = unix.Mount(device, at, "vfat", unix.MS_RDONLY|unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, "")
	}
	if err != nil {
		k.say("读不了存储卡的第一个分区：%v", "the card's first partition cannot be read: %v", err)
		return
	}
	taken, err := takeOver(filepath.Join(at, cardFolder), perm)
	if len(taken) > 0 {
		k.say("已从存储卡接收：%s", "taken over from the card: %s", strings.Join(taken, ", "))
	}
	if err := errors.Join(err, unix.Unmount(at, 0)); err != nil {
		k.say("存储卡上的文件没有全部接收：%v", "not all files of the card could be taken over: %v", err)
	}
}

// firstPartition is the device of the first partition of the disk of which the fourth is mounted at perm.
func firstPartition(mounts, perm string) string {
	fourth := regexp.MustCompile(`^/dev/(?:mmcblk\d+p|sd[a-z]|vd[a-z]|nvme\d+n\d+p)4$`)
	for line := range strings.Lines(mounts) {
		f := strings.Fields(line)
		if len(f) > 1 && f[1] == perm && fourth.MatchString(f[0]) {
			return strings.TrimSuffix(f[0], "4") + "1"
		}
	}
	return ""
}
