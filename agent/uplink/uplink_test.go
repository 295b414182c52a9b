package uplink

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"hallkeeper/agent/outbox"
	"hallkeeper/agent/uplink/uplinktest"
	"hallkeeper/wire"
)

const (
	patience = 30 * time.Second
	agentID  = uplinktest.Agent
)

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// device is an uplink with an outbox.
type device struct {
	*Uplink
	box      *outbox.Outbox
	commands chan wire.Command
	refused  chan wire.Refusal
	stop     context.CancelFunc
	ended    chan error
}

func newDevice(t *testing.T, addr string) *device {
	t.Helper()
	return newDeviceAt(t, "tcp://"+addr, nil)
}

func newDeviceAt(t *testing.T, broker string, who Identity, change ...func(*Config)) *device {
	t.Helper()
	box, err := outbox.Open(t.TempDir(), 100_000, quiet())
	if err != nil {
		t.Fatal(err)
	}
	d := &device{box: box, commands: make(chan wire.Command, 8), refused: make(chan wire.Refusal, 8), ended: make(chan error, 1)}
	cfg := Config{Broker: broker, Identity: who, Hall: uplinktest.Hall, Agent: agentID, Outbox: box, Logger: quiet(),
		Status: func() wire.Status {
			s, _ := box.State()
			return wire.Status{Boot: "b", At: time.Now(), Outbox: &wire.OutboxStatus{ID: s.ID, Pending: s.Pending}}
		},
		Command: func(c wire.Command) { d.commands <- c },
		Refused: func(list []wire.Refusal) {
			for _, r := range list {
				d.refused <- r
			}
		}}
	for _, c := range change {
		c(&cfg)
	}
	d.Uplink = New(cfg)
	ctx, cancel := context.WithCancel(t.Context())
	d.stop = cancel
	go func() { d.ended <- d.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		select {
		case err := <-d.ended:
			if err != nil {
				t.Error(err)
			}
		case <-time.After(patience):
			t.Error("the uplink does not end")
		}
		_ = box.Close()
	})
	return d
}

// press adds events and waits until they are on the disk.
func (d *device) press(t *testing.T, n int) {
	t.Helper()
	kept := make(chan error, n)
	for range n {
		e := wire.Event{ID: fmt.Sprint(time.Now().UnixNano()), Agent: agentID, At: time.Now(), Kind: wire.KindRatingPressed, Data: []byte(`{"level":5}`)}
		for {
			err := d.box.Add(e, func(err error) { kept <- err })
			if err == nil {
				break
			}
			if !errors.Is(err, outbox.ErrBusy) {
				t.Fatal(err)
			}
			time.Sleep(time.Millisecond)
		}
	}
	for range n {
		if err := <-kept; err != nil {
			t.Fatal(err)
		}
	}
}

func (d *device) pending() int {
	s, _ := d.box.State()
	return s.Pending
}

func await(t *testing.T, what string, done func() bool) {
	t.Helper()
	for limit := time.Now().Add(patience); !done(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatalf("%s: not within %v", what, patience)
		}
	}
}

func TestWhatIsPressedIsStoredInOrderAndDeleted(t *testing.T) {
	h := uplinktest.New(t, "127.0.0.1:0")
	d := newDevice(t, h.Addr)
	await(t, "connection", func() bool { ok, _ := d.Connected(); return ok })
	d.press(t, 1)
	await(t, "the first event", func() bool { return d.pending() == 0 })
	h.Locked(func() {
		if len(h.Payloads) == 0 || h.Payloads[0] != 1 {
			t.Errorf("the first event came in a publish of %v", h.Payloads)
		}
	})
	d.press(t, 2000)
	await(t, "all events", func() bool { return d.pending() == 0 })
	h.InOrder(2001)
	await(t, "a status without anything pending", func() bool { s := h.Last(); return s.Outbox != nil && s.Outbox.Pending == 0 })
}

func TestWhatWaitedComesInArrays(t *testing.T) {
	h := uplinktest.New(t, "127.0.0.1:0")
	h.Close()
	d := newDevice(t, h.Addr)
	d.press(t, 600)
	h = uplinktest.New(t, h.Addr) // the broker comes later than the device
	await(t, "all events", func() bool { return d.pending() == 0 })
	h.InOrder(600)
	h.Locked(func() {
		if len(h.Payloads) > 60 {
			t.Errorf("600 events came in %d publishes", len(h.Payloads))
		}
	})
}

func TestWhatTheHubDoesNotAnswerIsSentAgain(t *testing.T) {
	h := uplinktest.New(t, "127.0.0.1:0")
	h.Deaf = 2
	d := newDevice(t, h.Addr)
	await(t, "connection", func() bool { ok, _ := d.Connected(); return ok })
	d.press(t, 3)
	await(t, "all events", func() bool { return d.pending() == 0 })
	h.InOrder(3)
}

func TestAnEventThatIsAheadIsFollowedByTheOneBeforeIt(t *testing.T) {
	h := uplinktest.New(t, "127.0.0.1:0")
	d := newDevice(t, h.Addr)
	await(t, "connection", func() bool { ok, _ := d.Connected(); return ok })
	d.press(t, 1)
	await(t, "the first event", func() bool { return d.pending() == 0 })
	h.Locked(func() { h.Deaf = 1 }) // seq 2 is lost on its way, 3 comes
	d.press(t, 1)
	await(t, "the loss", func() (done bool) { h.Locked(func() { done = h.Deaf == 0 }); return done })
	d.press(t, 1)
	await(t, "all events", func() bool { return d.pending() == 0 })
	h.InOrder(3)
}

func TestNoMoreThanTheWindowIsUnderWay(t *testing.T) {
	h := uplinktest.New(t, "127.0.0.1:0")
	h.Silent = true
	d := newDevice(t, h.Addr)
	d.press(t, 1000)
	// It sends the window, and that again, never more.
	await(t, "sending again", func() (done bool) {
		h.Locked(func() { done = len(h.Came) > 0 && slices.Index(h.Came[1:], 1) >= 0 })
		return done
	})
	h.Locked(func() {
		if most := slices.Max(h.Came); most > window {
			t.Errorf("seq %d was sent with nothing settled", most)
		}
		h.Silent = false
	})
	await(t, "all events", func() bool { return d.pending() == 0 })
	h.InOrder(1000)
}

func TestACutLosesAndDoublesNothing(t *testing.T) {
	h := uplinktest.New(t, "127.0.0.1:0")
	d := newDevice(t, h.Addr)
	for range 5 {
		await(t, "connection", func() bool { ok, _ := d.Connected(); return ok })
		d.press(t, 300)
		h.Cut()
	}
	await(t, "all events", func() bool { return d.pending() == 0 })
	h.InOrder(1500)
}

func TestARefusedEventDoesNotStopTheRest(t *testing.T) {
	h := uplinktest.New(t, "127.0.0.1:0")
	h.Refuse[2] = true
	d := newDevice(t, h.Addr)
	d.press(t, 5)
	await(t, "all events", func() bool { return d.pending() == 0 })
	if got := h.Count(); got != 4 {
		t.Errorf("%d events are stored", got)
	}
	select {
	case r := <-d.refused:
		if r.Seq != 2 || r.Reason != wire.ReasonBadData {
			t.Errorf("told of %+v", r)
		}
	case <-time.After(patience):
		t.Error("nobody was told of the refusal")
	}
}

func TestAnswersForAnotherOutboxAreNotOurs(t *testing.T) {
	h := uplinktest.New(t, "127.0.0.1:0")
	h.Silent = true
	d := newDevice(t, h.Addr)
	await(t, "connection", func() bool { ok, _ := d.Connected(); return ok })
	d.press(t, 3)
	await(t, "the events", func() bool { return h.Count() == 3 })
	h.Answer(wire.Stored{Outbox: "another", Seq: 3})
	h.Publish(wire.LeafStored, "no answer at all")
	h.Publish(wire.LeafCommand, wire.Command{ID: "1", Kind: wire.CommandIdentify})
	select {
	case <-d.commands: // the answers were taken before it
	case <-time.After(patience):
		t.Fatal("the command does not come")
	}
	if d.pending() != 3 {
		t.Errorf("%d events are pending", d.pending())
	}
	h.Answer(wire.Stored{Outbox: d.box.ID(), Seq: 3})
	await(t, "the answer", func() bool { return d.pending() == 0 })
}

func TestARestoredHubGetsAgainWhatTheDeviceStillHas(t *testing.T) {
	h := uplinktest.New(t, "127.0.0.1:0")
	h.Silent = true
	d := newDevice(t, h.Addr)
	d.press(t, 10)
	await(t, "the events", func() bool { return h.Count() == 10 })
	h.Locked(func() { h.Marks[h.Stored[0].Outbox], h.Stored, h.Silent = 4, h.Stored[:4], false }) // a backup from before
	h.Cut()
	await(t, "all events", func() bool { return d.pending() == 0 })
	h.InOrder(10)
}

func TestStatusAndWill(t *testing.T) {
	h := uplinktest.New(t, "127.0.0.1:0")
	d := newDevice(t, h.Addr)
	await(t, "online", func() bool { return h.Last().State == wire.DeviceOnline })
	if s := h.Last(); s.Boot != "b" || s.Outbox == nil || s.Outbox.ID != d.box.ID() {
		t.Errorf("the status is %+v", s)
	}
	var before int
	h.Locked(func() { before = len(h.Statuses) })
	h.Cut()
	await(t, "the will, and online again", func() (done bool) {
		h.Locked(func() {
			after := h.Statuses[before:]
			done = len(after) >= 2 && slices.ContainsFunc(after, func(s wire.Status) bool { return s.State == wire.DeviceOffline }) &&
				after[len(after)-1].State == wire.DeviceOnline
		})
		return done
	})
	d.stop()
	await(t, "offline", func() bool { return h.Last().State == wire.DeviceOffline })
	if !h.Retained() {
		t.Error("the status is not retained")
	}
}

func TestCommandsComeInOrder(t *testing.T) {
	h := uplinktest.New(t, "127.0.0.1:0")
	d := newDevice(t, h.Addr)
	await(t, "connection", func() bool { ok, _ := d.Connected(); return ok })
	for i := range 5 {
		h.Publish(wire.LeafCommand, wire.Command{ID: fmt.Sprint(i), Kind: wire.CommandSignal, Data: []byte(`{"pattern":"counted"}`)})
	}
	for i := range 5 {
		select {
		case c := <-d.commands:
			if c.ID != fmt.Sprint(i) || c.Kind != wire.CommandSignal {
				t.Errorf("command %d is %+v", i, c)
			}
		case <-time.After(patience):
			t.Fatal("a command does not come")
		}
	}
}

func TestAddresses(t *testing.T) {
	for _, good := range []string{"tcp://127.0.0.1:1883", "mqtt://hub.local:1883", "mqtts://hub.local:8883", "tcp://[::1]:1883", "ssl://10.0.0.1:8883"} {
		if err := CheckURL(good); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for _, bad := range []string{"", "127.0.0.1:1883", "tcp://hub.local", "http://hub.local:80", "tcp://:1883", "tcp://hub:1883/path", "tcp://me:secret@hub:1883", "tcp://hub:x"} {
		if CheckURL(bad) == nil {
			t.Errorf("%q is taken for an address", bad)
		}
	}
}
