package conduct

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"hallkeeper/wire"
)

func content(s *State) map[string]string {
	all := map[string]string{}
	s.Tables().Each(func(key string, value []byte) { all[key] = string(value) })
	return all
}

// moves are the states that may follow a state.
var moves = map[string][]string{"": {Open}, Open: {Open, Answered, Closed}, Answered: {Answered, Rectified, Closed}, Rectified: {Rectified, Answered, Closed}, Closed: {Closed}}

// watched is what the model knows of a case.
type watched struct {
	state string
	steps int
	late  bool
}

// TestACaseLosesNoStep drives random commands around Spring Festival. Every event
// of a case is in its story, once and in order; states follow one another as they
// may; what is late stays late; what is closed has its result; and the log gives
// the same again.
func TestACaseLosesNoStep(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := newDesk(t, "2026-02-09")
		known := map[string]watched{}
		name := func(t *rapid.T) string {
			return fmt.Sprintf("P2026-%06d", rapid.IntRange(1, max(1, d.Cases.Len())).Draw(t, "case"))
		}
		visit := func(t *rapid.T) string { return rapid.SampledFrom([]string{"v1", "v2", "v3", "v4"}).Draw(t, "visit") }
		yes := func(t *rapid.T) bool { return rapid.Bool().Draw(t, "yes") }
		who := func(t *rapid.T) {
			d.as(rapid.SampledFrom([]string{"sup-a", "sup-b", "lead", "lead2", "clerk"}).Draw(t, "account"))
		}
		t.Repeat(map[string]func(*rapid.T){
			"": func(t *rapid.T) { d.check(t, known) },
			"open": func(t *rapid.T) {
				d.must(t, OpenFromRating{Visit: visit(t), Level: 2, Source: wire.CaseButton, Staff: "s1", Department: "civil", Phone: rapid.SampledFrom([]string{"", "13800000042"}).Draw(t, "phone")})
			},
			"explain": func(t *rapid.T) { d.must(t, ExplainFromRating{Visit: visit(t), Text: "补充", Phone: "13800000042"}) },
			"enter":   func(t *rapid.T) { _ = d.do(t, Enter{Source: wire.CaseMailbox, Text: "投诉", Hard: yes(t)}) },
			"assign": func(t *rapid.T) {
				_ = d.do(t, Assign{name(t), rapid.SampledFrom([]string{"civil", "tax"}).Draw(t, "department"), ""})
			},
			"grade":   func(t *rapid.T) { _ = d.do(t, Grade{name(t), yes(t)}) },
			"answer":  func(t *rapid.T) { who(t); _ = d.do(t, Answer{name(t), "答复"}) },
			"rectify": func(t *rapid.T) { _ = d.do(t, Rectify{name(t), "整改"}) },
			"revisit": func(t *rapid.T) {
				_ = d.do(t, Revisit{name(t), rapid.SampledFrom([]string{Satisfied, Unsatisfied, Unreached}).Draw(t, "result"), "说明"})
			},
			"close": func(t *rapid.T) {
				_ = d.do(t, Close{name(t), rapid.SampledFrom([]string{ResultRectified, ResultUnfounded}).Draw(t, "result"), "说明"})
			},
			"extend":        func(t *rapid.T) { who(t); _ = d.do(t, AskExtension{name(t), 3, "延期"}) },
			"appeal":        func(t *rapid.T) { who(t); _ = d.do(t, MakeAppeal{name(t), "s1", "申诉"}) },
			"decide extend": func(t *rapid.T) { who(t); _ = d.do(t, DecideExtension{d.extension(), yes(t), "审批"}) },
			"decide appeal": func(t *rapid.T) { who(t); _ = d.do(t, DecideAppeal{d.appeal(), yes(t), "复核"}) },
			"exclude": func(t *rapid.T) {
				who(t)
				_ = d.do(t, ProposeExclusion{Visit: visit(t), Window: "w1", Day: "2026-02-09", Why: Mistaken, Reason: "误评"})
			},
			"decide exclusion": func(t *rapid.T) {
				who(t)
				x, _ := d.ExclusionOf(visit(t))
				_ = d.do(t, DecideExclusion{Exclusion: x.Exclusion, Approved: yes(t), Reason: "审批"})
			},
			"wait": func(t *rapid.T) { d.now = d.now.AddDate(0, 0, rapid.IntRange(1, 6).Draw(t, "days")) },
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
			t.Fatalf("folded again or loaded the cases are others")
		}
	})
}

// extension and appeal are the last that wait, empty where none does.
func (d *desk) extension() (id string) {
	for _, c := range d.Cases.All() {
		for _, x := range c.Extensions {
			if x.State == Waiting {
				id = x.ID
			}
		}
	}
	return id
}

func (d *desk) appeal() (id string) {
	for _, c := range d.Cases.All() {
		if c.Appeal != nil && c.Appeal.State == Waiting {
			id = c.Appeal.ID
		}
	}
	return id
}

func (d *desk) check(t *rapid.T, known map[string]watched) {
	numbers, open := map[string]bool{}, 0
	for id, c := range d.Cases.All() {
		was := known[id]
		s := c.On(d.hall.Policy, d.today())
		now := watched{c.State, len(c.Steps), s.Late()}
		switch {
		case numbers[c.Number]:
			t.Fatalf("two cases are called %s", c.Number)
		case !slices.Contains(moves[was.state], c.State):
			t.Fatalf("%s went from %s to %s", c.Number, was.state, c.State)
		case now.steps < was.steps || now.steps != d.eventsOf(id):
			t.Fatalf("%s has %d steps after %d; the log has %d events of it", c.Number, now.steps, was.steps, d.eventsOf(id))
		case was.late && !now.late && !c.Excluded && !extended(&c):
			t.Fatalf("%s was late and is not any more: %+v", c.Number, c)
		case (c.State == Closed) != (c.Result != "") || (c.State == Closed) != (c.End != ""):
			t.Fatalf("%s is %s with the result %q on %q", c.Number, c.State, c.Result, c.End)
		case (c.Result == ResultExcluded) && !d.Excluded(c.Visit):
			t.Fatalf("%s is closed as excluded, and its rating is not", c.Number)
		case c.Result == ResultRectified && (c.AnsweredOn == "" || c.round().Done == "" || c.Contact && c.Revisit != Satisfied && c.Calls < 3 && !toldAfter(&c)):
			t.Fatalf("%s is closed and not done: %+v", c.Number, c)
		}
		for i := 1; i < len(c.Steps); i++ {
			if c.Steps[i].Position <= c.Steps[i-1].Position {
				t.Fatalf("%s has its steps out of order", c.Number)
			}
		}
		numbers[c.Number], known[id] = true, now
		if c.IsOpen() {
			open++
		}
	}
	if d.running.Len() != open || len(known) != d.Cases.Len() {
		t.Fatalf("%d cases are open, %d run; %d were opened, %d are there", open, d.running.Len(), len(known), d.Cases.Len())
	}
}

// extended tells whether an extension that was asked for in time may have moved a day that was past.
func extended(c *Case) bool {
	return slices.ContainsFunc(c.Extensions, func(x Extension) bool { return x.State == Granted })
}

// toldAfter tells whether the citizen left a number after the case was closed.
func toldAfter(c *Case) bool {
	closed := slices.IndexFunc(c.Steps, func(s Step) bool { return s.Kind == wire.KindCaseClosed })
	return slices.ContainsFunc(c.Steps[closed:], func(s Step) bool { return s.Kind == wire.KindCaseExplained })
}

// eventsOf counts the records that name a case.
func (d *desk) eventsOf(id string) (n int) {
	c, _ := d.Cases.Get(id)
	for i := range d.log {
		var x struct {
			Case  string `json:"case"`
			Visit string `json:"visit"`
		}
		if d.log[i].Position >= c.Steps[0].Position && with(&d.log[i], func(y struct {
			Case  string `json:"case"`
			Visit string `json:"visit"`
		}) {
			x = y
		}) && (x.Case == id || c.Visit != "" && x.Visit == c.Visit) {
			n++
		}
	}
	return n
}
