// Package beacon tells hubs of one hall that share a network of each other: each says every few seconds, by a broadcast
// that the hall's own key signs, that it is there and which epoch its data is of. It owns that message and its socket, and
// refuses to decide which of two hubs is the right one.
package beacon

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/sys/unix"
)

// Every is how often a hub says that it is there.
const Every = 5 * time.Second

// maxMessage bounds what is read; a message has some hundred bytes.
const maxMessage = 2048

// first is the first line of a message, so that the hall's key signs nothing that could be taken for another thing.
const first = "hallkeeper-beacon/1"

// Said is what a hub says of itself.
type Said struct {
	Hall string `json:"hall"`
	// Epoch is how often the hall's data has been restored, from 1 on; Run is of one run of the program.
	Epoch   uint64 `json:"epoch"`
	Run     string `json:"run"`
	Version string `json:"version"`
}

// Beacon says what a hub says of itself, and hears others.
type Beacon struct {
	conn    *net.UDPConn
	targets func() []netip.AddrPort
	sign    func(text string) (string, error)
	verify  note.Verifier
	logger  *slog.Logger
}

// Open listens on an address like 0.0.0.0:8885. On all addresses it speaks to every network that this machine is in; on one
// of loopback, to programs of this machine.
func Open(addr string, sign func(string) (string, error), verify note.Verifier, logger *slog.Logger) (*Beacon, error) {
	// Several hubs of one machine hear the same broadcast.
	l := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		var failed error
		err := c.Control(func(fd uintptr) { failed = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEADDR, 1) })
		return errors.Join(err, failed)
	}}
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return nil, fmt.Errorf("%q is no port: %w", port, err)
	}
	own, err := netip.ParseAddr(host)
	if err != nil {
		return nil, err
	}
	targets := func() []netip.AddrPort { return broadcasts(uint16(number)) }
	if own.IsLoopback() {
		host = "" // a broadcast is heard only where all addresses are listened on
		targets = func() []netip.AddrPort {
			return []netip.AddrPort{netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 255, 255, 255}), uint16(number))}
		}
	}
	conn, err := l.ListenPacket(context.Background(), "udp4", net.JoinHostPort(host, port))
	if err != nil {
		return nil, err
	}
	return &Beacon{conn: conn.(*net.UDPConn), targets: targets, sign: sign, verify: verify, logger: logger}, nil
}

// Run says and hears until ctx ends. heard is called for every message that the hall's key has signed, the own ones too.
func (b *Beacon) Run(ctx context.Context, say Said, heard func(Said, netip.Addr)) error {
	text, err := json.Marshal(say)
	if err != nil {
		return err
	}
	message, err := b.sign(first + "\n" + string(text) + "\n")
	if err != nil {
		return fmt.Errorf("sign what the hub says of itself: %w", err)
	}
	go func() {
		t := time.NewTicker(Every)
		defer t.Stop()
		for {
			for _, to := range b.targets() {
				if _, err := b.conn.WriteToUDPAddrPort([]byte(message), to); err != nil && ctx.Err() == nil {
					b.logger.Debug("a network did not take the hub's broadcast", "to", to, "error", err)
				}
			}
			select {
			case <-t.C:
			case <-ctx.Done():
				_ = b.conn.Close()
				return
			}
		}
	}()
	buf := make([]byte, maxMessage)
	for {
		n, from, err := b.conn.ReadFromUDPAddrPort(buf)
		switch {
		case ctx.Err() != nil:
			return nil //nolint:nilerr // it was closed at the end
		case errors.Is(err, net.ErrClosed):
			return err
		case err != nil:
			continue // of one datagram
		}
		if said, err := b.read(buf[:n]); err == nil && said.Hall == say.Hall {
			heard(said, from.Addr().Unmap())
		}
	}
}

// Close ends a beacon that was not run.
func (b *Beacon) Close() error { return b.conn.Close() }

func (b *Beacon) read(message []byte) (said Said, err error) {
	n, err := note.Open(message, note.VerifierList(b.verify))
	if err != nil {
		return said, err
	}
	head, rest, _ := strings.Cut(n.Text, "\n")
	if head != first {
		return said, errors.New("no beacon")
	}
	err = json.Unmarshal([]byte(rest), &said)
	return said, err
}

// broadcasts are the broadcast addresses of this machine's networks.
func broadcasts(port uint16) (all []netip.AddrPort) {
	interfaces, err := net.Interfaces()
	if err != nil {
		return nil
	}
	for _, i := range interfaces {
		if i.Flags&net.FlagUp == 0 || i.Flags&net.FlagBroadcast == 0 {
			continue
		}
		addresses, err := i.Addrs()
		if err != nil {
			continue
		}
		for _, a := range addresses {
			n, ok := a.(*net.IPNet)
			if !ok || n.IP.To4() == nil || len(n.Mask) != net.IPv4len {
				continue
			}
			var to [4]byte
			for k, x := range n.IP.To4() {
				to[k] = x | ^n.Mask[k]
			}
			all = append(all, netip.AddrPortFrom(netip.AddrFrom4(to), port))
		}
	}
	return all
}
