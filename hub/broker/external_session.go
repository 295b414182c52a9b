package broker

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"

	"hallkeeper/wire"
)

const (
	keepAlive   = 5 * time.Second
	pingTimeout = 3 * time.Second
	dialTimeout = 5 * time.Second
	sendTimeout = 3 * time.Second
	// maxUndelivered is how much may wait for the log before the broker's socket
	// is read no further, in bytes.
	maxUndelivered = 64 << 20
	// refusedFilter is what a broker answers to a subscription it does not allow.
	refusedFilter = 0x80
)

var errLogFull = errors.New("the log cannot store now: the broker shall deliver again")

// session holds one connection until it is lost or ctx ends.
func (e *External) session(ctx context.Context) error {
	inbox := newQueue[paho.Message](maxUndelivered)
	acks := newQueue[paho.Message](0)
	ended := make(chan error, 1)
	fail := func(err error) {
		select {
		case ended <- err:
		default:
		}
	}
	client := paho.NewClient(e.options(inbox, fail))
	var workers sync.WaitGroup
	stop := make(chan struct{})
	defer func() {
		close(stop)
		inbox.close()
		client.Disconnect(0)
		acks.close()
		workers.Wait() // the next session must not overtake this one's deliveries
	}()
	workers.Go(func() {
		for m, ok := acks.pop(); ok; m, ok = acks.pop() {
			m.Ack()
		}
	})
	if err := finish(client.Connect(), dialTimeout+time.Second); err != nil {
		return fmt.Errorf("connect to the broker: %w", err)
	}
	workers.Go(func() { e.dispatch(inbox, acks, fail) })
	if err := e.subscribe(client); err != nil {
		return err
	}
	for len(e.toPublish) > 0 { // what waited for the last connection is out of date
		<-e.toPublish
	}
	e.set(true, "")
	e.logger.Info("connected to the broker", "broker", e.addr)
	workers.Go(func() { e.publish(client, stop) })
	select {
	case <-ctx.Done():
		return nil
	case err := <-ended:
		return err
	}
}

func (e *External) options(inbox *queue[paho.Message], fail func(error)) *paho.ClientOptions {
	opts := paho.NewClientOptions().
		SetClientID(e.cfg.ClientID).
		SetCleanSession(false).
		SetAutoReconnect(false). // it reports success for publishes that were never acknowledged
		SetConnectRetry(false).
		SetAutoAckDisabled(true).
		SetOrderMatters(true).
		SetProtocolVersion(4).
		SetKeepAlive(keepAlive).
		SetPingTimeout(pingTimeout).
		SetConnectTimeout(dialTimeout).
		SetWriteTimeout(sendTimeout).
		SetDefaultPublishHandler(func(_ paho.Client, m paho.Message) { inbox.push(m, len(m.Payload())) }).
		SetConnectionLostHandler(func(_ paho.Client, err error) { fail(err) })
	server := *e.server
	if server.User != nil { // handed over apart: the library would take them from the URL of each attempt, and log it
		opts.SetUsername(server.User.Username())
		if password, ok := server.User.Password(); ok {
			opts.SetPassword(password)
		}
		server.User = nil
	}
	if e.cfg.TLS != nil {
		opts.SetTLSConfig(e.cfg.TLS)
	}
	return opts.AddBroker(server.String())
}

// subscribe asks for QoS 2, so that the broker passes on each message at the
// QoS it was published with and a publish at QoS 0 or 2 can be told apart.
func (e *External) subscribe(client paho.Client) error {
	filters := map[string]byte{e.cfg.Topics.Every(wire.LeafEvents): 2, e.cfg.Topics.Every(wire.LeafStatus): 2}
	token := client.SubscribeMultiple(filters, nil)
	if err := finish(token, dialTimeout); err != nil {
		return fmt.Errorf("subscribe at the broker: %w", err)
	}
	granted, ok := token.(*paho.SubscribeToken)
	if !ok {
		return nil
	}
	for filter, qos := range granted.Result() {
		switch {
		case qos >= refusedFilter:
			return fmt.Errorf("the broker does not allow this client to subscribe to %s", filter)
		case qos == 0:
			return fmt.Errorf("the broker delivers %s at QoS 0 only: events could be lost", filter)
		}
	}
	return nil
}

func (e *External) dispatch(inbox, acks *queue[paho.Message], fail func(error)) {
	e.sink.Connected()
	for m, ok := inbox.pop(); ok; m, ok = inbox.pop() {
		ack := func() { acks.push(m, 0) }
		agent, leaf, ok := e.cfg.Topics.Parse(m.Topic())
		if !ok || m.Retained() && leaf == wire.LeafEvents && m.Qos() != 1 {
			ack() // a retained publish that is a dead letter would be one again at every connection
			continue
		}
		if leaf == wire.LeafStatus {
			e.sink.Status(agent, m.Payload(), e.clock())
			ack()
			continue
		}
		payload := m.Payload()
		if len(payload) > MaxAccepted {
			payload = nil
		}
		e.sink.Deliver(Delivery{Agent: agent, Payload: payload, QoS: m.Qos(), Size: len(m.Payload()), Settle: func(s Settlement) {
			if s == Disconnect {
				fail(errLogFull)
				return
			}
			ack()
		}})
	}
}

func (e *External) publish(client paho.Client, stop <-chan struct{}) {
	for {
		select {
		case <-stop:
			return
		case m := <-e.toPublish:
			client.Publish(m.topic, m.qos, m.retain, m.payload)
		}
	}
}

// finish waits for the end of a paho operation.
func finish(token paho.Token, limit time.Duration) error {
	if !token.WaitTimeout(limit) {
		return fmt.Errorf("no answer within %s", limit)
	}
	return token.Error()
}
