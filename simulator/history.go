package simulator

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"hallkeeper/simulator/day"
	"hallkeeper/wire"
)

// How history is sent. A batch is what one publish holds; a device is sent
// again from what is stored after a while without progress, as CONTRACT says.
const (
	historyBatch  = 64
	historyResend = time.Second
	// historyAhead is how many days past the oldest unfinished one are under way,
	// so that the log keeps the order of days while the hub never waits for us.
	historyAhead = 1
)

// history sends a past through the hub's ordinary ingest, one device beside the
// other, and lets `stored` alone drive it. It is single-threaded: run it in one loop.
type history struct {
	topics  wire.Topics
	log     *slog.Logger
	devices []*deviceHistory
	byTopic map[string]*deviceHistory
	days    int
	// done counts the days that are stored of all devices.
	done int
}

// deviceHistory is one device's past.
type deviceHistory struct {
	agent, outbox string
	events        []wire.Event
	// ends[i] is the last seq of day i, or of the day before where it has none.
	ends []uint64
	// asked is true once the hub has answered, and so told what it has already.
	asked    bool
	mark     uint64 // all up to here is stored
	sent     uint64 // all up to here is sent on this connection
	progress time.Time
	refused  int
}

func newHistory(topics wire.Topics, cfg day.Config, seed uint64, from, until day.Date, log *slog.Logger) *history {
	h := &history{topics: topics, log: log, byTopic: map[string]*deviceHistory{}}
	for _, agent := range cfg.Windows {
		d := &deviceHistory{agent: agent, outbox: day.Outbox(seed, agent)}
		h.devices = append(h.devices, d)
		h.byTopic[topics.Agent(agent, wire.LeafStored)] = d
	}
	byAgent := map[string]*deviceHistory{}
	for _, d := range h.devices {
		byAgent[d.agent] = d
	}
	var current day.Date
	for e := range day.Events(cfg, seed, from, until) {
		if date := day.DateOf(e.At, e.At.Location()); date != current {
			current = date
			h.endDay()
		}
		d := byAgent[e.Agent]
		d.events = append(d.events, e)
	}
	h.endDay()
	return h
}

// endDay closes the day before the first event of a new one.
func (h *history) endDay() {
	if len(h.devices[0].events) == 0 {
		return
	}
	h.days++
	for _, d := range h.devices {
		d.ends = append(d.ends, uint64(len(d.events)))
	}
}

func (h *history) total() (n int) {
	for _, d := range h.devices {
		n += len(d.events)
	}
	return n
}

func (h *history) finished() bool { return h.done >= h.days }

// restart forgets what is under way and asks again: the connection is a new one.
func (h *history) restart(now time.Time) {
	for _, d := range h.devices {
		d.ask(now)
	}
}

// ask forgets what the hub has said: the first event is sent again, and its
// answer tells where to go on. It heals a hub that was put back to a backup too.
func (d *deviceHistory) ask(now time.Time) {
	d.asked, d.mark, d.sent, d.progress = false, 0, 0, now
}

// message is one publish.
type message struct {
	topic   string
	payload []byte
}

// due gives what is to be published now.
func (h *history) due(now time.Time) ([]message, error) {
	var out []message
	for _, d := range h.devices {
		if d.sent > d.mark && now.Sub(d.progress) >= historyResend {
			d.ask(now)
		}
		limit := uint64(1) // the first event asks how far the hub is
		if d.asked {
			limit = d.ends[min(h.done+historyAhead, h.days-1)]
		}
		for d.sent < limit && d.mark < limit {
			if d.sent == d.mark {
				d.progress = now
			}
			upto := min(d.sent+historyBatch, limit)
			payload, err := json.Marshal(d.events[d.sent:upto])
			if err != nil {
				return nil, fmt.Errorf("write history: %w", err)
			}
			out = append(out, message{h.topics.Agent(d.agent, wire.LeafEvents), payload})
			d.sent = upto
		}
	}
	return out, nil
}

// stored takes the hub's answer on a topic.
func (h *history) stored(topic string, payload []byte, now time.Time) {
	d := h.byTopic[topic]
	var s wire.Stored
	if d == nil || json.Unmarshal(payload, &s) != nil || s.Outbox != d.outbox {
		return // of the real device of this name, or of another hub's making
	}
	d.refused += len(s.Refused)
	if len(s.Refused) > 0 {
		h.log.Warn("the hub refused events of the simulated past", "agent", d.agent, "refused", s.Refused)
	}
	if s.Seq > d.mark || !d.asked {
		d.progress = now
	}
	d.asked = true
	d.mark = max(d.mark, min(s.Seq, uint64(len(d.events))))
	d.sent = max(d.sent, d.mark)
	h.done = 0
	for h.done < h.days && !slices.ContainsFunc(h.devices, func(d *deviceHistory) bool { return d.mark < d.ends[h.done] }) {
		h.done++
	}
}

// tell sends a past until all of it is stored. It survives a broker or hub that
// goes away, and ends early only with ctx.
func (h *history) tell(ctx context.Context, brokerURL string) error {
	if h.finished() {
		return nil
	}
	for ctx.Err() == nil && !h.finished() {
		if err := h.session(ctx, brokerURL); err != nil && ctx.Err() == nil {
			h.log.Warn("telling the simulated past was interrupted and goes on", "error", err)
			pause(ctx, time.Second)
		}
	}
	return context.Cause(ctx)
}

// session is one connection.
func (h *history) session(ctx context.Context, brokerURL string) error {
	filter := h.topics.Every(wire.LeafStored)
	link, err := dialMQTT(ctx, brokerURL, filter)
	if err != nil {
		return err
	}
	defer link.close()
	h.restart(time.Now())
	tick := time.NewTicker(historyResend / 4)
	defer tick.Stop()
	for !h.finished() {
		out, err := h.due(time.Now())
		if err != nil {
			return err
		}
		for _, m := range out {
			if err := link.publish(ctx, m); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-link.lost:
			return fmt.Errorf("the connection to %s was lost", brokerURL)
		case m := <-link.in:
			h.stored(m.topic, m.payload, time.Now())
		case <-tick.C:
		}
	}
	return nil
}

// pause waits, or less where ctx ends.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
