package broker

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/url"
	"sync"
	"time"

	"hallkeeper/wire"
)

const (
	// shortestPause and longestPause bound the time between two attempts to reach the broker.
	shortestPause = 500 * time.Millisecond
	longestPause  = 15 * time.Second
	// steady is how long a connection must hold for the next pause to be the shortest again.
	steady = 10 * time.Second
	// maxToPublish is how many messages may wait to be published.
	maxToPublish = 8192
)

// ExternalConfig sets up the connection to an external broker.
type ExternalConfig struct {
	// URL is scheme://[user:password@]host[:port]; the scheme is mqtt or tcp,
	// mqtts, ssl or tls, ws or wss.
	URL string
	// Topics are the hall's.
	Topics wire.Topics
	// ClientID names the hub to the broker; empty means hallkeeper-hub-{hall}.
	// Two hubs with the same one throw each other out.
	ClientID string
	// TLS is used with mqtts, ssl, tls and wss; nil means the system's authorities.
	TLS *tls.Config
}

// External is one connection to a broker that somebody else runs. It
// acknowledges events to it after their commit.
//
// Its session is persistent (CleanSession false): while the hub restarts the
// broker keeps what devices publish, as far as its own queue goes, which helps
// devices without an outbox. Nothing depends on it: a broker may drop from a
// full queue what it has acknowledged to the device, and then the outbox sends
// it again.
type External struct {
	cfg    ExternalConfig
	addr   string
	server *url.URL
	sink   Sink
	logger *slog.Logger
	clock  func() time.Time

	toPublish chan message

	mu    sync.Mutex
	state Health
}

// message waits to be published.
type message struct {
	topic   string
	payload []byte
	qos     byte
	retain  bool
}

// NewExternal checks the settings; it connects in Run.
func NewExternal(cfg ExternalConfig, sink Sink, logger *slog.Logger) (*External, error) {
	u, err := url.Parse(cfg.URL)
	if err != nil {
		return nil, errors.New("the broker's URL cannot be read: it must be like mqtt://host:1883") // err would show the password
	}
	port := map[string]string{"mqtt": "1883", "tcp": "1883", "mqtts": "8883", "ssl": "8883", "tls": "8883", "ws": "80", "wss": "443"}[u.Scheme]
	if port == "" || u.Hostname() == "" {
		return nil, fmt.Errorf("the broker's URL %q must be like mqtt://host:1883, mqtts://host:8883 or wss://host/mqtt", u.Redacted())
	}
	if u.Port() == "" {
		u.Host += ":" + port
	}
	if cfg.ClientID == "" {
		cfg.ClientID = "hallkeeper-hub-" + cfg.Topics.Hall
	}
	e := &External{cfg: cfg, addr: u.Redacted(), server: u, sink: sink, logger: logger, clock: time.Now,
		toPublish: make(chan message, maxToPublish)}
	e.state = Health{Since: e.clock(), Clients: -1, Detail: "not connected to the broker yet"}
	return e, nil
}

// Run connects, and connects again whenever the connection is lost, until ctx ends.
func (e *External) Run(ctx context.Context) error {
	pause := shortestPause
	for ctx.Err() == nil {
		began := e.clock()
		err := e.session(ctx)
		if ctx.Err() != nil {
			break
		}
		e.set(false, err.Error())
		if e.clock().Sub(began) > steady {
			pause = shortestPause
		}
		wait := pause/2 + rand.N(pause) //nolint:gosec // nobody gains by guessing it
		e.logger.Warn("the connection to the broker was lost", "broker", e.addr, "error", err, "next_attempt_in", wait.String())
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
		pause = min(2*pause, longestPause)
	}
	e.set(false, "the hub is stopping")
	return nil //nolint:nilerr // the end of ctx is no error, whatever ended the last session
}

// Publish queues a message; without a connection it is ErrNotConnected.
func (e *External) Publish(topic string, payload []byte, qos byte, retain bool) error {
	if !e.Health().Connected {
		return ErrNotConnected
	}
	select {
	case e.toPublish <- message{topic, payload, qos, retain}:
		return nil
	default:
		return ErrBacklog
	}
}

// Health is the present state.
func (e *External) Health() Health {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.state
}

// Addr is the broker's URL without its password.
func (e *External) Addr() string { return e.addr }

func (e *External) set(connected bool, detail string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	since := e.state.Since
	if e.state.Connected != connected {
		since = e.clock()
	}
	e.state = Health{Connected: connected, Since: since, Clients: -1, Detail: detail}
}
