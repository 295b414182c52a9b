package ingest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"hallkeeper/hub/broker"
	"hallkeeper/hub/eventlog"
	"hallkeeper/wire"
)

// scripted answers each submission as its test says.
type scripted struct {
	answer func([]eventlog.Item) ([]eventlog.Result, error)
	refuse error
	got    []eventlog.Submission
}

func (l *scripted) Submit(s eventlog.Submission) error {
	if l.refuse != nil {
		return l.refuse
	}
	l.got = append(l.got, s)
	results, err := l.answer(s.Items)
	s.Done(results, err)
	return nil
}

type tokens struct{}

func (tokens) CardToken(number string) string { return token(number) }

type heard struct {
	mu     sync.Mutex
	states []wire.Status
	online []string
}

func (h *heard) DeviceStatus(_ string, s wire.Status, _ time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.states = append(h.states, s)
}

func (h *heard) CameOnline(agent string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.online = append(h.online, agent)
}

type published struct {
	mu   sync.Mutex
	err  error
	all  []string
	hold chan struct{}
}

func (p *published) Publish(topic string, payload []byte, _ byte, _ bool) error {
	if p.hold != nil {
		<-p.hold
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all = append(p.all, topic+" "+string(payload))
	return p.err
}

func newIngest(t *testing.T, log Log) (*Ingest, *heard) {
	t.Helper()
	h := &heard{}
	in, err := New(Config{Topics: wire.Topics{Hall: "h1"}, Log: log, Cards: tokens{}, Devices: h,
		Logger: slog.New(slog.DiscardHandler), Metrics: prometheus.NewRegistry()})
	if err != nil {
		t.Fatal(err)
	}
	return in, h
}

func event(seq int, more string) string {
	return fmt.Sprintf(`{"id":"e%d","outbox":"o","seq":%d,"at":"2026-11-23T08:58:31+08:00","kind":"call.pressed"%s}`, seq, seq, more)
}

func TestDeliveriesAreSettledByWhatBecameOfTheirEvents(t *testing.T) {
	stored := eventlog.Result{Outcome: eventlog.Stored, Position: 1, Mark: 1}
	for _, row := range []struct {
		name    string
		results []eventlog.Result
		err     error
		refuse  error
		settled broker.Settlement
		answer  string
	}{
		{"all stored", []eventlog.Result{stored, {Outcome: eventlog.Stored, Mark: 2}}, nil, nil, broker.Acknowledge, `{"outbox":"o","seq":2}`},
		{"all stored before", []eventlog.Result{{Outcome: eventlog.Duplicate, Mark: 9}, {Outcome: eventlog.Duplicate, Mark: 9}}, nil, nil,
			broker.Acknowledge, `{"outbox":"o","seq":9}`},
		{"one refused", []eventlog.Result{{Outcome: eventlog.DeadLettered, Reason: wire.ReasonConflict, Mark: 1}, {Outcome: eventlog.Stored, Mark: 2}}, nil, nil,
			broker.Acknowledge, `{"outbox":"o","seq":2,"refused":[{"seq":1,"reason":"conflict"}]}`},
		{"one ahead", []eventlog.Result{stored, {Outcome: eventlog.Ahead, Mark: 1}}, nil, nil, broker.Withhold, `{"outbox":"o","seq":1}`},
		{"nothing yet, and ahead", []eventlog.Result{{Outcome: eventlog.Ahead}, {Outcome: eventlog.Ahead}}, nil, nil, broker.Withhold, `{"outbox":"o","seq":0}`},
		{"a failed commit", nil, eventlog.ErrUnavailable, nil, broker.Disconnect, ""},
		{"a closed log", nil, nil, eventlog.ErrClosed, broker.Disconnect, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			log := &scripted{refuse: row.refuse, answer: func([]eventlog.Item) ([]eventlog.Result, error) { return row.results, row.err }}
			in, _ := newIngest(t, log)
			var settled []broker.Settlement
			payload := "[" + event(1, "") + "," + event(2, "") + "]"
			in.Deliver(broker.Delivery{Agent: "w01", Payload: []byte(payload), QoS: 1, Size: len(payload),
				Settle: func(s broker.Settlement) { settled = append(settled, s) }})
			if !reflect.DeepEqual(settled, []broker.Settlement{row.settled}) {
				t.Errorf("settled %v", settled)
			}
			answer := ""
			for _, a := range in.answers.take() {
				b, err := json.Marshal(a.stored)
				if err != nil {
					t.Fatal(err)
				}
				answer += string(b)
			}
			if answer != row.answer {
				t.Errorf("answered %s", answer)
			}
			if n := testutil.ToFloat64(in.metrics.settled[row.settled]); n != 1 {
				t.Errorf("counted %v", n)
			}
		})
	}
}

func TestARefusedEventThatIsSentAgainIsRefusedAgain(t *testing.T) {
	log := &scripted{answer: func(items []eventlog.Item) ([]eventlog.Result, error) {
		return []eventlog.Result{{Outcome: eventlog.Duplicate, Mark: 1}}, nil
	}}
	in, _ := newIngest(t, log)
	in.Deliver(broker.Delivery{Agent: "w01", Payload: []byte(event(1, `,"agent":"w02"`)), QoS: 1, Settle: func(broker.Settlement) {}})
	got := in.answers.take()
	if len(got) != 1 || !reflect.DeepEqual(got[0].stored.Refused, []wire.Refusal{{Seq: 1, Reason: wire.ReasonWrongAgent}}) {
		t.Errorf("answered %+v", got)
	}
}

func TestWhatIsSubmitted(t *testing.T) {
	swipe := func(card string) string { return event(1, `,"data":{"card":"`+card+`"}`) }
	for _, row := range []struct {
		name    string
		d       broker.Delivery
		agent   string
		reason  wire.Reason
		seq     uint64
		content string
		size    int
	}{
		{"an event", broker.Delivery{Agent: "w01", QoS: 1, Payload: []byte(swipe("04A2"))}, "w01", "", 1, `{"card":"T(04A2)"}`, 0},
		{"at QoS 0", broker.Delivery{Agent: "w01", QoS: 0, Payload: []byte(swipe("04A2"))}, "w01", wire.ReasonQoS, 0, swipe("T(04A2)"), len(swipe("04A2"))},
		{"no JSON", broker.Delivery{Agent: "w01", QoS: 1, Payload: []byte("\xffcard 04A2")}, "w01", wire.ReasonNotJSON, 0, "\ufffdcard 04A2", 10},
		{"another's event", broker.Delivery{Agent: "w02", QoS: 1, Payload: []byte(event(1, `,"agent":"w01","data":{"card":"04A2"}`))}, "w02",
			wire.ReasonWrongAgent, 1, event(1, `,"agent":"w01","data":{"card":"T(04A2)"}`), len(event(1, `,"agent":"w01","data":{"card":"04A2"}`))},
		{"a packet that was not read", broker.Delivery{Agent: "w01", QoS: 1, Size: 2 << 20}, "w01", wire.ReasonOverSize, 0, "", 2 << 20},
		{"a topic with a name that is none", broker.Delivery{Agent: "窗口 1", QoS: 1, Payload: []byte(event(1, ""))}, "___1", wire.ReasonBadField, 0, event(1, ""), len(event(1, ""))},
	} {
		t.Run(row.name, func(t *testing.T) {
			log := &scripted{answer: func(items []eventlog.Item) ([]eventlog.Result, error) {
				return make([]eventlog.Result, len(items)), nil
			}}
			in, _ := newIngest(t, log)
			row.d.Settle = func(broker.Settlement) {}
			if row.d.Size == 0 {
				row.d.Size = len(row.d.Payload)
			}
			in.Deliver(row.d)
			if len(log.got) != 1 || log.got[0].Agent != row.agent || len(log.got[0].Items) != 1 {
				t.Fatalf("submitted %+v", log.got)
			}
			item := log.got[0].Items[0]
			if item.Event.Seq != row.seq {
				t.Errorf("seq %d", item.Event.Seq)
			}
			if row.reason == "" {
				if item.Dead != nil || string(item.Event.Data) != row.content {
					t.Errorf("got %+v with %s", item.Dead, item.Event.Data)
				}
				return
			}
			if item.Dead == nil || item.Dead.Reason != row.reason || item.Dead.Payload != row.content || item.Dead.Size != row.size {
				t.Errorf("got %+v", item.Dead)
			}
		})
	}
}

func TestALongDeadLetterIsCutAfterItsCardsAreHidden(t *testing.T) {
	log := &scripted{answer: func(items []eventlog.Item) ([]eventlog.Result, error) {
		return make([]eventlog.Result, len(items)), nil
	}}
	in, _ := newIngest(t, log)
	payload := `{"pad":"` + strings.Repeat("x", wire.MaxPayload-20) + `","card":"04A2B9C1D3E4F5"}`
	in.Deliver(broker.Delivery{Agent: "w01", QoS: 1, Payload: []byte(payload), Size: len(payload), Settle: func(broker.Settlement) {}})
	dead := log.got[0].Items[0].Dead
	if dead.Reason != wire.ReasonOverSize || len(dead.Payload) != wire.MaxPayload || dead.Size != len(payload) || strings.Contains(dead.Payload, "04A2") {
		t.Errorf("%s, %d bytes of %d: …%s", dead.Reason, len(dead.Payload), dead.Size, dead.Payload[len(dead.Payload)-40:])
	}
}

func TestAnswersAreJoinedWhileThePublisherIsSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in, _ := newIngest(t, nil)
		pub := &published{hold: make(chan struct{})}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- in.Run(ctx, pub) }()
		in.answers.note("w01", "o", 1, wire.Refusal{})
		synctest.Wait() // the first is being published
		for seq := uint64(2); seq <= 100; seq++ {
			refused := wire.Refusal{}
			if seq%50 == 0 {
				refused = wire.Refusal{Seq: seq, Reason: wire.ReasonBadData}
			}
			in.answers.note("w01", "o", seq, refused)
			in.answers.note("w02", "p", seq, wire.Refusal{})
		}
		close(pub.hold)
		synctest.Wait()
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		want := []string{
			`hall/v1/h1/agents/w01/stored {"outbox":"o","seq":1}`,
			`hall/v1/h1/agents/w01/stored {"outbox":"o","seq":100,"refused":[{"seq":50,"reason":"bad_data"},{"seq":100,"reason":"bad_data"}]}`,
			`hall/v1/h1/agents/w02/stored {"outbox":"p","seq":100}`,
		}
		if !reflect.DeepEqual(pub.all, want) {
			t.Errorf("published\n%s", strings.Join(pub.all, "\n"))
		}
	})
}

func TestManyRefusalsAreToldInSeveralAnswers(t *testing.T) {
	a := newAnswers()
	for seq := uint64(1); seq <= 2*maxRefusals+1; seq++ {
		a.note("w01", "o", seq, wire.Refusal{Seq: seq, Reason: wire.ReasonBadData})
	}
	got := a.take()
	if len(got) != 3 || got[0].stored.Seq != maxRefusals || got[2].stored.Seq != 2*maxRefusals+1 || len(got[2].stored.Refused) != 1 {
		t.Errorf("%d answers", len(got))
	}
	for i := range maxAnswers + 10 {
		a.note("w01", fmt.Sprint(i), 1, wire.Refusal{})
	}
	if n := len(a.take()); n != maxAnswers {
		t.Errorf("%d answers wait", n)
	}
}

func TestAnAnswerThatCannotBePublishedIsCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in, _ := newIngest(t, nil)
		ctx, cancel := context.WithCancel(t.Context())
		go func() { _ = in.Run(ctx, &published{err: errors.New("no broker")}) }()
		in.answers.note("w01", "o", 1, wire.Refusal{})
		synctest.Wait()
		cancel()
		if testutil.ToFloat64(in.metrics.unanswered) != 1 || testutil.ToFloat64(in.metrics.answered) != 0 {
			t.Error("not counted")
		}
	})
}

func TestStatuses(t *testing.T) {
	at := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	for _, row := range []struct {
		name, payload string
		heard         int
		check         func(wire.Status) bool
	}{
		{"a whole one", `{"state":"online","boot":"b","version":"1","at":"2026-11-23T09:00:00Z","clock":"synced","outbox":{"pending":3},"inputs":{"card":{"ok":true}}}`, 1,
			func(s wire.Status) bool { return s.Outbox.Pending == 3 && s.Inputs["card"].OK && s.Version == "1" }},
		{"the least", `{"state":"offline"}`, 1, func(s wire.Status) bool { return s.State == wire.DeviceOffline }},
		{"one with fields of another form", `{"state":"online","at":12,"outbox":"full","inputs":{"card":{"ok":true}},"version":{"x":1}}`, 1,
			func(s wire.Status) bool {
				return s.At.IsZero() && s.Outbox == nil && s.Inputs["card"].OK && s.Version == ""
			}},
		{"an odd clock", `{"state":"online","clock":"sundial"}`, 1, func(s wire.Status) bool { return s.Clock == "" }},
		{"another state", `{"state":"asleep"}`, 0, nil},
		{"no state", `{}`, 0, nil},
		{"no object", `"online"`, 0, nil},
		{"no JSON", `online`, 0, nil},
		{"the removal of a retained one", ``, 0, nil},
	} {
		in, h := newIngest(t, nil)
		in.Status("w01", []byte(row.payload), at)
		if len(h.states) != row.heard || row.check != nil && !row.check(h.states[0]) {
			t.Errorf("%s: heard %+v", row.name, h.states)
		}
	}
}

func TestADeviceCameOnline(t *testing.T) {
	const on, off = `{"state":"online","boot":"b1","version":"1"}`, `{"state":"offline","boot":"b1","version":"1"}`
	for _, row := range []struct {
		name string
		says []string
		n    int
	}{
		{"when it first says so", []string{on}, 1},
		{"not when it says so again", []string{on, on, on}, 1},
		{"after it was offline", []string{on, off, on}, 2},
		{"when it has restarted unnoticed", []string{on, strings.Replace(on, "b1", "b2", 1)}, 2},
		{"when it has another version", []string{on, strings.Replace(on, `"1"`, `"2"`, 1)}, 2},
		{"never when it goes", []string{off, off}, 0},
		{"again after the hub's own connection was cut", []string{on, "connected", on}, 2},
	} {
		in, h := newIngest(t, nil)
		for _, s := range row.says {
			if s == "connected" {
				in.Connected()
				continue
			}
			in.Status("w01", []byte(s), time.Time{})
		}
		if len(h.online) != row.n {
			t.Errorf("%s: %d times", row.name, len(h.online))
		}
	}
}

// FuzzStatus holds that no status brings the hub down or is passed on without a state.
func FuzzStatus(f *testing.F) {
	f.Add([]byte(`{"state":"online","at":12,"outbox":"full","inputs":{"card":{"ok":1}}}`))
	f.Add([]byte(`{"state":"offline","outbox":{"pending":-1,"oldest":"x"}}`))
	f.Fuzz(func(t *testing.T, payload []byte) {
		s, err := parseStatus(payload)
		if err == nil && s.State != wire.DeviceOnline && s.State != wire.DeviceOffline {
			t.Fatalf("state %q", s.State)
		}
	})
}
