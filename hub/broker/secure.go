package broker

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"

	"hallkeeper/wire"
)

const (
	// handshakeTimeout is how long TLS may take until both sides know each other.
	handshakeTimeout = 5 * time.Second
	// maxUnknown bounds the connections that have not said who they are, and maxUnknownOf those of one address:
	// a stranger who opens sockets takes no device's place.
	maxUnknown   = 1024
	maxUnknownOf = 64
)

// Secure sets up the listener for enrolled devices: MQTT over TLS 1.3, by certificate.
type Secure struct {
	// Addr is host:port; port 0 takes a free one.
	Addr string
	// Certificate is the hub's own; it is asked for at each connection.
	Certificate func() (*tls.Certificate, error)
	// Authorities are those that sign devices' certificates.
	Authorities *x509.CertPool
	// Device says whose a certificate is, or why it lets nobody in. TLS has verified the signature. It is asked
	// at the handshake, when the device says who it is, and by Recheck.
	Device func(*x509.Certificate) (agent string, err error)
	// Connected is told of the certificate of a device that was let in; it must not block.
	Connected func(*x509.Certificate)
	// Denied is told of what was refused; it must not block.
	Denied func(Denial)
	Now    func() time.Time
}

// Denial is something that a device, or whoever had its certificate, was refused.
type Denial struct {
	// Device is the certificate's name, empty where there was none.
	Device string
	// What it tried: connect, client_id, will, publish or subscribe; Detail is what exactly, cut to 64 bytes.
	What, Detail string
	// Err says why a connection was refused.
	Err error
}

func (s *Secure) denied(d Denial) {
	d.Detail = clip(d.Detail)
	s.Denied(d)
}

// config is of the listener: nothing below TLS 1.3, and no connection without a certificate that is good now.
func (s *Secure) config() *tls.Config {
	return &tls.Config{
		MinVersion:             tls.VersionTLS13,
		GetCertificate:         func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return s.Certificate() },
		ClientAuth:             tls.RequireAndVerifyClientCert,
		ClientCAs:              s.Authorities,
		SessionTicketsDisabled: true, // each connection shows its certificate
		Time:                   s.Now,
		VerifyConnection: func(c tls.ConnectionState) error {
			_, err := s.Device(c.PeerCertificates[0])
			return err
		},
	}
}

// peer is who a secure connection is with.
type peer struct {
	agent   string
	cert    *x509.Certificate
	revoked bool
}

// shake lets TLS find out who is there, within its time.
func (s *Secure) shake(c *conn) error {
	ctx, cancel := context.WithTimeout(context.Background(), handshakeTimeout)
	defer cancel()
	if err := c.secure.HandshakeContext(ctx); err != nil {
		d := Denial{What: "connect", Err: err}
		if shown := c.secure.ConnectionState().PeerCertificates; len(shown) > 0 { // the authority has signed it
			d.Device = shown[0].Subject.CommonName
		}
		s.denied(d)
		return fmt.Errorf("the TLS handshake: %w", err)
	}
	cert := c.secure.ConnectionState().PeerCertificates[0]
	c.mu.Lock()
	c.peer.cert = cert
	c.mu.Unlock()
	// From here on Recheck sees the connection; what was revoked before that is seen by this.
	agent, err := s.Device(cert)
	if err != nil {
		return err
	}
	c.mu.Lock()
	c.peer.agent = agent
	c.mu.Unlock()
	return nil
}

// known is the agent of a secure connection; ok is false for a plain one.
func (c *conn) known() (agent string, ok bool) {
	if c.secure == nil {
		return "", false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.peer.agent, true
}

// revoke marks a connection as one whose device may say nothing more; false where it is already.
func (c *conn) revoke() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	first := !c.peer.revoked
	c.peer.revoked = true
	return first
}

func (c *conn) isRevoked() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.peer.revoked
}

// Recheck ends the connections whose certificates are good no longer. It may be
// called from any goroutine.
func (e *Embedded) Recheck() {
	if e.secure == nil {
		return
	}
	for _, c := range e.secure.open() {
		c.mu.Lock()
		cert := c.peer.cert
		c.mu.Unlock()
		if cert == nil {
			continue // its handshake asks
		}
		if agent, err := e.hook.secure.Device(cert); err != nil && c.revoke() {
			e.logger.Warn("a device's connection was ended: its certificate is good no longer", "agent", agent, "remote", c.RemoteAddr().String(), "reason", err.Error())
			e.hook.stop(c, packets.ErrNotAuthorized)
		}
	}
}

// SecureAddr is the bound host:port for enrolled devices, empty where there is none.
func (e *Embedded) SecureAddr() string {
	if e.secure == nil {
		return ""
	}
	return e.secure.Address()
}

// admit refuses a device that names itself otherwise than its certificate does.
func (h *hook) admit(cl *mqtt.Client, c *conn, pk *packets.Packet) error {
	agent, ok := c.known()
	if !ok {
		return nil
	}
	if cl.ID != agent {
		h.secure.denied(Denial{Device: agent, What: "client_id", Detail: cl.ID})
		return h.refuse(cl, packets.ErrClientIdentifierNotValid, "its client id is not its certificate's name")
	}
	if pk.Connect.WillFlag && pk.Connect.WillTopic != h.topics.Agent(agent, wire.LeafStatus) {
		h.secure.denied(Denial{Device: agent, What: "will", Detail: pk.Connect.WillTopic})
		return h.refuse(cl, packets.ErrNotAuthorized, "its will is not for its own status topic")
	}
	h.secure.Connected(c.peer.cert)
	return nil
}

// may tells whether a device may publish on a topic or read it: its own events and
// status, and what the hub says to it and to all.
func (h *hook) may(cl *mqtt.Client, agent, topic string, write bool) bool {
	own, leaf, ok := h.topics.Parse(topic)
	switch {
	case ok && own == agent && (!write || leaf == wire.LeafEvents || leaf == wire.LeafStatus):
		return true
	case !write && topic == h.topics.Live():
		return true
	}
	what := "subscribe"
	if write {
		what = "publish"
	}
	h.secure.denied(Denial{Device: agent, What: what, Detail: topic})
	if skipped, ok := h.refused.allow(time.Now()); ok {
		h.logger.Warn("a device was refused a topic that is not its own", "agent", agent, "what", what, "remote", cl.Net.Remote, "topic", clip(topic), "skipped", skipped)
	}
	return false
}

// silence says in place of a revoked device that it is offline, whatever its will says.
func (h *hook) silence(cl *mqtt.Client, c *conn) {
	agent, _ := c.known()
	if err := h.server.Publish(h.topics.Agent(agent, wire.LeafStatus), h.offline(), true, 1); err != nil {
		h.logger.Warn("a device could not be shown as offline", "client", clip(cl.ID), "error", err)
	}
}

func (h *hook) offline() []byte {
	payload, _ := json.Marshal(wire.Status{State: wire.DeviceOffline, At: h.secure.Now()}) // plain data: it cannot fail
	return payload
}

// OnWill keeps a revoked device from having the last word.
func (h *hook) OnWill(cl *mqtt.Client, will mqtt.Will) (mqtt.Will, error) {
	if c, ok := cl.Net.Conn.(*conn); ok && c.isRevoked() {
		will.Payload = h.offline()
	}
	return will, nil
}

var errCrowd = errors.New("too many connections have not said who they are")

// crowd counts connections that have not said who they are.
type crowd struct {
	mu  sync.Mutex
	all int
	of  map[string]int
}

// enter takes a place; leave gives it back, once.
func (w *crowd) enter(remote net.Addr) (leave func(), err error) {
	host, _, err := net.SplitHostPort(remote.String())
	if err != nil {
		host = remote.String()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.all >= maxUnknown || w.of[host] >= maxUnknownOf {
		return nil, errCrowd
	}
	if w.of == nil {
		w.of = map[string]int{}
	}
	w.all++
	w.of[host]++
	return sync.OnceFunc(func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.all--
		if w.of[host]--; w.of[host] == 0 {
			delete(w.of, host)
		}
	}), nil
}
