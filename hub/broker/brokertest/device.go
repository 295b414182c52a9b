package brokertest

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"

	"hallkeeper/wire"
)

// Device is a device's MQTT client in a test.
type Device struct {
	Client paho.Client
	Agent  string
	Outbox string

	t      testing.TB
	topics wire.Topics

	mu      sync.Mutex
	stored  []wire.Stored
	lost    bool
	command []wire.Command
}

// Connect connects a device and subscribes it to its answers.
func Connect(t testing.TB, addr string, topics wire.Topics, agent string, opts ...func(*paho.ClientOptions)) *Device {
	t.Helper()
	d := &Device{Agent: agent, Outbox: "outbox-of-" + agent, t: t, topics: topics}
	o := paho.NewClientOptions().AddBroker("tcp://" + addr).SetClientID(agent).SetCleanSession(true).
		SetAutoReconnect(false).SetConnectTimeout(patience).SetKeepAlive(30 * time.Second).
		SetConnectionLostHandler(func(paho.Client, error) {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.lost = true
		})
	for _, opt := range opts {
		opt(o)
	}
	d.Client = paho.NewClient(o)
	d.finish("connect", d.Client.Connect())
	t.Cleanup(func() { d.Client.Disconnect(0) })
	d.subscribe(wire.LeafStored, func(payload []byte) {
		var s wire.Stored
		if err := json.Unmarshal(payload, &s); err != nil {
			t.Errorf("a stored answer: %v", err)
		}
		d.stored = append(d.stored, s)
	})
	d.subscribe(wire.LeafCommand, func(payload []byte) {
		var c wire.Command
		if err := json.Unmarshal(payload, &c); err != nil {
			t.Errorf("a command: %v", err)
		}
		d.command = append(d.command, c)
	})
	return d
}

func (d *Device) subscribe(leaf wire.Leaf, take func([]byte)) {
	d.t.Helper()
	d.finish("subscribe", d.Client.Subscribe(d.topics.Agent(d.Agent, leaf), 1, func(_ paho.Client, m paho.Message) {
		d.mu.Lock()
		defer d.mu.Unlock()
		take(m.Payload())
	}))
}

func (d *Device) finish(what string, token paho.Token) {
	d.t.Helper()
	if !token.WaitTimeout(patience) {
		d.t.Fatalf("%s: no end within %s", what, patience)
	}
	if err := token.Error(); err != nil {
		d.t.Fatalf("%s: %v", what, err)
	}
}

// Publish sends a payload to the device's events topic and does not wait.
func (d *Device) Publish(qos byte, payload string) paho.Token {
	return d.Client.Publish(d.topics.Agent(d.Agent, wire.LeafEvents), qos, false, payload)
}

// Send publishes at QoS 1 and waits for the PUBACK.
func (d *Device) Send(payload string) {
	d.t.Helper()
	d.finish("publish an event", d.Publish(1, payload))
}

// Say publishes a status and waits for the PUBACK.
func (d *Device) Say(state wire.DeviceState) {
	d.t.Helper()
	d.finish("publish a status", d.Client.Publish(d.topics.Agent(d.Agent, wire.LeafStatus), 1, true, Status(state)))
}

// Mark is the newest stored answer's seq; ok is false before the first.
func (d *Device) Mark() (seq uint64, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.stored) == 0 {
		return 0, false
	}
	return d.stored[len(d.stored)-1].Seq, true
}

// Answers is the number of stored answers so far.
func (d *Device) Answers() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.stored)
}

// Refused are all refusals so far.
func (d *Device) Refused() []wire.Refusal {
	d.mu.Lock()
	defer d.mu.Unlock()
	var out []wire.Refusal
	for _, s := range d.stored {
		out = append(out, s.Refused...)
	}
	return out
}

// Commands are all commands so far.
func (d *Device) Commands() []wire.Command {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]wire.Command(nil), d.command...)
}

// Lost tells whether the connection was cut.
func (d *Device) Lost() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.lost
}

// AwaitMark waits until everything up to seq is stored.
func (d *Device) AwaitMark(seq uint64) {
	d.t.Helper()
	Eventually(d.t, fmt.Sprintf("stored answers %d", seq), func() bool {
		mark, ok := d.Mark()
		return ok && mark == seq
	})
}

// Press is a valid event of the device's outbox.
func (d *Device) Press(seq uint64) string {
	return fmt.Sprintf(`{"id":"%s-%d","agent":%q,"outbox":%q,"seq":%d,"first":1,"boot":"b1","at":"2026-11-23T08:58:31.204+08:00",`+
		`"clock":"synced","uptime_ms":83211,"kind":"rating.pressed","data":{"level":%d}}`, d.Agent, seq, d.Agent, d.Outbox, seq, seq%5+1)
}

// Presses is an array of valid events.
func (d *Device) Presses(from, to uint64) string {
	var all []string
	for seq := from; seq <= to; seq++ {
		all = append(all, d.Press(seq))
	}
	return "[" + strings.Join(all, ",") + "]"
}

// Status is a status payload.
func Status(state wire.DeviceState) string {
	return fmt.Sprintf(`{"state":%q,"boot":"b1","version":"test","at":"2026-11-23T08:58:31.204+08:00","clock":"synced"}`, state)
}
