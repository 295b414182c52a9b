package queue

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"hallkeeper/hub/hall"
	"hallkeeper/hub/policy"
	"hallkeeper/hub/roster"
	"hallkeeper/wire"
)

// tester is a test, or one try of a property.
type tester interface {
	Helper()
	Fatal(...any)
	Fatalf(string, ...any)
	Errorf(string, ...any)
}

// line is a hall of three windows and a log: what is decided is folded at once.
type line struct {
	State
	hall roster.Hall
	now  time.Time
	log  []wire.Record
	made int
	// who presses.
	staff string
}

var zone = time.FixedZone("CST", 8*3600)

func newLine(t tester) *line {
	t.Helper()
	p, err := newPolicy()
	if err != nil {
		t.Fatal(err)
	}
	l := &line{hall: roster.Hall{Windows: &roster.State{}, People: &roster.People{}, Policy: p}, now: time.Date(2026, 11, 23, 9, 0, 0, 0, zone)}
	for _, w := range []string{"w1", "w2", "w3"} {
		l.enter(t, wire.KindWindowSet, wire.WindowSet{Window: w, Number: w, Name: w})
	}
	l.enter(t, wire.KindDepartmentSet, wire.DepartmentSet{Department: "civil", Name: "民政局"})
	l.must(t, SetService{Service: "a", Name: "婚姻登记", Department: "civil", Prefix: "A", Windows: []string{"w1", "w2"}})
	l.must(t, SetService{Service: "b", Name: "社会救助", Department: "civil", Prefix: "B", Windows: []string{"w2", "w3"}})
	return l
}

func (l *line) enter(t tester, kind wire.Kind, data any) {
	t.Helper()
	r := record(t, kind, data)
	r.Position, r.StoredAt, r.At = wire.Position(len(l.log)+1), l.now, l.now
	l.log = append(l.log, r)
	if !l.Fold(&r) {
		l.hall.Windows.Fold(&r)
		l.hall.People.Fold(&r)
	}
}

func record(t tester, kind wire.Kind, data any) wire.Record {
	t.Helper()
	body, err := json.Marshal(data)
	if err != nil {
		t.Fatal(err)
	}
	return wire.Record{Event: wire.Event{Kind: kind, Data: body}}
}

// do decides and folds; it gives the data of the events.
func (l *line) do(t tester, c Command) ([]any, error) {
	t.Helper()
	l.made++
	m := hall.Moment{Now: l.now, Day: hall.DateOf(l.now, zone), Zone: zone, ID: fmt.Sprintf("t%04d", l.made), Staff: l.staff}
	drafts, err := c.DecideLine(&l.State, l.hall, m)
	if err != nil {
		return nil, err
	}
	var made []any
	for _, d := range drafts {
		l.enter(t, d.Kind, d.Data)
		made = append(made, d.Data)
	}
	return made, nil
}

func (l *line) must(t tester, c Command) []any {
	t.Helper()
	made, err := l.do(t, c)
	if err != nil {
		t.Fatalf("%#v: %v", c, err)
	}
	return made
}

// take takes a ticket and gives its id.
func (l *line) take(t tester, service, class string) string {
	t.Helper()
	return l.must(t, Take{Service: service, Class: class})[0].(wire.TicketIssued).Ticket
}

// call calls the next ticket and gives its number with the rule.
func (l *line) call(t tester, window string) string {
	t.Helper()
	d := l.must(t, CallNext{Window: window})[0].(wire.TicketCalled)
	if d.After > 0 {
		return fmt.Sprintf("%s %s %d", d.Number, d.Rule, d.After)
	}
	return d.Number + " " + d.Rule
}

func (l *line) serve(t tester, window string) string {
	t.Helper()
	called := l.call(t, window)
	l.must(t, Start{Window: window})
	l.must(t, Finish{Window: window})
	return called
}

// refused gives the name of a refusal, or "" where there was none.
func refused(t tester, err error) string {
	t.Helper()
	if err == nil {
		return ""
	}
	var e *hall.Error
	if !errors.As(err, &e) {
		t.Fatalf("not for people: %v", err)
	}
	if e.ZH == "" || e.EN == "" {
		t.Errorf("%s has no words in both languages", e.Name)
	}
	return e.Name
}

// bytes are the state as a view keeps it.
func content(s *State) map[string]string {
	all := map[string]string{}
	s.Tables().Each(func(key string, value []byte) { all[key] = string(value) })
	return all
}

// same checks that folding the log again, and loading what a view keeps, give the same line.
func (l *line) same(t tester) {
	t.Helper()
	want := content(&l.State)
	var again, loaded State
	for i := range l.log {
		again.Fold(&l.log[i])
	}
	for key, value := range want {
		if err := loaded.Tables().Load(key, []byte(value)); err != nil {
			t.Fatal(err)
		}
	}
	if !maps.Equal(content(&again), want) {
		t.Fatalf("folded again the line is\n%v\nnot\n%v", content(&again), want)
	}
	if !maps.Equal(content(&loaded), want) {
		t.Fatalf("loaded the line is\n%v\nnot\n%v", content(&loaded), want)
	}
}

// shippedPolicy is read once for all tests.
var shippedPolicy = sync.OnceValues(policy.New)

func newPolicy() (*policy.State, error) {
	p, err := shippedPolicy()
	if err != nil {
		return nil, err
	}
	return p.Empty()
}
