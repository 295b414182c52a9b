package conduct

import (
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"hallkeeper/hub/hall"
	"hallkeeper/hub/policy"
	"hallkeeper/hub/queue"
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
	line  queue.State
	hall  roster.Hall
	now   time.Time
	log   []wire.Record
	said  []map[string]string // what is personal of each record
	made  int
	actor string
}

var zone = time.FixedZone("CST", 8*3600)

// accounts are the staff members that accounts are of; lead2 is another account of lead's.
var accounts = map[string]string{"sup-a": "", "sup-b": "", "liaison": "", "clerk": "s1", "other": "s2", "lead": "s9", "lead2": "s9"}

func newDesk(t tester, day string) *desk {
	t.Helper()
	p, err := newPolicy()
	if err != nil {
		t.Fatalf("%v", err)
	}
	d := &desk{hall: roster.Hall{Windows: &roster.State{}, People: &roster.People{}, Policy: p}, actor: "sup-a"}
	d.on(t, day)
	d.enter(t, hall.Draft{Kind: wire.KindWindowSet, Data: wire.WindowSet{Window: "w1", Number: "1", Name: "1"}})
	for _, x := range []string{"civil", "tax"} {
		d.enter(t, hall.Draft{Kind: wire.KindDepartmentSet, Data: wire.DepartmentSet{Department: x, Name: x + "局"}})
	}
	for staff, department := range map[string]string{"s1": "civil", "s2": "civil", "s3": "tax", "s9": "civil"} {
		d.enter(t, hall.Draft{Kind: wire.KindStaffSet, Data: wire.StaffSet{Staff: staff, Department: department, Employment: "in_post"}})
	}
	d.enter(t, hall.Draft{Kind: wire.KindServiceSet, Data: wire.ServiceSet{Service: "a", Name: "婚姻登记", Department: "civil", Prefix: "A", Windows: []string{"w1"}}})
	return d
}

func (d *desk) on(t tester, day string) {
	t.Helper()
	at, err := time.ParseInLocation("2006-01-02 15:04", day+" 10:00", zone)
	if err != nil {
		t.Fatalf("%v", err)
	}
	d.now = at
}

func (d *desk) today() hall.Date { return hall.DateOf(d.now, zone) }

func (d *desk) enter(t tester, x hall.Draft) {
	t.Helper()
	body, err := json.Marshal(x.Data)
	if err != nil {
		t.Fatalf("%v", err)
	}
	r := wire.Record{Position: wire.Position(len(d.log) + 1), StoredAt: d.now,
		Event: wire.Event{At: d.now, Kind: x.Kind, Data: body, Actor: &wire.Actor{Kind: wire.ActorPerson, ID: d.actor}}}
	if (x.Person == "") != (len(x.Personal) == 0) {
		t.Fatalf("%s seals %v under %q", x.Kind, x.Personal, x.Person)
	}
	if x.Person != "" {
		r.Personal = []wire.Sealed{{Person: x.Person}}
	}
	d.log, d.said = append(d.log, r), append(d.said, x.Personal)
	if !d.Fold(&r) && !d.line.Fold(&r) && !d.hall.Policy.Fold(&r) {
		d.hall.Windows.Fold(&r)
		d.hall.People.Fold(&r)
	}
}

func (d *desk) do(t tester, cmd Command) error {
	t.Helper()
	d.made++
	m := hall.Moment{Now: d.now, Day: d.today(), Zone: zone, ID: fmt.Sprintf("t%05d", d.made), Actor: wire.Actor{Kind: wire.ActorPerson, ID: d.actor}, Staff: accounts[d.actor]}
	drafts, err := cmd.DecideConduct(&d.State, World{Hall: d.hall, Line: &d.line, StaffOf: func(a string) string { return accounts[a] }}, m)
	if err != nil && drafts != nil {
		t.Fatalf("%#v refuses and makes something", cmd)
	}
	for _, x := range drafts {
		d.enter(t, x)
	}
	return err
}

// as lets somebody else do the next things.
func (d *desk) as(account string) *desk {
	d.actor = account
	return d
}

func (d *desk) must(t tester, cmds ...Command) {
	t.Helper()
	for _, cmd := range cmds {
		if err := d.do(t, cmd); err != nil {
			t.Fatalf("%#v: %v", cmd, err)
		}
	}
}

func (d *desk) get(t tester, number string) Case {
	t.Helper()
	c, ok := d.Find(number)
	if !ok {
		t.Fatalf("there is no %s", number)
	}
	return c
}

// rated opens the case of a bad rating of s1 at w1.
func (d *desk) rated(t tester, visit, phone string) Case {
	t.Helper()
	d.must(t, OpenFromRating{Visit: visit, Level: 1, Source: wire.CaseTablet, Window: "w1", Staff: "s1", Department: "civil", Service: "a",
		Reasons: []string{"attitude"}, Happened: d.today(), Text: "等了很久没人理", Phone: phone})
	c, ok := d.OfVisit(visit)
	if !ok {
		t.Fatalf("no case of %s", visit)
	}
	return c
}

func refusal(err error) string {
	var e *hall.Error
	if errors.As(err, &e) {
		return e.Name
	}
	return fmt.Sprint(err)
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
