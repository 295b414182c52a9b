package disk

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// initiator is the other end of the protocol, written against its description
// and not with the server's own types.
type initiator struct {
	t    *testing.T
	conn net.Conn
}

const patience = 30 * time.Second

// dial connects to a server of d on a Unix socket, and ends both with the test.
func dial(t *testing.T, d *Disk) *initiator {
	t.Helper()
	listener, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- d.Serve(listener) }()
	conn, err := net.Dial("unix", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.SetDeadline(time.Now().Add(patience))
	t.Cleanup(func() {
		_ = conn.Close()
		_ = listener.Close()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return &initiator{t, conn}
}

// dialAgain connects another machine to the server that c had.
func dialAgain(t *testing.T, c *initiator) *initiator {
	t.Helper()
	conn, err := net.Dial("unix", c.conn.RemoteAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.SetDeadline(time.Now().Add(patience))
	t.Cleanup(func() { _ = conn.Close() })
	return &initiator{t, conn}
}

func (c *initiator) send(values ...any) {
	c.t.Helper()
	var b bytes.Buffer
	for _, v := range values {
		if err := binary.Write(&b, binary.BigEndian, v); err != nil {
			c.t.Fatal(err)
		}
	}
	if _, err := c.conn.Write(b.Bytes()); err != nil {
		c.t.Fatal(err)
	}
}

func (c *initiator) read(n int) []byte {
	c.t.Helper()
	b := make([]byte, n)
	if _, err := io.ReadFull(c.conn, b); err != nil {
		c.t.Fatal(err)
	}
	return b
}

// greet does the handshake up to the option.
func (c *initiator) greet() {
	c.t.Helper()
	if got := string(c.read(16)); got != "NBDMAGICIHAVEOPT" {
		c.t.Fatalf("the server greets with %q", got)
	}
	c.read(2)
	c.send(uint32(3)) // fixed newstyle, no zeroes
}

func (c *initiator) option(number uint32, data []byte) {
	c.send([]byte("IHAVEOPT"), number, uint32(len(data)), data)
}

// reply reads one answer to an option.
func (c *initiator) reply() (option, kind uint32, data []byte) {
	c.t.Helper()
	head := c.read(20)
	if magic := binary.BigEndian.Uint64(head); magic != 0x3e889045565a9 {
		c.t.Fatalf("a reply begins with %x", magic)
	}
	data = c.read(int(binary.BigEndian.Uint32(head[16:])))
	return binary.BigEndian.Uint32(head[8:]), binary.BigEndian.Uint32(head[12:]), data
}

// start negotiates as QEMU does: NBD_OPT_GO with the empty name.
func (c *initiator) start() {
	c.t.Helper()
	c.greet()
	c.option(7, make([]byte, 6))
	for {
		_, kind, data := c.reply()
		if kind == 1 {
			return
		}
		if info := binary.BigEndian.Uint16(data); info == 0 && binary.BigEndian.Uint64(data[2:]) != testSectors*Sector {
			c.t.Fatalf("the size is % x", data)
		}
	}
}

// request sends one request and gives the error number of its answer, and data.
func (c *initiator) request(flags, kind uint16, off uint64, length uint32, data []byte) (errno uint32, got []byte) {
	c.t.Helper()
	c.send(uint32(0x25609513), flags, kind, uint64(77), off, length, data)
	answer := c.read(16)
	if binary.BigEndian.Uint32(answer) != 0x67446698 || binary.BigEndian.Uint64(answer[8:]) != 77 {
		c.t.Fatalf("the answer is % x", answer)
	}
	errno = binary.BigEndian.Uint32(answer[4:])
	if kind == 0 && errno == 0 {
		got = c.read(int(length))
	}
	return errno, got
}

func TestAClientReadsWritesAndFlushes(t *testing.T) {
	t.Parallel()
	d := newDisk(t)
	c := dial(t, d)
	c.start()
	for _, row := range []struct {
		name        string
		flags, kind uint16
		off         uint64
		length      uint32
		data        []byte
		errno       uint32
		want        []byte
	}{
		{"a write is taken", 0, 1, Sector, Sector, sectors('a', 1), 0, nil},
		{"and read back before a flush", 0, 0, Sector, Sector, nil, 0, sectors('a', 1)},
		{"a flush is answered", 0, 3, 0, 0, nil, 0, nil},
		{"a write with FUA is taken", 1, 1, 0, Sector, sectors('b', 1), 0, nil},
		{"a write over the end is an error, and the next request is understood", 0, 1, testSectors * Sector, Sector, sectors('c', 1), 5, nil},
		{"a read over the end is an error", 0, 0, testSectors * Sector, Sector, nil, 5, nil},
		{"an offset beyond all numbers is an error", 0, 0, 1<<64 - Sector, Sector, nil, 5, nil},
		{"a trim is refused: it was not offered", 0, 4, 0, Sector, nil, 22, nil},
		{"what is not flushed is written as well", 0, 1, 2 * Sector, Sector, sectors('d', 1), 0, nil},
	} {
		errno, got := c.request(row.flags, row.kind, row.off, row.length, row.data)
		if errno != row.errno || !bytes.Equal(got, row.want) {
			t.Fatalf("%s: error %d, %.8q", row.name, errno, got)
		}
	}
	if count := d.Count(); count.Writes != 3 || count.Flushes != 1 || count.Sectors != 3 {
		t.Errorf("the disk counted %+v", count)
	}
	if loss := d.Cut(lot(1)); loss.Cached != 1 {
		t.Errorf("the cache held %d sectors, expected only the unflushed one", loss.Cached)
	}
	d.On()
	if got := letters(t, d, 2); got != "ba" {
		t.Errorf("after the cut %q", got)
	}
}

func TestADiskWithoutPowerAnswersNothing(t *testing.T) {
	t.Parallel()
	d := newDisk(t)
	c := dial(t, d)
	c.start()
	tripped := d.Arm(1, lot(1))
	c.send(uint32(0x25609513), uint16(0), uint16(1), uint64(1), uint64(0), uint32(Sector), sectors('a', 1))
	<-tripped
	c.send(uint32(0x25609513), uint16(0), uint16(3), uint64(2), uint64(0), uint32(0))
	if err := c.conn.SetReadDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	n, err := c.conn.Read(make([]byte, 1))
	var timeout net.Error
	if n != 0 || !errors.As(err, &timeout) || !timeout.Timeout() {
		t.Errorf("the dead disk said something: %d bytes, %v", n, err)
	}
}

// A machine that is gone may have left requests on the line. They are not done
// when the power is back: they would be in the cache of a disk that has just
// been switched on, which must be empty.
func TestAnOldMachinesRequestIsNeverDone(t *testing.T) {
	t.Parallel()
	d := newDisk(t)
	c := dial(t, d)
	c.start()
	if errno, _ := c.request(0, 0, 0, Sector, nil); errno != 0 {
		t.Fatalf("error %d", errno)
	}
	d.Cut(lot(1))
	d.On()
	c.send(uint32(0x25609513), uint16(0), uint16(1), uint64(1), uint64(0), uint32(Sector), sectors('a', 1))
	_ = c.conn.Close()
	next := dialAgain(t, c)
	next.start()
	if _, got := next.request(0, 0, 0, Sector, nil); !bytes.Equal(got, make([]byte, Sector)) {
		t.Errorf("the next machine reads %.8q", got)
	}
	if count := d.Count(); count.Writes != 0 {
		t.Errorf("%d writes were done", count.Writes)
	}
}

func TestOtherHandshakes(t *testing.T) {
	t.Parallel()
	t.Run("an older client asks by NBD_OPT_EXPORT_NAME", func(t *testing.T) {
		t.Parallel()
		c := dial(t, newDisk(t))
		c.greet()
		c.option(1, nil)
		if b := c.read(10); binary.BigEndian.Uint64(b) != testSectors*Sector || binary.BigEndian.Uint16(b[8:]) != 1|4|8 {
			t.Errorf("size and flags are % x", b)
		}
		if errno, _ := c.request(0, 0, 0, Sector, nil); errno != 0 {
			t.Errorf("error %d", errno)
		}
	})
	t.Run("an option that is not known is refused and the next one taken", func(t *testing.T) {
		t.Parallel()
		c := dial(t, newDisk(t))
		c.greet()
		c.option(8, nil) // structured replies
		if option, kind, _ := c.reply(); option != 8 || kind != 1<<31|1 {
			t.Errorf("option %d was answered %x", option, kind)
		}
		c.option(7, []byte{0}) // too short
		if _, kind, _ := c.reply(); kind != 1<<31|3 {
			t.Errorf("a malformed option was answered %x", kind)
		}
		c.option(2, nil)
		if _, kind, _ := c.reply(); kind != 1 {
			t.Errorf("a goodbye was answered %x", kind)
		}
		if _, err := c.conn.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
			t.Errorf("after the goodbye: %v", err)
		}
	})
	t.Run("what is no NBD ends the connection", func(t *testing.T) {
		t.Parallel()
		c := dial(t, newDisk(t))
		c.greet()
		c.send([]byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n"))
		if _, err := c.conn.Read(make([]byte, 1)); err == nil {
			t.Error("the server answered")
		}
	})
}

func FuzzServeConn(f *testing.F) {
	hello := append([]byte{0, 0, 0, 3}, "IHAVEOPT"...)
	f.Add(append(hello, 0, 0, 0, 7, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0x25, 0x60, 0x95, 0x13, 0, 0, 0, 3))
	f.Add(append(hello, 0, 0, 0, 1, 0, 0, 0, 0))
	path := filepath.Join(f.TempDir(), "image")
	f.Fuzz(func(t *testing.T, sent []byte) {
		d := fuzzDisk(t, path)
		defer d.Close()
		_ = d.ServeConn(struct {
			io.Reader
			io.Writer
		}{bytes.NewReader(sent), io.Discard})
	})
}

func fuzzDisk(t *testing.T, path string) *Disk {
	t.Helper()
	if err := os.WriteFile(path, make([]byte, testSectors*Sector), 0o600); err != nil {
		t.Fatal(err)
	}
	d, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	return d
}
