package agent

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"
	"golang.org/x/sys/unix"

	"hallkeeper/agent/board/simlink"
	"hallkeeper/agent/outbox"
	"hallkeeper/agent/uplink/uplinktest"
	"hallkeeper/simulator/pulse"
	"hallkeeper/wire"
)

// Each fault that a window has, and what lamp, log and hub show of it. What the
// console makes of the hub's part is tested in hub/live and web-kiosk.

func frame(t *testing.T, bits int, number uint32) []simlink.Level {
	t.Helper()
	train, err := pulse.Wiegand(rand.New(rand.NewPCG(uint64(number), 0)), bits, number)
	if err != nil {
		t.Fatal(err)
	}
	return train
}

// chatter is so many pulses 2 ms apart.
func chatter(pulses int) (train []simlink.Level) {
	for i := range 2 * pulses {
		train = append(train, simlink.Level{AfterUS: 1000, Line: "d0", High: i%2 == 1})
	}
	return train
}

// merge plays two trains at once, the second after the first by so much.
func merge(a, b []simlink.Level, after int64) (both []simlink.Level) {
	type step struct {
		at    int64
		level simlink.Level
	}
	var steps []step
	for i, train := range [][]simlink.Level{a, b} {
		at := int64(i) * after
		for _, l := range train {
			at += l.AfterUS
			steps = append(steps, step{at, l})
		}
	}
	slices.SortStableFunc(steps, func(x, y step) int { return int(x.at - y.at) })
	before := int64(0)
	for _, s := range steps {
		s.level.AfterUS, before = s.at-before, s.at
		both = append(both, s.level)
	}
	return both
}

func TestFramesThatAreNoCard(t *testing.T) {
	t.Parallel()
	good := frame(t, 34, 0x04A2B9C1)
	flipped := slices.Clone(good)
	for i := range 2 { // the first pulse, down and up
		flipped[i].Line = map[string]string{"d0": "d1", "d1": "d0"}[flipped[i].Line]
	}
	short := frame(t, 26, 77)
	for _, c := range []struct {
		says, reason string
		train        []simlink.Level
		told         bool // the person is told: red
	}{
		{"a wrong parity", "parity", flipped, true},
		{"25 bits", "length", short[2:], true},
		{"27 bits", "length", slices.Concat(short, chatter(1)), true},
		{"noise on the wires", "length", chatter(3), false},
		{"two cards at once", "length", merge(good, frame(t, 34, 0x0BADCAFE), 700), true},
		{"a reader that chatters", "length", chatter(3000), true},
	} {
		t.Run(c.says, func(t *testing.T) {
			w := newWindow(t, uplinktest.New(t, "127.0.0.1:0"))
			if err := w.hand.Play(t.Context(), c.train); err != nil {
				t.Fatal(err)
			}
			if c.told {
				if got := w.lit(t); got != "lamp_red" {
					t.Errorf("the lamp shows %s", got)
				}
			}
			await(t, "the report", func() bool { return len(w.events()) == 1 })
			if e := w.events()[0]; e.Kind != wire.KindReaderFault || string(e.Data) != fmt.Sprintf(`{"reader":"front","reason":%q,"count":1}`, c.reason) {
				t.Errorf("the hub is told %s %s", e.Kind, e.Data)
			}
			if !strings.Contains(w.log.String(), "a card reader cannot be trusted") || !strings.Contains(w.log.String(), "reason="+c.reason) {
				t.Errorf("the log says\n%s", w.log)
			}
			// The next card is read; where nobody was told before, its lamp is the first.
			if err := w.hand.Swipe(t.Context(), 34, 0x0A0B0C0D); err != nil {
				t.Fatal(err)
			}
			if got := w.lit(t); got != "lamp_green" {
				t.Errorf("after the next card the lamp shows %s", got)
			}
		})
	}
}

func TestFiveButtonsAtOnceAreFivePresses(t *testing.T) {
	w := newWindow(t, uplinktest.New(t, "127.0.0.1:0"))
	var train []simlink.Level
	for _, high := range []bool{false, true} {
		for level := 1; level <= 5; level++ {
			train = append(train, simlink.Level{Line: fmt.Sprint("rating", level), High: high})
		}
	}
	train[5].AfterUS = 100_000
	if err := w.hand.Play(t.Context(), train); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		if got := w.lit(t); got != "lamp_green" {
			t.Errorf("the lamp shows %s", got)
		}
	}
	await(t, "five presses", func() bool { return len(w.events()) == 5 })
	levels := map[string]bool{}
	for _, e := range w.events() {
		levels[string(e.Data)] = e.Kind == wire.KindRatingPressed
	}
	if len(levels) != 5 {
		t.Errorf("the hub has %v", levels)
	}
}

func TestAReaderThatIsUnplugged(t *testing.T) {
	t.Parallel()
	w := newWindow(t, uplinktest.New(t, "127.0.0.1:0"))
	w.end(t)
	w.cfg.Board = "sim:../firmware-config/boards/usb-window.yaml"
	w.start(t)
	await(t, "a reader", func() bool { return w.hub.Last().Inputs["front"].OK })
	plug := func(in bool) {
		if err := w.hand.Play(t.Context(), []simlink.Level{{Line: "plug", High: in}}); err != nil {
			t.Fatal(err)
		}
	}
	card := func() {
		var train []simlink.Level
		for _, code := range []int{11, 11, 8, 8, 8, 8, 4, 3, 5, 10, 28} { // 0077773249 Enter
			line := fmt.Sprint("key.", code)
			train = append(train, simlink.Level{AfterUS: 3000, Line: line}, simlink.Level{AfterUS: 1000, Line: line, High: true})
		}
		if err := w.hand.Play(t.Context(), train); err != nil {
			t.Fatal(err)
		}
	}
	card()
	if got := w.lit(t); got != "lamp_green" {
		t.Errorf("after a card the lamp shows %s", got)
	}
	plug(false)
	await(t, "the fault", func() bool { return w.hub.Last().Inputs["front"].Fault == "lost" })
	await(t, "the report", func() bool { return len(w.events()) == 2 })
	list := w.events()
	if string(list[0].Data) != `{"reader":"front","card":"04A2B9C1","format":"keyboard"}` || list[1].Kind != wire.KindReaderFault || string(list[1].Data) != `{"reader":"front","reason":"lost"}` {
		t.Errorf("the hub is told %s and %s", list[0].Data, list[1].Data)
	}
	if !strings.Contains(w.log.String(), "an input went away") || strings.Contains(w.log.String(), "04A2B9C1") {
		t.Errorf("the log says\n%s", w.log)
	}
	w.press(t, "rating5") // the rest works on
	if got := w.lit(t); got != "lamp_green" {
		t.Errorf("without a reader a press shows %s", got)
	}
	plug(true)
	await(t, "a reader that is back", func() bool { return w.hub.Last().Inputs["front"].OK })
	card() // the same card, long after
	if got := w.lit(t); got != "lamp_green" {
		t.Errorf("after it is back the lamp shows %s", got)
	}
}

// smallDisk is a file system of its own.
func smallDisk(t *testing.T) string {
	t.Helper()
	disk := t.TempDir()
	if err := unix.Mount("tmpfs", disk, "tmpfs", 0, "size=8m"); err != nil {
		t.Skipf("mounting a small disk needs root: %v", err)
	}
	t.Cleanup(func() { _ = unix.Unmount(disk, unix.MNT_DETACH) })
	return disk
}

// on starts a window whose data folder is given.
func on(t *testing.T, data string) *window {
	t.Helper()
	h := uplinktest.New(t, "127.0.0.1:0")
	w := &window{hub: h, log: new(notes), cfg: Defaults()}
	w.cfg.Agent, w.cfg.Hall, w.cfg.MQTT = uplinktest.Agent, uplinktest.Hall, "tcp://"+h.Addr
	w.cfg.Data, w.cfg.Board, w.cfg.SimSocket, w.cfg.Clock.AssumeSynced = data, "sim", filepath.Join(t.TempDir(), "s"), true
	w.start(t)
	return w
}

// refuses checks that a press is shown as not kept, and that the hub knows why.
func (w *window) refuses(t *testing.T, fault string) {
	t.Helper()
	await(t, "the fault in the status", func() bool {
		s := w.hub.Last()
		return s.State == wire.DeviceOnline && s.Outbox != nil && s.Outbox.Fault == fault
	})
	w.press(t, "rating5")
	for w.lit(t) != "lamp_red" { // after what it still shows of before
	}
	if !strings.Contains(w.log.String(), "could not be kept") {
		t.Errorf("the log says\n%s", w.log)
	}
}

// keeps checks that presses are kept again, without a new start of the program.
func (w *window) keeps(t *testing.T) {
	t.Helper()
	await(t, "health in the status", func() bool {
		s := w.hub.Last()
		return s.State == wire.DeviceOnline && s.Outbox != nil && s.Outbox.ID != "" && s.Outbox.Fault == ""
	})
	before := len(w.events())
	await(t, "a press that is kept", func() bool {
		if err := w.hand.Press(t.Context(), "rating4"); err != nil {
			return false // the pins are being opened again
		}
		return len(w.events()) > before
	})
}

func TestAFullDisk(t *testing.T) {
	t.Parallel()
	disk := smallDisk(t)
	w := on(t, filepath.Join(disk, "data"))
	w.press(t, "rating5")
	await(t, "the press", func() bool { return len(w.events()) == 1 })
	filler := filepath.Join(disk, "filler")
	f, err := os.Create(filler)
	if err != nil {
		t.Fatal(err)
	}
	for chunk := make([]byte, 4096); err == nil; {
		_, err = f.Write(chunk)
	}
	if err := errors.Join(f.Close()); err != nil {
		t.Fatal(err)
	}
	// The outbox's file has room of its own for a while: people go on until it is used up.
	for range 50 {
		if s := w.hub.Last(); s.Outbox != nil && s.Outbox.Fault != "" {
			break
		}
		w.hub.Locked(func() { w.hub.Silent = true })
		flood(t, w)
	}
	w.refuses(t, wire.FaultDisk)
	if !strings.Contains(w.log.String(), "the outbox could not write") {
		t.Errorf("the log says\n%s", w.log)
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	w.hub.Locked(func() { w.hub.Silent = false })
	w.keeps(t)
	if !strings.Contains(w.log.String(), "the outbox can write again") {
		t.Errorf("the log says\n%s", w.log)
	}
}

// flood lets noise and half cards come until many reports wait.
func flood(t *testing.T, w *window) {
	t.Helper()
	var train []simlink.Level
	for range 40 {
		for level := 1; level <= 5; level++ {
			line := fmt.Sprint("rating", level)
			train = append(train, simlink.Level{AfterUS: 15_000, Line: line}, simlink.Level{AfterUS: 15_000, Line: line, High: true})
		}
	}
	if err := w.hand.Play(t.Context(), train); err != nil {
		t.Fatal(err)
	}
}

func TestAReadOnlyDisk(t *testing.T) {
	t.Parallel()
	disk := smallDisk(t)
	if err := unix.Mount("", disk, "", unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	w := on(t, filepath.Join(disk, "data"))
	w.refuses(t, wire.FaultDisk)
	if !strings.Contains(w.log.String(), "nothing can be kept: the outbox cannot be opened") || !strings.Contains(w.log.String(), "read-only file system") {
		t.Errorf("the log says\n%s", w.log)
	}
	if err := unix.Mount("", disk, "", unix.MS_REMOUNT, "size=8m"); err != nil {
		t.Fatal(err)
	}
	w.keeps(t)
}

func TestADataFolderThatIsNone(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "disk")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	w := on(t, filepath.Join(file, "data"))
	w.refuses(t, wire.FaultDisk)
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	w.keeps(t)
}

func TestAnOutboxOfANewerVersion(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	fill(t, dir, 3)
	path := filepath.Join(dir, "outbox.db")
	raise(t, path, 2)
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	w := on(t, dir)
	w.refuses(t, wire.FaultNewer)
	if !strings.Contains(w.log.String(), "a newer agent has made this outbox (version 2, this program knows 1): install the newer agent again") {
		t.Errorf("the log says\n%s", w.log)
	}
	if after, err := os.ReadFile(path); err != nil || string(after) != string(before) {
		t.Errorf("the newer outbox was touched: %v", err)
	}
	if left, err := filepath.Glob(path + ".damaged*"); err != nil || len(left) != 0 {
		t.Errorf("it was set aside as %v: %v", left, err)
	}
	raise(t, path, 1) // what the newer program does when it is taken back
	w.keeps(t)
	if n := w.hub.Count(); n < 4 {
		t.Errorf("of what the outbox held, %d events came", n)
	}
}

// raise writes a version into an outbox, as its file format has it.
func raise(t *testing.T, path string, version uint64) {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: patience})
	if err != nil {
		t.Fatal(err)
	}
	value := binary.BigEndian.AppendUint64(nil, version)
	sum := crc32.Checksum(append([]byte("version"), value...), crc32.MakeTable(crc32.Castagnoli))
	err = db.Update(func(tx *bbolt.Tx) error {
		return tx.Bucket([]byte("meta")).Put([]byte("version"), binary.BigEndian.AppendUint32(value, sum))
	})
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
}

func TestAHubOfAnotherHall(t *testing.T) {
	h := uplinktest.New(t, "127.0.0.1:0")
	h.Locked(func() { h.Closed = true }) // as our hub answers a device that names another hall
	w := newWindow(t, h)
	w.press(t, "rating5")
	if got := w.lit(t); got != "lamp_green" { // kept, for when the setting is put right
		t.Errorf("a press shows %s", got)
	}
	await(t, "a line in the log", func() bool { return strings.Contains(w.log.String(), "is the hall's id right (setting hall)") })
	if len(w.events()) != 0 {
		t.Error("the other hall has the press")
	}
	h.Locked(func() { h.Closed = false })
	await(t, "the press", func() bool { return len(w.events()) == 1 })
}

func TestAHubThatAnswersNobodyIsShownAsAway(t *testing.T) {
	t.Parallel()
	h := uplinktest.New(t, "127.0.0.1:0")
	h.Silent = true // a broker without its hub, or with that of another hall
	w := newWindow(t, h)
	w.press(t, "rating5")
	if got := w.lit(t); got != "lamp_green" {
		t.Errorf("a press shows %s", got)
	}
	await(t, "a press that is kept, and then told that the hub is away", func() bool {
		w.press(t, "rating4")
		for {
			select {
			case s := <-w.lamps:
				if s.High && s.Line == "lamp_red" {
					return true
				}
			case <-time.After(300 * time.Millisecond):
				return false
			}
		}
	})
	if !strings.Contains(w.log.String(), "connected to the broker") || len(w.log.String()) > 4000 {
		t.Errorf("the log says\n%s", w.log)
	}
}

func TestTwoAgentsWithOneName(t *testing.T) {
	h := uplinktest.New(t, "127.0.0.1:0")
	a, b := newWindow(t, h), newWindow(t, h)
	a.press(t, "rating5")
	b.press(t, "rating1")
	for _, w := range []*window{a, b} {
		if got := w.lit(t); got != "lamp_green" {
			t.Errorf("the lamp shows %s", got)
		}
	}
	await(t, "both presses, each of its own outbox", func() bool {
		outboxes := map[string]bool{}
		for _, e := range a.events() {
			outboxes[e.Outbox] = true
		}
		return len(outboxes) == 2
	})
	// A connection that stands for ten seconds begins the count anew, as one may
	// on a machine that starves the other window.
	awaitLong(t, 5*time.Minute, "a line in a log", func() bool {
		return strings.Contains(a.log.String()+b.log.String(), "has another device the same name?")
	})
}

func TestAnotherProgramHasTheOutbox(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	box, err := outbox.Open(dir, 100, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer box.Close()
	cfg := Defaults()
	cfg.Agent, cfg.Hall, cfg.MQTT, cfg.Data, cfg.Board, cfg.SimSocket = "w01", "h", "tcp://127.0.0.1:1", dir, "sim", filepath.Join(t.TempDir(), "s")
	if err := Run(t.Context(), cfg, slog.New(slog.DiscardHandler)); !errors.Is(err, outbox.ErrInUse) || !strings.Contains(err.Error(), "a data folder of its own") {
		t.Errorf("got %v", err)
	}
}
