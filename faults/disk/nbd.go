package disk

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
)

// The part of the NBD protocol that a machine needs (fixed newstyle handshake,
// simple replies): https://github.com/NetworkBlockDevice/nbd/blob/master/doc/proto.md
const (
	magicServer  = 0x4e42444d41474943 // "NBDMAGIC"
	magicOption  = 0x49484156454f5054 // "IHAVEOPT"
	magicReply   = 0x0003e889045565a9
	magicRequest = 0x25609513
	magicSimple  = 0x67446698

	flagFixedNewstyle = 1 << 0
	flagNoZeroes      = 1 << 1

	optExportName = 1
	optAbort      = 2
	optInfo       = 6
	optGo         = 7

	replyAck         = 1
	replyInfo        = 3
	replyUnsupported = 1<<31 | 1
	replyInvalid     = 1<<31 | 3

	infoExport    = 0
	infoBlockSize = 3

	flagHasFlags  = 1 << 0
	flagSendFlush = 1 << 2
	flagSendFUA   = 1 << 3
	exportFlags   = flagHasFlags | flagSendFlush | flagSendFUA

	cmdRead       = 0
	cmdWrite      = 1
	cmdDisconnect = 2
	cmdFlush      = 3
	cmdFlagFUA    = 1 << 0

	errnoIO      = 5
	errnoInvalid = 22

	maxOption  = 1 << 16
	maxRequest = 32 << 20
)

var errDisconnected = errors.New("the client said goodbye")

// Serve serves the disk to one client after the other until the listener is closed.
// A client of a disk that has lost its power gets no answers any more.
func (d *Disk) Serve(listener net.Listener) error {
	for {
		conn, err := listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("serve the disk: %w", err)
		}
		// A client that breaks off is a machine whose power was cut.
		_ = d.ServeConn(conn)
		if err := conn.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			return fmt.Errorf("serve the disk: %w", err)
		}
	}
}

// ServeConn serves one client until it leaves. It answers one request after the
// other, so that a flush covers all writes answered before it. What is still on
// its way when the power goes is not done, also after the power has come back.
func (d *Disk) ServeConn(conn io.ReadWriter) error {
	c := client{disk: d, life: d.now(), in: bufio.NewReaderSize(conn, 1<<16), out: bufio.NewWriterSize(conn, 1<<16)}
	err := c.handshake()
	for err == nil {
		err = c.serve()
	}
	if errors.Is(err, errDisconnected) || errors.Is(err, io.EOF) {
		return nil
	}
	if errors.Is(err, ErrOff) {
		_, err = io.Copy(io.Discard, c.in) // hear no more, until the machine is gone as well
	}
	return err
}

type client struct {
	disk *Disk
	life int // of the disk, in which the client came
	in   *bufio.Reader
	out  *bufio.Writer
}

func (c *client) send(values ...any) error {
	for _, v := range values {
		if err := binary.Write(c.out, binary.BigEndian, v); err != nil {
			return err
		}
	}
	return nil
}

func (c *client) handshake() error {
	if err := errors.Join(c.send(uint64(magicServer), uint64(magicOption), uint16(flagFixedNewstyle|flagNoZeroes)), c.out.Flush()); err != nil {
		return err
	}
	var flags uint32
	if err := binary.Read(c.in, binary.BigEndian, &flags); err != nil {
		return err
	}
	for {
		var head struct {
			Magic  uint64
			Option uint32
			Length uint32
		}
		if err := binary.Read(c.in, binary.BigEndian, &head); err != nil {
			return err
		}
		if head.Magic != magicOption || head.Length > maxOption {
			return fmt.Errorf("expected an option of NBD, got %#x with %d bytes", head.Magic, head.Length)
		}
		data := make([]byte, head.Length)
		if _, err := io.ReadFull(c.in, data); err != nil {
			return err
		}
		done, err := c.option(head.Option, data, flags&flagNoZeroes != 0)
		if err = errors.Join(err, c.out.Flush()); done || err != nil {
			return err
		}
	}
}

// option answers one option; done is true where the handshake is over.
func (c *client) option(option uint32, data []byte, noZeroes bool) (done bool, err error) {
	reply := func(kind uint32, values ...any) error {
		length := 0
		for _, v := range values {
			length += binary.Size(v)
		}
		return c.send(append([]any{uint64(magicReply), option, kind, uint32(length)}, values...)...)
	}
	switch option {
	case optExportName:
		err := c.send(uint64(c.disk.size), uint16(exportFlags))
		if !noZeroes {
			err = errors.Join(err, c.send(make([]byte, 124)))
		}
		return true, err
	case optAbort:
		return true, errors.Join(reply(replyAck), c.out.Flush(), errDisconnected)
	case optInfo, optGo:
		// The name and what the client wants to know; there is one disk, and it tells all.
		if len(data) < 6 {
			return false, reply(replyInvalid)
		}
		return option == optGo, errors.Join(
			reply(replyInfo, uint16(infoExport), uint64(c.disk.size), uint16(exportFlags)),
			reply(replyInfo, uint16(infoBlockSize), uint32(Sector), uint32(4096), uint32(maxRequest)),
			reply(replyAck))
	}
	return false, reply(replyUnsupported)
}

func (c *client) serve() error {
	var request struct {
		Magic  uint32
		Flags  uint16
		Type   uint16
		Cookie uint64
		Offset uint64
		Length uint32
	}
	if err := binary.Read(c.in, binary.BigEndian, &request); err != nil {
		return err
	}
	if request.Magic != magicRequest {
		return fmt.Errorf("expected a request of NBD, got %#x", request.Magic)
	}
	if (request.Type == cmdRead || request.Type == cmdWrite) && request.Length > maxRequest {
		return fmt.Errorf("a request of NBD for %d bytes, at most %d were offered", request.Length, maxRequest)
	}
	var data []byte
	var err error
	switch request.Type {
	case cmdRead:
		data = make([]byte, request.Length)
		err = c.disk.in(c.life, func() error { return c.disk.read(data, int64(request.Offset)) })
	case cmdWrite:
		content := make([]byte, request.Length)
		if _, err := io.ReadFull(c.in, content); err != nil {
			return err
		}
		err = c.disk.in(c.life, func() error {
			return c.disk.write(content, int64(request.Offset), request.Flags&cmdFlagFUA != 0)
		})
	case cmdFlush:
		err = c.disk.in(c.life, c.disk.flush)
	case cmdDisconnect:
		return errDisconnected
	default:
		err = errNoSuchCommand
	}
	var errno uint32
	switch {
	case errors.Is(err, ErrOff):
		return err
	case errors.Is(err, errNoSuchCommand):
		errno, data = errnoInvalid, nil
	case err != nil:
		errno, data = errnoIO, nil
	}
	return errors.Join(c.send(uint32(magicSimple), errno, request.Cookie, data), c.out.Flush())
}

var errNoSuchCommand = errors.New("no such command")
