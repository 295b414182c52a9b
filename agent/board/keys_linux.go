package board

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"hallkeeper/agent/card"
)

// The kernel's input devices, as in linux/input.h and
// https://docs.kernel.org/input/input.html.
const (
	evdevID      = 0x80084502 // EVIOCGID
	evdevName    = 0x06       // EVIOCGNAME
	evdevPort    = 0x07       // EVIOCGPHYS
	evdevKeys    = 0x20 + 1   // EVIOCGBIT(EV_KEY)
	evdevGrab    = 0x40044590 // EVIOCGRAB
	evdevClockID = 0x400445A0 // EVIOCSCLOCKID

	keyEventSize = 24 // struct input_event on 64 bits

	codeOne, codeZero, codeEnter = 2, 11, 28
)

// keyDevices is where the kernel's input devices are.
const keyDevices = "/dev/input"

// keyReader is a reader that types, grabbed: nobody else sees its keys.
type keyReader struct {
	file *os.File
	raw  []byte
}

// openKeys finds the one input device that the board file means and takes it.
func openKeys(r Reader, folder string) (*keyReader, error) {
	paths, err := filepath.Glob(filepath.Join(folder, "event*"))
	if err != nil {
		return nil, err
	}
	slices.Sort(paths)
	found := -1
	var ports, closed []string
	for _, path := range paths {
		fd, err := unix.Open(path, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
		if errors.Is(err, fs.ErrPermission) {
			closed = append(closed, path)
		}
		if err != nil {
			continue // it may have gone away in this moment
		}
		port, matches := r.matches(fd)
		if matches {
			ports = append(ports, port)
		}
		if !matches || found >= 0 {
			_ = unix.Close(fd)
			continue
		}
		found = fd
	}
	switch {
	case len(ports) > 1:
		_ = unix.Close(found)
		return nil, fmt.Errorf("find the reader %s: %d devices are alike, tell them apart by port: %s", r.describe(), len(ports), strings.Join(ports, ", "))
	case found < 0 && len(closed) > 0:
		return nil, fmt.Errorf("find the reader %s: it is not plugged in, or there is no permission for it (%s): put 60-hallkeeper-input.rules into /etc/udev/rules.d and the user into the group input: %w",
			r.describe(), strings.Join(closed, ", "), fs.ErrPermission)
	case found < 0:
		return nil, fmt.Errorf("find the reader %s: it is not plugged in: %w", r.describe(), ErrLost)
	}
	if err := grab(found); err != nil {
		_ = unix.Close(found)
		return nil, fmt.Errorf("take the reader %s for ourselves: %w", r.describe(), err)
	}
	return &keyReader{file: os.NewFile(uintptr(found), "reader")}, nil
}

func (r *Reader) describe() string {
	return strings.Join(slices.DeleteFunc([]string{r.USB, r.Model, r.Port}, func(s string) bool { return s == "" }), " ")
}

// matches tells whether a device is the one that the board file means, and
// where it is plugged in. It must be able to type digits and Enter: a reader may
// show itself as several devices.
func (r *Reader) matches(fd int) (port string, ok bool) {
	var id [4]uint16 // bus, vendor, product, version
	if ioctl(uintptr(fd), evdevID, unsafe.Pointer(&id)) != nil {
		return "", false
	}
	var keys [16]byte // of the first 128 codes
	if evdevText(fd, evdevKeys, keys[:]) != nil {
		return "", false
	}
	var text [256]byte
	if evdevText(fd, evdevName, text[:]) != nil {
		return "", false
	}
	name := string(bytes.TrimRight(text[:], "\x00"))
	text = [256]byte{}
	if evdevText(fd, evdevPort, text[:]) == nil { // a device may have none
		port = string(bytes.TrimRight(text[:], "\x00"))
	}
	for code := codeOne; code <= codeZero; code++ {
		if !hasKey(keys[:], code) {
			return port, false
		}
	}
	usb := fmt.Sprintf("%04x:%04x", id[1], id[2])
	return port, hasKey(keys[:], codeEnter) && (r.USB == "" || strings.EqualFold(r.USB, usb)) &&
		strings.Contains(name, r.Model) && strings.Contains(port, r.Port)
}

func hasKey(keys []byte, code int) bool { return keys[code/8]>>(code%8)&1 == 1 }

// evdevText asks for a value whose request has its length in it.
func evdevText(fd int, number uint, into []byte) error {
	const read = 2 << 30
	return ioctl(uintptr(fd), read|uint(len(into))<<16|'E'<<8|number, unsafe.Pointer(&into[0]))
}

// grab makes a device ours alone, its times those of the board's clock.
func grab(fd int) error {
	clock := int32(unix.CLOCK_MONOTONIC)
	if err := ioctl(uintptr(fd), evdevClockID, unsafe.Pointer(&clock)); err != nil {
		return fmt.Errorf("set its clock: %w", err)
	}
	// The kernel takes any value but 0 in the pointer's place for "grab".
	err := unix.IoctlSetInt(fd, evdevGrab, 1)
	if errors.Is(err, unix.EBUSY) {
		return fmt.Errorf("another program has it: %w", err)
	}
	return err
}

// Now implements card.Source.
func (k *keyReader) Now() time.Duration { return monotonic() }

// Read implements card.Source.
func (k *keyReader) Read(buf []card.Key, timeout time.Duration) (int, error) {
	if want := len(buf) * keyEventSize; len(k.raw) < want {
		k.raw = make([]byte, want)
	}
	if err := k.file.SetReadDeadline(time.Now().Add(timeout)); err != nil {
		return 0, fmt.Errorf("%w: %w", ErrLost, err)
	}
	n, err := k.file.Read(k.raw[:len(buf)*keyEventSize])
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("%w: %w", ErrLost, err) // ENODEV: it was unplugged
	}
	return parseKeys(buf, k.raw[:n]), nil
}

// parseKeys reads struct input_event: seconds, microseconds, type, code, value.
func parseKeys(buf []card.Key, raw []byte) (n int) {
	for ; n < len(buf) && len(raw) >= keyEventSize; raw = raw[keyEventSize:] {
		seconds, micro := binary.NativeEndian.Uint64(raw), binary.NativeEndian.Uint64(raw[8:])
		buf[n] = card.Key{
			At:    time.Duration(seconds)*time.Second + time.Duration(micro)*time.Microsecond,
			Type:  binary.NativeEndian.Uint16(raw[16:]),
			Code:  binary.NativeEndian.Uint16(raw[18:]),
			Value: int32(binary.NativeEndian.Uint32(raw[20:])),
		}
		n++
	}
	return n
}

// Close gives the reader back.
func (k *keyReader) Close() error { return k.file.Close() }
