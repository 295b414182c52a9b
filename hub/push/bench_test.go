package push

import (
	"bufio"
	"bytes"
	"compress/flate"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"hallkeeper/wire"
)

// The hall of the benchmark: as many windows as the contract's largest example.
const benchWindows, benchScreens = 50, 1000

// benchHall is a live view of true size whose patches are true patches.
type benchHall struct {
	mu   sync.Mutex
	live wire.Live
}

func newBenchHall(at time.Time) *benchHall {
	l := wire.Live{Hall: wire.LiveHall{ID: "hall", Name: "政务服务大厅", TimeZone: "Asia/Shanghai", Day: "2026-11-23"},
		Hub:     wire.LiveHub{Version: "v0.1.0", Position: 123456, Writable: true, StartedAt: at},
		Windows: map[string]wire.LiveWindow{}, Devices: map[string]wire.LiveDevice{}, Alarms: map[string]wire.Alarm{}}
	for i := range benchWindows {
		id, seen := fmt.Sprintf("w%02d", i+1), at.Add(time.Duration(i)*173*time.Millisecond)
		l.Windows[id] = wire.LiveWindow{ID: id, Number: fmt.Sprintf("%02d", i+1), Name: "综合受理", Department: "市场监管局",
			State: wire.WindowOpen, Staffed: true, Agent: id, LastEventAt: &seen, LastEventKind: wire.KindRatingPressed,
			Today: wire.LiveDay{Swipes: i % 4, Calls: 40 + i, Ratings: 17 + i}}
		l.Devices[id] = wire.LiveDevice{ID: id, Assignment: wire.DeviceAtWindow, Window: id, State: wire.DeviceOnline,
			Heard: true, SeenAt: &seen, Version: "v0.1.0", Boot: fmt.Sprintf("6f1c0d52-77aa-4b1e-9c61-%012x", i*7919),
			Clock: wire.ClockSynced, Outbox: &wire.OutboxStatus{ID: fmt.Sprintf("b1d0a9e4-13c7-4f0e-8a55-%012x", i*104729)},
			StoredSeq: uint64(1000 + i), Outboxes: 1,
			Inputs: map[string]wire.InputStatus{"front": {OK: true}, "rating": {OK: true}, "call": {OK: true}}}
	}
	return &benchHall{live: l}
}

func (h *benchHall) Snapshot(use func([]byte)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	use(must(json.Marshal(h.live)))
}

// press publishes what one press of a rating button changes.
func (h *benchHall) press(hub *Hub, n int, at time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.live.Hub.Position++
	stamp := at.Format("2006-01-02T15:04:05.000-07:00")
	hub.Publish(fmt.Appendf(nil, `{"hub":{"position":%d},"windows":{"w%02d":{"last_event_at":"%s","last_event_kind":"rating.pressed",`+
		`"today":{"ratings":%d}}},"devices":{"w%02d":{"seen_at":"%s","stored_seq":%d}}}`,
		h.live.Hub.Position, n%benchWindows+1, stamp, n, n%benchWindows+1, stamp, 1000+n))
}

// drain is a screen that only counts: it reads frames without inflating them,
// so that the benchmark's time is the hub's and the kernel's.
type drain struct {
	conn   net.Conn
	in     *bufio.Reader
	frames int
	bytes  int64
}

func newDrain(b *testing.B, addr string) *drain {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		b.Fatal(err)
	}
	_, err = fmt.Fprintf(conn, "GET /ws/live HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"+
		"Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n", addr)
	if err != nil {
		b.Fatal(err)
	}
	d := &drain{conn: conn, in: bufio.NewReaderSize(conn, 8<<10)}
	for line := ""; line != "\r\n"; {
		if line, err = d.in.ReadString('\n'); err != nil {
			b.Fatal(err)
		}
	}
	return d
}

// frame reads one frame and gives its whole size in bytes.
func (d *drain) frame() (int64, error) {
	var head [2]byte
	if _, err := io.ReadFull(d.in, head[:]); err != nil {
		return 0, err
	}
	size, extra := int64(head[1]&0x7f), 0
	switch size {
	case 126:
		extra = 2
	case 127:
		extra = 8
	}
	if extra > 0 {
		var long [8]byte
		if _, err := io.ReadFull(d.in, long[8-extra:]); err != nil {
			return 0, err
		}
		size = 0
		for _, c := range long {
			size = size<<8 | int64(c)
		}
	}
	if _, err := d.in.Discard(int(size)); err != nil {
		return 0, err
	}
	d.frames++
	d.bytes += size + int64(2+extra)
	return size + int64(2+extra), nil
}

func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkFanOut sends patches to 1,000 screens, one patch at a time, and
// welcomes 1,000 screens with a snapshot, with each way of compressing:
//
//	go test ./hub/push -run '^$' -bench FanOut -benchtime 300x -count 3
func BenchmarkFanOut(b *testing.B) {
	for _, mode := range []struct {
		name string
		from int
	}{{"never", -1}, {"from-1KiB", 1024}, {"from-128B", 128}} {
		b.Run("compress="+mode.name, func(b *testing.B) { fanOut(b, mode.from) })
	}
}

func fanOut(b *testing.B, from int) {
	at := time.Date(2026, 11, 23, 9, 0, 0, 0, time.FixedZone("CST", 8*3600))
	view := newBenchHall(at)
	plain := newHall() // only for its server; the hub below has its own source
	hub, url := serve(b, plain, Config{MaxScreens: benchScreens, CompressFrom: from, Alive: time.Hour})
	hub.stream.source = view
	addr := strings.TrimSuffix(strings.TrimPrefix(url, "ws://"), "/ws/live")

	screens := make([]*drain, benchScreens)
	welcomed, welcome := cpu(), int64(0)
	for i := range screens {
		screens[i] = newDrain(b, addr)
		n, err := screens[i].frame()
		if err != nil {
			b.Fatal(err)
		}
		welcome += n
	}
	welcomed = cpu() - welcomed

	var started atomic.Int64 // when the patch was published, in ns
	origin := time.Now()
	arrived := make(chan struct{}, benchScreens)
	took := make([][]time.Duration, benchScreens)
	var group sync.WaitGroup
	for i, d := range screens {
		d.bytes = 0
		took[i] = make([]time.Duration, 0, b.N)
		group.Go(func() {
			for range b.N {
				if _, err := d.frame(); err != nil {
					b.Error(err)
					return
				}
				took[i] = append(took[i], time.Since(origin)-time.Duration(started.Load()))
				arrived <- struct{}{}
			}
		})
	}
	b.ResetTimer()
	used := cpu()
	for n := range b.N {
		started.Store(int64(time.Since(origin)))
		view.press(hub, n, at.Add(time.Duration(n)*317*time.Millisecond))
		for range benchScreens {
			<-arrived
		}
	}
	used = cpu() - used
	b.StopTimer()
	group.Wait()

	var all []time.Duration
	var bytes int64
	for i, d := range screens {
		all = append(all, took[i]...)
		bytes += d.bytes
		_ = d.conn.Close()
	}
	slices.Sort(all)
	sent := float64(b.N) * benchScreens
	b.ReportMetric(float64(welcome)/benchScreens, "B/snapshot")
	b.ReportMetric(float64(welcomed.Microseconds())/benchScreens, "cpu-µs/welcome")
	b.ReportMetric(float64(bytes)/sent, "B/patch")
	b.ReportMetric(float64(used.Nanoseconds())/1e3/sent, "cpu-µs/delivery")
	b.ReportMetric(float64(all[len(all)/2].Microseconds())/1e3, "p50-ms")
	b.ReportMetric(float64(all[len(all)*99/100].Microseconds())/1e3, "p99-ms")
	b.ReportMetric(float64(all[len(all)-1].Microseconds())/1e3, "max-ms")
}

// BenchmarkDeflate is what one message costs to deflate (once, for all
// screens) and to inflate (on every screen), at the level that gorilla uses.
func BenchmarkDeflate(b *testing.B) {
	at := time.Date(2026, 11, 23, 9, 0, 0, 0, time.FixedZone("CST", 8*3600))
	view := newBenchHall(at)
	var snapshot, patch []byte
	view.Snapshot(func(data []byte) { snapshot = bytes.Clone(data) })
	hub := New(slog.New(slog.DiscardHandler), nil, view, Config{})
	view.press(hub, 7, at)
	patch = hub.stream.recent[1].json
	for _, row := range []struct {
		name string
		data []byte
	}{{"patch", patch}, {"snapshot", snapshot}} {
		w := must(flate.NewWriter(nil, flate.BestSpeed))
		var small bytes.Buffer
		deflate := func() {
			small.Reset()
			w.Reset(&small)
			_, _ = w.Write(row.data)
			_ = w.Close()
		}
		b.Run("deflate "+row.name, func(b *testing.B) {
			for b.Loop() {
				deflate()
			}
		})
		deflate()
		in := bytes.NewReader(small.Bytes())
		r := flate.NewReader(in)
		b.Run("inflate "+row.name, func(b *testing.B) {
			for b.Loop() {
				in.Reset(small.Bytes())
				_ = r.(flate.Resetter).Reset(in, nil)
				_, _ = io.Copy(io.Discard, r)
			}
		})
	}
}
