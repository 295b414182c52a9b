package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"hallkeeper/faults/operator"
	"hallkeeper/hub/assess"
	"hallkeeper/hub/cycle"
	"hallkeeper/hub/eventlog"
	"hallkeeper/hub/hall"
	"hallkeeper/hub/register"
	"hallkeeper/hub/roster"
	"hallkeeper/hub/score"
	"hallkeeper/policies"
	"hallkeeper/wire"
)

// assess measures scores: a month and a year of 500 people, one event under the
// policy, and one score explained by a hub that serves.
func (b *bench) assess(ctx context.Context) error {
	folder, err := b.madeOnce(ctx, "assessed", (*year).assessed)
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	out, err := exec.CommandContext(ctx, self, "-assess", folder).Output()
	if err != nil {
		return fmt.Errorf("compute the year: %w", err)
	}
	var m assessFigures
	if err := json.Unmarshal(out, &m); err != nil {
		return err
	}
	b.add("j", "a month of 500 people", fmt.Sprintf("%.2f s", m.MonthS), fmt.Sprintf("%d findings of %d days from sheets that nothing has read before, outcome and digest (target 1 s)", m.Findings, m.Workdays))
	b.add("j", "the same once its days were read", fmt.Sprintf("%.2f s", m.AgainS), "as the console asks for it again and again")
	b.add("j", "a year of 500 people", fmt.Sprintf("%.2f s", m.YearS), fmt.Sprintf("12 months, 4 quarters, the awards, nothing taken from what was published (target 5 s); from published quarters %.2f s", m.PartsS))
	b.add("j", "policy evaluation", fmt.Sprintf("%.1f µs an event", m.EventUS), "from a fact to its finding, 63.yaml")
	b.add("j", "its peak memory", fmt.Sprintf("%.0f MiB", m.PeakMiB), "the whole process")
	return b.explain(ctx, filepath.Dir(folder))
}

// assessFigures are what the process of part j says.
type assessFigures struct {
	MonthS   float64 `json:"month_s"`
	AgainS   float64 `json:"again_s"`
	YearS    float64 `json:"year_s"`
	PartsS   float64 `json:"parts_s"`
	EventUS  float64 `json:"event_us"`
	PeakMiB  float64 `json:"peak_mib"`
	Findings int     `json:"findings"`
	Workdays int     `json:"workdays"`
}

// scoring is a hall that was read from a log.
type scoring struct {
	view    *register.View
	windows roster.State
}

func (s *scoring) read(log *eventlog.Log) error {
	for at := s.view.Through; at < log.Head(); at = s.view.Through {
		batch, err := log.ReadBatch(at, 4096)
		if err != nil {
			return err
		}
		for i := range batch {
			s.windows.Fold(&batch[i])
			s.view.Apply(&batch[i])
		}
	}
	s.view.Days.Index()
	return nil
}

func newScoring(zone *time.Location) (*scoring, error) {
	v, err := register.NewView(zone)
	return &scoring{view: v}, err
}

// computeScores reads the log of a year and computes it.
func computeScores(folder string) (m assessFigures, err error) {
	log, closeLog, err := eventlog.Read(folder)
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, closeLog()) }()
	s, err := newScoring(time.FixedZone("", 8*3600))
	if err == nil {
		err = s.read(log)
	}
	if err != nil {
		return m, err
	}
	timed := func(do func()) float64 {
		began := time.Now()
		do()
		return time.Since(began).Seconds()
	}
	memory := &score.Memory{}
	g := score.Of(s.view, &s.windows, memory)
	var o assess.Outcome
	month := func() {
		o = g.Outcome(assess.Period(fmt.Sprintf("%d-06", yearOfSheets)))
		cycle.Encode(&o)
	}
	m.MonthS, m.AgainS, m.Workdays = timed(month), timed(month), o.Workdays
	for i := range o.People {
		m.Findings += len(o.People[i].Findings)
	}
	whole := func() {
		o := g.Outcome(assess.Period(fmt.Sprint(yearOfSheets)))
		cycle.Encode(&o)
	}
	m.PartsS = timed(whole)
	g = score.Of(s.view, &s.windows, &score.Memory{})
	g.Live = true
	m.YearS = timed(whole)
	const many = 20_000
	day := hall.Date(fmt.Sprintf("%d-06-10", yearOfSheets))
	facts := make([]assess.Fact, many)
	for i := range facts {
		facts[i] = assess.Fact{ID: fmt.Sprint(i), Kind: "late", Day: day, Person: fmt.Sprintf("s%03d", i%staffOfYear), Values: map[string]any{"minutes": float64(i % 60)}}
	}
	p := g.Policies.Judge(day)
	m.EventUS = timed(func() { assess.Assess(p, facts, day) }) * 1e6 / many
	m.PeakMiB = peak()
	return m, nil
}

// assessed is the year with an adopted policy, and with all its periods published.
func (y *year) assessed(ctx context.Context) error {
	text := policies.Default()
	p, err := assess.Load(text)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(text)
	y.more = []wire.Event{event(wire.KindPolicyAdopted, wire.PolicyAdopted{Policy: p.ID, Version: p.Version, From: "2020-08-01", Document: "bench", Text: string(text), SHA256: hex.EncodeToString(sum[:])}),
		event(wire.KindPolicyExtended, wire.PolicyExtended{Policy: p.ID, Version: p.Version, From: "2022-08-01", Document: "bench", Fictional: true})}
	if err := y.make(ctx); err != nil {
		return err
	}
	s, err := newScoring(y.zone)
	if err != nil {
		return err
	}
	memory := &score.Memory{}
	y.set(time.Date(yearOfSheets+1, 1, 20, 9, 0, 0, 0, y.zone))
	for q := range 4 {
		for m := range 3 {
			if err := y.publish(ctx, s, memory, assess.Period(fmt.Sprintf("%d-%02d", yearOfSheets, q*3+m+1))); err != nil {
				return err
			}
		}
		if err := y.publish(ctx, s, memory, assess.Period(fmt.Sprintf("%d-Q%d", yearOfSheets, q+1))); err != nil {
			return err
		}
	}
	return y.publish(ctx, s, memory, assess.Period(fmt.Sprint(yearOfSheets)))
}

func (y *year) publish(ctx context.Context, s *scoring, memory *score.Memory, p assess.Period) error {
	if err := s.read(y.log); err != nil {
		return err
	}
	o := score.Of(s.view, &s.windows, memory).Outcome(p)
	text, digest := cycle.Encode(&o)
	return y.hub(ctx, event(wire.KindPeriodComputed, wire.PeriodComputed{Period: string(p), Through: s.view.Through, Digest: digest}),
		event(wire.KindPeriodReviewed, wire.PeriodReviewed{Period: string(p), Digest: digest}),
		event(wire.KindPeriodPublished, wire.PeriodPublished{Period: string(p), Revision: 1, Through: s.view.Through, Digest: digest, Outcome: text}))
}

// explain asks a hub for one score after the other, each down to its swipes.
func (b *bench) explain(ctx context.Context, data string) error {
	data, err := keyed(data)
	if err != nil {
		return err
	}
	h, err := b.startHub(ctx, data)
	if err != nil {
		return err
	}
	defer h.stop()
	get := func(path string) (time.Duration, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, h.HTTP+"/api/v1/"+path, nil)
		if err != nil {
			return 0, err
		}
		operator.Sign(req)
		began := time.Now()
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return 0, err
		}
		_, err = io.Copy(io.Discard, res.Body)
		took := time.Since(began)
		if err = errors.Join(err, res.Body.Close()); err == nil && res.StatusCode != http.StatusOK {
			err = fmt.Errorf("%s: %s", path, res.Status)
		}
		return took, err
	}
	for _, kind := range []struct{ what, path, note string }{
		{"a score explained, published", "scores/person:s%03d/" + fmt.Sprintf("%d-06", yearOfSheets), "of 500 people, 100 requests through a serving hub (target 50 ms)"},
		{"a whole month, published", fmt.Sprintf("months/%d-06", yearOfSheets), "with what it would be now, and names"},
	} {
		var times []time.Duration
		for i := range 100 {
			path := kind.path
			if strings.Contains(path, "%") {
				path = fmt.Sprintf(path, i*5)
			}
			took, err := get(path)
			if err != nil {
				return err
			}
			times = append(times, took)
			if i == 9 && kind.what == "a whole month, published" {
				break
			}
		}
		p50, p99, most := quantiles(times)
		b.add("j", kind.what, "p50 "+ms(p50), fmt.Sprintf("p99 %s, max %s, %s", ms(p99), ms(most), kind.note))
	}
	return nil
}
