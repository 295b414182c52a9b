package push

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"pgregory.net/rapid"
)

func TestAThousandScreensGetEveryPatchInOrder(t *testing.T) {
	const screens, patches = 1000, 100
	view := newHall()
	hub, url := serve(t, view, Config{MaxScreens: screens, Backlog: patches})
	conns := make([]*websocket.Conn, screens)
	mirrors := make([]mirrored, screens)
	var group sync.WaitGroup
	slots := make(chan struct{}, 64) // the listener's queue is short
	for i := range conns {
		slots <- struct{}{}
		group.Go(func() {
			defer func() { <-slots }()
			conns[i] = dial(t, url, 0)
			if err := until(conns[i], &mirrors[i], func() bool { return mirrors[i].snapshots == 1 }); err != nil {
				t.Errorf("screen %d: %v", i, err)
			}
		})
	}
	group.Wait()
	if t.Failed() {
		return
	}
	if got := hub.Screens(); got != screens {
		t.Fatalf("%d screens are connected, want %d", got, screens)
	}
	for i := range conns {
		group.Go(func() {
			if err := until(conns[i], &mirrors[i], func() bool { return mirrors[i].seq == patches }); err != nil {
				t.Errorf("screen %d: %v", i, err)
			}
		})
	}
	for n := range patches {
		view.change(fmt.Sprintf("window-%d", n%12), n)
	}
	group.Wait()
	for i := range mirrors {
		if m := &mirrors[i]; m.patches != patches || m.snapshots != 1 || !maps.Equal(m.state, view.copy()) {
			t.Fatalf("screen %d got %d patches and %d snapshots and shows %v", i, m.patches, m.snapshots, m.state)
		}
	}
	if view.built > 50 {
		t.Errorf("%d snapshots were built for %d screens", view.built, screens)
	}
}

func TestASlowScreenGetsOneSnapshotAndDelaysNobody(t *testing.T) {
	const backlog = 16
	view := newHall()
	view.padding = `"` + strings.Repeat("x", 8<<10) + `"`
	hub, url := serve(t, view, Config{Backlog: backlog, SendBuffer: 4 << 10, CompressFrom: -1, WriteTimeout: time.Minute})
	slow, slowMirror := dial(t, url, 4<<10), mirrored{}
	fast, fastMirror := dial(t, url, 0), mirrored{}
	for _, s := range []struct {
		conn *websocket.Conn
		m    *mirrored
	}{{slow, &slowMirror}, {fast, &fastMirror}} {
		if err := until(s.conn, s.m, func() bool { return s.m.snapshots == 1 }); err != nil {
			t.Fatal(err)
		}
	}
	const patches = 200
	for n := 1; n <= patches; n++ {
		view.change("window-1", n)
		if err := until(fast, &fastMirror, func() bool { return fastMirror.seq == uint64(n) }); err != nil {
			t.Fatalf("the fast screen: %v", err)
		}
	}
	if fastMirror.patches != patches || fastMirror.snapshots != 1 {
		t.Fatalf("the fast screen got %d patches and %d snapshots", fastMirror.patches, fastMirror.snapshots)
	}
	if err := until(slow, &slowMirror, func() bool { return slowMirror.seq == patches }); err != nil {
		t.Fatalf("the slow screen: %v", err)
	}
	if slowMirror.snapshots != 2 || slowMirror.patches > patches/2 {
		t.Errorf("the slow screen got %d snapshots and %d patches, want one more snapshot instead of most patches",
			slowMirror.snapshots, slowMirror.patches)
	}
	if got := testutil.ToFloat64(hub.metrics.snapshots.WithLabelValues(snapshotBehind)); got != 1 {
		t.Errorf("the metric says %v snapshots for slow screens, want 1", got)
	}
	view.change("window-2", 7)
	if err := until(slow, &slowMirror, func() bool { return slowMirror.seq == patches+1 }); err != nil {
		t.Fatalf("the slow screen, caught up: %v", err)
	}
	if want := view.copy(); !maps.Equal(slowMirror.state, want) || slowMirror.snapshots != 2 {
		t.Errorf("the slow screen shows %v after %d snapshots, want %v", slowMirror.state, slowMirror.snapshots, want)
	}
}

func TestAScreenThatTakesNothingIsClosed(t *testing.T) {
	view := newHall()
	view.padding = `"` + strings.Repeat("x", 32<<10) + `"`
	hub, url := serve(t, view, Config{SendBuffer: 4 << 10, CompressFrom: -1, WriteTimeout: 200 * time.Millisecond})
	dial(t, url, 4<<10)
	eventually(t, "the screen connects", func() bool { return hub.Screens() == 1 })
	for n := 0; hub.Screens() == 1; n++ {
		if n > 5000 {
			t.Fatal("the screen took everything")
		}
		view.change("window-1", n)
		time.Sleep(time.Millisecond)
	}
	if got := testutil.ToFloat64(hub.metrics.closed.WithLabelValues(closedTimeout)); got != 1 {
		t.Errorf("the metric says %v closed for not taking bytes, want 1", got)
	}
}

func TestAScreenThatAnswersNoPingIsClosed(t *testing.T) {
	view := newHall()
	hub, url := serve(t, view, Config{Alive: 20 * time.Millisecond, PingEvery: 2})
	mute := dial(t, url, 0)
	mute.SetPingHandler(func(string) error { return nil })
	var m mirrored
	err := until(mute, &m, func() bool { return false })
	if err == nil || m.alive == 0 {
		t.Fatalf("after %d alive messages: %v", m.alive, err)
	}
	eventually(t, "it is let go", func() bool { return hub.Screens() == 0 })
	if got := testutil.ToFloat64(hub.metrics.closed.WithLabelValues(closedNoPong)); got != 1 {
		t.Errorf("the metric says %v closed for not answering, want 1", got)
	}
}

func TestAScreenThatAnswersPingsStays(t *testing.T) {
	view := newHall()
	_, url := serve(t, view, Config{Alive: 400 * time.Millisecond, PingEvery: 1})
	conn, m := dial(t, url, 0), mirrored{}
	if err := until(conn, &m, func() bool { return m.alive == 5 }); err != nil { // patience is 3 beats
		t.Fatal(err)
	}
	view.change("window-1", 1)
	if err := until(conn, &m, func() bool { return m.alive >= 6 && m.seq == 1 }); err != nil {
		t.Fatal(err)
	}
}

func TestAScreenThatComesBackGetsTheStateAsItIsThen(t *testing.T) {
	view := newHall()
	hub, url := serve(t, view, Config{})
	for round := range 5 {
		conn, m := dial(t, url, 0), mirrored{}
		view.change("window-1", round)
		if err := until(conn, &m, func() bool { return m.seq == uint64(2*round+1) }); err != nil {
			t.Fatal(err)
		}
		_ = conn.Close()
		eventually(t, "the hub notices", func() bool { return hub.Screens() == 0 })
		view.change("window-2", round)
	}
	conn, m := dial(t, url, 0), mirrored{}
	if err := until(conn, &m, func() bool { return m.seq == 10 }); err != nil {
		t.Fatal(err)
	}
	if !maps.Equal(m.state, view.copy()) {
		t.Errorf("it shows %v, want %v", m.state, view.copy())
	}
}

func TestStoppingSaysGoodbye(t *testing.T) {
	view := newHall()
	hub, url, stop := serveUntil(t, view, Config{})
	conn, m := dial(t, url, 0), mirrored{}
	if err := until(conn, &m, func() bool { return m.snapshots == 1 }); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- until(conn, &m, func() bool { return false }) }()
	stop()
	if err := <-ended; !websocket.IsCloseError(errors.Unwrap(err), websocket.CloseGoingAway) {
		t.Errorf("the screen saw %v, want a close with 1001", err)
	}
	if hub.Screens() != 0 {
		t.Errorf("%d screens are left", hub.Screens())
	}
}

func TestStoppingDoesNotWaitForAScreenThatTakesNothing(t *testing.T) {
	view := newHall()
	view.padding = `"` + strings.Repeat("x", 32<<10) + `"`
	hub, url, stop := serveUntil(t, view, Config{SendBuffer: 4 << 10, CompressFrom: -1, WriteTimeout: time.Hour})
	dial(t, url, 4<<10)
	eventually(t, "the screen connects", func() bool { return hub.Screens() == 1 })
	for n := range 200 {
		view.change("window-1", n)
	}
	stopped := make(chan struct{})
	go func() { stop(); close(stopped) }()
	select {
	case <-stopped:
	case <-time.After(20 * time.Second):
		t.Fatal("the hub still waits")
	}
}

func TestWhoIsNotTaken(t *testing.T) {
	view := newHall()
	_, url := serve(t, view, Config{MaxScreens: 1})
	host := strings.TrimSuffix(strings.TrimPrefix(url, "ws://"), "/ws/live")
	for _, row := range []struct {
		name, origin string
		status       int
	}{
		{"a page of another site", "http://evil.example", http.StatusForbidden},
		{"a page of the hub itself", "http://" + host, http.StatusSwitchingProtocols},
		{"a second screen where one is the limit", "", http.StatusServiceUnavailable},
	} {
		t.Run(row.name, func(t *testing.T) {
			header := http.Header{}
			if row.origin != "" {
				header.Set("Origin", row.origin)
			}
			_, answer, _ := websocket.DefaultDialer.Dial(url, header)
			if answer == nil || answer.StatusCode != row.status {
				t.Errorf("answered %v, want %d", answer, row.status)
			}
		})
	}
	answer, err := http.Get("http" + strings.TrimPrefix(url, "ws"))
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusServiceUnavailable && answer.StatusCode != http.StatusBadRequest {
		t.Errorf("a plain GET is answered %d", answer.StatusCode)
	}
}

func TestTheMirrorGetsThePatchesInOrder(t *testing.T) {
	view := newHall()
	got := make(chan []byte, 64)
	_, _ = serve(t, view, Config{Mirror: func(m []byte) { got <- m }})
	m := mirrored{state: map[string]int{}, snapshots: 1}
	for n := 1; n <= 20; n++ {
		view.change("window-1", n)
		if err := m.take(<-got); err != nil {
			t.Fatal(err)
		}
	}
	if m.state["window-1"] != 20 {
		t.Errorf("the mirror shows %v", m.state)
	}
}

func TestCurrentIsNotOlderThanTheCall(t *testing.T) {
	view := newHall()
	hub, _ := serve(t, view, Config{})
	for n := range 50 {
		view.change("window-1", n)
		data, seq, err := hub.Current()
		if want := fmt.Sprintf(`{"window-1":%d}`, n); err != nil || string(data) != want || seq != uint64(n+1) {
			t.Fatalf("got %s as of %d (%v), want %s as of %d", data, seq, err, want, n+1)
		}
	}
}

// Any order of patches, readings, comings and goings leaves every reader with
// the hub's own state once it has read all, and shows it no gap on the way.
func TestEveryInterleavingEndsInTheHallsState(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		view := newHall()
		clock := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
		s := newStream(view, rapid.IntRange(1, 12).Draw(t, "backlog"), func() time.Time {
			clock = clock.Add(time.Millisecond)
			return clock
		})
		view.publish = func(p []byte) { must(s.publish(p)) }
		type reader struct {
			pos  cursor
			seen mirrored
		}
		var readers []*reader
		read := func(r *reader, batch int) (more bool) {
			d := s.next(&r.pos, make([]*message, 0, batch))
			if d.behind {
				m := must(s.current())
				if err := r.seen.take(m.json); err != nil {
					t.Fatal(err)
				}
				s.welcome(&r.pos, m)
				return true
			}
			for _, m := range d.patches {
				if err := r.seen.take(m.json); err != nil {
					t.Fatal(err)
				}
				r.pos.passed(m)
			}
			return d.wait == nil
		}
		t.Repeat(map[string]func(*rapid.T){
			"a patch": func(t *rapid.T) {
				name := rapid.SampledFrom([]string{"a", "b", "c", "d"}).Draw(t, "name")
				view.change(name, rapid.IntRange(-1, 9).Draw(t, "value"))
			},
			"a reader comes": func(*rapid.T) { readers = append(readers, &reader{}) },
			"a reader goes": func(t *rapid.T) {
				if len(readers) == 0 {
					t.Skip("nobody is there")
				}
				i := rapid.IntRange(0, len(readers)-1).Draw(t, "who")
				readers = append(readers[:i], readers[i+1:]...)
			},
			"a reader reads": func(t *rapid.T) {
				if len(readers) == 0 {
					t.Skip("nobody is there")
				}
				r := readers[rapid.IntRange(0, len(readers)-1).Draw(t, "who")]
				read(r, rapid.IntRange(1, 5).Draw(t, "batch"))
			},
			"": func(t *rapid.T) {
				for _, r := range readers {
					if r.seen.snapshots > 0 && r.seen.seq == s.seq && !maps.Equal(r.seen.state, view.state) {
						t.Fatalf("at %d a reader shows %v, the hall is %v", s.seq, r.seen.state, view.state)
					}
				}
			},
		})
		for _, r := range readers {
			for read(r, 4) {
			}
			if r.seen.seq != s.seq || !maps.Equal(r.seen.state, view.state) {
				t.Fatalf("a reader ends at %d with %v, the hall at %d with %v", r.seen.seq, r.seen.state, s.seq, view.state)
			}
		}
	})
}
