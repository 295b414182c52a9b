package copies

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hallkeeper/hub/hall"
	"hallkeeper/hub/policy"
	"hallkeeper/hub/roster"
	"hallkeeper/wire"
)

type tester interface {
	Helper()
	Fatalf(string, ...any)
}

// desk is a hall with a log: what is decided is folded at once.
type desk struct {
	State
	hall roster.Hall
	now  time.Time
	log  []wire.Record
	made int
	mail map[string]string // what is sealed, by department
}

func newDesk(t tester) *desk {
	t.Helper()
	p, err := policy.New()
	if err != nil {
		t.Fatalf("%v", err)
	}
	d := &desk{hall: roster.Hall{Windows: &roster.State{}, People: &roster.People{}, Policy: p}, now: time.Date(2026, 12, 15, 2, 0, 0, 0, time.UTC), mail: map[string]string{}}
	for _, id := range []string{"civil", "tax"} {
		d.hall.People.Departments.Set(id, roster.Department{})
	}
	return d
}

func (d *desk) do(t tester, c Command) error {
	t.Helper()
	d.made++
	m := hall.Moment{Now: d.now, Zone: time.UTC, ID: fmt.Sprintf("q%d", d.made), Unseal: func(s *wire.Sealed) map[string]string {
		if s == nil {
			return nil
		}
		return map[string]string{"address": d.mail[s.Person]}
	}}
	drafts, err := c.DecideCopies(&d.State, d.hall, m)
	for _, x := range drafts {
		data, err := json.Marshal(x.Data)
		if err != nil {
			t.Fatalf("%v", err)
		}
		r := wire.Record{Position: wire.Position(len(d.log) + 1), Event: wire.Event{At: d.now, Kind: x.Kind, Data: data, Actor: &wire.Actor{Kind: wire.ActorPerson, ID: "sup"}}}
		if x.Person != "" {
			d.mail[x.Person] = x.Personal["address"]
			r.Personal = []wire.Sealed{{Person: x.Person}}
		}
		d.log = append(d.log, r)
		if !d.Fold(&r) {
			t.Fatalf("%s is nobody's", x.Kind)
		}
	}
	return err
}

func (d *desk) must(t tester, c Command) {
	t.Helper()
	if err := d.do(t, c); err != nil {
		t.Fatalf("%T: %v", c, err)
	}
}

func refused(t *testing.T, err error, name string) {
	t.Helper()
	var e *hall.Error
	if !errors.As(err, &e) || e.Name != name {
		t.Errorf("got %v, want %s", err, name)
	}
}

func TestAddresses(t *testing.T) {
	d := newDesk(t)
	refused(t, d.do(t, SetMail{"nobody", "a@b.cn"}), "department_unknown")
	for _, bad := range []string{"a", "a@b", "a b@c.cn", "a@b.cn\r\nBcc: x@y.cn", "<a@b.cn>", "a@b.cn,c@d.cn", "@b.cn", "a@[127.0.0.1]", "局@b.cn", "a@-b.cn"} {
		refused(t, d.do(t, SetMail{"civil", bad}), "fields_invalid")
	}
	d.must(t, SetMail{"civil", " office@civil.example.cn "})
	n := len(d.log)
	d.must(t, SetMail{"civil", "office@civil.example.cn"})
	if len(d.log) != n {
		t.Error("the same address is set twice")
	}
	d.must(t, SetMail{"civil", ""})
	if _, ok := d.Mail.Get("civil"); ok {
		t.Error("the address is still there")
	}
	d.must(t, SetMail{"civil", ""})
	for _, r := range d.log {
		if string(r.Data) != `{"department":"civil","set":true}` && string(r.Data) != `{"department":"civil","set":false}` {
			t.Errorf("the log says %s in clear", r.Data)
		}
	}
}

func TestOrders(t *testing.T) {
	d := newDesk(t)
	d.must(t, SetMail{"civil", "office@civil.example.cn"})
	refused(t, d.do(t, Queue{Period: "2026-11", Revision: 1, Departments: []string{"civil", "tax"}}), "mail_missing")
	refused(t, d.do(t, Queue{Period: "2026-11", Revision: 1, Departments: []string{"nobody"}}), "department_unknown")
	refused(t, d.do(t, Queue{Period: "2026-11", Revision: 1, Departments: []string{"civil"}, Formats: []string{"odt"}}), "fields_invalid")
	d.must(t, Queue{Period: "2026-11", Revision: 1, Departments: []string{"tax", "civil", "civil"}, Skip: true})
	d.must(t, Queue{Period: "2026-11", Revision: 1, Departments: []string{"civil"}})
	if n := len(d.log); n != 2 {
		t.Fatalf("%d events", n)
	}
	d.must(t, Queue{Period: "2026-11", Revision: 1, Departments: []string{"civil"}, Again: true})
	d.must(t, Queue{Period: "2026-11", Revision: 2, Departments: []string{"civil"}})
	if open, _ := d.Open(); open != 3 {
		t.Errorf("%d wait", open)
	}
}

// A copy is tried less and less often, for days, and then given up; a person can let it be tried again.
func TestPatienceEnds(t *testing.T) {
	d := newDesk(t)
	d.must(t, SetMail{"civil", "office@civil.example.cn"})
	d.must(t, Queue{Period: "2026-11", Revision: 1, Departments: []string{"civil"}})
	began, last := d.now, time.Duration(0)
	tries := 0
	for {
		c, _ := d.Newest("2026-11", 1, "civil")
		if c.State != Waiting {
			break
		}
		if due := d.Due(d.now); len(due) != 1 {
			t.Fatalf("at %s %d are due", d.now, len(due))
		}
		d.must(t, Missed{Copy: c.Copy, Attempt: c.Attempts + 1, Why: "451"})
		after, _ := d.Copies.Get(c.Copy)
		if pause := after.Next.Sub(d.now); after.State == Waiting {
			if pause < last {
				t.Fatalf("the pause went from %s to %s", last, pause)
			}
			if len(d.Due(d.now)) != 0 {
				t.Fatalf("it is due at once")
			}
			last, d.now = pause, after.Next
		}
		tries++
	}
	if took := d.now.Sub(began); took < 3*24*time.Hour || took > 5*24*time.Hour || tries > 30 {
		t.Errorf("given up after %s and %d attempts", took, tries)
	}
	c, _ := d.Newest("2026-11", 1, "civil")
	if _, lost := d.Open(); lost != 1 || len(c.Tries) > keptTries {
		t.Errorf("%d lost, %d attempts kept", lost, len(c.Tries))
	}
	d.must(t, Retry{c.Copy})
	d.must(t, Missed{Copy: c.Copy, Attempt: c.Attempts + 1, Why: "451"})
	if c, _ = d.Copies.Get(c.Copy); c.State != Waiting {
		t.Error("after a retry there is no patience")
	}
	d.must(t, Took{wire.CopySent{Copy: c.Copy, Attempt: c.Attempts + 1, Answer: "250"}})
	refused(t, d.do(t, Retry{c.Copy}), "copy_sent")
	refused(t, d.do(t, Retry{"nobody"}), "copy_unknown")
}

func content(s *State) map[string]string {
	all := map[string]string{}
	s.Tables().Each(func(key string, value []byte) { all[key] = string(value) })
	return all
}

// Whatever is done in whatever order: folding the log again gives the same, also from saved
// rows; what was sent stays sent and is never due.
func TestFoldsAlike(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := newDesk(t)
		id := func(t *rapid.T) string {
			return fmt.Sprintf("q%d-1", rapid.IntRange(1, max(d.made, 1)).Draw(t, "copy"))
		}
		department := func(t *rapid.T) string {
			return rapid.SampledFrom([]string{"civil", "tax", "nobody"}).Draw(t, "department")
		}
		done := map[string]bool{}
		t.Repeat(map[string]func(*rapid.T){
			"": func(t *rapid.T) {
				for key := range done {
					if c, _ := d.Copies.Get(key); c.State != Sent {
						t.Fatalf("%s was sent and is %s", key, c.State)
					}
				}
				for key, c := range d.Copies.All() {
					if c.State == Sent {
						done[key] = true
					}
				}
				for _, c := range d.Due(d.now.AddDate(1, 0, 0)) {
					if c.State != Waiting {
						t.Fatalf("%s is %s and due", c.Copy, c.State)
					}
				}
			},
			"mail": func(t *rapid.T) {
				_ = d.do(t, SetMail{department(t), rapid.SampledFrom([]string{"", "a@b.cn", "c@d.cn", "x"}).Draw(t, "address")})
			},
			"queue": func(t *rapid.T) {
				_ = d.do(t, Queue{Period: "2026-11", Revision: rapid.IntRange(1, 2).Draw(t, "revision"), Departments: []string{department(t)}, Again: rapid.Bool().Draw(t, "again"), Skip: rapid.Bool().Draw(t, "skip")})
			},
			"retry": func(t *rapid.T) { _ = d.do(t, Retry{id(t)}) },
			"took":  func(t *rapid.T) { _ = d.do(t, Took{wire.CopySent{Copy: id(t), Attempt: 1}}) },
			"missed": func(t *rapid.T) {
				_ = d.do(t, Missed{Copy: id(t), Attempt: rapid.IntRange(1, 9).Draw(t, "attempt"), Permanent: rapid.Bool().Draw(t, "permanent")})
			},
			"download": func(t *rapid.T) {
				_ = d.do(t, Downloaded{wire.CopyDownloaded{Period: "2026-11", Revision: 1, Department: department(t), Format: "pdf"}})
			},
			"wait": func(t *rapid.T) {
				d.now = d.now.Add(time.Duration(rapid.IntRange(1, 500).Draw(t, "minutes")) * time.Minute)
			},
		})
		want := content(&d.State)
		var again, loaded State
		for i := range d.log {
			again.Fold(&d.log[i])
		}
		for key, value := range want {
			if err := loaded.Tables().Load(key, []byte(value)); err != nil {
				t.Fatalf("%v", err)
			}
		}
		if !maps.Equal(content(&again), want) || !maps.Equal(content(&loaded), want) {
			t.Fatalf("folded again or loaded the copies are others")
		}
	})
}
