package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"time"

	"hallkeeper/hub/eventlog"
	"hallkeeper/hub/hall"
	"hallkeeper/hub/register"
	"hallkeeper/wire"
)

// The hall of part h: a year of 500 people at 125 windows, four swipes a day.
const (
	staffOfYear   = 500
	windowsOfYear = 125
	yearOfSheets  = 2025
)

// sheets measures the daily check: one day, and a year from the log, in a
// process of its own so that its memory is its own.
func (b *bench) sheets(ctx context.Context) error {
	folder, err := b.yearOf(ctx)
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	out, err := exec.CommandContext(ctx, self, "-year", folder).Output()
	if err != nil {
		return fmt.Errorf("recompute the year: %w", err)
	}
	var m yearFigures
	if err := json.Unmarshal(out, &m); err != nil {
		return err
	}
	b.add("h", "a day's sheet of 500 people", ms(time.Duration(m.DayUS)*time.Microsecond), "made again from memory, mean of the year's working days")
	b.add("h", "a year of 500 people from the log", fmt.Sprintf("%.2f s", m.Seconds), fmt.Sprintf("%s records, %d sheets with their digests (target 5 s)", count(m.Records), m.Days))
	b.add("h", "its peak memory", fmt.Sprintf("%.0f MiB", m.PeakMiB), "the whole process (target 300 MiB)")
	return nil
}

// yearFigures are what the process of part h says.
type yearFigures struct {
	Records int     `json:"records"`
	Days    int     `json:"days"`
	Seconds float64 `json:"seconds"`
	PeakMiB float64 `json:"peak_mib"`
	DayUS   int64   `json:"day_us"`
}

// recompute reads the log of a year and makes every sheet again.
func recompute(folder string) (m yearFigures, err error) {
	zone := time.FixedZone("", 8*3600)
	debug.SetGCPercent(300) // as the hub itself
	began := time.Now()
	log, closeLog, err := eventlog.Read(folder)
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, closeLog()) }()
	v, err := register.NewView(zone)
	if err != nil {
		return m, err
	}
	goal := log.Head()
	for batch, err := range log.Follow(context.Background(), 0) {
		if err != nil {
			return m, err
		}
		for i := range batch {
			v.Apply(&batch[i])
		}
		if m.Records += len(batch); wire.Position(m.Records) >= goal {
			break
		}
	}
	m.Seconds, m.Days = time.Since(began).Seconds(), v.Days.Revisions.Len()
	m.PeakMiB = peak()
	days := 0
	began = time.Now()
	for day := range v.Days.Revisions.All() {
		if v.State.Policy.Calendar().IsWorkday(hall.Date(day)) {
			v.Days.Sheet(hall.Date(day), time.Time{})
			days++
		}
	}
	m.DayUS = time.Since(began).Microseconds() / int64(max(days, 1))
	return m, nil
}

// peak is the most memory that this process has had, in MiB.
func peak() float64 {
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(b)) {
		if v, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kib, _ := strconv.ParseFloat(strings.Fields(v)[0], 64)
			return kib / 1024
		}
	}
	return 0
}

// yearOf is a log of the year, made once.
func (b *bench) yearOf(ctx context.Context) (string, error) {
	return b.madeOnce(ctx, "year", (*year).make)
}

// madeOnce is the folder of the log of a year, made once.
func (b *bench) madeOnce(ctx context.Context, name string, fill func(*year, context.Context) error) (string, error) {
	folder := filepath.Join(b.cache, fmt.Sprintf("%s-%d-%d", name, yearOfSheets, staffOfYear))
	if _, err := os.Stat(filepath.Join(folder, "made")); err == nil {
		return filepath.Join(folder, "log"), nil
	}
	if err := os.RemoveAll(folder); err != nil {
		return "", err
	}
	_, _ = fmt.Fprintf(b.say, "  making a year of %d people, once\n", staffOfYear)
	y := &year{zone: time.FixedZone("", 8*3600)}
	var err error
	if y.log, err = eventlog.Open(eventlog.Options{Dir: filepath.Join(folder, "log"), Logger: slog.New(slog.DiscardHandler), Zone: y.zone, Now: y.now}); err != nil {
		return "", err
	}
	err = errors.Join(fill(y, ctx), y.log.Close())
	if err != nil {
		return "", err
	}
	return filepath.Join(folder, "log"), os.WriteFile(filepath.Join(folder, "made"), nil, 0o600)
}

// year makes the log.
type year struct {
	zone *time.Location
	log  *eventlog.Log
	mu   sync.Mutex
	at   time.Time
	seqs map[string]uint64
	more []wire.Event // after the master data
}

func (y *year) now() time.Time {
	y.mu.Lock()
	defer y.mu.Unlock()
	return y.at
}

func (y *year) set(t time.Time) {
	y.mu.Lock()
	defer y.mu.Unlock()
	y.at = t
}

func (y *year) hub(ctx context.Context, events ...wire.Event) error {
	_, _, err := y.log.Append(ctx, "", func(eventlog.Moment) ([]wire.Event, error) { return events, nil })
	return err
}

func event(kind wire.Kind, data any) wire.Event {
	b, err := json.Marshal(data)
	if err != nil {
		panic(err) // plain data
	}
	return wire.Event{Kind: kind, Data: b, Actor: &wire.Actor{Kind: wire.ActorSchedule, ID: "bench"}}
}

func (y *year) make(ctx context.Context) error {
	y.seqs = map[string]uint64{}
	first := time.Date(yearOfSheets, 1, 1, 0, 0, 0, 0, y.zone)
	y.set(first.Add(-24 * time.Hour))
	from := first.Format(time.DateOnly)
	events := []wire.Event{event(wire.KindDepartmentSet, wire.DepartmentSet{Department: "d", Name: "单位"}),
		event(wire.KindShiftSet, wire.ShiftSet{Shift: "day", Name: "班", Swipes: 4, Plans: []wire.ShiftPlan{{Periods: []wire.Period{{In: "08:30", Out: "12:00"}, {In: "14:30", Out: "18:00"}}}}}),
		event(wire.KindShiftAssigned, wire.ShiftAssigned{Shift: "day", Scope: "hall", From: from})}
	for w := range windowsOfYear {
		id := fmt.Sprintf("w%03d", w)
		events = append(events, event(wire.KindWindowSet, wire.WindowSet{Window: id, Number: id[1:], Name: "窗口"}),
			event(wire.KindDeviceAssigned, wire.DeviceAssigned{Agent: id, Window: id}))
	}
	for s := range staffOfYear {
		id := fmt.Sprintf("s%03d", s)
		events = append(events, event(wire.KindStaffSet, wire.StaffSet{Staff: id, Department: "d", Employment: "in_post"}),
			event(wire.KindPostSet, wire.PostSet{Post: "p" + id, Window: fmt.Sprintf("w%03d", s%windowsOfYear), Name: "岗", Deputies: []string{fmt.Sprintf("s%03d", (s+1)%staffOfYear)}}),
			event(wire.KindStaffPosted, wire.StaffPosted{Staff: id, Post: "p" + id, From: from}),
			event(wire.KindCardIssued, wire.CardIssued{Card: "h1:" + id, Staff: id, From: from, Shown: "••••" + id}))
	}
	if err := y.hub(ctx, events...); err != nil {
		return err
	}
	if len(y.more) > 0 {
		if err := y.hub(ctx, y.more...); err != nil {
			return err
		}
	}
	for d := range 365 {
		day := first.AddDate(0, 0, d)
		if w := day.Weekday(); w != time.Saturday && w != time.Sunday {
			if err := y.swipes(day); err != nil {
				return err
			}
		}
		y.set(day.Add(23*time.Hour + 30*time.Minute))
		if err := y.hub(ctx, event(wire.KindDayChecked, wire.DayChecked{Day: day.Format(time.DateOnly)})); err != nil {
			return err
		}
	}
	return nil
}

// swipes delivers a day's swipes, some late or missing, as a real day has them.
func (y *year) swipes(day time.Time) error {
	for _, clock := range []int{8*60 + 25, 12*60 + 2, 14*60 + 25, 18*60 + 3} {
		at := day.Add(time.Duration(clock) * time.Minute)
		y.set(at.Add(10 * time.Minute))
		var wait sync.WaitGroup
		var failed error
		var mu sync.Mutex
		for w := range windowsOfYear {
			id := fmt.Sprintf("w%03d", w)
			var items []eventlog.Item
			for s := w; s < staffOfYear; s += windowsOfYear {
				n := (s*31 + day.YearDay()*17 + clock) % 97
				if n == 0 {
					continue // forgot
				}
				y.seqs[id]++
				moment := at.Add(time.Duration(n%9-4) * time.Minute)
				data := []byte(fmt.Sprintf(`{"reader":"front","card":"h1:s%03d","format":"wiegand34"}`, s))
				items = append(items, eventlog.Item{Event: wire.Event{ID: fmt.Sprintf("%08x-%04x-7000-8000-%012x", moment.Unix(), s, y.seqs[id]), Agent: id, Outbox: "o-" + id,
					Seq: y.seqs[id], Boot: "b-" + id, UptimeMS: moment.UnixMilli(), At: moment, Kind: wire.KindCardSwiped, Data: data}})
			}
			if len(items) == 0 {
				continue
			}
			wait.Add(1)
			err := y.log.Submit(eventlog.Submission{Agent: id, Items: items, Done: func(_ []eventlog.Result, err error) {
				mu.Lock()
				failed = errors.Join(failed, err)
				mu.Unlock()
				wait.Done()
			}})
			if err != nil {
				return err
			}
		}
		wait.Wait()
		if failed != nil {
			return failed
		}
	}
	return nil
}
