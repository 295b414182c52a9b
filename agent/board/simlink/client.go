package simlink

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"sync"
)

// ErrGone means that the agent has gone away: of a train that was being played
// nobody knows how much the agent has seen.
var ErrGone = errors.New("the agent has gone away")

// maxOutputs is how many changes wait for a reader of Outputs before the oldest are dropped.
const maxOutputs = 1024

// Client is a connection to an agent on simulated pins. Its methods may be
// called by several goroutines at once.
type Client struct {
	conn    net.Conn
	outputs chan Output
	gone    chan struct{}

	mu      sync.Mutex
	last    uint64
	waiting map[uint64]chan error
}

// Dial connects to the agent that listens on path. The caller has to Close.
func Dial(ctx context.Context, path string) (*Client, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", path)
	if err != nil {
		return nil, fmt.Errorf("reach the simulated board: %w", err)
	}
	c := &Client{conn: conn, outputs: make(chan Output, maxOutputs), gone: make(chan struct{}), waiting: map[uint64]chan error{}}
	go c.read()
	return c, nil
}

// Play plays a train and returns when its last step is done. An error that
// wraps ErrGone says that the agent may have seen a part of it.
func (c *Client) Play(ctx context.Context, train []Level) error {
	c.mu.Lock()
	c.last++
	id, done := c.last, make(chan error, 1)
	c.waiting[id] = done
	line, err := json.Marshal(Play{ID: id, Train: train})
	if err == nil {
		_, err = c.conn.Write(append(line, '\n'))
	}
	if err != nil {
		delete(c.waiting, id)
	}
	c.mu.Unlock()
	if err != nil {
		return fmt.Errorf("%w: %w", ErrGone, err)
	}
	select {
	case err := <-done:
		return err
	case <-c.gone:
		return ErrGone
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", ErrGone, context.Cause(ctx))
	}
}

// Outputs gives the changes of the board's output lines, in order. Where nobody
// reads, the oldest are dropped. It is closed when the agent goes away.
func (c *Client) Outputs() <-chan Output { return c.outputs }

// Close ends the connection.
func (c *Client) Close() error {
	err := c.conn.Close()
	<-c.gone
	return err
}

func (c *Client) read() {
	defer close(c.gone)
	defer close(c.outputs)
	defer c.conn.Close()
	in := json.NewDecoder(c.conn)
	for {
		var out Output
		if err := in.Decode(&out); err != nil {
			return
		}
		if out.Played != 0 {
			c.mu.Lock()
			done := c.waiting[out.Played]
			delete(c.waiting, out.Played)
			c.mu.Unlock()
			if done != nil {
				if out.Error != "" {
					done <- fmt.Errorf("the train was refused: %s", out.Error)
				}
				close(done)
			}
		}
		for out.Line != "" {
			select {
			case c.outputs <- out:
				out.Line = ""
			default:
				select {
				case <-c.outputs:
				default:
				}
			}
		}
	}
}
