package brokertest

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	paho "github.com/eclipse/paho.mqtt.golang"

	"hallkeeper/hub/broker"
	"hallkeeper/wire"
)

// World is one kind of broker under test.
type World struct {
	// Start makes the broker for a hub.
	Start Start
	// Addr is where devices connect, given the running broker.
	Addr func(broker.Broker) string
}

// Suite runs every delivery test against one kind of broker.
func Suite(t *testing.T, w World) {
	var halls atomic.Int64
	fresh := func(t *testing.T) (*Hub, func(agent string, opts ...func(*paho.ClientOptions)) *Device) {
		h := NewHub(t, fmt.Sprintf("hall-%d", halls.Add(1)), w.Start)
		return h, func(agent string, opts ...func(*paho.ClientOptions)) *Device {
			t.Helper()
			return Connect(t, w.Addr(h.Broker), h.Topics, agent, opts...)
		}
	}

	t.Run("an event is stored, acknowledged and answered", func(t *testing.T) {
		h, device := fresh(t)
		d := device("w01")
		d.Send(d.Press(1))
		d.AwaitMark(1)
		if got := seqs(h); got != "w01:1" {
			t.Errorf("the log holds %s", got)
		}
	})

	t.Run("an array is stored in its order", func(t *testing.T) {
		h, device := fresh(t)
		d := device("w01")
		d.Send(d.Presses(1, 5))
		d.AwaitMark(5)
		if got := seqs(h); got != "w01:1 w01:2 w01:3 w01:4 w01:5" {
			t.Errorf("the log holds %s", got)
		}
	})

	t.Run("a duplicate is answered again and stored once", func(t *testing.T) {
		h, device := fresh(t)
		d := device("w01")
		for n := 1; n <= 3; n++ {
			d.Send(d.Press(1))
			Eventually(t, "each one is answered", func() bool { return d.Answers() >= n })
		}
		d.AwaitMark(1)
		if got := seqs(h); got != "w01:1" {
			t.Errorf("the log holds %s", got)
		}
	})

	t.Run("an event without an outbox is known by its id", func(t *testing.T) {
		h, device := fresh(t)
		d := device("w01")
		loose := `{"id":"x1","at":"2026-11-23T08:58:31+08:00","kind":"call.pressed"}`
		d.Send(loose)
		d.Send(loose)
		d.Send(strings.Replace(loose, "x1", "x2", 1))
		Eventually(t, "both are stored", func() bool { return len(h.Events()) == 2 })
	})

	t.Run("an event that is ahead waits until the missing ones have come", func(t *testing.T) {
		h, device := fresh(t)
		d := device("w01")
		d.Send(d.Press(1))
		d.AwaitMark(1)
		before := d.Answers()
		d.Publish(1, d.Press(3))
		Eventually(t, "the answer says where to resume", func() bool { return d.Answers() > before })
		d.AwaitMark(1)
		if got := seqs(h); got != "w01:1" {
			t.Errorf("the log holds %s", got)
		}
		d.Send(d.Presses(2, 3))
		d.AwaitMark(3)
		if d.Lost() {
			t.Error("the connection was cut")
		}
		if got := seqs(h); got != "w01:1 w01:2 w01:3" {
			t.Errorf("the log holds %s", got)
		}
	})

	t.Run("what cannot be stored becomes a dead letter and stops nothing", func(t *testing.T) { deadLetters(t, fresh) })

	t.Run("a packet beyond the limit leaves a dead letter without its content", func(t *testing.T) {
		h, device := fresh(t)
		d := device("w01")
		d.Publish(1, strings.Repeat("x", broker.MaxAccepted+100))
		Eventually(t, "the dead letter is there", func() bool { return len(h.DeadLetters()) == 1 })
		letter := h.DeadLetters()[0]
		if letter.Reason != wire.ReasonOverSize || letter.Payload != "" || letter.Size <= broker.MaxAccepted || letter.Agent != "w01" {
			t.Errorf("got %s of %q with %d bytes, size %d", letter.Reason, letter.Agent, len(letter.Payload), letter.Size)
		}
		other := device("w02")
		other.Send(other.Press(1))
	})

	t.Run("many devices at once are each stored whole and in order", func(t *testing.T) { manyDevices(t, fresh) })

	t.Run("a device cut in the middle of a packet leaves nothing half", func(t *testing.T) {
		h, device := fresh(t)
		d := device("w01")
		d.Send(d.Press(1))
		cut := DialRaw(t, w.Addr(h.Broker))
		cut.Write(RawConnect(4, "w02", "", "", "")...)
		cut.Expect(0x20)
		half := RawPublish(4, 1, false, h.Topics.Agent("w02", wire.LeafEvents), 7, d.Press(2))
		cut.Write(half[:len(half)-20]...)
		cut.Close()
		d.Send(d.Press(2))
		d.AwaitMark(2)
		if got := seqs(h); got != "w01:1 w01:2" || len(h.DeadLetters()) != 0 {
			t.Errorf("the log holds %s and %d dead letters", got, len(h.DeadLetters()))
		}
	})

	t.Run("the hub's connection or broker restarts and nothing is lost", func(t *testing.T) {
		h, device := fresh(t)
		d := device("w01")
		d.Send(d.Presses(1, 3))
		d.AwaitMark(3)
		h.Down()
		h.Up()
		again := device("w01") // it does not know how far it came, as after a cut
		again.Send(again.Presses(2, 6))
		again.AwaitMark(6)
		if got := seqs(h); got != "w01:1 w01:2 w01:3 w01:4 w01:5 w01:6" {
			t.Errorf("the log holds %s", got)
		}
	})

	t.Run("a log that cannot store says stored for nothing and loses nothing", func(t *testing.T) {
		h, device := fresh(t)
		d := device("w01")
		d.Send(d.Press(1))
		d.AwaitMark(1)
		h.Gate.Full(true)
		d.Publish(1, d.Press(2))
		Eventually(t, "the hub or the device is cut off", func() bool { return d.Lost() || !h.Broker.Health().Connected })
		if mark, _ := d.Mark(); mark != 1 || len(h.Events()) != 1 {
			t.Errorf("stored %d, the log holds %s", mark, seqs(h))
		}
		h.Gate.Full(false)
		Eventually(t, "the broker is back", func() bool { return h.Broker.Health().Connected })
		if d.Lost() {
			d = device("w01")
		}
		d.Send(d.Presses(2, 3))
		Eventually(t, "all is stored", func() bool { return seqs(h) == "w01:1 w01:2 w01:3" })
	})

	t.Run("a status, a will and a command reach each other's end", func(t *testing.T) {
		h, device := fresh(t)
		d := device("w01", func(o *paho.ClientOptions) {
			o.SetBinaryWill(h.Topics.Agent("w01", wire.LeafStatus), []byte(Status(wire.DeviceOffline)), 1, true)
		})
		d.Say(wire.DeviceOnline)
		d.Say(wire.DeviceOnline)
		Eventually(t, "the hub knows it is online", func() bool { return len(h.Devices.States("w01")) == 2 })
		if n := h.Devices.CameOnlineTimes("w01"); n != 1 {
			t.Errorf("its commanded state was asked for %d times", n)
		}
		if err := h.Broker.Publish(h.Topics.Agent("w01", wire.LeafCommand), []byte(`{"id":"c1","kind":"identify"}`), 1, false); err != nil {
			t.Fatal(err)
		}
		Eventually(t, "the command arrives", func() bool { return len(d.Commands()) == 1 && d.Commands()[0].Kind == wire.CommandIdentify })
		second := device("w01", func(o *paho.ClientOptions) {
			o.SetBinaryWill(h.Topics.Agent("w01", wire.LeafStatus), []byte(Status(wire.DeviceOffline)), 1, true)
		})
		second.Say(wire.DeviceOnline)
		Eventually(t, "the first connection's will comes before the second's status", func() bool {
			states := h.Devices.States("w01")
			return len(states) == 4 && states[2] == wire.DeviceOffline && states[3] == wire.DeviceOnline
		})
		Eventually(t, "its commanded state was asked for again", func() bool { return h.Devices.CameOnlineTimes("w01") == 2 })
		second.Send(second.Press(1))
		second.AwaitMark(1)
	})
}

func deadLetters(t *testing.T, fresh func(*testing.T) (*Hub, func(string, ...func(*paho.ClientOptions)) *Device)) {
	h, device := fresh(t)
	d := device("w01")
	next := uint64(0) // the last seq that has passed
	press := func(from, to string) string { return strings.Replace(d.Press(next+1), from, to, 1) }
	for _, row := range []struct {
		name    string
		qos     byte
		payload func() string
		reason  wire.Reason
		passes  bool // the mark passes it
	}{
		{"text that is no JSON", 1, func() string { return "hello" }, wire.ReasonNotJSON, false},
		{"nothing at all", 1, func() string { return "" }, wire.ReasonNotJSON, false},
		{"bytes that are no text", 1, func() string { return "\xff\xfe\x00" }, wire.ReasonNotJSON, false},
		{"more than 64 KiB", 1, func() string { return press(`"data":{`, `"data":{"x":"`+strings.Repeat("y", wire.MaxPayload)+`",`) }, wire.ReasonOverSize, false},
		{"an event that names another agent", 1, func() string { return press(`"agent":"w01"`, `"agent":"w02"`) }, wire.ReasonWrongAgent, true},
		{"a kind that only the hub writes", 1, func() string { return press("rating.pressed", "window.set") }, wire.ReasonHubOnly, true},
		{"a rating of nine", 1, func() string { return press(`"level":`, `"level":9,"was":`) }, wire.ReasonBadData, true},
		{"an old number with other content", 1, func() string { return strings.Replace(d.Press(next), `"boot":"b1"`, `"boot":"b2"`, 1) }, wire.ReasonConflict, false},
		{"an event at QoS 0", 0, func() string { return press("", "") }, wire.ReasonQoS, false},
		{"an event at QoS 2", 2, func() string { return press("", "") }, wire.ReasonQoS, false},
	} {
		next++ // a good one before each, so that the mark is known
		d.Send(d.Press(next))
		d.AwaitMark(next)
		letters, payload := len(h.DeadLetters()), row.payload()
		d.finish("publish "+row.name, d.Publish(row.qos, payload))
		Eventually(t, row.name+" becomes a dead letter", func() bool { return len(h.DeadLetters()) == letters+1 })
		letter := h.DeadLetters()[letters]
		if letter.Reason != row.reason || letter.Agent != "w01" ||
			letter.Size != len(payload) && row.reason != wire.ReasonConflict { // a conflict is kept in the log's own form
			t.Errorf("%s: got %s (%s) of %q, size %d of %d", row.name, letter.Reason, letter.Detail, letter.Agent, letter.Size, len(payload))
		}
		if row.passes {
			next++
			d.AwaitMark(next)
			refused := d.Refused()
			if len(refused) == 0 || refused[len(refused)-1] != (wire.Refusal{Seq: next, Reason: row.reason}) {
				t.Errorf("%s: refused is %v", row.name, refused)
			}
		}
	}
	next++
	d.Send(d.Press(next))
	d.AwaitMark(next)
	if d.Lost() {
		t.Error("the connection was cut")
	}
	swipe := `{"id":"swipe","at":"2026-11-23T08:58:31+08:00","kind":"card.swiped","data":{"reader":"front","card":"04A2B9C1"}}`
	letters := len(h.DeadLetters())
	d.Send(swipe)
	d.finish("publish a swipe at QoS 0", d.Publish(0, swipe))
	Eventually(t, "the swipe becomes a dead letter", func() bool { return len(h.DeadLetters()) == letters+1 })
	if strings.Contains(lastLetter(h).Payload, "04A2B9C1") {
		t.Errorf("a dead letter shows a card number: %s", lastLetter(h).Payload)
	}
	for _, r := range h.Events() {
		if strings.Contains(string(r.Data), "04A2B9C1") {
			t.Errorf("the log shows a card number: %s", r.Data)
		}
	}
}

func lastLetter(h *Hub) wire.DeadLetter {
	all := h.DeadLetters()
	return all[len(all)-1]
}

func manyDevices(t *testing.T, fresh func(*testing.T) (*Hub, func(string, ...func(*paho.ClientOptions)) *Device)) {
	const devices, events = 12, 40
	h, device := fresh(t)
	all := make([]*Device, devices)
	for i := range all {
		all[i] = device(fmt.Sprintf("w%02d", i+1))
	}
	var wait sync.WaitGroup
	for _, d := range all {
		wait.Go(func() {
			var tokens []paho.Token
			for seq := uint64(1); seq <= events; seq++ {
				tokens = append(tokens, d.Publish(1, d.Press(seq)))
			}
			for _, token := range tokens {
				if !token.WaitTimeout(patience) || token.Error() != nil {
					t.Errorf("%s: %v", d.Agent, token.Error())
					return
				}
			}
		})
	}
	wait.Wait()
	for _, d := range all {
		d.AwaitMark(events)
	}
	last := map[string]uint64{}
	for _, r := range h.Events() {
		if r.Seq != last[r.Agent]+1 {
			t.Errorf("%s: seq %d comes after %d", r.Agent, r.Seq, last[r.Agent])
		}
		last[r.Agent] = r.Seq
	}
	if len(last) != devices {
		t.Errorf("%d devices are in the log", len(last))
	}
}

// seqs tells the events of the log in their order.
func seqs(h *Hub) string {
	var out []string
	for _, r := range h.Events() {
		out = append(out, fmt.Sprintf("%s:%d", r.Agent, r.Seq))
	}
	return strings.Join(out, " ")
}
