package brokertest

import (
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"hallkeeper/hub/broker"
	"hallkeeper/wire"
)

// absence is how long a test watches that something does not happen. It can
// only miss a fault, never invent one.
const absence = 50 * time.Millisecond

// First bytes of control packets.
const (
	connack, puback, pubrec, pubrel, pubcomp, suback, disconnect = 0x20, 0x40, 0x50, 0x62, 0x70, 0x90, 0xe0
)

func embedded(addr string) Start {
	return func(t testing.TB, topics wire.Topics, sink broker.Sink) broker.Broker {
		t.Helper()
		b, err := broker.NewEmbedded(broker.EmbeddedConfig{Addr: addr, Topics: topics}, sink, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
}

func TestEmbedded(t *testing.T) {
	Suite(t, World{Start: embedded("127.0.0.1:0"), Addr: broker.Broker.Addr})
}

func newEmbedded(t *testing.T) *Hub { return NewHub(t, "h1", embedded("127.0.0.1:0")) }

func (h *Hub) raw(t *testing.T, version byte, id string) *Raw {
	t.Helper()
	r := DialRaw(t, h.Broker.Addr())
	r.Write(RawConnect(version, id, "", "", "")...)
	if body := r.Expect(connack); body[1] != 0 {
		t.Fatalf("the connection was refused: %x", body)
	}
	return r
}

func TestPubackComesAfterTheCommit(t *testing.T) {
	h := newEmbedded(t)
	d := Connect(t, h.Broker.Addr(), h.Topics, "w01")
	h.Gate.Hold()
	token := d.Publish(1, d.Press(1))
	Eventually(t, "the commit is held", func() bool { return h.Gate.Held() == 1 })
	if token.WaitTimeout(absence) {
		t.Fatal("the PUBACK came before the commit")
	}
	if d.Answers() != 0 {
		t.Fatal("stored was said before the commit")
	}
	h.Gate.Release()
	d.finish("publish", token)
	d.AwaitMark(1)
}

func TestAnEventThatIsAheadGetsNoPuback(t *testing.T) {
	h := newEmbedded(t)
	d := Connect(t, h.Broker.Addr(), h.Topics, "w01")
	ahead := d.Publish(1, d.Press(3))
	d.Send(d.Press(1))
	d.AwaitMark(1)
	if ahead.WaitTimeout(absence) {
		t.Error("the event that is ahead was acknowledged")
	}
	if d.Lost() {
		t.Error("the connection was cut")
	}
}

func TestAddressesThatCannotBeServed(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	for _, row := range []struct{ name, addr, says string }{
		{"a port that another program has", taken.Addr().String(), "is taken by another program"},
		{"every interface", "0.0.0.0:0", "not on this machine's loopback"},
		{"another machine", "192.0.2.1:0", "not on this machine's loopback"},
		{"no port", "127.0.0.1", "must be host:port"},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := broker.NewEmbedded(broker.EmbeddedConfig{Addr: row.addr}, nil, slog.New(slog.DiscardHandler))
			if err == nil || !strings.Contains(err.Error(), row.says) || !strings.Contains(err.Error(), row.addr) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestAnAddressWithoutAHostIsTheLoopback(t *testing.T) {
	b, err := broker.NewEmbedded(broker.EmbeddedConfig{Addr: ":0"}, nil, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	if addr, err := netip.ParseAddrPort(b.Addr()); err != nil || !addr.Addr().IsLoopback() {
		t.Errorf("it is served on %s", b.Addr())
	}
}

func TestWillsAreForTheClientsOwnStatusAlone(t *testing.T) {
	h := newEmbedded(t)
	for _, row := range []struct {
		name, id, user, topic string
		taken                 bool
	}{
		{"its own status by client id", "w01", "", h.Topics.Agent("w01", wire.LeafStatus), true},
		{"its own status by user name", "any", "w02", h.Topics.Agent("w02", wire.LeafStatus), true},
		{"another's status", "w03", "", h.Topics.Agent("w01", wire.LeafStatus), false},
		{"its own events", "w04", "", h.Topics.Agent("w04", wire.LeafEvents), false},
		{"a command to itself", "w05", "", h.Topics.Agent("w05", wire.LeafCommand), false},
		{"another hall's status", "w06", "", "hall/v1/other/agents/w06/status", false},
		{"the live topic", "w07", "", h.Topics.Live(), false},
	} {
		for _, version := range []byte{4, 5} {
			t.Run(fmt.Sprintf("%s, MQTT %d", row.name, version), func(t *testing.T) {
				r := DialRaw(t, h.Broker.Addr())
				r.Write(RawConnect(version, row.id, row.user, row.topic, Status(wire.DeviceOffline))...)
				body := r.Expect(connack)
				if got := body[1] == 0; got != row.taken {
					t.Fatalf("CONNACK %x", body)
				}
				before := len(h.Devices.States("w01")) + len(h.Devices.States("w02"))
				r.Close()
				if row.taken {
					Eventually(t, "the will is heard", func() bool {
						return len(h.Devices.States("w01"))+len(h.Devices.States("w02")) == before+1
					})
				}
			})
		}
	}
	if n := len(h.DeadLetters()); n != 0 {
		t.Errorf("%d dead letters", n)
	}
}

func TestOnlyTheHubPublishesWhatTheHubSays(t *testing.T) {
	h := newEmbedded(t)
	for _, topic := range []string{h.Topics.Agent("w01", wire.LeafStored), h.Topics.Agent("w01", wire.LeafCommand), h.Topics.Live(),
		"hall/v1/other/agents/w01/events", "anything", h.Topics.Prefix() + "/agents/w01/events/more"} {
		t.Run(topic, func(t *testing.T) {
			three := h.raw(t, 4, "three")
			three.Write(RawPublish(4, 1, false, topic, 9, "{}")...)
			if p, open := three.Read(); open && p.First != disconnect {
				t.Errorf("MQTT 3.1.1: got packet %#x", p.First)
			}
			five := h.raw(t, 5, "five")
			five.Write(RawPublish(5, 1, false, topic, 9, "{}")...)
			if body := five.Expect(puback); len(body) < 3 || body[2] != 0x87 {
				t.Errorf("MQTT 5: got PUBACK %x, not 'not authorized'", body)
			}
		})
	}
	if len(h.Events()) != 0 || len(h.DeadLetters()) != 0 {
		t.Error("something reached the log")
	}
}

func TestQoS2IsAnsweredToItsEnd(t *testing.T) {
	for _, version := range []byte{4, 5} {
		t.Run(fmt.Sprintf("MQTT %d", version), func(t *testing.T) {
			h := newEmbedded(t)
			r := h.raw(t, version, "w01")
			topic := h.Topics.Agent("w01", wire.LeafEvents)
			h.Gate.Hold()
			r.Write(RawPublish(version, 2, false, topic, 5, `{"kind":"call.pressed"}`)...)
			Eventually(t, "the commit is held", func() bool { return h.Gate.Held() == 1 })
			r.Write(RawPublish(version, 2, true, topic, 5, `{"kind":"call.pressed"}`)...)
			if p, open := r.ReadWithin(absence); open {
				t.Fatalf("packet %#x came before the commit", p.First)
			}
			h.Gate.Release()
			if body := r.Expect(pubrec); body[1] != 5 {
				t.Fatalf("PUBREC %x", body)
			}
			r.Write(pubrel, 2, 0, 5)
			if body := r.Expect(pubcomp); body[1] != 5 || len(body) > 2 && body[2] != 0 {
				t.Fatalf("PUBCOMP %x", body)
			}
			if n := len(h.DeadLetters()); n != 1 {
				t.Errorf("%d dead letters", n)
			}
		})
	}
}

func TestAClientThatDoesNotReadHoldsUpNobody(t *testing.T) {
	h := newEmbedded(t)
	stuck := h.raw(t, 4, "stuck")
	stuck.Write(RawSubscribe(1, h.Topics.Live())...)
	stuck.Expect(suback)
	d := Connect(t, h.Broker.Addr(), h.Topics, "w01")
	patch := []byte(strings.Repeat("x", 32<<10))
	slowest := time.Duration(0)
	for i := range 1000 { // 32 MB, far more than sockets and buffers hold
		began := time.Now()
		if err := h.Broker.Publish(h.Topics.Live(), patch, byte(i%2), false); err != nil {
			t.Fatal(err)
		}
		slowest = max(slowest, time.Since(began))
	}
	if slowest > 2*time.Second {
		t.Errorf("a publish took %s", slowest)
	}
	d.Send(d.Press(1))
	d.AwaitMark(1)
}

func TestAClientThatIgnoresItsLimitIsReadNoFurther(t *testing.T) {
	h := newEmbedded(t)
	h.Gate.Hold()
	r := h.raw(t, 4, "w01")
	const sent, window = 3000, 1024
	written := make(chan struct{})
	go func() {
		defer close(written)
		for i := range sent {
			r.Write(RawPublish(4, 1, false, h.Topics.Agent("w01", wire.LeafEvents), uint16(i+1),
				fmt.Sprintf(`{"id":"e%d","at":"2026-11-23T08:58:31+08:00","kind":"call.pressed"}`, i))...)
		}
	}()
	Eventually(t, "the window is full", func() bool { return h.Gate.Held() == window })
	other := Connect(t, h.Broker.Addr(), h.Topics, "w02")
	token := other.Publish(1, other.Press(1))
	Eventually(t, "another client goes on", func() bool { return h.Gate.Held() == window+1 })
	h.Gate.Release()
	other.finish("publish", token)
	for i := range sent {
		if body := r.Expect(puback); int(body[0])<<8|int(body[1]) != i+1 {
			t.Fatalf("PUBACK %x is not number %d", body, i+1)
		}
	}
	<-written
}

func TestTheNewestConnectionOfAClientIDIsTheOneThatLives(t *testing.T) {
	h := newEmbedded(t)
	will := RawConnect(4, "w01", "", h.Topics.Agent("w01", wire.LeafStatus), Status(wire.DeviceOffline))
	for range 5 {
		var wait sync.WaitGroup
		for range 8 {
			wait.Go(func() {
				r := DialRaw(t, h.Broker.Addr())
				r.Write(will...)
				r.Read()
			})
		}
		wait.Wait()
		d := Connect(t, h.Broker.Addr(), h.Topics, "w01")
		d.Say(wire.DeviceOnline)
		if err := h.Broker.Publish(h.Topics.Agent("w01", wire.LeafCommand), []byte(`{"id":"c1","kind":"identify"}`), 1, false); err != nil {
			t.Fatal(err)
		}
		Eventually(t, "it hears commands", func() bool { return len(d.Commands()) == 1 })
		if states := h.Devices.States("w01"); states[len(states)-1] != wire.DeviceOnline {
			t.Fatal("a will of an older connection came after the status of the newest")
		}
	}
	Eventually(t, "the others are gone", func() bool { return h.Broker.Health().Clients == 1 })
}

func TestMQTT5IsToldWhyItIsCutOff(t *testing.T) {
	h := newEmbedded(t)
	for _, row := range []struct {
		name string
		do   func(*Raw)
		code byte
	}{
		{"its client id connects again", func(*Raw) { h.raw(t, 5, "w01") }, 0x8e},
		{"the log cannot store", func(r *Raw) {
			h.Gate.Full(true)
			r.Write(RawPublish(5, 1, false, h.Topics.Agent("w01", wire.LeafEvents), 1, "{}")...)
		}, 0x88},
		{"the hub stops", func(*Raw) { h.Gate.Full(false); h.Down() }, 0x8b},
	} {
		r := h.raw(t, 5, "w01")
		row.do(r)
		if body := r.Expect(disconnect); body[0] != row.code {
			t.Errorf("%s: DISCONNECT %#x, not %#x", row.name, body[0], row.code)
		}
		if _, open := r.Read(); open {
			t.Errorf("%s: the connection is open", row.name)
		}
	}
}

func TestAWillIsHeardWhenTheHubCutsADeviceOff(t *testing.T) {
	h := newEmbedded(t)
	r := DialRaw(t, h.Broker.Addr())
	r.Write(RawConnect(4, "w01", "", h.Topics.Agent("w01", wire.LeafStatus), Status(wire.DeviceOffline))...)
	r.Expect(connack)
	h.Gate.Full(true)
	r.Write(RawPublish(4, 1, false, h.Topics.Agent("w01", wire.LeafEvents), 1, "{}")...)
	Eventually(t, "the will is heard", func() bool { return len(h.Devices.States("w01")) == 1 })
}

func TestTheHubsOwnClientIDIsRefused(t *testing.T) {
	h := newEmbedded(t)
	r := DialRaw(t, h.Broker.Addr())
	r.Write(RawConnect(4, "inline", "", "", "")...)
	if body := r.Expect(connack); body[1] == 0 {
		t.Fatal("it was taken")
	}
	d := Connect(t, h.Broker.Addr(), h.Topics, "w01")
	d.Send(d.Press(1))
	d.AwaitMark(1)
}

func TestARetainedStatusGreetsALateSubscriber(t *testing.T) {
	h := newEmbedded(t)
	d := Connect(t, h.Broker.Addr(), h.Topics, "w01")
	d.Say(wire.DeviceOnline)
	r := h.raw(t, 4, "screen")
	r.Write(RawSubscribe(1, h.Topics.Every(wire.LeafStatus))...)
	r.Expect(suback)
	p, open := r.Read()
	if !open || p.First&0xf1 != 0x31 || !strings.HasSuffix(string(p.Body), Status(wire.DeviceOnline)) {
		t.Errorf("got %#x %q", p.First, p.Body)
	}
}

func TestTheAddressIsFreeAgainAfterAStop(t *testing.T) {
	h := newEmbedded(t)
	h.start = embedded(h.Broker.Addr())
	for range 3 {
		h.raw(t, 4, "idle")         // connected
		DialRaw(t, h.Broker.Addr()) // has not said who it is
		h.Down()
		h.Up()
	}
}

func TestADeviceOfAnotherHallIsRefusedAndTold(t *testing.T) {
	told := make(chan string, 4)
	h := NewHub(t, "h1", func(t testing.TB, topics wire.Topics, sink broker.Sink) broker.Broker {
		b, err := broker.NewEmbedded(broker.EmbeddedConfig{Addr: "127.0.0.1:0", Topics: topics, Refused: func(device, hall string) { told <- device + " of " + hall }},
			sink, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		return b
	})
	other := wire.Topics{Hall: "h2"}
	r := DialRaw(t, h.Broker.Addr())
	r.Write(RawConnect(4, "hallkeeper-agent-h2-w01", "w01", other.Agent("w01", wire.LeafStatus), "{}")...)
	if body := r.Expect(connack); body[1] != 5 {
		t.Errorf("it is answered %x, want 5: not authorised", body)
	}
	select {
	case got := <-told:
		if got != "w01 of h2" {
			t.Errorf("told %q", got)
		}
	case <-time.After(10 * time.Second):
		t.Error("nobody is told")
	}
}
