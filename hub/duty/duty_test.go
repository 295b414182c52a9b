package duty

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hallkeeper/hub/assess"
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

var zone = time.FixedZone("CST", 8*3600)

// office is a hall with a log: what is decided is folded at once.
type office struct {
	State
	line  queue.State
	hall  roster.Hall
	now   time.Time
	log   []wire.Record
	said  map[string]map[string]string
	made  int
	staff string
}

// newOffice has two departments with two windows and one; s1 and s2 are of civil's w1, s1 its
// chief representative; s3 is of tax's w3. w2 has nobody.
func newOffice(t tester, day string) *office {
	t.Helper()
	p, err := policy.New()
	if err != nil {
		t.Fatalf("%v", err)
	}
	o := &office{hall: roster.Hall{Windows: &roster.State{}, People: &roster.People{}, Policy: p}, said: map[string]map[string]string{}}
	o.on(t, day)
	for _, x := range []string{"civil", "tax"} {
		o.enter(t, hall.Draft{Kind: wire.KindDepartmentSet, Data: wire.DepartmentSet{Department: x, Name: x + "局"}})
	}
	for w, d := range map[string]string{"w1": "civil局", "w2": "civil", "w3": "tax"} {
		o.enter(t, hall.Draft{Kind: wire.KindWindowSet, Data: wire.WindowSet{Window: w, Number: w[1:], Name: "窗口", Department: d}})
	}
	for staff, x := range map[string][2]string{"s1": {"civil", "w1"}, "s2": {"civil", "w1"}, "s3": {"tax", "w3"}} {
		o.enter(t, hall.Draft{Kind: wire.KindStaffSet, Data: wire.StaffSet{Staff: staff, Department: x[0], Employment: "in_post"}, Person: "staff-" + staff, Personal: map[string]string{"name": "演示员" + staff}})
		o.enter(t, hall.Draft{Kind: wire.KindPostSet, Data: wire.PostSet{Post: "p" + staff, Window: x[1], Name: "岗位"}})
		o.enter(t, hall.Draft{Kind: wire.KindStaffPosted, Data: wire.StaffPosted{Staff: staff, Post: "p" + staff, From: "2026-01-05"}})
	}
	o.enter(t, hall.Draft{Kind: wire.KindRepresentativeSet, Data: wire.RepresentativeSet{Window: "w1", Staff: "s1", From: "2026-01-05"}})
	o.enter(t, hall.Draft{Kind: wire.KindServiceSet, Data: wire.ServiceSet{Service: "a", Name: "婚姻登记", Department: "civil", Prefix: "A", Windows: []string{"w1"}}})
	return o
}

func (o *office) on(t tester, day string) {
	t.Helper()
	at, err := time.ParseInLocation("2006-01-02 15:04", day+" 10:00", zone)
	if err != nil {
		t.Fatalf("%v", err)
	}
	o.now = at
}

func (o *office) today() hall.Date { return hall.DateOf(o.now, zone) }

func (o *office) enter(t tester, x hall.Draft) {
	t.Helper()
	body, err := json.Marshal(x.Data)
	if err != nil {
		t.Fatalf("%v", err)
	}
	r := wire.Record{Position: wire.Position(len(o.log) + 1), StoredAt: o.now,
		Event: wire.Event{ID: fmt.Sprintf("e%d", len(o.log)+1), At: o.now, Kind: x.Kind, Data: body, Actor: &wire.Actor{Kind: wire.ActorPerson, ID: "sup"}}}
	if (x.Person == "") != (len(x.Personal) == 0) {
		t.Fatalf("%s seals %v under %q", x.Kind, x.Personal, x.Person)
	}
	if x.Person != "" {
		r.Personal = []wire.Sealed{{Person: x.Person, Box: []byte(r.ID)}}
		o.said[r.ID] = x.Personal
	}
	o.log = append(o.log, r)
	o.fold(&r)
}

func (o *office) fold(r *wire.Record) {
	if !o.Fold(r) && !o.line.Fold(r) && !o.hall.Policy.Fold(r) {
		o.hall.Windows.Fold(r)
		o.hall.People.Fold(r)
	}
}

func (o *office) do(t tester, cmd Command) (string, error) {
	t.Helper()
	o.made++
	m := hall.Moment{Now: o.now, Day: o.today(), Zone: zone, ID: fmt.Sprintf("d%03d", o.made), Actor: wire.Actor{Kind: wire.ActorPerson, ID: "sup"}, Staff: o.staff,
		Unseal: func(s *wire.Sealed) map[string]string { return o.said[string(s.Box)] }}
	drafts, err := cmd.DecideDuty(&o.State, World{o.hall, &o.line}, m)
	if err != nil && drafts != nil {
		t.Fatalf("%#v refuses and makes something", cmd)
	}
	for _, x := range drafts {
		o.enter(t, x)
	}
	return m.ID, err
}

func (o *office) must(t tester, cmd Command) string {
	t.Helper()
	id, err := o.do(t, cmd)
	if err != nil {
		t.Fatalf("%#v: %v", cmd, err)
	}
	return id
}

func (o *office) facts(from, until hall.Date) []assess.Fact {
	return o.Facts(from, until, o.today(), o.hall)
}

// told is facts in short.
func told(all []assess.Fact) string {
	var words []string
	for _, f := range all {
		w := fmt.Sprintf("%s %s %s/%s/%s", f.Kind, f.Day, f.Person, f.Window, f.Department)
		if n, ok := f.Values["overdue"]; ok {
			w += fmt.Sprintf(" %v", n)
		}
		words = append(words, w)
	}
	return strings.Join(words, "; ")
}

func (o *office) expect(t *testing.T, what string, from, until hall.Date, want string) {
	t.Helper()
	facts := o.facts(from, until)
	if got := told(facts); got != want {
		t.Errorf("%s:\n got %s\nwant %s", what, got, want)
	}
	for _, f := range facts {
		if len(f.Events) == 0 || slices.Contains(f.Events, "") {
			t.Errorf("%s: %s stands on %q", what, f.ID, f.Events)
		}
	}
}

func refused(t *testing.T, err error, name string) hall.Error {
	t.Helper()
	var e *hall.Error
	if !errors.As(err, &e) || e.Name != name {
		t.Fatalf("got %v, want %s", err, name)
	}
	if e.ZH == "" || e.EN == "" {
		t.Errorf("%s speaks one language only", name)
	}
	return *e
}

// 63号 第七条: each window that was open in a month and held no exchange meeting is a fact of its last day.
func TestAWindowWithoutAnExchangeMeetingIsFlagged(t *testing.T) {
	o := newOffice(t, "2026-11-02")
	o.must(t, HoldExchange{Window: "w1", Text: "窗口人员配置"})
	o.on(t, "2026-11-30")
	o.expect(t, "on the last day itself", "2026-11-01", "2026-11-30", "")
	if all := o.Missing("2026-11-30", o.today(), o.hall); len(all) != 1 || all[0].Window != "w3" {
		t.Errorf("still missing are %+v", all)
	}
	o.on(t, "2026-12-01")
	o.expect(t, "the month is over", "2026-11-01", "2026-11-30", "exchange_missing 2026-11-30 /w3/tax") // w2 has nobody
	late, err := o.do(t, HoldExchange{Window: "w3", Date: "2026-11-25", Text: "补登"})
	e := refused(t, err, "fields_invalid")
	if e.Fields[0].Code != "no_representative" {
		t.Errorf("%s without a representative: %+v", late, e.Fields)
	}
	o.enter(t, hall.Draft{Kind: wire.KindRepresentativeSet, Data: wire.RepresentativeSet{Window: "w3", Staff: "s3", From: "2026-11-01"}})
	id := o.must(t, HoldExchange{Window: "w3", Date: "2026-11-25", Text: "补登"})
	o.expect(t, "a meeting that was entered late", "2026-11-01", "2026-11-30", "")
	o.must(t, Withdraw{Duty: id, Reason: "登错"})
	o.expect(t, "one that was entered by mistake", "2026-11-01", "2026-11-30", "exchange_missing 2026-11-30 /w3/tax")
	if _, err := o.do(t, HoldExchange{Window: "w1", Staff: "s2", Text: "x"}); refused(t, err, "fields_invalid").Fields[0].Code != "not_representative" {
		t.Error("anybody can stand for a window")
	}
}

// How many meetings a month needs is the policy's.
func TestTheLeastNumberOfMeetingsIsAParameter(t *testing.T) {
	o := newOffice(t, "2026-11-02")
	o.enter(t, hall.Draft{Kind: wire.KindParameterSet, Data: wire.ParameterSet{Name: "exchange_least", Value: 2, From: "2026-11-01", Reference: "局务会议"}})
	o.must(t, HoldExchange{Window: "w1", Text: "一"})
	o.on(t, "2026-12-01")
	o.expect(t, "one of two", "2026-11-01", "2026-11-30", "exchange_missing 2026-11-30 /w1/civil; exchange_missing 2026-11-30 /w3/tax")
	o.must(t, HoldExchange{Window: "w1", Date: "2026-11-27", Text: "二"})
	o.expect(t, "two of two", "2026-11-01", "2026-11-30", "exchange_missing 2026-11-30 /w3/tax")
}

// A report's fact belongs to the first working day after its due day, and a published month's figures stay.
func TestAReportThatIsLate(t *testing.T) {
	o := newOffice(t, "2026-11-02")
	monthly := o.must(t, SetReport{Title: "月度统计表", Department: "civil", Due: "2026-11-20", Monthly: true})
	o.on(t, "2026-11-26")
	o.expect(t, "it grows", "2026-11-01", "2026-11-30", "report_late 2026-11-23 s1/w1/civil 4")
	o.on(t, "2026-12-15")
	const over = "report_late 2026-11-23 s1/w1/civil 6"
	o.expect(t, "the month is over", "2026-11-01", "2026-11-30", "exchange_missing 2026-11-30 /w1/civil; exchange_missing 2026-11-30 /w3/tax; "+over)
	before := o.facts("2026-11-01", "2026-11-30")
	o.must(t, FileReport{Report: monthly, Text: "已交"})
	if after := o.facts("2026-11-01", "2026-11-30"); !reflect.DeepEqual(before, after) {
		t.Errorf("filing it in December changes November:\n%v\n%v", before, after)
	}
	if r, _ := o.Reports.Get(monthly); len(r.Filed) != 1 || r.Filed[0].Due != "2026-11-20" {
		t.Errorf("filed is %+v", r.Filed)
	}
	o.must(t, FileReport{Report: monthly}) // the next one, in time
	o.on(t, "2027-01-05")
	o.expect(t, "December's came in time", "2026-12-01", "2026-12-31", "exchange_missing 2026-12-31 /w1/civil; exchange_missing 2026-12-31 /w3/tax")
	_, err := o.do(t, FileReport{Report: monthly, Due: "2026-12-20"})
	refused(t, err, "report_filed")
	o.must(t, CancelReport{Report: monthly, Reason: "不再报送"})
	o.on(t, "2027-02-10")
	if r, _ := o.Reports.Get(monthly); len(r.Dues("2027-02-10")) != 2 {
		t.Errorf("after its end it is due on %v", r.Dues("2027-02-10"))
	}
	_, err = o.do(t, FileReport{Report: monthly})
	refused(t, err, "report_filed")
}

func TestAMonthlyReportIsDueOnAMonthsLastDayWhereItIsShorter(t *testing.T) {
	r := Report{ReportDue: wire.ReportDue{Due: "2026-12-31", Monthly: true}}
	if got := fmt.Sprint(r.Dues("2027-05-01")); got != "[2026-12-31 2027-01-31 2027-02-28 2027-03-31 2027-04-30]" {
		t.Error(got)
	}
}

// The clock of a task stands still while it waits to be accepted.
func TestATaskThatIsLate(t *testing.T) {
	for name, x := range map[string]struct {
		steps map[string]string // day: step
		want  string
	}{
		"not done":                           {nil, "task_late 2026-11-16 s2/w1/civil 11"},
		"done in time":                       {map[string]string{"2026-11-13": "report", "2026-11-20": "accept"}, ""},
		"done three days late":               {map[string]string{"2026-11-18": "report", "2026-11-20": "accept"}, "task_late 2026-11-16 s2/w1/civil 3"},
		"returned before its due day":        {map[string]string{"2026-11-10": "report", "2026-11-11": "return"}, "task_late 2026-11-16 s2/w1/civil 11"},
		"returned after it and done at once": {map[string]string{"2026-11-13": "report", "2026-11-18": "return", "2026-11-19": "report"}, "task_late 2026-11-19 s2/w1/civil 1"},
		"returned in another month":          {map[string]string{"2026-11-13": "report", "2026-12-01": "return"}, ""},
		"cancelled before":                   {map[string]string{"2026-11-13": "cancel"}, ""},
		"cancelled after":                    {map[string]string{"2026-11-17": "cancel"}, "task_late 2026-11-16 s2/w1/civil 2"},
		"entered by mistake":                 {map[string]string{"2026-11-17": "withdraw"}, ""},
	} {
		o := newOffice(t, "2026-11-09")
		id := o.must(t, AssignTask{Title: "整理档案", Staff: "s2", Due: "2026-11-13"})
		for _, day := range slices.Sorted(maps.Keys(x.steps)) {
			o.on(t, day)
			o.must(t, map[string]Command{"report": ReportTask{Task: id}, "accept": AcceptTask{Task: id}, "return": ReturnTask{id, "不全"}, "cancel": CancelTask{id, "不需要了"}, "withdraw": Withdraw{id, "登错"}}[x.steps[day]])
		}
		o.on(t, "2026-12-31")
		facts := slices.DeleteFunc(o.facts("2026-11-01", "2026-11-30"), func(f assess.Fact) bool { return f.Kind == "exchange_missing" })
		if got := told(facts); got != x.want {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func TestATaskStepsOnlyWhereItMay(t *testing.T) {
	o := newOffice(t, "2026-11-09")
	id := o.must(t, AssignTask{Title: "整理档案", Window: "w1", Due: "2026-11-13"})
	for _, cmd := range []Command{AcceptTask{id}, ReturnTask{id, "x"}} {
		_, err := o.do(t, cmd)
		refused(t, err, "task_state")
	}
	o.must(t, ReportTask{Task: id})
	_, err := o.do(t, ReportTask{Task: id})
	refused(t, err, "task_state")
	o.must(t, AcceptTask{id})
	_, err = o.do(t, CancelTask{id, "x"})
	refused(t, err, "task_state")
	_, err = o.do(t, ReportTask{Task: "none"})
	refused(t, err, "duty_unknown")
}

// Entries are facts of their day; whom they are about is filled in as far as a rule may ask for it.
func TestEntriesBecomeFacts(t *testing.T) {
	o := newOffice(t, "2026-11-10")
	o.must(t, ListItem{Item: "i1", Service: "a", Document: "民发1"})
	for name, x := range map[string]struct {
		cmd  Command
		want string
	}{
		"an item elsewhere":          {FindElsewhere{Item: "i1", Place: "局机关", Evidence: "受理回执"}, "item_elsewhere 2026-11-10 s1/w1/civil"},
		"a guide":                    {FindGuide{Window: "w3", What: "sample"}, "guide_missing 2026-11-10 /w3/tax"},
		"a window that has left":     {FindWithdrawn{Window: "w3", Text: "人员与设备撤走"}, "withdrawn_unapproved 2026-11-10 /w3/tax"},
		"a person's commendation":    {Commend{Staff: "s2", Document: "锦旗", Date: "2026-11-09"}, "commended 2026-11-09 s2/w1/civil"},
		"a window's commendation":    {Commend{Window: "w1", Document: "感谢信"}, "commended 2026-11-10 s1/w1/civil; commended 2026-11-10 s2/w1/civil"},
		"an exposure":                {Expose{Source: "secret_visit", Window: "w1", Document: "通报3"}, "exposure 2026-11-10 s1/w1/civil"},
		"own scoring found on paper": {ConfirmScoring{Department: "tax", Document: "税发1", Text: "考核表"}, "own_scoring 2026-11-10 /w3/tax"},
	} {
		id := o.must(t, x.cmd)
		o.expect(t, name, "2026-11-01", "2026-11-30", x.want)
		_, err := o.do(t, Withdraw{Duty: id})
		refused(t, err, "fields_invalid")
		o.must(t, Withdraw{Duty: id, Reason: "不属实"})
		o.expect(t, name+", withdrawn", "2026-11-01", "2026-11-30", "")
		_, err = o.do(t, Withdraw{Duty: id, Reason: "再次"})
		refused(t, err, "duty_withdrawn")
	}
	kinds := map[string]bool{}
	for _, k := range assess.Kinds() {
		kinds[k.ID] = true
	}
	o.must(t, Expose{Source: "media", Staff: "s1", Document: "晚报"})
	for _, f := range o.facts("2026-01-01", "2026-12-31") {
		if !kinds[f.Kind] || f.Values["source"] != "media" {
			t.Errorf("%+v", f)
		}
	}
}

// 63号 第十四条: an attempt is recorded, never scored; a supervisor may confirm it once.
func TestADepartmentsOwnScoringIsRecordedAndConfirmed(t *testing.T) {
	o := newOffice(t, "2026-11-10")
	id := o.must(t, ScoreOwn{Department: "tax", Staff: "s3", Period: "2026-10", Points: "92 分"})
	o.expect(t, "an attempt alone", "2026-11-01", "2026-11-30", "")
	_, err := o.do(t, Withdraw{Duty: id, Reason: "不想留记录"})
	refused(t, err, "duty_unknown")
	o.on(t, "2026-11-12")
	o.must(t, ConfirmScoring{Attempt: id})
	o.expect(t, "confirmed", "2026-11-01", "2026-11-30", "own_scoring 2026-11-10 /w3/tax")
	if f := o.facts("2026-11-01", "2026-11-30"); len(f[0].Events) != 2 {
		t.Errorf("it stands on %v", f[0].Events)
	}
	_, err = o.do(t, ConfirmScoring{Attempt: id})
	if e := refused(t, err, "attempt_confirmed"); e.Article != "63号 第十四条" {
		t.Errorf("by %q", e.Article)
	}
	for period, good := range map[string]bool{"2026-11": true, "2026-Q4": true, "2026": true, "2026-13": false, "2026-Q5": false, "": false, "2026-": false, "26": false} {
		if isPeriod(period) != good {
			t.Errorf("%q is a period: %v", period, !good)
		}
	}
}

// 63号 第九条: a window leaves by three documents, and not before the day of the approval.
func TestAWindowLeavesByThreeDocuments(t *testing.T) {
	o := newOffice(t, "2026-11-10")
	no := func(cmd Command, name string) {
		t.Helper()
		_, err := o.do(t, cmd)
		if e := refused(t, err, name); e.Article != "63号 第九条" && name != "withdrawal_unknown" && name != "already_decided" && name != "fields_invalid" {
			t.Errorf("%s is refused by %q", name, e.Article)
		}
	}
	no(RemoveWindow{"w3"}, "withdrawal_missing")
	no(RemoveWindow{"w2"}, "withdrawal_missing") // it names a department
	no(AskWithdrawal{Window: "w3"}, "document_missing")
	id := o.must(t, AskWithdrawal{Window: "w3", Document: "税发〔2026〕8号", Date: "2026-11-09", Reason: "业务并入综合窗口"})
	no(AskWithdrawal{Window: "w3", Document: "税发9"}, "withdrawal_open")
	no(DecideWithdrawal{Withdrawal: id, Approved: true, Document: "政函1"}, "withdrawal_state")
	no(ExamineWithdrawal{Withdrawal: id}, "document_missing")
	no(ExamineWithdrawal{Withdrawal: id, Document: "政服1", Date: "2026-11-08"}, "fields_invalid")
	no(RemoveWindow{"w3"}, "withdrawal_missing")
	o.must(t, ExamineWithdrawal{Withdrawal: id, Document: "政服1"})
	no(DecideWithdrawal{Withdrawal: id, Approved: true}, "document_missing")
	no(RemoveWindow{"w3"}, "withdrawal_missing")
	o.must(t, DecideWithdrawal{Withdrawal: id, Approved: true, Document: "政函1", From: "2026-11-16"})
	no(RemoveWindow{"w3"}, "withdrawal_missing") // not yet
	no(DecideWithdrawal{Withdrawal: id, Approved: false, Reason: "x"}, "already_decided")
	o.on(t, "2026-11-16")
	o.must(t, RemoveWindow{"w3"})
	o.on(t, "2026-12-01")
	o.expect(t, "it answers for nothing any more", "2026-11-01", "2026-11-30", "exchange_missing 2026-11-30 /w1/civil")
	// Who comes back under the same number needs a new approval to leave again.
	o.enter(t, hall.Draft{Kind: wire.KindWindowSet, Data: wire.WindowSet{Window: "w3", Number: "3", Name: "窗口", Department: "tax"}})
	no(RemoveWindow{"w3"}, "withdrawal_missing")
	other := o.must(t, AskWithdrawal{Window: "w1", Document: "民发1"})
	o.must(t, DecideWithdrawal{Withdrawal: other, Reason: "不同意"})
	no(RemoveWindow{"w1"}, "withdrawal_missing")
	o.must(t, AskWithdrawal{Window: "w1", Document: "民发2"})
}

// A window that was entered by mistake can go: nothing but its entry was ever made.
func TestAWindowEnteredByMistakeCanGo(t *testing.T) {
	o := newOffice(t, "2026-11-10")
	set := func(w, department string) {
		o.enter(t, hall.Draft{Kind: wire.KindWindowSet, Data: wire.WindowSet{Window: w, Number: w[1:], Name: "窗口", Department: department}})
	}
	set("w8", "tax")
	_, err := o.do(t, RemoveWindow{"w8"})
	refused(t, err, "withdrawal_missing")
	set("w8", "")
	o.must(t, RemoveWindow{"w8"})
	set("w1", "") // it has had posts and people: emptying its entry makes no mistake of it
	_, err = o.do(t, RemoveWindow{"w1"})
	refused(t, err, "withdrawal_missing")
	_, err = o.do(t, RemoveWindow{"w9"})
	refused(t, err, "window_unknown")
}

// 63号 第十六条: only who leaves is evaluated; signing freezes the text.
func TestTheEvaluationOfWhoLeaves(t *testing.T) {
	o := newOffice(t, "2026-11-10")
	_, err := o.do(t, DraftEvaluation{Staff: "s2"})
	if e := refused(t, err, "not_leaving"); e.Article != "63号 第十六条" {
		t.Errorf("by %q", e.Article)
	}
	o.enter(t, hall.Draft{Kind: wire.KindStaffDeparted, Data: wire.StaffDeparted{Staff: "s2", From: "2026-12-01", Document: "民发3"}})
	id := o.must(t, DraftEvaluation{Staff: "s2"})
	x, _ := o.Evaluations.Get(id)
	if x.From != "2026-01-05" || x.Until != "2026-11-30" || !strings.Contains(o.said[x.Text.Event]["text"], "演示员s2同志由civil局选派，自 2026-01-05 至 2026-11-30 在政务服务大厅 1 号窗口") {
		t.Errorf("it begins as %+v: %s", x.EvaluationDrafted, o.said[x.Text.Event])
	}
	_, err = o.do(t, DraftEvaluation{Staff: "s2"})
	refused(t, err, "evaluation_exists")
	_, err = o.do(t, SignEvaluation{id})
	refused(t, err, "evaluation_unfinished")
	o.must(t, EditEvaluation{id, "工作认真负责。"})
	o.staff = "s2"
	_, err = o.do(t, SignEvaluation{id})
	refused(t, err, "own_entry")
	o.staff = ""
	o.must(t, SignEvaluation{id})
	_, err = o.do(t, EditEvaluation{id, "改"})
	refused(t, err, "evaluation_signed")
	if x, _ = o.Evaluations.Get(id); x.State != Signed || o.said[x.Text.Event]["text"] != "工作认真负责。" {
		t.Errorf("signed it is %+v", x)
	}
}

// Every wrong field is named, in both languages.
func TestWrongFieldsAreNamed(t *testing.T) {
	o := newOffice(t, "2026-11-10")
	o.must(t, ListItem{Item: "i1", Service: "a", Document: "民发1"})
	report := o.must(t, SetReport{Title: "t", Window: "w1", Due: "2026-11-20"})
	long := strings.Repeat("长", MaxText+1)
	for name, x := range map[string]struct {
		cmd    Command
		fields string
	}{
		"a meeting of no window":         {HoldExchange{Date: "2026-12-01"}, "window date text"},
		"an item without its evidence":   {FindElsewhere{Item: "i1", Date: "昨天"}, "date place evidence"},
		"a guide of no sort":             {FindGuide{Window: "w9", Service: "z", What: "x", Text: long}, "window service what text"},
		"a withdrawal without a word":    {FindWithdrawn{Window: "w3"}, "text"},
		"an attempt of nothing":          {ScoreOwn{Staff: "s9"}, "department staff period points"},
		"scoring on paper without words": {ConfirmScoring{}, "department text"},
		"a commendation of nobody":       {Commend{}, "staff document"},
		"an exposure of somebody gone":   {Expose{Source: "rumour", Staff: "s9"}, "source staff document"},
		"a report of two":                {SetReport{Department: "civil", Window: "w1", Due: "2026-11-09"}, "title department due"},
		"a report of nobody":             {SetReport{Title: "t", Due: "2050-01-01"}, "department due"},
		"a report for another day":       {FileReport{Report: report, Due: "2026-11-21"}, "due"},
		"an end that is past":            {CancelReport{Report: report, Date: "2026-11-01"}, "date reason"},
		"a task of somebody unknown":     {AssignTask{Staff: "s9", Due: "x"}, "title staff due"},
		"an item of nobody":              {ListItem{Item: "a b"}, "id department name document"},
		"a withdrawal of no window":      {AskWithdrawal{Window: "w9", Date: "2027-01-01"}, "window date"},
	} {
		_, err := o.do(t, x.cmd)
		e := refused(t, err, "fields_invalid")
		var names []string
		for _, f := range e.Fields {
			names = append(names, f.Name)
			if f.ZH == "" || f.EN == "" {
				t.Errorf("%s: %s speaks one language only", name, f.Name)
			}
		}
		if got := strings.Join(names, " "); got != x.fields {
			t.Errorf("%s names %s", name, got)
		}
	}
	o.staff = "s1"
	for _, cmd := range []Command{Commend{Staff: "s1", Document: "x"}, Expose{Source: "media", Staff: "s1", Document: "x"}} {
		_, err := o.do(t, cmd)
		refused(t, err, "own_entry")
	}
}

func content(s *State) map[string]string {
	all := map[string]string{}
	s.Tables().Each(func(key string, value []byte) { all[key] = string(value) })
	return all
}

// threads are the parts of a log that must stay in order: what is about the same
// thing; master data comes before all else.
func threads(log []wire.Record) (master []wire.Record, rest map[string][]wire.Record) {
	rest = map[string][]wire.Record{}
	for _, r := range log {
		var d map[string]any
		_ = json.Unmarshal(r.Data, &d)
		key := ""
		for _, name := range []string{"duty", "exchange", "report", "task", "elsewhere", "guide", "found", "scoring", "attempt", "commendation", "exposure", "withdrawal"} {
			if id, ok := d[name].(string); ok && id != "" {
				key = id
				break
			}
		}
		if key == "" {
			master = append(master, r)
		} else {
			rest[key] = append(rest[key], r)
		}
	}
	return master, rest
}

// TestFactsDoNotDependOnOrder drives random commands. The state folded again or
// loaded is the same; the facts are the same in whatever order the threads of the
// log are woven; a month that is over says the same however often it is asked later.
func TestFactsDoNotDependOnOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := newOffice(t, "2026-01-12")
		pick := func(t *rapid.T, of ...string) string { return rapid.SampledFrom(of).Draw(t, "pick") }
		some := func(t *rapid.T) string { return fmt.Sprintf("d%03d", rapid.IntRange(1, max(1, o.made)).Draw(t, "id")) }
		day := func(t *rapid.T, from, until int) string {
			return string(o.today().AddDays(rapid.IntRange(from, until).Draw(t, "days")))
		}
		try := func(t *rapid.T, cmd Command) { _, _ = o.do(t, cmd) }
		try(t, ListItem{Item: "i1", Service: "a", Document: "民发1"})
		closed := map[hall.Date]string{}
		t.Repeat(map[string]func(*rapid.T){
			"": func(t *rapid.T) {
				for end, was := range closed {
					if got := told(o.facts(end[:8]+"01", end)); got != was {
						t.Fatalf("%s said %s and says %s", end, was, got)
					}
				}
			},
			"exchange": func(t *rapid.T) { try(t, HoldExchange{Window: "w1", Text: "交流"}) },
			"report": func(t *rapid.T) {
				try(t, SetReport{Title: "表", Window: pick(t, "w1", "w3"), Due: day(t, 0, 20), Monthly: rapid.Bool().Draw(t, "monthly")})
			},
			"file":      func(t *rapid.T) { try(t, FileReport{Report: some(t)}) },
			"cancel":    func(t *rapid.T) { try(t, CancelReport{Report: some(t), Reason: "止"}) },
			"task":      func(t *rapid.T) { try(t, AssignTask{Title: "事", Staff: pick(t, "s1", "s3"), Due: day(t, 0, 15)}) },
			"done":      func(t *rapid.T) { try(t, ReportTask{Task: some(t)}) },
			"accept":    func(t *rapid.T) { try(t, AcceptTask{some(t)}) },
			"return":    func(t *rapid.T) { try(t, ReturnTask{some(t), "不全"}) },
			"stop":      func(t *rapid.T) { try(t, CancelTask{some(t), "止"}) },
			"elsewhere": func(t *rapid.T) { try(t, FindElsewhere{Item: "i1", Place: "局", Evidence: "证"}) },
			"guide":     func(t *rapid.T) { try(t, FindGuide{Window: "w3", What: "blank"}) },
			"commend":   func(t *rapid.T) { try(t, Commend{Window: "w1", Document: "信"}) },
			"wait":      func(t *rapid.T) { o.now = o.now.AddDate(0, 0, rapid.IntRange(1, 9).Draw(t, "wait")) },
			"close": func(t *rapid.T) {
				end := (o.today()[:8] + "01").AddDays(-1)
				closed[end] = told(o.facts(end[:8]+"01", end))
			},
		})
		var loaded State
		again := &office{hall: roster.Hall{Windows: &roster.State{}, People: &roster.People{}, Policy: o.hall.Policy}}
		want := content(&o.State)
		for key, value := range want {
			if err := loaded.Tables().Load(key, []byte(value)); err != nil {
				t.Fatalf("%v", err)
			}
		}
		for i := range o.log {
			again.fold(&o.log[i])
		}
		if !maps.Equal(content(&again.State), want) || !maps.Equal(content(&loaded), want) {
			t.Fatalf("folded again or loaded the duties are others")
		}
		woven := &office{hall: again.hall}
		master, rest := threads(o.log)
		for i := range master {
			woven.fold(&master[i])
		}
		keys := slices.Sorted(maps.Keys(rest))
		dice := rand.New(rand.NewSource(rapid.Int64().Draw(t, "seed")))
		for len(keys) > 0 {
			k := dice.Intn(len(keys))
			woven.fold(&rest[keys[k]][0])
			if rest[keys[k]] = rest[keys[k]][1:]; len(rest[keys[k]]) == 0 {
				keys = slices.Delete(keys, k, k+1)
			}
		}
		a, b := o.Facts("2026-01-01", "2026-12-31", o.today(), o.hall), woven.Facts("2026-01-01", "2026-12-31", o.today(), o.hall)
		if !reflect.DeepEqual(a, b) {
			t.Fatalf("in another order the facts are\n%v\nnot\n%v", b, a)
		}
		if ids := map[string]bool{}; slices.ContainsFunc(a, func(f assess.Fact) bool { seen := ids[f.ID]; ids[f.ID] = true; return seen }) {
			t.Fatalf("two facts have one id: %v", a)
		}
	})
}
