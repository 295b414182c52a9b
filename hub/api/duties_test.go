package api

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"hallkeeper/hub/assess"
	"hallkeeper/hub/hall"
	"hallkeeper/hub/register"
	"hallkeeper/hub/roster"
	"hallkeeper/wire"
)

// dutiful is a stage whose people have a department's, a window's and a person's duties.
func dutiful(t *testing.T) *stage {
	t.Helper()
	s := newStageAt(t, 1_000_000)
	s.people()
	return s
}

// newest is the last record of the log.
func (s *stage) newest() wire.Record {
	s.t.Helper()
	records, err := s.log.ReadBatch(s.log.Head()-1, 1)
	if err != nil || len(records) != 1 {
		s.t.Fatalf("%v %v", records, err)
	}
	return records[0]
}

// logged checks the newest event of the log: its kind, who made it, and that no words stand in it.
func (s *stage) logged(kind wire.Kind, by, words string) wire.Record {
	s.t.Helper()
	r := s.newest()
	if r.Kind != kind || r.ActorID() != by {
		s.t.Errorf("the log ends with %s by %s, want %s by %s", r.Kind, r.ActorID(), kind, by)
	}
	if words != "" {
		if strings.Contains(string(r.Data), words) || len(r.Personal) != 1 || !strings.Contains(toJSON(s.Unseal(&r.Personal[0])), words) {
			s.t.Errorf("%s: %q is not sealed: %s %v", kind, words, r.Data, r.Personal)
		}
	}
	return r
}

func toJSON(v any) string {
	b, _ := json.Marshal(v)
	return string(b)
}

// idIn is the id that an event gave to what it made.
func idIn(r wire.Record, name string) string {
	var d map[string]any
	_ = json.Unmarshal(r.Data, &d)
	id, _ := d[name].(string)
	return id
}

func (s *stage) dutyFacts() (all []assess.Fact) {
	s.Read(func(v *register.View, windows *roster.State) {
		all = v.State.Duties.Facts("2026-01-01", "2027-12-31", hall.DateOf(s.now, zone), v.State.Hall(windows))
	})
	return all
}

// 63号 第七条: meetings and the windows without, each as far as somebody may see.
func TestExchangeMeetings(t *testing.T) {
	s := dutiful(t)
	s.must("supervisor", "exchanges", `{"window":"w1","date":"2026-11-20","text":"人员配置"}`)
	s.logged(wire.KindExchangeHeld, "supervisor", "人员配置")
	see := func(account string) ExchangeList {
		return into[ExchangeList](t, s.ask("GET", "/api/v1/exchanges?month=2026-11", "", s.of(account)))
	}
	if x := see("supervisor"); len(x.Meetings) != 1 || x.Meetings[0].Text != "人员配置" || x.Meetings[0].StaffName != "演示员s2" || len(x.Missing) != 1 || x.Missing[0].Window != "w2" || x.Missing[0].DepartmentName != "tax局" || x.Over {
		t.Errorf("a supervisor sees %+v", x)
	}
	if x := see("liaison"); len(x.Meetings) != 1 || len(x.Missing) != 0 {
		t.Errorf("civil's liaison sees %+v", x)
	}
	s.later(10)
	if x := see("supervisor"); !x.Over || len(x.Missing) != 1 {
		t.Errorf("when the month is over: %+v", x)
	}
	if f := s.dutyFacts(); len(f) != 1 || f[0].Kind != "exchange_missing" || f[0].Day != "2026-11-30" || f[0].Window != "w2" || f[0].Department != "tax" {
		t.Errorf("the facts are %+v", f)
	}
	if p := problemOf(t, s.ask("GET", "/api/v1/exchanges?month=11", "")); p.Code != "fields_invalid" || p.Fields[0].Field != "month" {
		t.Errorf("a month that is none: %+v", p)
	}
}

// 63号 第十条(二)(五): who owes a report or a task says that it is done; nobody else's liaison may.
func TestReportsAndTasksAreTheirs(t *testing.T) {
	s := dutiful(t)
	ids := map[string]string{}
	for name, body := range map[string]string{"civil": `{"title":"民政统计","department":"civil","due":"2026-11-24"}`, "tax": `{"title":"税务统计","window":"w2","due":"2026-11-24"}`} {
		s.must("supervisor", "report-duties", body)
		ids[name] = idIn(s.logged(wire.KindReportDue, "supervisor", "统计"), "report")
	}
	for name, body := range map[string]string{"window": `{"title":"整理档案","window":"w1","due":"2026-11-24"}`, "own": `{"title":"值守","staff":"s1","due":"2026-11-24"}`, "other": `{"title":"巡查","staff":"s3","due":"2026-11-24"}`} {
		s.must("supervisor", "tasks", body)
		ids[name] = idIn(s.logged(wire.KindTaskAssigned, "supervisor", ""), "task")
	}
	if list := into[ReportDutyList](t, s.ask("GET", "/api/v1/report-duties", "", s.of("liaison"))); len(list.Reports) != 1 || list.Reports[0].Title != "民政统计" {
		t.Errorf("civil's liaison sees %+v", list)
	}
	if list := into[TaskList](t, s.ask("GET", "/api/v1/tasks", "", s.of("liaison"))); len(list.Tasks) != 2 || list.Open != 2 {
		t.Errorf("civil's liaison sees %+v", list)
	}
	if me := into[MyDays](t, s.ask("GET", "/api/v1/me", "", s.of("staff"))); len(me.Tasks) != 1 || me.Tasks[0].Title != "值守" {
		t.Errorf("on the own page are %+v", me.Tasks)
	}
	for _, x := range [][2]string{{"liaison", "report-duties/" + ids["tax"] + "/file"}, {"liaison", "tasks/" + ids["other"] + "/report"}, {"staff", "tasks/" + ids["window"] + "/report"}, {"staff", "report-duties/" + ids["civil"] + "/file"}} {
		if status, code, _ := s.post(x[0], x[1], "{}"); status != http.StatusForbidden || code != "not_yours" {
			t.Errorf("%s by %s: %d %s", x[1], x[0], status, code)
		}
	}
	s.must("staff", "tasks/"+ids["own"]+"/report", `{"text":"已完成"}`)
	s.logged(wire.KindTaskReported, "staff", "已完成")
	s.must("representative", "tasks/"+ids["window"]+"/report", "{}")
	s.logged(wire.KindTaskReported, "representative", "")
	s.later(3)
	if list := into[TaskList](t, s.ask("GET", "/api/v1/tasks?state=late", "")); len(list.Tasks) != 1 || list.Tasks[0].LateOn != "2026-11-25" || list.Tasks[0].Overdue != 2 || list.Late != 1 {
		t.Errorf("late are %+v", list)
	}
	s.must("liaison", "report-duties/"+ids["civil"]+"/file", `{"text":"补报"}`)
	s.logged(wire.KindReportFiled, "liaison", "补报")
	list := into[ReportDutyList](t, s.ask("GET", "/api/v1/report-duties", ""))
	for _, x := range list.Reports {
		if d := x.Days[0]; len(x.Days) != 1 || d.LateOn != "2026-11-25" || d.Overdue != 2 || (x.Report == ids["civil"]) != (d.Filed == "2026-11-26" && d.Text == "补报") {
			t.Errorf("a report is %+v", x)
		}
	}
	if list.Late != 1 {
		t.Errorf("%d are late", list.Late)
	}
	kinds := map[string]int{}
	for _, f := range s.dutyFacts() {
		kinds[f.Kind]++
		if f.Kind == "task_late" && (f.Person != "s3" || f.Window != "w2" || f.Department != "tax") {
			t.Errorf("the task's fact is %+v", f)
		}
	}
	if kinds["report_late"] != 2 || kinds["task_late"] != 1 {
		t.Errorf("the facts are %v", kinds)
	}
}

// 63号 第九条: a window cannot be closed for good without the three steps.
func TestAWindowIsRemovedByApprovalOnly(t *testing.T) {
	s := dutiful(t)
	remove := func() (int, wire.Problem) {
		w := s.ask("DELETE", "/api/v1/windows/w1", "")
		if w.Code == http.StatusOK {
			return w.Code, wire.Problem{}
		}
		return w.Code, problemOf(t, w)
	}
	refuses := func(when string) {
		t.Helper()
		if status, p := remove(); status != http.StatusConflict || p.Code != "withdrawal_missing" || p.Article != "63号 第九条" {
			t.Errorf("%s: %d %+v", when, status, p)
		}
	}
	refuses("at first")
	if _, code, _ := s.post("liaison", "withdrawals", `{"window":"w2","document":"民发8"}`); code != "not_yours" {
		t.Errorf("another department's window: %s", code)
	}
	s.must("liaison", "withdrawals", `{"window":"w1","document":"民发8","reason":"并入综合窗口"}`)
	id := idIn(s.logged(wire.KindWithdrawalAsked, "liaison", "并入综合窗口"), "withdrawal")
	refuses("asked for")
	s.must("supervisor", "withdrawals/"+id+"/examine", `{"document":"政服1"}`)
	s.logged(wire.KindWithdrawalExamined, "supervisor", "")
	refuses("examined")
	s.must("supervisor", "withdrawals/"+id+"/decide", `{"approved":true,"document":"政函1"}`)
	s.logged(wire.KindWithdrawalApproved, "supervisor", "")
	if status, p := remove(); status != http.StatusOK {
		t.Fatalf("approved: %d %+v", status, p)
	}
	s.logged(wire.KindWindowRemoved, "operator", "")
	list := into[WithdrawalList](t, s.ask("GET", "/api/v1/withdrawals", "", s.of("liaison")))
	if x := list.Withdrawals; len(x) != 1 || !x[0].Done || len(x[0].Steps) != 3 || x[0].Steps[0].Document != "民发8" || x[0].Steps[1].Document != "政服1" || x[0].Steps[2].Document != "政函1" {
		t.Errorf("the story is %+v", list)
	}
	if w := s.ask("DELETE", "/api/v1/windows/w1", ""); problemOf(t, w).Code != "window_unknown" {
		t.Errorf("removed again: %s", w.Body)
	}
	s.must("supervisor", "withdrawals/found", `{"window":"w2","date":"2026-11-20","text":"人员撤走"}`)
	s.logged(wire.KindWithdrawalFound, "supervisor", "人员撤走")
	if f := s.dutyFacts(); len(f) != 1 || f[0].Kind != "withdrawn_unapproved" || f[0].Department != "tax" || f[0].Events[0] != s.newest().ID {
		t.Errorf("the facts are %+v", f)
	}
}

// 63号 第十四条: a department's own score is refused, and the refusal is in the log.
func TestADepartmentsOwnScoreIsRefusedAndRecorded(t *testing.T) {
	s := dutiful(t)
	const body = `{"staff":"s1","period":"2026-11","points":"九十五分"}`
	for _, key := range []string{"", "k1", "k1"} {
		w := s.ask("POST", "/api/v1/own-scores", body, s.of("liaison"), func(r *http.Request) {
			if key != "" {
				r.Header.Set("Idempotency-Key", key)
			}
		})
		p := problemOf(t, w)
		r := s.logged(wire.KindScoringRefused, "liaison", "九十五分")
		if w.Code != http.StatusConflict || p.Code != "own_scoring" || p.Article != "63号 第十四条" || !strings.Contains(p.Title, r.ID) {
			t.Errorf("it is answered %d %+v, the event is %s", w.Code, p, r.ID)
		}
	}
	list := into[OwnScoreList](t, s.ask("GET", "/api/v1/own-scores", "", s.of("liaison")))
	if len(list.Attempts) != 2 || list.Attempts[0].Points != "九十五分" || list.Attempts[0].Say != "2026-11" || list.Attempts[0].Department != "civil" {
		t.Fatalf("the attempts are %+v", list)
	}
	if len(s.dutyFacts()) != 0 {
		t.Error("an attempt alone is a fact")
	}
	if _, code, _ := s.post("liaison", "own-scores", `{"department":"tax","period":"2026-11","points":"1"}`); code != "not_yours" {
		t.Errorf("for another department: %s", code)
	}
	if status, code, _ := s.post("liaison", "findings", `{"day":"2026-11-23","rule":"appearance","staff":"s1","note":"x"}`); status != http.StatusForbidden || code != "not_permitted" {
		t.Errorf("a liaison's finding: %d %s", status, code)
	}
	s.must("supervisor", "own-scores/confirm", `{"attempt":"`+list.Attempts[0].ID+`","text":"属实"}`)
	s.logged(wire.KindScoringConfirmed, "supervisor", "属实")
	if f := s.dutyFacts(); len(f) != 1 || f[0].Kind != "own_scoring" || f[0].Department != "civil" || len(f[0].Events) != 2 {
		t.Errorf("the facts are %+v", f)
	}
	if _, code, _ := s.post("supervisor", "own-scores/confirm", `{"attempt":"`+list.Attempts[0].ID+`"}`); code != "attempt_confirmed" {
		t.Errorf("confirmed twice: %s", code)
	}
}

// Items, guides, commendations and exposures: entered, seen by those whom they are about, withdrawn.
func TestWhatIsEnteredAndWithdrawn(t *testing.T) {
	s := dutiful(t)
	s.ask("PUT", "/api/v1/services/marriage", `{"name":"婚姻登记","department":"civil","prefix":"A","windows":["w1"],"documents":["身份证"],"limit":"当场"}`)
	if w := s.ask("PUT", "/api/v1/items/i1", `{"service":"marriage","document":"民发5"}`); w.Code != http.StatusOK {
		t.Fatal(w.Body)
	}
	s.logged(wire.KindItemListed, "operator", "")
	if w := s.ask("PUT", "/api/v1/items/i2", `{"department":"tax","name":"车船税","document":"税发2"}`); w.Code != http.StatusOK {
		t.Fatal(w.Body)
	}
	for _, x := range []struct {
		path, body, list, words, about string
		kind                           wire.Kind
	}{
		{"items/i1/elsewhere", `{"place":"局机关一楼","evidence":"受理回执"}`, "items", "受理回执", "civil", wire.KindItemElsewhere},
		{"guides", `{"window":"w1","service":"marriage","what":"sample","text":"样表用完"}`, "guides", "样表用完", "civil", wire.KindGuideMissing},
		{"commendations", `{"staff":"s1","document":"锦旗","text":"耐心细致"}`, "commendations", "耐心细致", "civil", wire.KindCommendationGiven},
		{"exposures", `{"source":"secret_visit","staff":"s1","document":"通报3","text":"玩手机"}`, "exposures", "玩手机", "civil", wire.KindExposureEntered},
	} {
		s.must("supervisor", x.path, x.body)
		r := s.logged(x.kind, "supervisor", x.words)
		facts := s.dutyFacts()
		if len(facts) != 1 || facts[0].Department != x.about || facts[0].Events[0] != r.ID {
			t.Errorf("%s: the facts are %+v", x.path, facts)
		}
		said := s.ask("GET", "/api/v1/"+x.list, "", s.of("liaison")).Body.String()
		if !strings.Contains(said, x.words) || strings.Contains(said, "车船税") {
			t.Errorf("%s: civil's liaison sees %s", x.list, said)
		}
		id := ""
		for _, name := range []string{"elsewhere", "guide", "commendation", "exposure"} {
			if v := idIn(r, name); v != "" {
				id = v
			}
		}
		if status, code, _ := s.post("liaison", "duty-entries/"+id+"/withdraw", `{"reason":"x"}`); status != http.StatusForbidden {
			t.Errorf("a liaison withdraws: %d %s", status, code)
		}
		s.must("supervisor", "duty-entries/"+id+"/withdraw", `{"reason":"核实不符"}`)
		s.logged(wire.KindDutyWithdrawn, "supervisor", "核实不符")
		if len(s.dutyFacts()) != 0 {
			t.Errorf("%s: a withdrawn entry is a fact", x.path)
		}
	}
	list := into[ItemList](t, s.ask("GET", "/api/v1/items", ""))
	if len(list.Items) != 2 || strings.Join(list.Items[0].Lacks, " ") != "sample fee" || strings.Join(list.Items[1].Lacks, " ") != "service" || len(list.Elsewhere) != 1 || list.Elsewhere[0].Place != "局机关一楼" {
		t.Errorf("the items are %+v", list)
	}
	s.must("supervisor", "items/i2/unlist", `{"document":"税发3"}`)
	s.logged(wire.KindItemUnlisted, "supervisor", "")
	if _, code, _ := s.post("supervisor", "items/i2/unlist", `{"document":"税发3"}`); code != "item_unknown" {
		t.Errorf("taken off twice: %s", code)
	}
}

// 63号 第十六条: the evaluation of who leaves is written, signed, and changes no more.
func TestAnEvaluationIsSigned(t *testing.T) {
	s := dutiful(t)
	if status, code, _ := s.post("supervisor", "evaluations", `{"staff":"s1"}`); status != http.StatusConflict || code != "not_leaving" {
		t.Errorf("of somebody who stays: %d %s", status, code)
	}
	s.must("liaison", "changes", `{"change":"c1","staff":"s1","document":"民发3","wanted_on":"2026-12-31","reason":"家庭原因"}`)
	s.must("supervisor", "changes/c1/decide", `{"approved":true}`)
	s.must("supervisor", "evaluations", `{"staff":"s1"}`)
	id := idIn(s.logged(wire.KindEvaluationDrafted, "supervisor", "演示员s1"), "evaluation")
	if _, code, _ := s.post("supervisor", "evaluations/"+id+"/sign", "{}"); code != "evaluation_unfinished" {
		t.Errorf("signed as it began: %s", code)
	}
	edit := func(text string) (int, string) {
		w := s.ask("PUT", "/api/v1/evaluations/"+id, `{"text":"`+text+`"}`, s.of("supervisor"))
		if w.Code == http.StatusOK {
			return w.Code, ""
		}
		return w.Code, problemOf(t, w).Code
	}
	if status, code := edit("工作认真负责。"); status != http.StatusOK {
		t.Fatal(code)
	}
	text := s.logged(wire.KindEvaluationEdited, "supervisor", "工作认真负责。")
	s.must("supervisor", "evaluations/"+id+"/sign", "{}")
	if r := s.logged(wire.KindEvaluationSigned, "supervisor", ""); idIn(r, "text") != text.ID || idIn(r, "by") != "supervisor" {
		t.Errorf("signed is %s", r.Data)
	}
	if status, code := edit("改"); status != http.StatusConflict || code != "evaluation_signed" {
		t.Errorf("edited after that: %d %s", status, code)
	}
	x := into[EvaluationAnswer](t, s.ask("GET", "/api/v1/evaluations/"+id, "", s.of("auditor")))
	if x.Text != "工作认真负责。" || x.State != "signed" || x.SignedBy != "supervisor" || x.Until != "2026-12-31" || x.From != "2026-01-05" || len(x.Steps) != 3 {
		t.Errorf("it reads %+v", x)
	}
	if w := s.ask("GET", "/api/v1/evaluations", "", s.of("liaison")); w.Code != http.StatusForbidden {
		t.Errorf("a liaison reads evaluations: %d", w.Code)
	}
	if w := s.ask("GET", "/api/v1/evaluations/none", ""); problemOf(t, w).Code != "evaluation_unknown" {
		t.Errorf("%s", w.Body)
	}
}

// 63号 第十四条 备案: each export is an event with the digest of the file.
func TestAFilingIsRecorded(t *testing.T) {
	s := dutiful(t)
	s.must("liaison", "assignments", `{"assignment":"a1","staff":"s2","post":"pw1","document":"民发2"}`)
	s.must("supervisor", "assignments/a1/examine", `{"identity":"pass","knowledge":"pass","computer":"pass","health":"pass","qualities":{"1":"pass","2":"pass","3":"pass","4":"pass","5":"pass"}}`)
	s.must("supervisor", "assignments/a1/decide", `{"accept":true,"from":"2026-11-23"}`)
	for _, format := range []string{"xlsx", "csv"} {
		w := s.ask("GET", "/api/v1/filings/staff?format="+format, "", s.of("auditor"))
		if w.Code != http.StatusOK {
			t.Fatal(w.Body)
		}
		sum := sha256.Sum256(w.Body.Bytes())
		r := s.logged(wire.KindFilingExported, "auditor", "")
		if idIn(r, "sha256") != hex.EncodeToString(sum[:]) || idIn(r, "format") != format || !strings.Contains(string(r.Data), `"rows":3`) {
			t.Errorf("the event is %s", r.Data)
		}
		if said := w.Body.String(); format == "csv" && (!strings.Contains(said, "s2,演示员s2,civil局,在岗在职,1,岗位,2026-11-23,民发2") || !strings.Contains(said, "选派文号")) {
			t.Errorf("the table is\n%s", said)
		}
	}
	head := s.log.Head()
	for format, account := range map[string]string{"pdf": "auditor", "csv": "liaison"} {
		if w := s.ask("GET", "/api/v1/filings/staff?format="+format, "", s.of(account)); w.Code == http.StatusOK {
			t.Errorf("%s by %s: %d", format, account, w.Code)
		}
	}
	if made, err := s.log.ReadBatch(head, 10); err != nil || len(made) != 1 || made[0].Kind != wire.KindAccessRefused {
		t.Errorf("what was refused makes %+v, %v", made, err)
	}
}
