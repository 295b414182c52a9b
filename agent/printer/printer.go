package printer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"hallkeeper/agent/printer/paper"
	"hallkeeper/bilingual"
	"hallkeeper/wire"
)

// State is how a printer is.
type State string

// The states of a printer.
const (
	Ready     State = "ready"
	PaperLow  State = "paper_low"
	PaperOut  State = "paper_out"
	CoverOpen State = "cover_open"
	Offline   State = "offline"
)

// Prints tells whether a job can be printed.
func (s State) Prints() bool { return s == Ready || s == PaperLow }

// Failed says why a job is not on paper.
type Failed struct {
	Reason State
	Err    error
}

func (f *Failed) Error() string {
	if f.Err != nil {
		return fmt.Sprintf("the ticket was not printed (%s): %v", f.Reason, f.Err)
	}
	return fmt.Sprintf("the ticket was not printed (%s)", f.Reason)
}

func (f *Failed) Unwrap() error { return f.Err }

const (
	// askWithin is how long a printer may take to say how it is, printWithin to
	// print a ticket.
	askWithin   = 2 * time.Second
	printWithin = 15 * time.Second
	// askAgain is how often it is asked meanwhile.
	askAgain = 200 * time.Millisecond
)

// Printer is one receipt printer. Its methods may be called at the same time.
type Printer struct {
	connect func(ctx context.Context) (link, error)
	// pictures is a folder where tickets are drawn instead, with a font.
	pictures, font string
	mu             sync.Mutex
}

// link is a connection to a printer.
type link interface {
	io.ReadWriteCloser
	SetDeadline(time.Time) error
}

// Open names a printer by a setting: tcp://host:port (9100 where none is given),
// usb:/dev/usb/lp0, or png:FOLDER, which draws tickets with a font instead. Nothing is
// connected yet.
func Open(setting, font string) (*Printer, error) {
	if address, ok := strings.CutPrefix(setting, "tcp://"); ok && address != "" {
		if _, _, err := net.SplitHostPort(address); err != nil {
			address = net.JoinHostPort(address, "9100")
		}
		return &Printer{connect: func(ctx context.Context) (link, error) {
			dialer := net.Dialer{Timeout: askWithin}
			return dialer.DialContext(ctx, "tcp", address)
		}}, nil
	}
	if path, ok := strings.CutPrefix(setting, "usb:"); ok && strings.HasPrefix(path, "/") {
		return &Printer{connect: func(context.Context) (link, error) {
			return os.OpenFile(path, os.O_RDWR|syscall.O_NONBLOCK, 0) // so that reading can be given up
		}}, nil
	}
	if folder, ok := strings.CutPrefix(setting, "png:"); ok && folder != "" {
		return &Printer{pictures: folder, font: font}, nil
	}
	return nil, bilingual.Errorf("应填 tcp://地址、usb:/dev/usb/lp0 或 png:文件夹，写的是 %q", "expected tcp://ADDRESS, usb:/dev/usb/lp0 or png:FOLDER, got %q", setting)
}

// State asks the printer how it is; one that cannot be reached is Offline, and err says why.
func (p *Printer) State(ctx context.Context) (State, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.pictures != "" {
		return Ready, nil
	}
	l, err := p.connect(ctx)
	if err != nil {
		return Offline, err
	}
	defer func() { _ = l.Close() }()
	return (&talk{link: l}).ask()
}

// Print prints a ticket and returns once it is on paper; the error is a *Failed.
func (p *Printer) Print(ctx context.Context, ticket wire.PrintTicket) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	job := Bytes(ticket)
	if p.pictures != "" {
		return p.draw(ticket.Number, job)
	}
	l, err := p.connect(ctx)
	if err != nil {
		return &Failed{Offline, err}
	}
	defer func() { _ = l.Close() }()
	t := &talk{link: l}
	if s, err := t.ask(); !s.Prints() {
		return &Failed{s, err}
	}
	_ = l.SetDeadline(time.Now().Add(printWithin))
	if _, err := l.Write(job); err != nil {
		return &Failed{Offline, err}
	}
	// The last command of a job is answered when all before it is done; meanwhile the
	// printer says at once what stops it.
	for until := time.Now().Add(printWithin); ; {
		s, err := t.ask()
		switch {
		case !s.Prints():
			return &Failed{s, err}
		case t.finished:
			return nil
		case time.Now().After(until):
			return &Failed{Offline, errSilent}
		}
		select {
		case <-ctx.Done():
			return &Failed{Offline, ctx.Err()}
		case <-time.After(askAgain):
		}
	}
}

// draw writes a ticket as a picture that bears its number.
func (p *Printer) draw(number string, job []byte) error {
	var b bytes.Buffer
	err := paper.PNG(&b, job, p.font)
	if err == nil {
		err = os.MkdirAll(p.pictures, 0o700)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(p.pictures, filepath.Base(number)+".png"), b.Bytes(), 0o600)
	}
	if err != nil {
		return &Failed{Offline, err}
	}
	return nil
}

var errSilent = errors.New("the printer did not say that it has finished")

// talk is what is said over one connection.
type talk struct {
	link link
	// finished: the job was answered.
	finished bool
}

// errNoPrinter means that what answers is no ESC/POS printer.
var errNoPrinter = errors.New("what answers there is not a printer that speaks ESC/POS")

// ask reads the real-time status (DLE EOT n).
func (t *talk) ask() (State, error) {
	var s [5]byte
	for _, n := range []byte{1, 2, 4} {
		_ = t.link.SetDeadline(time.Now().Add(askWithin)) // a device file that has none waits
		if _, err := t.link.Write([]byte{dle, eot, n}); err != nil {
			return Offline, err
		}
		if err := t.hear(&s[n]); err != nil {
			return Offline, err
		}
	}
	return state(s[1], s[2], s[4]), nil
}

// hear reads the answer to DLE EOT; the one to a job's end may come before it.
func (t *talk) hear(b *byte) error {
	var answer [1]byte
	for {
		if _, err := io.ReadFull(t.link, answer[:]); err != nil {
			return err
		}
		switch *b = answer[0]; {
		case *b&0x93 == 0x12:
			return nil
		case *b&0x93 != 0:
			return errNoPrinter
		}
		t.finished = true
	}
}

// state reads the status bytes of the printer, of what keeps it offline and of the paper.
func state(printer, cause, paper byte) State {
	switch {
	case cause&0x04 != 0:
		return CoverOpen
	case cause&0x20 != 0 || paper&0x60 != 0:
		return PaperOut
	case printer&0x08 != 0 || cause&0x40 != 0:
		return Offline
	case paper&0x0c != 0:
		return PaperLow
	}
	return Ready
}
