// Package hand is a person's hand at one window with simulated pins: it presses
// buttons and holds cards to the reader of an agent, and sees its lamps. It owns
// the connection to the agent's board, which it makes again whenever the agent
// comes back. It refuses to decide what to press.
package hand

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"time"

	"hallkeeper/agent/board/simlink"
	"hallkeeper/simulator/pulse"
)

// ErrGone means that the agent went away during an act: it may have seen it or not.
var ErrGone = errors.New("the agent went away during the act")

const (
	retryEvery = 25 * time.Millisecond
	// playSlack is how much longer than its train a play may take.
	playSlack = 10 * time.Second
)

// Seen is a change of a lamp or buzzer, and when it was seen.
type Seen struct {
	At   time.Time
	Line string
	High bool
}

// Hand is one person's hand. Its methods may be called by one goroutine at a time.
type Hand struct {
	socket string
	chance *rand.Rand
	see    func(Seen)

	mu   sync.Mutex
	conn *conn
	next uint64
}

// New makes a hand at the agent whose board listens on socket. Bounce and pace
// come from seed. see, where not nil, is called for every change of an output
// while connected; it must not block.
func New(socket string, seed uint64, see func(Seen)) *Hand {
	return &Hand{socket: socket, chance: rand.New(rand.NewPCG(seed, 0x68616e64)), see: see}
}

// Press presses a button once, e.g. "rating5" or "call".
func (h *Hand) Press(ctx context.Context, line string) error {
	return h.Play(ctx, pulse.Press(h.chance, line, pulse.Hold(h.chance)))
}

// Swipe holds a card to the reader: bits is 26 or 34.
func (h *Hand) Swipe(ctx context.Context, bits int, number uint32) error {
	train, err := pulse.Wiegand(h.chance, bits, number)
	if err != nil {
		return err
	}
	return h.Play(ctx, train)
}

// Ready waits until the agent is there.
func (h *Hand) Ready(ctx context.Context) error {
	_, err := h.connected(ctx)
	return err
}

// Gone is closed when the agent that the last act was played to has gone away.
// After it is closed, see has been called for all that this agent showed.
func (h *Hand) Gone() <-chan struct{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.conn == nil {
		gone := make(chan struct{})
		close(gone)
		return gone
	}
	return h.conn.gone
}

// Play waits until the agent is there, plays a train and returns when its last
// step is done. An error that wraps ErrGone says that nobody knows how much of
// it was seen; any other that nothing was.
func (h *Hand) Play(ctx context.Context, train []simlink.Level) error {
	c, err := h.connected(ctx)
	if err != nil {
		return err
	}
	h.next++
	id := h.next
	limit := playSlack
	for _, step := range train {
		limit += time.Duration(step.AfterUS) * time.Microsecond
	}
	if err := c.send(simlink.Play{ID: id, Train: train}); err != nil {
		h.drop(c)
		return fmt.Errorf("%w: %w", ErrGone, err)
	}
	timer := time.NewTimer(limit)
	defer timer.Stop()
	for {
		select {
		case played := <-c.played:
			if played == id {
				return nil
			}
		case <-c.gone:
			return ErrGone
		case <-timer.C:
			h.drop(c)
			return fmt.Errorf("%w: a train was not played within %v", ErrGone, limit)
		case <-ctx.Done():
			h.drop(c)
			return fmt.Errorf("%w: %w", ErrGone, context.Cause(ctx))
		}
	}
}

// Close lets go of the agent.
func (h *Hand) Close() {
	h.mu.Lock()
	c := h.conn
	h.mu.Unlock()
	if c != nil {
		h.drop(c)
	}
}

func (h *Hand) drop(c *conn) {
	_ = c.net.Close()
	<-c.gone
}

// connected gives the connection, made anew until it can be.
func (h *Hand) connected(ctx context.Context) (*conn, error) {
	for {
		h.mu.Lock()
		c := h.conn
		h.mu.Unlock()
		if c != nil && !c.isGone() {
			return c, nil
		}
		var dialer net.Dialer
		link, err := dialer.DialContext(ctx, "unix", h.socket)
		if err == nil {
			c = &conn{net: link, gone: make(chan struct{}), played: make(chan uint64, 4)}
			h.mu.Lock()
			h.conn = c
			h.mu.Unlock()
			go c.read(h.see)
			return c, nil
		}
		timer := time.NewTimer(retryEvery)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil, fmt.Errorf("wait for the agent at %s: %w", h.socket, context.Cause(ctx))
		case <-timer.C:
		}
	}
}

// conn is one connection to a board.
type conn struct {
	net    net.Conn
	gone   chan struct{}
	played chan uint64
}

func (c *conn) isGone() bool {
	select {
	case <-c.gone:
		return true
	default:
		return false
	}
}

func (c *conn) send(p simlink.Play) error {
	line, err := json.Marshal(p)
	if err != nil {
		return err
	}
	if err := c.net.SetWriteDeadline(time.Now().Add(playSlack)); err != nil {
		return err
	}
	_, err = c.net.Write(append(line, '\n'))
	return err
}

// read hands on what the board reports, until the connection ends.
func (c *conn) read(see func(Seen)) {
	defer close(c.gone)
	defer func() { _ = c.net.Close() }()
	in := json.NewDecoder(c.net)
	for {
		var out simlink.Output
		if err := in.Decode(&out); err != nil {
			return
		}
		if out.Line != "" && see != nil {
			see(Seen{At: time.Now(), Line: out.Line, High: out.High})
		}
		if out.Played != 0 {
			select {
			case c.played <- out.Played:
			default: // nobody waits for so old a train any more
			}
		}
	}
}
