package gate

import (
	"container/list"
	"crypto/tls"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"syscall"

	"github.com/prometheus/client_golang/prometheus"
)

// How many connections the hub holds. A screen needs two, a browser with several
// pages open six; a hall of 200 windows and screens stays below 2,000.
const (
	MaxConnections = 12_000
	MaxPerAddress  = 64
)

// Limits bounds the connections of all listeners together. Past the bound of one
// address, connections from it are closed at once. Past the bound of all, one that
// waits between two requests makes room; where none does, the new one is closed.
// Connections from this machine itself, where a reverse proxy may stand for
// everybody, are bounded in total only.
type Limits struct {
	total, perAddress int
	refused           *prometheus.CounterVec

	mu        sync.Mutex
	open      int
	addresses map[netip.Prefix]int
	idle      *list.List // of *conn, the one that waits longest in front
}

// NewLimits makes limits; 0 means the constants above. The total leaves a quarter of the files
// that this process may open to everything else, so that a flood never keeps the hub from its log.
func NewLimits(total, perAddress int, registry prometheus.Registerer) *Limits {
	if total == 0 {
		total = MaxConnections
	}
	if perAddress == 0 {
		perAddress = MaxPerAddress
	}
	var files syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files); err == nil && files.Cur < 1<<30 {
		total = min(total, int(files.Cur)*3/4)
	}
	l := &Limits{total: total, perAddress: perAddress, addresses: map[netip.Prefix]int{}, idle: list.New(),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "hallkeeper", Subsystem: "gate", Name: "connections_closed_total",
			Help: "Connections that were closed because there were too many, by reason."}, []string{"reason"})}
	if registry != nil {
		registry.MustRegister(l.refused)
	}
	return l
}

// Listener bounds what it accepts.
func (l *Limits) Listener(inner net.Listener) net.Listener { return &listener{inner, l} }

// Track is the ConnState of a server whose listener is bounded.
func (l *Limits) Track(n net.Conn, state http.ConnState) {
	if t, ok := n.(*tls.Conn); ok {
		n = t.NetConn()
	}
	c, ok := n.(*conn)
	if !ok {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if c.waits != nil {
		l.idle.Remove(c.waits)
		c.waits = nil
	}
	if state == http.StateIdle && !c.closed {
		c.waits = l.idle.PushBack(c)
	}
}

type listener struct {
	net.Listener
	limits *Limits
}

func (x *listener) Accept() (net.Conn, error) {
	for {
		n, err := x.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if c := x.limits.enter(n); c != nil {
			return c, nil
		}
		if t, ok := n.(*net.TCPConn); ok {
			_ = t.SetLinger(0) // no state is kept for those that are turned away
		}
		_ = n.Close()
	}
}

func (l *Limits) enter(n net.Conn) *conn {
	at := groupOf(n.RemoteAddr())
	l.mu.Lock()
	if at.IsValid() && l.addresses[at] >= l.perAddress {
		l.mu.Unlock()
		l.refused.WithLabelValues("address").Inc()
		return nil
	}
	var leaves *conn
	if l.open >= l.total {
		first := l.idle.Front()
		if first == nil {
			l.mu.Unlock()
			l.refused.WithLabelValues("total").Inc()
			return nil
		}
		leaves = l.idle.Remove(first).(*conn)
		leaves.waits = nil
	}
	c := &conn{Conn: n, limits: l, at: at}
	l.open++
	if at.IsValid() {
		l.addresses[at]++
	}
	l.mu.Unlock()
	if leaves != nil {
		l.refused.WithLabelValues("idle").Inc()
		_ = leaves.Close()
	}
	return c
}

// Open counts the connections.
func (l *Limits) Open() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.open
}

func (l *Limits) leave(c *conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if c.closed {
		return
	}
	c.closed = true
	l.open--
	if c.waits != nil {
		l.idle.Remove(c.waits)
		c.waits = nil
	}
	if !c.at.IsValid() {
		return
	}
	if l.addresses[c.at]--; l.addresses[c.at] == 0 {
		delete(l.addresses, c.at)
	}
}

// groupOf is whose connection it is: an address of IPv4, a network of IPv6 since
// its owner has them all; nothing for this machine's own.
func groupOf(a net.Addr) netip.Prefix {
	ap, err := netip.ParseAddrPort(a.String())
	if err != nil || ap.Addr().Unmap().IsLoopback() {
		return netip.Prefix{}
	}
	ip := ap.Addr().Unmap().WithZone("")
	bits := 32
	if ip.Is6() {
		bits = 64
	}
	p, _ := ip.Prefix(bits) // both are in range
	return p
}

// conn is a bounded connection.
type conn struct {
	net.Conn
	limits *Limits
	at     netip.Prefix
	// Guarded by the limits' lock.
	waits  *list.Element
	closed bool
}

func (c *conn) Close() error {
	c.limits.leave(c)
	return c.Conn.Close()
}

// SetWriteBuffer bounds what the kernel keeps for it.
func (c *conn) SetWriteBuffer(bytes int) error {
	if t, ok := c.Conn.(interface{ SetWriteBuffer(bytes int) error }); ok {
		return t.SetWriteBuffer(bytes)
	}
	return nil
}
