package loadgen

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"hallkeeper/wire"
)

// Config is one run. One of Events and Duration must be above 0; whichever
// ends first ends the run.
type Config struct {
	// Addr is the broker's host:port.
	Addr string
	// Topics are the hall's.
	Topics wire.Topics
	// Publishers is the number of connections, each an agent with an outbox of its own.
	Publishers int
	// Inflight is how many events of a publisher may wait for their PUBACK, 1 to 65535.
	Inflight int
	// Rate is the events per second of all publishers together; 0 is flat out.
	Rate float64
	// Events is the number of events of all publishers together; it is rounded
	// up to a multiple of Publishers.
	Events int
	// Duration is how long to send.
	Duration time.Duration
	// Receive adds one subscriber in this process, which takes every event at
	// QoS 1; the run then lasts until it has received what was acknowledged.
	Receive bool
	// Prefix begins the agents' names; empty means load.
	Prefix string
	// TLS, where not nil, gives the settings for a publisher's connection, by its agent's name.
	TLS func(agent string) (*tls.Config, error)
	// Connected, where not nil, is called once all are connected, before the first event.
	Connected func() error
	// Stall is how long to wait for the next acknowledgement or message before
	// the run fails; 0 means 30 s.
	Stall time.Duration
}

// Result is what a run measured.
type Result struct {
	// Sent, Acked and Received count events; Received stays 0 without Config.Receive.
	Sent, Acked, Received int
	// Elapsed runs from the first event sent until the last one acknowledged and,
	// with Config.Receive, received.
	Elapsed time.Duration
	// Rate is events per second that went the whole way.
	Rate float64
	// P50, P99 and Max are the times from sending an event (where Config.Rate
	// is set: from when it was due) to its PUBACK.
	P50, P99, Max time.Duration
}

// Run loads a broker. The result is valid as far as it goes where the error is not nil.
func Run(ctx context.Context, cfg Config) (Result, error) {
	if err := cfg.check(); err != nil {
		return Result{}, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var conns []net.Conn
	var mu sync.Mutex
	closeAll := func() {
		mu.Lock()
		defer mu.Unlock()
		for _, c := range conns {
			_ = c.Close()
		}
	}
	defer closeAll()
	defer context.AfterFunc(ctx, closeAll)()
	open := func(id string) (net.Conn, error) {
		var secure *tls.Config
		if cfg.TLS != nil {
			var err error
			if secure, err = cfg.TLS(id); err != nil {
				return nil, err
			}
		}
		c, err := dial(ctx, cfg.Addr, id, secure)
		if err == nil {
			mu.Lock()
			conns = append(conns, c)
			mu.Unlock()
		}
		return c, err
	}

	run := rand.Text()[:8] // outboxes and ids are new in every run
	var received atomic.Int64
	var receiver *subscriber
	if cfg.Receive {
		c, err := open(cfg.Prefix + "-subscriber-" + run)
		if err != nil {
			return Result{}, err
		}
		if receiver, err = subscribe(c, cfg.Topics.Every(wire.LeafEvents), cfg.Stall, &received); err != nil {
			return Result{}, err
		}
	}
	publishers := make([]*publisher, cfg.Publishers)
	for i := range publishers {
		agent := fmt.Sprintf("%s-%03d", cfg.Prefix, i+1)
		c, err := open(agent)
		if err != nil {
			return Result{}, err
		}
		publishers[i] = newPublisher(c, &cfg, i, run, agent)
	}

	var failed error
	var once sync.Once
	fail := func(err error) {
		once.Do(func() { failed = err; cancel() })
	}
	if cfg.Connected != nil {
		if err := cfg.Connected(); err != nil {
			return Result{}, err
		}
	}
	began := time.Now()
	var sending, receiving sync.WaitGroup
	if receiver != nil {
		receiving.Go(func() {
			if err := receiver.run(); err != nil {
				fail(err)
			}
		})
	}
	for _, p := range publishers {
		sending.Go(func() {
			if err := p.run(began); err != nil {
				fail(fmt.Errorf("publisher %s: %w", p.agent, err))
			}
		})
	}
	sending.Wait()
	ended := time.Now()
	var r Result
	var times histogram
	for _, p := range publishers {
		r.Sent += p.sent
		r.Acked += p.acked
		times.merge(&p.times)
	}
	whole := r.Acked
	if receiver != nil {
		receiver.expect(int64(r.Acked))
		receiving.Wait()
		if receiver.last.After(ended) {
			ended = receiver.last
		}
		r.Received = int(received.Load())
		whole = min(whole, r.Received)
	}
	r.Elapsed = ended.Sub(began)
	r.Rate = float64(whole) / r.Elapsed.Seconds()
	r.P50, r.P99, r.Max = times.quantile(0.5), times.quantile(0.99), times.max
	return r, failed
}

func (c *Config) check() error {
	switch {
	case c.Publishers < 1:
		return errors.New("a load needs at least one publisher")
	case c.Inflight < 1 || c.Inflight > 65535:
		return fmt.Errorf("in flight must be 1 to 65535, got %d", c.Inflight)
	case c.Rate < 0:
		return fmt.Errorf("a rate may not be negative, got %v", c.Rate)
	case c.Events <= 0 && c.Duration <= 0:
		return errors.New("a load needs a number of events or a duration")
	}
	if c.Prefix == "" {
		c.Prefix = "load"
	}
	if c.Stall == 0 {
		c.Stall = 30 * time.Second
	}
	return wire.CheckName(fmt.Sprintf("%s-%03d", c.Prefix, c.Publishers))
}
