// Package printertest is a receipt printer on TCP for tests and for trying things
// out without one: it takes ESC/POS bytes, answers for its state as a real one does,
// and can run out of paper, be opened, or go away in the middle of a job.
package printertest

import (
	"io"
	"net"
	"sync"
	"testing"
)

// Printer is the printer.
type Printer struct {
	// Address is where it listens, host:port.
	Address string

	mu     sync.Mutex
	out    bool
	low    bool
	open   bool
	cutOff int
	jobs   [][]byte
	done   sync.WaitGroup
}

// New starts a printer that ends with the test.
func New(t testing.TB) *Printer {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &Printer{Address: listener.Addr().String()}
	p.done.Go(func() { p.serve(listener) })
	t.Cleanup(func() { _ = listener.Close(); p.done.Wait() })
	return p
}

// Set changes its state.
func (p *Printer) Set(paperOut, paperLow, coverOpen bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.out, p.low, p.open = paperOut, paperLow, coverOpen
}

// RunOut makes the paper end in the middle of the next job.
func (p *Printer) RunOut() { p.set(func() { p.cutOff = 1 }) }

// HangUp breaks the connection in the middle of the next job.
func (p *Printer) HangUp() { p.set(func() { p.cutOff = 2 }) }

func (p *Printer) set(do func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	do()
}

// Jobs gives what it has printed.
func (p *Printer) Jobs() [][]byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([][]byte(nil), p.jobs...)
}

func (p *Printer) serve(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		p.done.Go(func() {
			defer func() { _ = conn.Close() }()
			p.talk(conn)
		})
	}
}

// talk reads bytes until the other side goes away.
func (p *Printer) talk(conn io.ReadWriter) {
	var job []byte
	buffer := make([]byte, 1)
	for {
		if _, err := io.ReadFull(conn, buffer); err != nil {
			return
		}
		job = append(job, buffer[0])
		n := len(job)
		switch {
		case n >= 3 && job[n-3] == 0x10 && job[n-2] == 0x04: // DLE EOT n
			if _, err := conn.Write([]byte{p.status(job[n-1])}); err != nil {
				return
			}
			job = job[:n-3]
		case n >= 3 && job[n-3] == 0x1d && job[n-2] == 'r': // GS r n
			if !p.finish(conn, job) {
				return
			}
			job = nil
		}
	}
}

// finish prints a job, or not; it tells whether the connection stays.
func (p *Printer) finish(conn io.Writer, job []byte) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	cut := p.cutOff
	p.cutOff = 0
	switch {
	case cut == 2:
		return false
	case cut == 1:
		p.out = true
		return true // an offline printer does not come to the end of its jobs
	case p.out || p.open:
		return true
	}
	p.jobs = append(p.jobs, append([]byte(nil), job...))
	_, err := conn.Write([]byte{0})
	return err == nil
}

func (p *Printer) status(n byte) byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := byte(0x12)
	switch n {
	case 1:
		if p.out || p.open {
			s |= 0x08
		}
	case 2:
		if p.open {
			s |= 0x04
		}
		if p.out {
			s |= 0x20
		}
	case 4:
		if p.out {
			s |= 0x60
		}
		if p.low || p.out {
			s |= 0x0c
		}
	}
	return s
}
