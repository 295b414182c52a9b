package ingest

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"hallkeeper/hub/broker"
	"hallkeeper/hub/eventlog"
	"hallkeeper/wire"
)

// Log stores submissions; see eventlog.Log.Submit.
type Log interface {
	Submit(eventlog.Submission) error
}

// Cards makes the token that stands for a card number in the log: the same one
// for the same number, from which nobody without the hub's key gets the number.
type Cards interface {
	CardToken(number string) string
}

// Devices hears what devices say of themselves. Its methods must not block.
type Devices interface {
	DeviceStatus(agent string, s wire.Status, at time.Time)
	// CameOnline asks for the device's whole commanded state to be sent again.
	CameOnline(agent string)
}

// Publisher sends the answers; see broker.Broker.
type Publisher interface {
	Publish(topic string, payload []byte, qos byte, retain bool) error
}

// Config sets up an Ingest. All fields are needed.
type Config struct {
	Topics  wire.Topics
	Log     Log
	Cards   Cards
	Devices Devices
	Logger  *slog.Logger
	Metrics prometheus.Registerer
}

// Ingest is the broker's Sink.
type Ingest struct {
	cfg     Config
	metrics *metrics
	answers *answers
	clock   func() time.Time

	badStatus seldom

	mu      sync.Mutex
	devices map[string]device
}

var _ broker.Sink = (*Ingest)(nil)

// device is what was last known of a device's run.
type device struct {
	state         wire.DeviceState
	boot, version string
}

// maxDevices bounds what is kept of devices, whose names anybody may choose.
const maxDevices = 16384

// New makes an Ingest; Run must be called for its answers to be sent.
func New(cfg Config) (*Ingest, error) {
	m, err := newMetrics(cfg.Metrics)
	if err != nil {
		return nil, fmt.Errorf("register the metrics of ingest: %w", err)
	}
	return &Ingest{cfg: cfg, metrics: m, answers: newAnswers(), clock: time.Now,
		badStatus: seldom{every: 10 * time.Second}, devices: map[string]device{}}, nil
}

// Run publishes `stored` answers until ctx ends. What the publisher refuses is
// not tried again: the device sends again and gets a new answer.
func (in *Ingest) Run(ctx context.Context, publisher Publisher) error {
	failed := seldom{every: 10 * time.Second}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-in.answers.wake:
		}
		for _, a := range in.answers.take() {
			payload, err := json.Marshal(a.stored)
			if err == nil {
				err = publisher.Publish(in.cfg.Topics.Agent(a.agent, wire.LeafStored), payload, 0, false)
			}
			if err == nil {
				in.metrics.answered.Inc()
				continue
			}
			in.metrics.unanswered.Inc()
			if skipped, ok := failed.allow(in.clock()); ok {
				in.cfg.Logger.Warn("a stored answer could not be published", "agent", a.agent, "error", err, "skipped", skipped)
			}
		}
	}
}

// Connected forgets who was online: whoever says so next has missed what was
// commanded meanwhile.
func (in *Ingest) Connected() {
	in.mu.Lock()
	defer in.mu.Unlock()
	clear(in.devices)
}

// Deliver checks a publish, submits it, and settles it after its commit.
func (in *Ingest) Deliver(d broker.Delivery) {
	began := in.clock()
	items := in.items(&d)
	in.metrics.parse.Observe(in.clock().Sub(began).Seconds())
	agent := agentName(d.Agent)
	settle := func(s broker.Settlement) {
		in.metrics.settled[s].Inc()
		d.Settle(s)
	}
	d.Payload = nil
	err := in.cfg.Log.Submit(eventlog.Submission{Agent: agent, Items: items, Done: func(results []eventlog.Result, err error) {
		if err != nil {
			settle(broker.Disconnect)
			return
		}
		settle(in.conclude(agent, items, results))
	}})
	if err != nil {
		settle(broker.Disconnect)
	}
}

// items makes one item of each event of a publish.
func (in *Ingest) items(d *broker.Delivery) []eventlog.Item {
	switch {
	case d.Payload == nil && d.Size > 0:
		return []eventlog.Item{in.dead(d, nil, wire.ReasonOverSize,
			fmt.Sprintf("a packet may have %d bytes, this one was larger and was not read", broker.MaxAccepted), d.Size)}
	case wire.CheckName(d.Agent) != nil:
		return []eventlog.Item{in.dead(d, d.Payload, wire.ReasonBadField,
			fmt.Sprintf("the topic names agent %.64q: %v", d.Agent, wire.CheckName(d.Agent)), d.Size)}
	case d.QoS != 1:
		return []eventlog.Item{in.dead(d, d.Payload, wire.ReasonQoS,
			fmt.Sprintf("events are published at QoS 1, this one was at QoS %d", d.QoS), d.Size)}
	}
	parsed := wire.ParseEvents(d.Agent, d.Payload)
	items := make([]eventlog.Item, len(parsed))
	for i := range parsed {
		p := &parsed[i]
		if p.Reason != "" {
			items[i] = in.dead(d, p.Raw, p.Reason, p.Detail, len(p.Raw))
			items[i].Event.Outbox, items[i].Event.Seq, items[i].Event.First = p.Event.Outbox, p.Event.Seq, p.Event.First
			continue
		}
		items[i].Event = p.Event
		if len(p.Event.Data) != 0 {
			items[i].Event.Data = maskData(p.Event.Data, in.cfg.Cards.CardToken)
		}
	}
	return items
}

func (in *Ingest) dead(d *broker.Delivery, content []byte, reason wire.Reason, detail string, size int) eventlog.Item {
	content = maskPayload(content, in.cfg.Cards.CardToken)
	if len(content) > wire.MaxPayload {
		content = content[:wire.MaxPayload]
	}
	return eventlog.Item{
		Event: wire.Event{Agent: agentName(d.Agent)},
		Dead: &wire.DeadLetter{At: in.clock(), Agent: agentName(d.Agent), Reason: reason, Detail: detail,
			Payload: strings.ToValidUTF8(string(content), "\ufffd"), Size: size},
	}
}

// conclude counts what became of a delivery, notes the answers to its outboxes
// and says how to settle it. It runs in the committer.
func (in *Ingest) conclude(agent string, items []eventlog.Item, results []eventlog.Result) broker.Settlement {
	settlement := broker.Acknowledge
	for i, r := range results {
		in.metrics.count(r)
		if r.Outcome == eventlog.Ahead {
			settlement = broker.Withhold
		}
		e := &items[i].Event
		if e.Outbox == "" {
			continue
		}
		refused := wire.Refusal{}
		switch {
		case r.Outcome == eventlog.DeadLettered:
			refused = wire.Refusal{Seq: e.Seq, Reason: r.Reason}
		case r.Outcome == eventlog.Duplicate && items[i].Dead != nil: // the first answer may have been lost
			refused = wire.Refusal{Seq: e.Seq, Reason: items[i].Dead.Reason}
		}
		last := i+1 == len(results) || items[i+1].Event.Outbox != e.Outbox
		if last || refused.Seq != 0 {
			in.answers.note(agent, e.Outbox, r.Mark, refused)
		}
	}
	return settlement
}

// agentName is the agent under which the log keeps a delivery: the topic's own
// name, or where that is no name at all, what is left of it.
func agentName(topic string) string {
	if wire.CheckName(topic) == nil {
		return topic
	}
	name := strings.Map(func(r rune) rune {
		if wire.CheckName(string(r)) != nil {
			return '_'
		}
		return r
	}, topic)
	if len(name) > wire.MaxName {
		name = name[:wire.MaxName]
	}
	if name == "" {
		return "_"
	}
	return name
}
