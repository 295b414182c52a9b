package broker

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/netip"
	"slices"
	"sync"
	"syscall"
	"time"

	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/listeners"
)

// The listeners: of this machine's own programs, and of enrolled devices.
const (
	listenerID       = "mqtt"
	secureListenerID = "mqtts"
)

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
	return bind(addr, "--mqtt")
}

// bind takes an address that a flag can change.
func bind(addr, flag string) (net.Listener, error) {
	l, err := net.Listen("tcp", addr)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("the MQTT address %s is taken by another program: stop it, choose another address with %s, "+
			"or use that program as the broker with --mqtt-url: %w", addr, flag, err)
	case errors.Is(err, syscall.EACCES):
		return nil, fmt.Errorf("this program may not use the MQTT address %s: choose a port above 1023 with %s: %w", addr, flag, err)
	case err != nil:
		return nil, fmt.Errorf("listen for MQTT on %s: %w", addr, err)
	}
	return l, nil
}

// listener accepts connections for the MQTT server. Unlike the server's own it
// survives a failed accept (no file descriptors left), wraps each socket, and
// knows when the server has wholly finished with one.
type listener struct {
	id     string
	net    net.Listener
	logger *slog.Logger
	lost   func(*mqtt.Client, error)
	// secure is of the listener of enrolled devices, nil of the plain one.
	secure *Secure
	crowd  crowd
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
func (l *listener) ID() string              { return l.id }
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
		c, err := l.wrap(socket)
		if err != nil {
			l.logger.Debug("an MQTT connection was not taken", "remote", socket.RemoteAddr().String(), "error", err)
			_ = socket.Close()
			continue
		}
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
			err := l.shake(c)
			if err == nil {
				err = establish(l.id, c)
			} else {
				_ = c.Close()
			}
			if err != nil {
				l.logger.Debug("an MQTT connection ended", "remote", c.RemoteAddr().String(), "error", err)
			}
			c.settled()
			l.mu.Lock()
			delete(l.conns, c)
			l.mu.Unlock()
			l.finished(c)
			close(c.done)
		}()
	}
}

func (l *listener) wrap(socket net.Conn) (*conn, error) {
	if l.secure == nil {
		return newConn(socket, l.lost), nil
	}
	settled, err := l.crowd.enter(socket.RemoteAddr())
	if err != nil {
		return nil, err
	}
	secure := tls.Server(socket, l.secure.config())
	c := newConn(secure, l.lost)
	c.secure, c.settled = secure, settled
	return c, nil
}

func (l *listener) shake(c *conn) error {
	if l.secure == nil {
		return nil
	}
	return l.secure.shake(c)
}

// open are the connections that there are.
func (l *listener) open() []*conn {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Collect(maps.Keys(l.conns))
}

// Close ends accepting and every connection, and waits for both. The server's
// own way of closing clients is not used: it sends MQTT 5's DISCONNECT to
// MQTT 3 clients too, and misses connections that have not said who they are.
func (l *listener) Close(listeners.CloseFn) {
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	_ = l.net.Close()
	for _, c := range l.open() {
		l.end(c)
	}
	l.wait.Wait()
}
