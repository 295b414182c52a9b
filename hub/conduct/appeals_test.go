package conduct

import (
	"strings"
	"testing"

	"hallkeeper/wire"
)

func TestAnExtensionIsAskedInTimeAndDecidedBySomebodyElse(t *testing.T) {
	d := newDesk(t, "2026-11-23")
	n := d.rated(t, "v1", "").Number
	ask := func(days int) Command { return AskExtension{n, days, "需更换设备"} }
	last := func() string { c := d.get(t, n); return c.Extensions[len(c.Extensions)-1].ID }
	due := func() string { c := d.get(t, n); return c.On(d.hall.Policy, d.today()).RectifyDue }
	for says, x := range map[string]struct {
		cmd  Command
		name string
	}{
		"no days":          {AskExtension{n, 0, "x"}, "fields_invalid"},
		"more than the 10": {AskExtension{n, 11, "x"}, "fields_invalid"},
		"no reason":        {AskExtension{n, 3, ""}, "fields_invalid"},
		"nobody's request": {DecideExtension{"none", true, ""}, "extension_unknown"},
	} {
		if got := refusal(d.do(t, x.cmd)); got != x.name {
			t.Errorf("%s: %s", says, got)
		}
	}
	d.as("liaison").must(t, ask(6))
	if got := refusal(d.do(t, ask(1))); got != "extension_open" || due() != "2026-11-30" {
		t.Errorf("a second one: %s; what nobody has granted moves the day to %s", got, due())
	}
	if got := refusal(d.do(t, DecideExtension{last(), true, ""})); got != "own_request" {
		t.Errorf("decided by who asked: %s", got)
	}
	if got := refusal(d.as("sup-a").do(t, DecideExtension{last(), false, ""})); got != "fields_invalid" {
		t.Errorf("refused without a reason: %s", got)
	}
	d.must(t, DecideExtension{last(), true, ""})
	if got := refusal(d.do(t, DecideExtension{last(), false, "x"})); got != "already_decided" || due() != "2026-12-08" {
		t.Errorf("decided twice: %s; it is rectified by %s", got, due())
	}
	err := d.as("liaison").do(t, ask(5))
	if refusal(err) != "extension_most" || !strings.Contains(words(err), "已延期 6") {
		t.Errorf("eleven days in all: %s %s", refusal(err), words(err))
	}
	d.must(t, ask(4))
	d.as("sup-a").must(t, DecideExtension{last(), false, "已够"})
	if due() != "2026-12-08" {
		t.Errorf("what was refused moves the day to %s", due())
	}
	d.on(t, "2026-12-09")
	err = d.as("liaison").do(t, ask(1))
	if refusal(err) != "case_overdue" || !strings.Contains(words(err), "2026-12-08") {
		t.Errorf("past the last day: %s %s", refusal(err), words(err))
	}
}

// What was asked for in time and granted later is not late; a new round begins with no extension.
func TestAnExtensionThatIsGrantedLater(t *testing.T) {
	d := newDesk(t, "2026-11-23")
	n := d.rated(t, "v1", "13800000042").Number
	d.as("liaison").must(t, Answer{n, "答复"}, AskExtension{n, 5, "需更换设备"})
	d.on(t, "2026-12-02")
	c := d.get(t, n)
	if !c.On(d.hall.Policy, d.today()).RectifyLate {
		t.Error("while nobody has decided, it is not late")
	}
	d.as("sup-a").must(t, DecideExtension{c.Extensions[0].ID, true, ""}, Rectify{n, "整改"}, Revisit{n, Unsatisfied, "没有变化"})
	c = d.get(t, n)
	if s := c.On(d.hall.Policy, d.today()); s.RectifyLate || s.RectifyDue != "2026-12-09" {
		t.Errorf("it stands %+v", s)
	}
}

// 国办发〔2019〕51号: staff can appeal; the appeal has its own last day, and somebody else decides.
func TestAnAppealIsMadeInTimeByThePersonThemselves(t *testing.T) {
	d := newDesk(t, "2026-02-12")
	n := d.rated(t, "v1", "").Number
	other := d.rated(t, "v2", "").Number
	appeal := func(n, staff string) Command { return MakeAppeal{n, staff, "当时已一次性告知"} }
	if got := refusal(d.as("other").do(t, appeal(n, "s2"))); got != "not_yours" {
		t.Errorf("an appeal by somebody else: %s", got)
	}
	if got := refusal(d.as("clerk").do(t, MakeAppeal{n, "s1", ""})); got != "fields_invalid" {
		t.Errorf("an appeal without a reason: %s", got)
	}
	d.on(t, "2026-02-24") // the third working day: the festival does not count
	d.must(t, appeal(n, "s1"))
	if person := d.log[len(d.log)-1].Personal[0].Person; person != "staff-s1" {
		t.Errorf("it is sealed under %s", person)
	}
	if err := d.do(t, appeal(n, "s1")); refusal(err) != "appeal_twice" || !strings.Contains(words(err), "2026-02-24") {
		t.Errorf("a second one: %s", words(err))
	}
	if got := refusal(d.as("sup-a").do(t, Close{n, ResultUnfounded, "x"})); got != "appeal_open" {
		t.Errorf("closing over the appeal: %s", got)
	}
	d.on(t, "2026-02-25")
	if err := d.as("clerk").do(t, appeal(other, "s1")); refusal(err) != "appeal_late" || !strings.Contains(words(err), "2026-02-24 届满") {
		t.Errorf("a day late: %s %s", refusal(err), words(err))
	}
	id := d.get(t, n).Appeal.ID
	for says, x := range map[string]struct {
		as   string
		cmd  Command
		name string
	}{
		"by the person":    {"clerk", DecideAppeal{id, true, "x"}, "own_case"},
		"without a reason": {"sup-a", DecideAppeal{id, true, ""}, "fields_invalid"},
		"nobody's":         {"sup-a", DecideAppeal{"none", true, "x"}, "appeal_unknown"},
	} {
		if got := refusal(d.as(x.as).do(t, x.cmd)); got != x.name {
			t.Errorf("decided %s: %s", says, got)
		}
	}
	d.as("sup-a").must(t, DecideAppeal{id, true, "录像属实"})
	if got := refusal(d.do(t, DecideAppeal{id, false, "x"})); got != "already_decided" || d.get(t, n).Appeal.State != Granted {
		t.Errorf("decided twice: %s", got)
	}
}

func TestWhoMakesAnAppealForSomebodyDoesNotDecideIt(t *testing.T) {
	d := newDesk(t, "2026-11-23")
	n := d.rated(t, "v1", "").Number
	d.as("lead").must(t, MakeAppeal{n, "s1", "本人请假，代为申诉"})
	id := d.get(t, n).Appeal.ID
	for _, account := range []string{"lead", "lead2"} {
		if got := refusal(d.as(account).do(t, DecideAppeal{id, true, "x"})); got != "own_request" {
			t.Errorf("decided by %s: %s", account, got)
		}
	}
	d.as("sup-b").must(t, DecideAppeal{id, false, "录像不支持"})
	if d.get(t, n).Appeal.State != Refused {
		t.Error("it is not refused")
	}
}

// Two different people take a rating out, neither of them the one who is rated.
func TestTwoPeopleExcludeARating(t *testing.T) {
	d := newDesk(t, "2026-11-23")
	c := d.rated(t, "v1", "")
	propose := ProposeExclusion{Visit: "v1", Window: "w1", Day: "2026-11-23", Staff: "s1", Why: Mistaken, Reason: "群众说按错了"}
	with := func(change func(*ProposeExclusion)) ProposeExclusion { x := propose; change(&x); return x }
	for says, x := range map[string]struct {
		as   string
		cmd  Command
		name string
	}{
		"by the one who is rated":    {"clerk", propose, "own_case"},
		"without a reason":           {"sup-a", with(func(x *ProposeExclusion) { x.Reason = "" }), "fields_invalid"},
		"for another reason":         {"sup-a", with(func(x *ProposeExclusion) { x.Why = "ugly" }), "fields_invalid"},
		"for another visit's case":   {"sup-a", with(func(x *ProposeExclusion) { x.Visit, x.Case = "v9", c.Number }), "fields_invalid"},
		"for a case that is none":    {"sup-a", with(func(x *ProposeExclusion) { x.Case = "none" }), "case_unknown"},
		"decided, but nobody's":      {"sup-a", DecideExclusion{Exclusion: "none", Approved: true, Reason: "x"}, "exclusion_unknown"},
		"with a reason of 100 KB":    {"sup-a", with(func(x *ProposeExclusion) { x.Reason = strings.Repeat("长", 34_000) }), "fields_invalid"},
		"closed over what is asked ": {"sup-a", Close{c.Number, ResultRectified, ""}, "case_not_answered"},
	} {
		if got := refusal(d.as(x.as).do(t, x.cmd)); got != x.name {
			t.Errorf("%s: %s", says, got)
		}
	}
	d.as("lead").must(t, propose)
	x, _ := d.ExclusionOf("v1")
	if x.Case != c.Case || x.State != Waiting || d.Excluded("v1") || d.log[len(d.log)-1].Personal[0].Person != "case-"+c.Case {
		t.Fatalf("the proposal is %+v", x)
	}
	decide := DecideExclusion{Exclusion: x.Exclusion, Staff: "s1", Approved: true, Reason: "电话核实"}
	for says, x := range map[string]struct {
		as   string
		cmd  Command
		name string
	}{
		"proposed again":                  {"sup-a", propose, "exclusion_open"},
		"closed meanwhile":                {"sup-a", Close{c.Number, ResultUnfounded, "x"}, "exclusion_open"},
		"decided by the same account":     {"lead", decide, "same_person"},
		"by another account of theirs":    {"lead2", decide, "same_person"},
		"decided by the one who is rated": {"clerk", decide, "own_case"},
	} {
		if got := refusal(d.as(x.as).do(t, x.cmd)); got != x.name {
			t.Errorf("%s: %s", says, got)
		}
	}
	d.as("sup-b").must(t, decide)
	done := d.get(t, c.Number)
	if !d.Excluded("v1") || done.State != Closed || done.Result != ResultExcluded || !done.Excluded || len(done.Steps) != 4 {
		t.Errorf("the case is %+v", done)
	}
	for says, x := range map[string]struct {
		cmd  Command
		name string
	}{"decided twice": {decide, "already_decided"}, "proposed again": {propose, "rating_excluded"}, "closed": {Close{c.Number, ResultUnfounded, "x"}, "case_closed"},
		"appealed against": {MakeAppeal{c.Number, "s1", "x"}, "case_closed"}} {
		if got := refusal(d.do(t, x.cmd)); got != x.name {
			t.Errorf("after it is excluded, %s: %s", says, got)
		}
	}
}

// A rating that is taken out opens no case, and one that is refused stays and can be proposed again.
func TestAnExcludedRatingOpensNoCase(t *testing.T) {
	d := newDesk(t, "2026-11-23")
	propose := ProposeExclusion{Visit: "v1", Window: "w1", Day: "2026-11-23", Why: Malicious, Reason: "连续辱骂"}
	d.must(t, propose)
	if person := d.log[len(d.log)-1].Personal[0].Person; person != "window-w1.2026-11" {
		t.Errorf("it is sealed under %s", person)
	}
	x, _ := d.ExclusionOf("v1")
	d.as("sup-b").must(t, DecideExclusion{Exclusion: x.Exclusion, Reason: "证据不足"})
	if d.Excluded("v1") {
		t.Error("what was refused is excluded")
	}
	d.as("sup-a").must(t, propose)
	y, _ := d.ExclusionOf("v1")
	d.as("sup-b").must(t, DecideExclusion{Exclusion: y.Exclusion, Approved: true, Reason: "有录像"})
	d.must(t, OpenFromRating{Visit: "v1", Level: 1, Source: wire.CaseButton})
	if d.Cases.Len() != 0 || d.Exclusions.Len() != 2 {
		t.Errorf("%d cases and %d exclusions", d.Cases.Len(), d.Exclusions.Len())
	}
}

// A rating that is excluded after its case was closed leaves the counts, and the case stays as it ended.
func TestAnExclusionAfterTheEnd(t *testing.T) {
	d := newDesk(t, "2026-11-23")
	n := d.rated(t, "v1", "").Number
	d.must(t, Answer{n, "答复"}, Rectify{n, "整改"}, Close{n, ResultRectified, ""})
	d.on(t, "2026-12-10")
	before := d.Counts(d.hall.Policy, d.today(), "2026-11-01", "2026-12-31", Filter{})
	d.must(t, ProposeExclusion{Visit: "v1", Window: "w1", Day: "2026-11-23", Why: Mistaken, Reason: "误评"})
	x, _ := d.ExclusionOf("v1")
	d.as("sup-b").must(t, DecideExclusion{Exclusion: x.Exclusion, Approved: true, Reason: "核实"})
	after := d.Counts(d.hall.Policy, d.today(), "2026-11-01", "2026-12-31", Filter{})
	if c := d.get(t, n); before.Due != 1 || after.Due != 0 || c.Result != ResultRectified || !c.Excluded {
		t.Errorf("the counts are %+v and then %+v, the case %+v", before, after, c)
	}
}
