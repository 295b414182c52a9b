package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"time"

	"hallkeeper/hub/hall"
	"hallkeeper/hub/policy"
	"hallkeeper/hub/rating"
	"hallkeeper/hub/register"
	"hallkeeper/hub/view"
	"hallkeeper/wire"
)

// The hall of part i: a year of 600,000 visits, and about seven events each.
const (
	visitsOfYear   = 600_000
	visitsADay     = 2400
	windowsOfVisit = 60
	yearOfVisits   = 2025
)

// ratings measures the indicators of a year from the views, in a process of its
// own so that its memory is its own.
func (b *bench) ratings(ctx context.Context) error {
	file, err := b.visitsOf(ctx)
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	out, err := exec.CommandContext(ctx, self, "-indicators", file).Output()
	if err != nil {
		return fmt.Errorf("the year's indicators: %w", err)
	}
	var m indicatorFigures
	if err := json.Unmarshal(out, &m); err != nil {
		return err
	}
	size := int64(0)
	if st, err := os.Stat(file); err == nil {
		size = st.Size()
	}
	b.add("i", "a year's indicators from the views", fmt.Sprintf("%.2f s", m.WholeS), fmt.Sprintf("%s visits, %s events: a views.db of %.0f MiB opened in %.0f ms, its year counted by hall, department, window, person and service (target 1 s)",
		count(m.Visits), count(m.Events), float64(size)/(1<<20), m.StartMS))
	b.add("i", "the same once it is open", fmt.Sprintf("%.1f ms", m.AloneMS), fmt.Sprintf("%d rows from %s cells, median of 9", m.Rows, count(m.Cells)))
	b.add("i", "its peak memory", fmt.Sprintf("%.0f MiB", m.PeakMiB), "the whole process (target 200 MiB)")
	return nil
}

// indicatorFigures are what the process of part i says.
type indicatorFigures struct {
	Visits  int     `json:"visits"`
	Events  int     `json:"events"`
	Cells   int     `json:"cells"`
	Rows    int     `json:"rows"`
	WholeS  float64 `json:"whole_s"`
	AloneMS float64 `json:"alone_ms"`
	StartMS float64 `json:"start_ms"`
	PeakMiB float64 `json:"peak_mib"`
}

// indicators loads the ratings from a views.db and counts the year.
func indicators(file string) (m indicatorFigures, err error) {
	debug.SetGCPercent(100)
	began := time.Now()
	_, folds, err := view.New(file, 1<<40, slog.New(slog.DiscardHandler), freshViews)
	if err != nil {
		return m, err
	}
	v, ok := folds[0].(*register.View)
	if !ok || v.Through == 0 {
		return m, errors.New("the views of the year do not read")
	}
	s, p := v.Ratings, v.State.Policy
	m.Events, m.StartMS = int(v.Through), float64(time.Since(began).Microseconds())/1000
	m.Visits, m.Rows = countYear(s, p)
	m.WholeS = time.Since(began).Seconds()
	var times []time.Duration
	for range 9 {
		began := time.Now()
		countYear(s, p)
		times = append(times, time.Since(began))
	}
	alone, _, _ := quantiles(times)
	m.AloneMS = float64(alone.Microseconds()) / 1000
	for range s.Cells("0001-01-01", "9999-12-31", time.Now()) {
		m.Cells++
	}
	m.PeakMiB = peak()
	runtime.KeepAlive(s)
	return m, nil
}

// countYear answers what the page of indicators asks for, in every breakdown.
func countYear(s *rating.State, p *policy.State) (visits, rows int) {
	from, until := hall.Date(fmt.Sprintf("%d-01-01", yearOfVisits)), hall.Date(fmt.Sprintf("%d-12-31", yearOfVisits))
	now := until.AddDays(2).Time(time.UTC)
	for _, by := range []rating.By{rating.ByHall, rating.ByDepartment, rating.ByWindow, rating.ByStaff, rating.ByService} {
		all := rating.Rows(s.Cells(from, until, now), by, nil, policy.Indicators(until), rating.Prior(p, until))
		rows += len(all)
		if by == rating.ByHall {
			visits = all[0].Figures.Visits
		}
	}
	return visits, rows
}

// visitsOf is a views.db of the year, made once, as a hub makes it from its log.
func (b *bench) visitsOf(ctx context.Context) (string, error) {
	folder := filepath.Join(b.cache, fmt.Sprintf("visits-%d-%d", yearOfVisits, visitsOfYear))
	file := filepath.Join(folder, "views.db")
	if _, err := os.Stat(filepath.Join(folder, "made")); err == nil {
		return file, nil
	}
	if err := os.RemoveAll(folder); err != nil {
		return "", err
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return "", err
	}
	_, _ = fmt.Fprintf(b.say, "  making a year of %s visits, once\n", count(visitsOfYear))
	if _, err := view.Replay(ctx, &visitYear{zone: visitZone(), first: yearOfVisits, years: 1}, file, slog.New(slog.DiscardHandler), freshViews); err != nil {
		return "", err
	}
	return file, os.WriteFile(filepath.Join(folder, "made"), nil, 0o600)
}

func visitZone() *time.Location { return time.FixedZone("", 8*3600) }

// freshViews are those of an empty log.
func freshViews() []view.Fold {
	v, err := register.NewView(visitZone())
	if err != nil {
		panic(err) // it brings its calendars along
	}
	return []view.Fold{v}
}

// visitYear is the log of the year, as it goes by.
type visitYear struct {
	zone *time.Location
	// first and years are of part y; part i has the one year.
	first, years int
	batch        []wire.Record
	last         wire.Position
	ids          uint64
}

func (y *visitYear) Head() wire.Position { return 1 << 40 } // until it ends

// id is one like those of the hub: a time and chance.
func (y *visitYear) id(at time.Time) string {
	y.ids++
	r := y.ids * 0x9e3779b97f4a7c15
	ms := at.UnixMilli()
	return fmt.Sprintf("%08x-%04x-7%03x-%04x-%012x", ms>>16, ms&0xffff, r&0xfff, 0x8000|r>>12&0x3fff, r>>16)
}

func (y *visitYear) hub(at time.Time, kind wire.Kind, data any) {
	e := event(kind, data)
	e.At, e.ID = at, y.id(at)
	y.add(wire.Record{StoredAt: at, Event: e})
}

func (y *visitYear) device(at time.Time, window int, kind wire.Kind, data string) {
	agent := fmt.Sprintf("a%02d", window)
	y.add(wire.Record{StoredAt: at, Event: wire.Event{ID: y.id(at), Agent: agent, Outbox: "o-" + agent, Boot: "b-" + agent, UptimeMS: at.UnixMilli() % 1e9, At: at, Kind: kind, Data: []byte(data)}})
}

func (y *visitYear) add(r wire.Record) {
	y.last++
	r.Position = y.last
	y.batch = append(y.batch, r)
}

// Follow gives the year, a quarter of an hour at a time.
func (y *visitYear) Follow(ctx context.Context, _ wire.Position) iter.Seq2[[]wire.Record, error] {
	return func(yield func([]wire.Record, error) bool) {
		day := time.Date(y.first, 1, 1, 0, 0, 0, 0, y.zone)
		y.begin(day)
		for visits := 0; visits < visitsOfYear*y.years && day.Year() <= yearOfVisits; day = day.AddDate(0, 0, 1) {
			if w := day.Weekday(); w == time.Saturday || w == time.Sunday {
				continue
			}
			for slot := range visitsADay / windowsOfVisit {
				y.round(day.Add(8*time.Hour+30*time.Minute+time.Duration(slot)*13*time.Minute), slot)
				visits += windowsOfVisit
				if !yield(y.batch, ctx.Err()) || ctx.Err() != nil {
					return
				}
				y.batch = y.batch[:0]
			}
		}
	}
}

func (y *visitYear) begin(at time.Time) {
	for w := range windowsOfVisit {
		id := fmt.Sprintf("w%02d", w)
		y.hub(at, wire.KindWindowSet, wire.WindowSet{Window: id, Number: id[1:], Name: "窗口"})
		y.hub(at, wire.KindDeviceAssigned, wire.DeviceAssigned{Agent: fmt.Sprintf("a%02d", w), Window: id})
		for k := range 3 {
			y.hub(at, wire.KindServiceSet, wire.ServiceSet{Service: fmt.Sprintf("%s-s%d", id, k), Name: "业务", Department: fmt.Sprintf("dep%02d", w%20), Prefix: "A", Windows: []string{id}})
		}
	}
}

// round is one visit at each window: seven events, and one in nine is not rated.
func (y *visitYear) round(at time.Time, slot int) {
	type visit struct {
		ticket, visit, window string
		n                     int
	}
	all := make([]visit, windowsOfVisit)
	for w := range all {
		v := &all[w]
		*v = visit{y.id(at), y.id(at), fmt.Sprintf("w%02d", w), (slot*windowsOfVisit + w) ^ at.YearDay()*7919}
		y.hub(at, wire.KindTicketIssued, wire.TicketIssued{Ticket: v.ticket, Number: fmt.Sprintf("A%03d", slot), Service: fmt.Sprintf("%s-s%d", v.window, v.n%3), Class: "ordinary", Day: at.Format(time.DateOnly), Place: int64(slot) << 16})
	}
	staff := func(w int) string { return fmt.Sprintf("s%03d", w*2+slot/20) } // two shifts
	for w := range all {
		y.device(at.Add(time.Minute), w, wire.KindCallPressed, `{}`)
		y.hub(at.Add(time.Minute), wire.KindTicketCalled, wire.TicketCalled{Ticket: all[w].ticket, Number: fmt.Sprintf("A%03d", slot), Window: all[w].window, Staff: staff(w), Rule: "first"})
	}
	for w := range all {
		y.device(at.Add(2*time.Minute), w, wire.KindCallPressed, `{}`)
		y.hub(at.Add(2*time.Minute), wire.KindVisitStarted, wire.VisitStarted{Visit: all[w].visit, Ticket: all[w].ticket, Window: all[w].window, Staff: staff(w)})
	}
	for w := range all {
		if all[w].n%9 != 0 {
			level := 5 - min(all[w].n%97/40, 1) - all[w].n%41/40*2
			y.device(at.Add(9*time.Minute), w, wire.KindRatingPressed, fmt.Sprintf(`{"level":%d}`, level))
		}
	}
	for w := range all {
		y.hub(at.Add(10*time.Minute), wire.KindVisitFinished, wire.VisitFinished{Visit: all[w].visit, Ticket: all[w].ticket, Window: all[w].window, Outcome: "done"})
	}
}
