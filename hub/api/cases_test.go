package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"hallkeeper/hub/access"
	"hallkeeper/hub/conduct"
	"hallkeeper/hub/hall"
	"hallkeeper/hub/rating"
	"hallkeeper/hub/register"
	"hallkeeper/hub/roster"
	"hallkeeper/wire"
)

const citizensPhone = "13800000042"

// of makes a request an account's.
func (s *stage) of(account string) func(*http.Request) {
	return func(r *http.Request) {
		if account != "" {
			s.signedIn(r, account)
		}
	}
}

// ratedBadly serves somebody at w1, by s1, who then rates it and says why; the schedule opens the case.
func (s *stage) ratedBadly(text string) (visit string) {
	s.t.Helper()
	s.people()
	w := s.ask("PUT", "/api/v1/services/early", `{"name":"早间业务","department":"civil","prefix":"Z","windows":["w1"]}`)
	into[Changed](s.t, w)
	s.taken(s.ask("POST", "/api/v1/tickets", `{"service":"early"}`))
	for _, x := range []string{"call-next", "start"} {
		made := into[Changed](s.t, s.ask("POST", "/api/v1/windows/w1/"+x, "", s.of("staff")))
		for _, e := range made.Events {
			var d wire.VisitStarted
			if e.Kind == wire.KindVisitStarted && json.Unmarshal(e.Data, &d) == nil {
				visit = d.Visit
			}
		}
	}
	s.now = s.now.Add(time.Minute)
	into[Changed](s.t, s.ask("POST", "/api/v1/windows/w1/finish", `{"outcome":"done"}`, s.of("staff")))
	s.now = s.now.Add(time.Minute)
	day := string(hall.DateOf(s.now, zone))
	do := func(cmd any) {
		s.t.Helper()
		if _, _, err := s.Do(s.t.Context(), wire.Actor{Kind: wire.ActorSchedule, ID: "rating-cases"}, "", cmd); err != nil {
			s.t.Fatalf("%T: %v", cmd, err)
		}
	}
	do(rating.Give{RatingGiven: wire.RatingGiven{Visit: visit, Window: "w1", Day: day, Level: 1, Source: wire.RatingTablet, At: s.now}})
	do(conduct.OpenFromRating{Visit: visit, Level: 1, Source: wire.CaseTablet, Window: "w1", Staff: "s1", Department: "civil", Service: "early", Reasons: []string{"attitude"},
		Happened: hall.Date(day), Text: text, Phone: citizensPhone})
	return visit
}

// post is a change that an account asks for.
func (s *stage) post(account, path, body string) (status int, code string, changed Changed) {
	s.t.Helper()
	w := s.ask("POST", "/api/v1/"+path, body, s.of(account))
	if w.Code != http.StatusOK {
		return w.Code, problemOf(s.t, w).Code, changed
	}
	return w.Code, "", into[Changed](s.t, w)
}

// later lets days pass; everybody signs in again.
func (s *stage) later(days int) {
	s.t.Helper()
	s.now = s.now.AddDate(0, 0, days)
	for _, role := range access.Roles() {
		if role == wire.RolePublic {
			continue
		}
		if _, _, err := s.Do(s.t.Context(), wire.Actor{Kind: wire.ActorPerson, ID: "test"}, "", access.OpenSession{Digest: access.Digest("session-of-" + string(role)), Account: string(role)}); err != nil {
			s.t.Fatal(err)
		}
	}
}

func (s *stage) must(account, path, body string) Changed {
	s.t.Helper()
	status, code, changed := s.post(account, path, body)
	if status != http.StatusOK {
		s.t.Fatalf("%s by %s: %d %s", path, account, status, code)
	}
	return changed
}

func (s *stage) caseOf(number string) CaseStory {
	s.t.Helper()
	return into[CaseStory](s.t, s.ask("GET", "/api/v1/cases/"+number, ""))
}

// 国办发〔2019〕51号: from the bad review to its end, each step by the one whose it is.
func TestABadReviewIsAnsweredRectifiedRevisitedAndClosed(t *testing.T) {
	s := newStageAt(t, 1_000_000)
	s.ratedBadly("等了很久没人理")
	const n = "cases/P2026-000001/"
	s.must("supervisor", n+"assign", `{"department":"civil","staff":"s2"}`)
	s.must("liaison", n+"answer", `{"text":"已电话致歉"}`)
	s.must("representative", n+"extension", `{"days":3,"reason":"需增设导办"}`) // s2 was named
	ask := s.caseOf("P2026-000001").Extensions[0]
	s.must("supervisor", "extensions/"+ask.Extension+"/decide", `{"approved":true}`)
	s.must("representative", n+"rectify", `{"text":"增设导办一名"}`)
	s.must("supervisor", n+"revisit", `{"result":"satisfied","text":"群众认可"}`)
	s.must("supervisor", n+"close", `{"result":"rectified"}`)
	story := s.caseOf("P2026-000001")
	kinds := []string{}
	for _, x := range story.Steps {
		kinds = append(kinds, strings.TrimPrefix(string(x.Kind), "case."))
		if x.Position == 0 || x.By == "" || x.Day != "2026-11-23" {
			t.Errorf("a step is %+v", x)
		}
	}
	if got := strings.Join(kinds, " "); got != "opened assigned answered extension.asked extension.decided rectified revisited closed" {
		t.Errorf("the steps are %s", got)
	}
	if story.State != conduct.Closed || story.Result != "rectified" || story.StaffName != "演示员s1" || story.WindowNumber != "1" || story.RectifyDue != "2026-12-03" || story.Late() {
		t.Errorf("at its end it is %+v", story.CaseRow)
	}
	if x := story.Steps; x[0].Text != "等了很久没人理" || x[0].Phone != "138****0042" || x[2].Text != "已电话致歉" || x[3].Text != "需增设导办" || x[6].Text != "群众认可" {
		t.Errorf("what was said is %+v", x)
	}
	// Closed twice: the second one learns that it is closed already, when and how.
	w := s.ask("POST", "/api/v1/"+n+"close", `{"result":"rectified"}`)
	if p := problemOf(t, w); w.Code != http.StatusConflict || p.Code != "case_closed" || !strings.Contains(p.Title, "P2026-000001 已于 2026-11-23 办结（已整改）") {
		t.Errorf("closed twice: %d %s %s", w.Code, p.Code, p.Title)
	}
	w = s.ask("POST", "/api/v1/"+n+"close", `{"result":"rectified"}`, header("Accept-Language", "en"))
	if p := problemOf(t, w); p.Title != "P2026-000001 was closed on 2026-11-23 (rectified)" {
		t.Errorf("in English: %s", p.Title)
	}
}

// 63号 第四条: a liaison sees and answers only the cases of the own department, staff those about them and those that they were given.
func TestEverybodySeesTheirOwnCases(t *testing.T) {
	s := newStageAt(t, 1_000_000)
	s.ratedBadly("请打 138 0000 0042 给我")
	s.must("supervisor", "cases", `{"source":"hotline","department":"tax","window":"w2","staff":"s3","text":"税务窗口没人","phone":"0477-7200042"}`)
	for account, want := range map[string]string{"administrator": "P2026-000001 P2026-000002", "supervisor": "P2026-000001 P2026-000002", "auditor": "P2026-000001 P2026-000002",
		"liaison": "P2026-000001", "representative": "P2026-000001"} {
		list := into[CaseList](t, s.ask("GET", "/api/v1/cases", "", s.of(account)))
		got := []string{}
		for _, x := range list.Cases {
			got = append(got, x.Number)
		}
		if strings.Join(got, " ") != want || list.Open != len(got) {
			t.Errorf("%s sees %v and is told of %d", account, got, list.Open)
		}
		w := s.ask("GET", "/api/v1/cases/P2026-000001", "", s.of(account))
		story := into[CaseStory](t, w)
		if x := story.Steps[0]; x.Phone != "138****0042" || x.Text != "请打 138****0042 给我" || strings.Contains(w.Body.String(), citizensPhone) {
			t.Errorf("%s is shown %q and %q", account, x.Phone, x.Text)
		}
	}
	for _, x := range [][2]string{{"GET", "cases/P2026-000002"}, {"POST", "cases/P2026-000002/answer"}, {"POST", "cases/P2026-000002/rectify"}, {"POST", "cases/P2026-000002/extension"}} {
		w := s.ask(x[0], "/api/v1/"+x[1], "", s.of("liaison"))
		if p := problemOf(t, w); w.Code != http.StatusForbidden || p.Code != "not_yours" {
			t.Errorf("%s %s by another department's liaison: %d %s", x[0], x[1], w.Code, p.Code)
		}
	}
	for path, body := range map[string]string{"cases/P2026-000001/assign": `{"department":"tax"}`, "cases/P2026-000002/assign": `{"department":"civil"}`} {
		if _, code, _ := s.post("liaison", path, body); code != "not_yours" {
			t.Errorf("%s %s by a liaison: %s", path, body, code)
		}
	}
	s.must("liaison", "cases/P2026-000001/assign", `{"department":"civil","staff":"s2"}`)
	if _, code, _ := s.post("staff", "cases/P2026-000001/answer", `{"text":"不是我"}`); code != "not_yours" {
		t.Errorf("the person whom it is about answers: %s", code)
	}
	// Nobody learns at the window how the citizen who is just leaving has rated: the case is told the next day.
	if me := into[MyDays](t, s.ask("GET", "/api/v1/me", "", s.of("staff"))); len(me.Cases) != 0 {
		t.Errorf("on the day itself the own cases are %+v", me.Cases)
	}
	s.must("administrator", "policy/parameters/case_told_days", `{"value":0,"from":"2020-08-01","reference":"测试"}`)
	// On the own page: the case about oneself, and nothing of the citizen's number.
	w := s.ask("GET", "/api/v1/me", "", s.of("staff"))
	me := into[MyDays](t, w)
	if len(me.Cases) != 1 || me.Cases[0].Number != "P2026-000001" || !strings.Contains(me.Cases[0].Steps[0].Text, "给我") {
		t.Errorf("the own cases are %+v", me.Cases)
	}
	if said := w.Body.String(); strings.Contains(said, "0042") || strings.Contains(said, `"phone"`) {
		t.Errorf("the own page holds the citizen's number: %s", said)
	}
	if me := into[MyDays](t, s.ask("GET", "/api/v1/me", "", s.of("representative"))); len(me.Cases) != 1 || me.Cases[0].Handler != "s2" || me.Cases[0].Steps[0].Phone != "138****0042" {
		t.Errorf("who was given it sees %+v", me.Cases)
	}
}

// An appeal in time; two people take the rating out, and the case ends with it.
func TestAnAppealLeadsToAnExclusion(t *testing.T) {
	s := newStageAt(t, 1_000_000)
	visit := s.ratedBadly("")
	before := s.figures()
	if _, code, _ := s.post("representative", "appeals", `{"case":"P2026-000001","reason":"他冤枉"}`); code != "not_yours" {
		t.Errorf("an appeal for somebody else: %s", code)
	}
	s.must("staff", "appeals", `{"case":"P2026-000001","reason":"群众说按错了"}`)
	if status, code, _ := s.post("supervisor", "appeals", `{"case":"P2026-000001","reason":"代为申诉"}`); status != http.StatusConflict || code != "appeal_twice" {
		t.Errorf("a second one, by a supervisor in the person's name: %d %s", status, code)
	}
	story := s.caseOf("P2026-000001")
	s.must("supervisor", "appeals/"+story.AppealMade.Appeal+"/decide", `{"granted":true,"reason":"录像属实"}`)
	s.must("supervisor", "visits/"+visit+"/exclusion", `{"why":"mistaken","reason":"群众电话确认误评","case":"P2026-000001"}`)
	list := into[ExclusionList](t, s.ask("GET", "/api/v1/exclusions?state=waiting", "", s.of("auditor")))
	if len(list.Exclusions) != 1 || list.Exclusions[0].CaseNumber != "P2026-000001" || list.Exclusions[0].By != "supervisor" || list.Exclusions[0].Reason == "" {
		t.Fatalf("the proposals are %+v", list)
	}
	id := list.Exclusions[0].Exclusion
	if status, code, _ := s.post("supervisor", "exclusions/"+id+"/decide", `{"approved":true,"reason":"核实"}`); status != http.StatusConflict || code != "same_person" {
		t.Errorf("decided by the same person: %d %s", status, code)
	}
	made := s.must("administrator", "exclusions/"+id+"/decide", `{"approved":true,"reason":"核实"}`)
	if len(made.Events) != 2 || made.Events[1].Kind != wire.KindCaseClosed {
		t.Errorf("it made %+v", made.Events)
	}
	story = s.caseOf("P2026-000001")
	after := s.figures()
	if story.Result != "excluded" || story.Exclusion != conduct.Granted || story.ExclusionMade.Second != "administrator" || before.Pressed != 1 || after.Pressed != 0 || after.Excluded != 1 {
		t.Errorf("the case is %+v; the figures were %+v and are %+v", story.CaseRow, before, after)
	}
	if status, code, _ := s.post("supervisor", "visits/"+visit+"/exclusion", `{"why":"mistaken","reason":"x"}`); status != http.StatusConflict || code != "rating_excluded" {
		t.Errorf("proposed again: %d %s", status, code)
	}
	if status, code, _ := s.post("supervisor", "visits/none/exclusion", `{"why":"mistaken","reason":"x"}`); status != http.StatusNotFound || code != "rating_unknown" {
		t.Errorf("a visit that is not rated: %d %s", status, code)
	}
}

func (s *stage) figures() (n wire.RatingFigures) {
	s.Read(func(v *register.View, _ *roster.State) {
		n = v.Ratings.Total("2026-01-01", "2026-12-31", s.now.Add(time.Hour), func(*rating.Cell) bool { return true })
	})
	return n
}

// What the user sees of the bad inputs of a case: the field or the day is named, and nothing is stored.
func TestWhatIsRefusedOfACase(t *testing.T) {
	s := newStageAt(t, 1_000_000)
	visit := s.ratedBadly("")
	long := strings.Repeat("长", 34_000) // 100 KB
	s.later(4)                          // Friday: the appeal was possible until Thursday
	head := s.log.Head()
	for says, x := range map[string]struct {
		account, path, body string
		status              int
		code, tells         string
	}{
		"an appeal after its deadline":  {"staff", "appeals", `{"case":"P2026-000001","reason":"x"}`, 409, "appeal_late", "申诉期限已于 2026-11-26 届满"},
		"an answer of 100 KB":           {"liaison", "cases/P2026-000001/answer", `{"text":"` + long + `"}`, 422, "fields_invalid", "text: 最多 2000 个字"},
		"a complaint of 100 KB":         {"", "cases", `{"source":"media","text":"` + long + `"}`, 422, "fields_invalid", "text: 最多 2000 个字"},
		"a reason of 100 KB":            {"supervisor", "visits/" + visit + "/exclusion", `{"why":"mistaken","reason":"` + long + `"}`, 422, "fields_invalid", "reason: 最多 2000 个字"},
		"an appeal to nothing":          {"staff", "appeals", `{"case":"P2026-000009","reason":"x"}`, 404, "case_unknown", "没有这件差评或投诉件"},
		"a case that there is not":      {"", "cases/P2026-000009/answer", `{"text":"x"}`, 404, "case_unknown", "没有这件差评或投诉件"},
		"a level of satisfaction":       {"", "cases/P2026-000001/revisit", `{"result":5}`, 422, "fields_invalid", "result: 应为文字"},
		"a field that there is not":     {"", "cases/P2026-000001/close", `{"result":"rectified","force":true}`, 422, "fields_invalid", "force: 没有这个字段"},
		"a phone number in words":       {"", "cases", `{"source":"hotline","text":"x","phone":"一三八"}`, 422, "fields_invalid", "phone: 应为 11 位手机号"},
		"days that are not whole":       {"", "cases/P2026-000001/extension", `{"days":1.5,"reason":"x"}`, 422, "fields_invalid", "days: 应为数字"},
		"closing over a call not made":  {"", "cases/P2026-000001/close", `{"result":"rectified"}`, 409, "case_not_answered", "请先答复"},
		"an extension that is nobody's": {"", "extensions/none/decide", `{"approved":true}`, 404, "extension_unknown", "没有这份延期申请"},
	} {
		w := s.ask("POST", "/api/v1/"+x.path, x.body, s.of(x.account))
		p := problemOf(t, w)
		told := p.Title
		for _, f := range p.Fields {
			told += " " + f.Field + ": " + f.Message
		}
		if w.Code != x.status || p.Code != x.code || !strings.Contains(told, x.tells) {
			t.Errorf("%s: %d %s: %s", says, w.Code, p.Code, told)
		}
	}
	if s.log.Head() != head {
		t.Error("something was stored")
	}
	for _, q := range []string{"state=angry", "source=rumour", "from=yesterday", "limit=5"} {
		if w := s.ask("GET", "/api/v1/cases?"+q, ""); w.Code != http.StatusUnprocessableEntity {
			t.Errorf("%s is answered %d", q, w.Code)
		}
	}
}

// Markup stays the text that somebody wrote, byte for byte, and is sent as JSON that no browser takes for a page.
func TestMarkupInACaseIsText(t *testing.T) {
	s := newStageAt(t, 1_000_000)
	const evil = `<script>alert("差评")</script> & <img src=x onerror=alert(1)> =HYPERLINK("x")`
	s.ratedBadly(evil)
	body, _ := json.Marshal(map[string]string{"text": evil})
	s.must("liaison", "cases/P2026-000001/answer", string(body))
	w := s.ask("GET", "/api/v1/cases/P2026-000001", "")
	story := into[CaseStory](t, w)
	if story.Steps[0].Text != evil || story.Steps[1].Text != evil || w.Header().Get("Content-Type") != "application/json" || w.Header().Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("it comes back as %q, %v", story.Steps[0].Text, w.Header())
	}
	if log := s.ask("GET", "/api/v1/events?limit=500", "").Body.String(); strings.Contains(log, "alert(") || strings.Contains(log, citizensPhone) {
		t.Error("the log holds what is personal in plain text")
	}
}

// Destroying the key of a case takes what was said out of every answer; what was done and when stays.
func TestAForgottenCaseKeepsItsSteps(t *testing.T) {
	s := newStageAt(t, 1_000_000)
	s.ratedBadly("等了很久")
	s.must("liaison", "cases/P2026-000001/answer", `{"text":"已电话致歉"}`)
	story := s.caseOf("P2026-000001")
	records, err := s.log.ReadBatch(0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	for i := range records {
		for _, x := range records[i].Personal {
			if x.Person == conduct.Key(story.Case) {
				delete(s.sealed, string(x.Box))
			}
		}
	}
	w := s.ask("GET", "/api/v1/cases/P2026-000001", "")
	if x := into[CaseStory](t, w); len(x.Steps) != 2 || x.State != conduct.Answered || strings.Contains(w.Body.String(), "等了很久") || strings.Contains(w.Body.String(), "致歉") || strings.Contains(w.Body.String(), "0042") {
		t.Errorf("after it is forgotten: %s", w.Body)
	}
	s.must("supervisor", "cases/P2026-000001/rectify", `{"text":"增设导办"}`)
}

// Late ones first, then those that are due soon; the table says the same in both languages and holds no words of citizens.
func TestTheTableOfCases(t *testing.T) {
	s := newStageAt(t, 1_000_000)
	s.ratedBadly("等了很久")
	s.later(2)
	s.must("", "cases", `{"source":"mailbox","department":"tax","text":"=1+1","hard":true}`)
	s.must("", "cases", `{"source":"media","department":"civil","text":"x"}`)
	s.must("", "cases/P2026-000003/close", `{"result":"unfounded","reason":"查无此事"}`)
	numbers := func(query string) string {
		all := []string{}
		for _, x := range into[CaseList](t, s.ask("GET", "/api/v1/cases?"+query, "")).Cases {
			all = append(all, strings.TrimPrefix(x.Number, "P2026-00000"))
		}
		return strings.Join(all, " ")
	}
	for query, want := range map[string]string{"": "1 2", "state=all": "1 2 3", "state=late": "1", "state=soon": "2", "state=closed": "3", "state=all&department=civil": "1 3",
		"state=all&source=mailbox": "2", "state=all&window=w1": "1", "state=all&from=2026-11-25": "2 3", "state=all&until=2026-11-24": "1"} {
		if got := numbers(query); got != want {
			t.Errorf("%s gives %s, not %s", query, got, want)
		}
	}
	list := into[CaseList](t, s.ask("GET", "/api/v1/cases", ""))
	if list.Open != 2 || list.Late != 1 || list.Soon != 1 || !list.Cases[0].AnswerLate || list.Cases[0].RectifyLate || *list.Cases[0].Left != -1 {
		t.Errorf("the list is %+v", list)
	}
	zh := s.ask("GET", "/api/v1/cases/export?format=csv&state=all", "").Body.String()
	en := s.ask("GET", "/api/v1/cases/export?format=csv&state=all&lang=en", "").Body.String()
	for table, words := range map[string]string{zh: "件号 责任单位 待答复 旗长信箱 不属实 评价器 是", en: "Number Department open mailbox unfounded tablet yes"} {
		for _, x := range strings.Fields(words) {
			if !strings.Contains(table, x) {
				t.Errorf("the table lacks %s: %s", x, table)
			}
		}
	}
	if strings.Contains(zh, "等了很久") || strings.Contains(zh, "0042") || strings.Contains(zh, "=1+1") {
		t.Errorf("the table holds what citizens said: %s", zh)
	}
	if w := s.ask("GET", "/api/v1/cases/export", ""); w.Code != http.StatusOK || !strings.HasPrefix(w.Body.String(), "PK") {
		t.Errorf("the workbook is answered %d", w.Code)
	}
	if lines := strings.Count(s.ask("GET", "/api/v1/cases/export?format=csv&state=all", "", s.of("liaison")).Body.String(), "\n"); lines != 3 {
		t.Errorf("a liaison's table has %d lines", lines)
	}
}

// A request that is sent again with its key, be it with the case's number, has one effect.
func TestAnAnswerSentTwiceIsOne(t *testing.T) {
	s := newStageAt(t, 1_000_000)
	s.ratedBadly("")
	for _, x := range []struct{ path, body string }{{"answer", `{"text":"已电话致歉"}`}, {"extension", `{"days":2,"reason":"x"}`}, {"rectify", `{"text":"增设导办"}`}, {"close", `{"result":"unfounded","reason":"x"}`}} {
		head := s.log.Head()
		for i := range 2 {
			if i == 1 {
				s.restarted()
			}
			w := s.ask("POST", "/api/v1/cases/P2026-000001/"+x.path, x.body, header("Idempotency-Key", "once-"+x.path))
			if w.Code != http.StatusOK {
				t.Fatalf("%s: %d %s", x.path, w.Code, w.Body)
			}
		}
		if s.log.Head() != head+1 {
			t.Errorf("%s sent twice made %d records", x.path, s.log.Head()-head)
		}
	}
	if got := fmt.Sprint(s.caseOf("P2026-000001").State); got != conduct.Closed {
		t.Errorf("it is %s", got)
	}
}
