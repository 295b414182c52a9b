package board

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"hallkeeper/agent/card"
)

// The GPIO character device, version 2, as in linux/gpio.h and
// https://docs.kernel.org/userspace-api/gpio/chardev.html (since Linux 5.10).
const (
	gpioGetChipInfo   = 0x8044B401
	gpioV2GetLineInfo = 0xC100B405
	gpioV2GetLine     = 0xC250B407

	gpioV2Input       = 1 << 2
	gpioV2EdgeFalling = 1 << 5
	gpioV2PullUp      = 1 << 8
	gpioV2PullDown    = 1 << 9
	gpioV2NoBias      = 1 << 10

	gpioEventSize = 48
)

type gpioChipInfo struct {
	name, label [32]byte
	lines       uint32
}

type gpioLineInfo struct {
	name, consumer [32]byte
	offset, attrs  uint32
	flags          uint64
	attr           [10][2]uint64
	_              [4]uint32
}

type gpioLineRequest struct {
	offsets  [64]uint32
	consumer [32]byte
	flags    uint64 // of the configuration
	attrs    uint32
	_        [5]uint32
	attr     [10][3]uint64
	lines    uint32
	buffer   uint32
	_        [5]uint32
	fd       int32
}

// pulseReader is one descriptor for both lines of a Wiegand reader, so that the
// kernel numbers their edges together.
type pulseReader struct {
	file *os.File
	d1   uint32 // offset of the line D1
	raw  []byte
}

// openPulses asks the kernel for the falling edges of a reader's lines.
func openPulses(r Reader) (*pulseReader, error) {
	chips, err := filepath.Glob("/dev/gpiochip*")
	if err != nil {
		return nil, err
	}
	slices.Sort(chips)
	for _, path := range chips {
		p, err := openOn(path, r)
		if p != nil || err != nil {
			return p, err
		}
	}
	return nil, fmt.Errorf("find the lines %s and %s on one chip: %w", r.D0, r.D1, ErrLost)
}

// openChip opens a GPIO chip and lists its lines' offsets by name. It gives nil
// without an error for what is no chip of ours.
func openChip(path string) (chip *os.File, offsets map[string]uint32, err error) {
	chip, err = os.OpenFile(path, os.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, nil, nil //nolint:nilerr // a chip that may not be opened is not ours
	}
	var info gpioChipInfo
	if err := ioctl(chip.Fd(), gpioGetChipInfo, unsafe.Pointer(&info)); err != nil {
		return nil, nil, chip.Close() // not a GPIO chip after all
	}
	offsets = map[string]uint32{}
	for i := range info.lines {
		line := gpioLineInfo{offset: i}
		if err := ioctl(chip.Fd(), gpioV2GetLineInfo, unsafe.Pointer(&line)); err != nil {
			return nil, nil, errors.Join(fmt.Errorf("ask for line %d of %s: %w", i, path, err), chip.Close())
		}
		name := string(bytes.TrimRight(line.name[:], "\x00"))
		if _, twice := offsets[name]; !twice {
			offsets[name] = i
		}
	}
	return chip, offsets, nil
}

// hasLine tells whether a chip that is there now has a line.
func hasLine(path, name string) bool {
	chip, offsets, err := openChip(path)
	if chip == nil || err != nil {
		return false
	}
	defer chip.Close()
	_, has := offsets[name]
	return has
}

// openOn gives nil without an error where the chip does not have both lines.
func openOn(path string, r Reader) (*pulseReader, error) {
	chip, offsets, err := openChip(path)
	if chip == nil || err != nil {
		return nil, err
	}
	defer chip.Close()
	fd := chip.Fd()
	d0, has0 := offsets[r.D0]
	d1, has1 := offsets[r.D1]
	if !has0 || !has1 {
		return nil, nil
	}
	bias := map[Bias]uint64{"up": gpioV2PullUp, "down": gpioV2PullDown, "none": gpioV2NoBias}[r.Bias]
	request := gpioLineRequest{flags: gpioV2Input | gpioV2EdgeFalling | bias, lines: 2, buffer: eventBuffer}
	request.offsets[0], request.offsets[1] = d0, d1
	copy(request.consumer[:31], "hallkeeper-agent")
	if err := ioctl(fd, gpioV2GetLine, unsafe.Pointer(&request)); err != nil {
		return nil, fmt.Errorf("watch the lines %s and %s of %s: %w", r.D0, r.D1, path, err)
	}
	if err := unix.SetNonblock(int(request.fd), true); err != nil {
		_ = unix.Close(int(request.fd))
		return nil, fmt.Errorf("watch the lines %s and %s of %s: %w", r.D0, r.D1, path, err)
	}
	return &pulseReader{file: os.NewFile(uintptr(request.fd), "wiegand"), d1: d1}, nil
}

func ioctl(fd uintptr, request uint, arg unsafe.Pointer) error {
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, fd, uintptr(request), uintptr(arg)); errno != 0 {
		return errno
	}
	return nil
}

// Now implements card.Source: the kernel dates edges by CLOCK_MONOTONIC.
func (p *pulseReader) Now() time.Duration { return monotonic() }

// Read implements card.Source.
func (p *pulseReader) Read(buf []card.Edge, timeout time.Duration) (int, error) {
	if want := len(buf) * gpioEventSize; len(p.raw) < want {
		p.raw = make([]byte, want)
	}
	if err := p.file.SetReadDeadline(time.Now().Add(timeout)); err != nil {
		return 0, fmt.Errorf("%w: %w", ErrLost, err)
	}
	n, err := p.file.Read(p.raw[:len(buf)*gpioEventSize])
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("%w: %w", ErrLost, err)
	}
	return parseEvents(buf, p.raw[:n], p.d1), nil
}

// parseEvents reads struct gpio_v2_line_event: the time in nanoseconds, the
// kind of edge, the line's offset, the number among all edges of the request.
func parseEvents(buf []card.Edge, raw []byte, d1 uint32) (n int) {
	for ; n < len(buf) && len(raw) >= gpioEventSize; raw = raw[gpioEventSize:] {
		buf[n] = card.Edge{
			At:  time.Duration(binary.NativeEndian.Uint64(raw)),
			Seq: binary.NativeEndian.Uint32(raw[16:]),
			One: binary.NativeEndian.Uint32(raw[12:]) == d1,
		}
		n++
	}
	return n
}

// Close gives the lines back.
func (p *pulseReader) Close() error { return p.file.Close() }
