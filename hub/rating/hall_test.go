package rating

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"hallkeeper/hub/hall"
	"hallkeeper/hub/policy"
	"hallkeeper/wire"
)

// tester is a test, or one try of a property.
type tester interface {
	Helper()
	Fatal(...any)
	Fatalf(string, ...any)
	Errorf(string, ...any)
}

var zone = time.FixedZone("CST", 8*3600)

// log is records in the order in which they were stored.
type log struct {
	t       tester
	records []wire.Record
}

// hub adds a record of the hub.
func (l *log) hub(at time.Time, id string, kind wire.Kind, data any) {
	l.add(wire.Record{StoredAt: at, Event: wire.Event{ID: id, At: at, Kind: kind, Data: l.json(data), Actor: &wire.Actor{Kind: wire.ActorPerson, ID: "test"}}})
}

// device adds a record of a device: when it was by its clock, and when it was stored.
func (l *log) device(stored time.Time, e wire.Event, data any) {
	e.Data = l.json(data)
	l.add(wire.Record{StoredAt: stored, Event: e})
}

func (l *log) add(r wire.Record) {
	if r.ID == "" {
		r.ID = fmt.Sprintf("e%d", len(l.records)+1)
	}
	r.Position = wire.Position(len(l.records) + 1)
	l.records = append(l.records, r)
}

func (l *log) json(data any) []byte {
	b, err := json.Marshal(data)
	if err != nil {
		l.t.Fatal(err)
	}
	return b
}

// inOrder sorts by the time of storing, and numbers the records by it.
func (l *log) inOrder() {
	slices.SortStableFunc(l.records, func(a, b wire.Record) int { return a.StoredAt.Compare(b.StoredAt) })
	for i := range l.records {
		l.records[i].Position = wire.Position(i + 1)
	}
}

// view is a state with the policy that is folded before it.
type view struct {
	*State
	policy *policy.State
}

func newView(t tester) *view {
	t.Helper()
	p, err := newPolicy()
	if err != nil {
		t.Fatal(err)
	}
	return &view{New(p, zone), p}
}

func (v *view) apply(r *wire.Record) {
	if r.Agent != "" {
		v.Device(r)
		return
	}
	v.policy.Fold(r)
	v.Fold(r)
}

// folded is the view of a log. It is saved and loaded again after every n records; 0 is never.
func (l *log) folded(n int) *view {
	v := newView(l.t)
	kept := map[string][]byte{}
	for i := range l.records {
		v.apply(&l.records[i])
		if n > 0 && i%n == n-1 {
			v = v.again(l.t, kept)
		}
	}
	return v
}

// again saves a view and loads it into a new one, which leaves its shelves in the file.
func (v *view) again(t tester, kept map[string][]byte) *view {
	v.Save(func(key string, value []byte) { kept[key] = slices.Clone(value) }, func(key string) { delete(kept, key) })
	w := newView(t)
	w.policy = v.policy
	w.State = New(v.policy, zone)
	shelves := w.Shelve(func(key string) []byte { return kept[key] })
	for key, value := range kept {
		if table, _, _ := strings.Cut(key, "/"); shelves.Shelved(table) {
			value = nil
		}
		if err := w.Load(key, value); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

// content is everything as it would be saved.
func (v *view) content() map[string]string {
	all := map[string]string{}
	v.Each(func(key string, value []byte) { all[key] = string(value) })
	return all
}

// same checks that a view made with saves, one made again and one that wrote only at the end are alike.
func (l *log) same() {
	l.t.Helper()
	want := l.folded(0).content()
	for _, n := range []int{1, 6} {
		if got := l.folded(n).content(); !maps.Equal(got, want) {
			l.t.Fatalf("saved every %d records the view is another: %s", n, differ(got, want))
		}
	}
	kept := map[string][]byte{}
	l.folded(0).again(l.t, kept)
	saved := map[string]string{}
	for key, value := range kept {
		saved[key] = string(value)
	}
	if !maps.Equal(saved, want) {
		l.t.Fatalf("Save writes other things than Each gives: %s", differ(saved, want))
	}
}

func differ(got, want map[string]string) string {
	for _, key := range slices.Sorted(maps.Keys(want)) {
		if got[key] != want[key] {
			return fmt.Sprintf("%s is %q, not %q", key, got[key], want[key])
		}
	}
	for key := range got {
		if _, ok := want[key]; !ok {
			return key + " is too many"
		}
	}
	return "nothing"
}

// all are the sheets of a view.
func (v *view) all(now time.Time) (sheets []Sheet) {
	for _, day := range v.Days() {
		for _, window := range v.Windows(day) {
			sheets = append(sheets, v.Sheet(day, window, now))
		}
	}
	return sheets
}

const always, evermore = hall.Date("0001-01-01"), hall.Date("9999-12-31")

// shippedPolicy is read once for all tests.
var shippedPolicy = sync.OnceValues(policy.New)

func newPolicy() (*policy.State, error) {
	p, err := shippedPolicy()
	if err != nil {
		return nil, err
	}
	return p.Empty()
}
