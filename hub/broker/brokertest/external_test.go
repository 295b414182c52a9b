package brokertest

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"hallkeeper/hub/broker"
	"hallkeeper/wire"
)

func external(m *Mosquitto) Start {
	return func(t testing.TB, topics wire.Topics, sink broker.Sink) broker.Broker {
		t.Helper()
		b, err := broker.NewExternal(broker.ExternalConfig{URL: m.URL(), Topics: topics}, sink, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
}

func TestMosquitto(t *testing.T) {
	m := StartMosquitto(t)
	Suite(t, World{Start: external(m), Addr: func(broker.Broker) string { return m.Addr }})
}

func TestTheHubFindsABrokerThatWasKilled(t *testing.T) {
	m := StartMosquitto(t)
	h := NewHub(t, "h1", external(m))
	d := Connect(t, m.Addr, h.Topics, "w01")
	d.Say(wire.DeviceOnline)
	d.Send(d.Presses(1, 3))
	d.AwaitMark(3)
	m.Kill()
	Eventually(t, "the hub knows that the broker is gone", func() bool { return !h.Broker.Health().Connected })
	if h.Broker.Health().Detail == "" {
		t.Error("nothing says why")
	}
	if err := h.Broker.Publish("x", nil, 0, false); err == nil {
		t.Error("a publish without a broker is no error")
	}
	m.Start(t)
	Eventually(t, "the hub has found the broker again", func() bool { return h.Broker.Health().Connected })
	again := Connect(t, m.Addr, h.Topics, "w01")
	again.Say(wire.DeviceOnline)
	again.Send(again.Presses(1, 6))
	again.AwaitMark(6)
	if got := seqs(h); got != "w01:1 w01:2 w01:3 w01:4 w01:5 w01:6" {
		t.Errorf("the log holds %s", got)
	}
	Eventually(t, "its commanded state was asked for again", func() bool { return h.Devices.CameOnlineTimes("w01") == 2 })
}

func TestTheBrokerKeepsWhatComesWhileTheHubIsDown(t *testing.T) {
	m := StartMosquitto(t)
	h := NewHub(t, "h1", external(m))
	d := Connect(t, m.Addr, h.Topics, "w01")
	h.Down()
	for i := range 30 { // a device without an outbox
		d.Send(fmt.Sprintf(`{"id":"e%d","at":"2026-11-23T08:58:31+08:00","kind":"call.pressed"}`, i))
	}
	h.Up()
	Eventually(t, "all are stored", func() bool { return len(h.Events()) == 30 })
	for i, r := range h.Events() {
		if r.ID != fmt.Sprintf("e%d", i) {
			t.Fatalf("event %d is %s", i, r.ID)
		}
	}
}

func TestEventsThatAreAheadDoNotFillTheBrokersWindow(t *testing.T) {
	m := StartMosquitto(t, "max_inflight_messages 2")
	h := NewHub(t, "h1", external(m))
	d := Connect(t, m.Addr, h.Topics, "w01")
	for seq := uint64(10); seq < 20; seq++ {
		d.Send(d.Press(seq))
	}
	d.Send(d.Press(1))
	d.AwaitMark(1)
}

func TestARetainedPublishAtQoS0IsADeadLetterOnce(t *testing.T) {
	m := StartMosquitto(t)
	h := NewHub(t, "h1", external(m))
	d := Connect(t, m.Addr, h.Topics, "w01")
	d.finish("publish", d.Client.Publish(h.Topics.Agent("w01", wire.LeafEvents), 0, true, d.Press(1)))
	Eventually(t, "the dead letter is there", func() bool { return len(h.DeadLetters()) == 1 })
	h.Down()
	h.Up()
	d.Send(d.Press(1)) // behind the retained one, on the same connection
	d.AwaitMark(1)
	if n := len(h.DeadLetters()); n != 1 {
		t.Errorf("%d dead letters", n)
	}
}

func TestBrokerURLs(t *testing.T) {
	for _, row := range []struct{ url, addr, says string }{
		{"mqtt://broker.example", "mqtt://broker.example:1883", ""},
		{"mqtts://hub:secret@broker.example", "mqtts://hub:xxxxx@broker.example:8883", ""},
		{"wss://broker.example/mqtt", "wss://broker.example:443/mqtt", ""},
		{"tcp://10.0.0.5:1884", "tcp://10.0.0.5:1884", ""},
		{"http://hub:secret@broker.example", "", "must be like mqtt://host:1883"},
		{"broker.example:1883", "", "must be like mqtt://host:1883"},
		{"mqtt://hub:secret@broker.example:port", "", "must be like mqtt://host:1883"},
		{"", "", "must be like mqtt://host:1883"},
	} {
		b, err := broker.NewExternal(broker.ExternalConfig{URL: row.url}, nil, slog.New(slog.DiscardHandler))
		switch {
		case row.says == "" && (err != nil || b.Addr() != row.addr):
			t.Errorf("%s: got %v", row.url, err)
		case row.says != "" && (err == nil || !strings.Contains(err.Error(), row.says) || strings.Contains(err.Error(), "secret")):
			t.Errorf("%s: got %v", row.url, err)
		}
	}
}
