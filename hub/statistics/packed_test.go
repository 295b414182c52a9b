package statistics

import (
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"hallkeeper/wire"
)

// Whatever a fact is, of a clock that was set back too, its day gives it again.
func TestAPackedDayGivesItsStaysAgain(t *testing.T) {
	word := rapid.SampledFrom([]string{"", "a", "b", "窗口一"})
	at := rapid.SampledFrom([]int64{0, 1, 1_795_000_000, 1_795_000_001, 1_795_003_600})
	few := rapid.IntRange(0, 300)
	rapid.Check(t, func(t *rapid.T) {
		facts := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Fact {
			position := func(name string) wire.Position { return wire.Position(rapid.IntRange(0, 1<<40).Draw(t, name)) }
			return Fact{Day: "2026-11-23", Ticket: rapid.String().Draw(t, "ticket"), Number: word.Draw(t, "number"), Service: word.Draw(t, "service"), Class: word.Draw(t, "class"),
				Window: word.Draw(t, "window"), Staff: word.Draw(t, "staff"), Outcome: word.Draw(t, "outcome"), Mode: word.Draw(t, "mode"), End: rapid.SampledFrom(ends()).Draw(t, "end"),
				Stay: few.Draw(t, "stay"), Next: rapid.Bool().Draw(t, "next"), Paper: rapid.Bool().Draw(t, "paper"),
				Began: at.Draw(t, "began"), Called: at.Draw(t, "called"), Started: at.Draw(t, "started"), Ended: at.Draw(t, "ended"), Away: at.Draw(t, "away"), AwayFrom: at.Draw(t, "from"),
				Recalls: few.Draw(t, "recalls"), Absences: few.Draw(t, "absences"), Holds: few.Draw(t, "holds"), WaitMax: few.Draw(t, "wait"), ServiceMax: few.Draw(t, "service time"),
				First: position("first"), Call: position("call"), Last: position("last")}
		}), 1, 20).Draw(t, "facts")
		var p packed
		p.set("2026-11-23", facts)
		if got := p.day("2026-11-23").facts(); !reflect.DeepEqual(got, facts) {
			t.Fatalf("packed and read, the stays are\n%+v\nnot\n%+v", got, facts)
		}
	})
}

// A page begins with the stay that began first, whatever order the stays ended in.
func TestPagesAreInTheOrderOfBeginnings(t *testing.T) {
	l := morning(t)
	all := l.facts("2026-11-23", "2026-11-23")
	for i := 1; i < len(all); i++ {
		if all[i].Began < all[i-1].Began {
			t.Errorf("stay %d began before the one before it", i)
		}
	}
	page, total := l.Span("2026-11-23", "2026-11-23", true).Page(func(f *Fact) bool { return f.Service == "a" }, 1, 1)
	if total != 3 || len(page) != 1 || page[0].Ticket != "t2" {
		t.Errorf("the second of service a is %+v of %d", page, total)
	}
	if page, total = l.Span("2026-11-23", "2026-11-23", true).Page(func(*Fact) bool { return true }, 9, 5); total != 4 || page != nil {
		t.Errorf("past the end there are %+v of %d", page, total)
	}
}
