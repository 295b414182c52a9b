package main

import (
	"errors"
	"io"
	"net"
	"sync"
	"time"
)

// way is a direction through a proxy.
type way uint8

const (
	up   way = 1 << iota // from the one that connects to the broker
	down                 // from the broker
)

// proxy is the cable between two programs: it passes TCP bytes, and can be cut,
// held up in one or both directions, or made slow. It never changes or drops
// bytes of a connection that lives: a real network doesn't either.
type proxy struct {
	listener net.Listener
	done     sync.WaitGroup

	mu     sync.Mutex
	change *sync.Cond // the state below has changed
	target string
	cut    bool
	held   way
	delay  time.Duration
	pipes  map[*pipe]struct{}
	closed bool
}

// pipe is one connection through a proxy.
type pipe struct {
	near, far net.Conn
	gone      bool // guarded by proxy.mu
}

func newProxy() (*proxy, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &proxy{listener: listener, pipes: map[*pipe]struct{}{}}
	p.change = sync.NewCond(&p.mu)
	p.done.Go(p.accept)
	return p, nil
}

func (p *proxy) addr() string { return p.listener.Addr().String() }

// aim sets where new connections lead.
func (p *proxy) aim(target string) { p.set(func() { p.target = target }) }

// pull cuts the cable: all connections end at once and none comes about.
func (p *proxy) pull() {
	p.set(func() {
		p.cut = true
		p.dropAll()
	})
}

// hold keeps back the bytes of the given directions, without a word to either end.
func (p *proxy) hold(ways way) { p.set(func() { p.held = ways }) }

// slow keeps each piece back for d.
func (p *proxy) slow(d time.Duration) { p.set(func() { p.delay = d }) }

// heal passes everything again. With reset, connections of before end, as
// when a router forgets them; otherwise what was held back arrives late.
func (p *proxy) heal(reset bool) {
	p.set(func() {
		p.cut, p.held, p.delay = false, 0, 0
		if reset {
			p.dropAll()
		}
	})
}

func (p *proxy) close() {
	p.set(func() {
		p.closed = true
		p.dropAll()
	})
	_ = p.listener.Close()
	p.done.Wait()
}

func (p *proxy) set(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f()
	p.change.Broadcast()
}

func (p *proxy) dropAll() {
	for c := range p.pipes {
		p.drop(c)
	}
}

// drop ends a connection by RST, so that neither end takes it for an orderly
// end. p.mu is held.
func (p *proxy) drop(c *pipe) {
	if c.gone {
		return
	}
	c.gone = true
	delete(p.pipes, c)
	for _, end := range []net.Conn{c.near, c.far} {
		if tcp, ok := end.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0)
		}
		_ = end.Close()
	}
	p.change.Broadcast()
}

func (p *proxy) accept() {
	for {
		near, err := p.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			time.Sleep(10 * time.Millisecond) // out of descriptors for a moment
			continue
		}
		p.done.Go(func() { p.connect(near) })
	}
}

func (p *proxy) connect(near net.Conn) {
	p.mu.Lock()
	target, refuse := p.target, p.cut || p.closed || p.target == ""
	p.mu.Unlock()
	if refuse {
		_ = near.Close()
		return
	}
	far, err := net.DialTimeout("tcp", target, time.Second)
	if err != nil {
		_ = near.Close()
		return
	}
	c := &pipe{near: near, far: far}
	p.mu.Lock()
	if p.cut || p.closed {
		p.drop(c)
		p.mu.Unlock()
		return
	}
	p.pipes[c] = struct{}{}
	p.mu.Unlock()
	p.done.Go(func() { p.copy(c, far, near, up) })
	p.copy(c, near, far, down)
}

// copy passes one direction in small pieces, so that a cut tears packets.
func (p *proxy) copy(c *pipe, to io.Writer, from io.Reader, direction way) {
	piece := make([]byte, 700)
	for {
		n, err := from.Read(piece)
		if n > 0 && p.pass(c, direction) {
			_, err = to.Write(piece[:n])
		}
		if err != nil {
			break
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.drop(c)
}

// pass waits until a piece may go on; it may not where the connection is gone.
func (p *proxy) pass(c *pipe, direction way) bool {
	p.mu.Lock()
	delay := p.delay
	p.mu.Unlock()
	if delay > 0 {
		time.Sleep(delay)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.held&direction != 0 && !c.gone {
		p.change.Wait()
	}
	return !c.gone
}
