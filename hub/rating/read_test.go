package rating

import (
	"encoding/json"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"hallkeeper/wire"
)

// What is read by hand is read as encoding/json reads it.
func TestReadingByHandIsReading(t *testing.T) {
	text := rapid.SampledFrom([]string{"", "a", "w1", "1f0c2b7e-0000-7000-8000-00000000000a", `"`, `\`, "务", "a,b", "}", `":"`, "visit", "\n"})
	rapid.Check(t, func(t *rapid.T) {
		wait := rapid.IntRange(-1, 9).Draw(t, "wait")
		texts := func() string { return text.Draw(t, "text") }
		issued := wire.TicketIssued{Ticket: texts(), Number: texts(), Service: texts(), Class: texts(), Day: texts(), Then: []string{texts(), texts()}, Wait: &wait}
		started := wire.VisitStarted{Visit: texts(), Ticket: texts(), Window: texts(), Staff: texts()}
		finished := wire.VisitFinished{Visit: texts(), Ticket: texts(), Window: texts(), Mode: texts(), Outcome: texts(), Next: texts(), Service: texts(), Missing: []string{texts()}}
		space := rapid.Bool().Draw(t, "space")
		write := func(v any) []byte {
			b, err := json.Marshal(v)
			if err == nil && space {
				b, err = json.MarshalIndent(v, "", " ")
			}
			if err != nil {
				t.Fatal(err)
			}
			return b
		}
		if got := readTicketIssued(write(issued)); got.Ticket != issued.Ticket || got.Service != issued.Service || got.Day != issued.Day {
			t.Fatalf("%s is read as %+v", write(issued), got)
		}
		if got := readVisitStarted(write(started)); got != started {
			t.Fatalf("%s is read as %+v", write(started), got)
		}
		got := readVisitFinished(write(finished))
		if got.Visit != finished.Visit || got.Ticket != finished.Ticket || got.Window != finished.Window || got.Outcome != finished.Outcome || got.Next != finished.Next || got.Service != finished.Service {
			t.Fatalf("%s is read as %+v", write(finished), got)
		}
	})
	for _, bad := range []string{"", "null", "{}", "[]", "{", `{"visit"`, `{"visit":`, `{"visit":"`, `{"visit":7}`, `{"visit":{"ticket":"t"}}`, `{"visit":"v","ticket":"t"`, `{"visit":"v"}}`} {
		var want wire.VisitStarted
		_ = json.Unmarshal([]byte(bad), &want)
		if got := readVisitStarted([]byte(bad)); got != want {
			t.Errorf("%s is read as %+v, not %+v", bad, got, want)
		}
	}
}

// Ids are kept as 16 bytes where they are UUIDs, and by name where they are not.
func TestIDsComeBack(t *testing.T) {
	for _, id := range []string{"1f0c2b7e-89ab-7cde-8f01-23456789abcd", "1F0C2B7E-89ab-7cde-8f01-23456789abcd", "", "v1", "1f0c2b7e-89ab-7cde-8f01-23456789abcg", strings.Repeat("-", 36), "务"} {
		s := newView(t).State
		s.note(id)
		x, odd := short(id)
		if got := s.sheets.ids.text(x); got != id || odd != (s.odd.Len() == 1) {
			t.Errorf("%q comes back as %q", id, got)
		}
	}
}
