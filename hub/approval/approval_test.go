package approval

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"hallkeeper/hub/hall"
	"hallkeeper/wire"
)

// testing2 is what a test and a drawn sequence have in common.
type testing2 interface {
	Helper()
	Fatal(...any)
}

// room is a hall in which commands are decided and folded. What is proposed is to set one thing to a value.
type room struct {
	State
	t       testing2
	day     hall.Date
	days    int
	records []wire.Record
	// things are what was carried out; a proposal of a value that stands changes nothing.
	things map[string]string
	// staff are the people that accounts are of, deputies who acts for whom.
	staff, deputies map[string]string
	disabled        map[string]bool
	forgotten       bool
	// refuse is what carrying out is answered.
	refuse error
}

func newRoom(t testing2) *room {
	return &room{t: t, day: "2026-11-23", days: 14, things: map[string]string{}, staff: map[string]string{}, deputies: map[string]string{}, disabled: map[string]bool{}}
}

type thing struct {
	Name, Value string
	Text        string `json:"text,omitempty"`
}

func (r *room) world() World {
	return World{
		Decide: func(action wire.Action, what json.RawMessage, _ string) ([]hall.Draft, error) {
			var x thing
			if err := json.Unmarshal(what, &x); err != nil {
				return nil, err
			}
			if r.refuse != nil || r.things[x.Name] == x.Value {
				return nil, r.refuse
			}
			return []hall.Draft{{Kind: "thing.set", Data: x}}, nil
		},
		StaffOf:  func(account string) string { return r.staff[account] },
		ActsFor:  func(deputy, account string) bool { return r.deputies[deputy] == account },
		Disabled: func(account string) bool { return r.disabled[account] },
		Days:     r.days,
	}
}

// try decides a command of an account and gives what it would make.
func (r *room) try(account string, c Command) ([]hall.Draft, error) {
	m := hall.Moment{Now: r.day.Time(time.UTC).Add(9 * time.Hour), Day: r.day, Zone: time.UTC, ID: fmt.Sprintf("p%d", len(r.records)), Actor: wire.Actor{Kind: wire.ActorPerson, ID: account},
		Staff: r.staff[account], Unseal: func(x *wire.Sealed) map[string]string {
			if r.forgotten {
				return nil
			}
			return map[string]string{"reason": string(x.Box)}
		}}
	return c.DecideApproval(&r.State, r.world(), m)
}

// do also folds it, as one commit.
func (r *room) do(account string, c Command) error {
	r.t.Helper()
	drafts, err := r.try(account, c)
	for _, d := range drafts {
		r.fold(account, d)
	}
	return err
}

func (r *room) fold(account string, d hall.Draft) {
	r.t.Helper()
	data, err := json.Marshal(d.Data)
	if err != nil {
		r.t.Fatal(err)
	}
	at := r.day.Time(time.UTC).Add(time.Duration(len(r.records)) * time.Second)
	record := wire.Record{Position: wire.Position(len(r.records) + 1), StoredAt: at,
		Event: wire.Event{Kind: d.Kind, Data: data, At: at, Actor: &wire.Actor{Kind: wire.ActorPerson, ID: account, ProposedBy: d.ProposedBy}}}
	for _, text := range d.Personal {
		record.Personal = []wire.Sealed{{Person: d.Person, Box: []byte(text)}}
	}
	r.records = append(r.records, record)
	if x, ok := d.Data.(thing); ok {
		r.things[x.Name] = x.Value
		return
	}
	if !r.Fold(&record) {
		r.t.Fatal("nobody folds " + string(d.Kind))
	}
}

// propose gives the proposal's id.
func (r *room) propose(account, name, value string) string {
	r.t.Helper()
	id := fmt.Sprintf("p%d", len(r.records))
	if err := r.do(account, of(name, value)); err != nil || !r.Proposals.Has(id) {
		r.t.Fatal(err, id)
	}
	return id
}

func of(name, value string) Propose {
	what, _ := json.Marshal(thing{Name: name, Value: value})
	return Propose{Action: "thing.set", What: what, Reason: "为什么"}
}

func (r *room) state(id string) string {
	p, _ := r.Proposals.Get(id)
	return p.State
}

func named(err error) string {
	var e *hall.Error
	if errors.As(err, &e) {
		return e.Name
	}
	return fmt.Sprint(err)
}

// One proposes and nothing changes; another confirms, and it comes in the same commit, by the one who confirmed and with the other's name.
func TestTwoPeopleCarryItOut(t *testing.T) {
	r := newRoom(t)
	id := r.propose("liu", "fee", "0")
	if len(r.records) != 1 || len(r.things) != 0 || r.state(id) != Open {
		t.Fatalf("one person alone has changed something: %+v", r.records)
	}
	if p, _ := r.Proposals.Get(id); p.By != "liu" || p.Until != "2026-12-07" || p.Reason == nil || p.Reason.Person != Key(id) || strings.Contains(string(r.records[0].Data), "为什么") {
		t.Errorf("it says %+v", p)
	}
	drafts, err := r.try("wang", Confirm{Proposal: id})
	if err != nil || len(drafts) != 2 || drafts[0].Kind != wire.KindProposalConfirmed || drafts[1].Kind != "thing.set" || drafts[0].ProposedBy != "liu" || drafts[1].ProposedBy != "liu" {
		t.Fatalf("%v: %+v", err, drafts)
	}
	if err := r.do("wang", Confirm{Proposal: id}); err != nil {
		t.Fatal(err)
	}
	if p, _ := r.Proposals.Get(id); p.State != Confirmed || p.DecidedBy != "wang" || p.Decided == nil || r.things["fee"] != "0" {
		t.Errorf("it is %+v, and the hall has %v", p, r.things)
	}
}

// The second is another person, and whoever is none may neither confirm nor decline.
func TestTheSecondIsAnotherPerson(t *testing.T) {
	for name, row := range map[string]struct {
		set  func(*room)
		who  string
		code string
	}{
		"the same account":                          {func(*room) {}, "liu", "same_person"},
		"another account of the same staff member":  {func(r *room) { r.staff["liu"], r.staff["liu-2"] = "s1", "s1" }, "liu-2", "same_person"},
		"who acts for the first":                    {func(r *room) { r.deputies["chen"] = "liu" }, "chen", "acts_for_first"},
		"for whom the first acts":                   {func(r *room) { r.deputies["liu"] = "chen" }, "chen", "<nil>"},
		"another person":                            {func(r *room) { r.staff["liu"], r.staff["wang"] = "s1", "s2" }, "wang", "<nil>"},
		"two accounts that are of no staff member":  {func(*room) {}, "wang", "<nil>"},
		"the first's account was moved to somebody": {func(r *room) { r.staff["liu"], r.staff["wang"] = "s2", "s2" }, "wang", "same_person"},
	} {
		r := newRoom(t)
		id := r.propose("liu", "fee", "0")
		row.set(r)
		for _, c := range []Command{Confirm{Proposal: id}, Decline{Proposal: id, Why: "不同意"}} {
			if _, err := r.try(row.who, c); named(err) != row.code {
				t.Errorf("%s: %T is answered %v, not %s", name, c, err, row.code)
			}
		}
	}
}

// What an account has proposed that was shut since does not come true; it can be declined, and proposed anew.
func TestAShutAccountLeavesNothingBehind(t *testing.T) {
	r := newRoom(t)
	id := r.propose("stolen", "fee", "0")
	r.disabled["stolen"] = true
	if err := r.do("wang", Confirm{Proposal: id}); named(err) != "proposer_disabled" || len(r.things) != 0 {
		t.Errorf("the confirmation is answered %v", err)
	}
	if err := r.do("wang", Decline{Proposal: id, Why: "账号被盗"}); err != nil || r.state(id) != Declined {
		t.Errorf("declining is answered %v", err)
	}
}

// Of two who confirm at once the first carries it out, and the second is told that it is finished; so are all who come after an end of any kind.
func TestWhatIsFinishedIsFinished(t *testing.T) {
	for state, end := range map[string]func(*room, string) error{
		Confirmed: func(r *room, id string) error { return r.do("wang", Confirm{Proposal: id}) },
		Declined:  func(r *room, id string) error { return r.do("wang", Decline{Proposal: id, Why: "不同意"}) },
		Withdrawn: func(r *room, id string) error { return r.do("liu", Withdraw{Proposal: id}) },
		Lapsed: func(r *room, id string) error {
			r.day = "2026-12-08"
			return r.do("schedule", Lapse{Proposal: id})
		},
	} {
		r := newRoom(t)
		id := r.propose("liu", "fee", "0")
		if err := end(r, id); err != nil || r.state(id) != state {
			t.Fatalf("%s: %v, it is %s", state, err, r.state(id))
		}
		before, things := len(r.records), len(r.things)
		for who, c := range map[string]Command{"chen": Confirm{Proposal: id}, "zhao": Decline{Proposal: id, Why: "不同意"}, "liu": Withdraw{Proposal: id}} {
			if err := r.do(who, c); named(err) != "already_decided" {
				t.Errorf("%s: %T is answered %v", state, c, err)
			}
		}
		if err := r.do("schedule", Lapse{Proposal: id}); err != nil || len(r.records) != before || len(r.things) != things {
			t.Errorf("%s: the schedule ends it once more: %v", state, err)
		}
		p, _ := r.Proposals.Get(id)
		again := r.records[before-1]
		for _, record := range r.records {
			if record.Kind == wire.KindProposalConfirmed || record.Kind == wire.KindProposalDeclined || record.Kind == wire.KindProposalWithdrawn || record.Kind == wire.KindProposalLapsed {
				again = record
			}
		}
		again.Kind, again.Actor = wire.KindProposalDeclined, &wire.Actor{ID: "late"}
		if r.Fold(&again); r.state(id) != p.State {
			t.Errorf("%s: a second end in the log makes it %s", state, r.state(id))
		}
	}
}

func TestDecliningNeedsAReason(t *testing.T) {
	r := newRoom(t)
	id := r.propose("liu", "fee", "0")
	for _, why := range []string{"", "  \n", strings.Repeat("字", MaxText+1)} {
		if err := r.do("wang", Decline{Proposal: id, Why: why}); named(err) != "fields_invalid" {
			t.Errorf("%.10q is answered %v", why, err)
		}
	}
	if err := r.do("wang", Decline{Proposal: id, Why: " 价目没有变 "}); err != nil {
		t.Fatal(err)
	}
	if p, _ := r.Proposals.Get(id); p.State != Declined || string(p.Why.Box) != "价目没有变" || p.Why.Person != Key(id) || len(r.things) != 0 {
		t.Errorf("it is %+v", p)
	}
}

func TestOnlyOnesOwnIsTakenBack(t *testing.T) {
	r := newRoom(t)
	r.deputies["chen"] = "liu"
	id := r.propose("liu", "fee", "0")
	for _, who := range []string{"wang", "chen"} {
		if err := r.do(who, Withdraw{Proposal: id}); named(err) != "not_proposer" {
			t.Errorf("%s is answered %v", who, err)
		}
	}
	r.disabled["liu"] = true // whoever can still ask may
	if err := r.do("liu", Withdraw{Proposal: id}); err != nil || r.state(id) != Withdrawn {
		t.Errorf("%v: it is %s", err, r.state(id))
	}
	if err := r.do("wang", Withdraw{Proposal: "none"}); named(err) != "proposal_unknown" {
		t.Errorf("one that is none is answered %v", err)
	}
}

// A proposal waits for as many days as were set on the day when it was made, the last included; the schedule ends it on the next.
func TestAProposalLapses(t *testing.T) {
	for days, last := range map[int]hall.Date{14: "2026-12-07", 1: "2026-11-24", 0: "2026-11-23"} {
		r := newRoom(t)
		r.days = days
		id := r.propose("liu", "fee", "0")
		r.days = 90 // what is set later is for later proposals
		r.day = last
		if due := r.Due(r.day); due != nil {
			t.Errorf("%d days: on the last day %v are due", days, due)
		}
		if err := r.do("schedule", Lapse{Proposal: id}); err != nil || r.state(id) != Open {
			t.Errorf("%d days: on its last day it is %s, %v", days, r.state(id), err)
		}
		if _, err := r.try("wang", Confirm{Proposal: id}); err != nil {
			t.Errorf("%d days: on the last day a confirmation is answered %v", days, err)
		}
		if _, err := r.try("chen", of("fee", "0")); named(err) != "proposal_open" {
			t.Errorf("%d days: the same again is answered %v", days, err)
		}
		r.day = last.AddDays(1)
		for _, c := range []Command{Confirm{Proposal: id}, Decline{Proposal: id, Why: "不同意"}, Withdraw{Proposal: id}} {
			if _, err := r.try("wang", c); named(err) != "proposal_lapsed" {
				t.Errorf("%d days: a day later %T is answered %v", days, c, err)
			}
		}
		if _, err := r.try("chen", of("fee", "0")); err != nil {
			t.Errorf("%d days: before the schedule has ended it, the same is answered %v", days, err)
		}
		if due := r.Due(r.day); !slices.Equal(due, []string{id}) {
			t.Errorf("%d days: %v are due", days, due)
		}
		if err := r.do("schedule", Lapse{Proposal: id}); err != nil || r.state(id) != Lapsed || r.Due(r.day) != nil {
			t.Errorf("%d days: %v, it is %s", days, err, r.state(id))
		}
	}
}

// What would be refused is refused at once, what changes nothing is nothing, and one thing is proposed once.
func TestWhatIsNotProposed(t *testing.T) {
	r := newRoom(t)
	r.things["fee"] = "0"
	if drafts, err := r.try("liu", of("fee", "0")); err != nil || drafts != nil {
		t.Errorf("what stands already: %v, %+v", err, drafts)
	}
	r.refuse = hall.Refuse("too_high", "太高", "too high")
	if _, err := r.try("liu", of("fee", "9")); named(err) != "too_high" {
		t.Errorf("what would be refused is answered %v", err)
	}
	r.refuse = nil
	id := r.propose("liu", "fee", "1")
	for _, who := range []string{"liu", "wang"} {
		if _, err := r.try(who, of("fee", "1")); named(err) != "proposal_open" || !strings.Contains(err.Error(), "liu") {
			t.Errorf("the same of %s is answered %v", who, err)
		}
	}
	if _, err := r.try("wang", of("fee", "2")); err != nil {
		t.Errorf("another value is answered %v", err)
	}
	long := of("fee", "3")
	long.Reason = strings.Repeat("字", MaxText+1)
	if _, err := r.try("wang", long); named(err) != "fields_invalid" {
		t.Errorf("a long reason is answered %v", err)
	}
	if err := r.do("wang", Decline{Proposal: id, Why: "不同意"}); err != nil {
		t.Fatal(err)
	}
	if _, err := r.try("wang", of("fee", "1")); err != nil {
		t.Errorf("after it was declined, the same is answered %v", err)
	}
}

// It is decided as things stand when it is confirmed: where it would be refused by then, it is, and stays open to be declined.
func TestAConfirmationDecidesAnew(t *testing.T) {
	r := newRoom(t)
	id := r.propose("liu", "fee", "9")
	r.refuse = hall.Refuse("too_high", "太高", "too high")
	if err := r.do("wang", Confirm{Proposal: id}); named(err) != "too_high" || r.state(id) != Open {
		t.Errorf("%v, it is %s", err, r.state(id))
	}
	r.refuse, r.forgotten = nil, true
	if err := r.do("wang", Confirm{Proposal: id}); named(err) != "forgotten" || r.state(id) != Open || len(r.things) != 0 {
		t.Errorf("without its reason it is answered %v", err)
	}
}

// A finished proposal keeps no policy's text; the record has it.
func TestAFinishedProposalIsSmall(t *testing.T) {
	r := newRoom(t)
	what, err := json.Marshal(thing{Name: "fee", Value: "1", Text: strings.Repeat("policy ", 1000)})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.do("liu", Propose{Action: "thing.set", What: what}); err != nil {
		t.Fatal(err)
	}
	if p, _ := r.Proposals.Get("p0"); len(p.What) < 7000 {
		t.Error("an open one has lost what is to be confirmed")
	}
	if err := r.do("wang", Confirm{Proposal: "p0"}); err != nil {
		t.Fatal(err)
	}
	if p, _ := r.Proposals.Get("p0"); string(p.What) != `{"Name":"fee","Value":"1"}` || !strings.Contains(string(r.records[0].Data), "policy policy") {
		t.Errorf("it keeps %d bytes", len(p.What))
	}
}

// again folds the log anew.
func (r *room) again() *State {
	var s State
	for i := range r.records {
		s.Fold(&r.records[i])
	}
	return &s
}

func content(s *State) map[string]string {
	all := map[string]string{}
	s.Tables().Each(func(key string, value []byte) { all[key] = string(value) })
	return all
}

func TestTheLogGivesTheSameProposals(t *testing.T) {
	r := newRoom(t)
	a, b := r.propose("liu", "fee", "1"), r.propose("wang", "hours", "9")
	if err := errors.Join(r.do("wang", Confirm{Proposal: a}), r.do("liu", Decline{Proposal: b, Why: "不同意"})); err != nil {
		t.Fatal(err)
	}
	r.propose("wang", "hours", "10")
	if got, want := content(r.again()), content(&r.State); !reflect.DeepEqual(got, want) || len(want) != 3 {
		t.Errorf("folded again it is %v, not %v", got, want)
	}
}
