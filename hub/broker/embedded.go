package broker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"

	"hallkeeper/wire"
)

// EmbeddedConfig sets up the embedded broker.
type EmbeddedConfig struct {
	// Addr is host:port on loopback; port 0 takes a free one.
	Addr string
	// Topics are the hall's.
	Topics wire.Topics
	// Refused, where not nil, is told of a device that asked to connect and names
	// another hall; both names are as it wrote them, at most 64 bytes. It must not block.
	Refused func(device, hall string)
	// Secure, where not nil, serves enrolled devices beside.
	Secure *Secure
}

// Embedded is the broker inside the hub: mochi-mqtt without any store. A PUBACK
// for an event means that it is on disk.
type Embedded struct {
	server *mqtt.Server
	plain  *listener
	secure *listener // nil where no device is enrolled here
	hook   *hook
	logger *slog.Logger
	clock  func() time.Time

	mu    sync.Mutex
	state Health
}

// NewEmbedded binds the address; the error says what to do where it cannot.
// Run must be called afterwards, or Close.
func NewEmbedded(cfg EmbeddedConfig, sink Sink, logger *slog.Logger) (*Embedded, error) {
	l, err := listen(cfg.Addr)
	if err != nil {
		return nil, err
	}
	var secure net.Listener
	if cfg.Secure != nil {
		if secure, err = bind(cfg.Secure.Addr, "--mqtt-tls"); err != nil {
			return nil, errors.Join(err, l.Close())
		}
	}
	caps := mqtt.NewDefaultServerCapabilities()
	caps.MaximumClients = 8192
	caps.MaximumPacketSize = MaxAccepted
	caps.MaximumClientWritesPending = 512
	caps.MaximumInflight = 1024
	caps.ReceiveMaximum = window
	caps.MaximumMessageExpiryInterval = 0 // a day by default, after which an idle device's retained status would be gone
	caps.MaximumSessionExpiryInterval = 3600
	caps.TopicAliasMaximum = 0 // the server checks who may publish before it resolves an alias
	server := mqtt.New(&mqtt.Options{
		Capabilities:            caps,
		Logger:                  newServerLog(logger),
		InlineClient:            true,
		ClientNetReadBufferSize: 16 << 10,
		SysTopicResendInterval:  30, // each one stops the world to read memory statistics
	})
	e := &Embedded{server: server, logger: logger, clock: time.Now}
	e.state = Health{Since: e.clock(), Detail: "the embedded broker has not started"}
	e.hook = newHook(server, cfg, sink, logger)
	e.plain = e.listener(listenerID, l)
	if secure != nil {
		e.secure = e.listener(secureListenerID, secure)
		e.secure.secure = cfg.Secure
	}
	if err := server.AddHook(e.hook, nil); err != nil {
		_ = e.Close()
		return nil, fmt.Errorf("set up the embedded broker: %w", err)
	}
	status := func(_ *mqtt.Client, _ packets.Subscription, pk packets.Packet) {
		if agent, _, ok := cfg.Topics.Parse(pk.TopicName); ok {
			sink.Status(agent, pk.Payload, e.clock())
		}
	}
	if err := server.Subscribe(cfg.Topics.Every(wire.LeafStatus), 1, status); err != nil {
		_ = e.Close()
		return nil, fmt.Errorf("set up the embedded broker: %w", err)
	}
	return e, nil
}

// Run serves until ctx ends, then ends every connection and waits for it.
func (e *Embedded) Run(ctx context.Context) error {
	for _, l := range e.listeners() {
		if err := e.server.AddListener(l); err != nil {
			return fmt.Errorf("start the embedded broker: %w", err)
		}
	}
	e.hook.sink.Connected()
	if err := e.server.Serve(); err != nil {
		return fmt.Errorf("start the embedded broker: %w", err)
	}
	e.set(true, "")
	e.logger.Info("the embedded broker is serving", "addr", e.Addr(), "tls", e.SecureAddr())
	<-ctx.Done()
	e.set(false, "the embedded broker was stopped")
	if err := e.server.Close(); err != nil {
		return fmt.Errorf("stop the embedded broker: %w", err)
	}
	return nil
}

// Close gives the address back where Run is never called.
func (e *Embedded) Close() error {
	for _, l := range e.listeners() {
		if err := l.net.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			return fmt.Errorf("close the MQTT address: %w", err)
		}
	}
	return nil
}

func (e *Embedded) listener(id string, l net.Listener) *listener {
	return &listener{id: id, net: l, logger: e.logger, conns: map[*conn]struct{}{}, lost: e.hook.lost, end: e.hook.end, finished: e.hook.finished}
}

func (e *Embedded) listeners() []*listener {
	if e.secure == nil {
		return []*listener{e.plain}
	}
	return []*listener{e.plain, e.secure}
}

// Publish hands a message to every subscriber; a client that has 512 messages
// waiting misses it.
func (e *Embedded) Publish(topic string, payload []byte, qos byte, retain bool) error {
	if err := e.server.Publish(topic, payload, retain, qos); err != nil {
		return fmt.Errorf("publish on %s: %w", topic, err)
	}
	return nil
}

// Health is the present state.
func (e *Embedded) Health() Health {
	e.mu.Lock()
	h := e.state
	e.mu.Unlock()
	h.Clients = int(atomic.LoadInt64(&e.server.Info.ClientsConnected))
	return h
}

// Addr is the bound host:port.
func (e *Embedded) Addr() string { return e.plain.Address() }

func (e *Embedded) set(connected bool, detail string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.state = Health{Connected: connected, Since: e.clock(), Detail: detail}
}
