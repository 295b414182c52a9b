package day

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func update() bool { return flag.Lookup("update").Value.String() == "true" }

func TestMain(m *testing.M) {
	flag.Bool("update", false, "write the golden files anew")
	flag.Parse()
	os.Exit(m.Run())
}

func text(acts []Act) string {
	var b strings.Builder
	for _, act := range acts {
		b.WriteString(act.String())
		b.WriteByte('\n')
	}
	return b.String()
}

func hall(n int) Config {
	all := []string{"w01", "w02", "w03", "w04", "w05", "w06", "w07", "w08", "w09", "w10", "w11", "w12"}
	return Config{Windows: all[:n]}
}

func TestPlanGolden(t *testing.T) {
	got := text(Plan(hall(2), 7, Date{2026, time.November, 23}))
	path := filepath.Join("testdata", "plan-seed7-2026-11-23.txt")
	if update() {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the plan of a seed has changed: a simulated past that hubs already hold would be told differently\n%s", got)
	}
}

func TestPlanOfAWindowDoesNotDependOnOthers(t *testing.T) {
	date := Date{2026, time.March, 3}
	many := Plan(hall(12), 1, date)
	many = slices.DeleteFunc(many, func(a Act) bool { return a.Window != "w01" })
	if one := Plan(hall(1), 1, date); text(one) != text(many) {
		t.Error("w01 does other things when there are twelve windows than when it is alone")
	}
}

func TestPlanIsAWorkingDay(t *testing.T) {
	cfg := hall(12)
	for seed := range uint64(20) {
		date := Date{2026, time.January, 5}.Add(int(seed))
		inside := map[string]bool{}
		last := map[string]time.Duration{}
		var before time.Duration
		for _, act := range Plan(cfg, seed, date) {
			if act.At < before || act.At < Opens || act.At > Closes {
				t.Fatalf("seed %d: %v is out of order or outside the hall's hours", seed, act)
			}
			before = act.At
			if at, seen := last[act.Window]; seen && act.At <= at {
				t.Fatalf("seed %d: two acts at %s in one second: %v", seed, act.Window, act)
			}
			last[act.Window] = act.At
			switch act.Kind {
			case ComeIn:
				inside[act.Window] = true
			case GoOut:
				inside[act.Window] = false
			case Rate:
				if act.Level < 1 || act.Level > 5 {
					t.Fatalf("there is no level %d", act.Level)
				}
			case Call, Done:
			default:
				t.Fatalf("unknown act %v", act)
			}
		}
	}
}

func TestOdds(t *testing.T) {
	var (
		cfg                     = hall(12)
		calls, rates, late, ins int
		levels                  [6]int
		byHour                  [24]int
	)
	for n := range 40 {
		for _, act := range Plan(cfg, 99, Date{2026, time.June, 1}.Add(n)) {
			switch act.Kind {
			case Call:
				calls++
				byHour[int(act.At.Hours())]++
			case Rate:
				rates++
				levels[act.Level]++
			case ComeIn:
				ins++
				if (act.At > clock(8, 30) && act.At < clock(12, 0)) || act.At > clock(14, 30) {
					late++
				}
			case GoOut, Done:
			}
		}
	}
	within := func(what string, got, low, high float64) {
		t.Helper()
		if got < low || got > high {
			t.Errorf("%s: got %.3f, want %.3f to %.3f", what, got, low, high)
		}
	}
	days := float64(40 * 12)
	within("calls a window and day", float64(calls)/days, 30, 55)
	within("ratings a call", float64(rates)/float64(calls), 0.58, 0.70)
	within("of them very satisfied", float64(levels[5])/float64(rates), 0.60, 0.64)
	within("of them very dissatisfied", float64(levels[1])/float64(rates), 0.001, 0.006)
	within("of them dissatisfied", float64(levels[2])/float64(rates), 0.003, 0.010)
	within("late arrivals", float64(late)/float64(ins), 0.01, 0.12)
	within("arrivals a window and day", float64(ins)/days, 1.9, 2.0)
	within("morning peak over noon", float64(byHour[10])/float64(byHour[12]+1), 5, 1e6)
	within("morning peak over early", float64(byHour[10])/float64(byHour[8]+1), 1.2, 1e6)
	within("afternoon peak over late", float64(byHour[15])/float64(byHour[17]+1), 2, 1e6)
}

func TestCard(t *testing.T) {
	for _, row := range []struct {
		card         Card
		text, format string
	}{
		{Card{34, 0x04A2B9C1}, "04A2B9C1", "wiegand34"},
		{Card{26, 0x00B9C1}, "00B9C1", "wiegand26"},
	} {
		if row.card.String() != row.text || row.card.Format() != row.format {
			t.Errorf("got %s %s, want %s %s", row.card, row.card.Format(), row.text, row.format)
		}
	}
}

func TestDate(t *testing.T) {
	friday := Date{2026, time.February, 27}
	for _, row := range []struct {
		says    string
		date    Date
		text    string
		working bool
	}{
		{"a Friday is worked", friday, "2026-02-27", true},
		{"a Saturday is not", friday.Add(1), "2026-02-28", false},
		{"a Sunday is not, and a month ends", friday.Add(2), "2026-03-01", false},
		{"a Monday is", friday.Add(3), "2026-03-02", true},
	} {
		if row.date.String() != row.text || row.date.Working() != row.working {
			t.Errorf("%s: got %s, working %v", row.says, row.date, row.date.Working())
		}
		if back, err := ParseDate(row.text); err != nil || back != row.date {
			t.Errorf("%s: read back as %v, %v", row.says, back, err)
		}
	}
	if _, err := ParseDate("27.2.2026"); err == nil {
		t.Error("27.2.2026 was taken for a date")
	}
}
