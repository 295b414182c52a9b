package simulator

import (
	"context"
	"crypto/rand"
	"fmt"
	"sync"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
)

// mqttLink is one connection to a broker. It never reconnects by itself: what
// was under way is then uncertain, and its user starts again from `stored`.
type mqttLink struct {
	client mqtt.Client
	// in has the messages of the subscribed topics; lost is closed at the end.
	in   chan message
	lost chan struct{}
}

const mqttTimeout = 5 * time.Second

func dialMQTT(ctx context.Context, brokerURL, filter string) (*mqttLink, error) {
	link := &mqttLink{in: make(chan message, 1024), lost: make(chan struct{})}
	var once sync.Once
	options := mqtt.NewClientOptions().
		AddBroker(brokerURL).
		SetClientID("simulator-" + rand.Text()[:10]).
		SetCleanSession(true).
		SetAutoReconnect(false).
		SetKeepAlive(5 * time.Second).
		SetPingTimeout(3 * time.Second).
		SetConnectTimeout(mqttTimeout).
		SetWriteTimeout(mqttTimeout).
		SetConnectionLostHandler(func(mqtt.Client, error) { once.Do(func() { close(link.lost) }) })
	link.client = mqtt.NewClient(options)
	if err := wait(ctx, link.client.Connect()); err != nil {
		link.client.Disconnect(0)
		return nil, fmt.Errorf("connect to the broker at %s: %w", brokerURL, err)
	}
	receive := func(_ mqtt.Client, m mqtt.Message) {
		select {
		case link.in <- message{m.Topic(), m.Payload()}:
		case <-link.lost:
		case <-ctx.Done():
		}
	}
	if err := wait(ctx, link.client.Subscribe(filter, 0, receive)); err != nil {
		link.close()
		return nil, fmt.Errorf("subscribe to %s: %w", filter, err)
	}
	return link, nil
}

func wait(ctx context.Context, token mqtt.Token) error {
	timer := time.NewTimer(mqttTimeout)
	defer timer.Stop()
	select {
	case <-token.Done():
		return token.Error()
	case <-timer.C:
		return fmt.Errorf("no answer within %v", mqttTimeout)
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// publish hands a message to the connection at QoS 1. Whether it arrived is
// said by the hub's `stored`, so the acknowledgement is not waited for; an
// error is only one that is known at once.
func (l *mqttLink) publish(ctx context.Context, m message) error {
	token := l.client.Publish(m.topic, 1, false, m.payload)
	select {
	case <-token.Done():
		if err := token.Error(); err != nil {
			return fmt.Errorf("publish history: %w", err)
		}
	case <-ctx.Done():
		return context.Cause(ctx)
	default:
	}
	return nil
}

func (l *mqttLink) close() { l.client.Disconnect(50) }
