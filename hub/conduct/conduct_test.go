package conduct

import (
	"errors"
	"strings"
	"testing"

	"hallkeeper/hub/hall"
	"hallkeeper/wire"
)

// 国办发〔2019〕51号: a bad review is answered, rectified, the citizen called, and only then closed.
func TestACaseFromItsRatingToItsEnd(t *testing.T) {
	d := newDesk(t, "2026-11-23")
	c := d.rated(t, "v1", "13800000042")
	if c.Number != "P2026-000001" || c.State != Open || !c.Words || !c.Contact || !c.Rating() {
		t.Fatalf("the case is %+v", c)
	}
	if said := d.said[len(d.said)-1]; said["phone"] != "13800000042" || said["words"] == "" {
		t.Errorf("what is sealed is %v", said)
	}
	if person := d.log[len(d.log)-1].Personal[0].Person; person != "case-"+c.Case {
		t.Errorf("it is sealed under %s", person)
	}
	for _, x := range []struct {
		cmd   Command
		state string
	}{
		{Assign{c.Number, "civil", "s2"}, Open}, {Answer{c.Number, "已电话致歉"}, Answered}, {Rectify{c.Number, "增设导办一名"}, Rectified},
		{Revisit{c.Number, Unreached, ""}, Rectified}, {Revisit{c.Number, Unsatisfied, "还是没人导办"}, Answered},
		{Rectify{c.Number, "导办到岗"}, Rectified}, {Revisit{c.Number, Satisfied, ""}, Rectified}, {Close{c.Number, ResultRectified, ""}, Closed},
	} {
		d.must(t, x.cmd)
		if got := d.get(t, c.Number).State; got != x.state {
			t.Errorf("after %#v it is %s", x.cmd, got)
		}
	}
	c = d.get(t, c.Number)
	if len(c.Steps) != 9 || c.Result != ResultRectified || c.End != "2026-11-23" || c.Handler != "s2" || len(c.Rounds) != 2 || !c.Reached {
		t.Errorf("at its end it is %+v", c)
	}
}

// What the people at the hall are told when a step is not possible.
func TestWhatACaseRefuses(t *testing.T) {
	long := strings.Repeat("长", 34_000) // 100 KB
	full := func(d *desk, n string) {
		d.must(t, Answer{n, "答复"}, Rectify{n, "整改"})
	}
	for says, x := range map[string]struct {
		before func(*desk, string)
		as     string
		cmd    func(n string) Command
		name   string
		tells  string
	}{
		"a case that there is not":              {nil, "", func(string) Command { return Answer{"P2026-999999", "答复"} }, "case_unknown", "没有这件"},
		"an answer without words":               {nil, "", func(n string) Command { return Answer{n, " \n "} }, "fields_invalid", "text"},
		"an answer of 100 KB":                   {nil, "", func(n string) Command { return Answer{n, long} }, "fields_invalid", "text"},
		"a complaint of 100 KB":                 {nil, "", func(string) Command { return Enter{Source: wire.CaseHotline, Text: long} }, "fields_invalid", "text"},
		"a reason of 100 KB":                    {nil, "", func(n string) Command { return Close{n, ResultUnfounded, long} }, "fields_invalid", "reason"},
		"an answer given twice":                 {func(d *desk, n string) { d.must(t, Answer{n, "答复"}) }, "", func(n string) Command { return Answer{n, "再答复"} }, "case_answered", "2026-11-23"},
		"rectifying before the answer":          {nil, "", func(n string) Command { return Rectify{n, "整改"} }, "case_not_answered", "请先答复"},
		"rectifying twice":                      {full, "", func(n string) Command { return Rectify{n, "整改"} }, "case_rectified", "2026-11-23"},
		"a call before it is rectified":         {nil, "", func(n string) Command { return Revisit{n, Satisfied, ""} }, "case_not_rectified", "整改后再回访"},
		"a call with another result":            {full, "", func(n string) Command { return Revisit{n, "angry", ""} }, "fields_invalid", "result"},
		"an unsatisfied citizen without why":    {full, "", func(n string) Command { return Revisit{n, Unsatisfied, ""} }, "fields_invalid", "text"},
		"a call after a satisfied one":          {func(d *desk, n string) { full(d, n); d.must(t, Revisit{n, Satisfied, ""}) }, "", func(n string) Command { return Revisit{n, Unreached, ""} }, "case_revisited", "可以办结"},
		"closing what is not answered":          {nil, "", func(n string) Command { return Close{n, ResultRectified, ""} }, "case_not_answered", "请先答复"},
		"closing what is not rectified":         {func(d *desk, n string) { d.must(t, Answer{n, "答复"}) }, "", func(n string) Command { return Close{n, ResultRectified, ""} }, "case_not_rectified", "还没有整改"},
		"closing before the call":               {full, "", func(n string) Command { return Close{n, ResultRectified, ""} }, "case_not_revisited", "至少试 3 次"},
		"closing after two calls in vain":       {func(d *desk, n string) { full(d, n); d.must(t, Revisit{n, Unreached, ""}, Revisit{n, Unreached, ""}) }, "", func(n string) Command { return Close{n, ResultRectified, ""} }, "case_not_revisited", "请先回访"},
		"unfounded without a reason":            {nil, "", func(n string) Command { return Close{n, ResultUnfounded, ""} }, "fields_invalid", "reason"},
		"excluded by hand":                      {nil, "", func(n string) Command { return Close{n, ResultExcluded, "误评"} }, "fields_invalid", "result"},
		"closing twice":                         {func(d *desk, n string) { d.must(t, Close{n, ResultUnfounded, "查无此事"}) }, "", func(n string) Command { return Close{n, ResultUnfounded, "查无此事"} }, "case_closed", "2026-11-23 办结（不属实）"},
		"answering what is closed":              {func(d *desk, n string) { d.must(t, Close{n, ResultUnfounded, "查无此事"}) }, "", func(n string) Command { return Answer{n, "答复"} }, "case_closed", "办结"},
		"dealing with a case about oneself":     {nil, "clerk", func(n string) Command { return Answer{n, "不是我的错"} }, "own_case", "不能办理针对自己"},
		"giving it to the one whom it is about": {nil, "", func(n string) Command { return Assign{n, "civil", "s1"} }, "own_case", "被评价人本人"},
		"giving it to another unit's person":    {nil, "", func(n string) Command { return Assign{n, "civil", "s3"} }, "fields_invalid", "staff"},
		"giving it to a unit that is not there": {nil, "", func(n string) Command { return Assign{n, "land", ""} }, "fields_invalid", "department"},
		"grading what is rectified":             {full, "", func(n string) Command { return Grade{n, true} }, "case_rectified", "期限不再变动"},
		"grading past the last day":             {func(d *desk, n string) { d.on(t, "2026-12-01") }, "", func(n string) Command { return Grade{n, true} }, "case_overdue", "2026-11-30"},
		"a complaint from a rating's source":    {nil, "", func(string) Command { return Enter{Source: wire.CaseButton, Text: "x"} }, "fields_invalid", "source"},
		"a complaint of tomorrow":               {nil, "", func(string) Command { return Enter{Source: wire.CaseHotline, Text: "x", Happened: "2026-11-24"} }, "fields_invalid", "happened"},
		"a complaint with half a number":        {nil, "", func(string) Command { return Enter{Source: wire.CaseHotline, Text: "x", Phone: "138000"} }, "fields_invalid", "phone"},
		"a complaint about nobody's service":    {nil, "", func(string) Command { return Enter{Source: wire.CaseHotline, Text: "x", Service: "z"} }, "fields_invalid", "service"},
		"entering a complaint about oneself":    {nil, "clerk", func(string) Command { return Enter{Source: wire.CaseHotline, Text: "x", Staff: "s1"} }, "own_case", "针对自己"},
	} {
		d := newDesk(t, "2026-11-23")
		c := d.rated(t, "v1", "13800000042")
		if x.before != nil {
			x.before(d, c.Number)
		}
		if x.as != "" {
			d.as(x.as)
		}
		events := len(d.log)
		err := d.do(t, x.cmd(c.Number))
		if refusal(err) != x.name || !strings.Contains(words(err), x.tells) || len(d.log) != events {
			t.Errorf("%s: %s: %s", says, refusal(err), words(err))
		}
	}
}

// words are what a user reads of a refusal, with the names of the fields.
func words(err error) string {
	var e *hall.Error
	if !errors.As(err, &e) {
		return ""
	}
	text := e.ZH
	for _, f := range e.Fields {
		text += " " + f.Name + " " + f.ZH
	}
	return text
}

func TestACitizenWhoCannotBeReachedIsTriedThreeTimes(t *testing.T) {
	d := newDesk(t, "2026-11-23")
	n := d.rated(t, "v1", "13800000042").Number
	d.must(t, Answer{n, "答复"}, Rectify{n, "整改"}, Revisit{n, Unreached, ""}, Revisit{n, Unreached, "关机"}, Revisit{n, Unreached, ""}, Close{n, ResultRectified, ""})
	if c := d.get(t, n); c.State != Closed || c.Reached || c.Calls != 3 {
		t.Errorf("it is %+v", c)
	}
}

// A rating opens one case however often it is told, and only a bad one.
func TestARatingOpensOneCase(t *testing.T) {
	d := newDesk(t, "2026-11-23")
	first := d.rated(t, "v1", "")
	again := d.rated(t, "v1", "13800000042")
	for _, level := range []int{0, 3, 4, 5, 6} {
		d.must(t, OpenFromRating{Visit: "good", Level: level, Source: wire.CaseButton})
	}
	d.must(t, OpenFromRating{Level: 1, Source: wire.CaseButton})
	if d.Cases.Len() != 1 || again.Contact || first.Case != again.Case {
		t.Errorf("there are %d cases, the second is %+v", d.Cases.Len(), again)
	}
	// What the citizen adds later is in it, once.
	events := len(d.log)
	for range 3 {
		d.must(t, ExplainFromRating{Visit: "v1", Reasons: []string{"attitude"}, Text: "等了很久没人理", Phone: "13800000042"}, ExplainFromRating{Visit: "nobody", Text: "x"})
	}
	if c := d.get(t, first.Number); len(d.log) != events+1 || !c.Contact || len(c.Steps) != 2 || !c.Steps[1].Told() {
		t.Errorf("after %d events the case is %+v", len(d.log)-events, c)
	}
}

func TestAComplaintIsEnteredByHand(t *testing.T) {
	d := newDesk(t, "2026-11-23")
	for i, source := range Entered() {
		d.must(t, Enter{Source: wire.CaseSource(source), Service: "a", Window: "w1", Happened: "2026-11-20", Text: "<b>窗口没人</b>", Phone: "+86 138-0000-0042", Hard: i == 0})
	}
	c := d.get(t, "P2026-000001")
	if c.Department != "civil" || c.Happened != "2026-11-20" || !c.Contact || c.Rating() || d.Cases.Len() != 4 {
		t.Errorf("the first is %+v", c)
	}
	if said := d.said[len(d.said)-1]; said["words"] != "<b>窗口没人</b>" || said["phone"] != "13800000042" {
		t.Errorf("what is kept of it is %v", said)
	}
	if due := c.On(d.hall.Policy, d.today()).RectifyDue; due != "2026-12-14" {
		t.Errorf("a hard case is rectified by %s", due)
	}
	d.on(t, "2027-01-04")
	d.must(t, Enter{Source: wire.CaseMedia, Text: "报道"})
	if _, ok := d.Find("P2027-000001"); !ok {
		t.Error("the first number of 2027 is not P2027-000001")
	}
}

// A case that is graded has the days of its kind, as long as both limits are ahead.
func TestAHardCaseHasMoreDays(t *testing.T) {
	d := newDesk(t, "2026-11-23")
	n := d.rated(t, "v1", "").Number
	d.on(t, "2026-11-30")
	d.must(t, Grade{n, true}, Grade{n, true})
	c := d.get(t, n)
	if due := c.On(d.hall.Policy, d.today()).RectifyDue; due != "2026-12-14" || len(c.Steps) != 2 {
		t.Errorf("it is rectified by %s after %d steps", due, len(c.Steps))
	}
	d.on(t, "2026-12-01")
	if got := refusal(d.do(t, Grade{n, false})); got != "case_overdue" {
		t.Errorf("a limit that is past already is set again: %s", got)
	}
}

// The story of a case that ended long ago is in the log alone; what is counted of it stays, and so do its number and its visit.
func TestWhatStaysOfAnOldCase(t *testing.T) {
	d := newDesk(t, "2026-11-23")
	n := d.rated(t, "v1", "").Number
	d.must(t, Answer{n, "答复"}, Rectify{n, "整改"}, Close{n, ResultRectified, ""})
	open := d.rated(t, "v2", "").Number
	d.on(t, "2029-02-01")
	d.rated(t, "v3", "")
	c := d.get(t, n)
	if c.Steps != nil || len(d.get(t, open).Steps) != 1 {
		t.Errorf("%d steps of the old case and %d of the open one are at hand", len(c.Steps), len(d.get(t, open).Steps))
	}
	if got := d.Counts(d.hall.Policy, d.today(), "2026-11-01", "2026-12-31", Filter{}); got != (Counts{Due: 2, InTime: 1}) {
		t.Errorf("of then %+v are counted", got)
	}
	d.must(t, OpenFromRating{Visit: "v1", Level: 1, Source: wire.CaseButton})
	if d.Cases.Len() != 3 {
		t.Errorf("a visit of then has another case")
	}
}
