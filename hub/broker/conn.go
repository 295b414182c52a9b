package broker

import (
	"crypto/tls"
	"errors"
	"net"
	"sync"
	"time"

	mqtt "github.com/mochi-mqtt/server/v2"
)

const (
	// maxUnread is how much may wait for a client that does not read, in bytes.
	maxUnread = 1 << 20
	// writeTimeout is how long a client may take to accept what waits for it.
	writeTimeout = 10 * time.Second
	// closeTimeout is how long a closed connection may take to get its last bytes.
	closeTimeout = time.Second
	// connectTimeout is how long a new connection may take to say who it is.
	connectTimeout = 10 * time.Second
	// window is how many deliveries of one client may be unsettled before its
	// socket is read no further. It is four times an agent's own window.
	window = 1024
	// keepSpare is the largest write buffer kept for the next write, in bytes.
	keepSpare = 16 << 10
)

var errSlowClient = errors.New("the client does not read what is sent to it")

// conn is a client's socket as the MQTT server sees it. Writes go into a buffer
// that one goroutine empties, so that no client that does not read can hold up
// the committer, the publisher or another client, and so that all
// acknowledgements that a commit brings leave in one system call. It also keeps
// what the hub knows of the connection.
type conn struct {
	net.Conn
	// done is closed when the server has finished with the connection, its will
	// and subscriptions included.
	done chan struct{}
	// will is the client's, kept because the server forgets it where it ends
	// the connection itself. Only the connection's own goroutine touches it.
	will mqtt.Will
	lost func(*mqtt.Client, error)
	// secure is the socket of an enrolled device, nil of a plain one; settled gives back its place among those that have not said who they are.
	secure  *tls.Conn
	settled func()

	mu        sync.Mutex
	client    *mqtt.Client // nil until the client has said who it is
	peer      peer
	room      sync.Cond
	out       []byte
	spare     []byte
	flushing  bool
	closing   bool
	unsettled int
	second    map[uint16]struct{} // QoS 2 deliveries that wait for their commit
}

func newConn(c net.Conn, lost func(*mqtt.Client, error)) *conn {
	cn := &conn{settled: func() {}, Conn: c, done: make(chan struct{}), lost: lost}
	cn.room.L = &cn.mu
	return cn
}

// Write never blocks. Every call holds whole packets.
func (c *conn) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.appendLocked(p...); err != nil {
		return 0, err
	}
	return len(p), nil
}

// acknowledge sends a PUBACK (0x40) or PUBREC (0x50) with reason success, which
// has the same form in MQTT 3.1.1 and 5.
func (c *conn) acknowledge(packet byte, id uint16) {
	c.mu.Lock()
	defer c.mu.Unlock()
	_ = c.appendLocked(packet, 2, byte(id>>8), byte(id)) // a closed connection needs no answer
}

func (c *conn) appendLocked(p ...byte) error {
	if c.closing {
		return net.ErrClosed
	}
	if len(c.out) > 0 && len(c.out)+len(p) > maxUnread {
		go c.cut(errSlowClient)
		return errSlowClient
	}
	c.out = append(c.out, p...)
	if !c.flushing {
		c.flushing = true
		go c.flush()
	}
	return nil
}

func (c *conn) flush() {
	for {
		c.mu.Lock()
		if len(c.out) == 0 {
			c.flushing = false
			closing := c.closing
			c.mu.Unlock()
			if closing {
				_ = c.Conn.Close()
			}
			return
		}
		buf, timeout := c.out, writeTimeout
		c.out, c.spare = c.spare[:0], nil
		if c.closing {
			timeout = closeTimeout
		}
		c.mu.Unlock()
		_ = c.SetWriteDeadline(time.Now().Add(timeout))
		if _, err := c.Conn.Write(buf); err != nil {
			c.cut(err)
		}
		c.mu.Lock()
		if cap(buf) <= keepSpare {
			c.spare = buf
		}
		c.mu.Unlock()
	}
}

// cut ends a connection that cannot be written to.
func (c *conn) cut(err error) {
	c.mu.Lock()
	first := !c.closing
	c.closing, c.out = true, nil
	client := c.client
	c.room.Broadcast()
	c.mu.Unlock()
	_ = c.socket().Close()
	if first && client != nil {
		c.lost(client, err)
	}
}

// socket is the connection below TLS.
func (c *conn) socket() net.Conn {
	if c.secure != nil {
		return c.secure.NetConn()
	}
	return c.Conn
}

func (c *conn) bind(client *mqtt.Client) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.client = client
}

// owner is the client of the connection, nil where it has not said who it is.
func (c *conn) owner() *mqtt.Client {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.client
}

// Close lets what was written before go out, and stops reading at once.
func (c *conn) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closing {
		return nil
	}
	c.closing = true
	c.room.Broadcast()
	if !c.flushing {
		if c.secure != nil { // its farewell may wait for the other side
			_ = c.Conn.SetReadDeadline(time.Unix(1, 0))
			go func() { _ = c.Conn.Close() }()
			return nil
		}
		return c.Conn.Close()
	}
	_ = c.Conn.SetWriteDeadline(time.Now().Add(closeTimeout))
	return c.Conn.SetReadDeadline(time.Unix(1, 0))
}

// SetDeadline is how the server keeps a client's keep-alive; it is for reading
// alone, writing has its own.
func (c *conn) SetDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closing {
		return nil // the deadline of Close stays
	}
	return c.SetReadDeadline(t)
}

// reserve waits until one more delivery may be unsettled; false means that the
// connection is closing.
func (c *conn) reserve() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.unsettled >= window && !c.closing {
		c.room.Wait()
	}
	if c.closing {
		return false
	}
	c.unsettled++
	return true
}

func (c *conn) release() {
	c.mu.Lock()
	c.unsettled--
	c.room.Signal()
	c.mu.Unlock()
}

// begin notes a QoS 2 delivery; false means that it was sent again while the
// first waits for its commit.
func (c *conn) begin(id uint16) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, again := c.second[id]; again {
		return false
	}
	if c.second == nil {
		c.second = map[uint16]struct{}{}
	}
	c.second[id] = struct{}{}
	return true
}

func (c *conn) end(id uint16) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.second, id)
}
