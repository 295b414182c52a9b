package regulation_test

import (
	"net/http"
	"testing"

	"hallkeeper/hub/api"
	"hallkeeper/hub/app"
	"hallkeeper/wire"
)

// 63号 第二条、第十九条: every department's windows and seconded staff are covered; a township
// centre may follow it: a second hall runs on the same policy file.
func TestArticle2_19_ASecondHallRunsOnTheSamePolicyFile(t *testing.T) {
	var sums []string
	for _, id := range []string{"banner", "township"} {
		h := build(t, monday, func(c *app.Config) { c.Hall.ID = id })
		h.furnish()
		for kind, want := range map[wire.Kind]map[string]any{
			wire.KindDepartmentSet: {"department": "tax", "name": "税务局"}, wire.KindWindowSet: {"window": "w2", "department": "tax"},
			wire.KindPostSet: {"post": "p2", "window": "w2"}, wire.KindStaffPosted: {"staff": "s3", "post": "p2"},
		} {
			h.logged(kind, want)
		}
		h.logged(wire.KindStaffSet, map[string]any{"staff": "s4", "department": "tax", "employment": "in_post"}, "演示员s4")
		h.logged(wire.KindPolicyAdopted, map[string]any{"from": "2020-08-01"})
		h.shifts(monday)
		h.at("2021-11-02", "09:00")
		h.close(monday, monday)
		if p := get[api.PeriodAnswer](h, sup, "months/2021-11"); len(p.Policies) != 1 || p.Policies[0].Policy != "wuzhengbanfa-2020-63@1.0.0" || len(p.Outcome.People) != 2 || len(p.Outcome.Departments) != 2 {
			t.Errorf("%s is assessed by %+v: %d people", id, p.Policies, len(p.Outcome.People))
		}
		sums = append(sums, get[api.PolicyList](h, sup, "policies").Policies[0].SHA256)
	}
	if sums[0] == "" || sums[0] != sums[1] {
		t.Errorf("the halls go by %v", sums)
	}
}

// matter lets somebody come to a window and be accepted; it gives the matter.
func (h *house) matter(account, window, service, finish string) api.VisitEnd {
	h.t.Helper()
	h.do(account, "POST", "windows/"+window+"/serve", `{"service":"`+service+`"}`)
	a := h.as(account, "POST", "windows/"+window+"/finish", finish, "zh-CN")
	var end api.VisitEnd
	h.into(a, &end)
	return end
}

func (h *house) service() {
	h.t.Helper()
	h.do(admin, "PUT", "services/marriage", `{"name":"婚姻登记","department":"civil","prefix":"A","windows":["w1"],"promised_days":3,"legal_days":5,
		"documents":["身份证","户口簿"],"sample":"大厅样表柜 3 号","limit":"3 个工作日","fee":"不收费"}`)
}

// 63号 第三条、第十条(四): a visit at the counter and the matter that it opens are two things; over
// days the matter is accepted, supplemented or suspended, and concluded. Past its limit it shows
// on the live board and in the month.
func TestArticle3_10_4_AMatterPastItsLimitIsOnTheBoardAndInTheMonth(t *testing.T) {
	h := build(t, monday)
	h.furnish()
	h.service()
	h.at(monday, "09:00")
	late := h.matter("s1", "w1", "marriage", `{"outcome":"accepted"}`)
	h.logged(wire.KindVisitFinished, map[string]any{"outcome": "accepted", "matter": late.Matter.Matter})
	h.logged(wire.KindMatterOpened, map[string]any{"matter": late.Matter.Matter, "day": monday, "promised": 3, "legal": 5, "department": "civil", "window": "w1"})
	waits := h.matter("s1", "w1", "marriage", `{"outcome":"accepted"}`)
	h.do("s1", "POST", "matters/"+waits.Matter.Matter+"/suspend", `{"why":"supplement","reason":"等待补交户口簿"}`)
	h.logged(wire.KindMatterSuspended, map[string]any{"matter": waits.Matter.Matter, "why": "supplement"})
	h.at("2021-11-08", "09:00") // the sixth working day
	h.do("s1", "POST", "matters/"+waits.Matter.Matter+"/supplement", `{"documents":["户口簿"]}`)
	h.logged(wire.KindMatterSupplemented, map[string]any{"matter": waits.Matter.Matter, "documents": []string{"户口簿"}})
	h.eventually("the board shows one late matter", func() bool {
		a, ok := get[wire.Live](h, "", "live").Alarms[string(wire.AlarmMatters)]
		return ok && a.Values["count"] == "1"
	})
	if list := get[api.MatterList](h, "s1", "matters"); list.Overdue != 1 || list.Open != 2 || list.Matters[0].Matter != late.Matter.Matter {
		t.Errorf("the matters are %+v", list)
	}
	h.do("s1", "POST", "matters/"+waits.Matter.Matter+"/conclude", `{"result":"granted"}`)
	h.logged(wire.KindMatterConcluded, map[string]any{"matter": waits.Matter.Matter, "result": "granted"})
	h.over("2021-11")
	f := h.found("2021-11", "window:w1", "matter_late")
	if len(f) != 1 || f[0].Counted != -2 {
		t.Errorf("the month has %+v", f)
	}
}

// 63号 第四条: the bureau manages the daily work, the department the business of its own windows
// and staff: its liaison is refused another department's data, and what only the bureau does.
func TestArticle4_ALiaisonIsRefusedAnotherDepartmentsData(t *testing.T) {
	h := build(t, monday)
	h.furnish()
	h.shifts(monday)
	h.at("2021-11-02", "09:00")
	h.close(monday, monday)
	h.refused("civil", "GET", "scores/person:s3/2021-11", "", http.StatusNotFound, "score_unknown", "")
	if x := get[api.ScoreAnswer](h, "civil", "scores/person:s1/2021-11"); x.Subject.ID != "s1" {
		t.Errorf("the own score is %+v", x)
	}
	h.refused("civil", "POST", "changes", `{"staff":"s3","document":"民政发〔2021〕1号","wanted_on":"2021-12-20"}`, http.StatusForbidden, "not_yours", "")
	h.refused("civil", "POST", "withdrawals", `{"window":"w2","document":"民政发〔2021〕1号"}`, http.StatusForbidden, "not_yours", "")
	h.refused("civil", "POST", "months/2021-11/compute", "", http.StatusForbidden, "not_permitted", "")
	h.refused("civil", "GET", "events", "", http.StatusForbidden, "not_permitted", "")
	for account, want := range map[string][]string{"civil": {"s1", "s2"}, "tax": {"s3", "s4"}} {
		list := get[api.StaffList](h, account, "staff")
		if len(list.Staff) != 2 || list.Staff[0].ID != want[0] || list.Staff[1].ID != want[1] || list.Staff[0].Born != "" {
			t.Errorf("%s sees %+v", account, list.Staff)
		}
		if p := get[api.PeriodAnswer](h, account, "months/2021-11"); len(p.Outcome.People) != 1 || p.Outcome.People[0].ID != want[0] || len(p.Outcome.Windows) != 1 || len(p.Outcome.Departments) != 1 {
			t.Errorf("%s sees %+v", account, p.Outcome.People)
		}
	}
	h.none(wire.KindChangeAsked)
	h.none(wire.KindWithdrawalAsked)
	h.none(wire.KindPeriodComputed)
	h.logged(wire.KindAccountSet, map[string]any{"account": "s4", "role": "staff"})
}
