package broker

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"time"

	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/listeners"
)

const listenerID = "mqtt"

// listen binds the address, which must be on loopback: plain MQTT has no
// passwords yet, so nobody outside this machine may reach it. An address without
// a host, like :1883, means the loopback.
func listen(addr string) (net.Listener, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("the MQTT address %q must be host:port, like 127.0.0.1:1883: %w", addr, err)
	}
	if host == "" {
		host = "127.0.0.1"
		addr = net.JoinHostPort(host, port)
	}
	if ip, err := netip.ParseAddr(host); host != "localhost" && (err != nil || !ip.IsLoopback()) {
		return nil, fmt.Errorf("the MQTT address %q is not on this machine's loopback: plain MQTT is served there only, "+
			"use 127.0.0.1:PORT, or an external broker with --mqtt-url", addr)
	}
	l, err := net.Listen("tcp", addr)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("the MQTT address %s is taken by another program: stop it, choose another address with --mqtt, "+
			"or use that program as the broker with --mqtt-url: %w", addr, err)
	case errors.Is(err, syscall.EACCES):
		return nil, fmt.Errorf("this program may not use the MQTT address %s: choose a port above 1023 with --mqtt: %w", addr, err)
	case err != nil:
		return nil, fmt.Errorf("listen for MQTT on %s: %w", addr, err)
	}
	return l, nil
}

// listener accepts connections for the MQTT server. Unlike the server's own it
// survives a failed accept (no file descriptors left), wraps each socket, and
// knows when the server has wholly finished with one.
type listener struct {
	net    net.Listener
	logger *slog.Logger
	lost   func(*mqtt.Client, error)
	// end closes one connection, with the reason where its protocol has one.
	end func(*conn)
	// finished is told of a connection that the server has finished with.
	finished func(*conn)

	mu     sync.Mutex
	conns  map[*conn]struct{}
	closed bool
	wait   sync.WaitGroup
}

var _ listeners.Listener = (*listener)(nil)

// Init, ID, Address and Protocol are what the server asks of a listener.
func (l *listener) Init(*slog.Logger) error { return nil }
func (l *listener) ID() string              { return listenerID }
func (l *listener) Address() string         { return l.net.Addr().String() }
func (l *listener) Protocol() string        { return "tcp" }

// Serve accepts until Close.
func (l *listener) Serve(establish listeners.EstablishFn) {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return
	}
	l.wait.Add(1)
	l.mu.Unlock()
	defer l.wait.Done()
	const slowest = time.Second
	pause := 5 * time.Millisecond
	for {
		socket, err := l.net.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			l.logger.Warn("an MQTT connection could not be accepted", "error", err)
			time.Sleep(pause)
			pause = min(2*pause, slowest)
			continue
		}
		pause = 5 * time.Millisecond
		c := newConn(socket, l.lost)
		_ = c.SetReadDeadline(time.Now().Add(connectTimeout))
		l.mu.Lock()
		if l.closed {
			l.mu.Unlock()
			_ = c.Close()
			return
		}
		l.conns[c] = struct{}{}
		l.wait.Add(1)
		l.mu.Unlock()
		go func() {
			defer l.wait.Done()
			if err := establish(listenerID, c); err != nil {
				l.logger.Debug("an MQTT connection ended", "remote", c.RemoteAddr().String(), "error", err)
			}
			l.mu.Lock()
			delete(l.conns, c)
			l.mu.Unlock()
			l.finished(c)
			close(c.done)
		}()
	}
}

// Close ends accepting and every connection, and waits for both. The server's
// own way of closing clients is not used: it sends MQTT 5's DISCONNECT to
// MQTT 3 clients too, and misses connections that have not said who they are.
func (l *listener) Close(listeners.CloseFn) {
	l.mu.Lock()
	l.closed = true
	open := make([]*conn, 0, len(l.conns))
	for c := range l.conns {
		open = append(open, c)
	}
	l.mu.Unlock()
	_ = l.net.Close()
	for _, c := range open {
		l.end(c)
	}
	l.wait.Wait()
}
