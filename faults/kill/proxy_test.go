package main

import (
	"bufio"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"
)

// echo answers every line; lines tells what it has read.
func echo(t *testing.T) (addr string, lines <-chan string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	read := make(chan string, 64)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				for in := bufio.NewScanner(c); in.Scan(); {
					read <- in.Text()
					_, _ = io.WriteString(c, in.Text()+"\n")
				}
			}()
		}
	}()
	return l.Addr().String(), read
}

type client struct {
	t    *testing.T
	conn net.Conn
	in   *bufio.Reader
}

func through(t *testing.T) (*proxy, *client, <-chan string) {
	t.Helper()
	p, err := newProxy()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.close)
	addr, lines := echo(t)
	p.aim(addr)
	return p, dial(t, p), lines
}

func dial(t *testing.T, p *proxy) *client {
	t.Helper()
	conn, err := net.Dial("tcp", p.addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return &client{t, conn, bufio.NewReader(conn)}
}

func (c *client) say(line string) {
	c.t.Helper()
	if _, err := io.WriteString(c.conn, line+"\n"); err != nil {
		c.t.Fatal(err)
	}
}

func (c *client) hears(want string) {
	c.t.Helper()
	_ = c.conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	if got, err := c.in.ReadString('\n'); got != want+"\n" {
		c.t.Fatalf("heard %q (%v), want %q", got, err, want)
	}
}

func (c *client) hearsNothing() {
	c.t.Helper()
	_ = c.conn.SetReadDeadline(time.Now().Add(80 * time.Millisecond))
	if got, err := c.in.ReadString('\n'); !errors.Is(err, os.ErrDeadlineExceeded) {
		c.t.Fatalf("heard %q (%v), want silence", got, err)
	}
}

func (c *client) isCut() {
	c.t.Helper()
	_ = c.conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	if got, err := c.in.ReadString('\n'); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		c.t.Fatalf("heard %q (%v), want the end", got, err)
	}
}

func TestProxyPasses(t *testing.T) {
	_, c, _ := through(t)
	c.say("a")
	c.hears("a")
}

func TestProxyPulled(t *testing.T) {
	p, c, _ := through(t)
	c.say("a")
	c.hears("a")
	p.pull()
	c.isCut()
	dial(t, p).isCut()
	p.heal(false)
	c = dial(t, p)
	c.say("b")
	c.hears("b")
}

func TestProxyHoldsBothAndLetsGo(t *testing.T) {
	p, c, lines := through(t)
	p.hold(up | down)
	c.say("late")
	c.hearsNothing()
	select {
	case line := <-lines:
		t.Fatalf("%q came through", line)
	default:
	}
	p.heal(false)
	c.hears("late")
}

func TestProxyHoldsAnswersOnly(t *testing.T) {
	p, c, lines := through(t)
	p.hold(down)
	c.say("heard but not answered")
	if got := <-lines; got != "heard but not answered" {
		t.Fatalf("the other end read %q", got)
	}
	c.hearsNothing()
	p.heal(true)
	c.isCut()
}

func TestProxySlow(t *testing.T) {
	p, c, _ := through(t)
	p.slow(40 * time.Millisecond)
	began := time.Now()
	c.say("slow")
	c.hears("slow")
	if took := time.Since(began); took < 80*time.Millisecond {
		t.Errorf("there and back took %v", took)
	}
}

func TestProxyWithoutATargetRefuses(t *testing.T) {
	p, err := newProxy()
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	dial(t, p).isCut()
}
