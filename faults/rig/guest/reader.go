//go:build linux

package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// reader is a card reader that types, made with the kernel's own means:
// https://docs.kernel.org/input/uinput.html
type reader struct{ file *os.File }

// Requests of uinput and evdev (linux/uinput.h, linux/input.h).
const (
	uiSetEvBit  = 0x40045564
	uiSetKeyBit = 0x40045565
	uiDevSetup  = 0x405C5503
	uiDevCreate = 0x5501
	evGrab      = 0x40044590

	evSyn, evKey    = 0, 1
	vendor, product = 0xffff, 0x0035
	enter           = 28
)

// keyOf gives the key of a digit, or of Enter.
func keyOf(c rune) uint16 {
	switch c {
	case '\n':
		return enter
	case '0':
		return 11
	}
	return uint16(c-'1') + 2
}

// plug makes the reader appear.
func (r *reader) plug() error {
	file, err := os.OpenFile("/dev/uinput", os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	fd := int(file.Fd())
	wrong := []error{unix.IoctlSetInt(fd, uiSetEvBit, evKey)}
	for code := range 64 {
		wrong = append(wrong, unix.IoctlSetInt(fd, uiSetKeyBit, code+1))
	}
	setup := binary.NativeEndian.AppendUint16(nil, unix.BUS_USB)
	for _, v := range []uint16{vendor, product, 1} {
		setup = binary.NativeEndian.AppendUint16(setup, v)
	}
	setup = append(setup, make([]byte, 80+4)...) // name and ff_effects_max
	copy(setup[8:], "Rig Technology RFID Reader")
	wrong = append(wrong, ioctlBytes(fd, uiDevSetup, setup), unix.IoctlSetInt(fd, uiDevCreate, 0))
	if err := errors.Join(wrong...); err != nil {
		return errors.Join(err, file.Close())
	}
	r.file = file
	for start := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		if path, err := device(); err == nil {
			return allow(path, inputGroup)
		}
		if time.Since(start) > time.Minute {
			return errors.New("the reader does not appear")
		}
	}
}

// device is where the kernel shows the reader.
func device() (string, error) {
	paths, err := filepath.Glob("/dev/input/event*")
	if err != nil || len(paths) == 0 {
		return "", errors.New("there is no input device")
	}
	for _, path := range paths {
		name, err := os.ReadFile("/sys/class/input/" + filepath.Base(path) + "/device/name")
		if err == nil && bytes.HasPrefix(name, []byte("Rig ")) {
			return path, nil
		}
	}
	return "", errors.New("there is no reader")
}

// unplug lets it go away.
func (r *reader) unplug() error {
	if r.file == nil {
		return errors.New("the reader is not plugged in")
	}
	err := r.file.Close()
	r.file = nil
	return err
}

// write types a number and Enter, a key every 4 ms.
func (r *reader) write(text string) error {
	if r.file == nil {
		return errors.New("the reader is not plugged in")
	}
	for _, c := range text + "\n" {
		for _, value := range []int32{1, 0} {
			event := make([]byte, 16, 48) // the kernel dates it
			event = binary.NativeEndian.AppendUint16(event, evKey)
			event = binary.NativeEndian.AppendUint16(event, keyOf(c))
			event = binary.NativeEndian.AppendUint32(event, uint32(value))
			event = append(event, make([]byte, 24)...) // EV_SYN, SYN_REPORT
			if _, err := r.file.Write(event); err != nil {
				return err
			}
			time.Sleep(2 * time.Millisecond)
		}
	}
	return nil
}

// taken tells whether another program fails to get the reader's keys.
func taken() (bool, error) {
	path, err := device()
	if err != nil {
		return false, err
	}
	file, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer file.Close()
	err = unix.IoctlSetInt(int(file.Fd()), evGrab, 1)
	if err != nil && !errors.Is(err, unix.EBUSY) {
		return false, fmt.Errorf("grab the reader: %w", err)
	}
	return err != nil, nil
}
