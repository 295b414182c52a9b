package regulation_test

import (
	"net/http"
	"strings"
	"testing"

	"hallkeeper/hub/api"
	"hallkeeper/wire"
)

const passed = `"identity":"pass","knowledge":"pass","computer":"pass"`

func examined(more string, failed string) string {
	q := `"qualities":{"1":"pass","2":"pass","3":"pass","4":"pass","5":"pass"}`
	if failed != "" {
		q = strings.Replace(q, `"`+failed+`":"pass"`, `"`+failed+`":"fail"`, 1)
	}
	return `{` + passed + `,` + more + `,` + q + `}`
}

// 63号 第十一条: an employee in post with at least two years' work, healthy, generally under 50, with the five qualities:
// the check at assignment names each unmet condition with its article; an exception needs a reason and a name.
func TestArticle11_TheIneligibleAreRefusedWithTheArticle(t *testing.T) {
	h := build(t, monday)
	h.furnish()
	h.do(admin, "PUT", "staff/s9", `{"name":"演示员九","department":"civil","employment":"contract","work_since":"2020-06-01","born":"1965-01-01"}`)
	id := h.post("civil", "assignments", `{"staff":"s9","post":"p1","document":"民政发〔2021〕2号"}`, "assignment")
	h.do(sup, "POST", "assignments/"+id+"/examine", examined(`"health":"fail"`, "5"))
	h.logged(wire.KindAssignmentExamined, map[string]any{"assignment": id, "health": "fail"})
	all := "63号 第十一条(一)5, 63号 第十一条(二), 63号 第十一条(三)"
	p := h.refused(sup, "POST", "assignments/"+id+"/decide", `{"accept":true,"from":"2021-11-02"}`, http.StatusConflict, "not_eligible", all)
	for _, word := range []string{"在岗在职", "工作经历年限", "身体健康", "年龄", "服从统一监督与管理"} {
		if !strings.Contains(p.Title, word) {
			t.Errorf("%q does not name %s", p.Title, word)
		}
	}
	h.refused(sup, "POST", "assignments/"+id+"/decide", `{"accept":true,"from":"2021-11-02","reason":"急需"}`, http.StatusConflict, "not_eligible", all)
	h.none(wire.KindAssignmentAccepted)
	h.do(sup, "POST", "assignments/"+id+"/decide", `{"accept":true,"from":"2021-11-02","reason":"急需","approved_by":"演示批准人"}`)
	h.logged(wire.KindAssignmentAccepted, map[string]any{"assignment": id, "staff": "s9", "exception": []string{"quality_5", "employment", "years", "health", "age"}}, "急需", "演示批准人")
}

// 63号 第十二条(一): the department recommends, the bureau examines identity, knowledge of approvals and computer skill,
// each recorded, and accepts or returns with reasons: the state history of one assignment, and of one that was returned.
func TestArticle12_1_RecommendedExaminedAcceptedOrReturned(t *testing.T) {
	h := build(t, monday)
	h.furnish()
	id := h.post("civil", "assignments", `{"staff":"s2","post":"p1","document":"民政发〔2021〕2号"}`, "assignment")
	h.logged(wire.KindAssignmentOpened, map[string]any{"assignment": id, "staff": "s2", "post": "p1", "document": "民政发〔2021〕2号"})
	h.refused("civil", "POST", "assignments/"+id+"/examine", examined(`"health":"pass"`, ""), http.StatusForbidden, "not_permitted", "")
	h.refused(sup, "POST", "assignments/"+id+"/decide", `{"accept":true,"from":"2021-11-02"}`, http.StatusConflict, "assignment_state", "63号 第十二条(一)")
	h.do(sup, "POST", "assignments/"+id+"/examine", examined(`"health":"pass"`, ""))
	h.logged(wire.KindAssignmentExamined, map[string]any{"assignment": id, "identity": "pass", "knowledge": "pass", "computer": "pass"})
	h.do(sup, "POST", "assignments/"+id+"/decide", `{"accept":true,"from":"2021-11-02"}`)
	h.logged(wire.KindAssignmentAccepted, map[string]any{"assignment": id, "staff": "s2", "post": "p1", "from": "2021-11-02"})
	unfit := h.post("tax", "assignments", `{"staff":"s4","post":"p2"}`, "assignment")
	h.do(sup, "POST", "assignments/"+unfit+"/examine", strings.Replace(examined(`"health":"pass"`, ""), `"computer":"pass"`, `"computer":"fail"`, 1))
	h.do(sup, "POST", "assignments/"+unfit+"/decide", `{"accept":false,"reason":"计算机操作不熟练"}`)
	h.logged(wire.KindAssignmentReturned, map[string]any{"assignment": unfit, "unmet": []string{"computer"}}, "计算机操作不熟练")
	want := map[string][]string{id: {"recommended", "examined", "accepted"}, unfit: {"recommended", "examined", "returned"}}
	for _, x := range get[api.ProcedureList](h, sup, "procedures").Assignments {
		var states []string
		for _, s := range x.Steps {
			if s.By == "" || s.At.IsZero() {
				t.Errorf("a step of %s is %+v", x.ID, s)
			}
			states = append(states, s.State)
		}
		if strings.Join(states, " ") != strings.Join(want[x.ID], " ") {
			t.Errorf("the history of %s is %v", x.ID, states)
		}
	}
}
