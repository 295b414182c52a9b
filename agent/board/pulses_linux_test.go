package board

import (
	"encoding/binary"
	"os"
	"testing"
	"time"
	"unsafe"

	"hallkeeper/agent/card"
)

// The sizes are part of the kernel's request numbers.
func TestTheKernelsStructuresHaveTheirSizes(t *testing.T) {
	for _, c := range []struct {
		name string
		size uintptr
		call uint
	}{
		{"gpiochip_info", unsafe.Sizeof(gpioChipInfo{}), gpioGetChipInfo},
		{"gpio_v2_line_info", unsafe.Sizeof(gpioLineInfo{}), gpioV2GetLineInfo},
		{"gpio_v2_line_request", unsafe.Sizeof(gpioLineRequest{}), gpioV2GetLine},
	} {
		if want := uintptr(c.call >> 16 & 0x3FFF); c.size != want {
			t.Errorf("%s has %d bytes, the kernel's has %d", c.name, c.size, want)
		}
	}
	var r gpioLineRequest
	if unsafe.Offsetof(r.flags) != 288 || unsafe.Offsetof(r.lines) != 560 || unsafe.Offsetof(r.fd) != 588 {
		t.Error("gpio_v2_line_request's fields are not where the kernel has them")
	}
}

func event(at time.Duration, offset, seq uint32) []byte {
	b := binary.NativeEndian.AppendUint64(nil, uint64(at))
	b = binary.NativeEndian.AppendUint32(b, 2) // falling
	b = binary.NativeEndian.AppendUint32(b, offset)
	b = binary.NativeEndian.AppendUint32(b, seq)
	return append(b, make([]byte, gpioEventSize-len(b))...)
}

func TestKernelEventsAreRead(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	p := &pulseReader{file: r, d1: 27}
	buf := make([]card.Edge, 8)
	if n, err := p.Read(buf, time.Millisecond); n != 0 || err != nil {
		t.Errorf("silence gives %d, %v", n, err)
	}
	if _, err := w.Write(append(event(time.Second, 17, 5), event(time.Second+time.Millisecond, 27, 6)...)); err != nil {
		t.Fatal(err)
	}
	n, err := p.Read(buf, 20*time.Second)
	if err != nil || n != 2 || buf[0] != (card.Edge{At: time.Second, Seq: 5}) || buf[1] != (card.Edge{At: time.Second + time.Millisecond, Seq: 6, One: true}) {
		t.Errorf("read %d edges %+v, %v", n, buf[:n], err)
	}
	_ = w.Close()
	if _, err := p.Read(buf, time.Second); err == nil {
		t.Error("a chip that went away is no error")
	}
}

func FuzzKernelEvents(f *testing.F) {
	f.Add(event(1, 2, 3))
	f.Add([]byte{1, 2, 3})
	f.Fuzz(func(t *testing.T, raw []byte) {
		buf := make([]card.Edge, 4)
		if n := parseEvents(buf, raw, 27); n > 4 || n > len(raw)/gpioEventSize {
			t.Errorf("%d edges of %d bytes", n, len(raw))
		}
	})
}

func TestABoardWhoseLinesAreNotThereSaysWhich(t *testing.T) {
	if _, err := openPulses(Reader{D0: "no such line 0", D1: "no such line 1", Bias: "up"}); err == nil {
		t.Error("a reader on lines that are not there was opened")
	}
}
