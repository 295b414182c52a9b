package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"

	"hallkeeper/wire"
)

// How a device behaves.
const (
	window     = 64 // events that it sends before it is answered
	maxBatch   = 20
	netTimeout = 20 * time.Second
	// noProgress is the time after which it sends again, as the contract says.
	noProgress = time.Second
	// writeTimeout is also how long paho blocks in a publish on a connection that
	// it has just lost.
	writeTimeout = 2 * time.Second
)

// device is a foreign device that speaks the contract over MQTT. With an outbox
// it believes `stored` only; without one it believes the PUBACK.
type device struct {
	agent, outbox string
	book          *ledger
	chance        *rand.Rand
	// prefix makes its ids its own.
	prefix string
	topics wire.Topics
	// again is how long it waits for progress before it sends again.
	again time.Duration
}

// publish is one publish on its way.
type publish struct {
	first, events int // the number of its first event, and how many it carries
	token         paho.Token
}

// live sends until ctx ends: what is still open from before first, then, where
// making is true, new events. Without making it returns once all are kept.
func (d *device) live(ctx context.Context, address string, making bool) {
	for ctx.Err() == nil {
		if d.session(ctx, address, making) {
			return
		}
		pause(ctx, 50*time.Millisecond)
	}
}

// session is one connection. done is true where nothing is left to send.
func (d *device) session(ctx context.Context, address string, making bool) (done bool) {
	lost := make(chan struct{})
	client := paho.NewClient(paho.NewClientOptions().AddBroker("tcp://" + address).SetClientID(d.agent).SetCleanSession(true).
		SetAutoReconnect(false).SetConnectTimeout(netTimeout).SetWriteTimeout(writeTimeout).SetKeepAlive(30 * time.Second).
		SetConnectionLostHandler(func(paho.Client, error) { close(lost) }))
	defer client.Disconnect(0)
	if !finished(ctx, client.Connect()) {
		return false
	}
	progress := make(chan struct{}, 1)
	if d.outbox != "" {
		token := client.Subscribe(d.topics.Agent(d.agent, wire.LeafStored), 1, func(_ paho.Client, m paho.Message) {
			var s wire.Stored
			if json.Unmarshal(m.Payload(), &s) != nil || s.Outbox != d.outbox {
				return
			}
			d.book.answer(d.agent, s)
			select {
			case progress <- struct{}{}:
			default:
			}
		})
		if !finished(ctx, token) {
			return false
		}
	}
	return d.send(ctx, client, making, progress, lost)
}

// send makes and sends until the connection or ctx ends.
func (d *device) send(ctx context.Context, client paho.Client, making bool, progress, lost <-chan struct{}) (done bool) {
	var flying []publish
	next, _ := d.book.first(d.agent)
	movedOn := time.Now()
	for before := next; ; {
		flying = d.settle(flying)
		open, made := d.book.first(d.agent)
		if open != before {
			before, movedOn = open, time.Now()
		}
		if !making && open == made {
			return true
		}
		stalled := time.Since(movedOn) > d.again
		if stalled {
			movedOn = time.Now()
		}
		next = cursor(next, open, stalled)
		if making && made-open < window {
			d.makeEvents(made)
		}
		for next-open < window {
			p, ok := d.publish(client, next, open)
			if !ok {
				break
			}
			flying, next = append(flying, p), next+p.events
		}
		select {
		case <-ctx.Done():
			return false
		case <-lost:
			d.settle(flying)
			return false
		case <-progress:
		case <-time.After(time.Duration(2+d.chance.IntN(60)) * time.Millisecond):
		}
	}
}

// cursor is the number of the event to send next: again from the first open one
// where there was no progress, and never one that was acknowledged while it was
// about to be sent again.
func cursor(next, open int, stalled bool) int {
	if stalled {
		return open
	}
	return max(next, open)
}

// makeEvents adds a few new events to the ledger.
func (d *device) makeEvents(made int) {
	for i := range 1 + d.chance.IntN(5) {
		id := fmt.Sprintf("%s-%s-%07d", d.prefix, d.agent, made+i)
		d.book.make(press(d.agent, d.outbox, id, made+i, 1+d.chance.IntN(5), time.Now()))
	}
}

// publish sends what comes next: an array from an outbox, one event without.
func (d *device) publish(client paho.Client, next, open int) (p publish, ok bool) {
	limit := 1
	if d.outbox != "" {
		limit = 1 + d.chance.IntN(maxBatch)
	}
	events := d.book.from(d.agent, next, limit)
	if len(events) == 0 {
		return p, false
	}
	var payload any = events
	if d.outbox == "" {
		payload = events[0]
	} else {
		for i := range events {
			events[i].First = uint64(open) + 1
		}
	}
	text, err := json.Marshal(payload)
	if err != nil {
		return p, false
	}
	token := client.Publish(d.topics.Agent(d.agent, wire.LeafEvents), 1, false, text)
	return publish{first: next, events: len(events), token: token}, true
}

// settle writes down what was acknowledged and gives what is still on its way.
func (d *device) settle(flying []publish) (rest []publish) {
	for _, p := range flying {
		select {
		case <-p.token.Done():
			if d.outbox == "" && p.token.Error() == nil {
				d.book.keep(d.agent, p.first)
			}
		default:
			rest = append(rest, p)
		}
	}
	return rest
}

func finished(ctx context.Context, token paho.Token) bool {
	select {
	case <-token.Done():
		return token.Error() == nil
	case <-ctx.Done():
	case <-time.After(netTimeout):
	}
	return false
}

// pause is false where ctx has ended.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
