package ingest

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"hallkeeper/hub/broker"
	"hallkeeper/hub/eventlog"
	"hallkeeper/wire"
)

// FuzzDeliver hands any publish to the hub: it is settled once, and what goes to
// the log of it can be written and read again.
func FuzzDeliver(f *testing.F) {
	f.Add("w01", byte(1), []byte(event(1, `,"data":{}`)))
	f.Add("w01", byte(1), []byte("["+event(1, "")+","+event(2, `,"kind":"card.swiped","data":{"card":"04A2","reader":"r"}`)+","+event(9, `,"agent":"w02"`)+"]"))
	f.Add("w01", byte(2), []byte(`{"card":"04A2B9C1"`))
	f.Add("w 01/+", byte(0), []byte("\xff[{]"))
	f.Add("", byte(1), []byte(`[[],null,1,{"seq":-1},{"at":"9999-99-99T00:00:00Z"},{"first":18446744073709551615}]`))
	f.Fuzz(func(t *testing.T, agent string, qos byte, payload []byte) {
		log := &scripted{answer: func(items []eventlog.Item) ([]eventlog.Result, error) {
			results := make([]eventlog.Result, len(items))
			for i := range items {
				results[i] = eventlog.Result{Outcome: eventlog.Stored, Position: wire.Position(i + 1), Mark: items[i].Event.Seq}
				if items[i].Dead != nil {
					results[i] = eventlog.Result{Outcome: eventlog.DeadLettered, Reason: items[i].Dead.Reason, Mark: items[i].Event.Seq}
				}
			}
			return results, nil
		}}
		in, _ := newIngest(t, log)
		settled := 0
		in.Deliver(broker.Delivery{Agent: agent, QoS: qos, Payload: payload, Size: len(payload), Settle: func(broker.Settlement) { settled++ }})
		if settled != 1 || len(log.got) != 1 || wire.CheckName(log.got[0].Agent) != nil {
			t.Fatalf("settled %d times, submitted as %+v", settled, log.got)
		}
		for _, x := range log.got[0].Items {
			if d := x.Dead; d != nil {
				if !utf8.ValidString(d.Payload) || len(d.Payload) > 4*wire.MaxPayload || d.Reason == "" || d.Detail == "" {
					t.Fatalf("a dead letter of %d bytes says %q, %q", len(d.Payload), d.Reason, d.Detail)
				}
				continue
			}
			x.Event.Agent = log.got[0].Agent
			line := wire.AppendRecord(nil, &wire.Record{Position: 1, StoredAt: time.Unix(0, 0), Event: x.Event})
			var again wire.Record
			if err := json.Unmarshal(line, &again); err != nil || again.ID != x.Event.ID || again.Seq != x.Event.Seq {
				t.Fatalf("%v: %s", err, line)
			}
			if x.Event.Kind == wire.KindCardSwiped && !strings.Contains(string(x.Event.Data), "T(") && strings.Contains(string(x.Event.Data), `"card"`) {
				var c wire.CardSwiped
				if json.Unmarshal(x.Event.Data, &c) == nil && c.Card != "" {
					t.Fatalf("a card goes to the log as it is: %s", x.Event.Data)
				}
			}
		}
	})
}
