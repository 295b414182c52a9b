package live

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"log/slog"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hallkeeper/hub/hall"
	"hallkeeper/hub/policy"
	"hallkeeper/hub/queue"
	"hallkeeper/hub/roster"
	"hallkeeper/hub/view"
	"hallkeeper/wire"
)

var shanghai = time.FixedZone("UTC+8", 8*3600)

// morning is a working day's start.
func morning() time.Time { return time.Date(2026, 11, 23, 8, 50, 0, 0, shanghai) }

// scene is a hall of facts with the live view over them.
type scene struct {
	facts    *Facts
	live     *Live
	line     queue.State
	position wire.Position
	screen   any
	patches  int
	now      time.Time
}

func (s *scene) Publish(patch []byte) {
	var p any
	if err := json.Unmarshal(patch, &p); err != nil {
		panic(err)
	}
	s.screen = merge(s.screen, p)
	s.patches++
}

// merge applies a merge patch as RFC 7396 says.
func merge(target, patch any) any {
	p, ok := patch.(map[string]any)
	if !ok {
		return patch
	}
	t, ok := target.(map[string]any)
	if !ok {
		t = map[string]any{}
	}
	for k, v := range p {
		if v == nil {
			delete(t, k)
		} else {
			t[k] = merge(t[k], v)
		}
	}
	return t
}

func newScene() *scene {
	s := &scene{facts: NewFacts(shanghai), now: morning()}
	params, err := policy.New()
	if err != nil {
		panic(err)
	}
	s.live = New(Config{Hall: wire.LiveHall{ID: "h", Name: "大厅", TimeZone: "Asia/Shanghai"}, Zone: shanghai, Started: s.now,
		Line: func(now time.Time) queue.Now {
			return s.line.Now(roster.Hall{Windows: &s.facts.Roster, Policy: params}, hall.Moment{Now: now, Day: hall.DateOf(now, shanghai), Zone: shanghai}, nil)
		}},
		s.facts, func(fn func()) { fn() }, 0)
	s.screen = s.doc()
	s.live.SetSink(s)
	return s
}

func (s *scene) doc() (v any) {
	s.live.Snapshot(func(data []byte) {
		if err := json.Unmarshal(data, &v); err != nil {
			panic(err)
		}
	})
	return v
}

func (s *scene) hall() (v wire.Live) {
	s.live.Snapshot(func(data []byte) {
		if err := json.Unmarshal(data, &v); err != nil {
			panic(err)
		}
	})
	return v
}

func (s *scene) record(kind wire.Kind, agent string, data any) wire.Record {
	s.position++
	b, err := json.Marshal(data)
	if err != nil {
		panic(err)
	}
	return wire.Record{Position: s.position, StoredAt: s.now, Event: wire.Event{ID: fmt.Sprint(s.position), Agent: agent, At: s.now, Kind: kind, Data: b}}
}

func (s *scene) happen(r ...wire.Record) {
	for i := range r {
		s.facts.Apply(&r[i])
		s.line.Fold(&r[i])
	}
	s.live.Apply(s.position)
}

func (s *scene) later(d time.Duration) {
	s.now = s.now.Add(d)
	s.live.Tick(s.now)
}

func (s *scene) furnished() *scene {
	s.happen(s.record(wire.KindAgentStarted, "a1", wire.AgentStarted{Version: "1"}),
		s.record(wire.KindWindowSet, "", wire.WindowSet{Window: "w1", Number: "01", Name: "综合"}),
		s.record(wire.KindDeviceAssigned, "", wire.DeviceAssigned{Agent: "a1", Window: "w1"}))
	s.online("a1")
	return s
}

func (s *scene) online(agent string) {
	s.live.DeviceStatus(agent, wire.Status{State: wire.DeviceOnline, At: s.now, Boot: "b", Clock: wire.ClockSynced}, s.now)
}

// Whatever happens in whatever order: a screen that had the first snapshot and
// every patch shows what a fresh snapshot would.
func TestPatchesGiveTheSnapshot(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := newScene()
		agent := rapid.SampledFrom([]string{"a1", "a2", "a3"})
		window := rapid.SampledFrom([]string{"w1", "w2"})
		input := rapid.SampledFrom([]string{"rating1", "front"})
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			switch rapid.IntRange(0, 6).Draw(t, "what") {
			case 0, 1:
				s.happen(drawRecords(t, s, agent, window, input)...)
			case 2:
				st := wire.Status{State: rapid.SampledFrom([]wire.DeviceState{wire.DeviceOnline, wire.DeviceOffline}).Draw(t, "state"),
					At: s.now.Add(time.Duration(rapid.IntRange(-20, 20).Draw(t, "skew")) * time.Second)}
				if rapid.Bool().Draw(t, "outbox") {
					st.Outbox = &wire.OutboxStatus{Pending: rapid.IntRange(0, 2).Draw(t, "pending")}
					if at := s.now.Add(-2 * time.Minute); st.Outbox.Pending > 0 {
						st.Outbox.Oldest = &at
					}
				}
				if rapid.Bool().Draw(t, "inputs") {
					st.Inputs = map[string]wire.InputStatus{input.Draw(t, "input"): {OK: rapid.Bool().Draw(t, "ok")}}
				}
				s.live.DeviceStatus(agent.Draw(t, "agent"), st, s.now)
			case 3:
				s.later(time.Duration(rapid.IntRange(0, 40_000).Draw(t, "seconds")) * time.Second)
			case 4:
				s.live.SetWritable(rapid.Bool().Draw(t, "writable"), "why")
			case 5:
				s.live.SetBroker(rapid.Bool().Draw(t, "broker"), "why")
			case 6:
				s.live.SetDeadLetters(rapid.IntRange(0, 3).Draw(t, "letters"))
			}
			if want := s.doc(); !reflect.DeepEqual(s.screen, want) {
				t.Fatalf("the screen shows\n%v\nand the hall is\n%v", s.screen, want)
			}
		}
	})
}

// drawRecords draws a batch in which the same things may change more than once.
func drawRecords(t *rapid.T, s *scene, agent, window, input *rapid.Generator[string]) (out []wire.Record) {
	for range rapid.IntRange(1, 5).Draw(t, "batch") {
		a, w := agent.Draw(t, "agent"), window.Draw(t, "window")
		var r wire.Record
		switch rapid.IntRange(0, 15).Draw(t, "kind") {
		case 0:
			r = s.record(wire.KindAgentStarted, a, wire.AgentStarted{Version: "2"})
		case 1:
			r = s.record(wire.KindWindowSet, "", wire.WindowSet{Window: w, Number: w, Name: rapid.SampledFrom([]string{"甲", "乙"}).Draw(t, "name")})
		case 2:
			r = s.record(wire.KindWindowRemoved, "", wire.WindowRemoved{Window: w})
		case 3:
			r = s.record(wire.KindDeviceAssigned, "", wire.DeviceAssigned{Agent: a, Window: w})
		case 4:
			r = s.record(wire.KindDeviceDismissed, "", wire.DeviceDismissed{Agent: a})
		case 5:
			r = s.record(wire.KindInputStuck, a, wire.InputStuck{Input: input.Draw(t, "input"), HeldMS: 9})
		case 6:
			r = s.record(wire.KindOutboxFull, a, wire.OutboxFull{Refused: 1})
		case 7:
			r = s.record(wire.KindHubStarted, "", wire.HubStarted{})
		case 8:
			r = s.record(wire.KindLogRepaired, "", wire.LogRepaired{Segment: "s"})
		case 9:
			r = s.record(wire.KindCardSwiped, a, wire.CardSwiped{Card: rapid.SampledFrom([]string{"x", "y"}).Draw(t, "card")})
		case 10:
			r = s.record(wire.KindRatingPressed, a, wire.RatingPressed{Level: 5})
		case 11:
			r = s.record(wire.KindDeadLetterDismissed, "", wire.DeadLetterDismissed{Number: 1})
		case 12:
			r = s.record(wire.KindServiceSet, "", wire.ServiceSet{Service: "a", Name: w, Windows: []string{w}, WaitMax: 1})
		case 13:
			r = s.record(wire.KindTicketIssued, "", wire.TicketIssued{Ticket: "t" + a, Number: "A001", Service: "a", Class: "ordinary", Day: "2026-11-23", Place: 1})
		case 14:
			r = s.record(wire.KindTicketCalled, "", wire.TicketCalled{Ticket: "t" + a, Window: w})
		case 15:
			r = s.record(wire.KindNoticePosted, "", wire.NoticePosted{Notice: "n" + a, ZH: w})
		}
		if r.Agent != "" {
			r.Outbox, r.Seq = rapid.SampledFrom([]string{"o1", "o2"}).Draw(t, "outbox"), uint64(r.Position)
		}
		out = append(out, r)
	}
	return out
}

// slicedLog is a log that gives its records in pieces of a length.
type slicedLog struct {
	records []wire.Record
	piece   int
}

func (l slicedLog) Head() wire.Position { return wire.Position(len(l.records)) }

func (l slicedLog) Follow(ctx context.Context, after wire.Position) iter.Seq2[[]wire.Record, error] {
	return func(yield func([]wire.Record, error) bool) {
		for rest := l.records[after:]; len(rest) > 0 && ctx.Err() == nil; {
			n := min(l.piece, len(rest))
			if !yield(rest[:n], nil) {
				return
			}
			rest = rest[n:]
		}
		<-ctx.Done()
	}
}

// Folding live, in pieces, with stops in between, and folding all from the
// first record again give the same views, byte for byte.
func TestAReplayGivesTheSameBytes(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		s := newScene()
		var all []wire.Record
		for range rapid.IntRange(1, 20).Draw(t, "batches") {
			all = append(all, drawRecords(t, s, rapid.SampledFrom([]string{"a1", "a2"}), rapid.SampledFrom([]string{"w1", "w2"}),
				rapid.SampledFrom([]string{"front"}))...)
			s.now = s.now.Add(time.Duration(rapid.IntRange(0, 30).Draw(t, "hours")) * time.Hour)
		}
		folds := func() []view.Fold { return []view.Fold{NewFacts(shanghai)} }
		quiet := slog.New(slog.DiscardHandler)
		live, again := filepath.Join(dir, "live.db"), filepath.Join(dir, "again.db")
		if _, err := view.Replay(t.Context(), slicedLog{}, live, quiet, folds); err != nil {
			t.Fatal(err)
		}
		for stop := 0; stop < len(all); { // a hub that is stopped and started
			stop = min(len(all), stop+rapid.IntRange(1, 30).Draw(t, "run"))
			src := slicedLog{all[:stop], rapid.IntRange(1, 7).Draw(t, "piece")}
			r, _, err := view.New(live, src.Head(), quiet, folds)
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			caughtUp, ended := make(chan struct{}), make(chan error, 1)
			go func() { ended <- r.Run(ctx, src, caughtUp) }()
			<-caughtUp
			cancel()
			if err := <-ended; err != nil {
				t.Fatal(err)
			}
		}
		if _, err := view.Replay(t.Context(), slicedLog{all, 4096}, again, quiet, folds); err != nil {
			t.Fatal(err)
		}
		a, at, err := view.Digest(live)
		if err != nil {
			t.Fatal(err)
		}
		b, to, err := view.Digest(again)
		if err != nil {
			t.Fatal(err)
		}
		if at != to || string(a) != string(b) {
			t.Fatalf("views folded in runs (position %d, %x) and at once (%d, %x) differ", at, a, to, b)
		}
	})
}

func TestWhatATileSays(t *testing.T) {
	tile := func(s *scene) wire.LiveWindow { return s.hall().Windows["w1"] }
	swipe := func(s *scene, card string) {
		s.happen(s.record(wire.KindCardSwiped, "a1", wire.CardSwiped{Card: card}))
	}
	t.Run("a window whose device is there and nobody clocked in is unstaffed", func(t *testing.T) {
		if got := tile(newScene().furnished()).State; got != wire.WindowUnstaffed {
			t.Errorf("got %s", got)
		}
	})
	t.Run("a swipe opens it, a second one leaves it", func(t *testing.T) {
		s := newScene().furnished()
		swipe(s, "x")
		if got := tile(s); got.State != wire.WindowOpen || got.Today.Swipes != 1 {
			t.Errorf("after one swipe: %+v", got)
		}
		swipe(s, "x")
		if got := tile(s).State; got != wire.WindowUnstaffed {
			t.Errorf("after two: %s", got)
		}
	})
	t.Run("presses count today and not tomorrow", func(t *testing.T) {
		s := newScene().furnished()
		swipe(s, "x")
		s.happen(s.record(wire.KindRatingPressed, "a1", wire.RatingPressed{Level: 5}))
		if got := tile(s).Today; got != (wire.LiveDay{Swipes: 1, Ratings: 1}) {
			t.Errorf("today: %+v", got)
		}
		s.later(24 * time.Hour)
		if got := tile(s); got.Today != (wire.LiveDay{}) || got.Staffed {
			t.Errorf("tomorrow: %+v", got)
		}
	})
	t.Run("a will cuts it off, and says since when", func(t *testing.T) {
		s := newScene().furnished()
		s.now = s.now.Add(time.Minute)
		s.live.DeviceStatus("a1", wire.Status{State: wire.DeviceOffline, At: s.now}, s.now)
		got := tile(s)
		if got.State != wire.WindowCutOff || got.CutOffSince == nil || !got.CutOffSince.Equal(s.now) {
			t.Errorf("got %+v", got)
		}
		if _, ok := s.hall().Alarms["device_cut_off/a1"]; !ok {
			t.Error("there is no alarm")
		}
		s.online("a1")
		if got := tile(s); got.State != wire.WindowUnstaffed || got.CutOffSince != nil || len(s.hall().Alarms) != 0 {
			t.Errorf("after it came back: %+v %v", got, s.hall().Alarms)
		}
	})
	t.Run("after the hub's start it is cut off until it is heard, without an alarm for ten seconds", func(t *testing.T) {
		s := newScene().furnished()
		s.live = New(s.live.cfg, s.facts, func(fn func()) { fn() }, 0)
		if got := tile(s).State; got != wire.WindowCutOff || len(s.hall().Alarms) != 0 {
			t.Errorf("at the start: %s %v", got, s.hall().Alarms)
		}
		s.later(11 * time.Second)
		if len(s.hall().Alarms) != 1 {
			t.Errorf("later: %v", s.hall().Alarms)
		}
	})
	t.Run("a lost broker cuts all off", func(t *testing.T) {
		s := newScene().furnished()
		s.live.SetBroker(false, "refused")
		if got := tile(s).State; got != wire.WindowCutOff {
			t.Errorf("got %s", got)
		}
		s.live.SetBroker(true, "")
		s.online("a1")
		if got := tile(s).State; got != wire.WindowUnstaffed || len(s.hall().Alarms) != 0 {
			t.Errorf("healed: %s %v", got, s.hall().Alarms)
		}
	})
}

func TestAlarms(t *testing.T) {
	alarms := func(s *scene) map[string]wire.Alarm { return s.hall().Alarms }
	t.Run("a stranger is shown as unassigned until somebody assigns or dismisses it", func(t *testing.T) {
		s := newScene().furnished()
		s.happen(s.record(wire.KindRatingPressed, "x9", wire.RatingPressed{Level: 5}))
		if _, ok := alarms(s)["device_unassigned/x9"]; !ok {
			t.Error("there is no alarm")
		}
		s.happen(s.record(wire.KindDeviceDismissed, "", wire.DeviceDismissed{Agent: "x9"}))
		if len(alarms(s)) != 0 {
			t.Error("the alarm stays")
		}
	})
	t.Run("events that wait for more than a minute", func(t *testing.T) {
		s := newScene().furnished()
		oldest := s.now.Add(-61 * time.Second)
		s.live.DeviceStatus("a1", wire.Status{State: wire.DeviceOnline, At: s.now, Outbox: &wire.OutboxStatus{Pending: 3, Oldest: &oldest}}, s.now)
		if a := alarms(s)["outbox_old/a1"]; !a.Since.Equal(oldest) || a.Window != "w1" || a.Values["pending"] != "3" {
			t.Errorf("got %+v", alarms(s))
		}
	})
	t.Run("a stuck input, until the device says that it is well", func(t *testing.T) {
		s := newScene().furnished()
		s.happen(s.record(wire.KindInputStuck, "a1", wire.InputStuck{Input: "rating1", HeldMS: 10_000}))
		if _, ok := alarms(s)["input_fault/a1/rating1"]; !ok {
			t.Fatal("there is no alarm")
		}
		s.now = s.now.Add(time.Second)
		s.live.DeviceStatus("a1", wire.Status{State: wire.DeviceOnline, At: s.now, Inputs: map[string]wire.InputStatus{"rating1": {OK: true}}}, s.now)
		s.later(time.Second)
		if len(alarms(s)) != 0 {
			t.Errorf("the alarm stays: %v", alarms(s))
		}
	})
	t.Run("a retained status that arrives late is no wrong clock, one that is refreshed late is", func(t *testing.T) {
		s := newScene().furnished()
		late := func() {
			s.live.DeviceStatus("a2", wire.Status{State: wire.DeviceOnline, At: s.now.Add(-time.Hour), Boot: "c"}, s.now)
		}
		s.happen(s.record(wire.KindWindowSet, "", wire.WindowSet{Window: "w2", Number: "02", Name: "税务"}),
			s.record(wire.KindDeviceAssigned, "", wire.DeviceAssigned{Agent: "a2", Window: "w2"}))
		late()
		if len(alarms(s)) != 0 {
			t.Errorf("at first: %v", alarms(s))
		}
		late()
		if _, ok := alarms(s)["clock_unsynced/a2"]; !ok {
			t.Error("there is no alarm at the second")
		}
	})
	t.Run("what is missing of an outbox, from where to where", func(t *testing.T) {
		s := newScene().furnished()
		s.happen(s.record(wire.KindOutboxGap, "", wire.OutboxGap{Agent: "a1", Outbox: "o", From: 5, To: 9}))
		if a := alarms(s)["outbox_gap/a1"]; a.Values["from"] != "5" || a.Values["to"] != "9" || a.Values["outbox"] != "o" {
			t.Errorf("got %+v", a)
		}
	})
	t.Run("a repair, until the hub starts without one", func(t *testing.T) {
		s := newScene().furnished()
		s.happen(s.record(wire.KindHubStarted, "", wire.HubStarted{}), s.record(wire.KindLogRepaired, "", wire.LogRepaired{Segment: "s1", Found: "f", Did: "d"}))
		if a := alarms(s)["log_repaired/s1"]; a.Detail != "f; d" {
			t.Errorf("got %+v", alarms(s))
		}
		s.happen(s.record(wire.KindHubStarted, "", wire.HubStarted{}))
		if len(alarms(s)) != 0 {
			t.Error("the alarm stays")
		}
	})
	t.Run("dead letters that nobody has dismissed", func(t *testing.T) {
		s := newScene().furnished()
		s.live.SetDeadLetters(2)
		if s.hall().DeadLetters != 2 || len(alarms(s)) != 1 {
			t.Errorf("got %d %v", s.hall().DeadLetters, alarms(s))
		}
		s.happen(s.record(wire.KindDeadLetterDismissed, "", wire.DeadLetterDismissed{Number: 1}), s.record(wire.KindDeadLetterDismissed, "", wire.DeadLetterDismissed{Number: 2}))
		if s.hall().DeadLetters != 0 || len(alarms(s)) != 0 {
			t.Errorf("got %d %v", s.hall().DeadLetters, alarms(s))
		}
	})
}

// Clocks are wrong sometimes, and the hall goes on.
func TestWrongClocks(t *testing.T) {
	swipe := func(s *scene, card string, at time.Time) wire.Record {
		r := s.record(wire.KindCardSwiped, "a1", wire.CardSwiped{Reader: "front", Card: card})
		r.At = at
		return r
	}
	check := func(t *testing.T, s *scene, swipes int) {
		t.Helper()
		w := s.hall().Windows["w1"]
		if w.Today.Swipes != swipes || !w.Staffed || w.LastEventAt == nil || w.LastEventAt.After(s.now) {
			t.Errorf("the window shows %+v, want staffed with %d swipes", w, swipes)
		}
	}
	t.Run("a device in another century counts as now", func(t *testing.T) {
		s := newScene().furnished()
		s.happen(swipe(s, "c1", s.now.AddDate(100, 0, 0)))
		check(t, s, 1)
		s.later(time.Second)
		s.happen(swipe(s, "c2", s.now))
		check(t, s, 2)
	})
	t.Run("a hub that was in another century comes back", func(t *testing.T) {
		s := newScene().furnished()
		now := s.now
		s.later(100 * 365 * 24 * time.Hour)
		s.happen(swipe(s, "c1", s.now))
		s.now = now
		s.later(time.Second)
		s.happen(swipe(s, "c1", s.now))
		check(t, s, 1)
	})
	t.Run("a step over midnight loses nobody", func(t *testing.T) {
		s := newScene().furnished()
		midnight, err := time.ParseInLocation(time.DateOnly, s.hall().Hall.Day, shanghai)
		if err != nil {
			t.Fatal(err)
		}
		s.now = midnight.AddDate(0, 0, 1)
		s.later(time.Second)
		s.happen(swipe(s, "c1", s.now))
		r := swipe(s, "c2", s.now.Add(-5*time.Second))
		r.StoredAt = r.At
		s.happen(r)
		check(t, s, 1)
	})
}

func TestAQuietSecondSendsNothing(t *testing.T) {
	s := newScene().furnished()
	s.later(time.Second)
	n := s.patches
	s.later(time.Second)
	s.later(time.Second)
	if s.patches != n {
		t.Errorf("%d patches in which nothing changed", s.patches-n)
	}
}
