package broker

import (
	"context"
	"errors"
	"time"
)

// MaxAccepted is the largest MQTT packet a device may send, in bytes. What is
// above the contract's limit (wire.MaxPayload) and within this one becomes a
// dead letter with its content; what is larger still becomes one without.
const MaxAccepted = 1 << 20

// Errors that callers tell apart.
var (
	// ErrNotConnected means that there is no connection to the external broker
	// now. It comes back by itself.
	ErrNotConnected = errors.New("not connected to the broker")
	// ErrBacklog means that too many messages wait to be published already.
	ErrBacklog = errors.New("too many messages wait to be published")
)

// Settlement says what a delivery's sender is told.
type Settlement uint8

// The ways to settle a delivery.
const (
	// Acknowledge: all of it is on disk, as events or dead letters.
	Acknowledge Settlement = iota + 1
	// Withhold: some of it was not stored and the device must send it again
	// from where `stored` says. The embedded broker leaves it unacknowledged. To
	// an external broker, which would wait for the acknowledgement and then stop
	// delivering, it is acknowledged: there the answer is `stored` alone.
	Withhold
	// Disconnect: nothing was stored because the log cannot store now. The
	// connection is cut, so that the sender keeps it and sends it again.
	Disconnect
)

// String names the settlement for logs and metrics.
func (s Settlement) String() string {
	switch s {
	case Acknowledge:
		return "acknowledged"
	case Withhold:
		return "withheld"
	case Disconnect:
		return "disconnected"
	}
	return "unknown"
}

// Delivery is one publish on a device's events topic.
type Delivery struct {
	// Agent is the agent's part of the topic, as the sender wrote it: it may be
	// no valid name. Where the packet was cut before its topic was read, it is
	// the client id.
	Agent string
	// Payload belongs to the receiver. It is nil where the packet was larger
	// than MaxAccepted.
	Payload []byte
	// QoS is the publisher's.
	QoS byte
	// Size is the length of the whole payload, in bytes. Where the packet was
	// cut before it was read, it is MaxAccepted + 1.
	Size int
	// Settle must be called exactly once, from any goroutine; it does not block.
	Settle func(Settlement)
}

// Sink takes what devices send.
type Sink interface {
	// Connected is called before the first message of a connection to the
	// broker: what was known of the devices' state before may be out of date.
	Connected()
	// Deliver takes a publish on an events topic, in the order of each
	// connection. It may block, which holds back that connection alone.
	Deliver(Delivery)
	// Status takes a publish on a status topic, wills included. It must not
	// block. payload must not be changed.
	Status(agent string, payload []byte, at time.Time)
}

// Health is the state of the broker or of the connection to it.
type Health struct {
	// Connected is true while devices can reach the hub through it.
	Connected bool
	// Since is when Connected last changed.
	Since time.Time
	// Clients is the number of connected MQTT clients; -1 where it is not known.
	Clients int
	// Detail says in one English line why Connected is false.
	Detail string
}

// Broker is what the hub needs of MQTT.
type Broker interface {
	// Run serves until ctx ends, which is no error.
	Run(ctx context.Context) error
	// Publish hands a message over and does not wait for it to be delivered. It
	// never blocks on a slow client. payload must not be changed afterwards.
	Publish(topic string, payload []byte, qos byte, retain bool) error
	// Health is the present state.
	Health() Health
	// Addr is where devices connect, for people: host:port, or the external
	// broker's URL without its password.
	Addr() string
}

// Both kinds are Brokers.
var (
	_ Broker = (*Embedded)(nil)
	_ Broker = (*External)(nil)
)
