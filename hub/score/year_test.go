package score_test

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hallkeeper/hub/assess"
	"hallkeeper/hub/cycle"
	"hallkeeper/hub/eventlog"
	"hallkeeper/hub/fixture"
	"hallkeeper/hub/register"
	"hallkeeper/hub/roster"
	"hallkeeper/hub/score"
	"hallkeeper/wire"
)

func TestMain(m *testing.M) {
	flag.Bool("update", false, "write the golden files anew")
	flag.Parse()
	os.Exit(m.Run())
}

func update() bool { return flag.Lookup("update").Value.String() == "true" }

const yearFolder = "testdata/year"

// year is the small hall's year, played once for all tests.
type year struct {
	*fixture.Result
	dir string
}

func playYear(t *testing.T) *year {
	t.Helper()
	f, err := fixture.ReadFolder(yearFolder)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "hall")
	r, err := f.Run(context.Background(), dir, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return &year{r, dir}
}

// periods are all of the year, each after its parts.
func periods() (all []assess.Period) {
	for q := range 4 {
		for m := range 3 {
			all = append(all, assess.Period(fmt.Sprintf("2021-%02d", q*3+m+1)))
		}
		all = append(all, assess.Period(fmt.Sprintf("2021-Q%d", q+1)))
	}
	return append(all, "2021")
}

func TestTheYearIsAsWrittenDown(t *testing.T) {
	y := playYear(t)
	var b strings.Builder
	fmt.Fprintln(&b, "# 2021 年演示厅的全部得分与评优，由程序写出；数字一变，差异就在这里。")
	fmt.Fprintln(&b, "# All scores and awards of the year in 00-hall.txt to 12.txt, written by the program: go test ./hub/score -update")
	for _, p := range periods() {
		x, _ := y.View.State.Cycle.Periods.Get(string(p))
		if x.Stage() != cycle.Published {
			t.Errorf("%s is not published but %s", p, x.Stage())
			continue
		}
		var before *assess.Outcome
		for _, rev := range x.Revisions {
			o, err := y.View.Archive.Outcome(p, rev.Number)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&b, "\n%s revision %d, published %s, %d working days\n", p, rev.Number, rev.Day, o.Workdays)
			if before == nil {
				table(&b, &o)
			} else {
				changes(&b, before, &o)
			}
			before = &o
		}
	}
	path := filepath.Join(yearFolder, "scores.txt")
	if update() {
		if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := b.String(); got != string(want) {
		t.Errorf("the year has come to something else; go test ./hub/score -update and look at the difference:\n%s", firstDifference(string(want), got))
	}
}

func firstDifference(want, got string) string {
	a, b := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return fmt.Sprintf("line %d\n- %s\n+ %s", i+1, a[i], b[i])
		}
	}
	return fmt.Sprintf("%d lines, want %d", len(b), len(a))
}

func num(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

// table writes an outcome for people.
func table(w io.Writer, o *assess.Outcome) {
	line := func(format string, args ...any) { _, _ = fmt.Fprintf(w, format+"\n", args...) }
	for _, to := range []assess.To{assess.ToPerson, assess.ToWindow, assess.ToDepartment} {
		for _, r := range o.Of(to) {
			barred := ""
			if r.Barred != "" {
				barred = fmt.Sprintf("  barred for the %s by %s", r.Barred, r.BarredBy)
			}
			line("  %-10s %-6s %6s  %-5s rank %d  days %3d  base %s off %s bonus %s%s%s", to, r.ID, num(r.Points), r.Grade, r.Rank, r.Days, num(r.Base), num(r.Off), num(r.Bonus), parts(r.Parts), barred)
			for _, f := range r.Findings {
				finding(w, "      ", f)
			}
			for _, rule := range slices.Sorted(maps.Keys(r.Rules)) {
				if len(r.Findings) == 0 {
					line("      %s %s", rule, num(r.Rules[rule]))
				}
			}
		}
	}
	for _, f := range o.Unresolved {
		line("  unresolved %s %s: %s", f.Fact, f.Rule, f.Fault.EN)
	}
	for _, a := range o.Awards {
		line("  award %s: %d assessed, %d places", a.Award, a.Assessed, a.Places)
		for _, c := range a.Candidates {
			line("      %-6s %6s  %s", c.ID, num(c.Points), cmp.Or(map[bool]string{true: "won"}[c.Won], "not: "+c.Why+" "+c.Finding+c.Tie))
		}
	}
	if o.Share != nil {
		line("  share: %s %s %%, excellent %d", o.Share.Reading, num(o.Share.Percent), o.Share.Excellent)
		for _, r := range o.People {
			if r.Weighed != nil {
				line("      %-6s %6s", r.ID, num(*r.Weighed))
			}
		}
	}
}

func finding(w io.Writer, indent string, f assess.Scored) {
	text := fmt.Sprintf("%s%s %s %s", indent, f.Day, f.Rule, num(f.Points))
	if f.Counted != f.Points {
		text += " counted " + num(f.Counted)
	}
	if len(f.Caps) > 0 {
		text += " by " + strings.Join(f.Caps, ", ")
	}
	if f.Void != "" {
		text += " taken out by an appeal"
	}
	_, _ = fmt.Fprintf(w, "%s  %s  [%s]\n", text, f.Fact, strings.Join(f.Parameters, "; "))
}

func parts(all []assess.Part) string {
	if len(all) == 0 {
		return ""
	}
	text := "  mean of"
	for _, p := range all {
		text += " " + p.ID + "=" + num(p.Points)
		if p.Days != 1 {
			text += "×" + strconv.Itoa(p.Days)
		}
	}
	return text
}

func changes(w io.Writer, before, after *assess.Outcome) {
	for _, c := range assess.Compare(before, after) {
		points := func(p *float64) string {
			if p == nil {
				return "none"
			}
			return num(*p)
		}
		_, _ = fmt.Fprintf(w, "  %-10s %-6s %s → %s\n", c.To, c.ID, points(c.From), points(c.Until))
		for _, f := range c.Gone {
			finding(w, "      no more ", f)
		}
		for _, f := range c.Come {
			finding(w, "      now ", f)
		}
	}
}

// records are the log of a played year.
func (y *year) records(t *testing.T) (all []wire.Record) {
	t.Helper()
	log, closeLog, err := eventlog.Read(filepath.Join(y.dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = closeLog() }()
	for at := wire.Position(0); at < y.Head; at = all[len(all)-1].Position {
		batch, err := log.ReadBatch(at, 4096)
		if err != nil || len(batch) == 0 {
			t.Fatalf("the log ends at %d: %v", at, err)
		}
		all = append(all, batch...)
	}
	return all
}

// folded is a hall made from records.
type folded struct {
	view    *register.View
	windows roster.State
}

func fold(t interface{ Fatal(...any) }, zone *time.Location, records []wire.Record) *folded {
	v, err := register.NewView(zone)
	if err != nil {
		t.Fatal(err)
	}
	f := &folded{view: v}
	for i := range records {
		f.windows.Fold(&records[i])
		f.view.Apply(&records[i])
	}
	return f
}

// live are the digests of all periods, nothing taken from what was published.
func (f *folded) live() map[assess.Period]string {
	g := score.Of(f.view, &f.windows, nil)
	g.Live = true
	all := map[assess.Period]string{}
	for _, p := range periods() {
		o := g.Outcome(p)
		_, all[p] = cycle.Encode(&o)
	}
	return all
}

func zone(t *testing.T) *time.Location {
	t.Helper()
	z, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// The log folded again gives the same bytes: what was published, and what would be.
func TestTheLogGivesTheYearAgain(t *testing.T) {
	y := playYear(t)
	again := fold(t, zone(t), y.records(t))
	first := &folded{y.View, *y.Windows}
	for p, digest := range first.live() {
		if got := again.live()[p]; got != digest {
			t.Errorf("%s: folded again it is %s, was %s", p, got, digest)
		}
	}
	for _, p := range periods() {
		a, _ := y.View.State.Cycle.Periods.Get(string(p))
		b, _ := again.view.State.Cycle.Periods.Get(string(p))
		if len(a.Revisions) == 0 || len(a.Revisions) != len(b.Revisions) {
			t.Errorf("%s has %d revisions, folded again %d", p, len(a.Revisions), len(b.Revisions))
			continue
		}
		for i, rev := range a.Revisions {
			o, err := again.view.Archive.Outcome(p, rev.Number)
			if err != nil {
				t.Fatal(err)
			}
			if _, digest := cycle.Encode(&o); digest != rev.Digest || b.Revisions[i].Digest != rev.Digest {
				t.Errorf("%s revision %d: read back it has digest %s, published was %s", p, rev.Number, digest, rev.Digest)
			}
		}
	}
}

// Whatever comes late from which device, the year is the same in the end. Each
// device's records stay in their order.
func TestTheYearDoesNotDependOnTheOrderOfArrival(t *testing.T) {
	y := playYear(t)
	records, in := y.records(t), zone(t)
	want := fold(t, in, records).live()
	runs := 6
	rapid.Check(t, func(rt *rapid.T) {
		seed := rapid.Uint64().Draw(rt, "seed")
		far := rapid.SampledFrom([]int{0, 40, 400}).Draw(rt, "how far apart devices are, in records; 0 is any")
		if runs--; runs < 0 {
			return // each is a whole year
		}
		for p, digest := range fold(rt, in, shuffled(records, seed, far)).live() {
			if digest != want[p] {
				rt.Errorf("%s differs in another order of arrival", p)
			}
		}
	})
}

// shuffled lets the records of devices come in another order, between those of the
// hub, which stay where they are. Within far records only, 0 for any.
func shuffled(records []wire.Record, seed uint64, far int) []wire.Record {
	chance := rand.New(rand.NewPCG(seed, 63))
	if far == 0 {
		far = len(records)
	}
	all := slices.Clone(records)
	for from := 0; from < len(all); from += far {
		chunk := all[from:min(from+far, len(all))]
		by := map[string][]wire.Record{}
		var order []string // of agents, one for each of their records
		for _, r := range chunk {
			if r.Agent != "" {
				by[r.Agent] = append(by[r.Agent], r)
				order = append(order, r.Agent)
			}
		}
		chance.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		for i := range chunk {
			if chunk[i].Agent == "" {
				continue
			}
			agent := order[0]
			r := by[agent][0]
			order, by[agent] = order[1:], by[agent][1:]
			r.Position = chunk[i].Position
			chunk[i] = r
		}
	}
	return all
}
