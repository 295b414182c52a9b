package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"hallkeeper/hub/eventlog"
	"hallkeeper/wire"
)

// staffOfDecade is how many people work at the 60 windows of part i, in two shifts.
const staffOfDecade = 120

// decade measures a hall of many years: part i's visits and four swipes a day of
// each member of staff, told to a log, folded, and served by the hub.
func (b *bench) decade(ctx context.Context) error {
	data, err := b.decadeOf(ctx)
	if err != nil {
		return err
	}
	size := func(name string) float64 {
		bytes := int64(0)
		_ = filepath.Walk(filepath.Join(data, name), func(_ string, f os.FileInfo, err error) error {
			if err == nil && f.Mode().IsRegular() {
				bytes += f.Size()
			}
			return nil
		})
		return float64(bytes) / (1 << 20)
	}
	replay := exec.CommandContext(ctx, filepath.Join(b.bin, "hub"), "replay", "--data", data, "--log-level", "warn")
	began := time.Now()
	if out, err := replay.CombinedOutput(); err != nil {
		return fmt.Errorf("replay: %w: %s", err, out)
	}
	took, most := time.Since(began), 0.0
	if use, ok := replay.ProcessState.SysUsage().(*syscall.Rusage); ok {
		most = float64(use.Maxrss) / 1024
	}
	log, done, err := eventlog.Read(filepath.Join(data, "log"))
	if err != nil {
		return err
	}
	events := int(log.Head())
	if err := done(); err != nil {
		return err
	}
	what := fmt.Sprintf("%d years of 60 windows and %d people, %s events", b.years, staffOfDecade, count(events))
	b.add("y", "on the disk", fmt.Sprintf("%.0f MiB", size("log")+size("views.db")), fmt.Sprintf("%s: the log %.0f MiB, the views %.0f MiB", what, size("log"), size("views.db")))
	b.add("y", "replay", fmt.Sprintf("%.0f events/s", float64(events)/took.Seconds()), fmt.Sprintf("%.0f s in all, at most %.0f MiB of memory", took.Seconds(), most))
	var h *hub
	for range 2 { // the second one counts: the first also begins a new month
		dropCaches()
		if h, err = b.startHub(ctx, data); err != nil {
			return err
		}
		if h.took > 0 {
			b.add("y", "cold start", ms(h.took), fmt.Sprintf("from exec until it serves, page cache dropped where the system allows it (target 1 s); %.0f MiB", h.rss()))
		}
		h.stop()
	}
	dropCaches()
	if h, err = b.startHub(ctx, data); err != nil {
		return err
	}
	defer h.stop()
	for _, year := range slices.Compact([]int{yearOfVisits - b.years + 1, yearOfVisits}) {
		for _, page := range []string{"indicators", "statistics/queue"} {
			url := fmt.Sprintf("%s/api/v1/%s?from=%d-01-01&until=%d-12-31", h.HTTP, page, year, year)
			for _, again := range []string{"first", "again"} {
				began := time.Now()
				if err := askOnce(ctx, http.DefaultClient, url, true); err != nil {
					return err
				}
				b.add("y", fmt.Sprintf("%s of %d, %s", page, year, again), ms(time.Since(began)), "the whole year through the API (target 2 s)")
			}
		}
	}
	b.add("y", "the hub's memory after these", fmt.Sprintf("%.0f MiB", h.rss()), "resident (target 300 MiB)")
	return nil
}

// decadeOf is the data folder of those years, made once.
func (b *bench) decadeOf(ctx context.Context) (string, error) {
	folder := filepath.Join(b.cache, fmt.Sprintf("decade-%d-%d-%d", yearOfVisits, b.years, visitsOfYear))
	if _, err := os.Stat(filepath.Join(folder, "made")); err == nil {
		return keyed(folder)
	}
	if err := os.RemoveAll(folder); err != nil {
		return "", err
	}
	_, _ = fmt.Fprintf(b.say, "  making %d years of a hall, once\n", b.years)
	d := &decade{year: year{zone: visitZone(), seqs: map[string]uint64{}}, visits: visitYear{zone: visitZone(), first: yearOfVisits - b.years + 1, years: b.years}}
	d.set(time.Date(d.visits.first, 1, 1, 0, 0, 0, 0, visitZone()).Add(-24 * time.Hour))
	log, err := eventlog.Open(eventlog.Options{Dir: filepath.Join(folder, "log"), Logger: slog.New(slog.DiscardHandler), Zone: visitZone(), Now: d.now})
	if err != nil {
		return "", err
	}
	d.log = log
	if err := errors.Join(d.fill(ctx), log.Close()); err != nil {
		return "", err
	}
	if err := os.WriteFile(filepath.Join(folder, "made"), nil, 0o600); err != nil {
		return "", err
	}
	return keyed(folder)
}

// decade tells a log what visitYear and the people's cards give.
type decade struct {
	year
	visits visitYear
}

// atOnce is how many rounds of visits are told together: a quarter of a day.
const atOnce = 10

func (d *decade) fill(ctx context.Context) error {
	if err := d.people(ctx); err != nil {
		return err
	}
	rounds, day := 0, ""
	var told []wire.Record
	tell := func() error {
		err := d.tell(ctx, told)
		told = told[:0]
		return err
	}
	for batch, err := range d.visits.Follow(ctx, 0) {
		if err != nil {
			return err
		}
		told = append(told, batch...)
		if rounds++; rounds%atOnce != 0 {
			continue
		}
		at := batch[len(batch)-1].StoredAt
		if today := at.Format(time.DateOnly); today != day {
			if day != "" {
				if err := d.hub(ctx, event(wire.KindDayChecked, wire.DayChecked{Day: day})); err != nil {
					return err
				}
			}
			day = today
			d.cards(&told, at)
		}
		d.set(at.Add(time.Minute))
		if err := tell(); err != nil {
			return err
		}
	}
	return tell()
}

// people are the departments, shifts, posts, people and cards.
func (d *decade) people(ctx context.Context) error {
	from := time.Date(d.visits.first, 1, 1, 0, 0, 0, 0, d.zone).Format(time.DateOnly)
	events := []wire.Event{event(wire.KindDepartmentSet, wire.DepartmentSet{Department: "d", Name: "单位"}),
		event(wire.KindShiftSet, wire.ShiftSet{Shift: "day", Name: "班", Swipes: 4, Plans: []wire.ShiftPlan{{Periods: []wire.Period{{In: "08:30", Out: "12:00"}, {In: "14:30", Out: "18:00"}}}}}),
		event(wire.KindShiftAssigned, wire.ShiftAssigned{Shift: "day", Scope: "hall", From: from})}
	for w := range windowsOfVisit {
		id := fmt.Sprintf("w%02d", w)
		events = append(events, event(wire.KindWindowSet, wire.WindowSet{Window: id, Number: id[1:], Name: "窗口"}))
	}
	for s := range staffOfDecade {
		id := fmt.Sprintf("s%03d", s)
		events = append(events, event(wire.KindStaffSet, wire.StaffSet{Staff: id, Department: "d", Employment: "in_post"}),
			event(wire.KindPostSet, wire.PostSet{Post: "p" + id, Window: fmt.Sprintf("w%02d", s/2), Name: "岗", Deputies: []string{fmt.Sprintf("s%03d", (s+1)%staffOfDecade)}}),
			event(wire.KindStaffPosted, wire.StaffPosted{Staff: id, Post: "p" + id, From: from}),
			event(wire.KindCardIssued, wire.CardIssued{Card: "h1:" + id, Staff: id, From: from, Shown: "••••" + id}))
	}
	return d.hub(ctx, events...)
}

// cards adds a day's swipes, some forgotten.
func (d *decade) cards(told *[]wire.Record, day time.Time) {
	midnight := time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, d.zone)
	for _, clock := range []int{8*60 + 25, 12*60 + 2, 14*60 + 25, 18*60 + 3} {
		for s := range staffOfDecade {
			n := (s*31 + day.YearDay()*17 + clock) % 97
			if n == 0 {
				continue
			}
			at := midnight.Add(time.Duration(clock+n%9-4) * time.Minute)
			id := d.visits.id(at)
			*told = append(*told, wire.Record{StoredAt: at, Event: wire.Event{ID: id, Agent: fmt.Sprintf("a%02d", s/2), Boot: fmt.Sprintf("b-a%02d", s/2), UptimeMS: at.UnixMilli() % 1e9, At: at,
				Kind: wire.KindCardSwiped, Data: fmt.Appendf(nil, `{"reader":"front","card":"h1:s%03d","format":"wiegand34"}`, s)}})
		}
	}
}

// tell stores records, those of devices by their outboxes.
func (d *decade) tell(ctx context.Context, records []wire.Record) error {
	var hub []wire.Event
	items := map[string][]eventlog.Item{}
	for i := range records {
		e := records[i].Event
		if e.Agent == "" {
			hub = append(hub, e)
			continue
		}
		e.Outbox = "o-" + e.Agent
		d.seqs[e.Agent]++
		e.Seq = d.seqs[e.Agent]
		items[e.Agent] = append(items[e.Agent], eventlog.Item{Event: e})
	}
	if len(hub) > 0 {
		if err := d.hub(ctx, hub...); err != nil {
			return err
		}
	}
	failed := make(chan error, len(items))
	for agent, all := range items {
		if err := d.log.Submit(eventlog.Submission{Agent: agent, Items: all, Done: func(_ []eventlog.Result, err error) { failed <- err }}); err != nil {
			return err
		}
	}
	var all error
	for range items {
		all = errors.Join(all, <-failed)
	}
	return all
}
